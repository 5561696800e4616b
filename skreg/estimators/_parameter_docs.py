"""The docs of the parameters and attributes that all MLP estimators share."""


def shared_docs(cls):
    """Class decorator: put the shared parameters and attributes into the docstring's places."""
    cls.__doc__ = (
        cls.__doc__.replace("    {objective}\n", _OBJECTIVE)
        .replace("    {network}\n", _NETWORK)
        .replace("    {training}\n", _TRAINING)
        .replace("    {regularizers}\n", _REGULARIZERS)
        .replace("    {transfer}\n", _TRANSFER)
        .replace("    {execution}\n", _EXECUTION)
        .replace("    {attributes}\n", _ATTRIBUTES)
    )
    return cls


_OBJECTIVE = """\
    Minimizes over the parameters phi, with weights W (biases are never penalised), rows
    (x_i, y_i) and sample weights w_i::

        J(phi) = sum_i w_i loss(f(x_i; phi), y_i) / sum_i w_i
                 + alpha / 2 * sum_j W_j^2  +  l1 * sum_j |W_j|
                 + anchor_alpha / 2 * sum_j (W_j - anchor_j)^2

    which means the same for every batch size, solver and number of rows. scikit-learn's MLP
    divides its alpha by the rows B of a batch: ``alpha_sklearn = alpha * B``.
"""

_NETWORK = """\
    hidden_layer_sizes : int or array-like of int, default=(100,)
        Units of the hidden layers; an int is one layer, ``()`` a linear model.
    activation : {"identity", "logistic", "tanh", "relu"}, default="relu"
        Activation of the hidden layers.
"""

_TRAINING = """\
    solver : {"adam", "adamw", "sgd", "lbfgs"}, default="adam"
        Adam (Kingma & Ba 2015), Adam with `alpha` decoupled from the gradient (Loshchilov & Hutter
        2019), gradient descent with momentum, or L-BFGS on all rows at once (float64; no dropout,
        noise, `l1` or constraints).
    alpha : float or array-like of shape (n_layers - 1,), default=1e-4
        Strength of the L2 penalty, the lambda of the literature: ``alpha / 2 * sum(W^2)`` is added
        to the mean loss. One number, or one per layer of weights. With "adamw" weights shrink by
        ``learning_rate * alpha`` of themselves in each step instead.
    batch_size : int or "auto", default="auto"
        Rows of a batch of the stochastic solvers; "auto" is ``min(200, n_samples)``.
    learning_rate : {"constant", "invscaling", "adaptive", "cosine"}, default="constant"
        Schedule of the learning rate, per epoch, for adam, adamw and sgd. "invscaling" divides by
        ``(rows seen + 1)^power_t``; "adaptive" divides by 5 whenever training stalls; "cosine"
        falls to 0 over `max_iter` epochs, or in each of `n_snapshots` cycles.
    learning_rate_init : float, default=0.001
        Learning rate at the start, for adam, adamw and sgd. `partial_fit` goes on with its own.
    n_snapshots : int, default=1
        Cycles of "cosine" in `max_iter` epochs. Above 1 the weights at their ends are kept, and
        predictions are means over these nets, an ensemble from one run (Huang et al. 2017).
        Training then goes on to `max_iter`.
    power_t : float, default=0.5
        Exponent of "invscaling".
    max_iter : int, default=200
        Most epochs (adam, adamw, sgd) or iterations (lbfgs).
    shuffle : bool, default=True
        Whether rows are shuffled in each epoch. Without effect where one batch holds all rows.
    random_state : int, RandomState instance or None, default=None
        Seed of initialisation, shuffling, early-stopping split and noise. An int makes fits
        bit-equal; the global generators of numpy and torch are never touched.
    tol : float, default=1e-4
        Training stops when the loss (validation loss under early stopping) has not fallen by `tol`
        for more than `n_iter_no_change` epochs. For lbfgs the largest gradient component at the
        solution.
    verbose : bool or int, default=False
        Whether to print loss and validation loss of each epoch.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit: weights, moments of the optimizer and random state
        are kept, the epochs count anew.
    momentum : float, default=0.9
        Momentum of sgd, in [0, 1].
    nesterovs_momentum : bool, default=True
        Whether sgd's momentum is Nesterov's.
    early_stopping : bool or "refit", default=False
        Whether to stop by the loss on validation rows, without noise and penalties (or by
        `scoring`), and to restore the weights of the best epoch. The rows are
        `validation_fraction` of the training rows (stratified by class), or `X_val` and `y_val`
        given to `fit`. "refit" trains once more, on all rows, for the best number of epochs.
    validation_fraction : float or CV splitter, default=0.1
        Share of the rows held out for early stopping, in (0, 1), or a splitter of scikit-learn's
        whose last split is taken: `TimeSeriesSplit` for rows in order of time, `GroupShuffleSplit`
        with `groups` given to `fit`.
    scoring : str or callable, default="loss"
        What early stopping watches: the loss, or a scorer of scikit-learn's by name, or a callable
        ``scorer(estimator, X, y)``, of which larger is better. It is called after every epoch, with
        `sample_weight` where rows differ in weight and it takes it.
    beta_1 : float, default=0.9
        Decay of Adam's first moment, in [0, 1).
    beta_2 : float, default=0.999
        Decay of Adam's second moment, in [0, 1).
    epsilon : float, default=1e-8
        Added to the root of Adam's second moment.
    n_iter_no_change : int or np.inf, default=10
        Epochs without improvement by `tol` that are waited for. At least `max_iter` asks for a
        fixed number of epochs.
    max_fun : int, default=15000
        Most evaluations of the objective by lbfgs.
    max_time : float, default=None
        Seconds of training after which `fit` ends, within about 0.2 s but not before one epoch,
        with the best weights so far under early stopping and a `ConvergenceWarning`. With "refit"
        each of the two trainings has half of it. None is no limit. Not part of `partial_fit`.
"""

