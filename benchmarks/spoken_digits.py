"""Free Spoken Digits, one speaker held out in turn: what random gains of frequency bands add.

Clips of 1 s at 8 kHz, scaled to one energy; the first takes of each digit by five speakers to train
on (all 50, or the number in SKREG_TAKES), all clips of the sixth to test. The gains act on the
waveforms, and a log-mel front inside the net sees the result. Paired differences over the six
speakers, each the mean of the seeds. Environment variables: SKREG_DATA, the folder with fsdd.npz;
SKREG_DEVICE, by default the CPU; SKREG_JOBS, how many processes, by default one.
"""

import warnings
from os import environ
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import Normalizer

from benchmarks._measure import one_thread, report
from skreg import ConvNetClassifier, LogMel, PadOrCrop
from skreg.augmentation import AudioAugment

RATE, TAKES, EPOCHS, SEEDS = 8000, int(environ.get("SKREG_TAKES", "50")), 30, range(200, 204)
DEVICE, JOBS = environ.get("SKREG_DEVICE", "cpu"), int(environ.get("SKREG_JOBS", "1"))


def gains(band_db):
    """Random gains of bands up to so many decibels."""
    return AudioAugment(RATE, max_gain_db=band_db, gain_db=0.0, max_shift=0.0)


SETTINGS = {
    "as they are": None,
    "band gains of up to 3 dB": gains(3.0),
    "band gains of up to 6 dB": gains(6.0),
}


def data():
    """Clips (n, 8000), digits, speakers, and numbers of the takes."""
    with np.load(Path(environ["SKREG_DATA"]) / "fsdd.npz") as z:
        wave, offsets = z["waveform"], z["offsets"]
        labels = z["label"].astype(int), z["speaker"], z["recording_index"]
    clips = PadOrCrop(RATE).fit_transform(np.split(wave, offsets[1:-1]))
    X = 0.1 * np.sqrt(RATE) * Normalizer().fit_transform(clips)  # a root mean square of 0.1
    return X.astype(np.float32), *labels


def accuracy(augment, speaker, seed, X, digit, speakers, take):
    """Accuracy on a speaker's clips after training on the others'."""
    train = (speakers != speaker) & (take < TAKES)
    front = LogMel(RATE, n_fft=256, hop=256, n_mels=24)
    length = {"max_iter": EPOCHS, "n_iter_no_change": EPOCHS, "batch_size": 50}
    net = ConvNetClassifier(front=front, augment=augment, random_state=seed, **length)
    net.set_params(device=DEVICE).fit(X[train], digit[train])
    return net.score(X[speakers == speaker], digit[speakers == speaker])


def accuracies(speaker, seed):
    """Accuracy in per cent under each setting, from the same seed."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    with one_thread():
        sets = data()
        return [100 * accuracy(augment, speaker, seed, *sets) for augment in SETTINGS.values()]


def main():
    """Print the table."""
    if "SKREG_DATA" not in environ:
        print("Set SKREG_DATA to the folder with fsdd.npz.")
        return
    names = np.unique(data()[2])
    jobs = (delayed(accuracies)(name, seed) for name in names for seed in SEEDS)
    found = np.reshape(Parallel(n_jobs=JOBS)(jobs), (len(names), len(SEEDS), -1)).mean(axis=1)
    rows = []
    for name, values in zip(SETTINGS, found.T, strict=True):
        gap = values - found[:, 0]
        print(name, dict(zip(names.tolist(), np.round(values, 1).tolist(), strict=True)))
        rows.append((name, _shown(values), _shown(gap) if gap.any() else ""))
    columns = ("training clips", "accuracy, %", "what it adds, paired")
    size = f"{TAKES} takes, {len(names)} speakers x {len(SEEDS)} seeds"
    title = f"Spoken digits of an unheard speaker, {size}"
    report(title, columns, rows)


def _shown(values):
    return f"{values.mean():.1f} +- {values.std(ddof=1) / np.sqrt(len(values)):.1f}"


if __name__ == "__main__":
    main()
