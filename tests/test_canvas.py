import pytest
import torch

from hub.pixels import Enlarged, Fourier, Phases, Pixels, Pyramid, images
from tests.networks import one_thread, some_pictures  # noqa: F401


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def waves(picture: torch.Tensor) -> torch.Tensor:
    """The spectrum before colour and sigmoid, (B, 3, H, W // 2 + 1), from the picture alone."""
    return torch.fft.rfft2(images.rgb_to_decorrelated(torch.logit(picture)), norm="ortho")


def slope_of_spectrum(picture: torch.Tensor) -> float:
    """The exponent p of amplitude ~ frequency^p, by least squares over rings of the spectrum."""
    height, width = picture.shape[-2:]
    frequency = (torch.fft.fftfreq(height)[:, None].square() + torch.fft.rfftfreq(width)[None].square()).sqrt()
    amplitude = waves(picture).abs().mean((0, 1))
    rings = [(frequency >= low) & (frequency < low * 1.3) for low in (0.04, 0.06, 0.09, 0.14, 0.21, 0.3)]
    x = torch.stack([frequency[ring].log().mean() for ring in rings])
    y = torch.stack([amplitude[ring].log().mean() for ring in rings])
    return float(((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum())


def test_pixels_are_the_picture_they_started_from():
    start = some_pictures(2)
    assert torch.equal(Pixels(start).picture(), start)


def test_pixels_leave_the_start_as_it_was():
    start = some_pictures()
    before = start.clone()
    with torch.no_grad():
        Pixels(start).parameters[0].add_(1)
    assert torch.equal(start, before)


def test_pixels_outside_the_range_are_clipped():
    assert Pixels(torch.tensor([-1.0, 0.5, 2.0]).view(1, 3, 1, 1)).picture().flatten().tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("size", [(32, 48), (33, 47), (40, 40)])
def test_fourier_returns_the_picture_it_started_from(size):
    start = some_pictures(2, *size)
    assert torch.allclose(Fourier(2, size, seeded(), start).picture(), start, atol=1e-4)


def test_fourier_keeps_black_and_white_nearly_so():
    start = torch.cat([torch.zeros(1, 3, 16, 16), torch.ones(1, 3, 16, 16)])
    assert (Fourier(2, (16, 16), seeded(), start).picture() - start).abs().max() < 0.021


@pytest.mark.parametrize("decay", [0.5, 1.0])
def test_fourier_noise_falls_with_frequency_as_its_decay_says(decay):
    picture = Fourier(4, (96, 96), seeded(), decay=decay).picture().detach()
    assert slope_of_spectrum(picture) == pytest.approx(-decay, abs=0.1)


def test_fourier_noise_is_faint_and_grey():
    picture = Fourier(4, (64, 64), seeded()).picture().detach()
    assert 0.001 < picture.std() < 0.2
    assert abs(picture.mean().item() - 0.5) < 0.1


def test_fourier_stays_a_picture_however_far_it_is_pushed():
    canvas = Fourier(1, (32, 32), seeded())
    with torch.no_grad():
        canvas.parameters[0].mul_(1e6)
    picture = canvas.picture()
    assert torch.isfinite(picture).all() and picture.min() >= 0 and picture.max() <= 1


@pytest.mark.parametrize("kind", [Fourier, Phases])
def test_a_canvas_of_noise_depends_on_its_generator_and_on_no_other(kind):
    state = torch.get_rng_state()
    first, again, other = (kind(1, (24, 32), seeded(seed)).picture() for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("kind", [Fourier, Phases])
@pytest.mark.parametrize("size", [(32, 48), (33, 47)])
def test_a_canvas_of_noise_has_the_size_asked_for(kind, size):
    assert kind(3, size, seeded()).picture().shape == (3, 3, *size)


@pytest.mark.parametrize("size", [(32, 40), (31, 33)])
def test_phases_keep_every_magnitude_while_they_are_optimised(size):
    canvas = Phases(2, size, seeded())
    optimiser = torch.optim.Adam(canvas.parameters, lr=0.5)
    target = some_pictures(2, *size)
    before = canvas.picture().detach()
    for _ in range(5):
        optimiser.zero_grad()
        (canvas.picture() - target).square().sum().backward()
        optimiser.step()
    after = canvas.picture().detach()
    assert (after - before).abs().mean() > 0.02
    magnitude = canvas.magnitude.expand_as(waves(after).abs())
    assert torch.allclose(waves(after).abs() / 2, magnitude, rtol=2e-3, atol=2e-3)


def test_phases_have_no_share_in_the_mean_colour():
    mean = images.rgb_to_decorrelated(torch.logit(Phases(1, (32, 32), seeded()).picture())).mean((2, 3))
    assert mean.abs().max() < 1e-4


def test_an_enlarged_canvas_is_seen_large_and_changed_small():
    small = torch.full((1, 3, 8, 12), 0.3)
    canvas = Enlarged(Pixels(small), (32, 48))
    assert canvas.picture().shape == (1, 3, 32, 48) and canvas.parameters[0].shape == small.shape
    assert torch.allclose(canvas.picture(), torch.tensor(0.3), atol=1e-6)
    (slope,) = torch.autograd.grad(canvas.picture().sum(), canvas.parameters)
    assert slope.mean().item() == pytest.approx(16, rel=1e-3)  # each of its pixels stands for sixteen


def test_a_canvas_of_the_size_it_is_seen_at_is_not_resampled():
    start = some_pictures(1, 16, 16)
    assert torch.equal(Enlarged(Pixels(start), (16, 16)).picture(), start)


# ---- a pyramid


@pytest.mark.parametrize("size", [(32, 48), (33, 57), (5, 40), (4, 4)])
def test_a_pyramid_begins_as_the_picture(size):
    start = some_pictures(2, *size)
    canvas = Pyramid(start)
    assert torch.allclose(canvas.picture(), start, atol=1e-6)
    assert all(p.is_leaf and p.requires_grad and min(p.shape[-2:]) >= 4 for p in canvas.parameters)


def test_an_equal_step_on_every_level_moves_large_shapes_most():
    """Where every level is asked for the same, a shape of all pixels moves by the sum of the levels, a single pixel by one."""
    canvas = Pyramid(torch.full((1, 3, 32, 32), 0.5), levels=4)
    with torch.no_grad():
        for parameter in canvas.parameters:
            parameter += 0.01
    assert torch.allclose(canvas.picture(), torch.full((1, 3, 32, 32), 0.54), atol=1e-6)
