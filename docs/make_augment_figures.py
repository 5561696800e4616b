"""Draw the figures of augmentation.md: python docs/make_augment_figures.py. Takes some seconds.

Images are scikit-learn's palace and digits; the sound is made here: a gliding voice and two clicks.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from cycler import cycler
from gallery_style import OKABE_ITO
from matplotlib import pyplot as plt
from sklearn.datasets import load_diabetes, load_digits, load_sample_image
from sklearn.preprocessing import StandardScaler

from skreg import LogMel
from skreg.augmentation import (
    AudioAugment,
    ImageAugment,
    SignalAugment,
    TabularAugment,
)
from skreg.augmentation.mixing import torch_mix_batch
from skreg.engine.compiled import entry_points
from skreg.engine.plan import make_plan
from skreg.hyperparameters.settings import Settings

FIGURES = Path(__file__).parent / "figures"
RATE = 8000
STRENGTHS = {
    "horizontal_flip": 0.5,
    "vertical_flip": 0.5,
    "degrees": 30,
    "translate": 0.2,
    "scale": 0.4,
    "shear": 25,
    "elastic": 0.04,
    "perspective": 0.6,
    "blur_sigma": 4,
    "erase": 0.3,
    "brightness": 0.4,
    "contrast": 0.8,
}
SOUNDS = {
    "max_gain_db=12": {"max_gain_db": 12.0},
    "band_stop=1": {"band_stop": 1.0},
    "gain_db=12": {"gain_db": 12.0},
    "noise_snr_db=10": {"noise_snr_db": 10.0},
    "max_shift=0.3": {"max_shift": 0.3},
}
OFF = {"max_gain_db": 0, "gain_db": 0, "max_shift": 0}


def generator(seed=0):
    """A seeded generator."""
    return torch.Generator().manual_seed(seed)


def images():
    """A photograph under each strength: what goes in and six draws."""
    photo = load_sample_image("china.jpg")[90:390, 100:400][::2, ::2] / 255
    batch = torch.from_numpy(photo).permute(2, 0, 1)[None].repeat(6, 1, 1, 1)
    for name, value in STRENGTHS.items():
        off = dict.fromkeys(("degrees", "translate", "scale"), 0)
        out = ImageAugment(**{**off, name: value}).apply(batch, generator(1))
        figure, axes = plt.subplots(1, 7, figsize=(7.5, 1.35), layout="constrained")
        draw_row(axes, [batch[0], *out], f"{name}={value}")
        save(figure, f"image_{name}")


def digits():
    """Digits under the defaults, and with elastic distortion."""
    X, _ = load_digits(return_X_y=True)
    digit = torch.from_numpy(X[[3, 4]]).reshape(2, 1, 8, 8) / 16
    figure, axes = plt.subplots(4, 7, figsize=(9, 5.6), layout="constrained")
    cases = [(i, more) for i in (0, 1) for more in ({}, {"elastic": 0.05})]
    for row, (i, more) in zip(axes, cases, strict=True):
        out = ImageAugment(**more).apply(digit[i : i + 1].repeat(6, 1, 1, 1), generator(i))
        draw_row(row, [digit[i], *out], "elastic=0.05" if more else "defaults")
    save(figure, "digits")


def draw_row(axes, pictures, what):
    """What goes in, then what comes out."""
    for i, (ax, picture) in enumerate(zip(axes, pictures, strict=True)):
        picture = picture.permute(1, 2, 0).clamp(0, 1).numpy()
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.set_title("in" if i == 0 else (what if i == 1 else ""), fontsize=9, loc="left")


def signals():
    """A signal of two peaks: in, and four draws for each strength."""
    t = np.linspace(0, 1, 40)
    x = np.exp(-((t - 0.4) ** 2) / 0.01) + 0.5 * np.exp(-((t - 0.65) ** 2) / 0.004)
    batch = torch.from_numpy(x)[None].repeat(4, 1)
    off = {"shift": 0, "scale": 0}
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.6), sharey=True, layout="constrained")
    for ax, (name, value) in zip(
        axes, {"shift": 0.2, "scale": 0.4, "noise": 0.1}.items(), strict=True
    ):
        out = SignalAugment(**{**off, name: value}).apply(batch, generator(2))
        ax.plot(out.T, lw=1.2, label=["four draws", *[None] * 3])
        ax.plot(x, "k", lw=2, label="in")
        ax.set_title(f"{name}={value}", fontsize=10)
        ax.set_xlabel("sample")
    axes[0].set_ylabel("value")
    axes[2].legend(fontsize=9)
    save(figure, "signals")


def tables():
    """Two features of the diabetes data: in, swapped, disturbed."""
    X = StandardScaler().fit_transform(load_diabetes().data)[:, [2, 8]]
    figure, axes = plt.subplots(
        1, 3, figsize=(9, 3), sharex=True, sharey=True, layout="constrained"
    )
    kinds = {
        "in": TabularAugment(0),
        "swap_rate=0.3": TabularAugment(0.3),
        "gaussian_std=0.3": TabularAugment(0, 0.3),
    }
    for ax, (name, augment) in zip(axes, kinds.items(), strict=True):
        out = augment.apply(torch.from_numpy(X), generator()).numpy()
        changed = (out != X).any(axis=1)
        ax.plot(*out[~changed].T, "o", color="0.6", ms=2.5, label="as it was")
        ax.plot(*out[changed].T, "o", color="C0", ms=2.5, label="changed")
        ax.set_title(name, fontsize=10)
        ax.set_xlabel("body mass index, standardized")
    axes[0].set_ylabel("serum triglycerides,\nstandardized")
    axes[0].set_ylim(-4, 3.5)
    axes[1].legend(fontsize=9, loc="lower right", ncols=2, handletextpad=0)
    save(figure, "tables")


def clip():
    """A second of sound: a voice of five harmonics that glides up, and two clicks."""
    t = np.arange(RATE) / RATE
    phase = 2 * np.pi * (180 * t + 60 * t**2)
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * np.exp(-(((t - 0.5) / 0.25) ** 2))
    clicks = np.random.RandomState(0).randn(RATE) * (np.exp(-((t - 0.1) % 0.7) / 0.02))
    return torch.from_numpy(0.3 * voice + 0.1 * clicks)[None]


def sound():
    """Spectrograms of a clip before and after each strength, and the drawn band gains."""
    x = clip()
    front = LogMel(RATE, n_fft=256, hop=64, n_mels=None).build((1, RATE))[0]
    figure, axes = plt.subplots(
        2, 3, figsize=(9, 5), sharex=True, sharey=True, layout="constrained"
    )
    pairs = [("in", x)]
    pairs += [
        (name, AudioAugment(RATE, **{**OFF, **on}).apply(x, generator(seed)))
        for seed, (name, on) in zip((6, 2, 1, 6, 3), SOUNDS.items(), strict=True)
    ]
    for ax, (name, waveform) in zip(axes.flat, pairs, strict=True):
        level = 80 * (front(waveform)[0, 0].numpy() - 1)  # LogMel gives 0 for -80 dB, 1 for 0 dB
        extent = (0, 1, 0, RATE / 2000)
        drawn = ax.imshow(level, origin="lower", aspect="auto", extent=extent, vmin=-64, vmax=0)
        ax.set_title(name, fontsize=10)
    for ax in axes[1]:
        ax.set_xlabel("time, s")
    for ax in axes[:, 0]:
        ax.set_ylabel("frequency, kHz")
    figure.colorbar(drawn, ax=axes, label="level, dB of full scale")
    save(figure, "sound")


def bands():
    """The bands of 8 kHz sound, and gains as they are drawn."""
    from skreg.augmentation._draws import GeneratorDraws
    from skreg.augmentation.sound import band_weights

    f = np.fft.rfftfreq(RATE, 1 / RATE)
    figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), sharex=True, layout="constrained")
    axes[0].plot(f / 1000, band_weights(8, f, RATE).T, lw=1.4)
    axes[0].set(xlabel="frequency, kHz", ylabel="share of each band")
    axes[0].set_title("n_bands=8", fontsize=10)
    augment = AudioAugment(RATE, max_gain_db=12, band_stop=0.5)
    curves = augment.responses(4, RATE, GeneratorDraws(generator(3))).numpy()
    axes[1].plot(f / 1000, 20 * np.log10(np.maximum(curves, 1e-3)).T, lw=1.4)
    axes[1].axhline(0, color="0.6", lw=0.8, zorder=0)
    axes[1].set(ylim=(-40, 15), xlabel="frequency, kHz", ylabel="gain, dB")
    axes[1].set_title("max_gain_db=12, band_stop=0.5: four draws", fontsize=10)
    save(figure, "bands")


def mixtures():
    """Mixup and cutmix of digits: five batches each."""
    X, _ = load_digits(return_X_y=True)
    pair = torch.from_numpy(X[[3, 4]]) / 16
    y, ones = torch.eye(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    figure, axes = plt.subplots(2, 7, figsize=(9, 3.1), layout="constrained")
    for row, name in zip(axes, ("mixup_alpha", "cutmix_alpha"), strict=True):
        params = Settings(**{name: 1.0, "input_shape": (1, 8, 8)})
        plan = make_plan(params, batch_size=2, seed=1, monitor=0, keep_best=False)[0]
        pictures, titles = [*pair], ["one", "another"]
        for step in range(5):
            x, target, _ = torch_mix_batch(plan, step, entry_points.draws("float64"), pair, y, ones)
            pictures.append(x[0])
            titles.append(f"{target[0, 0]:.2f} of one")
        draw_row(row, [p.reshape(1, 8, 8) for p in pictures], "")
        for ax, title in zip(row, titles, strict=True):
            ax.set_title(title, fontsize=9, loc="left")
        row[0].set_ylabel(f"{name}=1", fontsize=9)
    save(figure, "mixing")


def save(figure, name):
    """Write a figure beside the pages."""
    figure.savefig(FIGURES / f"augment_{name}.png", dpi=180, metadata={"Software": None})
    plt.close(figure)


def main():
    """Draw all of them."""
    with mpl.rc_context({"backend": "agg", "axes.prop_cycle": cycler(color=OKABE_ITO)}):
        for draw in (images, digits, signals, tables, sound, bands, mixtures):
            draw()


if __name__ == "__main__":
    main()
