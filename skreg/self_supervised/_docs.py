"""Docs of the parameters and attributes that pretrainers share with the MLPs."""

import re

from skreg.estimators import _parameter_docs as shared

_OWN = """\
    batch_size : int or "auto", default="auto"
        Rows of a batch; "auto" is ``min(200, n_samples)``.
    solver : {"adam", "adamw", "sgd"}, default="adam"
        Adam (Kingma & Ba 2015), Adam with `alpha` decoupled from the gradient (Loshchilov & Hutter
        2019), or gradient descent with momentum.
    alpha : float, default=1e-4
        Strength of the L2 penalty: ``alpha / 2 * sum(W^2)`` is added to the mean loss. With "adamw"
        weights shrink by ``learning_rate * alpha`` of themselves in each step instead.
    l1 : float, default=0.0
        Strength of the L1 penalty ``l1 * sum(|W|)``, by a proximal step.
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Units of the hidden layers, at least one; an int is one layer. The last one's are the
        representation.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, default="constant"
        Schedule of the learning rate, per epoch. "invscaling" divides by
        ``(rows seen + 1)^power_t``; "adaptive" divides by 5 whenever training stalls; "cosine"
        falls to 0 over `max_iter` epochs.
    learning_rate_init : float, default=0.001
        Learning rate at the start.
    max_iter : int, default=200
        Most epochs.
    random_state : int, RandomState instance or None, default=None
        Seed of initialisation, shuffling, early-stopping split, corruption and noise. An int makes
        fits bit-equal; the global generators of numpy and torch are never touched.
    tol : float, default=1e-4
        Training stops when the loss (validation loss under early stopping) has not fallen by `tol`
        for more than `n_iter_no_change` epochs.
    early_stopping : bool, default=False
        Whether to stop by the loss on validation rows, and to restore the weights of the best
        epoch. The rows are `validation_fraction` of all rows, or `X_val` given to `fit`. They are
        corrupted once, before training, so that epochs can be compared.
    validation_fraction : float, default=0.1
        Share of the rows held out for early stopping, in (0, 1).
    dropout : float, default=0.0
        Probability that a hidden unit is left out of a step, in [0, 1) (Srivastava et al. 2014).
"""


def _entries(*texts):
    """The entries of docs by the names that they begin with."""
    parts = re.split(r"^(?=    \w+ : )", "".join(texts), flags=re.M)
    return {part.split()[0]: part for part in parts if part.strip()}


_ENTRIES = _entries(
    shared._NETWORK,
    shared._TRAINING,
    shared._REGULARIZERS,
    shared._EXECUTION,
    shared._ATTRIBUTES,
    _OWN,
)


def with_shared_entries(cls):
    """Class decorator: put the entries named in ``{entries: a b c}`` in its place."""

    def entries(match):
        return "".join(_ENTRIES[name] for name in match[1].split())

    cls.__doc__ = re.sub(r" {4}\{entries:([\w\s]+)\}\n", entries, cls.__doc__)
    return cls
