"""One pass: the painter, its training, and the technique."""

import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

import hub
from hub import backbones, metrics, samples
from hub.errors import BadParams
from hub.pixels import images
from hub.recipe import png_bytes
from hub.world import draw
from plugins.style._figures import KEPT
from plugins.style._pages import sized
from plugins.style.instant_style import bank, paint, styles, train
from plugins.style.instant_style.painter import CODE, GRAINS, ConditionalNorm, Painter, grains
from plugins.style.instant_style.styles import LAYERS


def photo(name="cat", side=256):
    return sized(images.to_tensor(samples.load(name)), side)[0]


def run(image=None, **settings):
    return hub.run("instant_style", image or samples.load("cat"), **{"size": 128, **settings})


def pixels(result):
    return images.to_tensor(result.image)


# ---------------------------------------------------------------- the painter


def test_norm_without_a_style_is_instance_normalisation():
    x = torch.randn(2, 5, 7, 9, generator=torch.Generator().manual_seed(0)) * 3 + 1
    nothing = (torch.zeros(1, 5, 1, 1),) * 2
    torch.testing.assert_close(ConditionalNorm(5)(x, nothing), F.instance_norm(x, eps=1e-3), atol=1e-5, rtol=1e-5)


def test_norm_takes_scale_and_shift_from_the_style():
    x = torch.tensor([[[[1.0, 3.0]], [[0.0, 4.0]]]])  # both channels: -1 and 1 once normalised
    look = torch.tensor([1.0, -1.0]).view(1, 2, 1, 1), torch.tensor([0.0, 5.0]).view(1, 2, 1, 1)
    wanted = torch.tensor([[[[-2.0, 2.0]], [[5.0, 5.0]]]])
    torch.testing.assert_close(ConditionalNorm(2)(x, look), wanted, atol=3e-3, rtol=0)


def test_every_norm_is_used_once_in_the_order_of_its_looks():
    painter, used = Painter(16, 16, 2), []
    for norm in painter.norms():
        norm.register_forward_pre_hook(lambda norm, given: used.append(norm))
    painter(torch.rand(1, 3, 16, 16), torch.randn(1, CODE), grains(1, (16, 16), torch.Generator()))
    assert [id(norm) for norm in used] == [id(norm) for norm in painter.norms()]


def test_two_threads_paint_each_their_own_style():
    picture, names = photo(side=200), ("candy", "mononoke", "gothic", "ink")
    alone = {name: paint(picture, [styles.named(name)], 1.0, 1.0, 1.0, 0) for name in names}
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda name: paint(picture, [styles.named(name)], 1.0, 1.0, 1.0, 0), names * 3))
    for name, painted in zip(names * 3, together, strict=True):
        torch.testing.assert_close(painted, alone[name], atol=0.02, rtol=0)


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (31, 25)])
def test_untrained_painter_gives_a_photo_of_any_size_back(size):
    picture = torch.rand(1, 3, *size)
    noise = grains(1, size, torch.Generator().manual_seed(0))
    torch.testing.assert_close(Painter(16, 16, 1)(picture, torch.randn(1, CODE), noise), picture)


def test_painting_moves_with_the_photo_in_steps_of_its_coarsest_grid():
    whole, chosen = photo("china", 384), styles.named("candy")
    one, other = (_painted_without_grains(whole[..., :192, start : start + 320], chosen) for start in (0, 8))
    apart = (one[..., 48:-48, 56:-48] - other[..., 48:-48, 48:-56]).abs().mean()
    assert apart < 0.1 * (one - whole[..., :192, :320]).abs().mean()


