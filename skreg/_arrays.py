"""Arrays as users give them, looked at before anything converts them."""


def refuse_gradients(**arrays):
    """Raise where an array is a tensor with a gradient, which numpy does not take.

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
