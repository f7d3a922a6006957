"""Autoencoders put together from their parts: every combination trains, and ends where theory says."""

import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import hub
from hub.errors import BadFile, BadParams
from plugins.autoencoders import _linear
from plugins.autoencoders._enlarging import ENLARGE
from plugins.autoencoders._examples import Examples, bundled, examples
from plugins.autoencoders._file import packed, unpacked
from plugins.autoencoders._networks import ACTIVATIONS, Design, network
from plugins.autoencoders._patches import Patches
from plugins.autoencoders._training import Course
from plugins.autoencoders.build_autoencoder import Params, bench, effort, looks, measures, saved, words
from plugins.autoencoders.build_autoencoder.task import Task, lengths
from tests.networks import one_thread  # noqa: F401  (for this module)

NAME = saved.NAME


def some_pictures(count=64, shape=(1, 4, 4), seed=0) -> Examples:
    """Pictures that vary mostly in a few directions."""
    chance = torch.Generator().manual_seed(seed)
    mixing = torch.randn(math.prod(shape), math.prod(shape), generator=chance) * 0.8 ** torch.arange(math.prod(shape))
    drawn = (0.5 + 0.2 * torch.randn(2 * count, math.prod(shape), generator=chance) @ mixing.T).reshape(-1, *shape)
    return Examples(drawn[:count], drawn[count:], "made up")


def at_work(pictures=None, given=None, **values) -> bench.Bench:
    params = Params(**values)
    return bench.Bench.of(pictures or some_pictures(), params, torch.Generator().manual_seed(params.seed), given)


def trained(pictures=None, given=None, **values) -> bench.Bench:
    made = at_work(pictures, given, **values)
    for _ in made.training.run():
        pass
    return made


# ---------------------------------------------------------------- every combination


def combinations():
    kinds = [("linear", "nearest neighbour"), ("dense", "nearest neighbour"), *(("convolutional", how) for how in ENLARGE)]
    return [
        dict(zip(("kind", "enlarging", "activation", "noise", "penalty", "variational"), (*kind, *rest), strict=True))
        for kind, *rest in itertools.product(
            kinds, ACTIVATIONS, ("none", "gaussian", "masking"), ("none", "L1", "L2"), (False, True)
        )
    ]


@pytest.mark.parametrize("kind", ["linear", "dense", "convolutional"])
def test_every_combination_trains_all_its_weights(kind):
    pictures = some_pictures(8)
    for values in combinations():
        if values["kind"] != kind:
            continue
        made = at_work(pictures, code=3, width=64, steps=1, start="random", keep="last", **values)
        before = {name: value.clone() for name, value in made.made.named_parameters()}
        list(made.training.run())
        still = [name for name, value in made.made.named_parameters() if torch.equal(value, before[name])]
        # a ReLU may leave a bias or a whole layer of so small a network without a gradient; never all of one side
        for side in ("encoder", "decoder"):
            names = [name for name in before if name.startswith(side)]
            assert len([name for name in still if name in names]) < len(names), values
        assert made.by_network(made.held_seen).shape == made.pictures.held.shape
        assert all(math.isfinite(v) for v in measures.Figures.of(made).metrics().values()), values


def test_what_cannot_be_built_is_said_in_one_line_with_what_can():
    with pytest.raises(BadParams, match="can be halved 2 times, not 3") as caught:
        at_work(kind="convolutional", depth=3)
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- against theory


def test_a_linear_network_ends_at_the_optimum_of_pca():
    made = trained(kind="linear", code=3, steps=800, batch=64)
    figures = measures.Figures.of(made)
    values = torch.linalg.svdvals((made.pictures.train - made.pictures.train.mean(0)).flatten(1).double())
    assert figures.optimum == pytest.approx(float(values[3:].square().sum()) / (64 * 16), rel=1e-4)  # Eckart and Young
    assert figures.optimum * 0.9999 < figures.train < 1.01 * figures.optimum
    assert "within 1 % of the exact optimum" in words.caption(made, figures)


