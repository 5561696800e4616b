"""What the docstrings of estimators say alike: the objective, and the fitted attributes."""

from skreg.hyperparameters.declaration import Entry

OBJECTIVE = """
    Minimizes over the parameters phi, with weights W (biases are never penalised), rows
    (x_i, y_i) and sample weights w_i::

        J(phi) = sum_i w_i loss(f(x_i; phi), y_i) / sum_i w_i
                 + alpha / 2 * sum_j W_j^2  +  l1 * sum_j |W_j|
                 + anchor_alpha / 2 * sum_j (W_j - anchor_j)^2  +  other penalties

    which means the same for every batch size, solver and number of rows. scikit-learn's MLP
    divides its alpha by the rows B of a batch: ``alpha_sklearn = alpha * B``.
"""

ATTRIBUTES = [
    Entry(
        "input_shape_",
        type="tuple of int",
        doc="Shape in which the net takes a row.",
        not_of=("mlp", "pretrainer"),
        instead={"module": {"doc": "Shape in which the module takes a row."}},
    ),
    Entry(
        "coefs_",
        type="list of ndarray of shape (n_in, n_out)",
        doc="Weights of the layers.",
        instead={
            "conv": {
                "doc": """
        Weights of the layers. Of a convolution ``coefs_[i].T.reshape(n_out, -1, k, k)`` are the
        filters (with one k for signals).
        """
            },
            "module": {
                "type": "list of ndarray of shape (n_in, ..., n_out)",
                "doc": """
        The module's weights - trained parameters of two or more dimensions -, each with its first
        axis, as a rule that of the outputs, moved to the end.
        """,
            },
        },
    ),
    Entry(
        "intercepts_",
        type="list of ndarray of shape (n_out,)",
        doc="Biases of the layers.",
        not_of=("module",),
    ),
    Entry(
        "norms_",
        type="list of ndarray of shape (2, n_units) or (4, n_units)",
        doc="""
        With `normalization`, of each hidden layer: gain, shift, and with "batch" running mean and
        variance (the biased one). Empty without.
        """,
        not_of=("module",),
        instead={
            "conv": {
                "type": "list of ndarray of shape (2, n_channels) or (4, n_channels)",
                "doc": """
        With `normalization`, of each block: gain, shift, and with "batch" running mean and
        variance (the biased one). Empty without.
        """,
            }
        },
    ),
    Entry(
        "state_dict_",
        type="dict of ndarray",
        doc="All parameters and buffers by the names that the module has for them.",
        not_of=("mlp", "conv", "pretrainer"),
    ),
    Entry(
        "snapshots_",
        type="list of tuple (coefs, intercepts, norms)",
        doc="""
        With `n_snapshots` above 1, the nets that predict together; `coefs_` are the last one's.
        Empty without.
        """,
        not_of=("pretrainer",),
        instead={
            "module": {
                "type": "list of dict",
                "doc": """
        With `n_snapshots` above 1, the parameters and buffers of the nets that predict together.
        Empty without.
        """,
            }
        },
    ),
    Entry(
        "pretrained_",
        type="estimator or None",
        doc="The fitted one that the first layers were taken from.",
        not_of=("module", "pretrainer"),
    ),
    Entry(
        "sparsity_",
        type="list of float",
        doc="Share of weights that are exactly 0, layer by layer.",
    ),
    Entry(
        "loss_curve_",
        type="list of float",
        doc="Mean objective of each epoch, noise and penalties included.",
    ),
    Entry(
        "loss_",
        type="float",
        doc="Its last value.",
    ),
    Entry(
        "best_loss_",
        type="float or None",
        doc="Its lowest value; None under early stopping.",
    ),
    Entry(
        "validation_scores_",
        type="list of float or None",
        doc="Minus the validation loss of each epoch, or its score by `scoring`.",
    ),
    Entry(
        "best_validation_score_",
        type="float or None",
        doc="Its highest value under early stopping.",
    ),
    Entry(
        "best_epoch_",
        type="int or None",
        doc="Epoch (from 1) whose weights were restored under early stopping.",
    ),
    Entry(
        "n_iter_",
        type="int",
        doc="Epochs (iterations of lbfgs) of the last call of `fit`.",
        instead={("conv", "module"): {"doc": "Epochs of the last call of `fit`."}},
    ),
    Entry(
        "t_",
        type="int",
        doc="Training rows seen.",
    ),
    Entry(
        "n_layers_",
        type="int",
        doc="Number of layers, input and output included.",
        not_of=("module",),
    ),
    Entry(
        "n_outputs_",
        type="int",
        doc="Number of outputs of the net.",
        instead={
            "regressor": {
                "doc": """
        Number of targets. The net has as many outputs, or two for each where its loss is
        "gaussian" or "laplace".
        """
            }
        },
    ),
    Entry(
        "out_activation_",
        type="str",
        doc="Name of the link from raw prediction to prediction.",
    ),
    Entry(
        "net_",
        type="skorch.NeuralNet",
        doc="The fitted skorch net; its module predicts in training units.",
    ),
    Entry(
        "n_features_in_",
        type="int",
        doc="Number of features of X.",
    ),
    Entry(
        "feature_names_in_",
        type="ndarray of shape (`n_features_in_`,)",
        doc="Names of the features, where X had names that are all strings.",
    ),
]

TEXTS = {"objective": OBJECTIVE, "attributes": ATTRIBUTES}
"""What stands in the places of docstrings, for `with_hyperparameters`."""
