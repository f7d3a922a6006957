"""Where techniques are found, and what became of each: a record with the technique, or with the reason why there is none.

Three sources, in this order: modules and packages in `plugins`; installed distributions with an entry point in the group
`netsee.techniques`; what is named in the environment variable NETSEE_PLUGINS: folders of techniques, single files, distributions
that are not installed. Of two techniques with one name the first stands. `hub.admission` says who is let in, and `hub.api` which
version of the contract fits; both are asked before a stranger's code is run.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import pkgutil
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal

from hub import admission, names
from hub.api import check_api, declared
from hub.errors import BrokenTechnique, IncompatibleTechnique, MisnamedTechnique, UnknownTechnique
from hub.sources import binds, entries_in, file_of, line_of, module_of, open_to_imports
from hub.technique import Technique

Kind = Literal["failed", "incompatible", "misnamed", "left out"]
BUILT_IN = "plugins"
GROUP = "netsee.techniques"
FOLDERS = "NETSEE_PLUGINS"
NO_TECHNIQUE = "it has no technique: decorate its function `run` with @hub.technique."
KINDS: dict[Kind, type[Exception]] = {"incompatible": IncompatibleTechnique, "misnamed": MisnamedTechnique}
log = logging.getLogger("netsee")


@dataclass(frozen=True)
class Record:
    """A technique that was found. Exactly one of `technique` and `error` (one line) is set. source: where it came from.

    kind: what became of it where there is no technique. line: where its error came from, as "fade.py, line 3", or "".
    place: the entry of NETSEE_PLUGINS by which it was found, or "".
    """

    name: str
    source: str
    technique: Technique | None = None
    error: str = ""
    kind: Kind = "failed"
    line: str = ""
    place: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether it comes with a distribution that is installed beside this one."""
        return not self.place and self.source.startswith(("package ", "an installed package"))

    @property
    def file(self) -> str | None:
        """The file that the technique was read from."""
        module = sys.modules.get(self.technique.body.__module__) if self.technique else None
        return getattr(module, "__file__", None)


def records() -> tuple[Record, ...]:
    """Everything that was found, failures included, in order of discovery. Read once; `refresh()` reads again.

    Raises BrokenTechnique where a technique asks while it is being loaded itself.
    """
    with _turn:
        if _reading:
            raise BrokenTechnique("it asks for techniques while it is loaded; put that under `if __name__ == \"__main__\":`.")
        _reading.append(True)
        try:
            return _read()
        finally:
            _reading.clear()


_turn = threading.RLock()
_reading: list[bool] = []


@cache
def _read() -> tuple[Record, ...]:
    found: dict[str, Record] = {}
    failures: list[Record] = []
    for record in _discovered():
        first = found.get(record.name)
        if record.technique is None:
            failures.append(record)
        elif first is None:
            found[record.name] = record
        elif record.file and record.file == first.file:  # one file by two ways
            found[record.name] = replace(first, place=first.place or record.place)
        else:
            error = f"the name {record.name!r} is taken by {first.source}"
            failures.append(replace(record, technique=None, error=error, kind="misnamed"))
    return (*found.values(), *failures)


def refresh() -> None:
    """Forget what was found; the next question looks again."""
    _read.cache_clear()


def techniques() -> dict[str, Technique]:
    """The techniques that work, by name."""
    return {r.name: r.technique for r in records() if r.technique is not None}


def failures() -> list[Record]:
    """What was found and does not work here, each with its reason."""
    return [r for r in records() if r.technique is None and r.kind != "left out"]


def left_out() -> list[Record]:
    """What was found and not loaded, because whoever runs this hub does not want it."""
    return [r for r in records() if r.kind == "left out"]


def technique(name: str) -> Technique:
    """One technique by name. Raises UnknownTechnique, with a suggestion, or with the reason where it failed to load."""
    known = techniques()
    if name in known:
        return known[name]
    for failed in (*failures(), *left_out()):
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
        yield from _entered(entry, source, entry.dist.name if entry.dist else "")
    for place in places():
        yield from (replace(record, place=place) for record in _in_place(Path(place)))


def places() -> list[str]:
    """What NETSEE_PLUGINS names."""
    return [place for place in os.environ.get(FOLDERS, "").split(os.pathsep) if place]


