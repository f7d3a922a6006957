"""Pre-training: many networks as one, what a layer learns, who wins by how much, and what vanishes."""

import csv
import io
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import hub
from hub import devices
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._networks import Design, network
from plugins.autoencoders.pretraining import OLD, PRETRAINED, RATES, TODAY, Params, astray, features, lessons_of
from plugins.autoencoders.pretraining.lessons import accuracies, balanced, counts_to, gain, teach
from plugins.autoencoders.pretraining.sheets import Report
from plugins.autoencoders.pretraining.stacks import (
    Layer,
    Stack,
    best_linear,
    pretrain,
    relative_error,
    slopes,
    spoiled,
    started,
    wrong,
)

FIRE = {"sigmoid": nn.Sigmoid, "ReLU": nn.ReLU}


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def last(generator):
    """What a generator returns."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def alone(stack: Stack, which: int) -> nn.Sequential:
    """One network of a stack, in PyTorch's own layers."""
    parts: list[nn.Module] = []
    for weight, bias in zip(stack.weights, stack.biases, strict=True):
        parts += [nn.utils.skip_init(nn.Linear, *weight.shape[1:]), FIRE[stack.units]()]
        with torch.no_grad():
            parts[-2].weight.copy_(weight[which].T)
            parts[-2].bias.copy_(bias[which, 0])
    return nn.Sequential(*parts[:-1])


@pytest.mark.parametrize("units", ["sigmoid", "ReLU"])
def test_stacked_networks_learn_what_each_would_learn_alone(units):
    stack = started([6, 5, 4, 3], units, TODAY, 3, chance())
    singles = [alone(stack, i) for i in range(3)]
    inputs, labels = torch.rand(3, 8, 6, generator=chance(1)), torch.randint(3, (3, 8), generator=chance(2))
    rule = torch.optim.AdamW(stack.parameters(), lr=0.05, weight_decay=0, fused=True)
    for _ in range(20):
        rule.zero_grad()
        wrong(stack, inputs, labels).backward()
        rule.step()
    for i, single in enumerate(singles):
        rule = torch.optim.AdamW(single.parameters(), lr=0.05, weight_decay=0)
        for _ in range(20):
            rule.zero_grad()
            nn.functional.cross_entropy(single(inputs[i]), labels[i]).backward()
            rule.step()
        torch.testing.assert_close(stack(inputs)[i], single(inputs[i]), atol=1e-3, rtol=1e-3)


def test_a_paired_gain_is_the_one_worked_by_hand():
    # differences 1, 2, 3: mean 2, deviation 1, error 1/sqrt(3), t = 2 sqrt(3) = 3.4641; with 2 degrees of freedom
    # p = 1 - t / sqrt(2 + t^2) = 1 - sqrt(12/14), and the 95 % quantile is 4.3027
    found = gain(torch.tensor([2.0, 4.0, 6.0]), torch.tensor([1.0, 2.0, 3.0]))
    assert found.mean == pytest.approx(2)
    assert found.p == pytest.approx(1 - math.sqrt(12 / 14), abs=1e-6)
    assert found.half == pytest.approx(4.30265 / math.sqrt(3), abs=1e-4)


def test_a_gain_of_nothing_has_no_doubt():
    same = torch.tensor([0.5, 0.7])
    assert (gain(same, same).mean, gain(same, same).half, gain(same, same).p) == (0, 0, 1)


def test_gradients_vanish_in_sigmoid_layers_from_the_old_start_and_neither_in_relu_nor_from_todays():
    lessons = lessons_of(Params(seeds=2), chance())
    sizes, shown = [64, 48, 48, 48, 48, 10], lessons.labelled(0, 200)
    old, new = (slopes(started(sizes, "sigmoid", way, 3, chance()), *shown) for way in (OLD, TODAY))
    assert old[0] < 0.01 and all(a < b for a, b in zip(old, old[1:], strict=False))
    assert min(new) > 0.2
    assert min(slopes(started(sizes, "ReLU", OLD, 3, chance()), *shown)) > 0.2


