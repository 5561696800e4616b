"""A stack's step as a CUDA graph: recorded once, then sent to the GPU as a whole.

A step of small nets is some hundred kernels of microseconds; sent one by one, sending them is what
takes the time. The graph reads its step from inputs of its own, by a number that lies on the
device and goes up by itself, so that a step is one call of the host.
"""

import torch


class RecordedStep:
    """Epochs of a stack by a CUDA graph of its step.

    Parameters
    ----------
    step : skreg.engine.torch.step.Step
        Has been taken at least once (libraries set themselves up then).
    inputs : skreg.engine.torch.inputs.EpochInputs
        Those to come have its shapes.
    """

    def __init__(self, step, inputs):
        self.inputs = type(inputs)(*(_copies(part) for part in inputs))
        device = inputs.steps.rows.device
        self.number = torch.zeros(1, dtype=torch.int64, device=device)
        self.total = torch.zeros(inputs.steps.rows.shape[1], dtype=torch.float64, device=device)
        self.graph = torch.cuda.CUDAGraph()
        # other threads may use the GPU meanwhile, each on its own
        with torch.cuda.graph(self.graph, capture_error_mode="thread_local"):
            self.total += step.take(self.inputs.step(self.number), self.inputs.constants)
            self.number += 1

    def epoch(self, inputs):
        """Take all steps of an epoch; the sums of the losses of all nets."""
        for mine, new in zip(self.inputs.tensors(), inputs.tensors(), strict=True):
            mine.copy_(new)
        self.number.zero_()
        self.total.zero_()
        for _ in range(inputs.n_steps):
            self.graph.replay()
        return self.total


def _copies(part):
    return type(part)(*(t if t is None else t.clone() for t in part))
