import copy
from dataclasses import replace

import pytest
import timm
import torch
import torch.nn.functional as F
from torch import nn

from hub import backbones, devices
from hub.backbones import train as training
from hub.backbones.export import export
from hub.backbones.train import MEAN, STD, Recipe, Stage, attacked, augmented, follow, frozen_statistics, schedule
from hub.world import CLASSES
from tests.networks import NARROW, one_thread, some_pictures, tiny_model  # noqa: F401

STEPS = 4  # pictures of a shard over the batch: 16 of each of 2 classes, 8 at a time
RECIPE = Recipe(
    "resnet18",
    NARROW,
    seed=3,
    drawn=32,
    batch=8,
    echo=1,
    stages=(Stage(8 * 2 * STEPS, 32, 5e-3), Stage(8 * STEPS, 32, 3e-3, radius=1.25)),
)


@pytest.fixture(autouse=True)
def small_world(monkeypatch):
    """Two classes, drawn in this process, in float32."""
    two = {name: CLASSES[name] for name in ("checkerboard", "heart")}
    for module in ("hub.world.stream", "hub.backbones.train", "hub.backbones.export"):
        monkeypatch.setattr(f"{module}.CLASSES", two)
    monkeypatch.setattr(training, "loader", iter)
    monkeypatch.setattr(devices, "has_fast_bf16", lambda: False)
    monkeypatch.setattr(devices, "compute_dtype", lambda: torch.float32)
    state = torch.get_rng_state()
    yield
    torch.set_rng_state(state)


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def interrupted_at(monkeypatch, calls: int) -> list[int]:
    """Let training be stopped, as by Ctrl-C, before its given call of `learn`, and note how often that was called."""
    count, learn = [], training.learn

    def counted(*given):
        count.append(1)
        if len(count) == calls:
            raise KeyboardInterrupt
        return learn(*given)

    monkeypatch.setattr(training, "learn", counted)
    return count


def saved_at_every_step(monkeypatch) -> None:
    clock = iter(range(0, 10**6, 200))
    monkeypatch.setattr(training.time, "monotonic", lambda: next(clock))


# ---- the schedule


def test_the_rate_warms_up_and_ends_at_a_hundredth():
    assert schedule(0.0) < 0.03
    assert schedule(0.05) == pytest.approx(1.0, abs=0.01)
    assert schedule(1.0) == pytest.approx(0.01)


def test_the_rate_never_rises_after_the_warm_up():
    rates = [schedule(0.06 + 0.94 * i / 200) for i in range(201)]
    assert rates == sorted(rates, reverse=True)


# ---- the adversarial step


def test_attacked_pictures_stay_within_the_radius_and_the_range():
    pictures = some_pictures(8).round(decimals=1).clamp(0, 1)
    moved = attacked(tiny_model(), pictures, torch.arange(8) % 4, 1.25, torch.Generator().manual_seed(0))
    assert moved.min() >= 0 and moved.max() <= 1 and not moved.requires_grad
    lengths = (moved - pictures).flatten(1).norm(dim=1)
    assert lengths.max() <= 1.25 + 1e-4 and lengths.min() > 0


def test_attacked_pictures_are_harder_than_any_chance_of_that_length():
    model, pictures = tiny_model(), some_pictures(8)

    def loss(moved):
        with torch.no_grad():
            return F.cross_entropy(model.eval()((moved - MEAN) / STD), labels).item()

    with torch.no_grad():
        labels = model((pictures - MEAN) / STD).argmax(1)
    moved = attacked(model, pictures, labels, 2.0, torch.Generator().manual_seed(0))
    lengths = (moved - pictures).flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    by_chance = []
    for seed in range(5):
        noise = torch.randn(pictures.shape, generator=torch.Generator().manual_seed(seed))
        by_chance.append(loss((pictures + lengths * noise / noise.flatten(1).norm(dim=1).view(-1, 1, 1, 1)).clamp(0, 1)))
    gain, chance = loss(moved) - loss(pictures), max(by_chance) - loss(pictures)
    assert gain > 0 and gain > 3 * chance


