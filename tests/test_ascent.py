import math

import pytest
import torch

from hub.errors import NotFinite
from hub.pixels import LBFGS, Adam, Averaged, Climb, Fourier, Pixels, Robustness, Terms, Trace, images, maximise, objectives
from hub.pixels.ascent import flat
from tests.networks import one_thread, some_pictures, tiny_network  # noqa: F401

WISH = objectives.channel("layer2", 3)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ascent(wish=WISH, canvas=None, **options):
    canvas = canvas or Pixels(some_pictures())
    settings = {"steps": 4, "rule": Adam(0.02), "generator": seeded(), **options}
    return maximise(wish, canvas, tiny_network(), **settings)


def ended(previews):
    """Everything that a generator yields, and what it returns."""
    shown = []
    while True:
        try:
            shown.append(next(previews))
        except StopIteration as end:
            return shown, end.value


def constant() -> objectives.Objective:
    return objectives.Objective(frozenset(["layer1"]), lambda f, p: 0 * f["layer1"].sum((1, 2, 3)) + 1)


def breaking_at(step: int) -> objectives.Objective:
    """Fine until it is asked for the `step`-th time, and then not a number."""
    calls = []

    def measure(features, picture):
        calls.append(1)
        return picture.mean((1, 2, 3)) * (math.nan if len(calls) >= step else 1)

    return objectives.Objective(frozenset(["layer1"]), measure)


# ---- rules


def test_the_first_step_of_adam_is_its_rate_along_each_sign():
    parameter, slope = torch.zeros(4), torch.tensor([3.0, -0.01, 1e3, -2.0])
    Adam(0.05)([parameter], [slope], 0.0)
    assert torch.allclose(parameter, 0.05 * slope / (slope.abs() + 1e-8))


def test_two_steps_of_adam_are_the_closed_form():
    parameter = torch.zeros(1)
    rule = Adam(0.1)
    for slope in (1.0, -0.5):
        rule([parameter], [torch.tensor([slope])], 0.0)
    mean = (0.9 * 0.1 * 1.0 + 0.1 * -0.5) / (1 - 0.9**2)
    spread = (0.999 * 0.001 * 1.0 + 0.001 * 0.25) / (1 - 0.999**2)
    assert parameter.item() == pytest.approx(0.1 + 0.1 * mean / math.sqrt(spread), rel=1e-5)


@pytest.mark.parametrize(("done", "share"), [(0.0, 1.0), (0.5, 0.55), (1.0, 0.1)])
def test_the_rate_falls_along_half_a_cosine_to_a_tenth(done, share):
    parameter = torch.zeros(1)
    Adam(0.1, cosine=True)([parameter], [torch.ones(1)], done)
    assert parameter.item() == pytest.approx(0.1 * share, rel=1e-5)


def test_a_climb_moves_by_the_stated_root_mean_square():
    start = torch.full((2, 3, 32, 40), 0.5)
    parameter = start.clone()
    Climb(0.01)([parameter], [some_pictures(2, 32, 40) - 0.4], 0.0)
    assert (parameter - start).square().mean((1, 2, 3)).sqrt().tolist() == pytest.approx([0.01, 0.01], rel=1e-3)


def test_a_climb_never_leaves_the_range():
    parameter = some_pictures()
    Climb(5.0)([parameter], [some_pictures(seed=1) - 0.5], 0.0)
    assert parameter.min() == 0 and parameter.max() == 1


# ---- the loop


def test_a_climb_that_settles_takes_shorter_steps_at_the_end():
    moves = []
    for done in (0.0, 0.5, 1.0):
        parameter = torch.full((1, 3, 8, 8), 0.5)
        Climb(0.01, lambda slope: slope, settle=0.8)([parameter], [torch.ones_like(parameter)], done)
        moves.append(parameter.mean().item() - 0.5)
    assert moves == pytest.approx([0.01, 0.006, 0.002], rel=1e-3)


@pytest.mark.parametrize("rule", [lambda: Adam(0.02), lambda: Climb(0.02)])
def test_the_activation_grows(rule):
    trace = Trace("activation")
    _, picture = ended(ascent(steps=12, rule=rule(), trace=trace))
    assert trace.values[-1] > trace.values[0] + 0.1 * trace.values[0].abs()
    reached = tiny_network().features(picture, ["layer2"])["layer2"][:, 3].mean()
    assert reached >= trace.values[-1]  # the value noted is that of the step before


