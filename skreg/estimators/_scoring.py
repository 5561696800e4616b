"""The score of the rows that early stopping watches, and whether a scorer can judge these rows."""

import warnings
from copy import copy
from inspect import signature

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import check_scoring

from skreg.compat.sklearn import metric_of
from skreg.estimators._targets import RegressionTarget


class HeldOutScore:
    """Function from flat parameters to the score of the validation rows, by `scoring`.

    Parameters
    ----------
    estimator : BaseNet
        Is left alone: a copy of it with the parameters in question is what the scorer sees.
    held_out : tuple (X, codes, weight)
    target : RegressionTarget or ClassTarget
    architecture : MLPArchitecture, or one of its kind

    Raises
    ------
    ValueError
        Where one of scikit-learn's scorers says of these rows the same whatever is predicted, or
        nothing at all.
    """

    def __init__(self, estimator, held_out, target, architecture):
        self._scorer = check_scoring(estimator, scoring=estimator.scoring)
        self._X, codes, weight = held_out
        self._y, self._extra = target.original(codes), {}
        if weight.min() < weight.max() and _takes_weights(self._scorer):
            self._extra["sample_weight"] = weight
        self._lack = _what_rows_lack(target, codes)
        self._probe, self._architecture = copy(estimator), architecture
        vars(self._probe).pop("feature_names_in_", None)
        self._probe._describe(target)
        self._probe.snapshots_ = []
        if self._lack and hasattr(self._scorer, "_score_func"):
            self._check_tells_apart(*_unlike_answers(target, codes))

    def __call__(self, flat):
        weights = self._architecture.unpack(flat, flat.dtype)
        self._probe._set_weights(weights, self._architecture)
        return self._say_what_failed(self._probe)

    def cannot_judge(self, why):
        """What to tell the user where no score can be had."""
        words = (
            f"scoring={self._probe.scoring!r} cannot judge the {len(self._y)} rows held out, so "
            "there is no best epoch: "
        )
        if not self._lack:
            return f"{words}{why}. Set another scoring, or look for huge values in the rows."
        return (
            f"{words}{self._lack}, and {why}. Pass others to fit as X_val and y_val, raise "
            f"validation_fraction (it is {self._probe.validation_fraction!r}) or make it a "
            "splitter that chooses such rows, or set another scoring: 'loss' can judge any rows."
        )

    def _check_tells_apart(self, one, other):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scores that are not defined
            first, second = self._say_what_failed(one), self._say_what_failed(other)
        if first == second or np.isnan([first, second]).any():
            raise ValueError(self.cannot_judge(f"its score is {first:g}, whatever is predicted"))

    def _say_what_failed(self, estimator):
        try:
            return float(self._scorer(estimator, self._X, self._y, **self._extra))
        except ValueError as error:
            why = f"it says: {str(error).rstrip('.')}"
            raise ValueError(self.cannot_judge(why)) from error


def _takes_weights(scorer):
    """Whether a scorer is given the validation rows' weights.

    What its metric can take, it gets, unless it said no (`set_score_request(sample_weight=False)`).
    Under metadata routing a name in place of True would ask for something that `fit` has not got.
    """
    request = None
    if get_config()["enable_metadata_routing"] and hasattr(scorer, "get_metadata_routing"):
        request = scorer.get_metadata_routing().score.requests.get("sample_weight")
    if isinstance(request, str):
        raise ValueError(
            f"scoring={scorer!r} requests its sample_weight by the name {request!r}, which fit "
            "does not have: use set_score_request(sample_weight=True)."
        )
    if request is not None:
        return request
    return "sample_weight" in signature(metric_of(scorer)).parameters


def _what_rows_lack(target, codes):
    """What a scorer may need and the rows do not have, in words; empty where it is all there."""
    if isinstance(target, RegressionTarget):
        constant = (codes == codes[0]).all(axis=0)
        return "their targets are all the same, where they should differ" if constant.any() else ""
    if target.kind == "multilabel":
        for value in (0, 1):
            columns = np.flatnonzero(~(codes == value).any(axis=0)).tolist()
            if columns:
                return f"none of them has a {value} in column {columns[0]} of y"
        return ""
    present = np.zeros(len(target.classes), bool)
    present[codes[:, 0].astype(np.intp)] = True
    lacking = target.classes[~present].tolist()
    if not lacking:
        return ""
    several = f" (nor of {len(lacking) - 1} other classes)" if len(lacking) > 1 else ""
    return f"none of them is of class {lacking[0]!r}{several}"


class _Known(BaseEstimator):
    """What is known already to be predicted, for a scorer."""

    def __init__(self, target, output):
        self.target, self.output = target, output

    def __sklearn_is_fitted__(self):
        return True


class _KnownRegressor(RegressorMixin, _Known):
    def predict(self, X):
        return self.target.original(self.output)


class _KnownClassifier(ClassifierMixin, _Known):
    @property
    def classes_(self):
        return self.target.classes

    def predict(self, X):
        return self.target.labels(self.output)

    def predict_proba(self, X):
        return self.target.probabilities(self.output)

    def decision_function(self, X):
        raw = self.output - 0.5
        return raw.ravel() if self.target.kind == "binary" else raw


class _KnownClasses(_KnownClassifier):
    """The truth, or all other classes alike; probabilities, of many classes, where asked for."""

    def __init__(self, target, places, right):
        self.target, self.places, self.right = target, places, right

    @property
    def output(self):
        truth = np.zeros((len(self.places), len(self.classes_)))
        truth[np.arange(len(truth)), self.places] = 1
        return truth if self.right else (1 - truth) / max(len(self.classes_) - 1, 1)

    def predict(self, X):
        return self.classes_[self.places if self.right else (self.places == 0).astype(np.intp)]


def _unlike_answers(target, codes):
    """Two estimators, of which no two predictions are equally far from the truth."""
    if isinstance(target, RegressionTarget):
        unit = np.abs(codes).max(axis=0) + 1
        return tuple(_KnownRegressor(target, codes + n * unit) for n in (1, 2))
    if target.kind == "multiclass":
        places = codes[:, 0].astype(np.intp)
        return _KnownClasses(target, places, True), _KnownClasses(target, places, False)
    return _KnownClassifier(target, codes), _KnownClassifier(target, 1 - codes)
