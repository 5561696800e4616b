"""What pretraining on unlabelled rows is worth where labels are few: scikit-learn's digits.

1,297 rows without labels, 500 test rows, labels of 50, 100 and 200 rows; paired differences over
8 seeds (split, labels, initialisation) to the plain MLP on the same columns, and the time of
pretraining in fits of that MLP.
"""

import time
from inspect import signature

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

from benchmarks._measure import one_thread, report
from skreg import ContrastivePretrainer, MaskedPretrainer, MLPClassifier

N_LABELS, N_TEST, SEEDS = (50, 100, 200), 500, range(8)
HIDDEN = (256,)
SCHEDULE = {"learning_rate": "cosine", "n_iter_no_change": np.inf, "batch_size": 100}


class AffineViews:
    """Digits turned by up to 10 degrees, moved by up to 0.6 pixels, scaled by up to 10 %."""

    def apply(self, batch, generator):
        """A batch (n, 64) of the same shape."""
        n = len(batch)
        u = 2 * torch.rand((4, n), generator=generator) - 1
        angle, size, shift = u[0] * np.pi / 18, 1 + 0.1 * u[1], 0.6 / 4 * u[2:]
        cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
        rows = torch.stack([cos, -sin, shift[0]], 1), torch.stack([sin, cos, shift[1]], 1)
        grid = functional.affine_grid(torch.stack(rows, 1), (n, 1, 8, 8), align_corners=False)
        images = batch.reshape(n, 1, 8, 8)
        return functional.grid_sample(images, grid, align_corners=False).reshape(n, -1)


PRETRAINERS = {  # name: (pretrainer, whether columns are standardised)
    "masked": (
        MaskedPretrainer(HIDDEN, learning_rate_init=0.01, max_iter=30, **SCHEDULE),
        True,
    ),
    "contrastive, swap (SCARF)": (
        ContrastivePretrainer(HIDDEN, learning_rate_init=0.01, max_iter=20, **SCHEDULE),
        True,
    ),
    "contrastive, affine views (SimCLR)": (
        ContrastivePretrainer(
            (256, 256),
            views=AffineViews(),
            temperature=0.2,
            learning_rate_init=0.003,
            max_iter=30,
            **SCHEDULE,
        ),
        False,
    ),
}


def drawn(labels, seed):
    """Unlabelled rows, test rows, and the first 20 of each class among the former."""
    order = np.random.RandomState(seed).permutation(len(labels))
    test, pool = order[:N_TEST], order[N_TEST:]
    return pool, test, np.stack([pool[labels[pool] == c][:20] for c in range(10)])


def heads(pretrainer, few, labels, transform):
    """Functions from test rows to predictions, by the way in which the encoder is used."""
    probe = LogisticRegression(C=1.0 if transform else 10.0, max_iter=5000)
    probe.fit(pretrainer.transform(few), labels)
    yield "linear probe", lambda X: probe.predict(pretrainer.transform(X))
    if "pretrained" in signature(MLPClassifier).parameters:
        ready = FrozenEstimator(pretrainer)
        net = MLPClassifier(pretrainer.hidden_layer_sizes, pretrained=ready, random_state=0)
        yield "fine-tuned", net.fit(few, labels).predict


def measured(X, labels, seed):
    """Accuracies by (pretrainer, head, labels) and seconds by pretrainer, "plain" for the MLP."""
    pool, test, by_class = drawn(labels, seed)
    scaler = StandardScaler().fit(X[pool])
    columns = {True: scaler.transform(X).astype(np.float32), False: X}
    accuracy, seconds = {}, {}
    for name, (pretrainer, scaled) in PRETRAINERS.items():
        Z = columns[scaled]
        start = time.perf_counter()
        pretrainer.set_params(random_state=seed).fit(Z[pool])
        seconds[name] = time.perf_counter() - start
        for n in N_LABELS:
            few = by_class[:, : n // 10].ravel()
            plain = MLPClassifier(pretrainer.hidden_layer_sizes, random_state=seed)
            start = time.perf_counter()
            plain.fit(Z[few], labels[few])
            seconds["plain", name, n] = time.perf_counter() - start
            accuracy["plain", name, n] = plain.score(Z[test], labels[test])
            for head, predict in heads(pretrainer, Z[few], labels[few], scaled):
                accuracy[name, head, n] = (predict(Z[test]) == labels[test]).mean()
    return accuracy, seconds


def main():
    """Print the table."""
    X, labels = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    with one_thread():
        MLPClassifier(max_iter=1).fit(X[:100], labels[:100])  # loads the kernel
        accuracies, seconds = zip(*(measured(X, labels, s) for s in SEEDS), strict=True)
    rows = []
    for name, head, n in (key for key in accuracies[0] if key[0] != "plain"):
        plain = np.array([a["plain", name, n] for a in accuracies])
        gain = 100 * (np.array([a[name, head, n] for a in accuracies]) - plain)
        spread = gain.std(ddof=1) / len(gain) ** 0.5
        taken = np.median([s[name] / s["plain", name, n] for s in seconds])
        gain = f"{gain.mean():+.1f} +- {spread:.1f}"
        rows.append((name, head, n, f"{100 * plain.mean():.1f}", gain, f"{taken:.1f}"))
    columns = "pretrainer", "head", "labels", "plain MLP, %", "gain, points", "time, in plain fits"
    report("Few labels: digits, 1,297 unlabelled rows, 8 seeds", columns, rows)


if __name__ == "__main__":
    main()
