"""What a search draws from where that depends on the size of the table.

Each takes `n_samples` and `n_features`, and None for what is not known.
"""

from scipy.stats import uniform

from skreg.hyperparameters.distributions import OffOr

USUAL_ROWS = 1600  # where n_samples is not known


def usual_epochs(n_samples: int | None = None) -> int:
    """Epochs of a good length: few rows need more of them, as it is steps that train a net."""
    n = n_samples or USUAL_ROWS
    return int(min(max(4000 / n**0.5, 20), 400))


def few_rows(n_samples: int | None) -> bool:
    """Whether batches of the usual sizes would leave an epoch too few steps."""
    return (n_samples or USUAL_ROWS) < 500


def epochs(n_samples: int | None, n_features: int | None) -> list[int]:
    """Values of `max_iter`."""
    usual, factors = usual_epochs(n_samples), (0.16, 0.4, 1) if few_rows(n_samples) else (0.6, 1)
    return [max(10, round(factor * usual)) for factor in factors]


def batches(n_samples: int | None, n_features: int | None) -> list[int]:
    """Values of `batch_size`."""
    if few_rows(n_samples):
        return [16, 32]
    return [64, 128] if (n_samples or USUAL_ROWS) < 10_000 else [128, 256]


def input_dropouts(n_samples: int | None, n_features: int | None) -> OffOr:
    """A distribution of `input_dropout`: where columns are few, each one counts."""
    return OffOr(uniform(0, 0.2), 0.7 if n_features is None or n_features >= 10 else 0.95)
