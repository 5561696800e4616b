"""Arrays as users give them, looked at before anything converts them."""


def check_no_grad(**arrays):
    """Raise where an array is a tensor that numpy does not take: most often for its gradient.

    Parameters
    ----------
    **arrays : array-like or None
        By the names that users know them by.

    Raises
    ------
    TypeError
        Names the array and the remedy.
    """
    for name, array in arrays.items():
        if getattr(array, "requires_grad", False) is True:
            raise TypeError(
                f"{name} is a tensor with requires_grad=True, which a fit or a prediction would "
                f"cut off from its graph: pass {name}.detach()."
            )
        trouble, remedy = _trouble(array)
        if trouble:
            raise TypeError(
                f"{name} is a tensor {trouble}, which numpy does not have: pass {name}{remedy}."
            )


def _trouble(array):
    """What keeps a tensor from numpy, and what takes it away; None where nothing does."""
    if type(array).__module__.partition(".")[0] != "torch":
        return None, None
    if str(array.layout) != "torch.strided":
        return f"of layout {array.layout}", ".to_dense()"
    if array.device.type != "cpu":
        return f"on the device {array.device}", ".cpu()"
    if str(array.dtype) == "torch.bfloat16":
        return f"of dtype {array.dtype}", ".float()"
    return None, None
