"""What does each regularizer gain over the unregularized net on small noisy sets?

The cases, settings and seeds are those of `tests/regularizers/test_regularizers_work.py`.
"""

import numpy as np

from benchmarks._measure import one_thread, report
from tests.regularizers.test_regularizers_work import CASES, N_SEEDS, plain_scores


def main():
    """Print the table."""
    rows = []
    with one_thread():
        for score, params, _, _ in CASES:
            plain = plain_scores(score)
            gain = np.array([score(seed, **params) for seed in range(N_SEEDS)]) - plain
            error = gain.std(ddof=1) / np.sqrt(N_SEEDS)
            what = ", ".join(f"{name}={value}" for name, value in params.items())
            text = f"{gain.mean():+.3f} +- {error:.3f}"
            rows.append((score.__name__, what, f"{plain.mean():.3f}", text))
    report(f"Gain in test score over {N_SEEDS} seeds", ("set", "with", "plain", "gain"), rows)


if __name__ == "__main__":
    main()
