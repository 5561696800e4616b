"""Targets as the net sees them, and predictions as the user sees them.

`RegressionTarget` and `ClassTarget` answer the same questions: which loss and link, how many
outputs, how rows are weighted and encoded for training, and how outputs become predictions.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from numbers import Real
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from skreg._typing import Array, ArrayLike
from skreg.estimators._moments import pieces, weighted_mean, weighted_std
from skreg.losses.distributions import DISTRIBUTIONS, Component, Distribution
from skreg.losses.quantile_function import QuantileComponent, Quantiles
from skreg.losses.records import LOSSES

ClassWeight: TypeAlias = dict[Any, float] | Literal["balanced"] | None


class Target(Protocol):
    """What a target answers, whatever it is: `RegressionTarget`, `ClassTarget`, a pretext's."""

    loss: str
    """A name in `skreg.losses.records`."""
    link: str
    """From the net's output to the prediction, a key of `skreg.blocks.activations.LINKS`."""
    n_outputs: int
    """Columns of the target."""

    @property
    def n_raw(self) -> int:
        """Raw outputs of the net."""

    def codes(self, y: Array, name: str = "y") -> Array:
        """y as numbers, (n_rows, n_columns), checked; `name` is what errors call it."""

    def strata(self, codes: Array) -> Array | None:
        """Classes to split by; None splits at random."""

    def weigh(self, codes: Array, weight: Array) -> Array:
        """Weights of the rows in the loss."""

    def take_in(self, codes: Array, weight: Array) -> tuple[Array, Array]:
        """Take note of training rows; times and plus what the last layer's output is as before."""

    def encode(self, codes: Array, dtype: DTypeLike, training: bool) -> Array:
        """Targets for the net."""


class RegressionTarget:
    """Regression targets: standardized for training, and back.

    Parameters
    ----------
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Predictions will have its ndim and number of outputs.
    loss : str
    scale_target : bool
    levels : tuple of float, optional
        Of several quantiles in one net.

    Attributes
    ----------
    n_outputs, n_raw : int
        Columns of y, and raw outputs that the net has for them.
    mean, scale : ndarray of shape (n_outputs,)
        ``y = mean + scale * (target in training units)``. Losses with ``units="mean"`` divide by
        the mean only: ``mean`` is 0 and ``scale`` the mean.
    """

    loss = "squared_error"  # of saved targets that do not say
    levels: tuple[float, ...] | None = None

    def __init__(
        self, y: Array, loss: str, scale_target: bool, levels: tuple[float, ...] | None = None
    ) -> None:
        self.ndim, self.n_outputs = y.ndim, 1 if y.ndim == 1 else y.shape[1]
        self.loss, self.scale_target, self.levels = loss, scale_target, levels
        self.link = LOSSES[loss].link
        self.forget()
        self.mean, self.scale = np.zeros(self.n_outputs), np.ones(self.n_outputs)

    @property
    def n_raw(self) -> int:
        """Raw outputs of the net."""
        return self.n_outputs * len(self.levels or range(LOSSES[self.loss].outputs_per_target))

    @property
    def distribution(self) -> Distribution | Quantiles | None:
        """What the net's outputs are the parameters of; None where they are points."""
        if self.levels is not None:
            return Quantiles(tuple(self.levels))
        return DISTRIBUTIONS.get(LOSSES[self.loss].distribution or "")

    def changed_to(
        self, loss: str, scale_target: bool, levels: tuple[float, ...] | None = None
    ) -> RegressionTarget:
        """This target under other parameters, for a net that goes on.

        Raises
        ------
        ValueError
            Where the loss takes another link or distribution than the net was trained for.
        """
        if LOSSES[loss].reading != LOSSES[self.loss].reading or levels != self.levels:
            raise ValueError(
                f"{_told(loss, levels)} reads the net's output in another way than "
                f"{_told(self.loss, self.levels)}, with which it was fitted: fit with "
                "warm_start=False to begin anew."
            )
        target = copy(self)
        target.loss, target.scale_target = loss, scale_target
        return target

    def forget(self) -> None:
        """Let go of the rows taken in so far; `mean` and `scale` stay until others come."""
        self.mass, self.spread = 0.0, np.zeros(self.n_outputs)
        self.average = np.zeros(self.n_outputs)

    def codes(self, y: Array, name: str = "y") -> Array:
        """y as float64 of shape (n_rows, n_outputs), checked for the loss."""
        y = np.asarray(y, dtype=np.float64)
        y = y.reshape(-1, 1) if y.ndim == 1 else y
        if y.shape[1] != self.n_outputs:
            raise ValueError(
                f"{name} has {y.shape[1]} outputs, but the net has {self.n_outputs}: give as many "
                "columns as in the first fit."
            )
        domain = LOSSES[self.loss].domain
        if domain and not (y > 0 if domain == "> 0" else y >= 0).all():
            raise ValueError(
                f"loss={self.loss!r} needs {name} {domain}; its smallest value is {y.min():g}. "
                "Use loss='squared_error' for other targets."
            )
        return y

    def original(self, codes: Array) -> Array:
        """The y that has these codes."""
        return codes.ravel() if self.ndim == 1 else codes

    def strata(self, codes: Array) -> None:
        """Classes to split by: none, regression rows are split at random."""

    def weigh(self, codes: Array, weight: Array) -> Array:
        """Weights of the rows in the loss: as given."""
        return weight

    def take_in(self, codes: Array, weight: Array) -> tuple[Array, Array]:
        """Update mean and scale by training rows (moments: Chan, Golub & LeVeque 1983).

        Returns
        -------
        factor, offset : ndarray of shape (n_raw,)
            Times and plus which the last layer's output gives the predictions it gave before.
        """
        before = self.mean, self.scale
        mass = float(weight.sum())
        average = weighted_mean(codes, weight)
        old, new = self.mass / (self.mass + mass), mass / (self.mass + mass)
        gap = average - self.average
        within = np.hypot(
            np.sqrt(old) * self.spread, np.sqrt(new) * weighted_std(codes, average, weight)
        )
        self.spread = np.hypot(within, np.sqrt(old * new) * gap)
        self.average = self.average + gap * new
        self.mass += mass
        self.mean, self.scale = self._units()
        if self.link == "exp":
            return np.ones(self.n_outputs), np.log(before[1] / self.scale)
        factor, offset = before[1] / self.scale, (before[0] - self.mean) / self.scale
        if self.distribution is not None:
            return self.distribution.rescaled(factor, offset)
        return factor, offset

    def _units(self) -> tuple[Array, Array]:
        if not self.scale_target:
            return np.zeros(self.n_outputs), np.ones(self.n_outputs)
        if LOSSES[self.loss].units == "mean":
            if not (self.average > 0).all():
                raise ValueError(
                    f"loss={self.loss!r} needs y with a positive sum, got only zeros: leave the "
                    "column out, or set scale_target=False."
                )
            return np.zeros(self.n_outputs), self.average
        constant = self.spread <= 10 * np.finfo(np.float64).eps * np.abs(self.average)
        return self.average, np.where(constant, 1.0, self.spread)

    def encode(self, codes: Array, dtype: DTypeLike, training: bool) -> Array:
        """Targets (n_rows, n_outputs) in training units."""
        targets = np.empty(codes.shape, dtype)
        with np.errstate(over="ignore"):  # training and validation loss then are not finite
            for rows in pieces(codes):
                targets[rows] = (codes[rows] - self.mean) / self.scale
        return targets

    def decode(self, output: Array) -> Array:
        """Predictions in the units and with the ndim of y, from the net's output after its link."""
        y = self.point(output) * self.scale + self.mean
        return y.ravel() if self.ndim == 1 else y

    def point(self, output: Array) -> Array:
        """Columns of the output (..., n_raw) that are the point prediction."""
        if self.distribution is None:
            return output
        return self.distribution.point(output, self.n_outputs)

    def component(self, output: Array) -> Component | QuantileComponent:
        """What the net says of the rows, in the units of y."""
        assert self.distribution is not None
        return self.distribution.component(output, self.mean, self.scale)


