"""What does an augmentation cost, against the training step of a small net that it would feed?

The step is a plain torch step (forward, backward, Adam) of a conv net of two blocks of 32 and 64
channels on a batch of 64: images of 28 x 28, and log-mel spectrograms of clips of 1 s at 8 kHz. One
thread. `SignalAugment` and `TabularAugment` are compiled: there the whole fit of an MLP counts.
"""

import numpy as np
import torch
from torch import nn

from benchmarks._measure import interleaved, one_thread, report, verdict
from benchmarks._peers import fixed, standardized
from skreg import LogMel, MLPRegressor
from skreg.augmentation import AudioAugment, ImageAugment, SignalAugment, TabularAugment

N = 64
IMAGES = {
    "defaults": {},
    "all but elastic": {
        "horizontal_flip": 0.5,
        "shear": 10,
        "perspective": 0.2,
        "blur_sigma": 1.0,
        "erase": 0.2,
        "brightness": 0.1,
        "contrast": 0.1,
    },
    "elastic=0.05": {"elastic": 0.05},
}
SOUNDS = {"defaults": {}, "and all": {"band_stop": 0.5, "noise_snr_db": 20.0}}
TABLES = {
    "SignalAugment()": SignalAugment(),
    "SignalAugment(noise=0.1)": SignalAugment(noise=0.1),
    "TabularAugment()": TabularAugment(),
    "TabularAugment(gaussian_std=0.1)": TabularAugment(gaussian_std=0.1),
}


def conv_step(front, x):
    """A training step on images or, behind a front, on clips."""
    torch.manual_seed(0)
    blocks = []
    for n_in, n_out in ((1, 32), (32, 64)):
        conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        blocks += [conv, nn.BatchNorm2d(n_out), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(front, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    optimizer, y = torch.optim.Adam(net.parameters()), torch.arange(len(x)) % 10

    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()

    return step


def of_batches(kind, settings, front, x):
    """Rows of the table for one kind of batch."""
    generator = torch.Generator().manual_seed(0)
    cases = {name: kind(**setting) for name, setting in settings.items()}
    functions = {"step": conv_step(front, x)}
    functions |= {n: (lambda a=a: a.apply(x, generator)) for n, a in cases.items()}
    seconds = interleaved(functions, rounds=15)
    for name in cases:
        share = seconds[name] / seconds["step"]
        bar = verdict(share, 0.5)
        yield f"{kind.__name__}, {name}", seconds[name] * 1e3, seconds["step"] * 1e3, share, bar


def of_fits():
    """Rows of the table for the compiled forms: what they add to a fit, per step."""
    X, y = standardized(1000, 40)
    net = MLPRegressor(hidden_layer_sizes=(128, 128), alpha=0.0, **fixed(30))
    functions = {"plain": lambda: net.set_params(augment=None).fit(X, y)}
    functions |= {n: (lambda a=a: net.set_params(augment=a).fit(X, y)) for n, a in TABLES.items()}
    seconds = {name: s / 150 for name, s in interleaved(functions).items()}  # 5 steps an epoch
    for name in TABLES:
        added = seconds[name] - seconds["plain"]
        share = added / seconds["plain"]
        yield name, added * 1e3, seconds["plain"] * 1e3, share, verdict(share, 0.5)


def main():
    """Print the table."""
    rng = np.random.RandomState(0)
    images = torch.from_numpy(rng.rand(N, 1, 28, 28).astype(np.float32))
    clips = torch.from_numpy(rng.randn(N, 1, 8000).astype(np.float32))
    front = LogMel(8000, n_fft=256, n_mels=40).build((1, 8000))[0]
    sounds = {name: {"sample_rate": 8000, **setting} for name, setting in SOUNDS.items()}
    with one_thread():
        rows = [*of_batches(ImageAugment, IMAGES, nn.Identity(), images)]
        rows += of_batches(AudioAugment, sounds, front, clips)
        rows += of_fits()
    columns = "what", "ms a batch", "ms a step without", "share", "bar"
    report("Cost of augmentation (64 images of 28 x 28; 64 clips of 1 s)", columns, rows)


if __name__ == "__main__":
    main()
