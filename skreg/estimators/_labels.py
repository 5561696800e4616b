"""Class labels as the user gives them, checked."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skreg._typing import Array
from skreg.compat.arrays import check_no_grad


def check_labels(y: Any, name: str = "y") -> Array:
    """y as an array of labels (n_rows,) or a dense 0/1 matrix (n_rows, n_labels)."""
    check_no_grad(**{name: y})
    y = y.toarray() if hasattr(y, "toarray") else y
    y = check_array(y, dtype=None, ensure_2d=False, input_name=name)
    with np.errstate(invalid="ignore"):  # it casts huge floats to see whether they are integers
        check_classification_targets(y)
    if y.ndim == 2 and y.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape "
            "of y to (n_samples,), for example using ravel().",
            DataConversionWarning,
            stacklevel=5,
        )
        y = y.ravel()
    if y.ndim == 2 and type_of_target(y, "y") != "multilabel-indicator":
        raise ValueError(
            f"{name} of shape {y.shape} is neither one label per row nor a 0/1 indicator matrix. "
            "For several multiclass outputs use sklearn.multioutput.MultiOutputClassifier."
        )
    return y
