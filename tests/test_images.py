import numpy as np
import pytest
import torch
from PIL import Image

from hub.errors import ShapeError
from hub.pixels import images
from tests.networks import one_thread, some_pictures  # noqa: F401


def test_a_picture_comes_back_from_a_tensor_to_the_byte():
    array = np.random.RandomState(0).randint(0, 256, (5, 7, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(images.to_image(images.to_tensor(Image.fromarray(array)))), array)


def test_a_tensor_of_a_picture_has_rows_and_columns_in_place():
    picture = Image.new("RGB", (3, 2))
    picture.putpixel((2, 0), (255, 0, 51))
    tensor = images.to_tensor(picture)
    assert tensor.shape == (1, 3, 2, 3) and tensor.dtype == torch.float32
    assert tensor[0, :, 0, 2].tolist() == pytest.approx([1.0, 0.0, 0.2])


def test_values_outside_the_range_are_clipped_not_wrapped():
    assert np.asarray(images.to_image(torch.tensor([-1.0, 0.5, 1.7]).view(1, 3, 1, 1)))[0, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 4, 4, 4), (1, 1, 4, 4)])
def test_what_is_no_picture_is_refused_with_its_shape(shape):
    with pytest.raises(ShapeError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
        images.to_images(torch.zeros(shape))


def test_resizing_a_constant_keeps_it():
    assert torch.allclose(images.resize(torch.full((1, 3, 40, 30), 0.3), (13, 57)), torch.tensor(0.3), atol=1e-5)


def test_shrinking_averages_instead_of_skipping():
    stripes = (torch.arange(64) % 2).float().expand(1, 3, 64, 64)
    assert (images.resize(stripes, (8, 8)) - 0.5).abs().max() < 0.05


def test_resizing_keeps_a_ramp_a_ramp():
    ramp = ((torch.arange(32) + 0.5) / 32).expand(1, 3, 32, 32)
    wanted = ((torch.arange(64) + 0.5) / 64)[8:-8]
    assert torch.allclose(images.resize(ramp, (64, 64))[0, 0, 5, 8:-8], wanted, atol=2e-3)


def test_decorrelated_colour_returns():
    pictures = some_pictures(2) - 0.5
    assert torch.allclose(images.decorrelated_to_rgb(images.rgb_to_decorrelated(pictures)), pictures, atol=1e-5)


def test_the_first_decorrelated_coordinate_is_light():
    light = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    red, green, blue = images.decorrelated_to_rgb(light).flatten().tolist()
    assert max(red, green, blue) / min(red, green, blue) < 1.05
    assert images.colour_basis().norm(dim=0).max().item() == pytest.approx(1)


def test_uncorrelated_coordinates_give_the_covariance_of_natural_colour():
    coordinates = torch.randn(1, 3, 200, 200, generator=torch.Generator().manual_seed(0))
    colours = images.decorrelated_to_rgb(coordinates).flatten(2)[0]
    natural = images.NATURAL_COLOUR @ images.NATURAL_COLOUR.T
    found = torch.cov(colours)
    assert torch.allclose(found / found.trace(), natural / natural.trace(), atol=0.01)
