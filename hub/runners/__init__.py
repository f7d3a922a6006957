"""Who executes a run, and how its results are passed on.

`local` watches a run in this process: it thins out the previews and keeps the deadline. `zero` has it done where a GPU is lent
for as long as it takes. `processes` spreads many over worker processes (`worker`), each of which may die without harm to the
others. `run` picks.
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

    Raises InputError before any work, and OverLimit past the policy's deadline.
    """
    from hub.runners import local, zero

    if zero.is_here():
        return zero.run(technique, given, params, policy)
    return local.watch(technique.stream(given, params, policy=policy), deadline=policy.deadline)
