"""How a net is trained, and how long."""

from numbers import Real

import numpy as np
from scipy.stats import loguniform

from skreg.compat.sklearn import HasMethods, Interval, Options
from skreg.hyperparameters.by_size import batches, epochs
from skreg.hyperparameters.declaration import (
    ABOVE_0,
    AT_LEAST_0,
    FROM_1,
    SHARE,
    Hyperparameter,
    one_of,
)

SOLVER = Hyperparameter(
    "solver",
    default="adam",
    constraints=[one_of("adam", "adamw", "sgd", "lbfgs")],
    type='{"adam", "adamw", "sgd", "lbfgs"}',
    doc="""
        Adam (Kingma & Ba 2015), Adam with `alpha` decoupled from the gradient (Loshchilov & Hutter
        2019), gradient descent with momentum, or L-BFGS on all rows at once (float64; no dropout,
        noise, `l1` or constraints).
        """,
    instead={
        ("conv", "module", "pretrainer"): {
            "constraints": [one_of("adam", "adamw", "sgd")],
            "type": '{"adam", "adamw", "sgd"}',
            "doc": """
        Adam (Kingma & Ba 2015), Adam with `alpha` decoupled from the gradient (Loshchilov & Hutter
        2019), or gradient descent with momentum.
        """,
        }
    },
)

