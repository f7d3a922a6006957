"""What photo style transfer promises beyond the contract."""

import numpy as np
import pytest
import torch
from PIL import Image

import hub
from hub import pixels, samples
from hub.errors import BadParams
from hub.pixels import colour, images
from hub.recipe import png_bytes
from plugins.style.photo_style import deep, looks, regions
from plugins.style.photo_style.regions import KEEP
from tests.networks import one_thread, some_pictures, tiny_network  # noqa: F401

PHOTO, STYLE = (samples.load(name).resize((150, 100)) for name in ("china", "coffee"))


def restyled(photo=PHOTO, **params):
    return hub.run("photo_style", photo, **{"style": STYLE, "steps": 3, **params})


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one).astype(float) - np.asarray(other)).mean())


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    return regions.small(PHOTO, 120), regions.small(STYLE, 120)


# ---------------------------------------------------------------- regions


def test_masks_sum_to_one_and_their_maps_give_them_again():
    photo, style = pair()
    found = regions.found(photo, style, tiny_network(), 4, 0)
    for masks in (found.photo, found.style):
        assert masks.shape[1] == 4 and torch.allclose(masks.sum(1), torch.ones(1, *masks.shape[2:]), atol=1e-5)
    assert torch.allclose(regions.soft(found.maps, photo), found.photo)


def test_the_largest_region_comes_first():
    found = regions.found(*pair(), tiny_network(), 4, 0)
    shares = found.photo.mean((0, 2, 3))
    assert shares[0] > shares[-1]


def test_no_more_regions_than_different_points():
    flat = torch.full((1, 3, 1, 1), 0.4)
    assert len(regions.found(flat, flat, tiny_network(), 5, 0).partner) == 1


def test_a_region_that_the_reference_lacks_takes_the_nearest_or_is_kept():
    middles = torch.tensor([[0.0, 0.0], [0.1, 0.0], [9.0, 0.0]])
    assert regions.partners(middles, torch.tensor([0.9, 0.0, 0.1])) == (0, 0, 2)
    assert regions.partners(middles, torch.tensor([1.0, 0.0, 0.0])) == (0, 0, KEEP)


def test_a_visitor_says_who_answers_to_whom():
    found = regions.found(*pair(), tiny_network(), 3, 0)
    assert regions.rematched(found, " 1>2 ,3 > keep").partner == (1, found.partner[1], KEEP)
    assert regions.rematched(found, "").partner == found.partner
    for wrong in ("1", "1>4", "0>1", "1>>2", "keep>1", "1>²"):
        with pytest.raises(BadParams, match="pair"):
            regions.rematched(found, wrong)


def test_methods_for_the_whole_picture_do_not_mind_pairs():
    assert restyled(method="reinhard", pairs="3>4").image.tobytes() == restyled(method="reinhard").image.tobytes()


