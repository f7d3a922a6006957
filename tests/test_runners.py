"""Watching a run: few previews, always the last result, and a generator that is closed."""

from collections.abc import Iterator

import pytest

from hub.errors import OverLimit
from hub.results import Result
from hub.runners import local


@pytest.fixture
def clock(monkeypatch):
    """A clock that a run moves on by itself; nothing here waits."""
    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    made = Clock()
    monkeypatch.setattr(local, "monotonic", made)
    return made


def steps(clock, count: int, each: float, finished: bool = True) -> Iterator[Result]:
    for i in range(1, count + 1):
        clock.now += each
        yield Result(caption=str(i), progress=1.0 if finished and i == count else i / (count + 1))


def captions(results) -> list[str]:
    return [result.caption for result in results]


def test_the_first_comes_at_once_then_one_in_every_interval_and_the_last(clock):
    assert captions(local.watch(steps(clock, 11, 0.125), every=0.25)) == ["1", "3", "5", "7", "9", "11"]


def test_the_last_comes_even_right_after_another(clock):
    assert captions(local.watch(steps(clock, 3, 0.01))) == ["1", "3"]


def test_the_last_comes_even_where_the_run_forgot_to_say_that_it_was_done(clock):
    assert captions(local.watch(steps(clock, 3, 0.01, finished=False))) == ["1", "3"]


def test_slow_steps_all_come(clock):
    assert captions(local.watch(steps(clock, 4, 1.0))) == ["1", "2", "3", "4"]


def test_no_results_are_no_results(clock):
    assert captions(local.watch(iter(()))) == []


def test_a_preview_that_is_skipped_is_never_rendered(clock):
    rendered = []

    def run() -> Iterator[Result]:
        for i in range(5):
            clock.now += 0.01
            yield Result(image=lambda i=i: rendered.append(i) or "picture", progress=i / 4)

    for result in local.watch(run()):
        assert result.image == "picture"
    assert rendered == [0, 4]


def test_closing_the_watch_closes_the_run(clock):
    ended = []

    def run() -> Iterator[Result]:
        try:
            while True:
                yield Result()
        finally:
            ended.append(True)

    watched = local.watch(run())
    next(watched)
    watched.close()
    assert ended == [True]


def test_past_the_deadline_the_newest_preview_comes_and_then_one_line(clock):
    seen = []
    with pytest.raises(OverLimit, match="Stopped after 2 seconds"):
        for result in local.watch(steps(clock, 100, 0.7), every=10, deadline=2):
            seen.append(result.caption)
    assert seen == ["1", "3"]


def test_a_run_that_ends_late_is_a_run_that_ended(clock):
    assert captions(local.watch(steps(clock, 1, 5.0), deadline=2)) == ["1"]


def test_an_error_of_the_run_passes_through(clock):
    def run() -> Iterator[Result]:
        yield Result()
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        list(local.watch(run()))