def folders() -> list[Path]:
    """Where the sources of techniques lie: those built in, those of installed packages, and what NETSEE_PLUGINS names."""
    packages = [BUILT_IN, *(entry.module.partition(".")[0] for entry in entry_points(group=GROUP))]
    specs = [spec for name in packages if (spec := importlib.util.find_spec(name))]
    installed = [place for spec in specs for place in spec.submodule_search_locations or [spec.origin] if place]
    return list(dict.fromkeys(Path(place).absolute() for place in (*installed, *places())))


def _in_package(package: str, source: str) -> Iterator[Record]:
    """The modules of a package. A package in it without `run` is a family: its own modules are looked at in turn."""
    for info in sorted(pkgutil.iter_modules(importlib.import_module(package).__path__), key=lambda m: m.name):
        if info.name.startswith("_"):
            continue
        path = f"{package}.{info.name}"
        if info.ispkg and _is_family(path):
            yield from (r for r in _in_package(path, source) if r.technique or r.error != NO_TECHNIQUE)
        else:
            yield from _recorded(info.name, source, admission.BUILT_IN, lambda path=path: importlib.import_module(path))


def _is_family(path: str) -> bool:
    try:
        return not hasattr(importlib.import_module(path), "run")
    except (Exception, SystemExit):
        return False  # its record will say why


def _entered(entry: EntryPoint, source: str, origin: str) -> Iterator[Record]:
    def load() -> Any:
        file = file_of(entry)
        return _fitting(file, entry.load) if file else entry.load()

    yield from _recorded(entry.name, source, origin, load)


def _in_place(place: Path) -> Iterator[Record]:
    """One technique as a file or a package, the folder of a distribution, or a folder of techniques."""
    name = place.absolute().name
    if place.suffix == ".py" and place.is_file():
        yield from _in_file(place, place.name, place.absolute().parent.name)
    elif (place / "__init__.py").is_file():
        yield from _in_file(place / "__init__.py", name, place.absolute().parent.name)
    elif not place.is_dir():
        what = "what is neither a Python file nor a folder" if place.exists() else "a folder that does not exist"
        yield Record(name, FOLDERS, error=f"{FOLDERS} names {what}: {name}")
    else:
        try:
            distribution, entries = entries_in(place, GROUP)
        except BrokenTechnique as error:
            yield Record(name, f"{name}/pyproject.toml", error=str(error))
            return
        if entries:
            open_to_imports(place.absolute())
            for entry in entries:
                yield from _entered(entry, f"{name} (not installed)", distribution)
            return
        for file in sorted([*place.glob("*.py"), *place.glob("*/__init__.py")]):
            yield from _in_file(file, f"{name}/{file.relative_to(place)}", name)


def _in_file(file: Path, source: str, origin: str) -> Iterator[Record]:
    name = file.parent.name if file.name == "__init__.py" else file.stem

    def load() -> Any:
        if not binds(file.read_text(encoding="utf-8", errors="replace"), "run"):
            raise BrokenTechnique(NO_TECHNIQUE)  # a script beside it, which must not be run
        names.check(name)
        return _fitting(file, lambda: module_of(file, name))

    if not name.startswith("_"):
        yield from _recorded(name, source, origin, load)


def _fitting(file: Path, load: Callable[[], Any]) -> Any:
    """What `load` gives, unless the file is written for another version of the contract; then nothing of it is run."""
    version = declared(file.read_text(encoding="utf-8", errors="replace"))
    if version:
        check_api(version)
    return load()


def _recorded(name: str, source: str, origin: str, load: Callable[[], Any]) -> Iterator[Record]:
    """Load one technique; whatever goes wrong in a stranger's code becomes a record, not a crash."""
    if reason := admission.kept_out(name, origin):
        yield Record(name, source, error=reason, kind="left out")
        return
    try:
        with redirect_stdout(sys.stderr):  # standard output is for what was asked of this process
            loaded = load()
        found = loaded if isinstance(loaded, Technique) else getattr(loaded, "run", None)
        if not isinstance(found, Technique):
            raise BrokenTechnique(NO_TECHNIQUE)
        names.check(found.name)  # it may call itself otherwise than its file
        reason = admission.kept_out(found.name, origin)
        yield Record(found.name, source, error=reason, kind="left out") if reason else Record(found.name, source, found)
    except (Exception, SystemExit) as error:
        log.warning("technique %s (%s) failed to load", name, source, exc_info=True)
        line = str(error).splitlines()[0] if str(error) else ""
        kind = next((kind for kind, errors in KINDS.items() if isinstance(error, errors)), "failed")
        yield Record(name, source, error=line if isinstance(error, BrokenTechnique) else f"{type(error).__name__}: {line}",
                     kind=kind, line=line_of(error))
