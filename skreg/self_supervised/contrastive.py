"""`ContrastivePretrainer`: learn to tell rows apart, whatever view of them is shown."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.utils import column_or_1d

from skreg._typing import ArrayLike, MatrixLike
from skreg.compat.sklearn import _fit_context, _num_samples
from skreg.estimators import _rows
from skreg.estimators._attributes import TEXTS
from skreg.hyperparameters.estimator import with_hyperparameters
from skreg.self_supervised._base import BasePretrainer


@with_hyperparameters(
    "pretrainer", "contrastive", positional=("hidden_layer_sizes", "activation"), texts=TEXTS
)
class ContrastivePretrainer(BasePretrainer):
    """Pretrain an MLP on rows without labels: two views of a row lie near, other rows far.

    Of each row of a batch two views are made; the net and a head on top of it (`projection_dim`
    outputs, after a hidden layer of its own with `projection_hidden`) project them onto the sphere.
    With projections z of length 1, temperature t and the positives P(i) of view i the loss is the
    mean over all 2 n views of::

        log sum_{a != i} exp(z_i . z_a / t)  -  mean_{p in P(i)} z_i . z_p / t

    P(i) is the row's other view (NT-Xent [1]_), with `groups` all views of rows of its group
    (SupCon [2]_). Equal rows are positives of each other. Penalties are added as in
    `MLPRegressor`. The head is left out of `transform`. The net sees X in its own units: scale it
    (`StandardScaler`) as for an MLP. Sparse X is made dense.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MaskedPretrainer : Learns to find the clean row in a corrupted one.
    MLPClassifier : The classifier that pretraining helps.

    References
    ----------
    .. [1] Chen, Kornblith, Norouzi & Hinton (2020), "A simple framework for contrastive learning
       of visual representations".
    .. [2] Khosla et al. (2020), "Supervised contrastive learning".
    .. [3] Bahri, Jiang, Tay & Metzler (2022), "SCARF: self-supervised contrastive learning using
       random feature corruption".

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skreg import ContrastivePretrainer
    >>> X = load_digits().data / 16
    >>> pretrainer = ContrastivePretrainer(max_iter=5, n_iter_no_change=5, random_state=0)
    >>> pretrainer.fit(X[:50], X_unlabeled=X[50:]).transform(X[:2]).shape
    (2, 100)
    >>> pretrainer.get_feature_names_out()[0]
    'contrastivepretrainer0'
    """

    __metadata_request__fit = {"X_unlabeled": True, "X_val": True, "groups": False}
    _loss = "contrastive"

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: None = None,
        *,
        X_unlabeled: MatrixLike | tuple[MatrixLike] | None = None,
        X_val: MatrixLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Learn a representation of the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        y : None
            Ignored: here for pipelines.
        X_unlabeled : {array-like, sparse matrix} of shape (n_unlabeled, n_features), or tuple of \
                such, default=None
            More rows, trained on beside X. One with exactly the rows of X goes into a tuple,
            ``(X_unlabeled,)``, which no search cuts.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation rows. With ``early_stopping=True`` they take the place of the split;
            without, they are only measured (`validation_scores_`).
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows of X: rows of one group are positives of each other. Unlabelled rows
            stand for themselves.

        Returns
        -------
        self : object
            The fitted pretrainer.

        Raises
        ------
        ValueError
            For arrays or parameters that do not fit; the pretrainer stays as it was.
        skreg.exceptions.DivergenceError
            If training leaves the finite numbers.
        """
        groups = None if groups is None else self._check_groups(X, groups)
        return self._pretrain(X, X_unlabeled, X_val, groups)

    def _n_outputs(self):
        return self.projection_dim

    def _head(self, hidden):
        return () if self.projection_hidden is None else (self.projection_hidden,)

    def _codes(self, X, groups=None):
        """A number for each row, shape (n_rows, 1); rows with the same one are positives."""
        codes, _ = _rows.groups_of_copies(X, np.empty((len(X), 0)))
        if groups is not None:
            _, numbers = np.unique(np.asarray(groups), return_inverse=True)
            codes += len(X)
            codes[: len(numbers)] = numbers
        return codes.astype(np.float64).reshape(-1, 1)

    def _check_groups(self, X, groups):
        groups = column_or_1d(groups)
        if len(groups) != _num_samples(X):
            raise ValueError(
                f"groups has {len(groups)} entries, but X has {_num_samples(X)} rows: give one for "
                "each (unlabelled rows have none)."
            )
        return groups
