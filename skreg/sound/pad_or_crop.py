"""Clips of sound, or other signals, of unequal length made into rows of one length."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from skreg._typing import Array, ArrayLike
from skreg.compat.sklearn import Interval, StrOptions


class PadOrCrop(TransformerMixin, BaseEstimator):
    """Transformer that makes rows of one length of clips of any length.

    Longer clips are cropped, shorter ones padded with zeros. Without state: `fit` learns nothing.

    Parameters
    ----------
    length : int, default=16000
        Samples of a row.
    where : {"start", "center", "end"}, default="start"
        Which part of a longer clip is kept, and where a shorter one lies among its zeros.
    dtype : {"float32", "float64"}, default="float32"
        Of the rows.

    See Also
    --------
    skreg.LogMel : Front that makes spectrograms of the rows inside a net.
    skreg.augmentation.AudioAugment : Random changes of the rows in training.

    Examples
    --------
    >>> from skreg import PadOrCrop
    >>> PadOrCrop(3).fit_transform([[1.0, 2.0], [1.0, 2.0, 3.0, 4.0]])
    array([[1., 2., 0.],
           [1., 2., 3.]], dtype=float32)
    """

    _parameter_constraints = {
        "length": [Interval(Integral, 1, None, closed="left")],
        "where": [StrOptions({"start", "center", "end"})],
        "dtype": [StrOptions({"float32", "float64"})],
    }

    def __init__(
        self,
        length: int = 16000,
        where: Literal["start", "center", "end"] = "start",
        dtype: Literal["float32", "float64"] = "float32",
    ) -> None:
        self.length = length
        self.where = where
        self.dtype = dtype

    def fit(self, X: Sequence[ArrayLike], y: None = None) -> Self:
        """Check the parameters; there is nothing to learn.

        Parameters
        ----------
        X : sequence of 1-D array-like
            Clips: a list, an object array, or a matrix.
        y : None
            Not used.

        Returns
        -------
        self : object
            The transformer.
        """
        self._validate_params()
        return self

    def transform(self, X: Sequence[ArrayLike]) -> Array:
        """Rows of one length.

        Parameters
        ----------
        X : sequence of 1-D array-like
            Clips: a list, an object array, or a matrix.

        Returns
        -------
        rows : ndarray of shape (n_clips, length)
            Cropped or padded clips.

        Raises
        ------
        ValueError
            For clips that are not 1-D arrays of finite numbers.
        """
        self._validate_params()
        clips = [_clip(x, i, self.dtype) for i, x in enumerate(X)]
        rows = np.zeros((len(clips), self.length), self.dtype)
        for row, clip in zip(rows, clips, strict=True):
            n = min(len(clip), self.length)
            share = {"start": 0.0, "center": 0.5, "end": 1.0}[self.where]
            at, begin = (int(share * (size - n)) for size in (self.length, len(clip)))
            row[at : at + n] = clip[begin : begin + n]
        return rows

    def get_feature_names_out(self, input_features: None = None) -> Array:
        """Names of the columns.

        Parameters
        ----------
        input_features : None
            Not used.

        Returns
        -------
        names : ndarray of str
            ``sample0``, ``sample1`` and so on.
        """
        return np.array([f"sample{i}" for i in range(self.length)], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags


def _clip(values, number, dtype):
    """A clip as an array; errors name its place."""
    try:
        clip = np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"X[{number}] is not an array of numbers: {error}.") from error
    if clip.ndim != 1:
        raise ValueError(
            f"X[{number}] must be a 1-D array of samples, got shape {clip.shape}: give one channel "
            "of a clip, or the mean of its channels."
        )
    if not np.isfinite(clip).all():
        raise ValueError(f"X[{number}] has samples that are not finite.")
    return clip
