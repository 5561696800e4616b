"""A class decorator that gives an estimator its hyperparameters, as declared."""

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import cleandoc
from typing import Any, TypeVar

from skreg.hyperparameters.declaration import Entry, Hyperparameter
from skreg.hyperparameters.table import TABLE

Class = TypeVar("Class", bound=type)


def with_hyperparameters(
    *kinds: str,
    positional: Sequence[str],
    others: str | None = None,
    texts: Mapping[str, str | Sequence[Entry]],
) -> Callable[[Class], Class]:
    """Class decorator: the constructor, the constraints and the docs of declared hyperparameters.

    The constructor is a function with a true signature, written as source and executed once, as
    `dataclasses` does; so `inspect.signature`, `clone`, `help` and the docs see names and defaults.

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
        cls.__doc__ = _filled(cls.__doc__, {"parameters": list(own.values()), **texts}, kinds)
        return cls

    return decorate


def _constructor(
    cls: type, own: Mapping[str, Hyperparameter], n_positional: int, others: str | None
) -> Callable[..., None]:
    """``__init__`` that keeps its arguments as attributes, untouched."""
    arguments = [f"{name}=defaults[{name!r}]" for name in own]
    arguments.insert(n_positional, "*")
    body = [f"self.{name} = {name}" for name in own]
    if others is not None:
        arguments.append(f"**{others}")
        body.append(f"self._take_{others}({others})")
    source = f"def __init__(self, {', '.join(arguments)}):\n " + "\n ".join(body)
    scope: dict[str, Any] = {"defaults": {name: h.default for name, h in own.items()}}
    exec(compile(source, f"<hyperparameters of {cls.__name__}>", "exec"), scope)
    function = scope["__init__"]
    function.__module__, function.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    return function


def _filled(doc: str, texts: Mapping[str, str | Sequence[Entry]], kinds: Sequence[str]) -> str:
    """A docstring with texts in the places of their names."""

    def text_of(place: re.Match) -> str:
        text = texts[place[1]]
        if isinstance(text, str):
            return cleandoc(text) + "\n"
        return "".join(e.text() for e in (entry.of(kinds) for entry in text) if e is not None)

    return re.sub(r"(?m)^\{(\w+)\}\n", text_of, cleandoc(doc) + "\n")
