import pytest
import torch

from hub.pixels import octaves, shares
from tests.networks import one_thread, some_pictures  # noqa: F401


def sizes(levels) -> list[tuple[int, int]]:
    return [tuple(level.shape[-2:]) for level in levels]


def test_octaves_go_from_small_to_the_full_size():
    assert sizes(octaves(some_pictures(1, 140, 196), 3, 1.4)) == [(71, 100), (100, 140), (140, 196)]


def test_octaves_too_small_to_see_anything_are_left_out():
    assert sizes(octaves(some_pictures(1, 64, 128), 8, 2.0)) == [(32, 64), (64, 128)]


def test_a_tiny_picture_keeps_one_octave():
    assert sizes(octaves(some_pictures(1, 8, 8), 4, 1.4)) == [(8, 8)]


def test_the_last_octave_is_the_picture_itself():
    picture = some_pictures(1, 64, 80)
    assert torch.equal(octaves(picture, 3, 1.5)[-1], picture)


def test_octaves_stay_within_range():
    sharp = (some_pictures(1, 96, 96) > 0.5).float()
    assert all(level.min() >= 0 and level.max() <= 1 for level in octaves(sharp, 4, 1.3))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_shares_cover_the_whole_work_without_a_gap(count):
    levels = octaves(some_pictures(1, 200, 160), count, 1.3)
    spans = list(shares(levels))
    assert len(spans) == len(levels)
    assert spans[0][0] == 0 and spans[-1][1] == pytest.approx(1)
    assert all(a[1] == pytest.approx(b[0]) for a, b in zip(spans, spans[1:], strict=False))


def test_an_octave_of_four_times_the_area_takes_four_times_the_share():
    (a, b), (c, d) = shares(octaves(some_pictures(1, 128, 128), 2, 2.0))
    assert (d - c) == pytest.approx(4 * (b - a))
