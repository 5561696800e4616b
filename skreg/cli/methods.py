"""What is compared: no regularization, each regularizer alone, all together, scikit-learn's MLP."""

from dataclasses import dataclass, field

import numpy as np
from sklearn import neural_network as scikit_learn
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import StandardScaler

from skreg import MLPClassifier, MLPRegressor

PLAIN = "no regularization"
TOGETHER = "all together"
SCORES = {"regression": ("r2", "R2"), "classification": ("accuracy", "accuracy")}

_STRENGTHS = {
    "dropout": (0.1, 0.3, 0.5),
    "input_dropout": (0.1, 0.2, 0.4),
    "noise_std": (0.1, 0.3, 1.0),
    "weight_noise_std": (0.03, 0.1, 0.3),
}
_STRENGTHS_OF_TASK = {
    "regression": {"target_noise_std": (0.1, 0.3, 1.0)},
    "classification": {"label_smoothing": (0.03, 0.1, 0.3)},
}


@dataclass(frozen=True)
class Method:
    """A net and the strengths that cross-validation chooses from."""

    name: str
    net: BaseEstimator
    grid: dict = field(default_factory=dict)
    is_ours: bool = True


@dataclass(frozen=True)
class Effort:
    """How much work a comparison takes; `epochs` is every net's `max_iter`.

    `jobs` is how many nets of a search train at a time, -1 one on every core.
    """

    epochs: int
    folds: int
    splits: int = 1
    quick: bool = False
    jobs: int = 1

    def strengths(self, task):
        """Strengths to choose from, by parameter."""
        strengths = {**_STRENGTHS, **_STRENGTHS_OF_TASK[task]}
        if self.quick:
            strengths = {name: values[:1] for name, values in strengths.items()}
        return strengths

    def alphas(self):
        """The values of lambda to choose from."""
        exponents = (-4, -2, 0) if self.quick else np.arange(-4, 0.1, 0.5)
        return [float(f"{10.0**e:.2g}") for e in exponents]


def effort_of(options, epochs, splits=1, jobs=1):
    """Effort that the command line's options ask for, with a data set's own defaults."""
    epochs = options.epochs or (10 if options.quick else epochs)
    splits = min(2, splits) if options.quick else splits
    return Effort(epochs, options.folds, splits, options.quick, jobs)


def footnotes(effort, task):
    """What the names of the methods leave out, a line each."""
    values = ", ".join(f"{name} {value:g}" for name, value in _mildest(effort, task).items())
    lines = ["all together: alpha chosen, early stopping,", f"  {values}"]
    if task == "regression":
        lines.append("scikit-learn's MLP takes the target as it is; y scaled: standardized for it")
    return "\n".join(lines)


def _mildest(effort, task):
    """All regularizers but alpha, each at the smallest of its strengths."""
    return {name: min(values) for name, values in effort.strengths(task).items()}


def methods(effort, task, seed):
    """The methods to compare, in the order of the table."""
    ours = MLPRegressor if task == "regression" else MLPClassifier
    length = _fixed_length(effort.epochs)

    def net(**params):
        return ours(**{"alpha": 0, "random_state": seed, **length, **params})

    alphas = {"alpha": effort.alphas()}
    strengths = effort.strengths(task).items()
    return [
        Method(PLAIN, net()),
        Method("alpha", net(), alphas),
        *(Method(name, net(), {name: values}) for name, values in strengths),
        Method("early_stopping", net(early_stopping=True)),
        Method(TOGETHER, net(early_stopping=True, **_mildest(effort, task)), alphas),
        *_scikit_learn_methods(task, {"random_state": seed, **length}),
    ]


def _fixed_length(epochs):
    return {"max_iter": epochs, "tol": 0, "n_iter_no_change": epochs}


def _scikit_learn_methods(task, params):
    name = "scikit-learn's MLP"
    if task == "classification":
        return [Method(name, scikit_learn.MLPClassifier(**params), is_ours=False)]
    net = scikit_learn.MLPRegressor(**params)
    scaled = TransformedTargetRegressor(net, transformer=StandardScaler())
    return [
        Method(name, net, is_ours=False),
        Method("scikit-learn, y scaled", scaled, is_ours=False),
    ]
