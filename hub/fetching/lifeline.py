"""A child process, watched: what it says is passed on, and it is ended where it does not get on or nobody listens.

It is one of `fetcher`, or another that takes its task as that does and tells of it as `telling` has it.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, TextIO

from huggingface_hub import constants

CHILD = Path(__file__).with_name("child.py")
FETCHING = (sys.executable, "-P", str(CHILD))
STARTING = 60.0  # seconds that the child may take to start on a machine that is busy
KEEPING = 600.0  # seconds that a slow disk may take for what it was given, which nobody sees happen
GRACE = 3.0  # seconds that it has to clean up, before it is killed
LOOK = 0.5  # seconds, at most, between two looks at the clock


@dataclass(frozen=True)
class Progress:
    """Bytes; `total` is 0 until it is known."""

    done: int
    total: int


class Failed(Exception):
    """A task that failed. code: one word, of `fetcher` or of here; facts: what it said with it."""

    def __init__(self, code: str, facts: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts or {}


class Pace:
    """Whether it goes on fast enough: when how many bytes were done, over the last `patience` seconds of a phase.

    Only bytes beyond the furthest count, so that one who starts again and again does not seem to get on.
    """

    def __init__(self, patience: float, slowest: float) -> None:
        self.patience, self.slowest = patience, slowest
        self.phase, self.marks = "starting", deque([(monotonic(), 0)])

    def saw(self, now: float, phase: str, done: int) -> None:
        """So many bytes of a phase were done at a time."""
        if phase != self.phase:
            self.phase, self.marks = phase, deque([(now, done)])
        elif done > self.marks[-1][1]:
            self.marks.append((now, done))

    def fault(self, now: float) -> str | None:
        """Why it should be ended: "stall", "drip", "lock" and "slow disk" (the stalls of one that waits or writes), or None."""
        last, furthest = self.marks[-1]
        if now - last > max(self.patience, {"starting": STARTING, "keeping": KEEPING}.get(self.phase, 0.0)):
            return {"waiting": "lock", "keeping": "slow disk"}.get(self.phase, "stall")
        while len(self.marks) > 1 and now - self.marks[1][0] >= self.patience:
            self.marks.popleft()
        then, done = self.marks[0]
        slow = now - then >= self.patience and furthest - done < self.slowest * (now - then)
        return "drip" if slow and self.phase == "downloading" else None


def watched(
    task: dict[str, Any], patience: float, slowest: float, command: Sequence[str] = FETCHING, **environment: str
) -> Generator[Progress, None, dict[str, Any]]:
    """Let a child do a task; yields how far it is, about four times a second, and returns its last message.

    Closing it ends the child. patience: seconds that may pass without a byte; slowest: bytes per second, averaged over as long.
    command: what starts the child; environment: variables that it has besides ours.
    Raises Failed with the code that the child gave, or one of `Pace`, with the `phase` that it was in, or "ended", with
    the `status` that it ended with: of a signal, its number below zero.
    """
    pace, shown = Pace(patience, slowest), Progress(0, 0)
    with _child(task, command, environment) as (child, messages):
        while True:
            try:
                when, said = messages.get(timeout=LOOK)
            except queue.Empty:
                when, said = monotonic(), {}
            if said is None:
                raise Failed("ended", {"status": _status(child)})
            if "failed" in said:
                raise Failed(said["failed"], said)
            if "path" in said or "size" in said:
                return said
            if said:
                pace.saw(when, said["phase"], said["done"])
                done = said["total"] if said["phase"] in ("checking", "keeping") else said["done"]
                shown = Progress(max(shown.done, done), said["total"])
            if messages.empty() and (fault := pace.fault(monotonic())):
                raise Failed(fault, {"phase": pace.phase})
            yield shown


@contextmanager
def _child(
    task: dict[str, Any], command: Sequence[str], more: dict[str, str]
) -> Iterator[tuple[subprocess.Popen, queue.SimpleQueue]]:
    """A child at work, and what it says: (when it said it, the message), the last being None. It ends with the block."""
    environment = {
        **os.environ, "HF_ENDPOINT": constants.ENDPOINT, "HF_HUB_CACHE": str(constants.HF_HUB_CACHE),
        "HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0",
        # hf_xet writes pieces of a file from threads of its own: no stream that could be counted, or cut where it is too long.
        "HF_HUB_DISABLE_XET": "1", **more,
    }  # fmt: skip
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             text=True, encoding="utf-8", errors="replace", env=environment)  # fmt: skip
    messages: queue.SimpleQueue = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(child.stdout, messages), daemon=True)
    reader.start()
    try:
        with suppress(OSError):  # one that is gone already says so by saying nothing
            child.stdin.write(json.dumps(task) + "\n")
            child.stdin.flush()
        yield child, messages
    finally:
        with suppress(OSError):
            child.stdin.close()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        reader.join()
        child.stdout.close()


def _status(child: subprocess.Popen) -> int | None:
    """What a child ended with that says no more; None where it goes on all the same."""
    with suppress(subprocess.TimeoutExpired):
        return child.wait(GRACE)
    return None


def _read(lines: TextIO, messages: queue.SimpleQueue) -> None:
    """The time is noted here, as the one who takes the messages may be away for longer than patience lasts.

    What is no message is passed over: what a Python is set to print as it starts, a line that was begun by one who was killed.
    """
    for line in lines:
        with suppress(ValueError):
            if isinstance(said := json.loads(line), dict):
                messages.put((monotonic(), said))
    messages.put((monotonic(), None))
