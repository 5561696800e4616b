"""What type checkers and editors see is what there is."""

import inspect
import pydoc

import pytest

import skreg
from tests.docs.test_docstrings import documented
from tests.stubs import ROOT, stubs


def test_stubs_are_those_of_the_declarations():
    for path, text in stubs().items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path.relative_to(ROOT)} is not what the declarations make: python -m tests.stubs"
        )


def constructor_or_function(name):
    value = pydoc.locate(name)
    if not inspect.isclass(value):
        return value
    own = vars(value).get("__init__")
    return own if inspect.isfunction(own) and not hasattr(value, "_hyperparameters") else None


@pytest.mark.parametrize("name", list(documented()))
def test_what_is_public_has_types(name):
    function = constructor_or_function(name)
    if function is None or not inspect.unwrap(function).__module__.startswith("skreg"):
        return  # a constructor of declarations, which has a stub, or another library's
    signature = inspect.signature(function)
    untyped = [
        p.name
        for p in signature.parameters.values()
        if p.annotation is p.empty and p.name not in ("self", "cls")
    ]
    assert not untyped
    assert signature.return_annotation is not signature.empty


def test_the_package_says_that_it_has_types():
    assert (ROOT / "skreg/py.typed").is_file()
    assert set(skreg.__all__) == set(dir(skreg))
