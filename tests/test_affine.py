import numpy as np
import pytest
import torch
from PIL import Image

from hub.errors import ShapeError
from hub.pixels import affine, images
from tests.networks import some_pictures

WARM = torch.tensor([[1.1, 0.1, 0.0, 0.02], [0.0, 0.9, 0.1, 0.0], [-0.1, 0.0, 0.8, 0.05]])


def grained(height: int = 24, width: int = 30) -> torch.Tensor:
    noise = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(5))
    return (some_pictures(1, height, width) * 0.7 + 0.2 * noise).double()


def everywhere(map_: torch.Tensor, height: int, width: int) -> torch.Tensor:
    return map_[None, :, :, None, None].expand(1, 3, 4, height, width)


def test_a_box_is_the_mean_of_what_lies_in_the_window():
    t = grained(9, 11)
    smooth = affine.box(t, 2)
    assert torch.allclose(smooth[0, 1, 4, 5], t[0, 1, 2:7, 3:8].mean())
    assert torch.allclose(smooth[0, 2, 0, 10], t[0, 2, :3, 8:].mean())
    assert torch.allclose(affine.box(t, 50), t.mean((2, 3), keepdim=True).expand_as(t))


def test_local_maps_find_the_affine_map_that_was_there():
    guide = grained()
    target = affine.applied(everywhere(WARM.double(), 24, 30), guide)
    maps = affine.local_maps(guide, target, 3, 1e-9)
    assert torch.allclose(maps, everywhere(WARM.double(), 24, 30).expand_as(maps), atol=1e-4)


def test_a_window_of_one_colour_keeps_the_whole_pictures_map_and_so_its_detail():
    guide = grained()
    guide[..., :15] = 0.4 + 1e-4 * guide[..., :15]
    target = affine.applied(everywhere(WARM.double(), 24, 30), guide)
    alone = affine.local_maps(guide, target, 2, 1e-3)[0, 0, 0, 12, 5]
    held = affine.maps_between(guide, target, (8, 2), 1e-3)[0, 0, 0, 12, 5]
    assert abs(alone) < 0.1 and held == pytest.approx(1.1, abs=0.02)


def test_the_whole_map_of_a_picture_of_one_colour_changes_only_its_offset():
    flat = torch.full((1, 3, 5, 5), 0.3)
    found = affine.whole_map(flat, flat + 0.1)[0]
    assert torch.allclose(found[:, :3], torch.eye(3).double(), atol=1e-5)
    assert torch.allclose(found[:, 3], torch.full((3,), 0.1).double(), atol=1e-5)


@pytest.mark.parametrize("size", [(30, 24), (301, 517), (1, 1), (640, 5)])
def test_one_map_at_any_size_is_the_map_on_every_pixel(size):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    made = np.asarray(affine.applied_to_image(everywhere(WARM, 6, 8), Image.fromarray(pixels)))
    by_hand = (pixels / 255) @ WARM[:, :3].numpy().T + WARM[:, 3].numpy()
    assert np.abs(made - np.round(by_hand.clip(0, 1) * 255)).max() <= 1


def test_strips_leave_no_seams(monkeypatch):
    photo = images.to_image(some_pictures(1, 90, 40))
    maps = affine.local_maps(grained(), grained().flip(3), 3, 1e-2)
    whole = affine.applied_to_image(maps, photo).tobytes()
    monkeypatch.setattr(affine, "ROWS", 7)
    assert affine.applied_to_image(maps, photo).tobytes() == whole


def test_maps_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match="maps"):
        affine.applied_to_image(torch.zeros(1, 4, 4, 2, 2), Image.new("RGB", (4, 4)))