def test_no_trained_linear_map_beats_the_best_linear_denoiser_of_its_rank():
    chance, pictures = torch.Generator().manual_seed(1), some_pictures(4000)
    for noise, amount in (("gaussian", 0.2), ("masking", 0.4)):
        task = Task(noise, amount, "none", 0.0, 0.0, 0.0)
        mean = pictures.train.mean(0)
        seen = (task.spoiled(pictures.train, mean, chance) - mean).flatten(1).double()
        clean = (pictures.train - mean).flatten(1).double()
        best = task.best_linear(pictures.train, 3).double()
        assert torch.linalg.matrix_rank(best, atol=1e-5) == 3
        found = float((seen @ best.T - clean).square().mean())
        full = torch.linalg.lstsq(seen, clean).solution  # least squares on this very noise, then its best of rank 3
        vectors = torch.linalg.svd(seen @ full, full_matrices=False).Vh[:3]
        assert found == pytest.approx(float((seen @ full @ vectors.T @ vectors - clean).square().mean()), rel=0.02)


def test_without_a_narrow_place_the_best_linear_denoiser_is_wieners():
    task, data = Task("gaussian", 0.3, "none", 0.0, 0.0, 0.0), some_pictures().train
    assert torch.allclose(task.best_linear(data, 16), _linear.denoiser(_linear.covariance(data), 0.3).float(), atol=1e-5)


def test_a_linear_variational_network_ends_at_the_likelihood_of_probabilistic_pca():
    made = trained(kind="linear", variational=True, code=4, steps=1500, batch=64)
    figures, task = measures.Figures.of(made), made.task
    variances, noise = made.pca.variances, task.variance
    # minus the log likelihood per example of N(0, W W' + noise I) at its maximum, less its constant, in units of the loss
    eigen = torch.where(torch.arange(16) < 4, variances.clamp_min(noise), torch.full_like(variances, noise))
    likelihood = 0.5 * (eigen / noise).log().sum() + 0.5 * (variances / eigen).sum()
    assert figures.optimum == pytest.approx(float(2 * noise * likelihood / 16), rel=1e-6)
    assert 0.99 * figures.optimum < figures.reached < 1.02 * figures.optimum


def test_a_large_beta_lets_the_numbers_of_the_code_die_that_theory_says():
    made = trained(kind="linear", variational=True, code=6, beta=20.0, steps=1500, batch=64)
    worth = int((made.pca.variances[:6] > 20 * made.task.variance).sum())
    assert 0 < worth < 6
    figures = measures.Figures.of(made)
    assert int((figures.distances > 0.05).sum()) == worth


def test_an_l2_penalty_shrinks_a_linear_network_as_worked_by_hand():
    # one direction of variance v: (1 - a)^2 v + w a^2 v is least at a = 1 / (1 + w), error (w / (1 + w))^2 v
    pictures = some_pictures()
    line = (pictures.train - pictures.train.mean(0)).flatten(1)
    data = 0.5 + (line[:, :1] * torch.ones(1, 16) / 4).reshape(-1, 1, 4, 4)
    made = trained(Examples(data, data, "one direction"), kind="linear", code=1, penalty="L2", weight=0.5, steps=800, batch=64)
    expected = (0.5 / 1.5) ** 2 * float(made.pca.variances[0]) / 16
    assert measures.Figures.of(made).train == pytest.approx(expected, rel=0.05)


def test_a_penalty_gains_nothing_from_a_small_code_and_a_large_decoder():
    made = at_work(kind="linear", code=3, penalty="L1", steps=0)
    middle = torch.rand(5, 3, generator=torch.Generator().manual_seed(0))
    before = made.task.cost(made.made, middle, torch.zeros(5, 3))
    with torch.no_grad():
        made.made.decoder[0].weight.mul_(10)
    assert torch.allclose(made.task.cost(made.made, middle / 10, torch.zeros(5, 3)), before, rtol=1e-5)
    assert torch.allclose(lengths(made.made), made.made.decoder[0].weight.norm(dim=0))


