"""The shared rooms of the autoencoders: closed forms against brute force, patches there and back, training, files."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from hub.errors import BadFile, BadParams, NotFinite
from plugins.autoencoders import _linear as linear
from plugins.autoencoders import _training
from plugins.autoencoders._enlarging import ENLARGE, MaxUnpool
from plugins.autoencoders._examples import bundled, others_than
from plugins.autoencoders._figures import psnr, ssim
from plugins.autoencoders._file import packed, unpacked
from plugins.autoencoders._networks import Design, begin_as_pca, network
from plugins.autoencoders._patches import Patches
from plugins.autoencoders._training import Course, Log, Training


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def some_data(count=400, size=6):
    mixing = torch.randn(size, size, generator=chance(1))
    return torch.randn(count, size, generator=chance(2)) @ mixing


# ---------------------------------------------------------------- closed forms


def test_pca_errs_by_the_tail_of_the_singular_values():
    data = some_data().double()
    values = torch.linalg.svdvals(data - data.mean(0))
    pca = linear.PCA.of(data)
    for k in range(7):
        assert pca.error(k) == pytest.approx(float(values[k:].square().sum()) / data.numel(), abs=1e-10)
        assert linear.mean_squared(pca.through(data.float(), k), data.float()) == pytest.approx(pca.error(k), rel=1e-4, abs=1e-9)


def test_the_leading_components_alone_are_those_of_pca():
    data = bundled("photographs", 12).train[:3000]
    pca, few = linear.PCA.of(data), linear.PCA.leading(data, 20)
    assert few.components.shape == (20, data[0].numel()) and torch.equal(few.mean, data.flatten(1).mean(0))
    assert torch.allclose(few.variances, pca.variances[:20], rtol=1e-3)
    held = bundled("photographs", 12).held[:1000]
    errors = [linear.mean_squared(each.through(held, 20), held) for each in (pca, few)]
    assert errors[1] == pytest.approx(errors[0], rel=1e-3)
    assert linear.angle(few.components[:8], pca.components[:8]) < 0.5


def test_of_few_data_all_leading_components_are_there():
    few, pca = (make(some_data(5, 6)) for make in (lambda data: linear.PCA.leading(data, 4), linear.PCA.of))
    assert torch.allclose(few.components, pca.components[:4], atol=1e-3)


def test_the_angle_between_spaces_is_that_of_a_hand_worked_turn():
    turned = torch.tensor([[math.cos(0.3), math.sin(0.3), 0.0]])
    assert linear.angle(torch.tensor([[1.0, 0, 0]]), turned) == pytest.approx(math.degrees(0.3), abs=1e-4)
    assert linear.angle(torch.eye(3)[:2], torch.tensor([[1.0, 1, 0], [1.0, -1, 0]])) == pytest.approx(0, abs=1e-4)
    assert linear.angle(torch.eye(3)[:1], torch.eye(3)[1:2]) == pytest.approx(90, abs=1e-4)


def test_no_linear_map_denoises_better_than_the_closed_form():
    covariance, sigma = linear.covariance(some_data()), 0.7
    best = linear.denoiser(covariance, sigma)

    def error(w):  # E |x - W (x + n)|^2 over the numbers
        left = torch.eye(6) - w
        return float((torch.trace(left @ covariance @ left.T) + sigma**2 * w.square().sum()) / 6)

    least = linear.denoising_error(torch.linalg.eigvalsh(covariance), sigma)
    assert error(best) == pytest.approx(least, rel=1e-9)
    for seed in range(5):
        assert error(best + 0.01 * torch.randn(6, 6, generator=chance(seed))) > least


def test_the_unmasker_is_least_squares_on_masked_data():
    data = some_data(200_000, 4)
    data = data - data.mean(0)
    masked = data * (torch.rand(data.shape, generator=chance(5)) < 0.6)
    measured = torch.linalg.lstsq(masked.double(), data.double()).solution.T
    assert torch.allclose(linear.unmasker(linear.covariance(data), 0.6), measured, atol=0.02)


def test_an_l2_penalty_shrinks_a_linear_autoencoder_as_kunin_says():
    data = some_data(60, 5).double()
    data, penalty = data - data.mean(0), 40.0
    values = torch.linalg.svdvals(data)
    encoder, decoder = (torch.randn(5, 5, generator=chance(i), dtype=torch.float64).requires_grad_() for i in (3, 4))
    rule = torch.optim.LBFGS([encoder, decoder], max_iter=600, tolerance_grad=1e-7, line_search_fn="strong_wolfe")

    def loss():
        rule.zero_grad()
        error = (data - data @ encoder.T @ decoder.T).square().sum()
        total = error + penalty * (encoder.square().sum() + decoder.square().sum())
        total.backward()
        return total

    rule.step(loss)
    assert torch.allclose(encoder, decoder.T, atol=1e-4)
    found = torch.linalg.svdvals(decoder.detach()).square()
    assert torch.allclose(found, linear.shrunk(values, penalty), atol=1e-4)
    assert (linear.shrunk(values, float(values[2] ** 2) + 1) > 0).sum() < 5  # a strong penalty drops directions altogether


# ---------------------------------------------------------------- patches


@pytest.mark.parametrize("size", [(1, 1), (7, 301), (64, 48), (8, 8), (3, 20)])
def test_a_picture_comes_back_from_its_patches(size):
    picture = torch.rand(1, 3, *size, generator=chance())
    patches = Patches.of(picture, 8)
    assert torch.allclose(patches.joined(patches.all()), picture, atol=1e-5)


def test_no_held_out_pixel_is_ever_learnt_from():
    numbered = torch.arange(160 * 200.0).reshape(1, 1, 160, 200)
    train, held = Patches.of(numbered, 8).parted(100_000, chance())
    assert len(train) and len(held)
    assert not set(train.flatten().tolist()) & set(held.flatten().tolist())


def test_the_photographs_that_are_learnt_from_leave_out_the_visitors_own():
    from hub import samples

    assert "flower" not in others_than(samples.load("flower").resize((300, 200)))
    assert "flower" in others_than(samples.load("cat"))
    assert "grass" in others_than(samples.load("gravel"))


@pytest.mark.parametrize("name", ["coffee", "china", "motorcycle"])
def test_a_part_of_a_photograph_and_its_mirror_image_are_known_again(name):
    from PIL import ImageOps

    from hub import samples

    photo = samples.load(name)
    width, height = photo.size
    part = photo.crop((width // 10, height // 5, width * 3 // 4, height * 9 // 10))
    for seen in (part.resize((250, 260 * part.height // part.width)), ImageOps.mirror(part), photo.rotate(90, expand=True)):
        assert name not in others_than(seen)


def test_bundled_examples_are_parted_without_overlap():
    data = bundled("digits")
    train = {tuple(row) for row in data.train.flatten(1).tolist()}
    assert len(data.train) + len(data.held) == 1797
    assert sum(tuple(row) in train for row in data.held.flatten(1).tolist()) == 0


# ---------------------------------------------------------------- networks


@pytest.mark.parametrize(
    ("kind", "enlarging"),
    [("linear", "nearest neighbour"), ("dense", "nearest neighbour"), *(("convolutional", name) for name in ENLARGE)],
)
def test_every_network_gives_pictures_of_the_size_it_takes(kind, enlarging):
    made = network(Design((3, 16, 24), kind, 5, 2, 8, enlarging=enlarging), chance())
    pictures = torch.rand(2, 3, 16, 24, generator=chance())
    assert made(pictures).shape == pictures.shape
    assert made.encode(pictures).shape == (2, 5)


def test_a_network_that_begins_as_pca_is_pca():
    data = some_data(300, 12).reshape(-1, 3, 2, 2)
    pca = linear.PCA.of(data)
    for design in (Design((3, 2, 2), "linear", 4, 1), Design((3, 2, 2), "dense", 4, 3, 16, principal=True)):
        made = begin_as_pca(network(design, chance(), pca.mean.reshape(3, 2, 2)), pca.components[:4])
        assert torch.allclose(made(data), pca.through(data, 4), atol=1e-4)


def test_building_a_network_leaves_global_chance_alone():
    before = torch.get_rng_state()
    network(Design((1, 8, 8), "convolutional", 4, 2, 8), chance())
    assert torch.equal(before, torch.get_rng_state())


def test_too_deep_a_network_is_refused_with_what_fits():
    with pytest.raises(BadParams, match="halved 2 times, not 3"):
        Design((1, 12, 12), "convolutional", depth=3)


def bare_unpooling():
    """Max unpooling whose convolution hands on what it is given."""
    made = MaxUnpool(1, 1).requires_grad_(False)
    made.convolution.bias.zero_()
    made.convolution.weight.zero_()[0, 0, 1, 1] = 1
    return made


def test_max_unpooling_puts_values_back_where_they_were():
    picture = torch.arange(1.0, 17).reshape(1, 1, 4, 4)
    small, places = F.max_pool2d(picture, 2, return_indices=True)
    back = bare_unpooling()(small, places)
    assert back[back > 0].tolist() == [6, 8, 14, 16]
    assert torch.equal(F.max_pool2d(back, 2), small)
    negative, places = F.max_pool2d(-picture, 2, return_indices=True)
    assert not torch.equal(F.max_pool2d(bare_unpooling()(negative, places), 2), negative)


def test_max_unpooling_that_knows_no_positions_fills_the_upper_left_of_each_four():
    back = bare_unpooling()(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    assert back[0, 0].tolist() == [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]


# ---------------------------------------------------------------- training


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))


def squared(line, target):
    return lambda batch: (batch @ (line.weight - target)).square().mean()


@pytest.mark.parametrize("rule", ["adamw", "lbfgs"])
def test_training_finds_the_minimum(rule):
    line, target = Line(), torch.tensor([1.0, -2.0, 0.5])
    data = torch.randn(100, 3, generator=chance())
    list(Training(line, squared(line, target), data, Course(300, 50, 0.1, rule), chance()).run())
    assert torch.allclose(line.weight, target, atol=0.01)


def test_a_training_that_was_cut_off_ends_as_if_it_had_not_been():
    target, data, course = torch.tensor([1.0, -2.0, 0.5]), torch.randn(100, 3, generator=chance()), Course(40, 8, 0.1)

    def training(line, generator):
        return Training(line, squared(line, target), data, course, generator)

    whole = Line()
    list(training(whole, chance(3)).run())
    half = Line()
    begun = training(half, chance(3))
    steps = begun.run()
    for _ in range(17):
        next(steps)
    tensors, plain = begun.state()
    other = Line()
    other.load_state_dict(half.state_dict())
    resumed = training(other, chance(99))
    resumed.resume(tensors, plain)
    list(resumed.run())
    assert torch.equal(other.weight, whole.weight)


def test_a_training_that_runs_away_is_said_so():
    line, data = Line(), torch.randn(100, 3, generator=chance())
    with pytest.raises(NotFinite, match="smaller rate"):
        list(Training(line, squared(line, torch.ones(3)), data, Course(50, 50, 1e6), chance()).run())


def test_a_held_out_error_that_is_no_number_is_said_so():
    line, data = Line(), torch.randn(100, 3, generator=chance())
    course, nan = Course(5, 50, 0.1), float("nan")
    with pytest.raises(NotFinite, match="held-out"):
        list(Training(line, squared(line, torch.ones(3)), data, course, chance(), held=lambda: nan, keep_best=True).run())


def test_where_looks_are_far_between_the_last_preview_comes_again_and_nothing_else_changes(monkeypatch):
    curves = []
    for patience in (math.inf, -1.0):
        monkeypatch.setattr(_training, "PATIENCE", patience)
        made = network(Design((1, 1, 6), "linear", 2, depth=1), chance())
        data = some_data().reshape(-1, 1, 1, 6)
        training = Training(made, lambda x, made=made: (made(x) - x).square().mean(), data, Course(12), chance())
        seen = list(training.run(looks=3))
        curves.append(training.log.training)
        assert len(seen) == (3 if patience > 0 else 12)
        assert [each.progress for each in seen] == sorted({each.progress for each in seen})
    assert curves[0] == curves[1]
    assert len(list(Training(made, training.objective, training.data, Course(12), chance()).run(looks=3, files=dict))) == 3


@pytest.mark.parametrize(("steps", "looks", "shown"), [(19, 10, 10), (20, 5, 5), (3, 10, 3)])
def test_it_is_looked_at_no_more_often_than_asked(steps, looks, shown):
    line, data = Line(), torch.randn(100, 3, generator=chance())
    found = list(Training(line, squared(line, torch.ones(3)), data, Course(steps, 50, 0.1), chance()).run(looks=looks))
    assert len(found) == shown


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t, p: p.update(step=-5),
        lambda t, p: p.update(step=41),
        lambda t, p: p.update(first=float("inf")),
        lambda t, p: t.update({"optimiser.0.step": torch.tensor(-1.0)}),
        lambda t, p: t.update({"optimiser.0.step": torch.ones(2)}),
        lambda t, p: t.update({"optimiser.0.exp_avg": torch.ones(3, dtype=torch.int64)}),
        lambda t, p: t.update({"optimiser.0.exp_avg_sq": torch.ones(3, dtype=torch.bool)}),
        lambda t, p: t.update({"optimiser.0.exp_avg_sq": -torch.ones(3)}),
        lambda t, p: t.update({"optimiser.0.exp_avg": torch.ones(4)}),
        lambda t, p: t.update({"chance": torch.zeros(3, dtype=torch.uint8)}),
    ],
)
def test_a_state_that_is_none_is_refused(spoil):
    line, data = Line(), torch.randn(100, 3, generator=chance())
    training = Training(line, squared(line, torch.ones(3)), data, Course(40, 8, 0.1), chance())
    steps = training.run()
    for _ in range(7):
        next(steps)
    tensors, plain = training.state()
    spoil(tensors, plain)
    with pytest.raises((KeyError, ValueError, TypeError, RuntimeError)):
        Training(line, squared(line, torch.ones(3)), data, Course(40, 8, 0.1), chance()).resume(tensors, plain)


def test_the_best_weights_are_kept():
    line, errors = Line(), iter([3.0, 1.0, 2.0, 5.0, 4.0, 6.0])
    seen = []

    def held():
        seen.append(line.weight.detach().clone())
        return next(errors)

    data = torch.randn(100, 3, generator=chance())
    list(Training(line, squared(line, torch.ones(3)), data, Course(5, 50, 0.1), chance(), held=held, keep_best=True).run())
    assert torch.equal(line.weight, seen[1])


def test_the_log_draws_training_held_out_and_the_optimum_in_one_chart():
    log = Log(references={"optimum": 0.5}, training=[(1.0, 2.0)], held=[(1.0, 3.0)])
    curves = log.curves()
    assert list(curves) == ["training", "held out", "optimum"]
    assert len({curve.chart for curve in curves.values()}) == 1
    assert curves["optimum"].kind == "reference"


# ---------------------------------------------------------------- files


def test_a_network_comes_back_from_its_file_bit_for_bit():
    made = network(Design((3, 8, 8), "convolutional", 4, 2, 8, enlarging="pixel shuffle"), chance())
    file = packed(made, {"steps": 3}, {"more": torch.arange(3)})
    back, facts, tensors = unpacked(file)
    pictures = torch.rand(2, 3, 8, 8, generator=chance())
    assert torch.equal(back(pictures), made(pictures))
    assert facts == {"steps": 3} and tensors["more"].tolist() == [0, 1, 2]
    assert packed(back, facts, tensors) == file


@pytest.mark.parametrize("spoil", [lambda f: b"", lambda f: f[:-9], lambda f: b"PK" + f, lambda f: f.replace(b"dense", b"dance")])
def test_a_spoiled_file_gives_one_line(spoil):
    file = packed(network(Design((1, 8, 8), "dense", 4, 2, 8), chance()))
    with pytest.raises(BadFile, match="not a whole file"):
        unpacked(spoil(file))


# ---------------------------------------------------------------- figures


def test_psnr_and_ssim_are_those_of_hand_worked_cases():
    flat = torch.full((1, 1, 9, 9), 0.5)
    assert psnr(flat + 0.1, flat) == pytest.approx(20, abs=1e-4)
    assert psnr(flat, flat) == 99
    assert ssim(flat, flat) == pytest.approx(1)
    picture = torch.rand(1, 3, 16, 16, generator=chance())
    assert ssim(1 - picture, picture) < 0