def _painted_without_grains(picture, style):
    noise = torch.zeros(1, GRAINS, picture.shape[2] // 8, picture.shape[3] // 8)
    with torch.no_grad():
        return styles.trained().painter(picture, style.code, noise)


# ---------------------------------------------------------------- the loss and the training


def test_sliced_distance_of_moved_points_is_the_square_of_the_way():
    cloud = torch.randn(1, 3, 500, generator=torch.Generator().manual_seed(0))
    way = torch.tensor([3.0, 4.0, 0.0])[None, :, None]
    mean = torch.stack([train.sliced(cloud, cloud + way, torch.Generator().manual_seed(seed)) for seed in range(400)]).mean()
    assert 22 < float(mean) < 28  # 3² + 4², over random directions


def test_sliced_distance_of_lines_is_that_of_sorted_values():
    one, other = torch.tensor([[[3.0, 1.0]]]), torch.tensor([[[2.0, 5.0]]])
    assert float(train.sliced(one, other, torch.Generator())) == pytest.approx(((1 - 2) ** 2 + (3 - 5) ** 2) / 2)


def test_sliced_distance_ignores_order_and_count():
    line = torch.linspace(0, 1, 64)[None, None]
    shuffled = line.repeat_interleave(4, 2)[..., torch.randperm(256, generator=torch.Generator().manual_seed(0))]
    assert float(train.sliced(line, shuffled, torch.Generator())) < 1e-4


def test_twins_that_moved_alike_are_steady():
    whole = torch.rand(1, 3, 48, 48)
    twins = torch.cat([whole[..., :40, :40], whole[..., 3:43, 5:45]])
    assert float(train.unsteadiness(twins, (3, 5))) == 0
    assert float(train.unsteadiness(twins, (5, 3))) > 0.1


def test_grains_between_cells_are_means():
    noise = torch.tensor([[[[0.0, 2.0], [4.0, 10.0]]]])
    assert train.between(noise, 0, 0).item() == 0
    assert train.between(noise, 0.5, 0.5).item() == 4


def _lesson(recipe):
    pages = [draw(name, 1, 64, seed=1, plain=True) for name in ("waves", "pebbles")]
    network = backbones.load("embedded")
    seen = [styles.seen(network, page) for page in pages]
    clouds = [torch.cat([f[i].flatten(2)[..., :16] for f in seen]) for i in range(len(LAYERS))]
    few = bank.Styles(
        ["waves", "pebbles"],
        torch.cat([styles.palette(page) for page in pages]),
        clouds,
        torch.cat([styles.described(f) for f in seen]),
        torch.tensor([0.5, 0.5]),
    )
    scenes = [draw("cat", 1, 96, seed=3).mul(255).byte()[0], draw("eye", 1, 96, seed=3).mul(255).byte()[0]]
    return train.Lesson(recipe, network, few, scenes, 1), few


TINY = train.Recipe(steps=24, batch=4, side=32, rate=2e-3, style=30.0, light=0.0)


def test_training_brings_paintings_nearer_to_their_styles():
    lesson, few = _lesson(TINY)
    progress = train.begin(few, TINY)
    batch = lesson.drawn(torch.Generator().manual_seed(7), twins=False)

    def style():
        return lesson.terms(progress.learner, batch, torch.Generator().manual_seed(8))["style"].item()

    before = style()
    for _ in range(TINY.steps):
        lesson.learn(progress)
    assert style() < 0.85 * before


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path):
    lesson, few = _lesson(TINY)
    whole, first = train.begin(few, TINY), train.begin(few, TINY)
    for _ in range(4):
        lesson.learn(whole)
    for _ in range(2):
        lesson.learn(first)
    first.save(tmp_path / "checkpoint.pt")
    again = train.begin(few, TINY, seed=5)
    again.load(tmp_path / "checkpoint.pt")
    for _ in range(2):
        lesson.learn(again)
    assert again.step == whole.step == 4
    for one, other in zip(whole.learner.parameters(), again.learner.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_is_exported_is_what_paints(tmp_path, monkeypatch):
    _, few = _lesson(TINY)
    learner = train.begin(replace(few, names=["waves", "waves"]), TINY).average
    monkeypatch.setattr(train, "NAMED", ("waves",))
    train.export(learner, replace(few, names=["waves", "waves"]), tmp_path / "model.safetensors", TINY)
    monkeypatch.setattr(styles, "WEIGHTS", tmp_path / "model.safetensors")
    styles.trained.cache_clear()
    try:
        read = styles.trained()
        expected = learner.predictor(few.descriptions).mean(0, keepdim=True)
        torch.testing.assert_close(read.codes["waves"], expected.detach(), atol=2e-3, rtol=2e-3)
        torch.testing.assert_close(read.palettes["waves"], few.colours[:1], atol=1 / 255, rtol=0)
    finally:
        styles.trained.cache_clear()


def test_no_style_of_the_test_is_learnt(monkeypatch):
    monkeypatch.setattr(bank.images, "to_tensor", lambda image: torch.rand(1, 3, 8, 8))
    monkeypatch.setattr(bank.paintings, "manner", lambda name, side, seed: None)
    monkeypatch.setattr(bank, "draw", lambda name, *size, **options: torch.rand(1, 3, 8, 8))
    learnt = {name.removeprefix("texture ") for name, _ in bank.style_pictures()}
    assert {"waves", "marble", "gothic"} <= learnt and not learnt & set(bank.TEST_STYLES)
    assert not set(bank.PHOTOS) & set(bank.TEST_PHOTOS)


# ---------------------------------------------------------------- what is shipped


def test_weights_are_small_and_hold_every_named_style():
    assert styles.WEIGHTS.stat().st_size < 10e6
    assert tuple(styles.trained().codes) == tuple(sorted(styles.NAMED))
    assert {"gothic", "candy", "mononoke"} < set(styles.NAMED) and len(styles.NAMED) >= 8


@pytest.mark.parametrize("name, manner", itertools.product(("astronaut", "coffee"), ("gothic", "candy", "mononoke", "mosaic")))
def test_style_comes_nearer_and_the_picture_is_still_there(name, manner):
    before, chosen = photo(name, 320), styles.named(manner)
    after = paint(before, [chosen], 0.75, 1.0, 1.0, 0)
    assert metrics.style_taken(before, after, [(chosen.page(), 1.0)]) > 0.35
    assert metrics.edge_ssim(after, before, metrics.THUMBNAIL) > 0.35


def test_a_style_never_seen_comes_nearer_too():
    before, chosen = photo("cat", 320), styles.own(draw("leopard", 1, 384, seed=5, plain=True))
    after = paint(before, [chosen], 1.0, 1.0, 1.0, 0)
    recoloured = styles.recoloured(before, chosen.palette, torch.ones(1))
    page = [(chosen.page(), 1.0)]
    assert metrics.style_taken(before, after, page) > metrics.style_taken(before, recoloured, page) + 0.05


def test_strength_goes_from_the_photo_to_the_style():
    before, chosen = photo(side=256), styles.named("mosaic")
    assert torch.equal(paint(before, [chosen], 0.0, 1.0, 1.0, 0), before)
    taken = [
        metrics.style_taken(before, paint(before, [chosen], strength, 1.0, 1.0, 0), [(chosen.page(), 1.0)])
        for strength in (0.25, 0.6, 1.0)
    ]
    assert taken == sorted(taken) and taken[0] > 0
    assert (paint(before, [chosen], 0.001, 1.0, 1.0, 0) - before).abs().mean() < 0.002


def test_mix_goes_from_one_style_to_the_other():
    first, second, both = (
        run(manner="candy"),
        run(manner="mononoke"),
        [run(manner="candy", manner_2="mononoke", mix=mix) for mix in (0.0, 0.5, 1.0)],
    )
    assert torch.equal(pixels(first), pixels(both[0])) and torch.equal(pixels(second), pixels(both[2]))
    to_first, to_second = ((pixels(both[1]) - pixels(end)).abs().mean() for end in (first, second))
    whole = (pixels(first) - pixels(second)).abs().mean()
    assert to_first < whole and to_second < whole


def test_a_picture_of_a_named_style_is_painted_like_it():
    before, code = photo(), styles.named("gothic")
    own = styles.own(code.page())
    one, other, third = (paint(before, [s], 1.0, 1.0, 1.0, 0) for s in (code, own, styles.named("mononoke")))
    assert (one - other).abs().mean() < 0.5 * (one - third).abs().mean()


def test_colours_of_the_picture_stay():
    result = pixels(run(colours="of the picture", manner="candy", size=128))
    before = images.resize(images.to_tensor(samples.load("cat")), result.shape[-2:]).clamp(0, 1)
    weights = torch.tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)

    def tint(p):
        return p - (p * weights).sum(1, keepdim=True)

    inside = ((result > 0.02) & (result < 0.98)).all(1, keepdim=True).float()  # clipped colours are others
    assert ((tint(result) - tint(before)).abs() * inside).max() < 0.03
    assert (result - before).abs().mean() > 0.02


