"""What pretraining on unlabelled rows is worth where labels are few: scikit-learn's digits.

1,297 rows without labels, 500 test rows, labels of 50, 100 and 200 rows, columns standardised by
the 1,297; paired differences over 16 seeds (split, labels, initialisation) to
``MLPClassifier((256,))``, and the processor time of pretraining in fits of that net. The settings
were chosen on seeds 100 to 107 at 50 labels; the seeds here are others.
"""

import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from benchmarks._measure import one_thread, report
from skreg import ContrastivePretrainer, MaskedPretrainer, MLPClassifier
from skreg.augmentation import ImageAugment

N_LABELS, N_TEST, SEEDS, HIDDEN = (50, 100, 200), 500, range(16), (256,)
PROBE = {"n_frozen_layers": "all"}
THAWED = {**PROBE, "freeze_epochs": 100, "pretrained_lr_mult": 0.1, "learning_rate_init": 0.005}


class InPixels:
    """Views of images made in pixels, of rows that a scaler has standardised."""

    def __init__(self, views, scaler):
        self.views = views
        self.mean, self.scale = map(torch.from_numpy, (scaler.mean_, scaler.scale_))

    def apply(self, batch, generator):
        """A batch (n_rows, n_pixels) of the same shape."""
        pixels = (batch * self.scale + self.mean).to(batch.dtype)
        return (self.views.apply(pixels, generator) - self.mean) / self.scale


def pretrainers(scaler, seed):
    """What is compared: pretrainers by name."""
    affine = {"views": InPixels(ImageAugment(input_shape=(1, 8, 8)), scaler)}
    swap = {"corruption_rate": 0.3}
    table = {
        "random weights": (MaskedPretrainer, 50, 1, 1e-30, {}),
        "masked": (MaskedPretrainer, 50, 20, 0.01, {}),
        "masked, short": (MaskedPretrainer, 40, 7, 0.01, {}),
        "contrastive, swap": (ContrastivePretrainer, 50, 20, 0.02, swap),
        "contrastive, swap, short": (ContrastivePretrainer, 40, 7, 0.015, swap),
        "contrastive, affine": (ContrastivePretrainer, 50, 20, 0.01, affine),
        "contrastive, affine, short": (ContrastivePretrainer, 40, 7, 0.01, affine),
    }
    schedule = {"learning_rate": "cosine", "n_iter_no_change": np.inf, "random_state": seed}
    return {
        name: cls(HIDDEN, batch_size=b, max_iter=n, learning_rate_init=rate, **own, **schedule)
        for name, (cls, b, n, rate, own) in table.items()
    }


def nets(ready, n, seed):
    """How a pretrained encoder is used, by name: nets that take it over."""
    take = {"pretrained": ready, "random_state": seed}
    # the linear probe of LogisticRegression(C=1)
    probe = {**PROBE, "solver": "lbfgs", "alpha": 1 / n, "max_iter": 1000}
    thawed = {**THAWED, "n_iter_no_change": np.inf}
    return {
        "frozen (linear probe)": MLPClassifier(HIDDEN, **probe, **take),
        "frozen, then all": MLPClassifier(HIDDEN, **thawed, **take),
        "all trained": MLPClassifier(HIDDEN, **take),
    }


def timed(estimator, *data):
    """Seconds of processor time that a fit takes."""
    start = time.process_time()
    estimator.fit(*data)
    return time.process_time() - start


def measured(X, labels, seed):
    """Accuracies (%) by (labels, pretrainer, use), and seconds by (labels or 0, pretrainer)."""
    order = np.random.RandomState(seed).permutation(len(labels))
    test, pool = order[:N_TEST], order[N_TEST:]
    by_class = np.stack([pool[labels[pool] == c][:20] for c in range(10)])
    scaler = StandardScaler().fit(X[pool])
    Z = scaler.transform(X).astype(np.float32)
    accuracy, seconds, plain = {}, {}, MLPClassifier(HIDDEN, random_state=seed)

    def score(key, model, rows=Z):
        accuracy[key] = 100 * model.score(rows[test], labels[test])

    seconds[0, "plain on all labels"] = timed(plain, Z[pool], labels[pool])
    ready = pretrainers(scaler, seed)
    for name, pretrainer in ready.items():
        seconds[0, name] = timed(pretrainer, Z[pool])
    for n in N_LABELS:
        few = by_class[:, : n // 10].ravel()
        seconds[n, "plain"] = timed(plain, Z[few], labels[few])
        score((n, "none", "plain"), plain)
        score((n, "none", "plain, on pixels"), plain.fit(X[few], labels[few]), X)
        line = LogisticRegression(max_iter=1000).fit(Z[few], labels[few])
        score((n, "none", "logistic regression"), line)
        for name, pretrainer in ready.items():
            for use, net in nets(FrozenEstimator(pretrainer), n, seed).items():
                score((n, name, use), net.fit(Z[few], labels[few]))
    return accuracy, seconds


def main():
    """Print the tables."""
    X, labels = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    with one_thread():
        measured(X, labels, 1000)  # loads the kernels
        accuracies, seconds = zip(*(measured(X, labels, s) for s in SEEDS), strict=True)
    rows = []
    for n, *names in accuracies[0]:
        plain, values = (
            np.array([a[n, *key] for a in accuracies]) for key in (("none", "plain"), names)
        )
        gain = values - plain
        error = gain.std(ddof=1) / len(gain) ** 0.5
        text = f"{gain.mean():+.1f} +- {error:.1f}" if error else ""
        rows.append((n, *names, f"{values.mean():.1f}", text))
    columns = "labels", "pretrainer", "the net", "accuracy, %", "gain, points"
    report(f"Few labels: digits, 1,297 unlabelled rows, {len(SEEDS)} seeds", columns, rows)
    rows = []
    for name in (name for n, name in seconds[0] if n == 0):
        taken = [[s[0, name] / s[n, "plain"] for n in N_LABELS] for s in seconds]
        milliseconds = 1000 * np.median([s[0, name] for s in seconds])
        rows.append((name, f"{milliseconds:.0f}", *(f"{t:.1f}" for t in np.median(taken, axis=0))))
    columns = "fit", "ms", *(f"in plain fits on {n}" for n in N_LABELS)
    report("Processor time of pretraining", columns, rows)


if __name__ == "__main__":
    main()
