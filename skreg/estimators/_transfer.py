"""What makes an estimator a transformer, and a giver and taker of layers."""

from __future__ import annotations

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from skreg._typing import Array, MatrixLike
from skreg.estimators import _pretrained


class TransferMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """`transform`, and layers given to and taken from other nets, for nets of layers.

    A subclass has `_representation(X)` and what `skreg.estimators._pretrained` asks of a source;
    `_sizes_name` is its parameter with the sizes of its hidden layers.
    """

    _computes_by = ("activation", "normalization", "residual")

    def transform(self, X: MatrixLike) -> Array:
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
        out = self._representation(X)  # raises where there is no fit
        return out.astype(self.coefs_[0].dtype, copy=False)

    @property
    def _n_features_out(self):
        """Units of the representation, for `get_feature_names_out`."""
        return self.coefs_[-1].shape[0]

    def _encoder(self):
        """Coefs, intercepts and norms of the layers up to the representation."""
        return self.coefs_[:-1], self.intercepts_[:-1], self.norms_

    def __sklearn_clone__(self):
        _pretrained.check_pretrained(getattr(self, "pretrained", None))
        return _pretrained.marked_clone(self, super().__sklearn_clone__())

    def _take_over(self, weights, architecture, rows, target, memory, X_unlabeled, source):
        """Weights to start from with layers of `pretrained` among them, which is fitted first.

        Parameters
        ----------
        weights : list of tuples (coefs, intercepts, norms)
        architecture : MLPArchitecture
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
        _pretrained.check_kind(pretrained, self)
        sizes = architecture.sizes
        n_taken = _pretrained.n_taken_over(self, sizes)
        seeds = _pretrained.draw_seeds(pretrained, memory.random_state)
        if source is None:
            X, codes, weight = rows
            X, y = self._in_shape(X), target.original(codes)
            source = _pretrained.fit_source(pretrained, seeds, X, y, weight, X_unlabeled)
        _pretrained.check_fits(source, self, sizes, n_taken)
        self.pretrained_, self._n_taken = source, n_taken
        return [_pretrained.take_over(source, triple, n_taken) for triple in weights]

    def _with_transfer(self, params, architecture, progress, warm):
        """Parameters and architecture whose layers train as transfer has it."""
        if getattr(self, "pretrained_", None) is None:
            return params, architecture
        lived = len(self.loss_curve_) - int(progress["epoch"]) if warm else 0
        more = self.pretrained_, architecture.coef_shapes, self._n_taken, lived
        params = params.replace(**_pretrained.layer_params(self, *more))
        return params, self._architecture(params, architecture.sizes[-1], None)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        dtype = getattr(self, "dtype", "float32")
        tags.transformer_tags.preserves_dtype = ["float64"] if dtype == "float64" else []
        return tags
