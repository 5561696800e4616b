"""Images flipped, warped, blurred, erased, made brighter: image by image.

The geometry is kornia's (its matrices and filters, without its random generators, which are
torch's global one). All that moves pixels but the flips is one map, and so one interpolation: the
colour of pixel p comes from ``inv(A) p + d(p)``, A the affine and perspective map, d a smooth
random displacement (Simard, Steinkraus & Platt 2003).
"""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from skreg.augmentation._base import Augmentation
from skreg.compat.sklearn import Interval, StrOptions

if TYPE_CHECKING:
    from torch import Tensor

_SHARE = [Interval(Real, 0, 1, closed="both")]
_BELOW_1 = [Interval(Real, 0, 1, closed="left")]
_AT_LEAST_0 = [Interval(Real, 0, None, closed="left")]
_SMOOTHNESS = 0.1  # of the elastic displacement: the Gaussian's width, as a share of the side
# numbers of the draws
_FLIPS, _MOVES, _CORNERS, _FIELD, _SIGMA, _BOX, _LIGHT = range(7)


def _kornia():
    try:
        import kornia
    except ImportError as error:
        raise ImportError(
            "ImageAugment stands on kornia, which is not installed: pip install 'skreg[image]'"
        ) from error
    return kornia


class ImageAugment(Augmentation):
    """Random changes of images, image by image; every strength is off at 0.

    Runs in the torch engine and needs kornia (``pip install 'skreg[image]'``).

    Parameters
    ----------
    horizontal_flip : float, default=0.0
        Probability of a flip left to right.
    vertical_flip : float, default=0.0
        Probability of a flip upside down.
    degrees : float, default=10.0
        Rotation by an angle in ``[-degrees, degrees]``.
    translate : float, default=0.05
        Shift by at most this share of width and height, in [0, 1]. Without another warp it is by
        whole pixels, where it can be one, as shifts in between blur.
    scale : float, default=0.1
        Enlargement by a factor in ``[1 - scale, 1 + scale]``; in [0, 1).
    shear : float, default=0.0
        Shear by angles in ``[-shear, shear]`` degrees along either axis; below 90.
    elastic : float, default=0.0
        Root mean square of a smooth random displacement, as a share of width and height.
    perspective : float, default=0.0
        Each corner moves inwards by at most this share of half the width and height; in [0, 1).
    blur_sigma : float, default=0.0
        Gaussian blur of a width in ``[0, blur_sigma]`` pixels.
    erase : float, default=0.0
        Rectangle of at most this share of the area that is set to 0, its sides in a ratio between
        1/2 and 2; in [0, 1].
    brightness : float, default=0.0
        A number in ``[-brightness, brightness]`` is added, in units of X.
    contrast : float, default=0.0
        Differences from the image's mean are multiplied by a factor in
        ``[1 - contrast, 1 + contrast]``; in [0, 1].
    padding : {"zeros", "border", "reflection"}, default="zeros"
        What a warp sees beyond the edges.
    input_shape : tuple (C, H, W), default=None
        How 2-D rows are laid out; not needed where the net takes images.

    Raises
    ------
    ImportError
        Where kornia is not installed.

    See Also
    --------
    Compose : Augmentations one after another.

    References
    ----------
    .. [1] Simard, Steinkraus & Platt (2003), "Best practices for convolutional neural networks
       applied to visual document analysis".
    .. [2] DeVries & Taylor (2017), "Improved regularization of convolutional neural networks with
       cutout".

    Examples
    --------
    >>> import torch
    >>> from skreg.augmentation import ImageAugment
    >>> off = dict.fromkeys(("degrees", "translate", "scale"), 0)
    >>> flip = ImageAugment(horizontal_flip=1.0, **off)
    >>> flip.apply(torch.arange(4.0).reshape(1, 1, 2, 2), torch.Generator())
    tensor([[[[1., 0.],
              [3., 2.]]]])
    """

    _parameter_constraints = {
        "horizontal_flip": _SHARE,
        "vertical_flip": _SHARE,
        "degrees": _AT_LEAST_0,
        "translate": _SHARE,
        "scale": _BELOW_1,
        "shear": [Interval(Real, 0, 90, closed="left")],
        "elastic": _AT_LEAST_0,
        "perspective": _BELOW_1,
        "blur_sigma": _AT_LEAST_0,
        "erase": _SHARE,
        "brightness": _AT_LEAST_0,
        "contrast": _SHARE,
        "padding": [StrOptions({"zeros", "border", "reflection"})],
        "input_shape": [tuple, list, None],
    }
    _kinds = {4: "(C, H, W)"}
    _strengths = tuple(_parameter_constraints)[:-2]  # all but padding and input_shape

    def __init__(
        self,
        horizontal_flip: float = 0.0,
        vertical_flip: float = 0.0,
        degrees: float = 10.0,
        translate: float = 0.05,
        scale: float = 0.1,
        shear: float = 0.0,
        elastic: float = 0.0,
        perspective: float = 0.0,
        blur_sigma: float = 0.0,
        erase: float = 0.0,
        brightness: float = 0.0,
        contrast: float = 0.0,
        padding: Literal["zeros", "border", "reflection"] = "zeros",
        input_shape: tuple[int, int, int] | None = None,
    ) -> None:
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.degrees = degrees
        self.translate = translate
        self.scale = scale
        self.shear = shear
        self.elastic = elastic
        self.perspective = perspective
        self.blur_sigma = blur_sigma
        self.erase = erase
        self.brightness = brightness
        self.contrast = contrast
        self.padding = padding
        self.input_shape = input_shape

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise where parameters are not valid, do not fit rows of a shape, or kornia is missing.

        Parameters
        ----------
        shape : tuple of int
            Of one row: ``(n_features,)`` or ``(C, H, W)``.

        Raises
        ------
        ValueError
            Naming the parameter, its value, and the remedy.
        ImportError
            Where kornia is not installed.
        """
        super().check(shape)
        if not self.is_identity:
            _kornia()

    def _change(self, batch, draws):
        out = _flip(batch, self.horizontal_flip, self.vertical_flip, draws)
        if self.translate or self._warps:
            height, width = batch.shape[2:]
            grid = _grid(self._inverse_maps(len(batch), height, width, draws), height, width)
            if self.elastic:
                grid = grid + displacements(self.elastic, len(batch), height, width, draws)
            out = _sample(out, grid, self.padding)
        if self.blur_sigma:
            out = _blur(out, self.blur_sigma, draws)
        if self.erase:
            out = _erase(out, self.erase, draws)
        if self.brightness or self.contrast:
            out = _relight(out, self.brightness, self.contrast, draws)
        return out

    @property
    def _warps(self):
        return any((self.degrees, self.scale, self.shear, self.perspective, self.elastic))

    def _shifts(self, even, size):
        """Shifts in pixels (x, y), shape (n, 2), from even draws in [-1, 1)."""
        most = self.translate * size
        if self._warps or most.min() < 1:
            return most * even
        most = most.floor()
        return ((2 * most + 1) * (even + 1) / 2).floor() - most

    def _inverse_maps(self, n, height, width, draws):
        """From pixels (x, y, 1) of what comes out to those of what goes in: float64 (n, 3, 3)."""
        import torch

        return torch.linalg.inv(self.maps(n, height, width, draws))

    def maps(self, n: int, height: int, width: int, draws: Any) -> Tensor:
        """Maps from pixels (x, y, 1) of what goes in to those of what comes out.

        Parameters
        ----------
        n : int
            Images.
        height, width : int
            Their pixels.
        draws : object
            With `uniform`, as `skreg.augmentation._draws` has it.

        Returns
        -------
        maps : torch.Tensor of shape (n, 3, 3)
            Homographies.
        """
        geometry = _kornia().geometry.transform
        even = 2 * draws.uniform(_MOVES, n, 6) - 1  # in [-1, 1)
        size = even.new_tensor([width, height])
        center = ((size - 1) / 2).expand(n, 2)
        affine = geometry.get_affine_matrix2d(
            self._shifts(even[:, :2], size),
            center,
            (1 + self.scale * even[:, 2:3]).expand(n, 2),
            self.degrees * even[:, 3],
            *(math.radians(self.shear) * even[:, 4:].T),
        )
        if not self.perspective:
            return affine
        signs = even.new_tensor([[0, 0], [1, 0], [1, 1], [0, 1]])
        corners = (signs * (size - 1)).expand(n, 4, 2)
        inwards = (1 - 2 * signs) * self.perspective * (size - 1) / 2
        moved = corners + inwards * draws.uniform(_CORNERS, n, 4, 2)
        return affine @ geometry.get_perspective_transform(corners, moved)


def _flip(batch, horizontal, vertical, draws):
    import torch

    if not horizontal and not vertical:
        return batch
    u = draws.uniform(_FLIPS, len(batch), 2)[:, :, None, None, None]
    batch = torch.where(u[:, 0] < horizontal, batch.flip(3), batch)
    return torch.where(u[:, 1] < vertical, batch.flip(2), batch)


def _grid(inverse, height, width):
    """Where each pixel comes from, as `grid_sample` has it: (n, height, width, 2) in [-1, 1]."""
    import torch

    def axis(length):
        return torch.arange(length, dtype=inverse.dtype, device=inverse.device)

    y, x = torch.meshgrid(axis(height), axis(width), indexing="ij")
    places = torch.stack([x, y, torch.ones_like(x)], dim=-1).reshape(-1, 3)
    # one product of matrices: many of 3 x 3 take torch several times as long
    at = (inverse.reshape(-1, 3) @ places.T).reshape(len(inverse), 3, height, width)
    size = inverse.new_tensor([max(width - 1, 1), max(height - 1, 1)])[:, None, None]
    return (2 * at[:, :2] / at[:, 2:] / size - 1).permute(0, 2, 3, 1)


def displacements(strength, n, height, width, draws):
    """Smooth random displacements of root mean square `strength`, (n, height, width, 2).

    In units of `grid_sample`, in which a side is 2 long: even noise under a Gaussian blur.
    """
    filters = _kornia().filters
    even = 2 * draws.uniform(_FIELD, n, 2, height, width) - 1
    sigma = max(_SMOOTHNESS * min(height, width), 0.5)
    size = 2 * min(math.ceil(3 * sigma), min(height, width) // 2) + 1
    smooth = filters.gaussian_blur2d(even, (size, size), (sigma, sigma), border_type="constant")
    rms = 1 / math.sqrt(3) / (2 * math.sqrt(math.pi) * sigma)  # of white noise, blurred
    return (2 * strength / rms * smooth).permute(0, 2, 3, 1)


def _sample(batch, grid, padding):
    from torch.nn.functional import grid_sample

    return grid_sample(batch, grid.to(batch.dtype), padding_mode=padding, align_corners=True)


def _blur(batch, most, draws):
    sigma = (most * draws.uniform(_SIGMA, len(batch), 1)).clamp(min=1e-3).to(batch.dtype)
    half = min(math.ceil(3 * most), min(batch.shape[2:]) - 1)
    size = (2 * half + 1, 2 * half + 1)
    return _kornia().filters.gaussian_blur2d(batch, size, sigma.expand(-1, 2))


def _erase(batch, most, draws):
    """A rectangle of each image set to 0; it lies inside, and keeps its area where it can."""
    import torch

    n, _, height, width = batch.shape
    u = draws.uniform(_BOX, n, 4)
    area, ratio = most * u[:, 0] * height * width, 2 ** (2 * u[:, 1] - 1)
    inside = []
    for side, wanted, v in ((height, area * ratio, u[:, 2]), (width, area / ratio, u[:, 3])):
        length = wanted.sqrt().round().clamp(max=side)
        start = (v * (side - length + 1)).floor()[:, None]
        places = torch.arange(side, device=batch.device)
        inside.append((places >= start) & (places < start + length[:, None]))
    return batch.masked_fill((inside[0][:, :, None] & inside[1][:, None])[:, None], 0)


def _relight(batch, brightness, contrast, draws):
    u = (2 * draws.uniform(_LIGHT, len(batch), 2) - 1).to(batch.dtype)[:, :, None, None, None]
    mean = batch.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (1 + contrast * u[:, 1]) * (batch - mean) + brightness * u[:, 0]
