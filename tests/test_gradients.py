from contextlib import contextmanager

import pytest
import torch

from hub.errors import UnsupportedBackbone
from hub.pixels import objectives
from hub.pixels.gradients import gradient, joined_features, joined_gradient, laplacian_normalised, smoothed, tiles
from tests.networks import CONFIG, as_backbone, one_thread, pointwise_network, seeded, some_pictures, tiny_network  # noqa: F401


@contextmanager
def sizes_seen_by(network):
    """The heights and widths of all pictures that a network is shown."""
    seen, features = [], network.features
    network.features = lambda pictures, layers: (seen.append(tuple(pictures.shape[-2:])), features(pictures, layers))[1]
    try:
        yield seen
    finally:
        del network.features


@pytest.mark.parametrize(
    "objective",
    [
        objectives.channel("layer2", 3),
        objectives.energy("layer3"),
        objectives.class_evidence([1, 2]),
        objectives.centred("layer3", [0, 5]),
        objectives.channel("layer2", 3) - 2 * objectives.variation(),
    ],
)
def test_gradient_agrees_with_finite_differences(objective):
    network = tiny_network(torch.float64)
    pictures = some_pictures(2).double()
    pictures += 0.05 * torch.randn(
        pictures.shape, generator=torch.Generator().manual_seed(7)
    )  # no ties, at which a maximum has no slope
    _, slope = gradient(objective, network, pictures)
    chance = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(3)).double()
    direction = chance / chance.norm() + slope / slope.norm()  # by chance alone it would be nearly level
    small = 2e-3
    above, below = (gradient(objective, network, pictures + sign * small * direction)[0].sum().item() for sign in (1, -1))
    assert (slope * direction).sum().item() == pytest.approx((above - below) / (2 * small), rel=5e-3)


def test_gradient_of_one_picture_does_not_depend_on_its_neighbours_in_the_batch():
    network, pictures = tiny_network(), some_pictures(3)
    objective = objectives.energy("layer2")
    _, together = gradient(objective, network, pictures)
    _, alone = gradient(objective, network, pictures[1:2])
    assert torch.allclose(together[1:2], alone, atol=1e-6 * float(alone.abs().max()) + 1e-9, rtol=1e-3)


def test_gradient_leaves_weights_and_picture_without_gradients():
    network, picture = tiny_network(), some_pictures()
    gradient(objectives.energy("layer2"), network, picture)
    assert not picture.requires_grad and picture.grad is None
    assert all(p.grad is None and not p.requires_grad for p in network.model.parameters())


@pytest.mark.parametrize("size", [(40, 40), (33, 57), (16, 70), (17, 17)])
def test_tiled_gradient_is_the_whole_one_where_pixels_stand_alone(size):
    picture, objective = some_pictures(2, *size), objectives.energy("2")
    _, whole = gradient(objective, pointwise_network(), picture)
    _, tiled = gradient(objective, pointwise_network(), picture, tile=16)
    assert torch.allclose(tiled, whole, rtol=1e-4, atol=1e-9)


def test_tiles_show_the_network_no_more_than_a_tile():
    network = tiny_network()
    with sizes_seen_by(network) as seen:
        gradient(objectives.energy("layer2"), network, some_pictures(1, 100, 150), tile=48)
    assert len(seen) > 6 and set(seen) == {(48, 48)}


def test_a_picture_that_fits_is_not_tiled():
    network = tiny_network()
    with sizes_seen_by(network) as seen:
        gradient(objectives.energy("layer2"), network, some_pictures(1, 48, 40), tile=48)
    assert seen == [(48, 40)]


def seam_energy(slope: torch.Tensor, whole: torch.Tensor, columns: list[int]) -> float:
    """How far the error against the whole gradient jumps at some columns' left edges, over how far it jumps anywhere, squared."""
    error = slope - whole
    jumps = (error[..., 1:] - error[..., :-1]).square().mean((0, 1, 2))
    return (jumps[[c - 1 for c in columns]].mean() / jumps.mean()).item()


