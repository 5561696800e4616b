"""The skorch net of a classifier: as skorch's own, it speaks of classes by their numbers."""

import numpy as np
import torch
from sklearn.base import ClassifierMixin

from skreg.engine.net import RegularizedNet
from skreg.losses import formulas


class ClassifierNet(ClassifierMixin, RegularizedNet):
    """A net that scikit-learn's scorers and skorch's callbacks can ask for classes.

    Classes are 0, 1, ... in the order of the estimator's `classes_`; a multilabel target is a
    matrix of 0 and 1.

    Parameters
    ----------
    module : callable
    n_outputs : int
        Of the module; one for two classes.
    **kwargs
        Of `RegularizedNet`.
    """

    def __init__(self, module, *, n_outputs, **kwargs):
        super().__init__(module, **kwargs)
        self.n_outputs = n_outputs

    @property
    def _kind(self):
        if self.criterion__plan[0]["loss"] != formulas.BINARY_LOG_LOSS:
            return "multiclass"
        return "binary" if self.n_outputs == 1 else "multilabel"

    @property
    def classes_(self):
        """Numbers of the classes, or of the labels."""
        return np.arange(2 if self._kind == "binary" else self.n_outputs)

    def predict_proba(self, X):
        """Probabilities with a column for each class, or of each label."""
        p = super().predict_proba(X)
        return np.hstack([1 - p, p]) if self._kind == "binary" else p

    def predict(self, X):
        """Numbers of the classes, (n_rows,), or a matrix of 0 and 1."""
        p = self.predict_proba(X)
        return (p > 0.5).astype(np.int64) if self._kind == "multilabel" else p.argmax(axis=1)

    def told(self, Y):
        """Targets, a tensor or an array, as callbacks see them: as `predict` gives them."""
        if self._kind == "multiclass":
            return Y[:, 0].long() if isinstance(Y, torch.Tensor) else Y[:, 0].astype(np.int64)
        codes = (Y > 0.5).long() if isinstance(Y, torch.Tensor) else (Y > 0.5).astype(np.int64)
        return codes.ravel() if self._kind == "binary" else codes
