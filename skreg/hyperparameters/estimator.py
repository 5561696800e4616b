"""A class decorator that gives an estimator its hyperparameters, as declared."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, make_dataclass
from inspect import Parameter, cleandoc, signature
from typing import Any, TypeVar

from skreg.hyperparameters.declaration import Entry, Hyperparameter
from skreg.hyperparameters.table import TABLE

Class = TypeVar("Class", bound=type[Any])


def with_hyperparameters(
    *kinds: str,
    positional: Sequence[str],
    others: str | None = None,
    texts: Mapping[str, str | Sequence[Entry]],
) -> Callable[[Class], Class]:
    """Class decorator: the constructor, the constraints and the docs of declared hyperparameters.

    The constructor is that of a dataclass: a function with a true signature, so that
    `inspect.signature`, `clone`, `help` and the docs see names and defaults.

    Parameters
    ----------
    *kinds : str
        What the estimator is, in the words of `skreg.hyperparameters.declaration.Entry`.
    positional : sequence of str
        The hyperparameters that stand first and may be given by position. The others follow in the
        table's order, by name only.
    others : str, optional
        Name of the mapping of all other arguments, which goes to the method ``_take_<name>``.
    texts : mapping
        What stands in the place of ``{name}`` in the docstring: a text, or entries, of which those
        of the estimator's kinds are listed. ``{parameters}`` are the hyperparameters.
    """

    def decorate(cls: Class) -> Class:
        own = {h.name: h for h in (declared.of(kinds) for declared in TABLE) if h is not None}
        own = {**{name: own[name] for name in positional}, **own}
        cls._hyperparameters = own
        cls._parameter_constraints = {name: h.constraints for name, h in own.items()}
        cls.__init__ = _constructor(cls, own, len(positional), others)
        cls.__doc__ = _filled(cls.__doc__ or "", {"parameters": list(own.values()), **texts}, kinds)
        return cls

    return decorate


def _constructor(
    cls: type[Any], own: Mapping[str, Hyperparameter], n_positional: int, others: str | None
) -> Callable[..., None]:
    """``__init__`` that keeps its arguments as attributes, untouched."""
    fields = [
        (name, Any, field(default=declared.default, kw_only=i >= n_positional))
        for i, (name, declared) in enumerate(own.items())
    ]
    made: Any = make_dataclass(cls.__name__, fields, eq=False, repr=False)
    function = made.__init__
    function.__annotations__ = {}
    if others is not None:
        function = _taking_more(function, own, others)
    function.__name__, function.__doc__ = "__init__", None
    function.__module__, function.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    return function


def _taking_more(
    init: Callable[..., None], own: Mapping[str, Hyperparameter], others: str
) -> Callable[..., None]:
    """A constructor that gives all arguments but its own to ``_take_<others>``."""

    def with_others(self: Any, *args: Any, **given: Any) -> None:
        init(self, *args, **{name: value for name, value in given.items() if name in own})
        more = {name: value for name, value in given.items() if name not in own}
        getattr(self, f"_take_{others}")(more)

    function: Any = with_others
    own_signature = signature(init)
    rest = Parameter(others, Parameter.VAR_KEYWORD)
    function.__signature__ = own_signature.replace(
        parameters=[*own_signature.parameters.values(), rest]
    )
    return function


def _filled(doc: str, texts: Mapping[str, str | Sequence[Entry]], kinds: Sequence[str]) -> str:
    """A docstring with texts in the places of their names."""

    def text_of(place: re.Match[str]) -> str:
        text = texts[place[1]]
        if isinstance(text, str):
            return cleandoc(text) + "\n"
        return "".join(e.text() for e in (entry.of(kinds) for entry in text) if e is not None)

    return re.sub(r"(?m)^\{(\w+)\}\n", text_of, cleandoc(doc) + "\n")