def test_gradients_by_layer_are_those_of_a_network_alone():
    stack = started([4, 3, 2], "sigmoid", OLD, 1, chance())
    single, inputs, labels = alone(stack, 0), torch.rand(5, 4, generator=chance(1)), torch.tensor([0, 1, 1, 0, 1])
    nn.functional.cross_entropy(single(inputs), labels).backward()
    assert slopes(stack, inputs, labels) == pytest.approx([float(single[0].weight.grad.norm() / single[2].weight.grad.norm()), 1])


def test_todays_start_keeps_the_size_of_signals():
    inputs = torch.randn(1, 400, 64, generator=chance(1))
    stack = started([64, *[64] * 6, 10], "ReLU", TODAY, 4, chance())
    sizes = [float(stack.hidden(inputs, layer).detach().square().mean()) for layer in (1, 6)]
    assert 0.5 < sizes[1] / sizes[0] < 2


def test_an_untouched_layer_that_passes_everything_on_makes_no_error():
    layer, inputs = Layer(torch.eye(5)[None], torch.zeros(1, 1, 5), "ReLU"), torch.rand(1, 20, 5, generator=chance())
    assert relative_error(layer, inputs, inputs) == 0


def test_a_layer_that_knows_only_the_mean_has_an_error_of_one():
    inputs = torch.rand(1, 20, 5, generator=chance())
    layer = Layer(torch.zeros(1, 5, 3), torch.zeros(1, 1, 3), "ReLU")
    layer.back_bias.data = inputs.mean(1, keepdim=True)
    assert relative_error(layer, inputs, inputs) == pytest.approx(1)


def test_networks_are_made_on_the_device(monkeypatch):
    monkeypatch.setattr(devices, "device", lambda: torch.device("meta"))
    for way in (OLD, TODAY):
        assert {p.device.type for p in started([6, 5, 3], "sigmoid", way, 2, chance()).parameters()} == {"meta"}


def test_no_device_is_asked_for_float64(monkeypatch):
    class OnDevice(torch.Tensor):
        """Stands for a tensor of a device without float64, until it is brought to the processor."""

        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            with torch._C.DisableTorchFunctionSubclass():
                made = function(*args, **(kwargs or {}))
            if function is torch.Tensor.cpu:
                return made.as_subclass(torch.Tensor)
            assert not isinstance(made, torch.Tensor) or made.dtype != torch.float64, function
            return made.as_subclass(OnDevice) if isinstance(made, torch.Tensor) else made

    pictures = torch.rand(20, 4, generator=chance())
    said = torch.zeros(14, 5).long().as_subclass(OnDevice)
    monkeypatch.setattr("plugins.autoencoders.pretraining.lessons.answers", lambda stack, held: said)
    mine = lessons_of(Params(seeds=2), chance())
    accuracies(None, replace(mine, held_labels=torch.zeros(5).long()))
    best_linear(pictures.as_subclass(OnDevice), 2, 0.25)


def test_the_best_linear_map_without_noise_is_pca():
    lessons = lessons_of(Params(seeds=2), chance())
    pca = PCA.of(lessons.pictures)
    torch.testing.assert_close(
        best_linear(lessons.pictures, 5, 0.0)(lessons.held), pca.through(lessons.held, 5), atol=1e-4, rtol=1e-4
    )


def test_the_best_linear_map_is_the_one_that_least_squares_find_over_many_blots():
    pictures = torch.rand(60, 4, generator=chance()) @ torch.rand(4, 4, generator=chance(1))
    clean = pictures.repeat(2000, 1)
    seen = spoiled(clean, 0.4, chance(2))
    ones = torch.ones(len(seen), 1)
    found = torch.linalg.lstsq(torch.cat([seen, ones], 1).double(), clean.double()).solution
    expected = torch.cat([seen, ones], 1).double() @ found
    torch.testing.assert_close(best_linear(pictures, 4, 0.4)(seen).double(), expected, atol=0.02, rtol=0)


def test_a_narrower_linear_map_leaves_more_and_no_drawn_one_leaves_less():
    pictures = lessons_of(Params(seeds=2), chance()).pictures
    clean = pictures.repeat(20, 1)[None]
    seen = spoiled(clean, 0.25, chance(1))
    errors = [relative_error(best_linear(pictures, k, 0.25), seen, clean) for k in (4, 16, 48)]
    assert 1 > errors[0] > errors[1] > errors[2] > 0
    through = PCA.of(pictures)  # PCA's own plane, fed with what is left: the best plane for clean pictures, not for these
    assert relative_error(lambda x: through.through(x[0], 4)[None], seen, clean) > errors[0]


