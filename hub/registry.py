"""Where techniques are found, and what became of each: a record with the technique, or with the reason why there is none.

Three sources, in this order: modules and packages in `plugins`; installed distributions with an entry point in the group
`netsee.techniques`; the folders named in the environment variable NETSEE_PLUGINS. Of two techniques with one name the first
stands.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import logging
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from hub.errors import BrokenTechnique, UnknownTechnique
from hub.technique import Technique

BUILT_IN = "plugins"
GROUP = "netsee.techniques"
FOLDERS = "NETSEE_PLUGINS"
log = logging.getLogger("netsee")


@dataclass(frozen=True)
class Record:
    """A technique that was found. Exactly one of `technique` and `error` (one line) is set. source: where it came from."""

    name: str
    source: str
    technique: Technique | None = None
    error: str = ""


@cache
def records() -> tuple[Record, ...]:
    """Everything that was found, failures included, in order of discovery. Read once; `refresh()` reads again."""
    found: dict[str, Record] = {}
    failures: list[Record] = []
    for record in _discovered():
        if record.technique is None:
            failures.append(record)
        elif record.name in found:
            failures.append(
                Record(record.name, record.source, error=f"the name {record.name!r} is taken by {found[record.name].source}")
            )
        else:
            found[record.name] = record
    return (*found.values(), *failures)


def refresh() -> None:
    """Forget what was found; the next question looks again."""
    records.cache_clear()


def techniques() -> dict[str, Technique]:
    """The techniques that work, by name."""
    return {r.name: r.technique for r in records() if r.technique is not None}


def failures() -> list[Record]:
    """What was found and does not work, each with its reason."""
    return [r for r in records() if r.technique is None]


def technique(name: str) -> Technique:
    """One technique by name. Raises UnknownTechnique, with a suggestion, or with the reason where it failed to load."""
    known = techniques()
    if name in known:
        return known[name]
    for failed in failures():
        if failed.name == name:
            raise BrokenTechnique(f"{name} could not be loaded: {failed.error}")
    raise UnknownTechnique(name, known, hint="List them: netsee list")


def family_name(family: str) -> str:
    """A family as it is named in commands and folders.

    >>> family_name("Compress & restore")
    'compress-restore'
    """
    return "-".join(re.findall(r"[a-z0-9]+", family.lower()))


def chosen(names: Iterable[str] | None = None) -> dict[str, Technique]:
    """The techniques named, or all of the families named ("dream"), in order of discovery; everything for None.

    Raises as `technique` does.
    """
    known = techniques()
    if names is None:
        return known
    families: dict[str, list[str]] = {}
    for found in known.values():
        families.setdefault(family_name(found.family), []).append(found.name)
    wanted = {one for name in names for one in ([name] if name in known else families.get(name) or [technique(name).name])}
    return {name: found for name, found in known.items() if name in wanted}


# ---------------------------------------------------------------- discovery


def _discovered() -> Iterator[Record]:
    yield from _in_package(BUILT_IN, "built in")
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        source = f"package {entry.dist.name}" if entry.dist else "an installed package"
        yield from _recorded(entry.name, source, entry.load)
    for folder in filter(None, os.environ.get(FOLDERS, "").split(os.pathsep)):
        yield from _in_folder(Path(folder))


def _in_package(package: str, source: str) -> Iterator[Record]:
    """The modules of a package. A package in it without `run` is a family: its own modules are looked at in turn."""
    for info in sorted(pkgutil.iter_modules(importlib.import_module(package).__path__), key=lambda m: m.name):
        if info.name.startswith("_"):
            continue
        path = f"{package}.{info.name}"
        if info.ispkg and _is_family(path):
            yield from (r for r in _in_package(path, source) if r.technique or "has no technique" not in r.error)
        else:
            yield from _recorded(info.name, source, lambda path=path: importlib.import_module(path))


def _is_family(path: str) -> bool:
    try:
        return not hasattr(importlib.import_module(path), "run")
    except (Exception, SystemExit):
        return False  # its record will say why


def _in_folder(folder: Path) -> Iterator[Record]:
    if not folder.is_dir():
        yield Record(folder.name or str(folder), FOLDERS, error=f"{FOLDERS} names a folder that does not exist: {folder.name}")
        return
    for file in sorted([*folder.glob("*.py"), *folder.glob("*/__init__.py")]):
        name = file.parent.name if file.name == "__init__.py" else file.stem
        if not name.startswith("_"):
            yield from _recorded(
                name, f"{folder.name}/{file.relative_to(folder)}", lambda file=file, name=name: _loaded(file, name)
            )


def _loaded(file: Path, name: str) -> ModuleType:
    """Import a file under a name of its own, so that it cannot shadow an installed module."""
    folder = hashlib.sha256(str(file.parent.absolute()).encode()).hexdigest()[:8]  # two folders may each have a file of this name
    full = f"netsee_plugins.{folder}.{name}"
    spec = importlib.util.spec_from_file_location(
        full, file, submodule_search_locations=[str(file.parent)] if file.name == "__init__.py" else None
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full]
        raise
    return module


def _recorded(name: str, source: str, load: Callable[[], Any]) -> Iterator[Record]:
    """Load one technique; whatever goes wrong in a stranger's code becomes a record, not a crash."""
    try:
        loaded = load()
        found = loaded if isinstance(loaded, Technique) else getattr(loaded, "run", None)
        if not isinstance(found, Technique):
            raise BrokenTechnique("it has no technique: decorate its function `run` with @hub.technique.")
        yield Record(found.name, source, technique=found)
    except (Exception, SystemExit) as error:
        log.warning("technique %s (%s) failed to load", name, source, exc_info=True)
        line = str(error).splitlines()[0] if str(error) else ""
        yield Record(name, source, error=line if isinstance(error, BrokenTechnique) else f"{type(error).__name__}: {line}")
