"""Unpooling: transposed convolutions worked by hand, max unpooling's places, checkerboards where they must be."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

import hub
from hub.errors import BadParams
from hub.pixels import images
from plugins.autoencoders._enlarging import ENLARGE, Shuffle, Transposed3
from plugins.autoencoders._examples import TRAINING_PHOTOS, bundled, patches_of, photograph
from plugins.autoencoders._file import packed, unpacked
from plugins.autoencoders._linear import PCA, mean_squared
from plugins.autoencoders._networks import Design, network
from plugins.autoencoders._patches import Patches
from plugins.autoencoders._training import Course, Training
from plugins.autoencoders.unpooling import arithmetic, calculator, checkerboard, comparison, decoders, start, views
from plugins.autoencoders.unpooling.arithmetic import Stamping, matrix

CALCULATOR = {"show": "calculator"}
SMALL = {"data": "digits", "steps": 3, "code": 4, "width": 4}
DESIGN = Design((3, 16, 16), "convolutional", 32, 2, 16, activation="gelu")


def stamping(values="1 2; 3 4", kernel="1 2 3; 4 5 6; 7 8 9", stride=2, padding=1, output_padding=1):
    return Stamping(matrix(values, "values"), matrix(kernel, "kernel"), stride, padding, output_padding)


def ones(rows, columns):
    return "; ".join(" ".join("1" * columns) for _ in range(rows))


def drawn(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ---------------------------------------------------------------- the calculator


@pytest.mark.parametrize(
    ("kernel", "expected"),
    [
        (ones(3, 3), [[1, 3, 2, 2], [4, 10, 6, 6], [3, 7, 4, 4], [3, 7, 4, 4]]),
        ("1 2 3; 4 5 6; 7 8 9", [[5, 14, 10, 12], [14, 36, 24, 30], [15, 34, 20, 24], [24, 55, 32, 36]]),
    ],
)
def test_the_worked_examples_come_out_as_by_hand(kernel, expected):
    work = stamping(kernel=kernel)
    assert work.output.tolist() == expected
    rows = hub.run("unpooling", **CALCULATOR, kernel=kernel).table
    assert [row["sum"] for row in rows] == sum(expected, [])


CASES = [
    (rows, columns, k, wide, stride, padding, more)
    for rows, columns, k, wide in [(1, 1, 1, 1), (2, 3, 3, 2), (3, 2, 4, 4), (4, 4, 2, 5)]
    for stride in (1, 2, 3, 4)
    for padding in (0, 1, 2)
    for more in range(stride)
    if min((rows - 1) * stride + k, (columns - 1) * stride + wide) - 2 * padding + more > 0
]


def test_stamps_add_up_to_what_torch_computes_and_the_size_is_the_formula():
    for rows, columns, k, wide, stride, padding, more in CASES:
        work = Stamping(drawn(1, rows, columns), drawn(2, k, wide), stride, padding, more)
        rest = {"stride": stride, "padding": padding, "output_padding": more}
        by_torch = F.conv_transpose2d(work.values[None, None], work.kernel[None, None], **rest)[0, 0]
        assert torch.allclose(work.output, by_torch), rest
        assert work.size == tuple(by_torch.shape)
        assert work.size[0] == (rows - 1) * stride - 2 * padding + k + more
    assert len(CASES) > 80


def test_terms_of_every_cell_add_up_to_its_sum():
    work = stamping("1 -2 0.5; 3 4 7", "1 2; 4 5; 7 8", stride=2, padding=1, output_padding=0)
    for r in range(work.size[0]):
        for c in range(work.size[1]):
            total = sum(float(work.values[i, j]) * weight for i, j, weight in work.terms(r, c))
            assert total == pytest.approx(float(work.output[r, c]))
            assert len(work.terms(r, c)) == work.counts[r, c]
    assert calculator.terms(stamping(), 1, 1) == "1 × 9 + 2 × 7 + 3 × 3 + 4 × 1"


def test_it_is_the_adjoint_of_the_convolution():
    for rows, columns, k, wide, stride, padding, more in CASES:
        work = Stamping(drawn(3, rows, columns), drawn(4, k, wide), stride, padding, more)
        y = drawn(5, *work.size)
        by_torch = F.conv2d(y[None, None], work.kernel[None, None], stride=stride, padding=padding)[0, 0]
        assert torch.allclose(work.convolved(y), by_torch)
        assert (by_torch * work.values).sum() == pytest.approx(float((y * work.output).sum()), abs=1e-9)
    figures = hub.run("unpooling", **CALCULATOR).metrics
    assert figures["⟨conv(y), x⟩ for a random y"] == pytest.approx(figures["⟨y, convᵀ(x)⟩ for the same y"])


def test_three_by_three_stamps_overlap_in_a_checkerboard_and_four_by_four_do_not():
    grid = ones(6, 6)
    three = stamping(grid, ones(3, 3), 2, 0, 0)
    inner = three.output[2:-2, 2:-2]
    assert set(inner.flatten().tolist()) == {1, 2, 4}
    assert torch.equal(inner, three.counts[2:-2, 2:-2].double()) and not calculator.even(three)
    four = stamping(grid, ones(4, 4), 2, 1, 0)
    assert set(four.output[1:-1, 1:-1].flatten().tolist()) == {4} and calculator.even(four)


def test_max_unpooling_of_1_to_16_keeps_6_8_14_16_where_they_were():
    picture = torch.arange(1.0, 17).reshape(4, 4)
    pooled, places = arithmetic.max_pooled(picture)
    assert pooled.tolist() == [[6, 8], [14, 16]]
    assert arithmetic.max_unpooled(pooled, places).tolist() == [[0, 0, 0, 0], [0, 6, 0, 8], [0, 0, 0, 0], [0, 14, 0, 16]]
    assert torch.equal(arithmetic.counted(torch.zeros(2, 2)).float(), picture)


@pytest.mark.parametrize("seed", range(5))
def test_max_unpooling_is_what_torch_does(seed):
    picture = drawn(seed, 6, 4)
    pooled, places = F.max_pool2d(picture[None, None], 2, return_indices=True)
    found = arithmetic.max_pooled(picture)
    assert torch.equal(found[0], pooled[0, 0])
    assert torch.equal(arithmetic.max_unpooled(*found), F.max_unpool2d(pooled, places, 2)[0, 0])


def test_pooling_again_gives_the_maxima_back_only_where_they_are_not_negative():
    picture = torch.tensor([[1.0, 2, -4, -3], [0, 1, -2, -1]])
    pooled, places = arithmetic.max_pooled(picture)
    again, _ = arithmetic.max_pooled(arithmetic.max_unpooled(pooled, places))
    assert pooled.tolist() == [[2, -1]] and again.tolist() == [[2, 0]]  # a zero is larger than -1


def test_nearest_neighbour_unpooling_repeats_every_value_four_times():
    assert arithmetic.nearest(torch.tensor([[1, 2]])).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"values": "1 2; 3"}, "every row needs as many"),
        ({"values": " ; "}, "every row"),
        ({"values": "1 two"}, "only numbers.*two"),
        ({"values": "nan"}, "from −9999"),
        ({"values": "1e9"}, "from −9999"),
        ({"kernel": ones(9, 2)}, "kernel: at most 8"),
        ({"padding": 3, "output_padding": 0}, "leaves an output of -1 × -1"),
        ({"output_padding": 2}, "less than the stride"),
        ({"stride": 1}, "less than the stride"),
    ],
)
def test_what_cannot_be_calculated_is_one_line(values, said):
    with pytest.raises(BadParams, match=said) as error:
        hub.run("unpooling", **CALCULATOR, **values)
    assert "\n" not in str(error.value)


def test_commas_line_breaks_and_true_minus_signs_are_read():
    assert matrix("1, −2\n3 4e0\n", "values").tolist() == [[1, -2], [3, 4]]


@pytest.mark.parametrize(
    "values",
    [
        {"values": "5", "kernel": "2", "stride": 1, "padding": 0, "output_padding": 0},
        {"values": ones(8, 8), "kernel": ones(8, 8), "stride": 4, "padding": 0, "output_padding": 3},
        {"values": "1 2 3 4 5 6 7 8", "kernel": "1; 2; 3"},
        {"values": "0 0; 0 0"},
        {"padding": 0, "kernel": "1", "stride": 4, "output_padding": 3},
        {"values": "-9999 9999", "kernel": "-9999"},
    ],
    ids=["one", "largest", "row", "zeros", "gaps", "large numbers"],
)
def test_the_calculator_draws_whatever_it_accepts(values):
    result = hub.run("unpooling", **CALCULATOR, **{"padding": 0, **values})
    assert all(picture.width < 2400 for picture, _ in result.images) and result.image.width < 1400
    film = Image.open(io.BytesIO(result.files["stamps.webp"]))
    assert film.n_frames >= 2 and len(result.files["stamps.webp"]) < 600_000


def test_previews_lay_one_stamp_after_another():
    *previews, last = hub.stream("unpooling", **CALCULATOR)
    assert len(previews) == 5 and last.progress == 1
    assert len({p.image.tobytes() for p in previews}) == 5


def test_the_calculator_heeds_no_picture():
    one, other = (hub.run("unpooling", picture, **CALCULATOR) for picture in (None, Image.new("RGB", (9, 9), "red")))
    assert one.image.tobytes() == other.image.tobytes()


# ---------------------------------------------------------------- the measure


def test_a_constant_picture_has_no_grid_and_a_checkerboard_has_its_own_height():
    board = (torch.arange(16)[:, None] + torch.arange(16)) % 2
    assert checkerboard.grid(torch.full((2, 3, 16, 16), 0.4), 4) == pytest.approx(0, abs=1e-9)
    assert checkerboard.grid(0.5 + 0.1 * (2.0 * board - 1).expand(2, 3, 16, 16), 4) == pytest.approx(0.1)


def test_stripes_of_any_period_of_the_grid_count_and_others_do_not():
    wave = torch.arange(16) * 2 * torch.pi
    for period, there in [(2, True), (4, True), (16, False), (16 / 3, False)]:
        picture = 0.5 + 0.1 * torch.cos(wave / period).expand(1, 1, 16, 16)
        found = checkerboard.grid(picture, 4)
        expected = 0.1 if period == 2 else 0.1 / 2**0.5  # root mean square of a cosine; at period 2 it is ±1
        assert found == pytest.approx(expected if there else 0, abs=1e-4), period


def test_the_overlap_of_stamps_has_the_grid_that_its_counts_have_by_hand():
    # {1, 2; 2, 4} repeated: mean 9/4, mean square 25/4, so the pattern is 25/4 - 81/16 = 19/16
    laid = F.conv_transpose2d(torch.ones(1, 1, 12, 12), torch.ones(1, 1, 3, 3), stride=2)[..., 2:18, 2:18]
    assert checkerboard.grid(laid, 2) == pytest.approx((19 / 16) ** 0.5)
    even = F.conv_transpose2d(torch.ones(1, 1, 12, 12), torch.ones(1, 1, 4, 4), stride=2)[..., 2:18, 2:18]
    assert checkerboard.grid(even, 2) == pytest.approx(0, abs=1e-9)


def test_natural_photographs_have_next_to_no_grid_and_a_faint_one_on_them_is_found():
    held = bundled("photographs", 16).held[:2000]
    clean = 255 * checkerboard.grid(held, 2)
    board = ((torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2 - 1) * 5 / 255
    assert clean < 0.5
    assert 255 * checkerboard.grid(held + board, 2) == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("seed", range(4))
def test_untrained_decoders_have_a_grid_just_where_theory_says(seed):
    uneven = {
        each.name: checkerboard.unevenness(views.constant(each, seed))
        for each in decoders.entrants(replace(DESIGN, width=4), torch.zeros(DESIGN.shape), seed)
    }
    assert uneven["nearest neighbour"] < 1e-5 and uneven["pixel shuffle"] < 1e-5
    assert min(uneven[name] for name in uneven if name not in ("nearest neighbour", "pixel shuffle")) > 0.1


# ---------------------------------------------------------------- where they begin


def test_a_pair_of_opposite_channels_passes_on_what_comes_in():
    x = drawn(0, 5, 3)
    both = F.gelu(torch.cat([x, -x], 1))
    weight = start.opposed(torch.eye(3, 6, dtype=torch.float64))
    assert torch.allclose(both @ weight.T, x) and start.paired(torch.arange(4.0), 3).tolist() == [0, 1, 2, 3, -0.0, -1]


@pytest.mark.parametrize("count", [40, 200])
def test_least_squares_finds_the_weights_that_made_the_data(count):
    x, weight, bias = drawn(1, count, 60), drawn(2, 4, 60), drawn(3, 4)
    found = start.solved(x, x @ weight.T + bias)
    assert torch.allclose(x @ found[0].T + found[1], x @ weight.T + bias, atol=5e-3)
    assert (count < 60) or torch.allclose(found[0], weight, atol=1e-3)


@pytest.mark.parametrize("how", ENLARGE)
@torch.no_grad()
def test_what_a_level_is_fitted_on_is_what_it_sees(how):
    chance = torch.Generator().manual_seed(4)
    level, grown = ENLARGE[how](4, 6), torch.randn(200, 4, 4, 4, generator=chance)
    places = F.max_pool2d(torch.randn(200, 4, 8, 8, generator=chance), 2, return_indices=True)[1]
    made = level(grown, places)
    target = F.pixel_unshuffle(made, 2) if isinstance(level, Shuffle) else made
    convolution, turned = level.convolution, isinstance(level, Transposed3)
    weight, bias = start.solved(*start.rows(start.laid_out(level, grown, places), target, convolution.kernel_size[0]))
    own = convolution.weight.transpose(0, 1).flip(2, 3) if turned else convolution.weight
    assert torch.allclose(weight.view_as(own), own, atol=1e-3) and torch.allclose(bias, convolution.bias, atol=1e-3)


def test_all_begin_with_about_the_code_of_pca_and_only_even_decoders_without_a_grid():
    data = bundled("photographs", 16)
    pca, code = PCA.of(data.train), 16
    design, held = replace(DESIGN, code=code, width=8), data.held[:1000]
    runners = decoders.entrants(design, pca.mean.reshape(DESIGN.shape), 0)
    deviations = pca.variances[:code].sqrt().float()
    codes, grids = [], {}
    for each in runners:
        start.begin_fitted(each.made, pca, data.train, bool(each.places))
        with torch.no_grad():
            codes.append(each.made.encode(held))
            grids[each.name] = 255 * checkerboard.grid(each(held), each.period)
    assert all(torch.equal(codes[0], other) for other in codes)
    by_pca, begun = (mean_squared(t, held) for t in (pca.through(held, code), pca.decode(codes[0] * deviations, DESIGN.shape)))
    assert by_pca < begun < 1.5 * by_pca
    assert max(grids["nearest neighbour"], grids["pixel shuffle"]) < 1 < min(grids["transposed 3×3"], grids["transposed 4×4"])


# ---------------------------------------------------------------- the comparison


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("code", [4, 32])
def test_all_have_the_same_encoder_and_as_many_weights(depth, code):
    runners = decoders.entrants(replace(DESIGN, depth=depth, code=code), torch.zeros(DESIGN.shape), seed=3)
    first = runners[0]
    for each in runners:
        assert each.made.parameter_count == pytest.approx(first.made.parameter_count, rel=0.02 if code == 32 else 0.04)
        pairs = zip(each.made.encoder.parameters(), first.made.encoder.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


def test_all_are_trained_on_the_same_batches():
    data = bundled("digits")
    design = comparison.designed(data, 4, 2, 4)
    runners = decoders.entrants(design, data.train.mean(0), 0)
    seen = {each.name: [] for each in runners}
    for each in runners:
        each.loss = lambda batch, each=each: (seen[each.name].append(batch), decoders.Entrant.loss(each, batch))[1]
    list(decoders.trained(runners, data.train, data.held[:8], Course(3, batch=8), 0))
    first, *others = seen.values()
    assert len(first) == 3 and not torch.equal(first[0], first[1])
    assert all(torch.equal(a, b) for other in others for a, b in zip(first, other, strict=True))


def test_max_unpooling_is_told_places_and_the_forgetful_one_is_not():
    data = bundled("digits")
    design = comparison.designed(data, 4, 2, 4)
    runners = {each.name: each for each in decoders.entrants(design, data.train.mean(0), 0)}
    told, forgetful = runners["max unpooling"], runners[decoders.FORGETFUL]
    pictures = data.held[:4]
    assert torch.equal(forgetful(pictures), told.made.decode(told.made.encode(pictures)))  # the same weights, the code alone
    assert not torch.allclose(told(pictures), forgetful(pictures))
    assert told.places == 4 * 16 + 8 * 4 and forgetful.places == 0  # channels times places, at 4 × 4 and at 2 × 2


def test_they_learn_and_the_sheet_says_how_well():
    result = hub.run("unpooling", data="digits", steps=60, code=8, width=8)
    for name in decoders.DECODERS:
        errors = result.curves[name].y
        assert errors[-1] < 0.7 * errors[0], name
    assert {row["decoder"] for row in result.table} == {*decoders.DECODERS, "PCA", "the originals"}
    assert "not comparable" in result.caption and "768 bits" not in result.caption
    assert "384 bits" in result.caption  # (8 · 16 + 16 · 4) positions, 2 bits each


@pytest.mark.parametrize("wide", range(1, 9))
def test_far_from_the_border_a_stride_of_one_lays_as_many_stamps_on_every_cell(wide):
    curves = calculator.along(stamping(kernel=ones(1, wide), stride=1, padding=0, output_padding=0))
    assert set(curves[f"kernel {wide} wide"].y) == {float(wide)}


def test_an_uneven_overlap_is_told_without_the_border():
    said = calculator.caption(stamping(padding=0), (0.0, 0.0))
    assert "between 1 and 4 stamps" in said and "checkerboard" in said
    assert "stripes" in calculator.caption(stamping(kernel=ones(2, 3)), (0.0, 0.0))
    assert "as many stamps" in calculator.caption(stamping(kernel=ones(4, 4), output_padding=0), (0.0, 0.0))


def test_a_word_among_the_numbers_is_named_whole():
    with pytest.raises(BadParams, match="'a:b' is none"):
        matrix("a:b 1", "values")


def test_the_original_is_there_at_once_and_the_figures_at_the_end_can_be_stopped():
    photo = Image.effect_noise((64, 64), 60).convert("RGB")
    first, *others = hub.stream("unpooling", photo, **{**SMALL, "patch": 8})
    assert first.image.height < others[0].image.height and first.progress < others[0].progress  # one tile, not two rows
    final = [each for each in others if 0.95 <= each.progress < 1]
    assert len(final) >= 2 * len(decoders.DECODERS)


def test_all_checkerboards_are_of_the_same_pictures():
    result = hub.run("unpooling", **{**SMALL, "steps": 40, "rate": 0.02})
    for row in result.table[: len(decoders.DECODERS)]:
        strengths = result.curves[f"grid of {row['decoder']}"].y
        assert row["checkerboard, grey levels"] == round(strengths[-1], 2) and row["at its strongest"] == round(max(strengths), 2)


def test_none_begins_a_stretch_before_all_others_have_ended_theirs():
    data = bundled("digits")
    runners = decoders.entrants(comparison.designed(data, 4, 2, 4), data.train.mean(0), 0)
    counts = [[len(each.grids) for each in runners]
              for _ in decoders.trained(runners, data.train, data.held[:8], Course(6, batch=8), 0)]  # fmt: skip
    assert all(max(each) - min(each) <= 1 for each in counts) and counts[-1] == [7] * len(runners)


def test_where_pca_is_better_the_caption_says_so():
    result = hub.run("unpooling", **SMALL)
    quality = result.metrics
    assert quality["PSNR of PCA, dB"] > quality["PSNR of nearest neighbour, dB"]
    assert "PCA, which needs no training, does better" in result.caption


@pytest.mark.parametrize("size", [(1, 1), (5, 90), (7, 301), (70, 64)])
def test_a_picture_comes_back_whole_in_bands(size):
    picture = Image.effect_noise(size, 60).convert("RGB")
    result = hub.run("unpooling", picture, **{**SMALL, "patch": 8})
    scale = result.image.width / size[0]
    assert scale == int(scale) and result.image.size == (size[0] * scale, size[1] * scale)
    assert [caption.partition(":")[0] for _, caption in result.images[-6:]] == list(decoders.DECODERS)
    assert all(whole.size == size for whole, _ in result.images[-6:])


def test_bands_are_cut_from_what_each_decoder_made():
    made = {name: torch.full((3, 4, 20), n / 4) for n, name in enumerate("abcd")}
    row = np.asarray(views.bands(made, {}))[0, :, 0]
    assert row.tolist() == sum(([round(255 * n / 4)] * 5 for n in range(4)), [])


def test_one_colour_comes_back_as_that_colour():
    result = hub.run("unpooling", Image.new("RGB", (48, 48), (200, 40, 90)), **{**SMALL, "steps": 1, "rate": 1e-6, "patch": 8})
    whole = np.asarray(result.images[3][0]).reshape(-1, 3)
    assert np.abs(whole - np.array([200, 40, 90])).max() <= 3


def test_the_place_that_is_shown_of_a_picture_was_never_learnt_from():
    noise = np.random.default_rng(0).integers(0, 255, (256, 320, 3), dtype=np.uint8)
    data = patches_of(Image.fromarray(noise), 16, 512, torch.Generator().manual_seed(0))
    top, left, height, width = views.busiest(data.patches.picture, data.patches.held())
    assert data.patches.held()[top : top + height, left : left + width].all()


def test_the_busiest_place_of_a_picture_is_where_its_detail_is():
    picture = torch.zeros(1, 3, 200, 200)
    picture[..., 120:160, 40:80] = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
    top, left, height, width = views.busiest(picture)
    assert top <= 120 and top + height >= 160 and left <= 40 and left + width >= 80


@pytest.mark.parametrize("data", ["digits", "faces", "picture world"])
def test_everything_bundled_can_be_learnt_from(data):
    result = hub.run("unpooling", **{**SMALL, "data": data, "steps": 1})
    assert result.image.width > 900 and len(result.curves) == 13


@pytest.mark.parametrize(
    ("values", "said"),
    [({"depth": 3}, "Take a depth of 2"), ({"code": 65}, "64 numbers"), ({"data": "photographs", "patch": 15}, "even side")],
)
def test_what_cannot_be_built_is_one_line(values, said):
    with pytest.raises(BadParams, match=said):
        hub.run("unpooling", **{**SMALL, **values})


def test_a_decoder_of_its_own_width_is_as_wide_as_asked_and_comes_back_from_a_file():
    made = network(replace(DESIGN, decoder_width=10), torch.Generator().manual_seed(0))
    assert made.decoder.small == (10, 4, 4) and made.decoder.levels[-1].convolution.out_channels == 5
    again, _, _ = unpacked(packed(made))
    picture = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    assert torch.equal(again(picture), made(picture)) and again.design == made.design
    with pytest.raises(BadParams, match="as many channels"):
        replace(DESIGN, enlarging="max unpooling", decoder_width=10)


@pytest.mark.parametrize(("side", "depth", "parts"), [(16, 2, 4), (16, 3, 4), (12, 2, 2), (8, 2, 2), (4, 1, 4), (24, 3, 2)])
def test_patches_lie_whole_periods_apart_so_that_no_grid_is_averaged_away(side, depth, parts):
    stride = views.stride_for(side, depth, parts)
    assert stride % 2**depth == 0 and 0 < stride <= side
    board = ((torch.arange(30)[:, None] + torch.arange(41)) % 2).expand(1, 3, 30, 41).float()
    patches = Patches.of(board, side, stride)
    assert torch.allclose(patches.joined(patches.all()), board, atol=1e-5)


def test_a_training_is_looked_at_as_often_as_asked():
    digits = bundled("digits").train[:32]
    made = network(Design((1, 8, 8), "dense", 2, 2, 8), torch.Generator().manual_seed(0))
    training = Training(made, lambda x: (made(x) - x).square().mean(), digits, Course(20), torch.Generator().manual_seed(0))
    assert len(list(training.run(looks=5))) == 5


def test_no_photograph_that_is_shown_is_learnt_from():
    assert views.SHOWN not in TRAINING_PHOTOS and bundled("photographs", 16).source == "photographs"
    shown = photograph(views.SHOWN)
    assert views.Scene.of(bundled("photographs", 16), 2).patches.picture.shape[-1] == views.CROP < images.to_image(shown).width
