"""The docs of conv nets and of users' modules: as the MLPs', but for what is theirs."""

import re

from skreg.estimators import _parameter_docs as shared


def net_docs(cls):
    """Class decorator: put shared parameters and attributes into the docstring's places."""
    for place, text in _places("BaseConvNet" in {base.__name__ for base in cls.__mro__}).items():
        cls.__doc__ = cls.__doc__.replace(f"    {{{place}}}\n", text)
    return cls


def _places(is_conv):
    own = _PENALTY + (_CONV_ONLY if is_conv else _USERS_ONLY)
    regularizers = _with(shared._REGULARIZERS, own)
    if not is_conv:
        regularizers = _without(regularizers, *_LAYERED)
    attributes = _without(shared._ATTRIBUTES, "coefs_", "intercepts_", "norms_", "snapshots_")
    attributes = attributes.replace("Epochs (iterations of lbfgs)", "Epochs")
    return {
        "objective": shared._OBJECTIVE,
        "shape": _SHAPE,
        "blocks": _BLOCKS,
        "training": _with(_without(shared._TRAINING, "max_fun"), _SOLVER),
        "regularizers": regularizers,
        "transfer": _with(shared._TRANSFER, _CONV_TRANSFER),
        "execution": _without(shared._EXECUTION, "engine"),
        "attributes": _CONV_ATTRIBUTES + attributes
        if is_conv
        else _USERS_ATTRIBUTES + _without(attributes, "n_layers_", "pretrained_"),
    }


def _entries(text):
    """Text of parameters by their names."""
    parts = re.split(r"(?m)^(?=    \S)", text)
    return {part.split(" :")[0].strip(): part for part in parts if part}


def _without(text, *names):
    """Text of parameters without those of the names given."""
    return "".join(part for name, part in _entries(text).items() if name not in names)


def _with(text, other):
    """Text of parameters with those of another text in the place of their namesakes."""
    return "".join({**_entries(text), **_entries(other)}.values())


_LAYERED = ("normalization", "residual", "dropout", "drop_path")

_SHAPE = """\
    input_shape : tuple of int, default=None
        Shape in which the net takes a row: (C, H, W) for images, (C, T) for signals. X may have it,
        ``(n_samples, *input_shape)``, or be flat, as scikit-learn's tools have it. None is that of
        X, and for flat X a signal of one channel.
"""

_BLOCKS = """\
    channels : int or array-like of int, default=(32, 64, 128)
        Channels of the blocks, each a convolution, normalisation, activation and max pooling. Their
        mean over all places goes into a linear layer.
    kernel_size : int, default=3
        Width of the convolutions in each direction, an odd number; maps keep their size.
    pool : int, default=2
        Width of the patches whose maximum goes on to the next block; 1 is no pooling. At most the
        map's own size.
    activation : {"identity", "logistic", "tanh", "relu"}, default="relu"
        Activation of the blocks.
    front : object, default=None
        What comes first, on the batch after augmentation: an object with `get_params` and
        ``build(input_shape)``, which gives a `torch.nn.Module` without parameters to train and the
        shape of its output (`skreg.LogMel`).
"""

_SOLVER = """\
    solver : {"adam", "adamw", "sgd"}, default="adam"
        Adam (Kingma & Ba 2015), Adam with `alpha` decoupled from the gradient (Loshchilov & Hutter
        2019), or gradient descent with momentum.
"""

_PENALTY = """\
    penalty : callable, default=None
        A penalty of your own: called with the list of weight tensors, in the order of `coefs_` and
        with the outputs first, it returns a torch scalar that is added to the objective.
"""

_CONV_ONLY = """\
    normalization : {"batch", "layer"}, default="batch"
        Normalisation of the maps before the activation, channel by channel over the rows of a
        batch, with their sample weights, and all places (Ioffe & Szegedy 2015), or over all
        channels and places of a row (Wu & He 2018, with one group); None is off. Gain and shift of
        each channel are trained and never penalised.
    residual : bool, default=False
        Whether a block with as many channels as the block before it adds its input to its maps
        before pooling (He et al. 2016).
    dropout : float or array-like of float, default=0.0
        Probability that a channel of a block's maps is left out of a step, in [0, 1); one number,
        or one per block (Tompson et al. 2015).
    input_dropout : float, default=0.0
        Probability that a value of X is left out of a step, in [0, 1).
    drop_path : float, default=0.0
        Probability that a residual block adds nothing to a row in a step, in [0, 1).
"""

_USERS_ONLY = """\
    anchor_alpha : float, default=0.0
        Strength of the L2 penalty towards `anchor`.
    anchor : list of array-like of the shapes of `coefs_`, default=None
        Weights that `anchor_alpha` pulls towards, in training units; None are the initial ones.
    input_dropout : float, default=0.0
        Probability that a value of X is left out of a step, in [0, 1).
"""

_CONV_TRANSFER = """\
    pretrained : FrozenEstimator or estimator, default=None
        Where the first blocks come from: a fitted conv net of skreg in
        `sklearn.frozen.FrozenEstimator`, or one that is not fitted, of which `fit` then fits a
        clone first, on the training rows (not those held out for early stopping); a `random_state`
        that is None in it is drawn from this one's. Its blocks must have the channels,
        `kernel_size`, `pool`, `front`, `activation`, `normalization` and `residual` of those that
        they become; rows may have another height and width, or length. With `warm_start` and
        `partial_fit` it counts at the first call. None starts at random, and then the next four
        parameters do nothing.
    freeze_epochs : int, default=None
        Epochs of the net's life after which they are trained as well; until then patience
        (`n_iter_no_change`) does not run out. None is never.
    pretrained_lr_mult : float, default=1.0
        What the learning rate of the layers taken over is multiplied by.
"""

_CONV_ATTRIBUTES = """\
    input_shape_ : tuple of int
        Shape in which the net takes a row.
    coefs_ : list of ndarray of shape (n_in, n_out)
        Weights of the layers. Of a convolution ``coefs_[i].T.reshape(n_out, -1, k, k)`` are the
        filters (with one k for signals).
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of the layers.
    norms_ : list of ndarray of shape (2, n_channels) or (4, n_channels)
        With `normalization`, of each block: gain, shift, and with "batch" running mean and
        variance (the biased one). Empty without.
    snapshots_ : list of tuple (coefs, intercepts, norms)
        With `n_snapshots` above 1, the nets that predict together; `coefs_` are the last one's.
        Empty without.
"""

_USERS_ATTRIBUTES = """\
    input_shape_ : tuple of int
        Shape in which the module takes a row.
    coefs_ : list of ndarray of shape (n_in, ..., n_out)
        The module's weights - trained parameters of two or more dimensions -, each with its first
        axis, as a rule that of the outputs, moved to the end.
    state_dict_ : dict of ndarray
        All parameters and buffers by the names that the module has for them.
    snapshots_ : list of dict
        With `n_snapshots` above 1, the parameters and buffers of the nets that predict together.
        Empty without.
"""
