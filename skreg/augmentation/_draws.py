"""Where an augmentation's random numbers come from: a torch generator, or skreg's streams.

Both have the same two methods. Draws have numbers, so that compiled code can ask for the same ones
by name; a generator, which only counts, does not look at them.
"""

import numpy as np

from skreg.random import words


class GeneratorDraws:
    """Draws of a `torch.Generator`, on its device."""

    def __init__(self, generator):
        self.generator = generator

    def uniform(self, number, *shape):
        """Uniform numbers in [0, 1), float64."""
        import torch

        device = self.generator.device
        return torch.rand(shape, generator=self.generator, dtype=torch.float64, device=device)

    def normal(self, number, std, like):
        """Normal numbers of standard deviation `std`, with the shape and dtype of `like`."""
        import torch

        g = self.generator
        return std * torch.randn(like.shape, generator=g, dtype=like.dtype, device=g.device)


class StreamDraws:
    """Draws of the stream of `role` at optimizer step `step`, as compiled code has them.

    Parameters
    ----------
    seed : uint64
    role, step : int
    add_normal : callable or None
        The compiled `skreg.random.counter.add_normal`; None draws normals on the device, other
        numbers of the same distribution.
    device : of torch
    """

    def __init__(self, seed, role, step, add_normal, device):
        import torch

        signed = int(np.array(seed, np.uint64).view(np.int64))
        # filled on the device: a copy to it would be waited for
        seed, step = (torch.full((1,), n, device=device) for n in (signed, int(step)))
        self.key = words.stream_keys(seed, role, step)
        self.add_normal = add_normal

    def uniform(self, number, *shape):
        """Uniform numbers in [0, 1), float64."""
        key = words.stream_keys(self.key, number, 0)
        return words.units(key, int(np.prod(shape))).view(shape)

    def normal(self, number, std, like):
        """Normal numbers of standard deviation `std`, with the shape and dtype of `like`."""
        import torch

        key = words.stream_keys(self.key, number, 0)
        if self.add_normal is None:
            return std * words.torch_normals(key, like.numel(), like.dtype).view(like.shape)
        noise = torch.zeros_like(like, memory_format=torch.contiguous_format)
        self.add_normal(key.numpy().view(np.uint64)[0], std, noise.view(-1).numpy())
        return noise
