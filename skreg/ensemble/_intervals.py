"""`predict_interval` and `predict_set`, for ensembles that know rows their members had not seen."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skreg._typing import Array, MatrixLike
from skreg.compat.sklearn import available_if
from skreg.ensemble._conformal import class_sets, intervals


def scores_of(y, mean, std):
    """How far off the mean is, in standard deviations where there are some: (n_rows, n_targets)."""
    off = np.abs(np.asarray(y, np.float64).reshape(len(mean), -1) - mean)
    return off if std is None else off / std


def moments_of(mixtures):
    """Means and variances of some members' mixtures, each (n_members, n_rows, n_targets)."""
    means, stds = zip(*((m.mean(), m.spread()[0]) for m in mixtures), strict=True)
    return np.stack(means), np.stack(stds) ** 2


def _has_seen(ensemble):
    if hasattr(ensemble, "_seen"):
        return True
    remedy = "fit with oob_score=True" if hasattr(ensemble, "oob_score") else "have a race fit it"
    raise AttributeError(
        "Intervals and sets that cover are made of training rows that some members have not seen, "
        f"and this {type(ensemble).__name__} knows none: {remedy}."
    )


class PredictsIntervals:
    """The ensemble has `_seen` (`_conformal.calibration`) and `_members_moments(X)`."""

    @available_if(_has_seen)
    def predict_interval(self, X: MatrixLike, coverage: float = 0.9) -> Array:
        """Predict an interval that covers the target of a new row.

        Made of training rows that some members have not seen, with no fit more: by the
        jackknife+-after-bootstrap in an ensemble of draws (Kim, Xu & Barber 2020), by CV+ in that
        of a race (Barber, Candes, Ramdas & Tibshirani 2021). Where members predict distributions,
        intervals are wider where their spread is.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        coverage : float, default=0.9
            Share of new rows to be covered, in (0, 1).

        Returns
        -------
        interval : ndarray of shape (n_samples, 2) or (n_samples, n_outputs, 2)
            Lower and upper ends, in units of y; of several outputs each is covered by itself.

        Raises
        ------
        ValueError
            For a coverage that so few training rows cannot promise.

        Notes
        -----
        For rows that are exchangeable with those of training, whatever their distribution, at
        least ``1 - 2 (1 - coverage)`` of new rows are covered on average (under CV+ less a term of
        the order of one over the square root of the number of training rows), and about `coverage`
        as a rule. A model that was chosen on the same rows (a race) has seen them a little.
        """
        check_is_fitted(self)
        ends = intervals(self._seen, coverage, *self._members_moments(X))
        return ends[:, 0] if self._answer_ndim == 1 else ends


class PredictsSets:
    """The ensemble has `_seen` (`_conformal.calibration`) and `predict_members`."""

    @available_if(_has_seen)
    def predict_set(self, X: MatrixLike, coverage: float = 0.9) -> Array:
        """Predict sets of classes that hold the class of a new row.

        The classes whose probability is not smaller than that of most training rows' own classes,
        by members that have not seen them (Romano, Sesia & Candes 2020; the score is that of
        Sadinle, Lei & Wasserman 2019). No fit more is made.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        coverage : float, default=0.9
            Share of new rows whose class is to be in the set, in (0, 1).

        Returns
        -------
        inside : ndarray of bool of shape (n_samples, n_classes)
            In the order of `classes_`. A row may have several classes, or none where even the most
            probable one is less so than nearly all training rows' classes.

        Raises
        ------
        ValueError
            For a coverage that so few training rows cannot promise.

        Notes
        -----
        What is promised is as for intervals: at least ``1 - 2 (1 - coverage)``, about `coverage`
        as a rule, over all classes together and not in each.
        """
        check_is_fitted(self)
        return class_sets(self._seen, coverage, self.predict_members(X))