def test_penalty_and_distance_are_told_apart():
    made = at_work(kind="linear", code=3, penalty="L2", weight=0.5, variational=True, steps=0)
    figures, middle = measures.Figures.of(made), made.made.encode(made.held_seen).detach()
    by_hand = 0.5 * float((middle * made.made.decoder[0].weight.detach().norm(dim=0)).square().sum(1).mean()) / 16
    assert figures.metrics()["penalty on the code held out"] == pytest.approx(by_hand, rel=1e-5)
    distance = 2 * made.task.variance * figures.metrics()["nats in the code"] / 16
    assert figures.metrics()["cost of the code held out"] == pytest.approx(by_hand + distance, rel=1e-5)


def test_an_l1_penalty_makes_the_code_sparse():
    plain, sparse = (
        measures.Figures.of(trained(code=12, width=16, steps=200, penalty=penalty, weight=1.0)).zero for penalty in ("none", "L1")
    )
    assert plain == 0 and sparse > 0.5


def test_masked_numbers_become_the_mean_picture_and_noise_has_its_deviation():
    pictures, mean = torch.rand(400, 1, 5, 5, generator=torch.Generator().manual_seed(0)), torch.full((1, 5, 5), 0.25)
    masked = Task("masking", 0.3, "none", 0, 0, 0).spoiled(pictures, mean, torch.Generator().manual_seed(1))
    changed = masked != pictures
    assert torch.all(masked[changed] == 0.25) and float(changed.double().mean()) == pytest.approx(0.3, abs=0.02)
    noisy = Task("gaussian", 0.3, "none", 0, 0, 0).spoiled(pictures, mean, torch.Generator().manual_seed(1))
    assert float((noisy - pictures).std()) == pytest.approx(0.3, abs=0.01)


def test_a_dense_network_begins_as_pca():
    made = at_work(code=3, steps=0)
    assert torch.allclose(made.by_network(made.held_seen), made.by_pca(made.held_seen), atol=1e-5)


def test_weights_are_chosen_by_other_pictures_than_those_that_are_scored():
    pictures, asked = some_pictures(), {"code": 3, "width": 16, "steps": 30}
    first = trained(pictures, **asked)
    scored = pictures.held.clone()
    scored[1::2] = 1 - scored[1::2]
    other = trained(replace(pictures, held=scored), **asked)
    assert first.log.held == other.log.held
    assert all(torch.equal(one, two) for one, two in zip(first.made.parameters(), other.made.parameters(), strict=True))
    assert measures.Figures.of(first).held != measures.Figures.of(other).held
    assert torch.equal(torch.stack([first.choice, first.pictures.held], 1).flatten(0, 1), pictures.held)


def test_no_pixel_of_a_picture_is_both_learnt_from_and_scored_or_chosen_by():
    pixels = torch.arange(120 * 150.0).reshape(1, 1, 120, 150) / 2**20
    where = Patches.of(pixels, 6)
    pictures = Examples(*where.parted(5000, torch.Generator().manual_seed(0)), "numbered", patches=where)
    kept, choice = bench.parted(pictures, Params())
    train, held, chosen = (set(t.flatten().tolist()) for t in (kept.train, kept.held, choice))
    assert min(len(held), len(chosen)) > 1000
    assert not (train & held or train & chosen or held & chosen)


def test_of_the_photographs_one_chooses_and_the_other_is_scored():
    kept, choice = bench.parted(bundled("photographs"), Params(data="photographs"))
    assert len(choice) == len(kept.held) and float(torch.cdist(choice[::9].flatten(1), kept.held[::9].flatten(1)).min()) > 0


def test_where_halves_are_too_small_nothing_is_chosen():
    photo = Image.effect_noise((43, 24), 90).convert("RGB")
    pictures = examples(photo, "digits", patch=8, size=512, generator=torch.Generator().manual_seed(0))
    made = at_work(pictures, code=3, width=16, steps=3)
    assert not made.pictures.fitted and made.choice is made.pictures.held and made.training.best is None


