import hashlib
import subprocess
import sys

import pytest
import torch

from hub.world import CLASSES, draw, texture, thing
from hub.world.stream import HELD_OUT, Stream, labelled, loader
from tests.networks import one_thread  # noqa: F401

PROMISED = {
    "stripes",
    "checkerboard",
    "polka_dots",
    "rings",
    "spiral",
    "sunburst",
    "bricks",
    "honeycomb",
    "scales",
    "zigzag",
    "waves",
    "plaid",
    "wood",
    "marble",
    "clouds",
    "stained_glass",
    "cracks",
    "grid",
    "fur",
    "text",
    "bubbles",
    "cross",
    "star",
    "flower",
    "eye",
    "face",
    "cat",
    "leaf",
    "heart",
    "triangle",
    "square",
    "sphere",
    "fish",
    "tree",
    "house",
    "mushroom",
    "butterfly",
    "gear",
    "moon",
    "bird",
    "car",
}


@pytest.fixture
def two_classes(monkeypatch):
    """Only two classes to draw, so that streams are quick."""
    monkeypatch.setattr("hub.world.stream.CLASSES", {name: CLASSES[name] for name in ("checkerboard", "heart")})


def test_every_class_that_was_promised_is_there():
    assert len(PROMISED) == 41 and set(CLASSES) >= PROMISED and len(CLASSES) >= 64


def test_classes_are_in_alphabetical_order_and_know_their_names():
    assert list(CLASSES) == sorted(CLASSES)
    assert all(name == kind.name for name, kind in CLASSES.items())


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_draws_pictures_from_its_seed_alone(name):
    state = torch.get_rng_state()
    first, again, other = draw(name, 2, 32, seed=1), draw(name, 2, 32, seed=1), draw(name, 2, 32, seed=2)
    assert first.shape == (2, 3, 32, 32) and first.dtype == torch.float32
    assert torch.isfinite(first).all() and first.min() >= 0 and first.max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other) and not torch.equal(first[0], first[1])
    assert first.std() > 0.01  # something is drawn
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("size", [32, 47, 128])
@pytest.mark.parametrize("plain", [False, True])
def test_classes_are_drawn_at_any_size(size, plain):
    for name in list(CLASSES)[::9]:
        picture = draw(name, 1, size, seed=3, plain=plain)
        assert picture.shape == (1, 3, size, size) and torch.isfinite(picture).all(), name
        assert picture.min() >= 0 and picture.max() <= 1, name


def test_a_plain_thing_stands_on_a_soft_background_in_the_middle():
    """The border of a plain picture varies less than its middle."""
    for name in ("eye", "heart", "star"):
        picture = draw(name, 4, 64, seed=0, plain=True)
        corners = torch.cat([picture[..., :6, :6], picture[..., -6:, -6:]], -1)
        assert corners.std((2, 3)).mean() < 0.5 * picture[..., 16:48, 16:48].std((2, 3)).mean(), name


def test_an_unknown_class_is_a_key_error():
    with pytest.raises(KeyError):
        draw("unicorn_made_of_glass", 1, 32)


def test_two_drawings_of_one_name_are_refused():
    def heart(pen): ...

    for register in (thing(), texture()):
        with pytest.raises(ValueError, match="'heart'"):
            register(heart)


def test_another_process_draws_the_same_bytes():
    code = (
        "import torch; torch.set_num_threads(1); torch.rand(5); from hub.world import draw; import hashlib; "
        "print(hashlib.sha256(draw('owl', 2, 48, seed=9).numpy().tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert there == hashlib.sha256(draw("owl", 2, 48, seed=9).numpy().tobytes()).hexdigest()


# ---- the stream


def test_labelled_pictures_are_those_that_draw_gives(two_classes):
    pictures, labels = labelled(3, 32, seed=5)
    assert pictures.shape == (6, 3, 32, 32) and pictures.dtype == torch.uint8
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert torch.equal(pictures[3:], draw("heart", 3, 32, 5).mul(255).round().byte())


def batches(stream, count):
    return [batch for batch, _ in zip(stream, range(count), strict=False)]


def test_a_stream_shows_every_picture_of_a_shard_once_an_echo(two_classes):
    found = batches(Stream(32, 4, seed=1, per_class=4, echo=2), 4)
    pictures, labels = labelled(4, 32, 1)
    for echo in (found[:2], found[2:]):
        shown = sorted(picture.numpy().tobytes() for batch, _ in echo for picture in batch)
        assert shown == sorted(picture.numpy().tobytes() for picture in pictures)
    known = {picture.numpy().tobytes(): int(label) for picture, label in zip(pictures, labels, strict=True)}
    assert all(
        known[picture.numpy().tobytes()] == int(label)
        for batch, names in found
        for picture, label in zip(batch, names, strict=True)
    )


def test_a_stream_goes_on_from_any_shard(two_classes):
    whole = batches(Stream(32, 4, seed=1, per_class=4), 4)
    rest = batches(Stream(32, 4, seed=1, per_class=4, first=1), 2)
    assert all(torch.equal(a, b) for old, new in zip(whole[2:], rest, strict=True) for a, b in zip(old, new, strict=True))


def test_pictures_drawn_ahead_are_those_of_the_stream(two_classes):
    ahead, plain = (iter(make(Stream(32, 4, seed=1, per_class=2))) for make in (loader, iter))
    for _ in range(2):
        assert all(torch.equal(a, b) for a, b in zip(next(ahead), next(plain), strict=True))


def test_held_out_pictures_are_none_that_training_draws():
    from hub.backbones.train import RECIPES

    for name, recipe in RECIPES.items():
        shards = sum(stage.pictures for stage in recipe.stages) // (16 * len(CLASSES) * recipe.echo) + len(recipe.stages) + 1
        trained = range(recipe.seed * 100_003, recipe.seed * 100_003 + shards)
        assert not any(HELD_OUT + shard in trained for shard in range(10_000)), name
