import pytest
import torch
from PIL import Image
from skimage.color import label2rgb
from skimage.segmentation import slic

from hub import backbones, metrics, samples
from hub.pixels import colour, images
from hub.world.paintings import painting
from tests.networks import as_backbone, one_thread, pointwise_network, seeded, some_pictures, tiny_network  # noqa: F401


def disc(height: int = 64, width: int = 64, sharp: float = 60.0) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    return (0.1 + 0.8 * torch.exp(-(x.square() + y.square()) / sharp)).expand(1, 3, height, width)


@pytest.mark.parametrize("name", metrics.HELD_OUT)
@pytest.mark.parametrize("size", [(32, 32), (31, 57), (1, 1)])
def test_held_out_transforms_keep_shape_and_range(name, size):
    pictures = some_pictures(2, *size)
    moved = metrics.HELD_OUT[name](pictures)
    assert moved.shape == pictures.shape and torch.isfinite(moved).all()
    assert moved.min() >= 0 and moved.max() <= 1 + 1e-6


@pytest.mark.parametrize("name", metrics.HELD_OUT)
def test_held_out_transforms_change_a_picture_but_not_beyond_recognition(name):
    pictures = some_pictures(1, 64, 64)
    difference = (metrics.HELD_OUT[name](pictures) - pictures).abs().mean()
    assert 0.002 < difference < 0.3


@pytest.mark.parametrize("size", [(64, 64), (64, 120)])
def test_a_disc_stays_a_disc_when_it_is_rotated(size):
    picture = disc(*size)
    turned = metrics.rotated(picture)
    middle = slice((size[1] - 48) // 2, (size[1] + 48) // 2)
    assert torch.allclose(turned[..., 8:-8, middle], picture[..., 8:-8, middle], atol=0.01)


def test_a_right_angle_is_a_right_angle():
    pictures = some_pictures(1, 33, 33)
    assert torch.allclose(metrics.rotated(pictures, 90), pictures.rot90(-1, (-2, -1)), atol=1e-4) or torch.allclose(
        metrics.rotated(pictures, 90), pictures.rot90(1, (-2, -1)), atol=1e-4
    )


def test_grey_has_no_hue_to_shift():
    grey = some_pictures()[:, :1].expand(-1, 3, -1, -1)
    assert torch.allclose(metrics.hue_shifted(grey), grey, atol=1e-5)


def test_a_third_of_a_turn_makes_red_a_pure_colour_again():
    red = torch.tensor([0.9, 0.0, 0.0]).view(1, 3, 1, 1)
    assert sorted(metrics.hue_shifted(red, 1 / 3).flatten().tolist()) == pytest.approx([0.0, 0.0, 0.9], abs=1e-5)


def test_hue_shift_keeps_the_brightness():
    pictures = 0.3 + 0.4 * some_pictures()
    assert torch.allclose(metrics.hue_shifted(pictures).mean(1), pictures.mean(1), atol=1e-5)


def test_halving_loses_fine_stripes_and_keeps_broad_ones():
    fine = (torch.arange(64) % 2).float().expand(1, 3, 64, 64)
    broad = (torch.arange(64) // 16 % 2).float().expand(1, 3, 64, 64)
    assert metrics.halved(fine).std() < 0.1 * fine.std()
    assert metrics.halved(broad).std() > 0.9 * broad.std()


def test_blur_spreads_a_point_by_its_sigma_and_keeps_its_mass():
    point = torch.zeros(1, 3, 33, 33)
    point[..., 16, 16] = 1
    mass = metrics.blurred(point, 1.5)[0, 0]
    variance = (mass.sum(0) * (torch.arange(33) - 16).square()).sum()
    assert mass.sum().item() == pytest.approx(1, abs=1e-5)
    assert variance.item() == pytest.approx(1.5**2, rel=0.1)


def test_a_file_without_loss_holds_the_very_picture_and_its_bytes_are_a_file():
    picture = Image.effect_noise((20, 10), 60).convert("RGB")
    data, held = metrics.filed(picture, "WEBP", lossless=True)
    assert data[:4] == b"RIFF" and images.to_image(held).tobytes() == picture.tobytes()


def test_jpeg_of_a_flat_colour_is_that_colour_and_lower_quality_is_further_off():
    flat = torch.full((1, 3, 32, 32), 0.5)
    assert torch.allclose(metrics.jpeg(flat), flat, atol=0.01)
    busy = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0)).expand(1, 3, 32, 32)
    error = [(metrics.jpeg(busy, quality) - busy).abs().mean() for quality in (95, 10)]
    assert error[0] < 0.6 * error[1]


def test_activation_is_the_mean_over_positions_of_each_picture():
    network, pictures = tiny_network(), some_pictures(2)
    maps = network.features(pictures, ["layer2"])["layer2"]
    assert metrics.activation(network, pictures, "layer2", 5).tolist() == pytest.approx(
        [maps[0, 5].mean().item(), maps[1, 5].mean().item()]
    )


