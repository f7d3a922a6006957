"""A worker process: reads tasks from standard input, writes what they give to standard output, and ends with whoever started it.

Run by `hub.runners.processes` and by nobody else: it does what it is told.
"""

from __future__ import annotations

import os
import pickle
import queue
import threading
from typing import BinaryIO

from hub import registry


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a technique prints must not get between the answers
    tasks: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(os.fdopen(os.dup(0), "rb"), tasks), daemon=True).start()
    registry.records()  # a task may hold what an author's module made
    while True:
        function, task = pickle.loads(tasks.get())
        pickle.dump(function(task), answers)
        answers.flush()


def _listen(given: BinaryIO, tasks: queue.SimpleQueue) -> None:
    """Take tasks until there is nobody who gives any: then end at once, in the middle of one if need be."""
    while size := int.from_bytes(given.read(8), "big"):
        tasks.put(given.read(size))
    os._exit(0)


if __name__ == "__main__":
    main()
