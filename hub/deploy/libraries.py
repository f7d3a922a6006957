"""The libraries of a Space: which it has anyway, and by which line it installs another."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hub.deploy import PYTHON

SPACE = {"os_name": "posix", "platform_system": "Linux", "sys_platform": "linux", "platform_machine": "x86_64",
         "python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "extra": ""}
"""What a Space is, as requirements ask for it; this machine may be another."""


by_module = cache(packages_distributions)
"""Module or package at the root -> the distributions installed here that have it, or parts of it."""


def owners(name: str, file: Path) -> list[str]:
    """The distributions installed here that have a module, by its dotted name and its file."""
    found = by_module().get(name.partition(".")[0], [])
    if len(found) < 2:
        return found
    return [one for one in found if any(Path(each.locate()) == file for each in distribution(one).files or ())] or found


def brought_along(names: Iterable[str]) -> set[str]:
    """The distributions that a Space has where it installs these, by their plain names."""
    seen: set[str] = set()
    waiting = {canonicalize_name(name) for name in names}
    while waiting:
        seen.add(name := waiting.pop())
        try:
            needed = [Requirement(each) for each in requires(name) or ()]
        except PackageNotFoundError:
            continue  # for another system than this
        waiting |= {canonicalize_name(each.name) for each in needed if not each.marker or each.marker.evaluate(SPACE)} - seen
    return seen


def pin(name: str) -> str:
    """The version of a distribution that a Space installs: the one that is here, without what it was built for (`+cu128`)."""
    return version(name).partition("+")[0]


def is_of_an_index(name: str) -> bool:
    """Whether a distribution came from an index; of one that did not, there may be none there by that name, or a stranger's."""
    return not distribution(name).read_text("direct_url.json")
