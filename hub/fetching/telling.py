"""What a child says to the parent that watches it (`lifeline`): a line of JSON on standard output for whatever happens.

`{phase, done, total}`, in bytes, comes at once when a phase begins and about four times a second while it goes on; a task
ends with what it found, or with `{failed}` and one word for why. The child ends when its standard input does, which its parent's
death sees to as well.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from time import sleep
from typing import Any

EVERY = 0.25  # seconds between two words about progress
GRACE = 2.0  # seconds to clean up in, once the parent is gone
state: dict[str, Any] = {}
"""What the parent should hear next."""
_line = 1  # where it listens: standard output, until that is something else


class Refused(Exception):
    """A task that must not be done, or not gone on with. code: as in `fetching`; facts: what its sentence needs."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.facts = {"failed": code, **facts}


def say(**words: Any) -> None:
    """One line to the parent, in one piece, as two threads speak."""
    os.write(_line, json.dumps(words).encode() + b"\n")


def keep_prints_apart() -> None:
    """What is printed from here on goes to standard error, so that it is no message."""
    global _line
    _line = os.dup(1)
    os.dup2(2, 1)


def teller(phase: str, total: int) -> Callable[[int], None]:
    """A function that notes how many bytes are done; the parent hears of a new phase at once, and of bytes by `tell_on`."""

    def tell(done: int) -> None:
        state.update(phase=phase, done=done, total=total)

    tell(0)
    say(**state)
    return tell


def tell_on() -> None:
    """Four times a second, however often bytes come; and the last ones before a line goes dead, too."""
    told: dict[str, Any] = {}
    while True:
        sleep(EVERY)
        if state != told:
            told = dict(state)
            say(**told)


def end_with_the_parent() -> None:
    """Standard input ends when the parent closes it or dies: clean up, and if that hangs, end all the same."""
    os.read(0, 1)
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
        sleep(GRACE)
    os._exit(1)
