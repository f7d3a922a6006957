"""A limit of time for code that may never end by itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TooLong(BaseException):
    """Time is up. It is no Exception, so that code which goes on after any error does not go on after this."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise TooLong inside after so many seconds, in the middle of a loop or of a wait if need be.

    In the main thread on Linux and macOS; elsewhere nothing is cut.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def up(*_: Any) -> None:
        raise TooLong

    timer = signal.setitimer(signal.ITIMER_REAL, 0)  # somebody else's, such as a test runner's
    handler = signal.signal(signal.SIGALRM, up)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, *timer)