def test_layers_learn_to_rebuild_and_the_classes_stay_untouched():
    lessons, stack = lessons_of(Params(seeds=2), chance()), started([64, 32, 32, 10], "sigmoid", OLD, 2, chance())
    made, curves = last(
        pretrain(
            stack, lessons.pictures, lessons.held, 150, 0.25, chance(), show=lambda *_: None, curves=dict, layers={}, span=(0, 1)
        )
    )
    learnt = [curve for curve in curves.values() if curve.kind == "line"]
    assert all(curve.y[-1] < 0.6 < curve.y[0] for curve in learnt) and len(learnt) == 2
    assert torch.equal(made.weights[-1], stack.weights[-1]) and not torch.equal(made.weights[0], stack.weights[0])


def test_pretraining_wins_with_few_labels_and_sigmoid_units():
    params = Params(seeds=6, most=50, width=32)
    lessons, begun = lessons_of(params, chance()), started([64, *[32] * 4, 10], "sigmoid", OLD, 6, chance())
    made, _ = last(
        pretrain(
            begun, lessons.pictures, lessons.held, 200, 0.25, chance(), show=lambda *_: None, curves=dict, layers={}, span=(0, 1)
        )
    )
    tables = {}
    for way, start in ((OLD, begun), (PRETRAINED, made)):
        taught = last(
            teach(start, lessons, 300, RATES["sigmoid", way], chance(), show=lambda: None, curves=lambda _: {}, span=(0, 1))
        )
        tables[way] = accuracies(taught, lessons)
    found = [gain(tables[PRETRAINED][:, i], tables[OLD][:, i]) for i in range(len(lessons.counts))]
    assert all(each.mean > 0.1 and each.p < 0.01 for each in found)


def test_logistic_regression_is_where_the_penalised_loss_is_flat():
    lessons = lessons_of(Params(seeds=2), chance())
    x, y = lessons.labelled(0, 100)
    weight, bias = (t.double().requires_grad_() for t in features.regress(x, y))
    loss = nn.functional.cross_entropy(x.double() @ weight + bias, y, reduction="sum") + weight.square().sum() / 2
    slope = torch.autograd.grad(loss, (weight, bias))
    assert max(float(s.abs().max()) for s in slope) < 0.05 < float(nn.functional.cross_entropy(x @ torch.zeros(64, 10), y))


def test_every_repetition_has_an_autoencoder_of_its_own_that_learns_alone():
    together = features.Coders(torch.zeros(6), 2, 2, chance())
    single = network(Design((1, 1, 6), code=2, width=features.HIDDEN), chance())
    seen = torch.rand(5, 6, generator=chance(1))
    torch.testing.assert_close(together(seen[None])[0], single(seen[:, None, None])[:, 0, 0])
    (together(torch.stack([seen, 0 * seen])) - seen).square().mean((1, 2)).sum().backward()
    (single(seen[:, None, None])[:, 0, 0] - seen).square().mean().backward()
    torch.testing.assert_close(together.encoder.weights[0].grad[0], single.encoder[1].weight.grad.T)
    lessons = lessons_of(Params(seeds=2), chance())
    codes, held = last(features.coded(lessons, 3, 2, chance(), (0, 1), show=lambda: None, curves=dict))
    assert codes.shape == (2, 1438, 3) and held.shape == (2, 359, 3) and not torch.allclose(codes[0], codes[1])


def test_raw_pixels_score_what_scikit_learn_says():
    from sklearn.linear_model import LogisticRegression

    lessons = lessons_of(Params(seeds=2, most=100), chance())
    train, held = (t.numpy() for t in (lessons.pictures, lessons.held))
    scale = math.sqrt(train.var(0, ddof=1).mean())
    found, order = features.scores(lessons.pictures, lessons.held, lessons), lessons.order[1, :100].numpy()
    fitted = LogisticRegression(max_iter=1000).fit(train[order] / scale, lessons.labels.numpy()[order])
    assert float(found[1, -1]) == pytest.approx(fitted.score(held / scale, lessons.held_labels.numpy()), abs=0.006)


