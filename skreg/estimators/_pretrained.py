"""Transfer: a net that starts with the first layers of another one, and how these train on.

The layers up to another net's representation take the place of the first layers' random weights;
the last `reset_layers` stay new, as they speak of another target (Yosinski, Clune, Bengio & Lipson
2014, "How transferable are features in deep neural networks?"). What then happens to them - frozen,
frozen for a while, slower, pulled back - is said in numbers per layer, by
`skreg.regularizers.freezing` and `skreg.regularizers.penalties`.

A source is anything with ``_encoder()``, which gives the coefs, intercepts and norms of its layers
up to the representation, with ``_units()``, the sizes of these layers and of what goes in, and with
what `_computes_by` names: parameters that say what the layers compute (`_activation` as fitted).
"""

from inspect import signature
from itertools import pairwise

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

_SEEDS = 2**31 - 1


def is_fitted(estimator):
    """Whether an estimator has been fitted."""
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def fits_inside(pretrained):
    """Whether `pretrained` is fitted by the fit of the net that it is given to."""
    return pretrained is not None and not isinstance(pretrained, FrozenEstimator)


def check_pretrained(pretrained):
    """Raise where `pretrained` cannot be a source, or would silently be one without its weights.

    Raises
    ------
    TypeError
        For what is no estimator or pretrainer of skreg.
    NotFittedError
        For a `FrozenEstimator` around one that is not fitted.
    ValueError
        For a fitted one without `FrozenEstimator`, or its clone: a search would unfit it and train
        it again on other rows.
    """
    if pretrained is None:
        return
    frozen = not fits_inside(pretrained)
    inner = pretrained.estimator if frozen else pretrained
    name = type(inner).__name__
    if not hasattr(type(inner), "_encoder"):
        raise TypeError(
            f"pretrained={pretrained!r} is no estimator or pretrainer of skreg: give one, not "
            "fitted, or one that is fitted in sklearn.frozen.FrozenEstimator; for a pipeline its "
            "last step, and X as that step saw it."
        )
    if frozen and not is_fitted(inner):
        raise NotFittedError(
            f"pretrained=FrozenEstimator({name}(...)) holds an estimator that is not fitted: fit "
            "it first, or give it without FrozenEstimator to have it fitted inside fit."
        )
    if not frozen and (is_fitted(inner) or vars(inner).get("_was_fitted", False)):
        what = "a fitted" if is_fitted(inner) else "the clone of a fitted"
        raise ValueError(
            f"pretrained is {what} {name}, of which a search or any other clone would silently "
            f"lose the weights: wrap it in sklearn.frozen.FrozenEstimator to start from them. To "
            f"have one fitted inside fit, give a new {name}(...)."
        )


def marked_clone(estimator, copy):
    """The clone `copy` of an estimator, marked if that, or what it was cloned from, was fitted."""
    if is_fitted(estimator) or vars(estimator).get("_was_fitted", False):
        copy._was_fitted = True
    return copy


def check_kind(pretrained, net):
    """Raise where the layers of `pretrained` are of another kind than a net has (units, blocks)."""
    inner = pretrained if fits_inside(pretrained) else pretrained.estimator
    if inner._computes_by != net._computes_by:
        raise TypeError(
            f"pretrained is a {type(inner).__name__}, whose layers are of another kind than a "
            f"{type(net).__name__}'s: give a net of the same kind."
        )


def draw_seeds(pretrained, random_state):
    """A seed for each `random_state` in an unfitted source's parameters that is None."""
    if not fits_inside(pretrained):
        return {}
    params = sorted(pretrained.get_params(deep=True).items())
    names = [k for k, v in params if k.split("__")[-1] == "random_state" and v is None]
    return {name: int(random_state.randint(_SEEDS)) for name in names}


def fit_source(pretrained, seeds, X, y, sample_weight, X_unlabeled):
    """The fitted source: the one in a `FrozenEstimator`, or a clone fitted on training rows.

    Parameters
    ----------
    pretrained : FrozenEstimator or unfitted estimator
    seeds : dict
        As `draw_seeds` gives them.
    X, y, sample_weight : training rows
        Those held out for early stopping are not among them.
    X_unlabeled : {ndarray, CSR matrix} or None
    """
    if not fits_inside(pretrained):
        return pretrained.estimator
    source, given = clone(pretrained).set_params(**seeds), {}
    takes = signature(source.fit).parameters
    if "sample_weight" in takes:
        given["sample_weight"] = sample_weight
    if X_unlabeled is not None and "X_unlabeled" in takes:
        alike = X_unlabeled.shape[0] == X.shape[0]  # refused, unless in a tuple
        given["X_unlabeled"] = (X_unlabeled,) if alike else X_unlabeled
    return source.fit(X, y, **given)


