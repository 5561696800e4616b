"""Fitted MLPs of one architecture that predict together: their weights along a leading axis."""

import numpy as np
from scipy.sparse import issparse

from skreg.estimators._forward import FUNCTIONS
from skreg.estimators.mlp import MLPClassifier, MLPRegressor

_VALUES_AT_ONCE = 2**16  # of the widest layer of all members


class StackedNets:
    """Fitted MLPs whose outputs are computed in one pass over the rows.

    Parameters
    ----------
    nets : list of MLPRegressor or of MLPClassifier
        For which `stackable` is True.
    features : list of ndarray of int
        Columns of X that each net takes.
    """

    def __init__(self, nets, features):
        self.target, self.activation = nets[0]._target, nets[0]._activation
        self.link = nets[0].out_activation_
        regresses = isinstance(nets[0], MLPRegressor)
        self.dtype = np.dtype(np.float64 if regresses else nets[0].coefs_[0].dtype)
        self.coefs = self._stack(net.coefs_ for net in nets)
        self.intercepts = [b[:, None] for b in self._stack(net.intercepts_ for net in nets)]
        if regresses:
            self.scale = np.stack([net.target_scale_ for net in nets])[:, None]
            self.mean = np.stack([net.target_mean_ for net in nets])[:, None]
        features = np.stack(features)
        everything = (features == np.arange(features.shape[1])).all()
        self.features = None if everything else features

    def _stack(self, lists):
        return [np.stack(arrays, dtype=self.dtype) for arrays in zip(*lists, strict=True)]

    def predictions(self, X):
        """Pieces of the regressors' predictions, each (n_nets, n_rows, n_outputs)."""
        for output in self._outputs(X):
            yield output * self.scale + self.mean

    def probabilities(self, X):
        """Pieces of the classifiers' probabilities, each (n_nets, n_rows, n_classes)."""
        for output in self._outputs(X):
            p = self.target.probabilities(output.reshape(-1, output.shape[-1]))
            yield p.reshape(*output.shape[:2], -1)

    def _outputs(self, X):
        widest = max(b.size for b in self.intercepts)
        step = max(16, _VALUES_AT_ONCE // widest)
        for start in range(0, X.shape[0], step):
            h = X[start : start + step]
            h = (h.toarray() if issparse(h) else h).astype(self.dtype, copy=False)
            if self.features is not None:
                h = np.ascontiguousarray(h.T[self.features].transpose(0, 2, 1))
            for coef, bias in zip(self.coefs, self.intercepts, strict=True):
                h = np.matmul(h, coef)
                h += bias
                h = FUNCTIONS[self.link if coef is self.coefs[-1] else self.activation](h)
            yield h


def stackable(nets):
    """Whether these are fitted MLPs of skreg's own, of one architecture (and the same classes)."""
    cls = type(nets[0])
    if cls not in (MLPRegressor, MLPClassifier) or any(type(net) is not cls for net in nets):
        return False
    return len({_architecture(net) for net in nets}) == 1


def _architecture(net):
    shapes = tuple(coef.shape for coef in net.coefs_)
    classes = tuple(getattr(net, "classes_", ()))
    return shapes, net.coefs_[0].dtype, net._activation, net.out_activation_, classes
