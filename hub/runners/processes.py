"""Tasks spread over worker processes. One that dies, whatever the reason, takes only its own task with it."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 1.0  # seconds


@dataclass(frozen=True)
class Died:
    """Stands for what a task would have given whose process ended. code: its exit code, minus the signal that killed it."""

    code: int


def spread(function: Callable[[Any], Any], tasks: Iterable[Any], jobs: int) -> Iterator[Any]:
    """What `function` gives for each task, in their order, or Died. Closing it ends the processes.

    function: one of a module, that does not raise. tasks: taken only a few ahead, so that there may be any number; one that
    cannot be pickled is done in this process. What they give can be.
    jobs: processes at once; each gets its share of the processor's cores, unless OMP_NUM_THREADS says.
    """
    workers = [_Worker(max(1, (os.cpu_count() or 1) // jobs)) for _ in range(jobs)]
    idle: queue.SimpleQueue = queue.SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def done(task: Any) -> Any:
        worker = idle.get()
        try:
            return worker.do(function, task)
        finally:
            idle.put(worker)

    pool, ahead = ThreadPoolExecutor(jobs), deque[Future]()
    try:
        for task in tasks:
            ahead.append(pool.submit(done, task))
            if len(ahead) >= 2 * jobs:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.end()
        pool.shutdown()  # whoever waited for an answer has been told that none will come
        for worker in workers:
            worker.clear()


class _Worker:
    """A process that is started when there is something to do, and again when it died."""

    def __init__(self, threads: int) -> None:
        self.threads, self.process, self.ended = threads, None, False
        self.lock = threading.Lock()  # whoever ends it must not meet one who starts it

    def do(self, function: Callable[[Any], Any], task: Any) -> Any:
        try:
            told = pickle.dumps((function, task))
        except Exception:
            return function(task)  # what cannot be sent is done here
        process = self._running()
        if process is None:
            return Died(0)
        try:
            process.stdin.write(len(told).to_bytes(8, "big") + told)
            process.stdin.flush()
            return pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            self.clear()
            return Died(process.returncode)

    def _running(self) -> subprocess.Popen | None:
        """The process; None where it was ended for good."""
        with self.lock:
            if self.process is None and not self.ended:
                path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
                environment = {"OMP_NUM_THREADS": str(self.threads), **os.environ, "PYTHONPATH": path}
                self.process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "hub.runners.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    env=environment, start_new_session=True)  # Ctrl-C is for us: we end it
            return self.process

    def end(self) -> None:
        """Kill the process, and start none again."""
        with self.lock:
            self.ended = True
            if self.process is not None:
                self.process.kill()

    def clear(self) -> None:
        """Forget a process, after its end."""
        with self.lock:
            process, self.process = self.process, None
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)  # one that ends by itself has a code of its own
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what could not be sent is nothing to anybody now
                    pipe.close()