def _told(loss: str, levels: tuple[float, ...] | None) -> str:
    return f"loss={loss!r}" if levels is None else f"quantile={list(levels)}"


class ClassTarget:
    """Class labels as rows of probabilities, and back.

    Parameters
    ----------
    y : ndarray of shape (n_rows,), or a 0/1 matrix of shape (n_rows, n_labels)
    classes : array-like or None
        All labels, where y may lack some.
    label_smoothing : float
    class_weight : dict, "balanced" or None

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted labels; for multilabel targets the numbers of the columns.
    kind : {"binary", "multiclass", "multilabel"}
        A single class is "multiclass": its one output is constant.
    """

    def __init__(
        self,
        y: Array,
        classes: ArrayLike | None,
        label_smoothing: float,
        class_weight: ClassWeight,
    ) -> None:
        self.label_smoothing, self.class_weight = label_smoothing, class_weight
        if y.ndim == 2:
            self.kind, self.classes = "multilabel", np.arange(y.shape[1])
        else:
            self.classes = np.unique(y if classes is None else classes)
            self.kind = "binary" if len(self.classes) == 2 else "multiclass"
        multiclass = self.kind == "multiclass"
        self.n_raw = self.n_outputs = 1 if self.kind == "binary" else len(self.classes)
        self.loss = "cross_entropy" if multiclass else "binary_log_loss"
        self.link = LOSSES[self.loss].link

    def changed_to(self, label_smoothing: float, class_weight: ClassWeight) -> ClassTarget:
        """This target under other parameters, for a net that goes on."""
        target = copy(self)
        target.label_smoothing, target.class_weight = label_smoothing, class_weight
        return target

    def codes(self, y: Array, name: str = "y") -> Array:
        """Numbers of the classes, shape (n_rows, 1), or the 0/1 matrix of a multilabel y.

        Raises
        ------
        ValueError
            For labels that are not among the classes.
        """
        if (y.ndim == 2) != (self.kind == "multilabel"):
            raise ValueError(f"{name} of shape {y.shape} is not of the kind seen before.")
        if y.ndim == 2:
            if y.shape[1] != len(self.classes):
                raise ValueError(
                    f"{name} has {y.shape[1]} labels, but the net has {len(self.classes)}."
                )
            return np.asarray(y, dtype=np.float64)
        unknown = np.setdiff1d(y, self.classes)
        if unknown.size:
            raise ValueError(
                f"{name} has labels that are not among the classes {self.classes}: {unknown[:5]}. "
                "Leave these rows out, or name all classes in the first call of partial_fit."
                f"{_of_numbers(self.classes)}"
            )
        return np.searchsorted(self.classes, y).astype(np.float64).reshape(-1, 1)

    def original(self, codes: Array) -> Array:
        """The y that has these codes."""
        if self.kind == "multilabel":
            return codes.astype(np.int64)
        return self.classes[codes[:, 0].astype(np.intp)]

    def strata(self, codes: Array) -> Array | None:
        """Classes of the rows, for a stratified split; None for multilabel rows."""
        return None if self.kind == "multilabel" else codes[:, 0]

    def weigh(self, codes: Array, weight: Array) -> Array:
        """Weights of the rows times those of their classes; "balanced" counts with the weights.

        Of a multilabel row the weights of all its labels are multiplied, as scikit-learn's
        `compute_sample_weight` does.
        """
        if self.class_weight is None:
            return weight
        n_classes = 2 if self.kind == "multilabel" else len(self.classes)
        product = weight
        for column in codes.T.astype(np.intp):
            product = product * self._class_weights(column, weight, n_classes)[column]
        if not product.any():
            raise ValueError(
                f"class_weight={self.class_weight!r} leaves no row with a positive weight."
            )
        return product

    def _class_weights(self, column: Array, weight: Array, n_classes: int) -> Array:
        if self.class_weight == "balanced":
            mass = np.bincount(column, weight, n_classes)
            share = np.where(mass > 0, mass, np.inf)
            return mass.sum() / (np.count_nonzero(mass) * share)
        labels = [0, 1] if self.kind == "multilabel" else self.classes.tolist()
        given = dict(self.class_weight or {})
        unknown = [key for key in given if key not in labels]
        missing = [label for label in labels if label not in given]
        values: list[Any] = [given.get(label, 1.0) for label in labels]
        if unknown and missing:
            raise ValueError(
                f"class_weight={self.class_weight!r} names {unknown}, which are not among the "
                f"classes {labels}: give the weights by the labels of y, those of all "
                f"classes where rows may lack one.{_of_numbers(labels)}"
            )
        if not all(isinstance(value, Real) and 0 <= float(value) < np.inf for value in values):
            raise ValueError(
                f"class_weight={self.class_weight!r} must have finite weights of at least 0."
            )
        return np.array(values, dtype=np.float64)

    def take_in(self, codes: Array, weight: Array) -> tuple[Array, Array]:
        """Nothing depends on the rows but the classes: the last layer may stay."""
        return np.ones(self.n_outputs), np.zeros(self.n_outputs)

    def encode(self, codes: Array, dtype: DTypeLike, training: bool) -> Array:
        """Targets (n_rows, n_outputs) for the net, smoothed for training.

        Of several classes their numbers (n_rows, 1), of which the engine makes targets by batch.
        """
        targets = codes.astype(dtype)
        if training and self.label_smoothing and self.kind != "multiclass":
            from skreg.losses.formulas import (
                smooth_labels,  # brings numba, which predictions do without
            )

            targets = smooth_labels(targets, self.label_smoothing, 2)
        return targets.astype(dtype, copy=False)

    def probabilities(self, output: Array) -> Array:
        """Columns in the order of `classes`, from the net's output after its link.

        Logistic outputs are kept inside (0, 1), so that their logarithms are finite.
        """
        if self.kind == "multiclass":
            return output
        limits = np.finfo(output.dtype)
        p = np.clip(output, limits.tiny, 1 - limits.epsneg)
        return np.hstack([1 - p, p]) if self.kind == "binary" else p

    def labels(self, output: Array) -> Array:
        """Most probable labels, from the net's output after its link."""
        if self.kind == "multilabel":
            return (output > 0.5).astype(np.int64)
        if self.kind == "binary":
            return self.classes[(output[:, 0] > 0.5).astype(np.intp)]
        return self.classes[output.argmax(axis=1)]


def _of_numbers(classes: Sequence[Any] | Array) -> str:
    """What to add where labels are numbers from 0 on, which may not be those of the user."""
    if not np.array_equal(classes, range(len(classes))):
        return ""
    return (
        " VotingClassifier, StackingClassifier, BaggingClassifier and one-vs-rest of scikit-learn "
        "give their members 0, 1, ... in place of labels: name these there, or use "
        "skreg.BaggingClassifier, whose members have the labels."
    )
