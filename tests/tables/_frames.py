"""DataFrames of columns of all kinds, of pandas and of polars."""

import datetime

import numpy as np
import pandas as pd
import polars as pl

N = 48
LIBRARIES = "pandas", "polars"


def mixed(library, n=N):
    """Numbers, texts, categories, dates, booleans and gaps, and a target of numbers."""
    rng = np.random.default_rng(0)
    size, kind = rng.normal(size=n), rng.choice(list("uvw"), n)
    y = size + 2.0 * (kind == "u") + 0.1 * rng.normal(size=n)
    days = [
        datetime.datetime(2020, 1, 1) + datetime.timedelta(int(i)) for i in rng.integers(0, 900, n)
    ]
    columns = {
        "size": [None if i % 9 == 0 else float(v) for i, v in enumerate(size)],
        "rooms": rng.integers(1, 5, n).tolist(),
        "kind": [None if i % 11 == 0 else str(v) for i, v in enumerate(kind)],
        "rare": ["often"] * (n - 1) + ["once"],
        "words": [f"house {i} by the lake" for i in range(n)],
        "built": [None if i % 7 == 0 else day for i, day in enumerate(days)],
        "written": [day.strftime("%Y-%m-%d") for day in days],
        "new": rng.choice([True, False], n).tolist(),
        "sold": [None if i % 5 == 0 else bool(i % 2) for i in range(n)],
        "nothing": [None] * n,
        "same": ["a"] * n,
    }
    if library == "polars":
        frame = pl.DataFrame(columns)
        return frame.with_columns(pl.col("kind").cast(pl.Categorical).alias("level")), y
    frame = pd.DataFrame(columns)
    return frame.assign(level=frame["kind"].astype("category")), y


def unseen(frame):
    """The frame with values that it does not have."""
    if isinstance(frame, pl.DataFrame):
        return frame.with_columns(
            pl.lit("new").alias("kind"),
            pl.lit("new").cast(pl.Categorical).alias("level"),
            pl.lit(None, pl.Float64).alias("size"),
        )
    level = pd.Series("new", index=frame.index, dtype="category")
    return frame.assign(kind="new", level=level, size=np.nan)