def test_larger_brush_means_larger_strokes():
    before, chosen = photo("clouds", 256), styles.named("woodcut")
    fine, coarse = (paint(before, [chosen], 1.0, brush, 1.0, 0) for brush in (1.0, 2.5))

    def detail(p):
        return float((p - images.resize(images.resize(p, (64, 64)), p.shape[-2:])).square().mean() / p.var())

    assert detail(coarse) < 0.7 * detail(fine)


def test_stripes_as_narrow_as_a_grid_keep_their_colours():
    stripes = torch.zeros(1, 3, 512, 512)
    stripes[:, 0], stripes[:, 1, :, 0::8] = 1.0, 1.0
    found = styles.palette(stripes)
    assert abs(float(found[:, 1].mean()) - 1 / 8) < 0.03 and float(found[:, 1].std()) > 0.2


def test_a_recipe_names_the_weights_that_painted(monkeypatch):
    result = run()
    assert result.recipe.weights["painter"] == hashlib.sha256(styles.WEIGHTS.read_bytes()).hexdigest()
    assert "embedded" in result.recipe.weights  # it describes own styles, whatever network refines
    original = png_bytes(result)
    assert png_bytes(hub.replay(original, samples.load("cat"))) == original
    other = replace(styles.trained(), hash="0" * 64)
    monkeypatch.setattr(styles, "trained", lambda: other)
    assert "other weights of painter" in hub.replay(original, samples.load("cat")).caption


