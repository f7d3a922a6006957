import numpy as np
import pytest

from hub.world import draw
from hub.world.paintings import MANNERS, PAINTINGS, manner, painting

NEW = ("gothic", "candy", "mononoke", "mosaic", "woodcut", "watercolour", "impasto", "neon")


@pytest.mark.parametrize("name", MANNERS)
def test_a_manner_has_the_size_asked_for_and_the_same_bytes_each_time(name):
    first, again, other = manner(name, 64), manner(name, 64), manner(name, 64, seed=2)
    assert first.size == (64, 64) and first.mode == "RGB"
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("name", MANNERS)
@pytest.mark.parametrize("side", [1, 17, 33])
def test_a_manner_has_any_size(name, side):
    assert manner(name, side).size == (side, side)


@pytest.mark.parametrize("name", PAINTINGS)
def test_a_painting_is_busy_everywhere(name):
    """No corner of it is blank: each quarter holds light and dark."""
    assert min(quarter.std() for quarter in quarters(np.asarray(painting(name, 128).convert("L"), float))) > 12


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_painting_is_alike_all_over(name, seed):
    page = np.asarray(painting(name, 192, seed), float)
    colours = np.array([quarter.mean((0, 1)) for quarter in quarters(page)])
    spreads = np.array([quarter.std() for quarter in quarters(page)])
    assert np.abs(colours - colours.mean(0)).max() < 40
    assert spreads.max() < 1.4 * spreads.min()


@pytest.mark.parametrize("name", NEW)
def test_a_painting_has_lights_and_darks(name):
    dark, light = np.percentile(np.asarray(painting(name, 192).convert("L")), (5, 95))
    assert dark < 85 and light > 160


def test_the_menu_begins_with_the_paintings_and_names_each_manner_once():
    assert MANNERS[:4] == ("gothic", "candy", "mononoke", "swirls")
    assert set(PAINTINGS) < set(MANNERS) and len(set(MANNERS)) == len(MANNERS)


def test_a_class_of_the_picture_world_is_drawn_plain():
    drawn = draw("stained_glass", 1, 64, seed=5, plain=True)[0].permute(1, 2, 0).numpy()
    assert np.abs(np.asarray(manner("stained glass", 64)) / 255 - drawn).max() < 0.003


def quarters(page: np.ndarray) -> list[np.ndarray]:
    half = len(page) // 2
    return [page[y : y + half, x : x + half] for y in (0, half) for x in (0, half)]
