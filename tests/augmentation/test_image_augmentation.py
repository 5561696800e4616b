"""Augmentations of images, against kornia and numpy."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from skreg.augmentation import (
    ImageAugment,
)
from skreg.augmentation import images as image_module
from skreg.augmentation._draws import GeneratorDraws
from tests._augmentations import batch, generator


def same_draws():
    return GeneratorDraws(generator(5))


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("perspective", [0.0, 0.4])
def test_the_warp_is_kornias(perspective, padding):
    import kornia

    augment = ImageAugment(20, 0, 25, 0.2, 0.3, 10).set_params(
        horizontal_flip=0, perspective=perspective, padding=padding
    )
    x = batch((3, 9, 13), dtype=torch.float64)
    maps = augment.maps(len(x), 9, 13, same_draws())
    expected = kornia.geometry.warp_perspective(x, maps, (9, 13), padding_mode=padding)
    assert_allclose(augment.apply_drawn(x, same_draws()), expected, atol=1e-9)


def test_angles_shifts_and_sizes_stay_within_their_strengths():
    augment = ImageAugment(degrees=30, translate=0.1, scale=0.2)
    maps = augment.maps(4000, 11, 21, same_draws())
    size = torch.linalg.det(maps[:, :2, :2]).sqrt()
    angle = torch.rad2deg(torch.atan2(maps[:, 1, 0], maps[:, 0, 0]))
    center = torch.tensor([10.0, 5.0, 1.0], dtype=torch.float64)
    moved = (maps @ center)[:, :2] - center[:2]
    for values, most in [
        (angle, 30),
        (size - 1, 0.2),
        (moved[:, 0], 0.1 * 21),
        (moved[:, 1], 0.1 * 11),
    ]:
        assert stats.kstest(values.numpy(), stats.uniform(-most, 2 * most).cdf).pvalue > 1e-4


def test_a_shift_alone_is_by_whole_pixels_each_as_likely():
    augment = ImageAugment(degrees=0, translate=0.2, scale=0)
    moved = augment.maps(3000, 11, 21, same_draws())[:, :2, 2]
    for values, most in ((moved[:, 0], 4), (moved[:, 1], 2)):
        places, counts = np.unique(values.numpy(), return_counts=True)
        assert_array_equal(places, np.arange(-most, most + 1))
        assert stats.chisquare(counts).pvalue > 1e-4
    x = batch((1, 11, 21), dtype=torch.float64)
    out = augment.apply_drawn(x, same_draws())
    maps = augment.maps(len(x), 11, 21, same_draws())
    for before, after, (dx, dy) in zip(x, out, maps[:, :2, 2].int().tolist(), strict=True):
        whole = np.roll(np.pad(before[0].numpy(), 4), (dy, dx), (0, 1))[4:-4, 4:-4]
        assert_allclose(after[0], whole, atol=1e-9)


def test_perspective_moves_corners_inwards():
    augment = ImageAugment(degrees=0, translate=0, scale=0, perspective=0.5)
    maps = augment.maps(500, 11, 21, same_draws())
    for corner, inwards in [((0, 0), (1, 1)), ((20, 0), (-1, 1)), ((20, 10), (-1, -1))]:
        at = maps @ torch.tensor([*corner, 1.0], dtype=torch.float64)
        moved = (at[:, :2] / at[:, 2:] - torch.tensor(corner)) * torch.tensor(inwards)
        assert (moved > -1e-9).all()
        assert (moved < 0.5 * torch.tensor([20, 10]) / 2 + 1e-9).all()


def test_the_elastic_warp_is_kornias():
    import kornia

    side, sigma = 30, 3.0
    x = batch((1, side, side), dtype=torch.float64)
    drawn = [same_draws(), same_draws()]
    for d in drawn:
        d.uniform(0, len(x), 6)  # what the affine map takes
    noise = 2 * drawn[0].uniform(0, len(x), 2, side, side) - 1
    d = image_module.displacements(0.05, len(x), side, side, drawn[1])
    smooth = kornia.filters.gaussian_blur2d(noise, 19, (sigma, sigma), border_type="constant")
    alpha = float((d.permute(0, 3, 1, 2) / smooth).median())
    expected = kornia.geometry.transform.elastic_transform2d(
        x, noise, (19, 19), (sigma, sigma), (alpha, alpha), align_corners=True
    )
    augment = ImageAugment(degrees=0, translate=0, scale=0, elastic=0.05)
    assert_allclose(augment.apply_drawn(x, same_draws()), expected, atol=1e-9)
    inner = d[:, 9:-9, 9:-9] / 2  # away from the edges, as a share of the side
    assert_allclose(inner.square().mean().sqrt(), 0.05, rtol=0.05)


def test_blur_brightness_and_contrast_are_kornias():
    import kornia

    plain = {"degrees": 0, "translate": 0, "scale": 0}
    x = batch((1, 20, 20), dtype=torch.float64)
    sigma = (1.5 * same_draws().uniform(0, len(x), 1)).expand(-1, 2)
    blurred = ImageAugment(blur_sigma=1.5, **plain).apply_drawn(x, same_draws())
    assert_allclose(blurred, kornia.filters.gaussian_blur2d(x, 11, sigma), atol=1e-12)
    u = 2 * same_draws().uniform(0, len(x), 2) - 1
    relit = ImageAugment(brightness=0.3, contrast=0.4, **plain).apply_drawn(x, same_draws())
    enhance = kornia.enhance
    expected = enhance.adjust_contrast_with_mean_subtraction(x, 1 + 0.4 * u[:, 1])
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    inside = (expected > 0) & (expected < 1)  # kornia clips
    ours = relit - 0.3 * u[:, 0, None, None, None]
    assert_allclose(ours[inside], expected[inside], atol=1e-12)
    assert_allclose(ours.mean(dim=(1, 2, 3), keepdim=True), mean)


def test_flips_are_exact_and_as_often_as_said():
    x = batch((1, 4, 5), n=2000)
    augment = ImageAugment(0.3, 0.6, degrees=0, translate=0, scale=0)
    out = augment.apply(x, generator())
    kinds = [x, x.flip(3), x.flip(2), x.flip((2, 3))]
    counts = np.array([(out == kind).all(dim=(1, 2, 3)).sum() for kind in kinds])
    expected = np.array([0.7 * 0.4, 0.3 * 0.4, 0.7 * 0.6, 0.3 * 0.6]) * len(x)
    assert counts.sum() == len(x)
    assert stats.chisquare(counts, expected).pvalue > 1e-4


def test_what_is_erased_is_a_rectangle_of_at_most_its_share():
    x = torch.ones(2000, 2, 40, 60)
    out = ImageAugment(degrees=0, translate=0, scale=0, erase=0.3).apply(x, generator())
    hole = out[:, 0] == 0
    assert torch.equal(out[:, 0], out[:, 1])
    sides = [hole.any(dim=axis).sum(dim=1) for axis in (1, 2)]
    assert torch.equal(sides[0] * sides[1], hole.sum(dim=(1, 2)))  # a full rectangle
    share = hole.double().mean(dim=(1, 2))
    assert share.max() < 0.32
    assert abs(share.mean() - 0.15) < 0.01
