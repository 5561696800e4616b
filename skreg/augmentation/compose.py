"""Augmentations one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from skreg.augmentation._base import Augmentation

if TYPE_CHECKING:
    from torch import Generator, Tensor


class Compose(Augmentation):
    """Augmentations one after another; ``a + b`` makes one.

    Their parameters are reached by their lower-case names, as in
    `sklearn.pipeline.make_pipeline`: ``augment__imageaugment__degrees``. Two of a kind are
    numbered: ``signalaugment-1``, ``signalaugment-2``.

    Parameters
    ----------
    transforms : list
        Objects with ``apply(batch, generator)``, in the order of their use.

    See Also
    --------
    ImageAugment : Images.
    SignalAugment : Signals.

    Examples
    --------
    >>> from skreg.augmentation import SignalAugment, TabularAugment
    >>> both = SignalAugment(shift=0.1) + TabularAugment(swap_rate=0.05)
    >>> both.set_params(signalaugment__shift=0.2).transforms[0].shift
    0.2
    """

    _parameter_constraints = {"transforms": [list, tuple]}

    def __init__(self, transforms: list[Any]) -> None:
        self.transforms = transforms

    def apply(self, batch: Tensor, generator: Generator) -> Tensor:
        """Augmented batch.

        Parameters
        ----------
        batch : torch.Tensor of shape (n_rows, n_features) or (n_rows, ...)
            Rows as the net takes them. Not changed.
        generator : torch.Generator
            The only source of randomness, for one transform after the other.

        Returns
        -------
        torch.Tensor
            Of the same shape and dtype.
        """
        for transform in self.transforms:
            batch = transform.apply(batch, generator)
        return batch

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise where a transform's parameters are not valid or do not fit rows of a shape.

        Parameters
        ----------
        shape : tuple of int
            Of one row.

        Raises
        ------
        ValueError
            Naming the parameter, its value, and the remedy.
        """
        self._validate_params()
        for transform in self.transforms:
            if not callable(getattr(transform, "apply", None)):
                raise ValueError(
                    f"transforms of Compose must have a method apply(batch, generator), got "
                    f"{transform!r}."
                )
            getattr(transform, "check", lambda shape: None)(shape)

    @property
    def is_identity(self):
        """Whether all transforms are off."""
        return all(getattr(t, "is_identity", False) for t in self.transforms)

    def _named(self):
        names = [type(t).__name__.lower() for t in self.transforms]
        seen, out = {}, []
        for name in names:
            seen[name] = seen.get(name, 0) + 1
            out.append(f"{name}-{seen[name]}" if names.count(name) > 1 else name)
        return dict(zip(out, self.transforms, strict=True))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters, with `deep` those of the transforms by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether the transforms' own are there.

        Returns
        -------
        dict
            From names to values.
        """
        params = {"transforms": self.transforms}
        if deep:
            for name, transform in self._named().items():
                params[name] = transform
                own = transform.get_params().items()
                params.update({f"{name}__{key}": value for key, value in own})
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; a transform's name replaces it.

        Parameters
        ----------
        **params : dict
            By the names that `get_params` gives.

        Returns
        -------
        self : object
            This object.
        """
        if "transforms" in params:
            self.transforms = params.pop("transforms")
        named = self._named()
        replaced = {name: params.pop(name) for name in list(params) if name in named}
        if replaced:
            self.transforms = list({**named, **replaced}.values())
        return super().set_params(**params)