_REGULARIZERS = """\
    averaging : {"ema", "swa"}, default=None
        Average of the weights along the path that validates and predicts in their place: their
        exponential moving average, taken after every step, or the plain mean of those at the ends
        of the last epochs (Izmailov et al. 2018), as `torch.optim.swa_utils` has them.
    averaging_decay : float, default=0.99
        Decay of "ema" per step, in [0, 1): it looks back over some ``1 / (1 - decay)`` steps.
    averaging_start : float, default=0.75
        Share of the `max_iter` epochs that pass before "swa" begins, in [0, 1).
    l1 : float or array-like of shape (n_layers - 1,), default=0.0
        Strength of the L1 penalty ``l1 * sum(|W|)``, by a proximal step: weights become exactly 0
        (`sparsity_`).
    anchor_alpha : float, default=0.0
        Strength of the L2 penalty towards `anchor`; where that is None and layers come from
        `pretrained`, on these only (Li et al. 2018): the new ones have `alpha`.
    anchor : list of array-like of the shapes of `coefs_`, default=None
        Weights that `anchor_alpha` pulls towards, in training units; None are the pretrained
        weights, without `pretrained` the initial ones.
    penalty : callable, default=None
        A penalty of your own: called with the list of weight tensors (n_out, n_in), layer by layer,
        it returns a torch scalar that is added to the objective. Runs in the torch engine.
    max_norm : float, default=None
        Largest norm of a unit's incoming weights, kept to after every step; None is no limit.
    clip_grad_norm : float, default=None
        Largest norm of a step's gradient, penalties included; None is no limit.
    gradient_penalty : float or "auto", default=0.0
        Strength mu of ``mu / 4 * |g|^2`` in the batch loss, g its gradient: what gradient descent
        with step size mu does implicitly, made explicit (Barrett & Dherin 2021). "auto" is the
        learning rate.
    gradient_penalty_rho : float, default=None
        Radius of the forward difference that takes its gradient; 0 is exact, by double backward in
        the torch engine. None is 0.05 for relu, whose kinks double backward overlooks, and 0 else.
    sam_rho : float, default=0.0
        Sharpness-aware steps: gradients are taken at the weights moved by `sam_rho` up the gradient
        (Foret et al. 2021).
    mixup_alpha : float, default=0.0
        Every row of a batch is mixed with another, features and targets, in shares drawn from
        Beta(mixup_alpha, mixup_alpha) (Zhang et al. 2018); 0 is off.
    cutmix_alpha : float, default=0.0
        A run of neighbouring features of every row is replaced by that of another, of a length
        drawn from Beta(cutmix_alpha, cutmix_alpha), and targets are mixed by the shares (Yun et
        al. 2019); 0 is off. With `mixup_alpha` too, each batch has one of them.
    augment : object, default=None
        What happens to the rows of a batch in training: of `skreg.augmentation`, or an object of
        your own with ``apply(batch, generator)``, `get_params` and `set_params`. Its parameters
        can be searched (``augment__shift``). Runs compiled where it has a compiled form.
    normalization : {"layer", "batch"}, default=None
        Normalisation of each hidden layer's pre-activation z, before the activation:
        ``gain * (z - mean) / sqrt(variance + 1e-5) + shift``, over the units of a row (Ba et al.
        2016), or over the rows of a batch with their sample weights (Ioffe & Szegedy 2015), where
        prediction uses running averages. Gain and shift are trained and never penalised.
    residual : bool, default=False
        Whether a hidden layer as wide as the hidden layer before it adds that one's output to its
        own (He et al. 2016).
    dropout : float or array-like of float, default=0.0
        Probability that a hidden unit is left out of a step, in [0, 1); one number, or one per
        hidden layer (Srivastava et al. 2014).
    input_dropout : float, default=0.0
        Probability that an input is left out of a step, in [0, 1).
    drop_path : float, default=0.0
        Probability that a residual layer adds nothing to a row in a step, in [0, 1) (stochastic
        depth: Huang et al. 2016).
    noise_std : float, default=0.0
        Standard deviation of Gaussian noise on the inputs, in the units of X (Bishop 1995).
    weight_noise_std : float, default=0.0
        Standard deviation of Gaussian noise on the weights at which gradients are taken
        (Graves 2011).
"""