def test_a_dense_network_passes_pca_on_digits():
    result = hub.run("build_autoencoder", code=8, steps=300)
    assert result.metrics["PSNR held out, dB"] > result.metrics["PSNR of PCA held out, dB"] + 0.5
    assert "wins by" in result.caption


# ---------------------------------------------------------------- what is shown


def test_every_line_of_the_errors_stands_in_one_chart_over_its_references():
    made = trained(kind="linear", code=3, steps=5)
    curves = measures.errors_so_far(made)
    assert {c.chart for c in curves.values()} == {measures.ERRORS}
    assert [n for n, c in curves.items() if c.kind == "reference"] == ["PCA, 3 numbers, held out", "exact optimum in training"]
    assert curves["held out"].x == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_variational_one_shows_samples_and_each_number_of_its_code():
    result = hub.run("build_autoencoder", variational=True, **Params.quick)
    assert any("standard Gaussian" in caption for _, caption in result.images)
    assert len(result.curves["distance from the standard Gaussian"].y) == 4


def test_the_table_counts_every_parameter():
    for kind in ("linear", "dense", "convolutional"):
        made = at_work(kind=kind, steps=0).made
        *parts, whole = words.layers(made)
        assert whole["parameters"] == made.parameter_count == sum(row["parameters"] for row in parts)


def test_a_picture_comes_back_at_its_own_size_and_a_restored_one_is_nearer_than_the_spoiled():
    y, x = np.mgrid[0:60, 0:90]
    photo = Image.fromarray(np.stack([128 + 90 * np.sin(x / 9), 128 + 90 * np.cos(y / 7), x + y], -1).astype(np.uint8))
    result = hub.run("build_autoencoder", photo, noise="gaussian", steps=200, code=8)
    assert result.image.size == photo.size
    spoiled = next(image for image, caption in result.images if "as the network sees it" in caption)
    far, near = (np.abs(np.asarray(i, float) - np.asarray(photo, float)).mean() for i in (spoiled, result.image))
    assert near < 0.6 * far


EDGES = ({"code": 256}, {"code": 1}, {"steps": 0}, {"amount": 0.0, "noise": "gaussian"}, {"amount": 0.95, "noise": "masking"},
         {"weight": 0.0, "penalty": "L1"}, {"batch": 1}, {"beta": 0.0, "variational": True})  # fmt: skip


@pytest.mark.parametrize("values", EDGES)
def test_edges_of_what_is_allowed_give_a_result(values):
    result = hub.run("build_autoencoder", **{**Params.quick, **values})
    assert result.caption and all(math.isfinite(v) for v in result.metrics.values())


DAYS = {"kind": "convolutional", "width": 1024, "depth": 2, "batch": 4096, "steps": 5000}


def test_days_of_work_are_refused_with_what_to_lower_and_what_is_said_to_fit_does():
    with pytest.raises(BadParams, match="Take at most [0-9]+ steps, or lower batch, width or depth") as error:
        hub.run("build_autoencoder", **DAYS)
    fits = int(re.search(r"at most (\d+) steps", str(error.value))[1])
    design, count = Design((1, 8, 8), "convolutional", 16, 2, 128), len(bundled("digits").train)
    effort.affordable(design, fits, count)
    with pytest.raises(BadParams):
        effort.affordable(design, fits + 1, count)
    assert "\n" not in str(error.value) and fits < DAYS["steps"]
    with pytest.raises(BadParams, match="Lower batch, width or depth"):
        effort.affordable(design, 1, 10**9)


def test_products_are_counted_as_by_hand():
    dense = Design((1, 4, 4), "dense", 3, 2, 5)
    assert effort.products(dense) == 2 * (16 * 5 + 5 * 3)
    once = Design((1, 4, 4), "convolutional", 3, 1, 2)
    around = 2 * 2 * 2  # numbers before and after the code
    assert effort.products(once) == 16 * 9 * 2 + around * 3 + 3 * around + 16 * 9 * 2 * 2 + 16 * 9 * 2


