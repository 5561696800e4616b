"""Free Spoken Digits, one speaker held out in turn: what random gains of frequency bands add.

Clips of 1 s at 8 kHz, ten takes of each digit by five speakers to train on, all clips of the sixth
to test; the gains act on the waveforms, and a log-mel front inside the net sees the result. Paired
differences over the six speakers, each the mean of the seeds. The folder with fsdd.npz comes from
the environment variable SKREG_DATA, the device from SKREG_DEVICE (by default the CPU).
"""

from os import environ
from pathlib import Path

import numpy as np

from benchmarks._measure import one_thread, report
from skreg import ConvNetClassifier, LogMel, PadOrCrop
from skreg.augmentation import AudioAugment

RATE, TAKES, EPOCHS, SEEDS = 8000, 10, 20, 1
GAINS = AudioAugment(RATE, max_gain_db=12.0, gain_db=0.0, max_shift=0.0)
DEVICE = environ.get("SKREG_DEVICE", "cpu")
SETTINGS = {
    "as they are": None,
    "band gains of up to 12 dB": GAINS,
}


def data():
    """Clips (n, 8000), digits, speakers, and numbers of the takes."""
    with np.load(Path(environ["SKREG_DATA"]) / "fsdd.npz") as z:
        wave, offsets = z["waveform"], z["offsets"]
        labels = z["label"].astype(int), z["speaker"], z["recording_index"]
    scale = np.iinfo(np.int16).max if wave.dtype.kind == "i" else 1
    X = PadOrCrop(RATE).fit_transform(np.split(wave, offsets[1:-1])) / np.float32(scale)
    return X, *labels


def accuracy(augment, speaker, seed, X, digit, speakers, take):
    """Accuracy on a speaker's clips after training on the others'."""
    train = (speakers != speaker) & (take < TAKES)
    front = LogMel(RATE, n_fft=256, hop=256, n_mels=24)
    length = {"max_iter": EPOCHS, "n_iter_no_change": EPOCHS, "batch_size": 50}
    net = ConvNetClassifier(front=front, augment=augment, random_state=seed, device=DEVICE, **length)
    net.fit(X[train], digit[train])
    return net.score(X[speakers == speaker], digit[speakers == speaker])


@one_thread()
def main():
    """Print the table."""
    if "SKREG_DATA" not in environ:
        print("Set SKREG_DATA to the folder with fsdd.npz.")
        return
    sets = data()
    found = []  # speakers by settings
    for speaker in np.unique(sets[2]):
        seeds = [
            [100 * accuracy(augment, speaker, seed, *sets) for augment in SETTINGS.values()]
            for seed in range(SEEDS)
        ]
        found.append(np.mean(seeds, axis=0))
        print(f"speaker {speaker}: {np.round(found[-1], 1)}", flush=True)
    found, rows = np.array(found), []
    for name, values in zip(SETTINGS, found.T, strict=True):
        gap = values - found[:, 0]
        rows.append((name, _shown(values), _shown(gap) if gap.any() else ""))
    columns = ("training clips", "accuracy, %", "what it adds, paired")
    report(f"Spoken digits of an unheard speaker, {SEEDS} seeds", columns, rows)


def _shown(values):
    return f"{values.mean():.1f} +- {values.std(ddof=1) / np.sqrt(len(values)):.1f}"


if __name__ == "__main__":
    main()
