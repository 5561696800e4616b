"""What a hyperparameter is declared with, and what a fitted attribute is documented with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from inspect import cleandoc
from numbers import Integral, Real
from textwrap import indent
from typing import Any, Literal, Self

from skreg.compat.sklearn import Interval, StrOptions

AT_LEAST_0 = Interval(Real, 0, None, closed="left")
ABOVE_0 = Interval(Real, 0, None, closed="neither")
FROM_0 = Interval(Integral, 0, None, closed="left")
FROM_1 = Interval(Integral, 1, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")

SAME: Any = object()
"""Of `Hyperparameter.elsewhere`: the default."""


def one_of(*options: str) -> StrOptions:
    """Constraint that allows some strings."""
    return StrOptions(set(options))


def listed(options: Iterable[str]) -> str:
    """Type of a parameter that is one of some strings, as numpydoc has it."""
    return "{" + ", ".join(f'"{option}"' for option in options) + "}"


@dataclass(frozen=True)
class Entry:
    """What a docstring says of a parameter or attribute, and of which estimators.

    Estimators are of kinds: "mlp", "conv", "module" or "pretrainer", and "regressor",
    "classifier", "masked" or "contrastive".

    Attributes
    ----------
    name, type, doc : str
        As numpydoc has them, the type without the default.
    not_of : sequence of str
        Kinds of estimators that have it not.
    instead : mapping
        Fields that differ, as a mapping, by the kind of estimator, or by a tuple of kinds.
    """

    name: str
    _: KW_ONLY
    type: str
    doc: str
    not_of: Sequence[str] = ()
    instead: Mapping[str | tuple[str, ...], Mapping[str, Any]] = field(default_factory=dict)

    def of(self, kinds: Sequence[str]) -> Self | None:
        """The entry as an estimator of these kinds has it; None where it has not."""
        if any(kind in self.not_of for kind in kinds):
            return None
        own = self
        for where, changes in self.instead.items():
            if any(kind in ((where,) if isinstance(where, str) else where) for kind in kinds):
                own = replace(own, **changes)
        return own

    def head(self) -> str:
        """The first line of the docstring's entry."""
        return f"{self.name} : {self.type}"

    def text(self) -> str:
        """The docstring's entry."""
        return f"{self.head()}\n{indent(cleandoc(self.doc), ' ' * 4)}\n"


@dataclass(frozen=True)
class Hyperparameter(Entry):
    """A parameter of estimators: all that is said of it.

    Attributes
    ----------
    name : str
    default : object
    constraints : list
        What values may be, as scikit-learn's `validate_parameter_constraints` has it.
    type, doc : str
        As numpydoc has them.
    not_of, instead
        As for an `Entry`.
    smooth : bool
        Whether the objective stays one smooth function, which ``solver="lbfgs"`` can minimize, when
        it is on (not None, 0 or False).
    proximal : bool
        Whether it acts by a proximal step, which needs the optimizer's step sizes.
    per_layer : {"weights", "hidden"} or None
        Whether there may be one number for each tensor of weights, or for each hidden layer.
    elsewhere : object
        What the engine is told where an estimator has no such parameter: by default `default`.
    search : sequence, distribution, callable or None
        What `skreg.search_space` draws it from: values, each as likely, or a distribution, or a
        function of `n_samples` and `n_features` that gives one of these. None is left as it is.
    """

    _: KW_ONLY
    default: Any
    constraints: list[Any]
    smooth: bool = True
    proximal: bool = False
    per_layer: Literal["weights", "hidden"] | None = None
    elsewhere: Any = SAME
    search: Any = None

    def head(self) -> str:
        """The first line of the docstring's entry, with the default."""
        return f"{super().head()}, default={_as_text(self.default)}"

    @property
    def told_elsewhere(self) -> Any:
        """Value that the engine is told for estimators without this parameter."""
        return self.default if self.elsewhere is SAME else self.elsewhere


def _as_text(value: Any) -> str:
    """A default as docstrings write it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float) and 0 < value < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-")
    return repr(value)