def test_nothing_is_called_held_out_of_a_picture_too_small_to_part():
    result = hub.run("build_autoencoder", Image.effect_noise((20, 20), 60).convert("RGB"), **Params.quick)
    assert not any("held out" in name for name in (*result.metrics, *result.curves))
    facts = saved.read(result.files[saved.NAME]).facts
    assert "error learnt from" in facts.figures and "error learnt from" in result.metrics


def test_a_picture_of_one_colour_gives_that_colour():
    for values in ({}, {"variational": True}, {"penalty": "L1"}, {"noise": "masking"}):
        asked = {"code": 4, "width": 16, "steps": 300, **values}
        result = hub.run("build_autoencoder", Image.new("RGB", (40, 30), (200, 40, 40)), **asked)
        assert np.abs(np.asarray(result.image, float) - (200, 40, 40)).max() < 20


def test_advice_follows_from_the_figures():
    made = trained(code=3, width=16, steps=5)
    figures = measures.Figures.of(made)
    assert "steps" in words.advice(at_work(code=3, steps=0), figures)
    idle = trained(code=3, width=16, steps=5, variational=True)
    told = words.advice(idle, replace(measures.Figures.of(idle), used=1, optimum=None))
    assert told.startswith("Try 1 number or a smaller beta")
    alike = trained(Examples(torch.ones(9, 1, 4, 4), torch.ones(9, 1, 4, 4), "alike"), code=3, width=16, steps=5)
    assert "all alike" in words.advice(alike, measures.Figures.of(alike))
    few = trained(some_pictures(6), code=3, width=64, steps=300)
    assert "by heart" in words.advice(few, measures.Figures.of(few))
    few.log.held[0] = 0.0, 0.0  # as if no later weights had done better
    assert "the weights of step 0 are kept, for training made it no better" in words.caption(few, measures.Figures.of(few))
    as_large = trained(code=16, width=16, steps=5)
    assert "as large as a picture" in words.advice(as_large, measures.Figures.of(as_large))


def test_walks_begin_and_end_at_held_out_examples_that_differ():
    made = trained(code=16, width=16, steps=3)  # as many numbers as pixels: PCA loses nothing
    held = made.by_network(made.pictures.held[looks._pages.spread(32, 64)])
    ends = [int((held - end).flatten(1).norm(dim=1).argmin()) for walk in looks.walks(made) for end in (walk[0], walk[-1])]
    assert len(set(ends)) == 12
    assert all(torch.allclose(walk[0], held[i], atol=1e-4) for walk, i in zip(looks.walks(made), ends[::2], strict=True))
    assert looks.far_apart(torch.tensor([[0.0], [5.0], [1.0], [9.0]])) == [(0, 3), (1, 2)]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_few_examples_one_walk_is_shown(count):
    assert len(looks.far_apart(torch.eye(3)[:count])) == 1


# ---------------------------------------------------------------- files


def stopped(after: int, **values) -> bytes:
    """What a run leaves that is stopped after so many previews of its training."""
    stream = hub.stream("build_autoencoder", **values)
    *_, preview = itertools.islice(stream, after + 1)
    left = preview.files[NAME]
    stream.close()
    return left


@pytest.mark.parametrize("values", [{}, {"noise": "gaussian", "variational": True}, {"penalty": "L1", "kind": "convolutional"},
                                    {"keep": "last"}])  # fmt: skip
def test_a_stopped_training_goes_on_to_the_same_bytes(values):
    values = {"steps": 12, "code": 4, "width": 16, **values}
    whole = hub.run("build_autoencoder", **values)
    resumed = hub.run("build_autoencoder", model=stopped(5, **values), **values)
    assert resumed.files == whole.files
    assert resumed.curves == whole.curves and resumed.image.tobytes() == whole.image.tobytes()


