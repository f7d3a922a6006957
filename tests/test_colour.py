import numpy as np
import pytest
import torch
from skimage import data

from hub.pixels import colour
from tests.networks import one_thread, some_pictures  # noqa: F401


def mean_and_covariance(picture: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    flat = picture[0].double().flatten(1).numpy()
    return flat.mean(1), np.cov(flat, bias=True)


def photograph() -> torch.Tensor:
    return torch.from_numpy(data.coffee() / np.float32(255)).permute(2, 0, 1)[None][..., ::4, ::4]


def test_transported_colours_have_the_wanted_mean_and_covariance():
    moved = colour.transported(some_pictures(1, 40, 50), photograph())
    for got, wanted in zip(mean_and_covariance(moved), mean_and_covariance(photograph()), strict=True):
        assert np.allclose(got, wanted, atol=1e-5)


def test_the_map_is_the_one_of_optimal_transport():
    """Symmetric and positive: by Brenier, that is what tells it from every other map between the two Gaussians."""
    seen, wanted = some_pictures(1, 40, 50), photograph()
    moved = colour.transported(seen, wanted)[0].double().flatten(1)
    flat = seen[0].double().flatten(1)
    flat, moved = flat - flat.mean(1, keepdim=True), moved - moved.mean(1, keepdim=True)
    way = (moved @ flat.T) @ torch.linalg.inv(flat @ flat.T)
    assert torch.allclose(way, way.T, atol=1e-4) and bool((torch.linalg.eigvalsh((way + way.T) / 2) > 0).all())


def test_its_own_colours_leave_a_picture_as_it_is():
    assert torch.allclose(colour.recoloured(photograph(), photograph()), photograph(), atol=2e-3)


def test_a_grey_style_makes_it_grey():
    grey = some_pictures()[:, :1].expand(-1, 3, -1, -1)
    out = colour.recoloured(photograph(), grey)
    assert (out.amax(1) - out.amin(1)).max() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (16, 16)])
def test_a_picture_of_one_colour_takes_the_mean_and_stays_of_one_colour(size):
    out = colour.recoloured(torch.full((1, 3, *size), 0.4), photograph())
    mean = colour.to_linear(photograph()).mean((2, 3))
    assert torch.allclose(out, colour.from_linear(mean)[:, :, None, None].expand_as(out), atol=1e-4)


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
