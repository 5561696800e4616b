"""
Augmentation of images and of sound
===================================

What leaves the label as it is - a digit a little turned, a word through another microphone - can be
done to the training rows, anew in every batch. It says more about the problem than any penalty
does, and it happens in training alone: predictions see rows as they are.
"""

import numpy as np
import torch
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits, load_sample_image
from sklearn.model_selection import train_test_split

from skreg import LogMel, MLPClassifier
from skreg.augmentation import AudioAugment, ImageAugment

# %%
# What goes in, and what comes out
# --------------------------------
#
# An object with one parameter for each change; 0 is off. Here each is drawn three times, alone and
# at a strength that shows.

OFF = {"degrees": 0.0, "translate": 0.0, "scale": 0.0}
CHANGES = [
    {"horizontal_flip": 1.0},
    {"degrees": 30.0},
    {"translate": 0.2},
    {"scale": 0.4},
    {"shear": 25.0},
    {"perspective": 0.6},
    {"elastic": 0.04},
    {"blur_sigma": 5.0},
    {"erase": 0.2},
    {"brightness": 0.4},
    {"contrast": 0.8},
]

photo = load_sample_image("china.jpg")[40:360:3, 210:530:3] / 255
image = torch.from_numpy(photo.astype(np.float32)).permute(2, 0, 1)[None]
generator = torch.Generator().manual_seed(0)
figure, axes = plt.subplots(6, 6, figsize=(8.6, 9.4), layout="constrained")
for ax in axes.flat:
    ax.set_axis_off()
axes[0, 0].imshow(photo)
axes[0, 0].set_title("as it is", fontsize=10)
for i, change in enumerate(CHANGES, 1):
    drawn = ImageAugment(**{**OFF, **change}).apply(image.repeat(3, 1, 1, 1), generator)
    for j, one in enumerate(drawn.permute(0, 2, 3, 1).clamp(0, 1).numpy()):
        axes[i // 2, 3 * (i % 2) + j].imshow(one)
    ((name, strength),) = change.items()
    axes[i // 2, 3 * (i % 2) + 1].set_title(f"{name} = {strength:g}", fontsize=10)

# %%
# What it adds
# ------------
#
# Three labelled digits of each kind for a net that knows nothing of images. Moved about a little,
# they are harder to learn by heart; moved about much, they are no longer the digits that will
# come. How far is one parameter more to search.

X, y = load_digits(return_X_y=True)
strengths = [0.0, 0.05, 0.1, 0.15, 0.2]
accuracy = np.empty((len(strengths), 6))
for draw in range(6):
    X_train, X_test, y_train, y_test = train_test_split(
        X / 16, y, train_size=30, stratify=y, random_state=draw
    )
    for i, strength in enumerate(strengths):
        moved = {"translate": strength, "scale": strength, "degrees": 150 * strength}
        net = MLPClassifier(
            augment=ImageAugment(**moved, input_shape=(1, 8, 8)),
            learning_rate="cosine",
            learning_rate_init=0.005,
            n_iter_no_change=np.inf,
            random_state=draw,
        )
        accuracy[i, draw] = 100 * net.fit(X_train, y_train).score(X_test, y_test)

figure, ax = plt.subplots(figsize=(7, 3.9), layout="constrained")
ax.plot(strengths, accuracy, "o", color="0.6", ms=4, label=["a draw of 30 digits", *[None] * 5])
ax.plot(strengths, accuracy.mean(axis=1), "s-", lw=1.8, ms=6, label="mean")
ax.set_xticks(strengths, [f"{s:.0%}\n{150 * s:g}°" for s in strengths])
ax.set_xlabel("largest shift and change of size; largest turn")
ax.set_ylabel("test accuracy, %")
ax.legend()

# %%
# Sound
# -----
#
# Gains of frequency bands act on waveforms; what the net sees comes after, from a front inside it.
# At the top a tone of four harmonics that slides, as :class:`~skreg.LogMel` shows it; below, the
# same clip in three batches.

RATE = 8000
time = np.arange(RATE) / RATE
phase = 2 * np.pi * np.cumsum(300 + 250 * time) / RATE
clip = sum(np.sin(k * phase) / k for k in range(1, 5)) * np.hanning(RATE) / 4
noise = 0.01 * np.random.RandomState(0).normal(size=RATE)
clip = torch.from_numpy((clip + noise).astype(np.float32))[None, None]
augment = AudioAugment(RATE, max_gain_db=24.0, band_stop=0.5, max_shift=0.2)
front, _ = LogMel(RATE, n_fft=512, n_mels=48).build((1, RATE))
with torch.no_grad():
    seen = front(torch.cat([clip, augment.apply(clip.repeat(3, 1, 1), generator)]))
level = 80 * (seen[:, 0].numpy() - 1)  # LogMel gives 0 for -80 dB, 1 for 0 dB
figure, axes = plt.subplots(4, 1, figsize=(7, 7), sharex=True, layout="constrained")
for ax, spectrogram, name in zip(
    axes, level, ["as it is", *[f"augmented, batch {i}" for i in (1, 2, 3)]], strict=True
):
    look = {"origin": "lower", "aspect": "auto", "extent": (0, 1, 0, 48), "vmin": -80, "vmax": 0}
    drawn = ax.imshow(spectrogram, **look)
    ax.set_ylabel("mel band")
    ax.set_title(name, fontsize=10)
axes[-1].set_xlabel("time, s")
figure.colorbar(drawn, ax=axes, label="level, dB of full scale")
