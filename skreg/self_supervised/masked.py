"""`MaskedPretrainer`: learn to find the clean row in a corrupted one."""

from numbers import Real

from skreg._sklearn import Interval, StrOptions, _fit_context
from skreg.estimators._parameters import store
from skreg.self_supervised._base import BasePretrainer
from skreg.self_supervised._docs import with_shared_entries


@with_shared_entries
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
    {entries: hidden_layer_sizes activation}
    corruption : {"swap", "zero", "gaussian"}, default="swap"
        What becomes of a corrupted entry: the same column's value of a random row, the column's
        mean (zero, after standardisation), or itself plus Gaussian noise with the column's
        standard deviation.
    corruption_rate : float, default=0.3
        Probability that an entry is corrupted, each by itself, in (0, 1].
    reconstruct : {"all", "corrupted"}, default="all"
        Which entries count: all, or the corrupted ones only (divided by ``corruption_rate * d``
        in place of d, so that the loss has the same size on average).
    mask_loss_weight : float, default=0.0
        Weight of the loss of a second output layer that predicts the mask.
    {entries:
    solver alpha batch_size learning_rate learning_rate_init power_t max_iter shuffle
    random_state tol verbose warm_start momentum nesterovs_momentum early_stopping
    validation_fraction beta_1 beta_2 epsilon n_iter_no_change max_time averaging
    averaging_decay averaging_start l1 max_norm clip_grad_norm sam_rho normalization residual
    dropout input_dropout drop_path noise_std weight_noise_std device dtype engine callbacks}

    Attributes
    ----------
    {entries:
    coefs_ intercepts_ norms_ sparsity_ loss_curve_ loss_ best_loss_ validation_scores_
    best_validation_score_ best_epoch_ n_iter_ t_ n_layers_ n_outputs_ out_activation_ net_
    n_features_in_ feature_names_in_}

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

    _parameter_constraints: dict = {
        **BasePretrainer._parameter_constraints,
        "corruption": [StrOptions({"swap", "zero", "gaussian"})],
        "corruption_rate": [Interval(Real, 0, 1, closed="right")],
        "reconstruct": [StrOptions({"all", "corrupted"})],
        "mask_loss_weight": [Interval(Real, 0, None, closed="left")],
    }
    _loss = "reconstruction"

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        corruption="swap",
        corruption_rate=0.3,
        reconstruct="all",
        mask_loss_weight=0.0,
        solver="adam",
        alpha=1e-4,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_time=None,
        averaging=None,
        averaging_decay=0.99,
        averaging_start=0.75,
        l1=0.0,
        max_norm=None,
        clip_grad_norm=None,
        sam_rho=0.0,
        normalization=None,
        residual=False,
        dropout=0.0,
        input_dropout=0.0,
        drop_path=0.0,
        noise_std=0.0,
        weight_noise_std=0.0,
        device="cpu",
        dtype="float32",
        engine="auto",
        callbacks=None,
    ):
        store(locals())

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, X_unlabeled=None, X_val=None):
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
