"""Networks side by side: figures against closed forms, colours against another decomposition, and what the sheet holds."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import hub
from hub import backbones, samples
from hub.errors import BadParams, UnknownBackbone
from hub.policy import Policy
from hub.recipe import png_bytes, read_recipe
from plugins.compare_networks.board import EMPTY, GAP, LABEL, TITLE, WIDE, Board, fitting, font
from plugins.compare_networks.drawing import filters
from plugins.compare_networks.seeing import SPREAD, alike, cka, colours, components

NAME = "compare_networks"
SMALL = {"size": 64}


def draws(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def photo():
    return samples.load("cat").resize((96, 64))


@pytest.fixture(scope="module")
def seen(photo):
    return hub.run(NAME, photo, **SMALL)


# ---- how alike


def test_cka_of_a_rotated_scaled_and_shifted_copy_is_one():
    answers = draws(50, 7)
    turn, _ = torch.linalg.qr(draws(7, 7, seed=1))
    assert cka(answers, 3 * answers @ turn - 5) == pytest.approx(1, abs=1e-12)
    assert cka(answers, answers @ torch.diag(torch.tensor([9.0, *[1] * 6], dtype=torch.float64))) < 0.9  # not any linear map


def test_cka_of_four_things_is_what_one_gets_by_hand():
    """Off the diagonal the centred products are 4/3 for a pair on one side and -2/3 for others: -16/3 over 32/3."""
    rows = torch.tensor([[1.0], [1], [-1], [-1]]).double()
    columns = torch.tensor([[1.0], [-1], [1], [-1]]).double()
    assert cka(rows, columns) == pytest.approx(-0.5)
    assert cka(rows, -rows) == pytest.approx(1)
    assert cka(rows, rows + columns) == pytest.approx(0.5)  # 2/3 on four pairs and -4/3 on two: 8/3 over 16/3
    assert cka(rows[:3], columns[:3]) is None


def test_cka_of_independent_noise_is_about_zero_even_where_channels_outnumber_places():
    figures = [cka(draws(60, 300, seed=2 * i), draws(60, 500, seed=2 * i + 1)) for i in range(20)]
    assert abs(np.mean(figures)) < 0.01 and max(map(abs, figures)) < 0.1


def test_cka_of_many_samples_is_that_of_the_paper():
    """Kornblith et al. 2019, eq. 2 with the biased HSIC, which the unbiased one approaches."""
    one = draws(4000, 3)
    other = one @ draws(3, 4, seed=5) + draws(4000, 4, seed=6)
    x, y = (t - t.mean(0) for t in (one, other))
    biased = (y.T @ x).norm() ** 2 / ((x.T @ x).norm() * (y.T @ y).norm())
    assert cka(one, other) == pytest.approx(float(biased), abs=2e-3)


def test_maps_of_two_sizes_are_compared_on_the_coarser_grid_and_constant_ones_not_at_all():
    coarse = draws(1, 5, 6, 4)
    fine = coarse.repeat_interleave(3, 2).repeat_interleave(2, 3)
    assert alike(coarse, fine) == pytest.approx(1) == alike(fine, coarse)
    assert alike(coarse, torch.ones(1, 9, 6, 4)) is None
    assert alike(coarse, coarse[..., :1, :3]) is None


# ---- colours


@pytest.mark.parametrize("channels", [5, 40])
def test_colours_are_the_leading_components_of_numpys_decomposition(channels):
    features = draws(1, channels, 6, 5) * torch.linspace(1, 5, channels, dtype=torch.float64)[:, None, None]
    places = features.flatten(2)[0].T.numpy()
    left, sizes, right = np.linalg.svd(places - places.mean(0), full_matrices=False)
    largest = np.abs(right[:3]).argmax(1)
    signs = np.sign(right[range(3), largest])
    scores = left[:, :3] * sizes[:3] * signs
    assert np.allclose(components(torch.from_numpy(places)).numpy(), scores, atol=1e-9)
    expected = np.clip(0.5 + scores / (2 * SPREAD * scores.std(0)), 0, 1).T.reshape(3, 6, 5)
    assert np.allclose(colours(features)[0].numpy(), expected, atol=1e-6)


def test_what_does_not_vary_is_grey():
    assert torch.equal(colours(torch.full((1, 4, 3, 3), 7.0)), torch.full((1, 3, 3, 3), 0.5))
    line = torch.arange(6.0).reshape(1, 1, 2, 3).repeat(1, 4, 1, 1)  # one direction only
    assert torch.equal(colours(line)[0, 1:], torch.full((2, 2, 3), 0.5)) and colours(line)[0, 0].std() > 0.1
    assert colours(torch.ones(1, 8, 1, 1)).shape == (1, 3, 1, 1)


# ---- the sheet


def test_rows_and_columns_come_in_the_order_asked_for(photo, seen):
    assert [(row["network"], row["depth"]) for row in seen.table] == [
        (name, word) for name in ("embedded", "embedded?random") for word in ("early", "middle", "late")
    ]
    other = hub.run(NAME, photo, networks="embedded?random, embedded", **SMALL)
    assert [row["network"] for row in other.table[::3]] == ["embedded?random", "embedded"]
    stills = [picture.tobytes() for picture, _ in seen.images]
    assert [picture.tobytes() for picture, _ in other.images] == stills[3:] + stills[:3]
    half = (other.image.height - GAP) // 2
    assert other.image.size == seen.image.size and seen.image.width == WIDE
    swapped = [np.asarray(other.image.crop((0, top + TITLE + GAP, WIDE, top + half))) for top in (GAP, GAP + half)]
    kept = [np.asarray(seen.image.crop((0, top + TITLE + GAP, WIDE, top + half))) for top in (GAP + half, GAP)]
    assert all(np.array_equal(a, b) for a, b in zip(swapped, kept, strict=True))


def test_the_table_says_what_the_layers_are(seen):
    network = backbones.load("embedded")
    for row in seen.table:
        layer = network.layer(row["depth"])
        figures = (row["layer"], row["channels"], row["stride"], row["receptive field"])
        assert figures == (layer.name, layer.channels, layer.stride, layer.reach or "all")
        assert layer.name in " ".join(caption for _, caption in seen.images)


def test_a_network_beside_itself_is_wholly_like_and_beside_its_untrained_self_is_not(photo, seen):
    twice = hub.run(NAME, photo, networks="embedded, embedded", **SMALL)
    assert [row["like the first (CKA)"] for row in twice.table] == [1.0] * 6
    assert [row["like the first (CKA)"] for row in seen.table[:3]] == [1.0] * 3
    assert seen.table[-1]["like the first (CKA)"] < 0.9
    assert twice.images[0][0].tobytes() == twice.images[3][0].tobytes()


def test_one_depth_puts_networks_beside_each_other(photo):
    result = hub.run(NAME, photo, depth="late", networks="embedded, embedded?random, embedded?random=1", **SMALL)
    assert [row["depth"] for row in result.table] == ["late"] * 3
    assert [caption.partition(",")[0] for _, caption in result.images] == ["Netsee's own"] * 3
    assert "untrained 1, late" in result.images[2][1]
    below = result.image.getpixel((WIDE * 3 // 4, result.image.height - LABEL - 3 * GAP))
    assert below == (250, 249, 247)  # three of them leave the fourth place bare


def test_what_is_to_come_is_an_empty_place(photo):
    pages = [np.asarray(result.image) for result in hub.find(NAME).stream(photo, SMALL)]
    empty = [int((page == EMPTY).all(-1).sum()) for page in pages]
    assert len(pages) == 8 and empty[0] > 5 * empty[5] > 0 and empty[-1] < empty[0] / 100
    assert empty[:-1] == sorted(empty[:-1], reverse=True)


def test_letters_are_large_enough_for_a_phone_and_long_names_are_cut_to_their_place():
    assert LABEL * 350 / WIDE > 10
    long = "late: features.denseblock3.denselayer24.conv2"
    cut = fitting(long, LABEL, 256)
    assert cut.endswith("...") and long.startswith(cut[:-3]) and font(LABEL).getlength(cut) <= 256
    assert fitting("late: layer3", LABEL, 256) == "late: layer3"
    assert Board(["embedded"], ["late"], (301, 7)).page().height < 1.5 * WIDE


# ---- dreams and filters


@pytest.mark.parametrize("show", ["a dream", "filters"])
def test_dreams_and_filters_are_the_same_again_whatever_stands_beside_them(photo, show):
    asked = {"show": show, "depth": "middle", "steps": 6, "filters": 2, **SMALL}
    alone = hub.run(NAME, photo, networks="embedded", **asked)
    beside = hub.run(NAME, photo, networks="embedded?random, embedded", **asked)
    assert beside.images[1][0].tobytes() == alone.images[0][0].tobytes() != beside.images[0][0].tobytes()
    assert png_bytes(hub.run(NAME, photo, networks="embedded", **asked)) == png_bytes(alone)
    assert "like the first (CKA)" not in alone.table[0]


def test_a_dream_strengthens_what_the_layer_sees(photo):
    from hub.pixels import images

    network = backbones.load("embedded")
    result = hub.run(NAME, photo, show="a dream", depth="middle", networks="embedded", steps=12, size=96)

    def energy(picture):
        return float(network.features(images.to_tensor(picture), ["middle"])["middle"].float().square().mean())

    assert energy(result.images[0][0]) > 2 * energy(photo)


def test_filters_are_spread_over_the_layer_and_each_answers_to_its_picture():
    network = backbones.load("embedded")
    work = filters(network, network.layer("late"), 4, 20, 0, (0.0, 1.0), lambda picture: picture)
    while True:
        try:
            next(work)
        except StopIteration as ended:
            pictures = ended.value
            break
    units = [0, 48, 96, 144]
    answers = network.features(pictures, ["late"])["late"].float().mean((2, 3))[:, units]
    assert answers.argmax(0).tolist() == [0, 1, 2, 3]


# ---- what is refused, and what is kept


def test_a_hosted_hub_refuses_networks_outside_the_menu_before_any_work(photo):
    for name in ("hf-hub:someone/thing", "local-dir:/etc", "timm/resnet34.a1_in1k", "embedded?random=2"):
        with pytest.raises(UnknownBackbone):
            hub.stream(NAME, photo, policy=Policy.public(), networks=f"embedded, {name}")
    assert hub.run(NAME, photo, policy=Policy.public(), networks="embedded?random", depth="early", **SMALL).table


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"networks": "embedded, embeded?random"}, "embeded"),
        ({"networks": ""}, "networks: 0 are named; give 1 to 6"),
        ({"networks": ", ".join(["embedded"] * 7)}, "networks: 7"),
        ({"size": 20}, "48 or more"),
    ],
)
def test_what_cannot_be_compared_is_one_line(photo, values, said):
    with pytest.raises((BadParams, UnknownBackbone), match=said) as refused:
        hub.run(NAME, photo, **values)
    assert "\n" not in str(refused.value)


def test_the_recipe_holds_the_weights_of_every_network_and_makes_the_sheet_again(photo, seen):
    png = png_bytes(seen)
    assert read_recipe(png).weights == {name: backbones.load(name).hash for name in ("embedded", "embedded?random")}
    assert len(set(seen.recipe.weights.values())) == 2
    assert png_bytes(hub.replay(png, photo)) == png
    assert Image.open(io.BytesIO(png)).size == seen.image.size


def test_the_shipped_example_was_made_by_this_version_with_these_settings_and_weights():
    from hub import examples, registry

    technique = registry.technique(NAME)
    recipe, facts = read_recipe(str(examples.SHIPPED / f"{NAME}.png")), examples.find(technique).facts
    assert recipe.version == technique.version and recipe.params == examples.params_of(technique).model_dump(mode="json")
    assert recipe.weights == {name: backbones.load(name).hash for name in ("embedded", "embedded?random")}
    assert facts["before"] is None and len(facts["images"]) == 6