def test_rise_compares_with_the_most_excited_natural_picture(monkeypatch):
    network, picture = tiny_network(), some_pictures()
    every = [metrics.activation(network, picture, "layer1", unit).item() for unit in range(8)]
    unit, reached = every.index(max(every)), max(every)
    assert reached > 0.01
    natural = torch.zeros(5, 8)
    natural[3, unit] = reached / 2
    monkeypatch.setattr(metrics, "natural_activations", lambda *_: natural)
    assert metrics.rise(network, picture, "layer1", unit) == pytest.approx(2)


def test_robustness_of_what_no_transform_can_move_is_one():
    """A constant grey picture is the same under every transform."""
    grey = torch.full((1, 3, 32, 32), 128 / 255)
    assert metrics.robustness(pointwise_network(), grey, "2", 0) == pytest.approx(1, abs=1e-3)


def test_the_second_opinion_is_the_judges_surest_class(monkeypatch):
    def build():
        head = torch.nn.Conv2d(3, 3, 1, bias=False)
        head.weight.data = 4 * torch.eye(3)[:, :, None, None]
        fc = torch.nn.Linear(3, 3, bias=False)
        fc.weight.data = torch.eye(3)
        return torch.nn.Sequential(head, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), fc)

    config = {"input_size": (3, 16, 16), "mean": (0.5,) * 3, "std": (0.25,) * 3, "classifier": "3"}
    judge = as_backbone(seeded(build), config, classes=["red", "green", "blue"])
    monkeypatch.setattr(backbones, "judge", lambda: judge)
    green = torch.tensor([0.2, 0.8, 0.2]).view(1, 3, 1, 1).expand(1, 3, 40, 56)
    name, share = metrics.second_opinion(green)
    logits = torch.tensor([-4.8, 4.8, -4.8])
    assert (name, share) == ("green", pytest.approx(logits.softmax(0)[1].item()))
    assert metrics.judged(green).sum().item() == pytest.approx(1)


def test_sightings_are_the_share_of_a_picture_where_the_judge_sees_a_class():
    from hub.world import draw

    owls, heart = draw("owl", 3, 96, seed=5, plain=True), draw("heart", 1, 96, seed=5, plain=True)
    row = torch.cat([*owls.split(1), heart], -1)
    everywhere = torch.cat(list(owls.split(1)), -1)
    nowhere, some, most = (metrics.sightings(p, ["owl"], 96) for p in (heart, row, everywhere))
    assert nowhere == 0 and 0 < some < most and most >= 0.6
    assert metrics.sightings(row, ["owl", "heart"], 96) > some


def test_a_class_named_twice_counts_once():
    from hub.world import draw

    page = torch.cat([*draw("owl", 2, 64, seed=5), *draw("heart", 2, 64, seed=5)], -1)[None]
    assert metrics.sightings(page, ["owl", "owl"], 64) == metrics.sightings(page, ["owl"], 64)


def test_a_picture_smaller_than_a_window_is_one_window():
    from hub.world import draw

    assert metrics.sightings(draw("owl", 1, 48, seed=5, plain=True), ["owl"], 96) == 1.0


def test_a_testimony_compares_after_with_before_and_is_silent_on_what_the_judge_does_not_know():
    from hub.world import draw

    owl, heart = draw("owl", 1, 96, seed=5, plain=True), draw("heart", 1, 64, seed=5, plain=True)
    assert metrics.testimony(heart, owl, ["owl"], 96).endswith("sees that in 100% of the picture; before, it did in 0%.")
    assert metrics.testimony(heart, owl, ["goldfish of another list"], 96) == ""


# ---------------------------------------------------------------- what of a photo is still where it was


def test_edges_stand_where_they_stood_after_a_change_of_contrast_and_not_after_noise_or_blur():
    photo = disc() + 0.05 * some_pictures(1, 64, 64)
    noise = 0.05 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert metrics.edge_ssim(photo, photo) == pytest.approx(1)
    assert metrics.edge_ssim(0.2 + 0.6 * photo, photo) > 0.9
    assert metrics.edge_ssim((photo + noise).clamp(0, 1), photo) < 0.5
    assert metrics.edge_ssim(metrics.blurred(photo, 4.0), photo) < 0.8


@pytest.mark.parametrize("side", [None, metrics.THUMBNAIL])
@pytest.mark.parametrize("size", [(2, 40), (5, 5), (40, 1)])
def test_tiny_pictures_have_edges_too(size, side):
    picture = torch.linspace(0, 1, size[0] * size[1]).square().view(1, 1, *size).expand(1, 3, *size)
    assert metrics.edge_ssim(picture, picture, side) == pytest.approx(1)
    assert metrics.edge_ssim(picture.flip(-1).flip(-2), picture, side) < 0.95
    assert metrics.edge_ssim(picture[..., :1, :1], picture[..., -1:, -1:], side) == pytest.approx(1)  # one pixel has none


