import numpy as np
import pytest
import scipy.linalg
import torch

from hub.errors import ShapeError
from hub.pixels import objectives, style
from hub.pixels.gradients import gradient
from tests.networks import one_thread, some_pictures, tiny_network  # noqa: F401


def chance(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def covariances(size: int, count: int = 2, seed: int = 0) -> torch.Tensor:
    """Symmetric positive definite matrices, (count, size, size), none of them near singular."""
    factor = chance(count, size, size, seed=seed)
    return factor @ factor.transpose(1, 2) / size + 0.2 * torch.eye(size, dtype=torch.float64)


def gaussian(mean: torch.Tensor, covariance: torch.Tensor) -> style.Statistics:
    """The statistics of features with this mean (B, C) and covariance (B, C, C)."""
    return mean, covariance + mean[:, :, None] * mean[:, None]


# ---- statistics


def test_gram_of_two_channels_worked_by_hand():
    features = torch.tensor([[[[1.0, 2.0], [0.0, 3.0]], [[4.0, 0.0], [1.0, -1.0]]]])  # (1, 2, 2, 2)
    assert style.gram(features)[0].tolist() == [[14 / 4, 1 / 4], [1 / 4, 18 / 4]]


def test_gram_ignores_position():
    features = chance(1, 5, 6, 7)
    order = torch.randperm(42, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(style.gram(features), style.gram(features.flatten(2)[..., order].view_as(features)))


def test_statistics_do_not_depend_on_how_often_a_picture_repeats():
    features = chance(1, 4, 5, 6)
    for once, thrice in zip(style.statistics(features), style.statistics(features.repeat(1, 1, 1, 3)), strict=True):
        assert torch.allclose(once, thrice)


def test_covariance_is_that_of_numpy():
    features = chance(1, 4, 9, 8) + 3
    expected = np.cov(features[0].flatten(1).numpy(), bias=True)
    assert np.allclose(style.covariance(style.statistics(features))[0].numpy(), expected)


def test_weights_of_one_and_nothing_are_a_crop():
    features, weight = chance(1, 4, 6, 8), torch.zeros(6, 8, dtype=torch.float64)
    weight[:, :3] = 1
    for part, whole in zip(style.statistics(features[..., :3]), style.statistics(features, weight), strict=True):
        assert torch.allclose(part, whole)


def test_features_of_another_shape_are_an_error():
    with pytest.raises(ShapeError, match=r"\(2, 3\)"):
        style.gram(torch.zeros(2, 3))


# ---- distances


def test_wasserstein_of_diagonal_gaussians_is_the_closed_form():
    means, deviations = chance(2, 1, 5), chance(2, 1, 5, seed=1).abs() + 0.3
    seen, wanted = (gaussian(m, torch.diag_embed(d.square())) for m, d in zip(means, deviations, strict=True))
    energy = means[1].square().sum() + deviations[1].square().sum()
    expected = ((means[0] - means[1]).square().sum() + (deviations[0] - deviations[1]).square().sum()) / energy
    assert style.wasserstein_distance(wanted, 1e-9)(seen).item() == pytest.approx(expected.item(), rel=1e-3)


def test_wasserstein_of_gaussians_is_that_of_scipy():
    (first, second), means = covariances(6), chance(2, 6)
    root = scipy.linalg.sqrtm(second.numpy())
    between = np.trace(scipy.linalg.sqrtm(root @ first.numpy() @ root))
    squared = (means[0] - means[1]).square().sum() + first.trace() + second.trace() - 2 * between
    energy = means[1].square().sum() + second.trace()
    seen, wanted = (gaussian(m[None], c[None]) for m, c in zip(means, (first, second), strict=True))
    assert style.wasserstein_distance(wanted, 1e-9)(seen).item() == pytest.approx(float(squared / energy), rel=1e-3)


def test_wasserstein_gradient_agrees_with_finite_differences():
    features, other = chance(1, 4, 5, 6).requires_grad_(), chance(1, 4, 7, 7, seed=3) + 0.5
    distance = style.wasserstein_distance(style.statistics(other), 1e-6)
    (slope,) = torch.autograd.grad(distance(style.statistics(features)).sum(), features)
    way = chance(1, 4, 5, 6, seed=4)
    with torch.no_grad():
        above, below = (distance(style.statistics(features + sign * 1e-4 * way)).item() for sign in (1, -1))
    assert (slope * way).sum().item() == pytest.approx((above - below) / 2e-4, rel=2e-3)


def test_wasserstein_gradient_holds_where_there_are_fewer_positions_than_channels():
    features, other = chance(1, 96, 6, 8).float(), chance(1, 96, 9, 9, seed=3).float() + 0.5

    def slope(kind):
        asked = features.to(kind).requires_grad_()
        distance = style.wasserstein_distance(style.statistics(other.to(kind)))
        return torch.autograd.grad(distance(style.statistics(asked)).sum(), asked)[0].double()

    exact = slope(torch.float64)
    assert (slope(torch.float32) - exact).norm() < 0.02 * exact.norm()


@pytest.mark.parametrize("distance", [style.gram_distance, style.wasserstein_distance])
def test_a_style_is_at_no_distance_from_itself_and_at_some_from_another(distance):
    mine, other = (style.statistics(torch.rand(1, 6, 9, 9, generator=torch.Generator().manual_seed(s))) for s in (0, 1))
    assert abs(distance(mine)(mine).item()) < 1e-4
    assert distance(mine)((other[0] * 2, other[1] * 4)).item() > 0.1


@pytest.mark.parametrize("distance", [style.gram_distance, style.wasserstein_distance])
def test_a_distance_does_not_depend_on_the_scale_of_a_layer(distance):
    mine, other = (chance(1, 6, 9, 9, seed=s) + s for s in (0, 1))
    small, large = (distance(style.statistics(k * mine))(style.statistics(k * other)).item() for k in (1, 100))
    assert small == pytest.approx(large, rel=1e-3)


def test_a_flat_style_has_a_finite_distance_and_slope():
    features = torch.rand(1, 5, 6, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    for distance in (style.gram_distance, style.wasserstein_distance):
        value = distance(style.statistics(torch.ones(1, 5, 3, 3)))(style.statistics(features))
        (slope,) = torch.autograd.grad(value.sum(), features)
        assert torch.isfinite(value).all() and torch.isfinite(slope).all()


# ---- objectives


def test_content_is_nothing_for_the_picture_itself_and_one_for_a_blank_layer():
    wanted = torch.rand(1, 3, 4, 4)
    objective = style.content("a", wanted)
    picture = torch.zeros(1, 3, 8, 8)
    assert objective({"a": wanted}, picture).item() == 0
    assert objective({"a": torch.zeros_like(wanted)}, picture).item() == pytest.approx(1)


def test_contours_of_a_point_are_its_laplacian_worked_by_hand():
    point = torch.zeros(1, 3, 5, 5)
    point[..., 2, 2] = 1  # its Laplacian: -4 there, 1 at the four beside it, so 20 in 25
    against = style.laplacian(point, cell=1)
    assert against({}, point).item() == 0
    assert against({}, point + 0.3).item() == pytest.approx(0, abs=1e-6)  # how light it is does not matter
    assert against({}, 2 * point).item() == against({}, torch.zeros_like(point)).item() == pytest.approx(1)
    assert style.laplacian(torch.zeros_like(point), cell=1, least=0.1)({}, point).item() == pytest.approx(20 / 25 / 0.1)


def test_contours_leave_strokes_narrower_than_a_cell_free():
    photo = (torch.arange(64) >= 32).float().expand(1, 3, 64, 64)
    narrow, broad = ((torch.arange(64) // width % 2).float()[:, None].expand(1, 3, 64, 64) for width in (1, 16))
    against = style.laplacian(photo, cell=8)
    assert against({}, photo + 0.2 * narrow).item() < 0.05 * against({}, photo + 0.2 * broad).item()


@pytest.mark.parametrize("smooth", [False, True])
def test_style_and_content_slopes_agree_with_finite_differences(smooth):
    network = tiny_network(torch.float64)
    mine, other = some_pictures(1, 32, 32).double(), some_pictures(1, 32, 32, seed=5).double()
    seen = network.features(other, ["layer2", "layer3"])
    where = torch.linspace(0, 1, 32)[None].expand(32, 32)
    distance = style.wasserstein_distance(style.look(seen["layer2"], smooth=smooth))
    objective = style.imitation("layer2", distance, where, smooth=smooth) + style.content("layer3", seen["layer3"], smooth=smooth)
    _, slope = gradient(objective, network, mine)
    way = slope / slope.norm()
    above, below = (gradient(objective, network, mine + sign * 1e-2 * way)[0].item() for sign in (1, -1))
    assert (slope * way).sum().item() == pytest.approx((above - below) / 2e-2, rel=0.03)


def test_softened_activations_keep_order_and_sign_and_round_off_peaks():
    peaky = torch.tensor([-8.0, -0.5, 0.0, 0.5, 1.0, 8.0])
    soft = style.smoothed_activations(peaky)
    assert soft.tolist() == sorted(soft.tolist()) and soft.sign().equal(peaky.sign())
    assert soft[-1] / soft[-2] < 0.5 * peaky[-1] / peaky[-2]


def test_roughness_counts_squared_steps():
    stripes = (torch.arange(6) % 2).float().expand(1, 3, 5, 6)
    assert objectives.roughness()({}, stripes).item() == 1
    assert objectives.roughness()({}, 0.5 * stripes).item() == 0.25
