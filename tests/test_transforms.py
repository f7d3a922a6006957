import pytest
import torch

from hub.pixels import Mirrored, Robustness
from tests.networks import one_thread, some_pictures  # noqa: F401


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def spot(height: int = 41, width: int = 41) -> torch.Tensor:
    picture = torch.zeros(1, 3, height, width)
    picture[..., height // 2, width // 2] = 1
    return picture


def centre_of(picture: torch.Tensor) -> tuple[float, float]:
    """Centre of brightness, as (row, column)."""
    mass = picture[0, 0] / picture[0, 0].sum()
    rows, columns = torch.arange(mass.shape[0]), torch.arange(mass.shape[1])
    return (mass.sum(1) * rows).sum().item(), (mass.sum(0) * columns).sum().item()


@pytest.mark.parametrize("size", [(32, 32), (31, 57)])
def test_zeros_are_the_identity(size):
    pictures = some_pictures(2, *size)
    assert torch.allclose(Robustness(0, 0, 0)(pictures, seeded()), pictures, atol=1e-4)


@pytest.mark.parametrize("size", [(32, 32), (31, 57)])
def test_shape_and_range_are_kept(size):
    moved = Robustness(20, 0.5, 90)(some_pictures(3, *size), seeded())
    assert moved.shape == (3, 3, *size)
    assert moved.min() >= 0.1 - 1e-5 and moved.max() <= 0.9 + 1e-5  # what comes in is mirrored, never black


def test_it_depends_on_its_generator_and_on_no_other_chance():
    pictures, state = some_pictures(), torch.get_rng_state()
    first, again, other = (Robustness()(pictures, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_every_picture_of_a_batch_is_moved_by_itself():
    moved = Robustness()(some_pictures().expand(2, -1, -1, -1), seeded())
    assert not torch.allclose(moved[0], moved[1], atol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_jitter_is_in_pixels(seed):
    row, column = centre_of(Robustness(jitter=6, scale=0, rotate=0)(spot(41, 61), seeded(seed)))
    assert abs(row - 20) <= 6.01 and abs(column - 30) <= 6.01
    assert abs(row - 20) + abs(column - 30) > 0.05


@pytest.mark.parametrize("seed", range(3))
def test_scale_and_rotation_keep_the_middle_where_it_is(seed):
    assert centre_of(Robustness(jitter=0, scale=0.1, rotate=45)(spot(41, 61), seeded(seed))) == pytest.approx((20, 30), abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_a_disc_stays_a_disc_when_it_turns_in_an_oblong_picture(seed):
    y, x = torch.meshgrid(torch.arange(48) - 23.5, torch.arange(96) - 47.5, indexing="ij")
    disc = torch.exp(-(x.square() + y.square()) / 60).expand(1, 3, 48, 96)
    turned = Robustness(0, 0, 180)(disc, seeded(seed))
    assert torch.allclose(turned[..., 28:-28], disc[..., 28:-28], atol=0.015)  # further out its mirror images come in


def test_scale_stays_within_its_factors():
    y, x = torch.meshgrid(torch.arange(64) - 31.5, torch.arange(64) - 31.5, indexing="ij")
    disc = ((x.square() + y.square()).sqrt() < 12).float().expand(40, 3, 64, 64)
    areas = Robustness(0, 0.2, 0)(disc, seeded())[:, 0].sum((1, 2)) / disc[0, 0].sum()
    assert 0.8**2 - 0.03 < areas.min() < 0.8 and 1.2 < areas.max() < 1.2**2 + 0.03


def test_gradients_flow_back_through_it():
    pictures = some_pictures().requires_grad_()
    Robustness()(pictures, seeded()).sum().backward()
    assert torch.isfinite(pictures.grad).all() and pictures.grad.abs().mean() > 0.5


# ---- a mirrored margin


def test_a_mirrored_margin_goes_on_as_the_mirror_image():
    picture = some_pictures(1, 20, 30)
    seen = Mirrored(4)(picture, torch.Generator())
    assert seen.shape == (1, 3, 28, 38) and torch.equal(seen[..., 4:-4, 4:-4], picture)
    assert torch.equal(seen[..., 3, 4:-4], picture[..., 1, :]) and torch.equal(seen[..., 4:-4, -1], picture[..., :, -5])


def test_a_margin_is_narrower_where_a_side_is_short():
    assert Mirrored(16)(some_pictures(1, 5, 40), torch.Generator()).shape == (1, 3, 13, 72)


def test_no_gradient_comes_from_the_margin():
    picture = some_pictures(1, 20, 30).requires_grad_()
    (slope,) = torch.autograd.grad(Mirrored(6)(picture, torch.Generator()).sum(), picture)
    assert torch.equal(slope, torch.ones_like(picture))


def test_a_jittered_margin_is_the_still_one_shifted_by_whole_pixels():
    mirrored, picture = Mirrored(8, jitter=3), some_pictures(1, 20, 30)
    shifts = [(y, x) for y in range(-3, 4) for x in range(-3, 4)]
    still, found = mirrored.still(picture), set()
    for seed in range(8):
        seen = mirrored(picture, torch.Generator().manual_seed(seed))
        found |= {shift for shift in shifts if torch.equal(seen, still.roll(shift, (-2, -1)))}
    assert len(found) > 3