TRAINING = [
    Hyperparameter(
        "batch_size",
        default="auto",
        constraints=[one_of("auto"), FROM_1],
        search=batches,
        type='int or "auto"',
        doc='Rows of a batch of the stochastic solvers; "auto" is ``min(200, n_samples)``.',
        instead={"pretrainer": {"doc": 'Rows of a batch; "auto" is ``min(200, n_samples)``.'}},
    ),
    Hyperparameter(
        "learning_rate",
        default="constant",
        constraints=[one_of("constant", "invscaling", "adaptive", "cosine")],
        search=["cosine"],
        type='{"constant", "invscaling", "adaptive", "cosine"}',
        doc="""
        Schedule of the learning rate, per epoch, for adam, adamw and sgd. "invscaling" divides by
        ``(rows seen + 1)^power_t``; "adaptive" divides by 5 whenever training stalls; "cosine"
        falls to 0 over `max_iter` epochs, or in each of `n_snapshots` cycles.
        """,
        instead={
            "conv": {
                "default": "cosine",
                "doc": """
        Schedule of the learning rate, per epoch. "cosine" falls to 0 over `max_iter` epochs, or in
        each of `n_snapshots` cycles, over as many calls of `partial_fit`, too: take "constant" for
        more. "invscaling" divides by ``(rows seen + 1)^power_t``; "adaptive" divides by 5 whenever
        training stalls.
        """,
            },
            "pretrainer": {
                "doc": """
        Schedule of the learning rate, per epoch. "invscaling" divides by
        ``(rows seen + 1)^power_t``; "adaptive" divides by 5 whenever training stalls; "cosine"
        falls to 0 over `max_iter` epochs.
        """
            },
        },
    ),
    Hyperparameter(
        "learning_rate_init",
        default=0.001,
        constraints=[ABOVE_0],
        search=loguniform(5e-4, 8e-3),
        type="float",
        doc="""
        Learning rate at the start, for adam, adamw and sgd. `partial_fit` goes on with its own.
        """,
        instead={
            "conv": {
                "default": 0.003,
                "search": loguniform(1e-3, 1e-2),
                "doc": "Learning rate at the start. `partial_fit` goes on with its own.",
            },
            "pretrainer": {"doc": "Learning rate at the start."},
        },
    ),
    Hyperparameter(
        "n_snapshots",
        default=1,
        constraints=[FROM_1],
        type="int",
        doc="""
        Cycles of "cosine" in `max_iter` epochs. Above 1 the weights at their ends are kept, and
        predictions are means over these nets, an ensemble from one run (Huang et al. 2017).
        Training then goes on to `max_iter`.
        """,
        not_of=("pretrainer",),
    ),
    Hyperparameter(
        "power_t",
        default=0.5,
        constraints=[AT_LEAST_0],
        type="float",
        doc='Exponent of "invscaling".',
    ),
    Hyperparameter(
        "max_iter",
        default=200,
        constraints=[FROM_1],
        search=epochs,
        type="int",
        doc="Most epochs (adam, adamw, sgd) or iterations (lbfgs).",
        instead={
            "conv": {"default": 60, "doc": "Most epochs.", "search": None},
            "pretrainer": {"doc": "Most epochs."},
        },
    ),
    Hyperparameter(
        "shuffle",
        default=True,
        constraints=["boolean"],
        type="bool",
        doc="""
        Whether rows are shuffled in each epoch. Without effect where one batch holds all rows.
        """,
    ),
    Hyperparameter(
        "random_state",
        default=None,
        constraints=["random_state"],
        type="int, RandomState instance or None",
        doc="""
        Seed of initialisation, shuffling, early-stopping split and noise. An int makes fits
        bit-equal; the global generators of numpy and torch are never touched.
        """,
        instead={
            "pretrainer": {
                "doc": """
        Seed of initialisation, shuffling, early-stopping split, corruption and noise. An int makes
        fits bit-equal; the global generators of numpy and torch are never touched.
        """
            }
        },
    ),
    Hyperparameter(
        "tol",
        default=1e-4,
        constraints=[AT_LEAST_0],
        type="float",
        doc="""
        Training stops when the loss (validation loss under early stopping) has not fallen by `tol`
        for more than `n_iter_no_change` epochs. For lbfgs the largest gradient component at the
        solution.
        """,
        instead={
            "pretrainer": {
                "doc": """
        Training stops when the loss (validation loss under early stopping) has not fallen by `tol`
        for more than `n_iter_no_change` epochs.
        """
            }
        },
    ),
    Hyperparameter(
        "verbose",
        default=False,
        constraints=["verbose"],
        type="bool or int",
        doc="Whether to print loss and validation loss of each epoch.",
    ),
    Hyperparameter(
        "warm_start",
        default=False,
        constraints=["boolean"],
        type="bool",
        doc="""
        Whether `fit` goes on from the last fit: weights, moments of the optimizer and random state
        are kept, the epochs count anew.
        """,
    ),
    Hyperparameter(
        "momentum",
        default=0.9,
        constraints=[Interval(Real, 0, 1, closed="both")],
        type="float",
        doc="Momentum of sgd, in [0, 1].",
    ),
    Hyperparameter(
        "nesterovs_momentum",
        default=True,
        constraints=["boolean"],
        type="bool",
        doc="Whether sgd's momentum is Nesterov's.",
    ),
    Hyperparameter(
        "early_stopping",
        default=False,
        constraints=["boolean", one_of("refit")],
        type='bool or "refit"',
        doc="""
        Whether to stop by the loss on validation rows, without noise and penalties (or by
        `scoring`), and to restore the weights of the best epoch. The rows are
        `validation_fraction` of the training rows (stratified by class), or `X_val` and `y_val`
        given to `fit`. "refit" trains once more, on all rows, for the best number of epochs.
        """,
        instead={
            "pretrainer": {
                "constraints": ["boolean"],
                "type": "bool",
                "doc": """
        Whether to stop by the loss on validation rows, and to restore the weights of the best
        epoch. The rows are `validation_fraction` of all rows, or `X_val` given to `fit`. They are
        corrupted once, before training, so that epochs can be compared.
        """,
            }
        },
    ),
    Hyperparameter(
        "validation_fraction",
        default=0.1,
        constraints=[Interval(Real, 0, 1, closed="neither"), HasMethods("split")],
        type="float or CV splitter",
        doc="""
        Share of the rows held out for early stopping, in (0, 1), or a splitter of scikit-learn's
        whose last split is taken: `TimeSeriesSplit` for rows in order of time, `GroupShuffleSplit`
        with `groups` given to `fit`.
        """,
        instead={
            "pretrainer": {
                "constraints": [Interval(Real, 0, 1, closed="neither")],
                "type": "float",
                "doc": "Share of the rows held out for early stopping, in (0, 1).",
            }
        },
    ),
    Hyperparameter(
        "scoring",
        default="loss",
        constraints=[str, callable],
        type="str or callable",
        doc="""
        What early stopping watches: the loss, or a scorer of scikit-learn's by name, or a callable
        ``scorer(estimator, X, y)``, of which larger is better. It is called after every epoch, with
        `sample_weight` where rows differ in weight and it takes it.
        """,
        not_of=("pretrainer",),
    ),
    Hyperparameter(
        "beta_1",
        default=0.9,
        constraints=[SHARE],
        type="float",
        doc="Decay of Adam's first moment, in [0, 1).",
    ),
    Hyperparameter(
        "beta_2",
        default=0.999,
        constraints=[SHARE],
        search=[0.95, 0.999],
        type="float",
        doc="Decay of Adam's second moment, in [0, 1).",
    ),
    Hyperparameter(
        "epsilon",
        default=1e-8,
        constraints=[ABOVE_0],
        type="float",
        doc="Added to the root of Adam's second moment.",
    ),
    Hyperparameter(
        "n_iter_no_change",
        default=10,
        constraints=[FROM_1, Options(Real, {np.inf})],
        search=[np.inf],
        type="int or np.inf",
        doc="""
        Epochs without improvement by `tol` that are waited for. At least `max_iter` asks for a
        fixed number of epochs.
        """,
    ),
    Hyperparameter(
        "max_fun",
        default=15000,
        constraints=[FROM_1],
        type="int",
        doc="Most evaluations of the objective by lbfgs.",
        not_of=("conv", "module", "pretrainer"),
    ),
    Hyperparameter(
        "max_time",
        default=None,
        constraints=[ABOVE_0, None],
        type="float",
        doc="""
        Seconds of training after which `fit` ends, within about 0.2 s but not before one epoch,
        with the best weights so far under early stopping and a `ConvergenceWarning`. With "refit"
        each of the two trainings has half of it. None is no limit. Not part of `partial_fit`.
        """,
    ),
]
