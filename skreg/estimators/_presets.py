"""Estimators made from settings that are known to be good."""

from __future__ import annotations

from typing import Any, Literal, Self

from sklearn.base import ClassifierMixin

from skreg.hyperparameters.presets import preset


class PresetMixin:
    """`from_preset`."""

    @classmethod
    def from_preset(
        cls, name: Literal["tabular"], *, n_samples: int | None = None, **params: Any
    ) -> Self:
        """Make an estimator with settings that are known to be good, by name.

        The constructor's own defaults are those of scikit-learn.

        Parameters
        ----------
        name : {"tabular"}
            "tabular" is the best single setting on the tables of ``benchmarks/search_space.py``,
            for standardized columns: the first of `skreg.portfolio`.
        n_samples : int, default=None
            Rows that it will be trained on: few take more epochs, many take fewer.
        **params : dict
            Parameters that are to be otherwise.

        Returns
        -------
        net : estimator
            Not fitted.

        Raises
        ------
        ValueError
            For another name.
        """
        kind = "classifier" if issubclass(cls, ClassifierMixin) else "regressor"
        return cls(**{**preset(name, kind, n_samples), **params})