def test_one_stopped_twice_goes_on_too_and_so_does_the_training_of_a_picture():
    photo, values = Image.effect_noise((40, 30), 90).convert("RGB"), {"steps": 9, "code": 4, "width": 16}
    whole = hub.run("build_autoencoder", photo, **values).files[NAME]
    first = stopped(2, image=photo, **values)
    second = stopped(3, image=photo, model=first, **values)
    assert saved.read(second).facts.unfinished.step == 5 > saved.read(first).facts.unfinished.step
    assert hub.run("build_autoencoder", photo, model=second, **values).files[NAME] == whole


def test_with_other_settings_it_is_trained_further_and_says_how_long_in_all():
    first = hub.run("build_autoencoder", **Params.quick).files[NAME]
    result = hub.run("build_autoencoder", model=first, steps=5)
    assert saved.read(result.files[NAME]).facts.steps == 8
    assert "8 steps, 3 of them before" in result.caption


def test_with_no_steps_a_file_is_only_looked_at():
    first = hub.run("build_autoencoder", steps=20, code=4, width=16)
    again = hub.run("build_autoencoder", model=first.files[NAME], steps=0)
    assert again.image.tobytes() == first.image.tobytes()
    assert again.metrics["error held out"] == first.metrics["error held out"]


def test_a_file_says_all_that_it_learnt_from_and_nothing_that_it_was_only_shown():
    one, other = (Image.effect_noise((40, 30), spread).convert("RGB") for spread in (40, 90))
    first = hub.run("build_autoencoder", one, **Params.quick).files[NAME]
    shown = hub.run("build_autoencoder", data="photographs", model=first, steps=0).files[NAME]
    assert shown == first
    again = hub.run("build_autoencoder", other, model=first, steps=2).files[NAME]
    assert saved.read(again).facts.learnt_from == "8 × 8 patches of a picture"
    both = hub.run("build_autoencoder", data="photographs", model=again, steps=2).files[NAME]
    assert saved.read(both).facts.learnt_from == "8 × 8 patches of a picture, then 8 × 8 patches of photographs"


def test_what_it_is_made_of_is_what_its_file_says():
    file = hub.run("build_autoencoder", kind="convolutional", variational=True, **Params.quick).files[NAME]
    result = hub.run("build_autoencoder", model=file, steps=1, kind="linear", code=9)
    design = saved.read(result.files[NAME]).made.design
    assert (design.kind, design.code, design.variational) == ("convolutional", 4, True)


def test_a_file_for_pictures_of_another_shape_says_what_would_fit():
    file = hub.run("build_autoencoder", Image.new("RGB", (40, 40), "red"), patch=4, **Params.quick).files[NAME]
    with pytest.raises(BadParams, match="3 × 4 × 4 numbers.*Set patch to 4"):
        hub.run("build_autoencoder", Image.new("RGB", (40, 40), "red"), model=file)
    with pytest.raises(BadParams, match="digits have 1 × 8 × 8. Choose the data"):
        hub.run("build_autoencoder", model=file)
    with pytest.raises(BadParams, match="Take the picture away"):
        hub.run("build_autoencoder", Image.new("RGB", (40, 40)), model=hub.run("build_autoencoder", **Params.quick).files[NAME])


def test_a_file_names_no_place_and_a_finished_one_holds_weights_alone():
    from safetensors.torch import load

    file = hub.run("build_autoencoder", Image.new("RGB", (20, 20)), **Params.quick).files[NAME]
    assert all(name.startswith("network.") for name in load(file))
    facts = saved.read(file).facts
    assert facts.learnt_from == "8 × 8 patches of a picture" and facts.unfinished is None


