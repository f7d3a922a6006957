import copy
from dataclasses import replace

import pytest
import timm
import torch
from torch import nn

from hub import backbones, devices
from hub.backbones import train as training
from hub.backbones.export import export
from hub.backbones.train import MEAN, STD, Recipe, Stage, augmented, contested, follow, schedule, surprise, worn
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


def test_augmented_pictures_keep_their_colours_nearly_and_are_never_mirrored():
    ramp = torch.arange(48).expand(64, 3, 48, 48).mul(4).byte()  # brighter to the right
    out = augmented(ramp, 48, torch.Generator().manual_seed(0))
    assert (out[:, 1, :, 0] < out[:, 1, :, -1]).all()
    assert out.mean((0, 2, 3)).tolist() == pytest.approx([94 / 255] * 3, abs=0.04)


def test_worn_pictures_are_turned_half_the_time():
    ramp = torch.linspace(0, 1, 32).expand(200, 3, 32, 32)  # the same along every column
    out = worn(ramp, torch.Generator().manual_seed(1))
    upright = ((out[:, 0] - out[:, :1, 0]).abs().amax((1, 2)) < 1e-4).float().mean().item()
    assert out.shape == ramp.shape and out.min() >= 0 and out.max() <= 1
    assert 0.35 < upright < 0.65


def test_worn_pictures_are_blurred_half_the_time_all_together():
    noise = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    spreads = [worn(noise, torch.Generator().manual_seed(seed), most=0.0).std().item() for seed in range(40)]
    sharp = sum(spread > 0.98 * noise.std().item() for spread in spreads)
    assert 10 <= sharp <= 30


# ---- pictures that show nothing


def test_surprise_is_zero_for_even_answers_and_grows_with_sureness():
    assert surprise(torch.zeros(2, 5)).tolist() == pytest.approx([0, 0], abs=1e-6)
    sure = surprise(torch.tensor([[1.0, 0, 0, 0, 0], [9.0, 0, 0, 0, 0]]))
    assert 0 < sure[0] < sure[1]


def test_a_stage_with_nothing_adds_pictures_without_a_label(monkeypatch):
    monkeypatch.setattr(training, "THINGS", torch.tensor([False, True]))
    model, pictures, labels = tiny_model().train(), some_pictures(10), torch.tensor([0, 1] * 5)
    stage = Stage(10, 64, 1e-3, radius=1.0, moves=2, nothing=0.5)
    seen = contested(model, lambda p: model((p - MEAN) / STD), pictures, labels, stage, torch.Generator().manual_seed(0))
    assert len(seen) == 10 + 5 // 2 + 10 // 5  # half of the things, and a fifth as many blanks
    assert (seen[:10] - pictures).flatten(1).norm(dim=1).max() <= 1.0 + 1e-4


def test_a_plain_stage_leaves_the_pictures_alone():
    model, pictures = tiny_model(), some_pictures(4)
    stage = Stage(10, 64, 1e-3)
    assert contested(model, model, pictures, torch.arange(4), stage, torch.Generator()) is pictures


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
