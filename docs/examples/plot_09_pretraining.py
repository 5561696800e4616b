"""
Pretraining on rows without labels
==================================

What rows have in common can be learnt without labels: from a corrupted row find the clean one
(``MaskedPretrainer``), or tell two views of one row from those of others
(``ContrastivePretrainer``). The layers that come of it then serve a net with few labels.
"""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import StandardScaler

from skreg import ContrastivePretrainer, MaskedPretrainer, MLPClassifier

X, y = load_digits(return_X_y=True)
rows = np.random.RandomState(0).permutation(len(y))
test, pool = rows[:500], rows[500:]
scaler = StandardScaler().fit(X[pool])
X = scaler.transform(X)
schedule = {"learning_rate": "cosine", "batch_size": 50, "n_iter_no_change": np.inf}
masked = MaskedPretrainer((256,), max_iter=20, learning_rate_init=0.01, **schedule)
contrastive = ContrastivePretrainer(
    (256,), corruption_rate=0.3, max_iter=20, learning_rate_init=0.02, **schedule
)

# %%
# The pretext task
# ----------------
#
# Of test rows three pixels in ten take the value of another image's. What the pretrained net
# makes of them is the output of its last layer, which is then thrown away.

masked.set_params(random_state=0).fit(X[pool])
rng = np.random.RandomState(1)
clean = X[test[:8]]
hit = rng.rand(*clean.shape) < masked.corruption_rate
others = X[rng.choice(pool, clean.shape), np.arange(X.shape[1])]
corrupted = np.where(hit, others, clean)
found = masked.transform(corrupted) @ masked.coefs_[-1] + masked.intercepts_[-1]

figure, axes = plt.subplots(3, 8, figsize=(8, 3.3), layout="constrained")
for line, images, name in zip(
    axes, [clean, corrupted, found], ["clean", "spoilt", "found"], strict=True
):
    for ax, image in zip(line, scaler.inverse_transform(images), strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(name)

# %%
# What it is worth
# ----------------
#
# Both pretrainers see 1,297 rows, the nets the labels of 50 to 200 of them. With
# ``n_frozen_layers="all"`` the layers stay as they are, a linear probe; without, all train.


def few_of(n):
    """The first rows of each digit."""
    return np.concatenate([pool[y[pool] == c][: n // 10] for c in range(10)])


def accuracy(n, seed, pretrainer=None, **params):
    """Percent of the test rows that a net gets right after n labels."""
    few = few_of(n)
    ready = None if pretrainer is None else FrozenEstimator(pretrainer)
    params = {"max_iter": 1000, **params}
    net = MLPClassifier((256,), pretrained=ready, random_state=seed, **params)
    return 100 * net.fit(X[few], y[few]).score(X[test], y[test])


counts, seeds = [50, 100, 200], range(4)
probe = {"n_frozen_layers": "all", "solver": "lbfgs", "alpha": 0.01}
lines = {
    "plain": (None, {}, "o-"),
    "masked, frozen": (masked, probe, "s-"),
    "masked, all trained": (masked, {}, "s--"),
    "contrastive, frozen": (contrastive, probe, "^-"),
    "contrastive, all trained": (contrastive, {}, "^--"),
}
scores = {name: np.empty((len(seeds), len(counts))) for name in lines}
for seed in seeds:
    for pretrainer in (masked, contrastive):
        pretrainer.set_params(random_state=seed).fit(X[pool])
    for name, (pretrainer, params, _) in lines.items():
        scores[name][seed] = [accuracy(n, seed, pretrainer, **params) for n in counts]

figure, ax = plt.subplots(figsize=(7.4, 4.4), layout="constrained")
colours = ["C0", "C1", "C1", "C2", "C2"]
for (name, (*_, style)), colour in zip(lines.items(), colours, strict=True):
    error = scores[name].std(axis=0, ddof=1) / np.sqrt(len(seeds))
    look = {"fmt": style, "color": colour, "capsize": 3}
    ax.errorbar(counts, scores[name].mean(axis=0), error, label=name, **look)
    print(f"{name:26}", *(f"{score:6.1f}" for score in scores[name].mean(axis=0)))
ax.set(xscale="log", xlabel="rows with labels", ylabel="accuracy on 500 test rows, %")
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.legend(fontsize=9)

# %%
# Means over four seeds of the nets and their standard errors, one split. How the layers are used
# counts for more than the pretext task: trained from the first step with few labels they lose
# what they had learnt. And pretraining can also harm, so in a search ``pretrained`` stands beside
# ``None``.
