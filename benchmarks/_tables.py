"""The tables that searches are judged on: `SKREG_DATA` names the folder (docs/contributing.md)."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

REGRESSION = (
    *("california_housing", "abalone", "diamonds", "airfoil"),
    *("concrete", "energy", "wine_quality_red", "yacht"),
)
CLASSIFICATION = (
    *("adult", "phoneme", "satimage", "segment", "kc1", "car"),
    *("credit_g", "vehicle", "australian", "spambase"),
)
TABLES = REGRESSION + CLASSIFICATION


def folder():
    """The folder with the data, or None."""
    given = os.environ.get("SKREG_DATA")
    return Path(given) if given and (Path(given) / "tabular").is_dir() else None


def table(name):
    """Columns of a table as a frame, and its target: numbers, or classes from 0 on."""
    path = folder() / "uci_regression" / f"{name}.npz"
    if path.is_file():
        with np.load(path) as z:
            return pd.DataFrame(z["X"]).add_prefix("x"), z["y"].astype(float).ravel()
    path = folder() / "tabular" / name
    about = json.loads(path.with_suffix(".json").read_text())
    frame = pd.read_csv(path.with_suffix(".csv.gz"), **about["read_csv_kwargs"])
    X, y = frame.drop(columns="target"), frame["target"]
    X = X.astype(dict.fromkeys(about["categorical_columns"], str))
    numbers = [c for c in X if c not in about["categorical_columns"]]
    X = X.astype(dict.fromkeys(numbers, float))
    return X, y.to_numpy(float) if name in REGRESSION else LabelEncoder().fit_transform(y)


def columns():
    """A transformer for nets: numbers standardized, missing ones at the median, classes one-hot."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    classes = OneHotEncoder(handle_unknown="ignore", drop="if_binary", sparse_output=False)
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (classes, make_column_selector(dtype_exclude="number")),
    )
