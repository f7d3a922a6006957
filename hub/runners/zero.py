"""Runs on ZeroGPU, where a Space holds no GPU but is lent one for the time of a run.

The package `spaces` forks a process for it: what goes in and comes out is pickled, so that previews are drawn over there. Its
errors are told here in its own words, and would lose ours; so they come back as values. Elsewhere nothing of this is used.
"""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from hub import registry
from hub.errors import HubError, NotFinite
from hub.params import Params
from hub.policy import Policy
from hub.results import Result
from hub.runners.expectation import expected
from hub.runners.local import watch
from hub.technique import Technique, fetching

FLAG = "SPACES_ZERO_GPU"
GRACE = 5  # seconds for the fork, for loading a network there, and for the last result
LEAST = 10  # seconds for a run; the first one on a GPU gets everything ready there
LONGEST = 60  # seconds to ask for where the policy has no deadline: what ZeroGPU lends unasked


@dataclass(frozen=True)
class Raised:
    """An error of ours on its way from the process that has the GPU."""

    line: str
    result: Result | None


def is_here() -> bool:
    """Whether this is a Space on ZeroGPU. A folder that happens to be called `spaces` is not the package."""
    if os.environ.get(FLAG, "").lower() not in ("1", "t", "true"):
        return False
    found = importlib.util.find_spec("spaces")
    return found is not None and found.origin is not None


def begin() -> None:
    """Tell ZeroGPU what will ask for a GPU, before the server starts; Gradio's own `launch`, which is not used here, would.

    Nothing elsewhere. To be called before torch is imported.
    """
    if is_here():
        _lent()
        from spaces import zero

        zero.startup()


def run(technique: Technique, given: Any, params: Params, policy: Policy) -> Generator[Result]:
    """As `runners.run`. Networks are downloaded before a GPU is asked for, since its seconds are counted."""
    yield from fetching(params)
    values = {name: getattr(params, name) for name in params.model_fields_set}  # an author's class may not be there to unpickle
    results = _lent()(technique.name, given, values, policy)
    try:
        for result in results:
            if isinstance(result, Raised):
                raise NotFinite(result.line, result.result) if result.result else HubError(result.line)
            yield result
    finally:
        results.close()


def seconds(name: str, given: Any, values: dict[str, Any], policy: Policy) -> int:
    """How long to ask for a GPU: what asks for less waits less, and costs a visitor less of the day's share.

    It is twice what the technique expects to take on two processor cores, so that a wrong estimate seldom ends a run, and no
    more than the deadline.
    """
    technique, limit = registry.technique(name), policy.deadline or LONGEST
    told = expected(technique, technique.Params.read(values, policy), getattr(given, "image", given))
    return math.ceil(limit if told is None else min(limit, max(LEAST, 2 * told))) + GRACE


@cache
def _lent() -> Callable[..., Generator[Result | Raised]]:
    import spaces

    return spaces.GPU(duration=seconds)(_there)


def _there(name: str, given: Any, values: dict[str, Any], policy: Policy) -> Iterator[Result | Raised]:
    """A run in the process that has the GPU."""
    try:
        results = registry.technique(name).stream(given, values, policy=policy)
        lent = seconds(name, given, values, policy) - GRACE
        for result in watch(results, deadline=min(lent, policy.deadline or lent)):
            yield _drawn(result)
    except HubError as error:
        held = getattr(error, "result", None)
        yield Raised(str(error), _drawn(held) if held else None)


def _drawn(result: Result) -> Result:
    """The result with whatever it would draw when somebody looks."""
    _ = result.image, result.curves, result.files
    return result