@pytest.mark.parametrize("layer", ["layer1", "layer2"])
def test_tiles_leave_no_seams(layer):
    side, width, network, objective = 48, 231, tiny_network(), objectives.energy(layer)
    picture = some_pictures(1, side, width, seed=5)
    edges = sorted({e for _, left, _, w in tiles(side, width, side, side // 4) for e in (left, left + w) if 0 < e < width})
    _, whole = gradient(objective, network, picture)
    _, tiled = gradient(objective, network, picture, tile=side)
    bare = torch.cat([gradient(objective, network, part)[1] * part.shape[-1] / width for part in picture.split(side, -1)], -1)
    assert seam_energy(bare, whole, [48, 96, 144, 192]) > 3  # tiles without overlap do show, so this measure can tell
    assert seam_energy(tiled, whole, edges) < 1


@pytest.mark.parametrize(
    ("height", "width", "side", "overlap"), [(100, 100, 40, 10), (40, 41, 40, 10), (1, 200, 64, 16), (33, 1000, 48, 12)]
)
def test_tiles_cover_every_pixel_and_overlap_as_much_as_asked(height, width, side, overlap):
    found = list(tiles(height, width, side, overlap))
    covered = torch.zeros(height, width)
    for top, left, h, w in found:
        assert 0 <= top <= height - h and 0 <= left <= width - w and (h, w) == (min(side, height), min(side, width))
        covered[top : top + h, left : left + w] += 1
    assert covered.min() >= 1
    lefts = sorted({left for _, left, _, _ in found})
    assert all(b - a <= side - overlap for a, b in zip(lefts, lefts[1:], strict=False))


@pytest.mark.parametrize("size", [(64, 64), (33, 57), (8, 200), (4, 4)])
def test_normalised_gradients_have_unit_spread_for_every_picture(size):
    slope = some_pictures(3, *size) * torch.tensor([1.0, 1e-6, 1e6]).view(3, 1, 1, 1)
    out = laplacian_normalised(slope)
    assert out.shape == slope.shape
    assert out.square().mean((1, 2, 3)).sqrt().tolist() == pytest.approx([1.0] * 3, rel=5e-3)


def test_normalised_gradients_do_not_depend_on_the_strength_of_the_gradient():
    slope = some_pictures(2, 40, 40) - 0.5
    assert torch.allclose(laplacian_normalised(slope), laplacian_normalised(1e-4 * slope), atol=1e-4)


def test_normalised_gradients_of_nothing_are_nothing():
    assert torch.equal(laplacian_normalised(torch.zeros(1, 3, 32, 32)), torch.zeros(1, 3, 32, 32))


def test_normalisation_brings_weak_detail_up_to_strong_shapes():
    x = torch.arange(64) / 64
    shape, detail = torch.sin(2 * torch.pi * x), torch.sin(2 * torch.pi * 16 * x)
    slope = (20 * shape + detail).expand(1, 3, 64, 64)
    row = laplacian_normalised(slope)[0, 0, 32]
    strengths = [float((row * wave).mean()) for wave in (shape, detail)]
    assert 0.25 < strengths[1] / strengths[0] < 5  # it was 0.05


def test_smoothing_takes_out_the_grid_that_alternates_from_pixel_to_pixel():
    rows, columns = torch.meshgrid(torch.arange(24), torch.arange(24), indexing="ij")
    waves = torch.sin(2 * torch.pi * columns / 12).expand(1, 3, 24, 24)
    grid = ((rows + columns) % 2 * 2.0 - 1).expand(1, 3, 24, 24)
    inside = (..., slice(2, -2), slice(2, -2))
    assert torch.allclose(smoothed(waves + grid)[inside], smoothed(waves)[inside], atol=0.1)
    assert torch.nn.functional.cosine_similarity(smoothed(waves).flatten(), waves.flatten(), dim=0) > 0.99
    assert smoothed(waves).square().mean().item() == pytest.approx(1.0, abs=1e-4)


# ---- tiles whose features are joined


@pytest.mark.parametrize("size", [(160, 260), (121, 203)])
def test_joined_features_are_those_of_the_whole_picture(size):
    network, picture = tiny_network(), some_pictures(1, *size)
    whole = network.features(picture, ["layer1", "layer2"])
    joined = joined_features(network, ["layer1", "layer2"], picture, tile=160)
    for name, maps in whole.items():
        assert joined[name].shape == maps.shape
        assert torch.allclose(joined[name], maps, atol=1e-4)


def test_a_joined_gradient_is_that_of_the_whole_where_the_objective_is_of_the_whole():
    """The square of a mean over the picture is not the mean of squares over its tiles."""

    def variance(f):
        return f.var((2, 3)).log().sum(1)

    network, picture = tiny_network(), some_pictures(1, 96, 160)
    objective = objectives.at_layer("layer2", variance) - 3 * objectives.roughness()
    value, whole = gradient(objective, network, picture)
    joined_value, joined = joined_gradient(objective, network, picture, tile=96)
    _, averaged = gradient(objective, network, picture, tile=96)
    assert joined_value.item() == pytest.approx(value.item(), rel=1e-3)
    apart, averaged_apart = ((slope - whole).norm() / whole.norm() for slope in (joined, averaged))
    assert apart < 0.02 and averaged_apart > 5 * apart


def test_a_joined_gradient_shows_the_network_no_more_than_a_tile():
    network = tiny_network()
    with sizes_seen_by(network) as seen:
        joined_gradient(objectives.energy("layer2"), network, some_pictures(1, 100, 150), tile=48)
    assert len(seen) > 6 and max(max(size) for size in seen) <= 48


def test_a_joined_gradient_of_the_picture_alone_needs_no_network():
    picture = some_pictures(1, 60, 60)
    _, whole = gradient(objectives.roughness(), tiny_network(), picture)
    _, joined = joined_gradient(objectives.roughness(), tiny_network(), picture, tile=32)
    assert torch.equal(whole, joined)


def test_maps_that_do_not_fit_together_are_an_error_that_says_so():
    model = seeded(lambda: torch.nn.Sequential(torch.nn.Conv2d(3, 4, 5), torch.nn.ReLU()))
    unpadded = as_backbone(model, {**CONFIG, "classifier": None})
    with pytest.raises(UnsupportedBackbone, match="do not fit together"):
        joined_gradient(objectives.energy("1"), unpadded, some_pictures(1, 64, 100), tile=48)
