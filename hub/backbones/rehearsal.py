"""A stranger's network, drawn in a child process first: one that takes long, or much memory, takes them there and is ended.

Parts are counted as they are drawn (`bounds`), but what a builder does besides is not: tiny_vit, for one, lists every pair of
places in a window of the size that it is told. A child that came through has shown that drawing it here will, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

from hub import errors
from hub.backbones import settings, sources
from hub.backbones.naming import parse
from hub.errors import InputError, OverLimit, UnsupportedBackbone
from hub.fetching.lifeline import Failed, Progress, watched
from hub.fetching.telling import end_with_the_parent, keep_prints_apart, say, teller

SECONDS = 10.0
MEMORY = 2 << 30  # bytes, besides the libraries; what is drawn has no contents
ROOT = Path(__file__).parents[2]
SHAPELESS = {"num_classes", "in_chans", "global_pool", "drop_rate", "drop_path_rate"}
"""Settings that leave a network as long to draw as timm has it."""
_passed: set[str] = set()


def rehearsed(name: str, config: dict[str, Any], seconds: float = SECONDS) -> Generator[Progress, None, None]:
    """Let a child draw what a config describes, once a process, where it describes more than timm has by itself.

    Yields about four times a second; closing it ends the child. Raises as drawing does, OverLimit where it takes too much,
    UnsupportedBackbone where the child did not come through.
    """
    told = json.dumps(config, sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()
    if settings.given(config, name).keys() <= SHAPELESS or digest in _passed:
        return
    command = [sys.executable, "-P", "-c", f"from {__name__} import main; main()"]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    try:
        yield from watched({"name": name, "config": config}, seconds, 0, command, PYTHONPATH=path, OMP_NUM_THREADS="1")
    except Failed as failed:
        raise _told(name, failed, seconds) from None
    _passed.add(digest)


def _told(name: str, failed: Failed, seconds: float) -> InputError:
    """What ended a child, in a line."""
    facts = failed.facts
    if "said" in facts:
        return getattr(errors, failed.code)(facts["said"])
    if failed.code == "ended":
        status = facts["status"]
        by = f"by {signal.Signals(-status).name}" if status and status < 0 else f"with status {status}"
        return UnsupportedBackbone(f"The process that drew {name} ended {by}, without a word. Choose another, or check its "
                                   "config.json.")
    if facts.get("phase") == "starting":
        return OverLimit(f"The process that draws {name} did not start in time. Try again when this machine has less to do.")
    much = f"{MEMORY >> 30} GB" if failed.code == "memory" else f"{seconds:g} seconds"
    return OverLimit(f"{name} takes more than {much} to be drawn. Choose a smaller one, or check its config.json.")


def main() -> None:
    """The child: reads its task from standard input, and says `{size}`, or `{failed}` with the kind of error and what it said, or
    with "memory" where that was short.

    What a network prints goes to standard error, so that it is no message.
    """
    task = json.loads(sys.stdin.readline())
    keep_prints_apart()
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    try:
        import timm  # noqa: F401  # before the clock runs

        teller("drawing", 0)
        _limit_memory()
        plan = sources.of_settings(parse(task["name"]), task["config"], Path())
        plan.layers()
        say(size=plan.bytes)
    except Exception as error:
        say(**_failure(task["name"], error))


def _failure(name: str, error: Exception) -> dict[str, str]:
    """What the child says of an error."""
    if _is_short_of_memory(error):
        return {"failed": "memory"}
    if isinstance(error, InputError):
        kind = OverLimit if isinstance(error, OverLimit) else UnsupportedBackbone
        return {"failed": kind.__name__, "said": str(error)}
    why = " ".join(f"{type(error).__name__}: {error}".split())[:120]
    return {"failed": "UnsupportedBackbone", "said": f"{name} cannot be drawn ({why}). Choose another, or check its config.json."}


def _is_short_of_memory(error: BaseException | None) -> bool:
    """Whether an error comes of memory that was not to be had; torch says that in words."""
    while error is not None:
        if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
            return True
        error = error.__cause__
    return False


def _limit_memory() -> None:
    """MEMORY more than there is now, where the system can hold a process to that."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])  # data and stack
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
