"""The private names of scikit-learn that skreg uses, all in one place."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sklearn import config_context, get_config
from sklearn.utils._metadata_requests import _raise_for_params, _routing_enabled
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import _FuncWrapper
from sklearn.utils.validation import (
    _check_feature_names,
    _check_method_params,
    _check_sample_weight,
    _num_samples,
)

if TYPE_CHECKING:  # scikit-learn has no types: its decorators would hide the methods' signatures
    Method = TypeVar("Method", bound=Callable[..., Any])

    def _fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]: ...

    def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]: ...  # noqa: D103

else:
    from sklearn.base import _fit_context
    from sklearn.utils.metaestimators import available_if

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """There are no callbacks yet."""


__all__ = [
    "CallbackSupportMixin",
    "ChangedParamsMixin",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "_check_feature_names",
    "_check_method_params",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_raise_for_params",
    "_routing_enabled",
    "_safe_split",
    "available_if",
    "metric_of",
    "needs_no_python_lock",
    "validate_parameter_constraints",
]

# What a forest gives to joblib: thread-safe, and without the interpreter lock most of the time.
_FREE = {"_parallel_build_trees", "_accumulate_prediction"}


def needs_no_python_lock(batch):
    """Whether the calls of a joblib batch may run beside others; they leave warning filters then.

    Parameters
    ----------
    batch : joblib.parallel.BatchedCalls
    """
    functions = [call[0] for call in getattr(batch, "items", ())]
    if not functions or not all(_is_free(function) for function in functions):
        return False
    batch.items = [(_configured(f), args, kwargs) for f, args, kwargs in batch.items]
    return True


def _is_free(function):
    if not isinstance(function, _FuncWrapper):
        return False
    inner = function.function
    return inner.__module__ == "sklearn.ensemble._forest" and inner.__name__ in _FREE


def _configured(wrapper):
    """What scikit-learn's wrapper does for a call, but for the process's warning filters."""

    def call(*args, **kwargs):
        with config_context(**getattr(wrapper, "config", {})):
            return wrapper.function(*args, **kwargs)

    return call


class ChangedParamsMixin:
    """The HTML of an estimator lists the parameters that were changed, as its text does.

    All of them with ``sklearn.set_config(print_changed_only=False)``.
    """

    def _get_params_html(self, *args, **kwargs):
        params = super()._get_params_html(*args, **kwargs)
        if get_config()["print_changed_only"]:
            params.data = {name: v for name, v in params.items() if name in params.non_default}
        return params


def metric_of(scorer):
    """The metric behind a scorer made by `make_scorer`; any other callable is one itself."""
    return getattr(scorer, "_score_func", scorer)
