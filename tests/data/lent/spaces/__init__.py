"""Stands for the package of ZeroGPU, for tests: it lends no GPU, but forks a process for each run, pickles what goes in and comes
out, and words errors in its own way, as that does. What was asked for is kept in the file that SPACES_LOG names.
"""

import multiprocessing
import os
import threading
from functools import partial, wraps

import gradio

FORK = multiprocessing.get_context("fork")


def note(line):
    with open(os.environ["SPACES_LOG"], "a") as log:
        log.write(f"{line}\n")


def gradio_auto_wrap(task):
    return task


def GPU(task=None, *, duration=None):
    if task is None:
        return partial(GPU, duration=duration)

    @wraps(task)
    def lent(*given):
        note(f"lent for {duration(*given)} s")
        if refused := os.environ.get("SPACES_REFUSES"):
            raise gradio.Error(refused, title="ZeroGPU quota exceeded", print_exception=False)
        (here, there), stop = FORK.Pipe(), FORK.Event()
        process = FORK.Process(target=_work, args=(task, there, stop), daemon=True)
        process.start()
        here.send(given)
        try:
            while True:
                kind, value = here.recv()
                if kind == "end":
                    return
                if kind == "error":
                    raise gradio.Error(value, title="ZeroGPU worker error", print_exception=False)
                yield value
        except GeneratorExit:
            stop.set()
            while here.recv()[0] != "end":
                pass
            raise
        finally:
            process.join()

    return lent


def _work(task, there, stop):
    def iterate():  # on a thread, whose pool of workers is not that of the process before
        results = task(*there.recv())
        try:
            for result in results:
                if stop.is_set():
                    results.close()
                    break
                there.send(("result", result))
        except Exception as error:
            there.send(("error", type(error).__name__))
        there.send(("end", None))

    thread = threading.Thread(target=iterate)
    thread.start()
    thread.join()
