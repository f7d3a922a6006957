import numpy as np
import pytest
import torch
from skimage import data

from hub.pixels import colour
from tests.networks import some_pictures


def test_oklab_of_known_colours():
    rgb = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]).T.reshape(1, 3, 1, 4)
    lab = colour.rgb_to_oklab(rgb)[0, :, 0].T
    known = [[1.0, 0.0, 0.0], [0.62796, 0.22486, 0.12585], [0.45201, -0.03246, -0.31153], [0.0, 0.0, 0.0]]  # Ottosson 2020
    assert torch.allclose(lab, torch.tensor(known), atol=2e-4)


def test_oklab_and_back_is_the_picture():
    pictures = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(colour.oklab_to_rgb(colour.rgb_to_oklab(pictures)), pictures, atol=1e-5)


def test_moments_are_numpys_and_weights_leave_pixels_out():
    picture = some_pictures(1, 8, 10)
    mean, spread = colour.moments(picture)
    flat = picture[0].flatten(1).numpy()
    assert np.allclose(mean[0], flat.mean(1), atol=1e-6) and np.allclose(spread[0], np.cov(flat, bias=True), atol=1e-6)
    left = torch.zeros(1, 1, 8, 10)
    left[..., :4] = 1
    for weighted, cut in zip(colour.moments(picture, left), colour.moments(picture[..., :4]), strict=True):
        assert torch.allclose(weighted, cut, atol=1e-6)


def test_monge_kantorovich_gives_the_mean_and_the_covariance_exactly():
    source, target = some_pictures(2, 24, 20, seed=1).double(), some_pictures(1, 17, 31, seed=2).double()
    mean, spread = colour.moments(colour.monge_kantorovich(source, target))
    wanted_mean, wanted = colour.moments(target)
    assert torch.allclose(mean, wanted_mean.expand(2, 3), atol=1e-9)
    assert torch.allclose(spread, wanted.expand(2, 3, 3), atol=2 * colour.LEAST)


def test_the_transport_between_diagonal_covariances_is_the_ratio_of_their_spreads():
    spread, wanted = torch.diag(torch.tensor([4.0, 1.0, 9.0]))[None], torch.diag(torch.tensor([1.0, 4.0, 9.0]))[None]
    by_hand = torch.diag(torch.tensor([0.5, 2.0, 1.0])).double()[None]
    assert torch.allclose(colour.transport(spread, wanted), by_hand, atol=1e-5)
    assert torch.allclose(colour.scaling(spread, wanted), by_hand, atol=1e-5)


def test_the_transport_is_symmetric_and_moves_colours_less_than_another_map_with_the_same_outcome():
    (_, spread), (_, wanted) = (colour.moments(some_pictures(1, 16, 16, seed)) for seed in (3, 4))
    matrix = colour.transport(spread, wanted, 1e-9)[0]
    assert torch.allclose(matrix, matrix.T, atol=1e-9)
    lower = torch.linalg.cholesky(wanted[0].double()) @ torch.linalg.inv(torch.linalg.cholesky(spread[0].double()))
    assert torch.allclose(lower @ spread[0].double() @ lower.T, wanted[0].double(), atol=1e-6)
    eye = torch.eye(3).double()
    cost, other = (torch.trace((m - eye) @ spread[0].double() @ (m - eye).T) for m in (matrix, lower))
    assert cost < other


def test_reinhard_by_hand():
    """Two pixels are their mean plus and minus their spread, so the result is the target's in each channel of Oklab."""
    source = torch.tensor([[0.2, 0.3, 0.4], [0.4, 0.5, 0.7]]).T.reshape(1, 3, 1, 2).double()
    target = torch.tensor([[0.5, 0.4, 0.3], [0.9, 0.8, 0.5]]).T.reshape(1, 3, 1, 2).double()
    before, aim = colour.rgb_to_oklab(source), colour.rgb_to_oklab(target)
    half = (aim[..., 1] - aim[..., 0]).abs() / 2
    by_hand = aim.mean(3) + torch.sign(before[..., 1] - before[..., 0]) * half
    made = colour.rgb_to_oklab(colour.reinhard(source, target))
    assert torch.allclose(made[..., 1], by_hand, atol=1e-3)


@pytest.mark.parametrize("transfer", [colour.reinhard, colour.monge_kantorovich])
def test_a_picture_takes_its_own_colours_and_stays_as_it_is(transfer):
    picture = some_pictures(1, 20, 20)
    assert torch.allclose(transfer(picture, picture), picture, atol=1e-3)


@pytest.mark.parametrize("transfer", [colour.reinhard, colour.monge_kantorovich])
def test_pictures_of_one_colour_give_numbers(transfer):
    flat, other = torch.full((1, 3, 4, 4), 0.2), some_pictures(1, 8, 8)
    assert torch.isfinite(transfer(flat, other)).all() and torch.isfinite(transfer(other, flat)).all()
    assert torch.allclose(transfer(flat, other).mean((2, 3)), colour.oklab_to_rgb(
        colour.rgb_to_oklab(other).mean((2, 3), keepdim=True))[..., 0, 0] if transfer is colour.reinhard
        else other.mean((2, 3)), atol=1e-3)


def photograph() -> torch.Tensor:
    return torch.from_numpy(data.coffee() / np.float32(255)).permute(2, 0, 1)[None][..., ::4, ::4]


def test_its_own_colours_leave_a_picture_as_it_is():
    assert torch.allclose(colour.recoloured(photograph(), photograph()), photograph(), atol=2e-3)


def test_a_grey_style_makes_it_grey():
    grey = some_pictures()[:, :1].expand(-1, 3, -1, -1)
    out = colour.recoloured(photograph(), grey)
    assert (out.amax(1) - out.amin(1)).max() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (16, 16)])
def test_a_picture_of_one_colour_takes_the_mean_and_stays_of_one_colour(size):
    out = colour.recoloured(torch.full((1, 3, *size), 0.4), photograph())
    mean = colour.rgb_to_oklab(photograph()).mean((2, 3), keepdim=True)
    assert torch.allclose(out, colour.oklab_to_rgb(mean).expand_as(out), atol=1e-4)


def test_a_nearly_flat_picture_stays_nearly_flat():
    noise = torch.randint(127, 130, (1, 3, 32, 32), generator=torch.Generator().manual_seed(0)).float() / 255
    assert colour.recoloured(noise, photograph()).std((2, 3)).max() < 0.1


def test_linear_light_is_that_of_skimage_and_comes_back():
    from skimage.color import rgb2xyz

    grey = torch.linspace(0, 1, 50)
    luminance = rgb2xyz(np.repeat(grey.numpy()[:, None, None], 3, 2).astype(np.float64))[:, 0, 1]
    assert np.allclose(colour.to_linear(grey).numpy(), luminance, atol=1e-4)
    assert torch.allclose(colour.from_linear(colour.to_linear(grey)), grey, atol=1e-5)


def test_a_picture_lit_as_another_has_its_light_and_keeps_its_own_colours():
    mine, other = 0.4 + 0.2 * some_pictures(1, 20, 20), 0.4 + 0.2 * some_pictures(1, 20, 20, seed=3)
    out = colour.lit_as(mine, other)
    luma = torch.tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    assert torch.allclose((out * luma).sum(1), (other * luma).sum(1), atol=1e-5)
    assert torch.allclose(out[:, 0] - out[:, 2], mine[:, 0] - mine[:, 2], atol=1e-5)
