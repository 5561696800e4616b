"""Values of a table swapped between rows, and disturbed.

- Swap noise: each value is replaced, with probability `swap_rate`, by that of the same feature in
  another row of the batch, drawn evenly for each (as in the pretraining of Yoon et al. 2020,
  "VIME", where values come from the feature's own distribution).
- Gaussian noise of standard deviation `gaussian_std`.
"""

from __future__ import annotations

from numbers import Real

from skreg.augmentation._base import Augmentation
from skreg.compat.sklearn import Interval

SWAPS, PARTNERS, NOISE = range(3)  # numbers of the draws


class TabularAugment(Augmentation):
    """Values swapped between the rows of a batch, and Gaussian noise.

    Has a compiled form: an MLP keeps its speed. Columns that belong together, such as those of a
    one-hot encoding, are swapped one by one.

    Parameters
    ----------
    swap_rate : float, default=0.1
        Probability that a value is replaced by that of another row of the batch, in [0, 1].
    gaussian_std : float, default=0.0
        Standard deviation of Gaussian noise on every value, in units of X.

    See Also
    --------
    SignalAugment : Rows that are signals.

    References
    ----------
    .. [1] Yoon, Zhang, Jordon & van der Schaar (2020), "VIME: Extending the success of self- and
       semi-supervised learning to tabular domain".

    Examples
    --------
    >>> import torch
    >>> from skreg.augmentation import TabularAugment
    >>> rows = torch.tensor([[1.0, 10.0], [2.0, 20.0]])
    >>> TabularAugment(swap_rate=1.0).apply(rows, torch.Generator())
    tensor([[ 2., 20.],
            [ 1., 10.]])
    """

    _parameter_constraints = {
        "swap_rate": [Interval(Real, 0, 1, closed="both")],
        "gaussian_std": [Interval(Real, 0, None, closed="left")],
    }
    _kinds = {2: "(n_features,)"}
    _strengths = "swap_rate", "gaussian_std"

    def __init__(self, swap_rate: float = 0.1, gaussian_std: float = 0.0) -> None:
        self.swap_rate = swap_rate
        self.gaussian_std = gaussian_std

    def _change(self, batch, draws):
        import torch

        n, d = batch.shape
        if self.swap_rate and n > 1:
            swapped = draws.uniform(SWAPS, n, d) < self.swap_rate
            away = 1 + (draws.uniform(PARTNERS, n, d) * (n - 1)).long()
            rows = torch.arange(n, device=batch.device)[:, None] + away.clamp(max=n - 1)
            batch = torch.where(swapped, batch.gather(0, rows % n), batch)
        if self.gaussian_std:
            batch = batch + draws.normal(NOISE, self.gaussian_std, batch)
        return batch