def test_the_picture_returned_is_within_range_and_of_the_size_given():
    _, picture = ended(ascent(canvas=Pixels(some_pictures(2, 32, 48)), rule=Climb(0.5)))
    assert picture.shape == (2, 3, 32, 48) and picture.min() >= 0 and picture.max() <= 1 and not picture.requires_grad


def test_numbers_that_run_away_are_an_error_with_the_last_good_preview():
    canvas = Pixels(some_pictures())
    previews = ascent(breaking_at(3), canvas)
    next(previews), next(previews)
    good = images.to_image(canvas.picture())
    with pytest.raises(NotFinite, match="step 3") as caught:
        next(previews)
    assert caught.value.result.image.tobytes() == good.tobytes()
    assert torch.isfinite(canvas.picture()).all()


def test_slopes_that_run_away_are_an_error_before_they_spoil_the_picture():
    root = objectives.Objective(frozenset(["layer1"]), lambda f, p: (0 * p).sqrt().mean((1, 2, 3)))  # value 0, slope 0 / 0
    canvas = Pixels(some_pictures())
    with pytest.raises(NotFinite):
        ended(ascent(root, canvas))
    assert torch.equal(canvas.picture(), some_pictures())


def test_numbers_wrong_from_the_start_have_no_preview():
    with pytest.raises(NotFinite) as caught:
        ended(ascent(breaking_at(1)))
    assert caught.value.result is None


def test_a_plateau_ends_the_run():
    shown, _ = ended(ascent(constant(), steps=60, plateau=0.01))
    assert len(shown) < 40


def test_a_plateau_is_looked_for_in_this_run_alone():
    trace = Trace("activation", [torch.tensor(float(i)) for i in range(100)])
    shown, _ = ended(ascent(constant(), steps=60, plateau=0.01, trace=trace))
    assert len(shown) < 40


def test_without_a_plateau_every_step_is_taken():
    shown, _ = ended(ascent(constant(), steps=30))
    assert len(shown) == 30


@pytest.mark.parametrize(
    ("values", "level"), [(range(40), False), ([1 - 0.9**i for i in range(100)], True), ([5.0] * 40, True), (range(5), False)]
)
def test_flat_tells_a_plateau_from_a_rise(values, level):
    assert flat([torch.tensor(float(v)) for v in values], 10, 0.01) is level


def test_a_preview_that_nobody_looks_at_is_never_drawn():
    calls = []
    ended(ascent(show=lambda pictures: calls.append(1)))
    assert calls == []


def test_a_preview_is_drawn_once_and_shows_its_own_step():
    calls, canvas = [], Pixels(some_pictures())

    def show(pictures):
        calls.append(1)
        return images.to_image(pictures)

    previews = ascent(canvas=canvas, show=show)
    first = next(previews)
    assert first.image is first.image and len(calls) == 1
    assert first.image.tobytes() == images.to_image(canvas.picture()).tobytes()
    assert next(previews).image.tobytes() != first.image.tobytes()


def test_progress_rises_within_its_span_and_is_never_done_on_the_way():
    shown, _ = ended(ascent(span=(0.25, 1.0)))
    progress = [preview.progress for preview in shown]
    assert progress == sorted(set(progress)) and progress[0] > 0.25 and progress[-1] < 1


def test_a_closed_run_takes_no_further_step():
    calls = []
    wish = objectives.Objective(frozenset(["layer1"]), lambda f, p: (calls.append(1), p.mean((1, 2, 3)))[1])
    previews = ascent(wish, steps=1000)
    next(previews)
    previews.close()
    assert len(calls) == 1


def test_same_seed_same_bytes_and_global_chance_is_left_alone():
    def run(seed):
        generator = seeded(seed)
        return ended(ascent(canvas=Fourier(1, (32, 32), generator), generator=generator, robustness=Robustness(), roll=3))[1]

    state = torch.get_rng_state()
    assert torch.equal(run(5), run(5)) and not torch.equal(run(5), run(6))
    assert torch.equal(torch.get_rng_state(), state)


def test_it_works_where_gradients_are_switched_off_and_leaves_them_so():
    with torch.no_grad():
        shown, _ = ended(ascent())
        assert not torch.is_grad_enabled()
    assert len(shown) == 4


