"""Run all benchmarks, or those named: ``python -m benchmarks [NAME ...]``, or ``NAME OPTIONS``."""

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
    "when",
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
    "conv_step",
    "convnet",
    "spoken_digits",
    "few_labels",
    "tabular_pretraining",
    "search_space",
    "generalization",
    "uncertainty",
)


def main(arguments):
    """Run the named benchmarks one after another; a single one's options may follow its name."""
    first = next((i for i, text in enumerate(arguments) if text.startswith("-")), len(arguments))
    names, options = arguments[:first], arguments[first:]
    unknown = set(names) - set(NAMES)
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if options and len(names) != 1:
        raise SystemExit(f"options are of one benchmark: name it before {options[0]}")
    for name in names or NAMES:
        import_module(f"benchmarks.{name}").main(*([options] if options else []))


if __name__ == "__main__":
    main(sys.argv[1:])
