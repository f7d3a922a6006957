"""Who executes a run, and how its results are passed on.

`local` watches a run in this process: it thins out the previews and keeps the deadline. `zero` has it done where a GPU is lent
for as long as it takes. `processes` spreads many over worker processes (`worker`), each of which may die without harm to the
others. `run` picks. `expectation` tells how long a run will take before it begins.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from hub.params import Params
from hub.policy import Policy
from hub.results import Result
from hub.technique import Technique


def run(technique: Technique, given: Any, params: Params, policy: Policy) -> Generator[Result]:
    """The results of a run, at a rate for eyes; close it to cancel. given: the picture, or None.

    Raises InputError before any work, OverLimit where it could not end before the policy's deadline, and where it did not.
    """
    from hub.runners import expectation, local, zero

    if zero.is_here():
        return zero.run(technique, given, params, policy)
    expectation.check(technique, params, getattr(given, "image", given), policy)
    return local.watch(technique.stream(given, params, policy=policy), deadline=policy.deadline)