def _other(head=None, facts=None, **tensors) -> bytes:
    """A file that looks like one of ours, with something changed."""
    import json

    from safetensors.torch import load, save

    file = stopped(1, steps=3, code=4, width=16)
    values = json.loads(json.loads(file[8 : 8 + int.from_bytes(file[:8], "little")])["__metadata__"]["netsee"])
    values["design"].update(head or {})
    values["facts"].update(facts or {})
    return save({**load(file), **tensors}, {"netsee": json.dumps(values)})


HOSTILE = {
    "empty of sense": lambda: b"\x00" * 100,
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + b"0" * 50,
    "truncated": lambda: _other()[:-40],
    "a head that claims to be huge": lambda: (2**62).to_bytes(8, "little") + b"{}",
    "another safetensors file": lambda: __import__("safetensors.torch").torch.save({"a": torch.zeros(3)}),
    "a wider design than its weights": lambda: _other({"width": 4096}),
    "a design beyond all limits": lambda: _other({"code": 10**9}),
    "a design of unknown words": lambda: _other({"kind": "quantum"}),
    "a design of other types": lambda: _other({"code": "four"}),
    "weights that are no numbers": lambda: _other(**{"network.encoder.1.straight.bias": torch.full((4,), math.nan)}),
    "an optimiser that is no numbers": lambda: _other(**{"optimiser.0.exp_avg": torch.full((4, 64), math.inf)}),
    "an optimiser of another network": lambda: _other(**{"optimiser.0.exp_avg": torch.zeros(2, 2)}),
    "an optimiser before its first step": lambda: _other(**{"optimiser.0.step": torch.tensor(-1.0)}),
    "an optimiser of whole numbers": lambda: _other(**{"optimiser.0.exp_avg": torch.zeros(4, 64, dtype=torch.int64)}),
    "a chance of another size": lambda: _other(**{"chance": torch.zeros(3, dtype=torch.uint8)}),
    "steps before the first": lambda: _other(facts={"steps": -1}),
    "facts of other types": lambda: _other(facts={"settings": [1, 2]}),
    "losses that are no numbers": lambda: _other(facts={"figures": {"error": math.nan}}),
}


@pytest.mark.parametrize("file", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_gives_one_clear_line(file):
    with pytest.raises(BadFile, match="not a whole file of an autoencoder") as caught:
        hub.run("build_autoencoder", model=file(), steps=3, code=4, width=16)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_weights_beyond_all_bounds_end_in_one_line():
    made, facts, tensors = unpacked(_other())
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(1e30)
    with pytest.raises(hub.errors.HubError) as caught:
        hub.run("build_autoencoder", model=packed(made, {**facts, "unfinished": None}), steps=0, code=4, width=16)
    assert "\n" not in str(caught.value)


def test_stopped_at_its_last_step_it_still_ends_as_a_whole_run_does():
    values = {"steps": 6, "code": 4, "width": 16, "rate": 0.5}
    whole = hub.run("build_autoencoder", **values).files[saved.NAME]
    *_, last, _ = (result for result in hub.stream("build_autoencoder", **values) if result.files)
    resumed = hub.run("build_autoencoder", model=last.files[saved.NAME], **values).files[saved.NAME]
    assert resumed == whole


# ---------------------------------------------------------------- what the family shares


def test_a_variational_network_with_max_unpooling_knows_the_places_in_training_too():
    made = network(Design((1, 8, 8), "convolutional", 3, 2, 4, enlarging="max unpooling", variational=True), torch.Generator())
    with torch.no_grad():
        made.encoder.to_code.weight[3:].zero_()
        made.encoder.to_code.bias[3:].fill_(-12)  # a cloud that is nearly a point
    pictures = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    drawn, _ = made.sampled(pictures, torch.Generator().manual_seed(0))
    assert torch.allclose(drawn, made(pictures), atol=0.05)


def test_data_is_split_so_that_no_picture_is_on_both_sides():
    digits = bundled("digits")
    both = torch.cdist(digits.train.flatten(1), digits.held.flatten(1)).min()
    assert float(both) > 0


def test_a_course_without_steps_has_a_rate():
    assert Course(0).rate_at(0) > 0
