"""What the augmentations share: parameters as scikit-learn has them, shapes, composition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from skreg.augmentation._draws import GeneratorDraws

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Augmentation(BaseEstimator):
    """Base of the augmentations: subclasses say in `_change` what they do to a shaped batch."""

    _parameter_constraints: dict[str, list[Any]] = {}
    _kinds: dict[int, str] = {}  # number of axes of a batch, rows included: what they are called
    _from_rows: int | None = None  # number of axes that 2-D rows without an `input_shape` have

    def apply(self, batch: Tensor, generator: Generator) -> Tensor:
        """Augmented batch.

        Parameters
        ----------
        batch : torch.Tensor of shape (n_rows, n_features) or (n_rows, ...)
            Rows as the net takes them. Not changed.
        generator : torch.Generator
            The only source of randomness.

        Returns
        -------
        torch.Tensor
            Of the same shape and dtype.
        """
        return self.apply_drawn(batch, GeneratorDraws(generator))

    def apply_drawn(self, batch: Tensor, draws: Any) -> Tensor:
        """As `apply`, with random numbers by name.

        Parameters
        ----------
        batch : torch.Tensor of shape (n_rows, ...)
            Rows of a training batch.
        draws : object
            With `uniform` and `normal`, as `skreg.augmentation._draws` has them.

        Returns
        -------
        changed : torch.Tensor of the shape of batch
            The changed rows; `batch` itself where nothing is to be done.
        """
        if self.is_identity:
            return batch
        shape = (len(batch), *self._shape_of(tuple(batch.shape[1:])))
        return self._change(batch.reshape(shape), draws).reshape(batch.shape)

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise where parameters are not valid or do not fit rows of a shape.

        Parameters
        ----------
        shape : tuple of int
            Of one row: ``(n_features,)``, or as the net takes it.

        Raises
        ------
        ValueError
            Naming the parameter, its value, and the remedy.
        """
        self._validate_params()
        if not self.is_identity:
            self._shape_of(tuple(shape))

    @property
    def is_identity(self):
        """Whether it is off: every strength is 0."""
        return not any(bool(getattr(self, name)) for name in self._strengths)

    def _shape_of(self, shape):
        """Shape of one row as `_change` takes it."""
        given, name = getattr(self, "input_shape", None), type(self).__name__
        if len(shape) + 1 in self._kinds:
            return shape
        kinds = " or ".join(self._kinds.values())
        if len(shape) != 1:
            raise ValueError(f"{name} takes rows that are {kinds}, got rows of shape {shape}.")
        if given is None:
            if self._from_rows is None:
                raise ValueError(
                    f"{name} cannot see how rows of {shape[0]} features are laid out: give it "
                    f"input_shape={kinds}."
                )
            return (1,) * (self._from_rows - 2) + shape
        if len(given) + 1 not in self._kinds or np.prod(given) != shape[0]:
            raise ValueError(
                f"{name} got input_shape={given!r}, which must be {kinds} and have the rows' "
                f"{shape[0]} features in all."
            )
        return tuple(given)

    def __add__(self, other):
        """Composition: this, then the other."""
        from skreg.augmentation.compose import Compose

        parts = [p.transforms if isinstance(p, Compose) else [p] for p in (self, other)]
        return Compose([*parts[0], *parts[1]])
