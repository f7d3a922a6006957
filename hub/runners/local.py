"""A run in this process, watched."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

from hub.errors import OverLimit
from hub.results import Result


def watch(results: Iterator[Result], every: float = 0.25, deadline: float | None = None) -> Iterator[Result]:
    """The first result at once, then at most one in `every` seconds, and always the last. Close it to cancel the run.

    Techniques may yield at every step; a preview that is skipped here is never rendered.
    deadline: seconds that the run may take; past it, what there is comes out once more and OverLimit is raised.
    """
    started, shown, waiting = monotonic(), None, None
    try:
        for result in results:
            now = monotonic()
            late = deadline is not None and now - started > deadline and result.progress < 1
            if shown is None or now - shown >= every or result.progress >= 1 or late:
                shown, waiting = now, None
                yield result
            else:
                waiting = result
            if late:
                raise OverLimit(f"Stopped after {deadline:g} seconds, the limit here. Try a smaller picture or fewer steps.")
        if waiting is not None:
            yield waiting
    finally:
        close = getattr(results, "close", None)
        if close is not None:
            close()
