"""The private names of scikit-learn that the searches use, all in one place."""

from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _insert_error_scores,
    _score,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils.parallel import Parallel, delayed

__all__ = [
    "BaseSearchCV",
    "Parallel",
    "_insert_error_scores",
    "_score",
    "_warn_or_raise_about_fit_failures",
    "delayed",
]
