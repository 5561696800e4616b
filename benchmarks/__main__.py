"""Run all benchmarks, or those named: ``python -m benchmarks [NAME ...]``."""

import sys
from importlib import import_module

NAMES = (
    "single_fit",
    "regularizer_cost",
    "shell",
    "predict",
    "startup",
    "flops",
    "gains",
    "many_fits",
    "search_all",
    "memory",
    "cluster",
    "stack_width",
    "large_data",
    "transfer",
    "augmentation_cost",
    "mnist1d",
    "mnist1d_convnet",
    "convnet",
    "spoken_digits",
    "few_labels",
    "tabular_pretraining",
)


def main(names):
    """Run the named benchmarks one after another."""
    unknown = set(names) - set(NAMES)
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in names or NAMES:
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