def test_the_first_labels_are_one_of_each_class_and_fewer_are_among_more():
    labels = torch.arange(10).repeat(7)
    for order in balanced(labels, 3, chance()):
        assert sorted(labels[order[:10]].tolist()) == list(range(10))
        assert torch.bincount(labels[order[:30]]).tolist() == [3] * 10
        assert sorted(order.tolist()) == list(range(70))


def test_no_network_sees_more_labels_than_it_may():
    lessons = lessons_of(Params(seeds=2, most=20), chance())
    seen, _ = lessons.batch(500, chance())
    distinct = [len(np.unique(pictures.numpy(), axis=0)) for pictures in seen]
    assert distinct == [10, 20, 10, 20]


def test_no_training_digit_is_in_the_test():
    lessons = lessons_of(Params(seeds=2), chance())
    both = [{p.numpy().tobytes() for p in t} for t in (lessons.pictures, lessons.held)]
    assert not both[0] & both[1]


def test_numbers_of_labels_rise_to_the_last():
    assert counts_to(1438) == (10, 20, 50, 100, 200, 500, 1438)
    assert counts_to(10) == (10,) and counts_to(50) == (10, 20, 50)


QUICK = {"units": "sigmoid", "depth": 2, "width": 8, "steps": 20, "seeds": 2, "most": 20, "code": 2}


def test_without_pretraining_it_is_the_old_start():
    result = hub.run("pretraining", pretraining=0, **QUICK)
    assert [row["gain over 2006"] for row in result.table] == ["+0.0 ± 0.0"] * 2
    assert {row["p, 2006"] for row in result.table} == {"1"}


def test_the_table_and_the_file_tell_the_same():
    result = hub.run("pretraining", pretraining=5, **QUICK)
    rows = list(csv.DictReader(io.StringIO(result.files["accuracies.csv"].decode())))
    mine = [float(r["accuracy"]) for r in rows if r["start or features"] == PRETRAINED and r["labels"] == "20"]
    assert len(mine) == 2
    assert result.table[1]["pre-trained, %"] == pytest.approx(100 * sum(mine) / 2, abs=0.06)
    assert any(curve.kind == "reference" for curve in result.curves.values())
    assert all(len(result.curves[name].spread) == 2 for name in ("raw pixels", "PCA, 2 numbers"))


ODD = [
    {"depth": 1},
    {"noise": 0.9},
    {"noise": 0.0, "width": 64},
    {"width": 2},
    {"code": 64},
    {"most": 10},
    {"units": "ReLU", "rate": 10.0},
]


def reading(*shares: float) -> Report:
    """A report of ReLU networks that read such shares right after 10 and 20 labels, from each start."""
    lessons = lessons_of(Params(seeds=2, most=20), chance())
    report = Report(lessons)
    told = [torch.tensor([[0.1, share]] * 2, dtype=torch.float64) for share in shares]
    report.learnt["ReLU"] = dict(zip((OLD, PRETRAINED, TODAY), told, strict=True))
    return report


def test_networks_that_end_near_chance_are_named_and_what_to_try():
    fast, slow = Params(rate=10.0), Params(rate=1.0)
    assert astray(reading(0.5, 0.3, 0.25), fast) == ""
    said = astray(reading(0.11, 0.6, 0.1), fast)
    assert f"ReLU units, {OLD}; ReLU units, {TODAY}." in said and "after 20 labels" in said and "smaller rate" in said
    assert PRETRAINED not in said and "more lessons or fewer layers" in astray(reading(0.11, 0.6, 0.1), slow)


def test_ten_times_the_rate_with_six_layers_is_said_to_have_gone_astray():
    values = {"units": "ReLU", "depth": 6, "width": 16, "steps": 40, "seeds": 2, "most": 20, "code": 2, "pretraining": 0}
    assert "Try a smaller rate." in hub.run("pretraining", rate=10.0, **values).caption


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_wishes_give_a_result(odd):
    result = hub.run("pretraining", **{**QUICK, "pretraining": 3, **odd})
    assert result.progress == 1 and result.image.width > 400
