"""Stubs of what is made at run time: constructors of declared hyperparameters, `skreg`'s names.

    python -m tests.stubs

writes them: a `.pyi` beside each module that uses `with_hyperparameters`, and `skreg/__init__.pyi`.
Editors and type checkers read them; a test holds them to the declarations.
"""

import inspect
import re
from importlib import import_module
from numbers import Integral, Real
from pathlib import Path

import skreg
from skreg.compat.sklearn import HasMethods, Interval, Options, StrOptions

ROOT = Path(__file__).parent.parent
NAMED = {
    "boolean": "bool",
    "random_state": "Seed",
    "verbose": "int",
    None: "None",
    callable: "Callable[..., Any]",
    dict: "dict[Any, float]",
    list: "list[Any]",
    str: "str",
}
HOMES = {
    "collections.abc": ("Callable", "Sequence"),
    "typing": ("Any", "Literal", "Self"),
    "skreg._typing": ("Array", "ArrayLike", "MatrixLike", "Seed"),
}
HEAD = "# Made by `python -m tests.stubs` from what stands in the module of this name: edit that.\n"


def annotation(declared):
    """Type of a hyperparameter, from what its declaration allows."""
    parts = dict.fromkeys(_one(c, declared.constraints) for c in declared.constraints)
    if "Any" in parts:
        return "Any"
    if "float" in parts:
        parts.pop("int", None)
    return " | ".join(sorted(parts, key=lambda part: part == "None"))


def _one(constraint, beside):
    if isinstance(constraint, StrOptions):
        return "Literal[" + ", ".join(f'"{option}"' for option in sorted(constraint.options)) + "]"
    if isinstance(constraint, (Interval, Options)):
        return {Real: "float", Integral: "int"}[constraint.type]
    if isinstance(constraint, HasMethods):
        return "Any"
    if constraint == "array-like":
        numbers = [_one(c, ()) for c in beside if isinstance(c, Interval)]
        return f"Sequence[{numbers[0] if numbers else 'Any'}] | Array"
    return NAMED[constraint]


def class_stub(cls):
    """A class whose constructor is made of declarations."""
    bases = ", ".join(base.__name__ for base in cls.__bases__)
    lines = [f"class {cls.__name__}({bases}):", f'    """{cls.__doc__.splitlines()[0]}"""', ""]
    lines += [f"    {name}: {annotation(h)}" for name, h in cls._hyperparameters.items()]
    lines += ["", "    def __init__(", "        self,"]
    kinds = []
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            lines.append(f"        **{name}: Any,")
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.kind not in kinds:
            lines.append("        *,")
        kinds.append(parameter.kind)
        declared = cls._hyperparameters[name]
        lines.append(f"        {name}: {annotation(declared)} = {declared.default!r},")
    return "\n".join([*lines, "    ) -> None: ...", *_methods(cls)]) + "\n"


def _methods(cls):
    """Public methods of the class itself, as its source has them."""
    for name, member in vars(cls).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            source = inspect.getsource(inspect.unwrap(member))
            head = source[source.index("    def ") : source.index('\n        """')] + " ..."
            if set(inspect.signature(member).parameters) != _parameters_above(cls, name):
                head = head.replace("(\n", "(  # type: ignore[override]\n", 1)
            yield "\n" + head


def _parameters_above(cls, name):
    """Names of the parameters that a method has in the bases."""
    return set(inspect.signature(getattr(super(cls, cls), name)).parameters)


def module_stub(module):
    """The stub of a module that uses `with_hyperparameters`."""
    classes = [
        member
        for member in vars(module).values()
        if inspect.isclass(member) and member.__module__ == module.__name__
    ]
    body = "\n".join(class_stub(cls) for cls in classes)
    homes = {home: set(names) & set(re.findall(r"\w+", body)) for home, names in HOMES.items()}
    for base in (base for cls in classes for base in cls.__bases__):
        homes.setdefault(base.__module__, set()).add(base.__name__)
    imports = [f"from {home} import {', '.join(sorted(ns))}" for home, ns in homes.items() if ns]
    return "\n".join([HEAD, *imports, "", body])


def package_stub():
    """The stub of `skreg`, whose names are loaded on first use."""
    modules = [f"from skreg import {name} as {name}" for name in sorted(skreg._MODULES)]
    names = [f"from {home} import {name} as {name}" for name, home in sorted(skreg._HOME.items())]
    return "\n".join(
        [HEAD, *modules, *names, "", "__version__: str", f"__all__ = {skreg.__all__}", ""]
    )


def stubs():
    """All stubs: their text by the path."""
    homes = set()
    for name in skreg._HOME:
        value = getattr(skreg, name)
        if "_hyperparameters" in vars(value):
            homes.add(value.__module__)
    found = {ROOT / "skreg/__init__.pyi": package_stub()}
    for home in sorted(homes):
        module = import_module(home)
        found[Path(module.__file__).with_suffix(".pyi")] = module_stub(module)
    return found


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text, encoding="utf-8")