_TRANSFER = """\
    pretrained : FrozenEstimator or estimator, default=None
        Where the first layers come from: a fitted estimator or pretrainer of skreg in
        `sklearn.frozen.FrozenEstimator`, or one that is not fitted, of which `fit` then fits a
        clone first, on the training rows (not those held out for early stopping) and
        `X_unlabeled`; a `random_state` that is None in it is drawn from this one's. Its layers up
        to its representation must have the units, `activation`, `normalization` and `residual` of
        the layers that they become. With `warm_start` and `partial_fit` it counts at the first
        call. None starts at random, and then the next four parameters do nothing.
    reset_layers : int, default=1
        How many layers of weights, the last ones, are new.
    n_frozen_layers : int or "all", default=0
        How many of the layers taken over, from the first on, stay exactly as they are: no gradient,
        no penalty, batch normalisation by the running statistics. "all" trains the new ones only.
    freeze_epochs : int, default=None
        Epochs of the net's life after which they are trained as well; until then patience
        (`n_iter_no_change`) does not run out. None is never. Not with lbfgs.
    pretrained_lr_mult : float, default=1.0
        What the learning rate of the layers taken over is multiplied by. Not with lbfgs.
"""

_EXECUTION = """\
    device : str, default="cpu"
        Where to train, a name that torch knows: "cpu", "cuda", "cuda:1"...
    dtype : {"float32", "float64"}, default="float32"
        Compute dtype, and that of the fitted weights and of probabilities.
    engine : {"auto", "compiled", "torch"}, default="auto"
        What runs the epochs: compiled kernels (on the CPU) or torch. "auto" is compiled wherever it
        serves. Both give the same net.
    callbacks : list of skorch callbacks, default=None
        Called by the skorch net as it trains; a KeyboardInterrupt that one raises stops training.
"""

_ATTRIBUTES = """\
    coefs_ : list of ndarray of shape (n_in, n_out)
        Weights of the layers.
    intercepts_ : list of ndarray of shape (n_out,)
        Biases of the layers.
    norms_ : list of ndarray of shape (2, n_units) or (4, n_units)
        With `normalization`, of each hidden layer: gain, shift, and with "batch" running mean and
        variance (the biased one). Empty without.
    snapshots_ : list of tuple (coefs, intercepts, norms)
        With `n_snapshots` above 1, the nets that predict together; `coefs_` are the last one's.
        Empty without.
    pretrained_ : estimator or None
        The fitted one that the first layers were taken from.
    sparsity_ : list of float
        Share of weights that are exactly 0, layer by layer.
    loss_curve_ : list of float
        Mean objective of each epoch, noise and penalties included.
    loss_ : float
        Its last value.
    best_loss_ : float or None
        Its lowest value; None under early stopping.
    validation_scores_ : list of float or None
        Minus the validation loss of each epoch, or its score by `scoring`.
    best_validation_score_ : float or None
        Its highest value under early stopping.
    best_epoch_ : int or None
        Epoch (from 1) whose weights were restored under early stopping.
    n_iter_ : int
        Epochs (iterations of lbfgs) of the last call of `fit`.
    t_ : int
        Training rows seen.
    n_layers_ : int
        Number of layers, input and output included.
    n_outputs_ : int
        Number of outputs of the net.
    out_activation_ : str
        Name of the link from raw prediction to prediction.
    net_ : skorch.NeuralNet
        The fitted skorch net; its module predicts in training units.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X had names that are all strings.
"""
