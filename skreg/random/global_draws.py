"""Torch's global generators, lent to a user's module and put back as they were.

A module that draws by itself (`torch.nn.Dropout`, initialisation) draws from the generators of the
process. Here they are seeded for the length of a block and then restored, one block at a time.
"""

import threading
from contextlib import contextmanager

import torch

_lock = threading.RLock()


@contextmanager
def seeded(seed, device="cpu"):
    """Let a block draw from torch's global generators, seeded, and restore them.

    Parameters
    ----------
    seed : int
        Of 64 bits.
    device : str or torch.device
        Where it draws, beside the CPU.
    """
    device = torch.device(device)
    on_gpu = device.type == "cuda"
    devices = [device] if on_gpu else []
    with _lock, torch.random.fork_rng(devices=devices):
        # torch.manual_seed would reach the generators of all devices
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            index = torch.cuda.current_device() if device.index is None else device.index
            torch.cuda.default_generators[index].manual_seed(seed)
        yield
