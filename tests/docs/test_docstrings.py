"""Every public name has a numpydoc docstring with all its parameters, and an example that runs.

(The examples themselves run as doctests.)
"""

import inspect
import pydoc
from pathlib import Path

import pytest
from numpydoc.validate import validate

import skreg

ROOT = Path(__file__).parent.parent.parent
PUBLIC = [name for name in skreg.__all__ if not name.startswith("_")]
# Checks left out: style that ruff or taste decides (GL01-03, SS03, SS06), extended summary, See
# Also and Examples of methods (ES01, SA01, EX01), fields of the parameters a class takes in by
# **kwargs, and "Yields" or "Raises" where there is none.
LEFT_OUT = {"GL01", "GL02", "GL03", "GL08", "SS03", "SS05", "SS06", "ES01", "SA01", "SA04", "EX01"}
LEFT_OUT |= {"RT02", "RT03", "PR09"}  # returns are named, as in scikit-learn


def documented():
    for name in PUBLIC:
        cls = getattr(skreg, name)
        if inspect.ismodule(cls):
            for inner in cls.__all__:
                yield from of(getattr(cls, inner), f"skreg.{name}.{inner}")
        else:
            yield from of(cls, f"skreg.{name}")


def of(value, name):
    """A public name and, of a class, its methods."""
    yield name
    for attribute, member in inspect.getmembers(value) if inspect.isclass(value) else ():
        is_method = inspect.isfunction(member) or inspect.ismethod(member)
        if is_method and member.__module__.startswith("skreg") and not attribute.startswith("_"):
            yield f"{name}.{attribute}"


@pytest.mark.parametrize("name", list(documented()))
def test_numpydoc_finds_nothing(name):
    result = validate(name)
    errors = [f"{code}: {text}" for code, text in result["errors"] if code not in LEFT_OUT]
    assert not errors
    assert result["docstring"].strip()


def test_the_reference_lists_every_public_name():
    listed = {line.strip() for line in (ROOT / "docs/api.md").read_text().splitlines()}
    names = [n for n in documented() if inspect.ismodule(pydoc.locate(n.rpartition(".")[0]))]
    assert not set(names) - listed


@pytest.mark.parametrize("name", ["MLPRegressor", "MLPClassifier"])
def test_attributes_are_documented_and_there(name):
    from tests._data import targets

    X, y = targets("regression" if name == "MLPRegressor" else "multiclass")
    cls = getattr(skreg, name)
    fitted = cls(max_iter=2).fit(X, y)
    for attribute in (a for a in vars(fitted) if a.endswith("_") and not a.startswith("_")):
        assert f"\n{attribute} : " in inspect.getdoc(cls), attribute
    assert "{" not in cls.__doc__.split("Parameters")[0]
    assert "net_ : skorch.NeuralNet" in cls.__doc__