PHOTOS = ("china", "astronaut", "cat", "coffee")


def taken(name: str, size: tuple[int, int] | torch.Size | None = None) -> torch.Tensor:
    """A sample with a longer side of 384 pixels, or stretched to a size."""
    photo = images.to_tensor(samples.load(name))
    factor = 384 / max(photo.shape[-2:])
    return images.resize(photo, tuple(size or (round(n * factor) for n in photo.shape[-2:]))).clamp(0, 1)


def hatched(photo: torch.Tensor) -> torch.Tensor:
    down, across = torch.meshgrid(*(torch.arange(n) for n in photo.shape[-2:]), indexing="ij")
    return (photo + 0.3 * torch.cos(2 * torch.pi * (0.6 * down + 0.8 * across) / 5)).clamp(0, 1)


def noisy(photo: torch.Tensor) -> torch.Tensor:
    return (photo + 0.1 * torch.randn(photo.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)


def in_patches(photo: torch.Tensor) -> torch.Tensor:
    """Five hundred patches along its contours, each of one colour."""
    array = photo[0].permute(1, 2, 0).numpy()
    return torch.from_numpy(label2rgb(slic(array, 500), array, kind="avg", bg_label=-1)).permute(2, 0, 1)[None].float()


def moved(photo: torch.Tensor) -> torch.Tensor:
    """By a twentieth of its width."""
    return photo.roll(round(0.05 * photo.shape[-1]), -1)


def as_thumbnail(picture: torch.Tensor, photo: torch.Tensor) -> float:
    return metrics.edge_ssim(picture, photo, metrics.THUMBNAIL)


@pytest.mark.parametrize("name", PHOTOS)
def test_a_thumbnail_looks_through_hatching_noise_and_colours(name):
    photo = taken(name)
    for made in (hatched(photo), noisy(photo)):
        assert metrics.edge_ssim(made, photo) < 0.5 and as_thumbnail(made, photo) > 0.85
    assert as_thumbnail(colour.recoloured(photo, taken("flower")), photo) > 0.75
    assert as_thumbnail(in_patches(photo), photo) > 0.4


@pytest.mark.parametrize("name", PHOTOS)
def test_a_thumbnail_of_something_else_or_elsewhere_is_another_picture(name):
    photo = taken(name)
    others = [taken(other, photo.shape[-2:]) for other in PHOTOS if other != name]
    styles = [images.resize(images.to_tensor(painting(n, 384)), photo.shape[-2:]).clamp(0, 1) for n in ("swirls", "ink")]
    assert max(as_thumbnail(other, photo) for other in (*others, *styles)) < 0.1
    assert as_thumbnail(moved(photo), photo) < 0.3
    for share, most in ((0.5, 0.75), (0.75, 0.45)):  # in the middle, both are there to be seen
        assert max(as_thumbnail(torch.lerp(photo, other, share), photo) for other in others) < most


def test_one_affine_map_of_the_whole_picture_has_no_residual():
    photo = some_pictures(1, 40, 30)
    mapped = torch.einsum("rc,bchw->brhw", torch.tensor([[0.5, 0.3, 0.0], [0.1, 0.8, -0.2], [0.0, 0.1, 0.9]]), photo) + 0.1
    assert metrics.affine_residual(mapped, photo) < 0.01
    assert metrics.affine_residual(photo.flip(3), photo) > 0.1
    assert metrics.affine_residual(photo[..., :2, :], photo[..., :2, :]) == 0


# ---- style


def test_style_distance_is_nothing_to_itself_and_grows_with_what_differs():
    ink, other_ink, dots = (images.to_tensor(painting(n, 128, s)) for n, s in (("ink", 1), ("ink", 2), ("dots", 1)))
    assert metrics.style_distance(ink, ink) < 0.03
    assert metrics.style_distance(ink, ink) < metrics.style_distance(other_ink, ink) < 0.7 * metrics.style_distance(dots, ink)


def test_style_distance_ignores_where_things_are():
    ink, dots = (images.to_tensor(painting(name, 128)) for name in ("ink", "dots"))
    assert metrics.style_distance(ink.flip(-1).flip(-2), ink) < 0.55 * metrics.style_distance(dots, ink)


def test_the_share_of_the_way_is_one_at_the_style_and_nothing_at_the_start():
    ink, dots = (images.to_tensor(painting(name, 96)) for name in ("ink", "dots"))
    assert metrics.style_taken(ink, dots, [(dots, 1.0)]) == pytest.approx(1, abs=0.03)
    assert metrics.style_taken(ink, ink, [(dots, 1.0)]) == 0
    assert metrics.style_taken(ink, dots, [(ink, 1.0)]) is None