def n_taken_over(net, sizes):
    """How many layers a net with `sizes` units takes over: all but the last `reset_layers`.

    Raises
    ------
    ValueError
        Where none are left.
    """
    n_layers, name = len(sizes) - 1, net._sizes_name
    if net.reset_layers >= n_layers:
        raise ValueError(
            f"reset_layers={net.reset_layers} leaves none of the {n_layers} layers of weights (the "
            f"output's included) of {name}={getattr(net, name)!r} to take over: lower it, give "
            f"more {name}, or set pretrained=None."
        )
    return n_layers - net.reset_layers


def check_fits(source, net, sizes, n_taken):
    """Raise where a source's first `n_taken` layers are not those that a net of `sizes` has."""
    name = net._sizes_name
    theirs, ours = source._units(), tuple(sizes[: n_taken + 1])
    if theirs[:1] != ours[:1]:
        what = "features" if name == "hidden_layer_sizes" else "channels"
        raise ValueError(
            f"pretrained was fitted on X with {theirs[0]} {what}, but X has {ours[0]}: give both "
            f"the same {'columns' if what == 'features' else what}."
        )
    if theirs[: n_taken + 1] != ours:
        raise ValueError(
            f"pretrained has layers of {theirs} units up to its representation, but "
            f"{name}={getattr(net, name)!r} with reset_layers={net.reset_layers} "
            f"asks for layers of {ours} units: change one of the two."
        )
    names = [getattr(e, "feature_names_in_", None) for e in (source, net)]
    if None not in [n if n is None else 0 for n in names] and not np.array_equal(*names):
        raise ValueError(
            f"pretrained was fitted on X with columns {list(names[0])}, but X has "
            f"{list(names[1])}: give both the same columns in the same order."
        )
    through = any(a == b for a, b in pairwise(ours[1:]))
    for name in net._computes_by:
        fitted, asked = getattr(source, f"_{name}"), getattr(net, name)
        differ = fitted != asked and repr(fitted) != repr(asked)
        if differ and (name != "residual" or through):
            raise ValueError(
                f"pretrained was fitted with {name}={fitted!r}, but here it is {name}={asked!r}: "
                "its layers would compute something else. Set both alike."
            )


def take_over(source, weights, n_taken):
    """Weights (coefs, intercepts, norms) with the source's in the first `n_taken` layers."""
    pairs = zip(source._encoder(), weights, strict=True)
    return [[*theirs[:n_taken], *own[n_taken:]] for theirs, own in pairs]


def layer_params(net, source, shapes, n_taken, lived):
    """What the engine's parameters become by a transfer, as they go to `make_problem`.

    Parameters
    ----------
    net : estimator
        With `n_frozen_layers`, `freeze_epochs`, `pretrained_lr_mult`, `anchor` and `anchor_alpha`.
    source : fitted source
    shapes : list of tuple of int
        Those of the net's `coefs_`.
    n_taken : int
    lived : int
        Epochs that the net has been trained for in earlier calls of `fit`, or of `partial_fit`
        where they count no longer.

    Raises
    ------
    ValueError
        Where more layers shall be frozen than are taken over.
    """
    from skreg.regularizers.freezing import FOREVER

    n_layers, n_frozen = len(shapes), net.n_frozen_layers
    n_frozen = n_taken if n_frozen == "all" else n_frozen
    if n_frozen > n_taken:
        raise ValueError(
            f"n_frozen_layers={n_frozen} is more than the {n_taken} layers that are taken over "
            f"from pretrained (reset_layers={net.reset_layers} are new): lower it, or use 'all'."
        )
    taken, frozen = (np.arange(n_layers) < n for n in (n_taken, n_frozen))
    length = FOREVER if net.freeze_epochs is None else max(net.freeze_epochs - lived, 0)
    params = {
        "frozen_for": np.where(frozen, length, 0),
        "rate_factor": np.where(taken, net.pretrained_lr_mult, 1.0),
        "thaws_after": length if n_frozen and net.freeze_epochs is not None else 0,
    }
    if net.anchor is None:
        anchor = [np.zeros(shape) for shape in shapes]
        anchor[:n_taken] = source._encoder()[0][:n_taken]
        params["anchor"] = anchor
        params["anchor_alpha"] = np.where(taken, net.anchor_alpha, 0.0)
    return params
