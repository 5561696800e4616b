"""`MaskedPretrainer`: learn to find the clean row in a corrupted one."""

from __future__ import annotations

from typing import Self

from skreg._typing import MatrixLike
from skreg.compat.sklearn import _fit_context
from skreg.estimators._attributes import TEXTS
from skreg.hyperparameters.estimator import with_hyperparameters
from skreg.self_supervised._base import BasePretrainer


@with_hyperparameters(
    "pretrainer", "masked", positional=("hidden_layer_sizes", "activation"), texts=TEXTS
)
class MaskedPretrainer(BasePretrainer):
    """Pretrain an MLP on rows without labels: find the clean row in a corrupted one.

    A share of each row's entries is corrupted, anew in each step, and the net predicts the clean
    row, each column standardised (a constant one is 0); with `mask_loss_weight` also which
    entries were corrupted (VIME [1]_). Of a row with d columns, clean standardised values c, mask m
    (1 where corrupted) and outputs raw, the loss is::

        sum_j (raw_j - c_j)^2 / (2 d)  +  mask_loss_weight / d * sum_j bce(raw_{d+j}, m_j)

    to whose mean the penalties are added, as in `MLPRegressor`. The net sees X in its own units:
    scale it (`StandardScaler`) as for an MLP. Sparse X is made dense.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ContrastivePretrainer : Learns to tell rows apart.
    MLPClassifier : The classifier that pretraining helps.

    References
    ----------
    .. [1] Yoon, Zhang, Jordon & van der Schaar (2020), "VIME: extending the success of self- and
       semi-supervised learning to tabular domain".
    .. [2] Vincent, Larochelle, Bengio & Manzagol (2008), "Extracting and composing robust features
       with denoising autoencoders".

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skreg import MaskedPretrainer
    >>> X, y = load_digits(return_X_y=True)
    >>> X, few = X / 16, slice(0, 50)  # labels of fifty rows
    >>> pretrainer = MaskedPretrainer(max_iter=50, n_iter_no_change=50, random_state=0)
    >>> pretrainer.fit(X[few], X_unlabeled=X[500:]).transform(X[:2]).shape
    (2, 100)
    >>> probe = make_pipeline(pretrainer, LogisticRegression())
    >>> probe = probe.fit(X[few], y[few])
    >>> bool(probe.score(X[50:500], y[50:500]) > 0.7)
    True
    """

    __metadata_request__fit = {"X_unlabeled": True, "X_val": True}
    _loss = "reconstruction"

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: None = None,
        *,
        X_unlabeled: MatrixLike | tuple[MatrixLike] | None = None,
        X_val: MatrixLike | None = None,
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
        return self._pretrain(X, X_unlabeled, X_val)

    def _n_outputs(self):
        return self.n_features_in_ * (2 if self.mask_loss_weight else 1)
