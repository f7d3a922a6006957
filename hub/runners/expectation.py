"""How long a run is expected to take, as its technique tells before it begins.

The estimates are of two processor cores and rough, so that only what is hopeless is turned down: a visitor is told at once, and
need not wait for a run that is cut when its time is up.
"""

from __future__ import annotations

import math
import os
from typing import Any

from hub.errors import BrokenTechnique, InputError, OverLimit
from hub.params import Params
from hub.policy import Policy
from hub.technique import Technique

DOUBT = 4  # times that an estimate may be wrong
FAST = 4  # times as much as in float32 is done in bfloat16, where a processor is made for it: 2 to 5 on VGG-19 and ResNet-50


def expected(technique: Technique, params: Params, image: Any = None) -> float | None:
    """Seconds on two cores, for a picture as it is worked on; None where the technique does not tell.

    Raises what the names of networks raise, and BrokenTechnique where its estimate is none.
    """
    if technique.cost is None:
        return None
    try:
        seconds = float(technique.cost(image, params))
    except InputError:
        raise
    except Exception as error:
        raise BrokenTechnique(f"{technique.name}: its cost cannot be told: {type(error).__name__}: {error}") from error
    if not (math.isfinite(seconds) and seconds >= 0):
        raise BrokenTechnique(f"{technique.name}: its cost is {seconds} seconds; give a number of 0 or more.")
    return seconds


def check(technique: Technique, params: Params, image: Any, policy: Policy) -> None:
    """Raise OverLimit where a run cannot end before the deadline of the policy, even if the estimate is far off.

    Nothing is turned down where there is a GPU, of which the estimates know nothing.
    """
    if policy.deadline is None or technique.cost is None:
        return
    from hub import devices

    if devices.device().type != "cpu":
        return
    times = max(1.0, (os.cpu_count() or 1) / 2) * (FAST if devices.has_fast_bf16() else 1)
    seconds = expected(technique, params, image) / times
    if seconds > policy.deadline * DOUBT:
        raise OverLimit(
            f"That would take about {spoken(seconds)}, and the limit here is {spoken(policy.deadline)}. "
            "Take fewer steps, a smaller size or a smaller network."
        )


def spoken(seconds: float) -> str:
    """60 s, 25 min, 3 h.

    >>> spoken(60), spoken(1500), spoken(12000)
    ('60 s', '25 min', '3 h')
    """
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
