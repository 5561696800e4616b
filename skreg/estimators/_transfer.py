"""What makes an estimator a transformer, and a giver and taker of layers."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin

from skreg import transfer
from skreg.estimators._forward import forward


class TransferMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """`transform`, and layers given to and taken from other nets, for `BaseMLP`."""

    def transform(self, X):
        """Compute the representation: what the last hidden layer puts out, prediction's way.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to transform.

        Returns
        -------
        representation : ndarray of shape (n_samples, n_units)
            After normalization, activation and residual, in the compute dtype (computed in
            float64, so that a row's values do not depend on the rows beside it). Without hidden
            layers X itself, dense; with `n_snapshots` that of the last one.
        """
        X, nets = self._ready(X, np.float64)  # raises where there is no fit
        dtype, (coefs, intercepts, norms) = self.coefs_[0].dtype, nets[-1]
        if len(coefs) == 1:
            return (X.toarray() if hasattr(X, "toarray") else X).astype(dtype)
        hidden = coefs[:-1], intercepts[:-1], norms
        out = forward(X, *hidden, self._activation, residual=self._residual, hidden=True)
        return out.astype(dtype, copy=False)

    @property
    def _n_features_out(self):
        """Units of the representation, for `get_feature_names_out`."""
        return self.coefs_[-1].shape[0]

    def _encoder(self):
        """Coefs, intercepts and norms of the layers up to the representation."""
        return self.coefs_[:-1], self.intercepts_[:-1], self.norms_

    def __sklearn_clone__(self):
        transfer.check_pretrained(getattr(self, "pretrained", None))
        return transfer.marked_clone(self, super().__sklearn_clone__())

    def _take_over(self, weights, sizes, rows, target, memory, X_unlabeled, source):
        """Weights to start from with layers of `pretrained` among them, which is fitted first.

        Parameters
        ----------
        weights : list of tuples (coefs, intercepts, norms)
        sizes : tuple of int
        rows : tuple (X, codes, weight)
            Training rows.
        target : RegressionTarget or ClassTarget
        memory : skreg.engine.train.Memory
        X_unlabeled : {ndarray, CSR matrix} or None
        source : fitted source or None
            Taken in place of another fit of `pretrained`.
        """
        if not hasattr(self, "pretrained"):
            return weights
        pretrained, self.pretrained_, self._n_taken = self.pretrained, None, 0
        if pretrained is None:
            return weights
        n_taken = transfer.n_taken_over(self, sizes)
        seeds = transfer.draw_seeds(pretrained, memory.random_state)
        if source is None:
            X, codes, weight = rows
            y = target.original(codes)
            source = transfer.fit_source(pretrained, seeds, X, y, weight, X_unlabeled)
        transfer.check_fits(source, self, sizes, n_taken)
        self.pretrained_, self._n_taken = source, n_taken
        return [transfer.take_over(source, triple, n_taken) for triple in weights]

    def _transfer_params(self, sizes, progress, warm):
        """What transfer changes in the parameters that the engine takes."""
        if getattr(self, "pretrained_", None) is None:
            return {}
        lived = len(self.loss_curve_) - int(progress["epoch"]) if warm else 0
        return transfer.layer_params(self, self.pretrained_, sizes, self._n_taken, lived)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        dtype = getattr(self, "dtype", "float32")
        tags.transformer_tags.preserves_dtype = ["float64"] if dtype == "float64" else []
        return tags
