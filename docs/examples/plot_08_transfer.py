"""
Transfer: starting from another net
===================================

A net regularizes by where it starts, too. Here the start is a net that knows a coarser question:
not which digit an image shows, but whether it is 0 or 1, 2 or 3, and so on. It has seen all
training rows; of the digits themselves only few rows have labels.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skreg import MLPClassifier

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X / 16, y, test_size=500, stratify=y, random_state=0)
fixed = {"hidden_layer_sizes": (100, 100), "n_iter_no_change": np.inf}

coarse = MLPClassifier(**fixed, dropout=0.2, input_dropout=0.1, random_state=0).fit(X, y // 2)
source = FrozenEstimator(coarse)
untrained = MLPClassifier(**fixed, max_iter=1, learning_rate_init=1e-30, random_state=0)
untrained.fit(X, y // 2)

# %%
# ``pretrained`` takes the layers over, all but the last. They can train on with the rest, stay
# frozen, or stay frozen at first and then train slowly. Random layers that stay as they are show
# that it is not the freezing alone.

settings = {
    "plain": {},
    "all layers trained": {"pretrained": source},
    "frozen": {"pretrained": source, "n_frozen_layers": "all"},
    "frozen for 100 epochs, then all": {
        "pretrained": source,
        "n_frozen_layers": "all",
        "freeze_epochs": 100,
        "pretrained_lr_mult": 0.1,
    },
    "random layers, frozen": {
        "pretrained": FrozenEstimator(untrained),
        "n_frozen_layers": "all",
    },
}


def accuracy(n, seed, params):
    """Percent of the test rows that a net gets right after n labels, each digit's the same."""
    few, _ = train_test_split(np.arange(len(y)), train_size=n, stratify=y, random_state=seed)
    net = MLPClassifier(**fixed, learning_rate_init=0.005, random_state=seed, **params)
    return 100 * net.fit(X[few], y[few]).score(X_test, y_test)


counts, seeds = [50, 100, 200, 400], range(5)
figure, ax = plt.subplots(figsize=(7.4, 4.4), layout="constrained")
markers = ["o", "s", "^", "D", "v"]
for (name, params), marker in zip(settings.items(), markers, strict=True):
    scores = np.array([[accuracy(n, seed, params) for n in counts] for seed in seeds])
    error = scores.std(axis=0, ddof=1) / np.sqrt(len(seeds))
    ax.errorbar(counts, scores.mean(axis=0), error, marker=marker, capsize=3, label=name)
    print(f"{name:32}", *(f"{score:6.1f}" for score in scores.mean(axis=0)))
ax.set(xscale="log", xlabel="rows with labels", ylabel="accuracy on 500 test rows, %")
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.legend(fontsize=9)

# %%
# Means over five draws of the labels and their standard errors. The fewer labels, the more the
# start is worth. How the layers are then trained matters, too: frozen at first, then trained
# slowly, they serve best, and for good frozen only while labels are few. Not every pair of tasks
# helps. So in a search ``pretrained`` stands beside ``None``::
#
#     grid = [
#         {"pretrained": [None]},
#         {"pretrained": [source], "n_frozen_layers": [0, "all"], "freeze_epochs": [None, 100]},
#     ]
