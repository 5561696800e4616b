"""Fitted MLPs of one architecture that predict together, from rows that are checked once."""

import numpy as np
from scipy.sparse import issparse

from skreg.blocks.activations import FUNCTIONS
from skreg.estimators.mlp import MLPClassifier, MLPRegressor

_FEW_ROWS = 64  # for which calling each net takes longer than stacking their weights
_ROWS_AT_ONCE = 2**13
_VALUES_AT_ONCE = 2**24  # of all nets' outputs


class JointPrediction:
    """Fitted MLPs whose predictions are computed in one pass over the rows.

    Few rows go through all nets at once, with the weights along a leading axis; many go through
    one net after another, whose weights then stay in the cache.

    Parameters
    ----------
    nets : list of MLPRegressor or of MLPClassifier
        For which `stackable` is True.
    features : list of ndarray of int
        Columns of X that each net takes.
    """

    def __init__(self, nets, features):
        self.nets, self.features = nets, np.stack(features)
        regresses = isinstance(nets[0], MLPRegressor)
        self.dtype = np.dtype(np.float64 if regresses else nets[0].coefs_[0].dtype)
        self.all_columns = bool((self.features == np.arange(self.features.shape[1])).all())

    def predictions(self, X):
        """Pieces of the regressors' predictions, each (n_nets, n_rows, n_outputs)."""
        scale = np.stack([net.target_scale_ for net in self.nets])[:, None]
        mean = np.stack([net.target_mean_ for net in self.nets])[:, None]
        point = self.nets[0]._target.point
        for output in self._outputs(X):
            yield point(output) * scale + mean

    def components(self, X):
        """What each regressor says of the rows: lists of `distributions.Component`, by pieces."""
        for output in self._outputs(X):
            yield [net._target.component(own) for net, own in zip(self.nets, output, strict=True)]

    def probabilities(self, X):
        """Pieces of the classifiers' probabilities, each (n_nets, n_rows, n_classes)."""
        for output in self._outputs(X):
            p = self.nets[0]._target.probabilities(output.reshape(-1, output.shape[-1]))
            yield p.reshape(*output.shape[:2], -1)

    def _outputs(self, X):
        """Pieces of the nets' outputs after their link, each (n_nets, n_rows, n_outputs)."""
        if X.shape[0] <= _FEW_ROWS:
            yield self._stacked(X)
            return
        width = len(self.nets) * len(self.nets[0].intercepts_[-1])
        step = max(_FEW_ROWS, min(_ROWS_AT_ONCE, _VALUES_AT_ONCE // width))
        for start in range(0, X.shape[0], step):
            part = X[start : start + step]
            if self.all_columns:
                yield np.stack([net._output(part, self.dtype) for net in self.nets])
            else:
                pairs = zip(self.nets, self.features, strict=True)
                yield np.stack(
                    [net._output(part[:, columns], self.dtype) for net, columns in pairs]
                )

    def _stacked(self, X):
        h = (X.toarray() if issparse(X) else X).astype(self.dtype, copy=False)
        if not self.all_columns:
            h = np.ascontiguousarray(h.T[self.features].transpose(0, 2, 1))
        activation, link = self.nets[0]._activation, self.nets[0].out_activation_
        coefs, intercepts = (
            [np.stack(arrays, dtype=self.dtype) for arrays in zip(*lists, strict=True)]
            for lists in ([n.coefs_ for n in self.nets], [n.intercepts_ for n in self.nets])
        )
        for coef, intercept in zip(coefs, intercepts, strict=True):
            h = np.matmul(h, coef)
            h += intercept[:, None]
            h = FUNCTIONS[link if coef is coefs[-1] else activation].numpy(h)
        return h


def stackable(nets):
    """Whether these are fitted plain MLPs of one architecture (and the same classes)."""
    cls = type(nets[0])
    if cls not in (MLPRegressor, MLPClassifier) or any(type(net) is not cls for net in nets):
        return False
    if any(net.norms_ or net._residual or net.snapshots_ for net in nets):
        return False
    return len({_architecture(net) for net in nets}) == 1


def _architecture(net):
    shapes = tuple(coef.shape for coef in net.coefs_)
    classes = tuple(getattr(net, "classes_", ()))
    loss = getattr(net._target, "distribution", None)
    return shapes, net.coefs_[0].dtype, net._activation, net.out_activation_, classes, loss