def halves(size: tuple[int, int], left: str, right: str) -> Image.Image:
    mask = Image.new("RGB", size, right)
    mask.paste(left, (0, 0, size[0] // 2, size[1]))
    return mask


def test_painted_regions_meet_by_their_colours_and_one_without_a_partner_stays_as_it_was():
    mine, theirs = halves((150, 100), "red", "blue"), halves((75, 50), "yellow", "#fe0202")
    result = restyled(photo_mask=mine, style_mask=theirs)
    left, right = (difference(result.image.crop(box), PHOTO.crop(box)) for box in ((0, 0, 65, 100), (85, 0, 150, 100)))
    assert left > 20 and right < 2


@pytest.mark.parametrize("masks", [
    {"photo_mask": halves((100, 100), "red", "blue"), "style_mask": halves((150, 100), "red", "blue")},
    {"photo_mask": halves((150, 100), "red", "blue")},
    {"style_mask": halves((150, 100), "red", "blue")},
])
def test_masks_of_other_proportions_or_alone_are_refused(masks):
    with pytest.raises(BadParams, match="mask"):
        restyled(**masks)


def test_masks_without_a_common_colour_are_refused_unless_pairs_are_given():
    masks = {"photo_mask": halves((150, 100), "black", "black"), "style_mask": halves((150, 100), "red", "blue")}
    with pytest.raises(BadParams, match="no colour in common"):
        restyled(**masks)
    assert difference(restyled(**masks, pairs="1>1").image, PHOTO) > 10


def test_a_painted_region_takes_all_of_its_partners_look():
    masks = halves((150, 100), "red", "blue"), halves((150, 100), "red", "blue")
    found = regions.painted(*masks, *pair())
    assert (found.own_light, found.own_colour) == (1, 1) and found.photo.shape[1] == 2


def test_a_large_mask_is_read_at_the_size_of_the_copy():
    mask = halves((3000, 2000), "red", "blue")
    assert regions.like(mask, regions.small(PHOTO, 120), "photo_mask").size == (120, 80)


def test_a_mask_with_blended_borders_has_no_region_of_blends():
    mask = halves((60, 40), "red", "blue").resize((150, 100), Image.Resampling.BICUBIC)
    assert len(regions.palette_of(mask)) == 2


# ---------------------------------------------------------------- looks


def test_the_whole_look_gives_the_references_mean_and_covariance_in_oklab():
    source, target = (colour.rgb_to_oklab(some_pictures(1, 24, 30, seed)).double() for seed in (1, 2))
    change = looks.look(source, target, colour.transport)
    moved = colour.mixed(source, change[:, :3]) + change[:, 3].view(1, 3, 1, 1)
    for made, wanted in zip(colour.moments(moved), colour.moments(target), strict=True):
        assert torch.allclose(made, wanted, atol=1e-5)


def test_light_first_gives_the_covariance_wanted_and_takes_lightness_from_lightness_alone():
    (_, spread), (_, wanted) = (colour.moments(colour.rgb_to_oklab(some_pictures(1, 24, 30, seed)).double()) for seed in (1, 2))
    made = looks.light_first(spread, wanted)
    eye = looks.GRAIN * torch.eye(3).double()
    assert torch.allclose(made @ (spread + eye) @ made.mT, wanted + eye, atol=1e-9)
    assert not made[0, 0, 1:].any() and torch.allclose(made[0, 1, 2], made[0, 2, 1])
    assert torch.allclose(looks.light_first(spread, spread)[0], torch.eye(3).double(), atol=1e-9)


def test_gains_are_held_to_what_a_photo_bears():
    source, target = (colour.rgb_to_oklab(some_pictures(1, 24, 30, seed)) for seed in (1, 2))
    faint = source.mean((2, 3), keepdim=True) + 0.2 * (source - source.mean((2, 3), keepdim=True))
    strong, weak = looks.limited_look(faint, 4 * target), looks.limited_look(source, target.mean((2, 3), keepdim=True))
    for made in (strong, weak):
        gains = torch.cat([made[:1, 0], torch.linalg.eigvalsh(made[1:, 1:3])])
        assert gains.max() <= looks.MOST + 1e-5 and gains.min() >= looks.LEAST - 1e-5
    assert strong[0, 0] == pytest.approx(looks.MOST) and weak[0, 0] == pytest.approx(looks.LEAST)


def test_what_no_screen_shows_keeps_its_lightness_and_hue():
    lab = torch.tensor([0.6, 0.3, -0.2]).view(1, 3, 1, 1)
    made = colour.rgb_to_oklab(looks.in_gamut(lab, 0.0, 1.0)).flatten()
    assert made[0] == pytest.approx(0.6, abs=2e-3) and made[2] / made[1] == pytest.approx(-2 / 3, abs=0.02)


def test_light_is_rolled_off_in_order_and_left_alone_between():
    light = torch.linspace(-0.3, 1.6, 200)
    made = looks.rolled_off(light, -0.3, 1.6)
    assert torch.allclose(looks.rolled_off(torch.tensor([-9.0, 9.0]), -0.3, 1.6), torch.tensor([0.0, 1.0]), atol=1e-6)
    assert (made.diff() > 0).all() and made.min() >= -1e-6 and made.max() <= 1 + 1e-6
    between = (light > 0.1) & (light < 0.85)
    assert torch.equal(made[between], light[between])


def test_a_grey_reference_takes_all_colour_away():
    pixels = np.asarray(restyled(style=samples.load("gravel")).image).astype(int)
    assert (pixels.max(2) - pixels.min(2)).max() <= 2


# ---------------------------------------------------------------- results


@pytest.mark.parametrize("method", ["by region", "deep", "monge-kantorovich", "reinhard"])
def test_every_method_keeps_the_size_and_brings_the_mean_colour_nearer(method):
    result = restyled(method=method)
    assert result.image.size == PHOTO.size
    target = np.asarray(STYLE).reshape(-1, 3).mean(0)
    before, after = (np.abs(np.asarray(image).reshape(-1, 3).mean(0) - target).sum() for image in (PHOTO, result.image))
    assert after < 0.5 * before
    assert set(result.metrics) == {"edge SSIM", "style distance", "affine residual", "seconds"}


@pytest.mark.parametrize("method", ["by region", "monge-kantorovich", "reinhard"])
def test_a_photo_in_its_own_look_is_the_photo(method):
    assert difference(restyled(style=PHOTO, method=method).image, PHOTO) < 0.5


@pytest.mark.parametrize("method", ["by region", "deep", "monge-kantorovich", "reinhard"])
def test_without_strength_nothing_changes(method):
    assert difference(restyled(strength=0.0, method=method).image, PHOTO) < 0.5


@pytest.mark.parametrize("method", ["by region", "deep"])
def test_where_every_region_is_kept_the_photo_is_kept_and_the_caption_says_so(method):
    result = restyled(regions=2, pairs="1>keep, 2>keep", method=method)
    assert difference(result.image, PHOTO) < 0.5 and "Every region was kept" in result.caption


def test_the_same_inputs_give_the_same_file_and_figures_but_for_the_seconds():
    one, other = restyled(), restyled()
    assert png_bytes(one) == png_bytes(other)
    for result in (one, other):
        assert result.metrics.pop("seconds") > 0
    assert one.metrics == other.metrics


@pytest.mark.parametrize("photo", [Image.new("RGB", (40, 30), "#b03030"), Image.new("RGB", (3, 3), "white")])
@pytest.mark.parametrize("style", [Image.new("RGB", (1, 1), "#205090"), STYLE])
def test_pictures_with_hardly_any_colour_give_a_picture(photo, style):
    assert restyled(photo, style=style).image.size == photo.size


def test_the_result_at_twice_the_size_is_the_result_enlarged():
    large = PHOTO.resize((600, 400), Image.Resampling.BICUBIC)
    huge = PHOTO.resize((1200, 800), Image.Resampling.BICUBIC)
    assert difference(restyled(huge).image.resize((600, 400), Image.Resampling.BICUBIC), restyled(large).image) < 2.5


def test_the_regions_are_shown_beside_the_result_with_their_partners():
    (mine, said), (theirs, _) = restyled(pairs="1>keep").images
    assert "1 > keep" in said and mine.size == PHOTO.size and theirs.size == STYLE.size


def test_one_region_gives_a_lookup_table_that_makes_the_same_picture():
    result = restyled(regions=1)
    lines = result.files["look.cube"].decode().splitlines()
    side = int(next(line.split()[1] for line in lines if line.startswith("LUT_3D_SIZE")))
    table = np.array([[float(v) for v in line.split()] for line in lines if line[0].isdigit()]).reshape(side, side, side, 3)
    flat = torch.from_numpy(table).permute(3, 0, 1, 2)[None].float()
    grid = images.to_tensor(PHOTO).permute(0, 2, 3, 1)[:, None] * 2 - 1  # red is the last axis of the table
    made = torch.nn.functional.grid_sample(flat, grid, align_corners=True)[:, :, 0]
    assert difference(images.to_image(made), result.image) < 1.5
    assert "look.cube" not in restyled(regions=2).files


@pytest.mark.parametrize("compare", [False, True])
def test_progress_never_falls_in_the_deep_method(compare):
    results = hub.stream("photo_style", PHOTO, style=STYLE, method="deep", steps=2, compare=compare)
    progress = [result.progress for result in results]
    assert progress == sorted(progress) and len(progress) >= 5


def test_methods_are_compared_when_asked():
    result = restyled(compare=True, steps=1)
    assert [row["method"] for row in result.table] == ["by region", "deep", "monge-kantorovich", "reinhard"]
    assert len(result.curves) == 8
    for method in ("by region", "reinhard"):
        curve = result.curves[f"edge SSIM, {method}"]
        assert curve.x[-1] == 1 and curve.y[0] >= curve.y[-1]


# ---------------------------------------------------------------- the deep method


def test_the_style_loss_is_gatys_between_each_region_and_its_partner_by_area():
    photo, reference = pair()
    found = regions.found(photo, reference, tiny_network(), 2, 0)
    layers = [layer.name for layer in tiny_network().landmarks()[:5]]
    mine, theirs = (tiny_network().features(picture, layers) for picture in (photo, reference))
    by_hand = 0.0
    for layer in layers:
        for i, partner in enumerate(found.partner):
            grams = []
            for maps, mask in ((mine[layer], found.photo[:, i : i + 1]), (theirs[layer], found.style[:, partner : partner + 1])):
                weight = torch.nn.functional.interpolate(mask, size=maps.shape[-2:], mode="area").flatten()
                flat = maps[0].flatten(1)
                grams.append((flat * weight) @ flat.T / weight.sum())
            miss = (grams[0] - grams[1]).square().sum() / grams[1].square().sum()
            by_hand += float(found.photo[:, i].mean() * miss) / len(layers)
    loss = deep.style_loss(reference, found, tiny_network())
    assert loss(mine, photo).item() == pytest.approx(by_hand, rel=1e-3)


@pytest.mark.parametrize(("size", "copied"), [((150, 100), (150, 100)), ((4000, 3000), (256, 192)), ((3000, 150), (640, 32)),
                                              ((10, 5), (64, 32))])
def test_the_copy_that_is_optimised_is_never_narrower_than_a_network_needs(size, copied):
    assert deep.copy(Image.new("RGB", size)).shape[-2:] == copied[::-1]


def test_what_a_method_cannot_take_is_said_in_one_line_and_left_out_of_the_comparison():
    band = PHOTO.resize((900, 12))
    with pytest.raises(BadParams, match="long and narrow as 900 × 12"):
        restyled(band, method="deep")
    result = restyled(band, compare=True)
    assert [row["method"] for row in result.table] == ["by region", "monge-kantorovich", "reinhard"]
    assert "Left out of the comparison: deep" in result.caption


def test_a_region_without_a_partner_has_no_say_in_the_style():
    photo, style = pair()
    found = regions.rematched(regions.found(photo, style, tiny_network(), 2, 0), "1>keep, 2>keep")
    wish = deep.style_loss(style, found, tiny_network())
    assert not wish.layers and wish({}, photo).item() == 0


def test_optimising_lowers_the_style_loss_and_photorealism_lowers_the_residual():
    from hub import metrics

    photo, style = pair()
    found = regions.whole(photo, style)
    ends = []
    for photorealism in (0.0, 3000.0):
        steps = deep.optimised(photo, style, found, tiny_network(), photo, 12, photorealism, pixels.Trace(""))
        *_, last = steps
        ends.append(metrics.affine_residual(images.to_tensor(last.image), photo))
    loss = deep.style_loss(style, found, tiny_network())
    values = [loss(tiny_network().features(p, sorted(loss.layers)), p).item() for p in (photo, images.to_tensor(last.image))]
    assert values[1] < values[0] and ends[1] < ends[0]
