"""Where the nets are in an estimator."""

from sklearn.frozen import FrozenEstimator

from skreg.estimators._base import BaseNet


def nets_of(estimator):
    """Regressors and classifiers of skreg in an estimator, by the prefix of their parameters.

    Not those that are in another net (`pretrained`), or frozen.

    Raises
    ------
    ValueError
        Where there is none.
    """
    inner = estimator.get_params() if hasattr(estimator, "get_params") else {}
    found = {"": estimator, **{f"{name}__": value for name, value in inner.items()}}
    closed = [p for p, e in found.items() if isinstance(e, BaseNet | FrozenEstimator)]
    nets = {
        prefix: net
        for prefix, net in found.items()
        if isinstance(net, BaseNet)
        and hasattr(net, "predict")
        and not any(prefix != other and prefix.startswith(other) for other in closed)
    }
    if not nets:
        raise ValueError(
            f"estimator={estimator!r} has no regressor or classifier of skreg to search: give one, "
            "or a pipeline or ensemble around one that is named in its constructor."
        )
    return nets
