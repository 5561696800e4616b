"""Which engine trains a fit."""


def choose_engine(engine, device, callbacks):
    """The engine's name for an estimator's parameters.

    Parameters
    ----------
    engine : {"auto", "compiled", "torch"}
    device : str
    callbacks : list or None
        skorch callbacks. The compiled engine serves those that only read the history.

    Raises
    ------
    ValueError
        Where ``engine="compiled"`` cannot do what the other parameters ask for.
    """
    obstacle = None
    if device != "cpu":
        obstacle = f"device={device!r}"
    elif not all(_only_reads(c) for c in callbacks or ()):
        obstacle = "callbacks that act on the torch optimizer or module"
    if engine == "compiled" and obstacle:
        raise ValueError(
            f"engine='compiled' trains MLPs on the CPU and cannot serve {obstacle}. "
            "Use engine='auto' or engine='torch'."
        )
    if engine == "auto":
        return "torch" if obstacle else "compiled"
    return engine


def _only_reads(callback):
    from skreg.engine.net import READING_CALLBACKS

    if isinstance(callback, tuple):
        callback = callback[1]
    kind = callback if isinstance(callback, type) else type(callback)
    return kind in READING_CALLBACKS
