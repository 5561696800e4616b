"""`ContrastivePretrainer`: learn to tell rows apart, whatever view of them is shown."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import column_or_1d

from skreg._sklearn import HasMethods, Interval, StrOptions, _fit_context, _num_samples
from skreg.estimators import _rows
from skreg.estimators._parameters import store
from skreg.self_supervised._base import BasePretrainer
from skreg.self_supervised._docs import with_shared_entries


@with_shared_entries
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
    {entries: hidden_layer_sizes activation}
    views : {"swap", "zero", "gaussian"} or object, default="swap"
        How the second view is made from the row, which itself is the first (SCARF [3]_): a share
        of its entries takes the same column's value of a random row, or the column's mean, or
        Gaussian noise with the column's standard deviation on top. An object with
        ``apply(batch, generator)``, such as those of `skreg.augmentation`, makes both views
        (SimCLR [1]_): it takes a tensor (n_rows, n_features) and a `torch.Generator` and returns a
        tensor of the same shape. It is called twice an epoch for all rows, at most 4,096 of them at
        once.
    corruption_rate : float, default=0.6
        Probability that an entry of the second view is corrupted, each by itself, in (0, 1].
        Without effect for an object.
    temperature : float, default=0.5
        Temperature t: the lower, the more the nearest other rows count.
    projection_dim : int, default=32
        Outputs of the head.
    projection_hidden : int, default=None
        Units of a hidden layer in the head; None for a linear one. SimCLR and SCARF have one as
        wide as the representation, which on small nets is most of the cost.
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

    _parameter_constraints: dict = {
        **BasePretrainer._parameter_constraints,
        "views": [StrOptions({"swap", "zero", "gaussian"}), HasMethods("apply")],
        "corruption_rate": [Interval(Real, 0, 1, closed="right")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "projection_dim": [Interval(Integral, 1, None, closed="left")],
        "projection_hidden": [Interval(Integral, 1, None, closed="left"), None],
    }
    _loss = "contrastive"

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        views="swap",
        corruption_rate=0.6,
        temperature=0.5,
        projection_dim=32,
        projection_hidden=None,
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
    def fit(self, X, y=None, *, X_unlabeled=None, X_val=None, groups=None):
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
