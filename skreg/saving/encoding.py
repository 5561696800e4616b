"""An estimator as plain data, and back: a JSON document, and arrays by name.

The document's values are JSON's own, or an object with one key that tells what it stands for::

    {"float": "inf"}                     a number that JSON has not
    {"tuple": [...]}  {"dict": [[key, value], ...]}  {"slice": [start, stop, step]}
    {"scalar": [dtype, value]}           of numpy
    {"numpy_type": "float64"}            the type itself
    {"numpy_dtype": "<f8"}               a dtype
    {"pandas_dtype": name}, {"polars_date": [...]}           dtypes of columns
    {"spline": [t, c, k, extrapolate, axis]}                 of scipy
    {"array": name, ...}                 in the file's tensors; with "order": "F" it is transposed
                                         there, with "dtype" it is there as bytes
    {"labels": [...], "shape": [...], "kind": "U" or "O"}    an array of strings or of objects
    {"object": i}                        the i-th of the document's objects
    {"code": name}                       a parameter that is code: given to `load`, not in the file
"""

import math
from pickle import PicklingError

import joblib
import numpy as np
from sklearn.base import BaseEstimator

from skreg.saving.classes import class_named, name_of
from skreg.saving.columns import as_spline, dtype_as_data, dtype_from_data, spline_as_data

_RANDOM_STATE = "numpy.random.RandomState"
_TENSORS = {"f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1"}


class NotDataError(TypeError):
    """A value that is neither plain data nor an object of a class in the list."""


class Encoder:
    """Takes values apart into a document and arrays.

    Attributes
    ----------
    objects : list of dict
        Class and state of each object, in the order of their first mention.
    arrays : dict of ndarray
        C-contiguous arrays by name.
    code : dict
        Parameters that are code, by name.
    """

    def __init__(self):
        self.objects, self.arrays, self.code = [], {}, {}
        self._known = {}  # by id: what stands for it, and itself, so that the id stays its own

    def encode(self, value, path=""):
        """What stands for a value in the document; `path` is where it was found."""
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if type(value) is list:
            return [self.encode(v, f"{path}.{i}") for i, v in enumerate(value)]
        if type(value) is tuple:
            return {"tuple": self.encode(list(value), path)}
        if type(value) is dict:
            pairs = [[self.encode(k), self.encode(v, f"{path}.{k}")] for k, v in value.items()]
            return {"dict": pairs}
        if type(value) is slice:
            return {"slice": self.encode([value.start, value.stop, value.step])}
        if isinstance(value, np.generic) and value.dtype.kind in "biufU":
            return {"scalar": [value.dtype.str, self.encode(value.item())]}
        if isinstance(value, np.dtype) and value.names is None:
            return {"numpy_dtype": value.str}
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"numpy_type": np.dtype(value).name}
        if (found := dtype_as_data(value)) is not None:
            return found
        if (found := spline_as_data(value)) is not None:
            return {"spline": self.encode(found, path)}
        if id(value) not in self._known:
            self._known[id(value)] = self._encode_reference(value, path), value
        return self._known[id(value)][0]

    def _encode_reference(self, value, path):
        if isinstance(value, np.ndarray):
            return self._encode_array(np.asarray(value), path)
        name = _RANDOM_STATE if type(value) is np.random.RandomState else name_of(type(value))
        if name is None:
            raise NotDataError(f"{path.strip('.')} is a {type(value).__qualname__}")
        reference = {"object": len(self.objects)}
        self._known[id(value)] = reference, value  # before its state, which may mention it
        self.objects.append({"class": name})
        self.objects[reference["object"]]["state"] = {
            key: self._encode_attribute(value, key, v, f"{path}.{key}")
            for key, v in _state_of(value).items()
        }
        return reference

    def _encode_attribute(self, owner, name, value, path):
        try:
            return self.encode(value, path)
        except NotDataError:
            if not _is_code(owner, name, value):
                raise
            if name in self.code and not _is_same(self.code[name], value):
                raise NotDataError(
                    f"{path.strip('.')} differs between the estimators inside"
                ) from None
            self.code[name] = value
            return {"code": name}

    def _encode_array(self, array, path):
        if array.dtype.kind in "UO":
            labels = [self.encode(v, path) for v in array.ravel().tolist()]
            return {"labels": labels, "shape": list(array.shape), "kind": array.dtype.kind}
        name, found = path.strip("."), {}
        if array.flags.f_contiguous and not array.flags.c_contiguous:
            array, found = array.T, {"order": "F"}
        array = np.ascontiguousarray(array).reshape(array.shape)
        if array.dtype.str[1:] not in _TENSORS or not array.dtype.isnative:
            found["dtype"] = self.encode(np.lib.format.dtype_to_descr(array.dtype))
            found["shape"] = list(array.shape)
            array = np.frombuffer(array.tobytes(), np.uint8)
        self.arrays[name] = array
        return {"array": name, **found}


