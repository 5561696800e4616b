"""`save` and `load`: one safetensors file, whose metadata hold the JSON document."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np
import sklearn

from skreg._typing import Estimator
from skreg.saving.classes import name_of
from skreg.saving.encoding import Decoder, Encoder, NotDataError

SCHEMA = 1
"""Version of the format. Files of earlier ones are read, those of later ones refused."""

_KEY = "skreg"  # of the metadata
_SEAL = ', "sha256": "{}"}}'


def save(estimator: Estimator, path: str | os.PathLike[str]) -> None:
    """Write an estimator to a file of plain data.

    The file is a safetensors file: the arrays as tensors, and all else as a JSON document in its
    metadata. A save that fails leaves a file that was there before as it was.

    Parameters
    ----------
    estimator : estimator
        Of skreg, or a pipeline or other meta-estimator of scikit-learn's around one (see
        docs/saving.md for the list), fitted or not.
    path : str or path-like
        Where to write; a file that is there is replaced.

    Raises
    ------
    TypeError
        For estimators of other classes, or attributes that are not plain data. Parameters that
        are code (`penalty`, `callbacks`, a scorer) are left out, and `load` asks for them.

    See Also
    --------
    load : Read it back.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import skreg
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> net = skreg.MLPRegressor(max_iter=5, n_iter_no_change=5, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skreg.save(net, Path(folder) / "net.safetensors")
    ...     again = skreg.load(Path(folder) / "net.safetensors")
    >>> bool((again.predict(X) == net.predict(X)).all())
    True
    """
    from safetensors.numpy import save as serialize

    if name_of(type(estimator)) is None:
        raise TypeError(
            f"skreg.save writes estimators of skreg and pipelines around them, not a "
            f"{type(estimator).__qualname__}: use skops.io for others."
        )
    encoder = Encoder()
    try:
        root = encoder.encode(estimator)
    except NotDataError as error:
        raise TypeError(
            f"skreg.save writes plain data, but {error}, which is not in the list of "
            "docs/saving.md: change it, or use skops.io."
        ) from None
    document = {
        "schema": SCHEMA,
        "versions": _versions(),
        "root": root,
        "objects": encoder.objects,
        "code": {name: _describe(value) for name, value in encoder.code.items()},
    }
    text = json.dumps(document, allow_nan=False)
    _write(Path(path), serialize(encoder.arrays, {_KEY: sealed(text, encoder.arrays)}))


def load(path: str | os.PathLike[str], *, code: dict[str, Any] | None = None) -> Estimator:
    """Read an estimator that `save` wrote.

    Makes objects of the classes that docs/saving.md lists and of no others, and runs no code of
    the file's: there is none in it. A checksum finds damage, not a forger, who can write another.

    Parameters
    ----------
    path : str or path-like
        The file.
    code : dict, default=None
        Parameters that are code, by name: ``{"penalty": my_penalty}``. Needed where the
        estimator was saved with some.

    Returns
    -------
    estimator
        With the same predictions to the last bit on the same machine.

    Raises
    ------
    ValueError
        For a file that is truncated, changed, of a later version, or not of `save`'s; for code
        that is missing.
    FileNotFoundError
        Where there is no file.

    See Also
    --------
    save : Write it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import skreg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     skreg.save(skreg.MLPClassifier(dropout=0.2), Path(folder) / "net.safetensors")
    ...     skreg.load(Path(folder) / "net.safetensors")
    MLPClassifier(dropout=0.2)
    """
    document, arrays = _read(path)
    code = {} if code is None else code
    _check_code(document["code"], code)
    try:
        decoder = Decoder(document["objects"], arrays, code)
        return decoder.decode(document["root"])
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _refusal(path, error) from error


def _read(path):
    """Document and arrays of a file; raises where it is no whole safetensors file of skreg's."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(os.fspath(path), framework="np") as file:
            text = (file.metadata() or {}).get(_KEY)
            if text is None:
                raise ValueError("it is a safetensors file of something else")
            document = json.loads(text)
            _check_schema(document)
            arrays = {name: np.array(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
        if text != sealed(text[: -len(_SEAL.format("0" * 64))] + "}", arrays):
            raise ValueError("its checksum is not that of its contents")
        document["code"] = dict(document["code"])
    except (SafetensorError, LookupError, ValueError, TypeError, RecursionError) as error:
        raise _refusal(path, error) from error
    return document, arrays


def _check_schema(document):
    schema = document.get("schema") if isinstance(document, dict) else None
    if type(schema) is not int or schema < 1:
        raise ValueError(f"its schema is {schema!r}, not a version")
    if schema > SCHEMA:
        versions = document.get("versions")
        raise ValueError(
            f"it was written in schema {schema} (versions {versions}), and this skreg reads up to "
            f"{SCHEMA}: upgrade skreg"
        )


def _check_code(wanted, given):
    """Raise where a user gives other code than the file needs."""
    missing = [f"{name!r}: {was}" for name, was in wanted.items() if name not in given]
    surplus = sorted(set(given) - set(wanted))
    if missing:
        raise ValueError(
            "This estimator was saved with parameters that are code, which the file does not "
            f"hold: pass code={{{', '.join(missing)}}} to skreg.load."
        )
    if surplus:
        raise ValueError(
            f"code names {surplus}, but the file needs {sorted(wanted)}: leave the others out."
        )


def _refusal(path, error):
    return ValueError(
        f"{os.fspath(path)!r} cannot be loaded: {error}. It must be a whole, unchanged file of "
        "skreg.save."
    )


def sealed(text, arrays):
    """A document's text with the checksum of itself and of the arrays as its last entry.

    The SHA-256 of the text as it is without, and of name, dtype, shape and bytes of each array.
    """
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return text.removesuffix("}") + _SEAL.format(digest.hexdigest())


def _versions():
    import skreg

    return {
        "skreg": skreg.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
    }


def _describe(value):
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def _write(path, content):
    """Put a file in place whole, or leave what was there."""
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
