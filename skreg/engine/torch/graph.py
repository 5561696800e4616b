"""A stack's step as a CUDA graph: recorded once, then sent to the GPU as a whole.

A step of small nets is some hundred kernels of microseconds; sent one by one, sending them is what
takes the time. The graph reads its line from a sheet of its own, by a number that lies on the
device and goes up by itself, so that a step is one call of the host.
"""

import torch


class RecordedStep:
    """Epochs of a stack by a CUDA graph of its step.

    Parameters
    ----------
    step : skreg.engine.torch.step.Step
        Has been taken at least once (libraries set themselves up then).
    sheet : skreg.engine.torch.inputs.Sheet
        Those to come have its shapes.
    """

    def __init__(self, step, sheet):
        self.sheet = type(sheet)(*(_copies(part) for part in sheet))
        device = sheet.lines.rows.device
        self.number = torch.zeros(1, dtype=torch.int64, device=device)
        self.total = torch.zeros(sheet.lines.rows.shape[1], dtype=torch.float64, device=device)
        self.graph = torch.cuda.CUDAGraph()
        # other threads may use the GPU meanwhile, each on its own
        with torch.cuda.graph(self.graph, capture_error_mode="thread_local"):
            self.total += step.take(self.sheet.line(self.number), self.sheet.constants)
            self.number += 1

    def epoch(self, sheet):
        """Take all steps of a sheet; the sums of the losses of all nets."""
        for mine, new in zip(self.sheet.tensors(), sheet.tensors(), strict=True):
            mine.copy_(new)
        self.number.zero_()
        self.total.zero_()
        for _ in range(sheet.n_steps):
            self.graph.replay()
        return self.total


def _copies(part):
    return type(part)(*(t if t is None else t.clone() for t in part))