def test_a_rolled_picture_is_changed_where_it_stands():
    """With an objective that wants every pixel brighter by itself, shifting must not matter."""
    brighter = objectives.Objective(frozenset(["layer1"]), lambda f, p: (p * p.detach()).mean((1, 2, 3)))
    still, rolled = (
        ended(ascent(brighter, Pixels(some_pictures()), rule=Climb(0.01, lambda s: s / s.abs().mean()), roll=roll))[1]
        for roll in (0, 9)
    )
    assert torch.allclose(still, rolled, atol=1e-6)


def test_the_curve_has_a_point_for_every_step_and_the_mean_of_the_batch():
    trace = Trace("brightness")
    wish = objectives.Objective(frozenset(["layer1"]), lambda f, p: p.mean((1, 2, 3)))
    start = torch.cat([torch.zeros(1, 3, 32, 32), torch.ones(1, 3, 32, 32)])
    shown, _ = ended(ascent(wish, Pixels(start), trace=trace))
    curve = shown[-1].curves["brightness"]
    assert curve.x == [0, 1, 2, 3] and curve.y[0] == 0.5


# ---- what is carried from one size to the next


def test_carried_adam_goes_on_as_if_nothing_had_happened_where_the_size_is_the_same():
    slopes = [some_pictures(seed=i) - 0.5 for i in range(4)]
    alone, parted = (some_pictures().requires_grad_() for _ in range(2))
    once, first = Adam(0.02), Adam(0.02)
    for slope in slopes:
        once([alone], [slope], 0.0)
    for slope in slopes[:2]:
        first([parted], [slope], 0.0)
    second = first.carried([parted])
    for slope in slopes[2:]:
        second([parted], [slope], 0.0)
    assert torch.allclose(alone, parted)


def test_carried_adam_does_not_jolt_at_another_size():
    """A fresh rule moves every pixel by its whole rate at once, however slight the slope; a carried one knows better."""
    small, large = (torch.full((1, 3, n, n), 0.5, requires_grad=True) for n in (16, 24))
    rule = Adam(0.02)
    for _ in range(20):
        rule([small], [torch.ones_like(small)], 0.0)
    slight = 1e-3 * (some_pictures(1, 24, 24) - 0.5)
    moves = []
    for each in (Adam(0.02), rule.carried([large])):
        with torch.no_grad():
            large.fill_(0.5)
        each([large], [slight], 0.0)
        moves.append((large - 0.5).detach().std().item())
    assert moves[1] < 0.1 * moves[0]


def test_a_carried_rule_that_took_no_step_is_a_fresh_one():
    parameter = torch.zeros(1, 3, 8, 8, requires_grad=True)
    Adam(0.1).carried([parameter])([parameter], [torch.ones_like(parameter)], 0.0)
    assert torch.allclose(parameter, torch.full_like(parameter, 0.1))


def test_lbfgs_climbs_a_parabola_in_a_few_steps():
    curvature, top = torch.tensor([1.0, 10.0, 100.0]), torch.tensor([0.3, -0.2, 0.7])
    parameter, rule = torch.zeros(3, requires_grad=True), LBFGS()
    for _ in range(25):
        rule([parameter], [-curvature * (parameter.detach() - top)], 0.0)
    assert torch.allclose(parameter, top, atol=1e-3)


def test_averaged_settles_on_the_weighted_mean_of_where_the_steps_led():
    parameter = torch.zeros(1)
    rule = Averaged(lambda parameters, slopes, done: parameters[0].add_(slopes[0]), decay=0.5)
    for slope in (1.0, 2.0, -4.0):  # led to 1, 3, -1
        rule([parameter], [torch.tensor([slope])], 0.0)
    assert parameter.item() == -1
    rule.settle([parameter])
    assert parameter.item() == pytest.approx((0.125 * 1 + 0.25 * 3 + 0.5 * -1) / 0.875)


def test_terms_are_a_curve_each():
    terms = Terms("loss")
    bright = terms.noted("bright", objectives.Objective(frozenset(["layer1"]), lambda f, p: p.mean((1, 2, 3))))
    rough = terms.noted("rough", objectives.roughness())
    shown, _ = ended(ascent(bright - 2 * rough, trace=terms))
    curves = shown[-1].curves
    assert curves.keys() == {"bright", "rough"} and all(len(curve.y) == 4 for curve in curves.values())
    assert curves["bright"].y[0] == pytest.approx(some_pictures().mean().item())
    assert terms.values[0].item() == pytest.approx(curves["bright"].y[0] - 2 * curves["rough"].y[0], rel=1e-4)