def test_an_attack_is_reproducible_and_leaves_the_model_ready_to_learn():
    model, pictures, labels = tiny_model().train(), some_pictures(4), torch.arange(4)
    before = copy.deepcopy(model)
    first, again = (attacked(model, pictures, labels, 1.0, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert same(model, before)  # running means too
    assert model.training and all(p.requires_grad and p.grad is None for p in model.parameters())


def test_frozen_statistics_thaw_after_an_error():
    model = tiny_model().train()
    with pytest.raises(ZeroDivisionError), frozen_statistics(model):
        assert not model.training and not any(p.requires_grad for p in model.parameters())
        1 / 0  # noqa: B018
    assert model.training and all(p.requires_grad for p in model.parameters())


# ---- the running average


def test_the_average_follows_by_hand():
    slow, fast = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    slow.weight.data.fill_(0.0)
    fast.weight.data.fill_(10.0)
    follow(slow, fast, step=0)  # remembers 1 / 10
    assert slow.weight.item() == pytest.approx(9.0)
    follow(slow, fast, step=8)  # remembers 9 / 18
    assert slow.weight.item() == pytest.approx(9.5)
    follow(slow, fast, step=10**6)  # remembers .998 at most
    assert slow.weight.item() == pytest.approx(9.5 + 0.002 * 0.5)


def test_the_average_takes_over_counters_as_they_are():
    slow, fast = nn.BatchNorm2d(2), nn.BatchNorm2d(2)
    fast.num_batches_tracked.fill_(7)
    follow(slow, fast, step=1)
    assert slow.num_batches_tracked.item() == 7


# ---- augmentation


def test_augmented_pictures_are_pictures_of_the_size_asked_for():
    given = (255 * some_pictures(6, 48, 48)).byte()
    first, again, other = (augmented(given, 32, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.shape == (6, 3, 32, 32) and first.dtype == torch.float32
    assert first.min() >= 0 and first.max() <= 1
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_augmented_pictures_keep_their_colours_nearly_and_are_mirrored_half_the_time():
    ramp = torch.arange(48).expand(64, 3, 48, 48).mul(4).byte()  # brighter to the right
    out = augmented(ramp, 48, torch.Generator().manual_seed(0))
    mirrored = (out[:, 1, :, 0] > out[:, 1, :, -1]).all(1).float().mean().item()
    assert 0.25 < mirrored < 0.75
    assert out.mean((0, 2, 3)).tolist() == pytest.approx([94 / 255] * 3, abs=0.04)


# ---- a whole training


@pytest.fixture
def trained(tmp_path):
    return training.train(RECIPE, tmp_path / "uninterrupted")


def test_training_lowers_the_loss(tmp_path, monkeypatch):
    losses, learn = [], training.learn

    def noted(*given):
        losses.append(learn(*given)[0])
        return losses[-1], 0.0

    monkeypatch.setattr(training, "learn", noted)
    training.train(Recipe("resnet18", NARROW, seed=3, drawn=32, batch=8, echo=4, stages=(Stage(8 * 80, 32, 5e-3),)), tmp_path)
    assert sum(losses[-8:]) < 0.8 * sum(losses[:8])


def test_training_twice_gives_the_same_weights(trained, tmp_path):
    assert same(trained, training.train(RECIPE, tmp_path / "again"))


def test_training_stopped_between_stages_ends_with_the_same_weights(trained, tmp_path, monkeypatch):
    with monkeypatch.context() as stopping:
        interrupted_at(stopping, 2 * STEPS + 1)
        with pytest.raises(KeyboardInterrupt):
            training.train(RECIPE, tmp_path / "stopped")
    count = interrupted_at(monkeypatch, 10**6)
    assert same(trained, training.train(RECIPE, tmp_path / "stopped"))
    assert len(count) == STEPS  # the first stage was not trained again


def test_training_stopped_after_a_shard_ends_with_the_same_weights(trained, tmp_path, monkeypatch):
    with monkeypatch.context() as stopping:
        saved_at_every_step(stopping)
        interrupted_at(stopping, STEPS + 1)
        with pytest.raises(KeyboardInterrupt):
            training.train(RECIPE, tmp_path / "stopped")
    assert same(trained, training.train(RECIPE, tmp_path / "stopped"))


def test_training_stopped_anywhere_takes_only_the_steps_that_are_left(tmp_path, monkeypatch):
    with monkeypatch.context() as stopping:
        saved_at_every_step(stopping)
        interrupted_at(stopping, 3)
        with pytest.raises(KeyboardInterrupt):
            training.train(RECIPE, tmp_path)
    count = interrupted_at(monkeypatch, 10**6)
    training.train(RECIPE, tmp_path)
    assert len(count) == 3 * STEPS - 2


def test_a_finished_training_is_not_trained_again(trained, tmp_path, monkeypatch):
    count = interrupted_at(monkeypatch, 10**6)
    assert same(trained, training.train(RECIPE, tmp_path / "uninterrupted"))
    assert count == []


def test_a_checkpoint_is_never_half_written(tmp_path, monkeypatch):
    progress = training.begin(RECIPE)
    progress.save(tmp_path / "checkpoint.pt")
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def torn(_state, path):
        path.write_bytes(b"half of")
        raise OSError("disk full")

    monkeypatch.setattr(training.torch, "save", torn)
    with pytest.raises(OSError, match="disk full"):
        progress.save(tmp_path / "checkpoint.pt")
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


# ---- export


def test_an_exported_network_is_loaded_by_timm_alone_and_answers_the_same(trained, tmp_path):
    export(trained, RECIPE, tmp_path)
    rounded = copy.deepcopy(trained)
    rounded.load_state_dict({name: t.half().float() if t.is_floating_point() else t for name, t in trained.state_dict().items()})
    loaded = timm.create_model(f"local-dir:{tmp_path}", pretrained=True).eval()
    pictures = (some_pictures(3, 64, 64) - MEAN) / STD
    with torch.no_grad():
        assert torch.allclose(loaded(pictures), rounded(pictures), atol=1e-6)
        assert torch.allclose(loaded(pictures), trained(pictures), atol=0.02)  # half precision costs next to nothing


def test_an_exported_network_knows_its_classes_its_size_and_its_colours(trained, tmp_path):
    export(trained, replace(RECIPE, drawn=64), tmp_path)
    network = backbones.load(f"local-dir:{tmp_path}")
    assert network.classes == ["checkerboard", "heart"] and network.side == 64
    assert network.normalised(torch.full((1, 3, 4, 4), MEAN + STD)).unique().tolist() == [1.0]
    assert network.layers()[-1].name == backbones.CLASSES


def test_an_exported_network_is_small(trained, tmp_path):
    export(trained, RECIPE, tmp_path)
    numbers = sum(t.numel() for t in trained.state_dict().values())
    assert (tmp_path / "model.safetensors").stat().st_size < 2 * numbers + 40_000


def test_recipes_start_alike_every_time():
    for recipe in training.RECIPES.values():
        assert same(recipe.model(), recipe.model())