class Decoder:
    """Puts values together from a document's objects, the file's arrays, and given code."""

    def __init__(self, objects, arrays, code):
        self.arrays, self.code = arrays, code
        self._made = {}
        self.objects = [_empty(item["class"]) for item in objects]
        for item, made in zip(objects, self.objects, strict=True):
            _fill(made, {key: self.decode(value) for key, value in item["state"].items()})

    def decode(self, value):
        """The value that something in the document stands for."""
        if isinstance(value, list):
            return [self.decode(v) for v in value]
        if not isinstance(value, dict):
            return value
        for kind in ("array", "labels", "object", "code", "scalar"):
            if kind in value:
                return getattr(self, f"_decode_{kind}")(value)
        ((kind, content),) = value.items()
        if kind == "float":
            return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]
        if kind == "tuple":
            return tuple(self.decode(content))
        if kind == "dict":
            return {self.decode(k): self.decode(v) for k, v in content}
        if kind == "slice":
            return slice(*self.decode(content))
        if kind == "numpy_dtype":
            return np.dtype(content)
        if kind == "numpy_type":
            return np.dtype(content).type
        if kind == "spline":
            return as_spline(self.decode(content))
        if kind in ("pandas_dtype", "polars_date"):
            return dtype_from_data(kind, content)
        raise ValueError(f"it holds a {kind!r}, which this version does not know")

    def _decode_scalar(self, value):
        dtype, item = value["scalar"]
        dtype = np.dtype(dtype)
        return np.str_(item) if dtype.kind == "U" else dtype.type(self.decode(item))

    def _decode_code(self, value):
        return self.code[value["code"]]

    def _decode_object(self, value):
        return self.objects[value["object"]]

    def _decode_array(self, value):
        name = value["array"]
        if name not in self._made:  # several mentions are one array
            array = self.arrays[name]
            if "dtype" in value:
                dtype = np.lib.format.descr_to_dtype(self.decode(value["dtype"]))
                if dtype.hasobject:
                    raise ValueError(f"the array {name!r} would hold Python objects")
                array = np.frombuffer(array.tobytes(), dtype).copy().reshape(value["shape"])
            self._made[name] = array.T if value.get("order") == "F" else array
        return self._made[name]

    def _decode_labels(self, value):
        labels = [self.decode(v) for v in value["labels"]]
        if value["kind"] == "U":
            return np.array(labels, dtype=str).reshape(value["shape"])
        array = np.empty(len(labels), dtype=object)
        array[:] = labels
        return array.reshape(value["shape"])


def _is_same(one, other):
    """Whether code is the same: the object, or copies as `clone` makes them."""
    try:
        return one is other or joblib.hash(one) == joblib.hash(other)
    except (TypeError, AttributeError, PicklingError):  # of what has no pickle
        return False


def _is_code(owner, name, value):
    """Whether an attribute is a parameter that `load` can be given instead."""
    if not isinstance(owner, BaseEstimator) or name not in owner._get_param_names():
        return False
    return callable(value) or name == "callbacks"


def _state_of(value):
    if type(value) is np.random.RandomState:
        return value.get_state(legacy=False)
    state = value.__getstate__()
    if not isinstance(state, dict):
        raise NotDataError(f"the state of {type(value).__qualname__} is no dict")
    if type(value).__qualname__ == "ApplyToEachCol" and "_columns" in state:
        return {**state, "cols": state["_columns"]}  # in place of the rule that chose them
    return state


def _empty(name):
    if name == _RANDOM_STATE:
        return np.random.RandomState(0)
    cls = class_named(name)
    return cls.__new__(cls)


def _fill(made, state):
    if isinstance(made, np.random.RandomState):
        made.set_state(state)
    elif hasattr(made, "__setstate__"):
        made.__setstate__(state)  # scikit-learn's warns where it is of another version
    else:
        vars(made).update(state)
