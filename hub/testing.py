"""The contract of a technique as a suite of small named checks, for its author and for the tests of this project alike.

On the command line: `netsee check NAME`, or the path of what was written. In the tests of a package of techniques:

    @pytest.mark.parametrize("check", hub.testing.checks("my_technique"), ids=str)
    def test_contract(check):
        check()

Every check runs on a small picture with `Params.quick`, the values that make a run short. `hub.contract` has the checks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub import registry
from hub.contract import CHECKS, MENDS
from hub.deadline import TooLong, deadline
from hub.errors import BrokenTechnique
from hub.sources import line_behind
from hub.trial import Trial, small_picture

__all__ = ["CHECKS", "Check", "MENDS", "check_technique", "checks", "small_picture"]


@dataclass(frozen=True)
class Check:
    """One check of one technique. Calling it raises BrokenTechnique where the contract is not kept."""

    name: str
    trial: Trial
    body: Callable[[Trial], None] = field(repr=False)

    def __call__(self) -> None:
        try:
            with deadline(self.trial.seconds):
                self.body(self.trial)
        except TooLong as error:
            late = f"There is no end after {self.trial.seconds:g} seconds{line_behind(error, libraries=False)}"
            raise BrokenTechnique(f"{late}; shorten its runs by `quick` in Params.") from error

    def __str__(self) -> str:
        return f"{self.trial.technique.name}-{self.name}"

    def fault(self) -> str:
        """What is wrong, in words; nothing where all is well. An error of the technique itself is a fault too."""
        try:
            self()
        except BrokenTechnique as error:
            return str(error)
        except (Exception, SystemExit) as error:
            return f"{type(error).__name__}: {error}{line_behind(error)}"
        return ""

    @property
    def mend(self) -> str:
        """What to do where it fails."""
        return MENDS[self.name]


def checks(name: str, quick: Mapping[str, Any] | None = None) -> list[Check]:
    """The checks that apply to the technique called `name`; they share its runs, so that the suite is short.

    quick: parameters for the runs; the technique's own `Params.quick` where it is not given.
    Raises UnknownTechnique, BrokenTechnique where it did not load, BadParams where `quick` is not valid.
    """
    trial = Trial(registry.technique(name), quick)
    return [Check(label, trial, body) for label, body in CHECKS.items() if _applies(label, trial)]


def check_technique(name: str, quick: Mapping[str, Any] | None = None) -> None:
    """Run every check. Raises BrokenTechnique, naming each that failed and why."""
    faults = [f"{check.name}: {said}" for check in checks(name, quick) if (said := check.fault())]
    if faults:
        raise BrokenTechnique(f"{name} breaks the contract. {'; '.join(faults)}")


def _applies(label: str, trial: Trial) -> bool:
    if label == "takes_odd_pictures":
        return trial.technique.picture != "none"
    return True
