"""What never ends by itself is cut, and whatever else waits for a signal is as it was."""

import signal
import threading
import time
from contextlib import suppress

import pytest

from hub.deadline import TooLong, deadline


@pytest.mark.parametrize("wait", [0, 60])
def test_what_does_not_end_is_cut_even_where_it_goes_on_after_any_error(wait):
    with pytest.raises(TooLong), deadline(0.05):
        for _ in range(10**8):
            with suppress(Exception):
                time.sleep(wait)


def test_what_ends_in_time_is_left_alone_and_a_timer_from_before_still_runs():
    rang = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    signal.setitimer(signal.ITIMER_REAL, 600)
    try:
        with deadline(60):
            assert signal.getsignal(signal.SIGALRM) is not before
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 600
        signal.raise_signal(signal.SIGALRM)
        assert rang == [1]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_in_another_thread_nothing_is_cut():
    done = []

    def work() -> None:
        with deadline(0.01):
            time.sleep(0.05)
        done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