def test_progress_never_falls_while_refined_and_measured():
    results = list(hub.stream("instant_style", samples.load("cat"), size=64, refine=20, measure=True))
    progress = [each.progress for each in results]
    assert progress == sorted(progress) and progress[-1] == 1 and len(progress) > 2


def test_same_seed_same_bytes_and_another_seed_another_painting():
    assert torch.equal(pixels(run()), pixels(run()))
    assert not torch.equal(pixels(run()), pixels(run(seed=1)))


def test_what_stands_still_in_a_film_is_painted_alike():
    before, chosen = photo("china", 256), styles.named("candy")
    generator = torch.Generator().manual_seed(0)
    frames = [(before + torch.randn(before.shape, generator=generator) * 2 / 255).clamp(0, 1) for _ in range(3)]
    painted = [paint(frame, [chosen], 1.0, 1.0, 1.0, 0) for frame in frames]
    flicker = max((one - other).abs().mean() for one, other in itertools.pairwise(painted))
    assert flicker < 0.16 * (painted[0] - frames[0]).abs().mean()


# ---------------------------------------------------------------- what is asked for


@pytest.mark.parametrize("size", [(1, 1), (5, 100), (40, 33)])
def test_pictures_of_any_shape_keep_it(size):
    assert run(Image.new("RGB", size, (90, 120, 30))).image.size == size


@pytest.mark.parametrize("field", ["style", "style_2"])
@pytest.mark.parametrize("picture, word", [(Image.new("RGB", (1, 1)), "16 × 16"), (Image.new("RGB", (64, 64), "grey"), "flat")])
def test_pictures_without_a_style_get_one_line(field, picture, word):
    with pytest.raises(BadParams, match=word) as error:
        run(**{field: picture})
    assert str(error.value).startswith(f"{field}:") or field in str(error.value)


def test_a_photo_of_one_colour_and_a_photo_as_its_own_style_are_painted():
    assert run(Image.new("RGB", (64, 64), (10, 200, 90))).image.size == (64, 64)
    assert run(style=samples.load("cat")).image.size == run().image.size


def test_own_style_comes_before_the_named_one():
    own = run(style=samples.load("gravel"), manner="candy")
    assert torch.equal(pixels(own), pixels(run(style=samples.load("gravel"), manner="ink")))


def test_measuring_changes_nothing_but_the_figures():
    plain, measured = run(), run(measure=True)
    assert torch.equal(pixels(plain), pixels(measured))
    assert not plain.metrics and 0 < measured.metrics[KEPT] <= 1
    assert "falls by" in measured.caption


def test_refining_goes_on_from_the_pass_towards_the_style():
    chosen = styles.named("mosaic")
    one, refined = (run(manner="mosaic", refine=steps, size=192) for steps in (0, 15))
    taken = [metrics.style_taken(photo(side=192), pixels(result), [(chosen.page(), 1.0)]) for result in (one, refined)]
    assert taken[1] > taken[0]
    assert {"content", "style"} <= set(refined.curves) and not one.curves
    assert (pixels(one) - pixels(refined)).abs().mean() < (pixels(one) - photo(side=192)).abs().mean()
