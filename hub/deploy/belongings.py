"""What techniques are made of: the files that a Space needs of each, where they go in its tree, and the libraries that they use.

One of an author's folder becomes a module or a package of the tree's own techniques. One of a distribution keeps its package, at
the root of the tree, and is brought in by a line of code. What either imports of its author's comes along.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from hub import registry
from hub.deploy.libraries import brought_along, is_of_an_index, owners, pin
from hub.errors import DeployFailed
from hub.sources import LIBRARIES, OWN
from hub.technique import Technique

SCRIPTS = {"train.py", "card.py", "export.py", "adversary.py", "hero.jpg", "class-pictures.png", "paintings.jpg"}
"""What trains networks of ours, and the pictures of their cards; an author's file of such a name may be anything."""
COMPILED = {".so", ".pyd", ".dylib"}
GIVEN = {"hub", "spaces", registry.BUILT_IN, OWN, *sys.stdlib_module_names}
"""Packages that are in every tree, or in Python, or ZeroGPU's."""


@dataclass
class Belongings:
    """files: path in the tree -> file here. lines: path in the tree -> what is written there. libraries: name -> version here."""

    files: dict[str, Path] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)

    def of_authors(self) -> dict[str, int]:
        """What is not built in, by files and folders (`inks/`) at the root of the tree or in `plugins`: -> how many files."""
        paths = [Path(place).parts for place, file in self.files.items() if not file.is_relative_to(built_in())]
        tops = [parts[: 2 if parts[0] == registry.BUILT_IN else 1] for parts in paths]
        return Counter("/".join(top) + ("/" if top != parts else "") for top, parts in zip(tops, paths, strict=True))


def built_in() -> Path:
    """The folder of the techniques that are built in."""
    return Path(next(iter(importlib.import_module(registry.BUILT_IN).__path__)))


def of(techniques: Mapping[str, Technique], provided: Iterable[str]) -> Belongings:
    """What these are made of. provided: distributions that a Space installs anyway, those that they bring along apart.

    Raises DeployFailed where something of a technique cannot be taken along.
    """
    found, there, root = Belongings(), brought_along(provided), built_in()
    found.files[f"{registry.BUILT_IN}/__init__.py"] = root / "__init__.py"
    for technique in techniques.values():
        module = _module(technique)
        file = Path(sys.modules[module].__file__ or "")
        if module.startswith(f"{registry.BUILT_IN}."):
            _put(found, technique, _ours(file, root))
            continue
        if module.startswith(f"{OWN}."):
            mine = _moved(technique, file)
        else:
            mine = _rooted(*_home(module))
            found.lines[f"{registry.BUILT_IN}/{technique.name}.py"] = _door(technique, module)
        _put(found, technique, mine)
        _with_imports(found, technique, dict(mine), there)
    return found


def _put(found: Belongings, technique: Technique, files: Mapping[str, Path]) -> None:
    """Add files. A link would publish what lies elsewhere, which nobody may have meant: it goes along only as a module in use."""
    modules = {getattr(module, "__file__", None) for module in sys.modules.values()}
    for place, file in files.items():
        if file.suffix in COMPILED:
            raise DeployFailed(f"{technique.name} brings compiled code, {place}, which need not run on a Space. Leave it out.")
        if file.is_symlink() and str(file) not in modules and not _is_library(file):
            raise DeployFailed(f"{technique.name} brings a link, {place}. Put the file itself in its place, or leave it out.")
        if found.files.setdefault(place, file) != file:
            raise DeployFailed(f"{technique.name} and another technique both bring a file {place}. Give one another name.")


# ---------------------------------------------------------------- one technique


def _module(technique: Technique) -> str:
    """The outermost module that has the technique as its `run`, in which it was found; else the one that it was written in."""
    parts = technique.body.__module__.split(".")
    outer = (".".join(parts[:end]) for end in range(1, len(parts)))
    return next((name for name in outer if getattr(sys.modules.get(name), "run", None) is technique), technique.body.__module__)


def _ours(file: Path, root: Path) -> dict[str, Path]:
    """The files of a technique that is built in, with what its family shares, but for what only trains it."""
    whole = files_in(file.parent) if file.name == "__init__.py" else [file]
    shared = (one for family in file.relative_to(root).parents[:-1]
              for one in (root / family / "__init__.py", *sorted((root / family).glob("_*.py"))))
    kept = [one for one in (*shared, *whole) if one.is_file() and one.name not in SCRIPTS]
    return {f"{registry.BUILT_IN}/{one.relative_to(root).as_posix()}": one for one in kept}


def _moved(technique: Technique, file: Path) -> dict[str, Path]:
    """The files of a technique of an author's folder: a package whole; a file, and with what it imports beside it a package."""
    package = f"{registry.BUILT_IN}/{technique.name}"
    if file.name == "__init__.py":
        return {f"{package}/{one.relative_to(file.parent).as_posix()}": one for one in files_in(file.parent)}
    beside = _beside(file)
    if not beside:
        return {f"{package}.py": file}
    return {f"{package}/__init__.py": file} | {f"{package}/{one.relative_to(file.parent).as_posix()}": one for one in beside}


def _beside(file: Path) -> set[Path]:
    """What a file imports from its own folder by leading dots, and what that imports in turn; packages whole."""
    seen: set[Path] = set()
    waiting = [file]
    while waiting:
        one = waiting.pop()
        for dots, name in _imports(one):
            if dots and [one, *one.parents][dots : dots + 1] == [file.parent]:
                new = _at(file.parent, name)
                waiting += [each for each in new - seen if each.suffix == ".py"]
                seen |= new
    return seen - {file}


def _at(folder: Path, name: str) -> set[Path]:
    """The outermost module or package on the way of a dotted name from a folder. One without `__init__.py` only leads there."""
    for part in name.split("."):
        if (folder / f"{part}.py").is_file():
            return {folder / f"{part}.py"}
        folder /= part
        if (folder / "__init__.py").is_file():
            return set(files_in(folder))
    return set()


def _rooted(name: str, file: Path) -> dict[str, Path]:
    """The files of a module or a package as they lie at the root of a tree. file: of the module, or its `__init__.py`."""
    *outer, last = name.split(".")
    if file.name != "__init__.py":
        return {"/".join((*outer, file.name)): file}
    return {"/".join((*outer, last, one.relative_to(file.parent).as_posix())): one for one in files_in(file.parent)}


def _door(technique: Technique, module: str) -> str:
    """The module by which a technique of another package is found among those of the tree."""
    name = next((name for name, value in vars(sys.modules[module]).items() if value is technique), None)
    if name is None:
        raise DeployFailed(f"{technique.name} has no name in {module}, by which a Space could take it from there. Call it `run`.")
    return f'"""{technique.name}, of {module}."""\n\nfrom {module} import {name} as run\n'


# ---------------------------------------------------------------- what they import


def _with_imports(found: Belongings, technique: Technique, files: Mapping[str, Path], there: set[str]) -> None:
    """Add what files import by name: modules of their author's, and libraries that are not `there`."""
    waiting = [file for file in files.values() if file.suffix == ".py"]
    here = _home(technique.body.__module__)
    known, own = {here}, set(owners(*here)) if here else set()
    while waiting:
        for home in {_home(name) for dots, name in _imports(waiting.pop()) if not dots} - known:
            known.add(home)
            if not home:
                continue  # what is not here is not needed, or the tree's trial says so
            (name, file), theirs = home, owners(*home)
            if not _is_library(file) or own & set(theirs):
                new = _rooted(name, file)
                _put(found, technique, new)
                waiting += [file for file in new.values() if file.suffix == ".py"]
            elif not theirs:
                raise DeployFailed(f"{technique.name} imports {name}, which belongs to no installed distribution. "
                                   "Move it beside the technique.")
            elif not there & set(map(canonicalize_name, theirs)):
                if not is_of_an_index(theirs[0]):
                    raise DeployFailed(f"{technique.name} imports {name}, which was installed from a folder or an address. "
                                       "No Space can have it from there. Move it beside the technique.")
                found.libraries[theirs[0]] = pin(theirs[0])


def _home(name: str) -> tuple[str, Path] | None:
    """The outermost module or package of a dotted name that is a file, with that; None where there is none or each tree has it.

    A folder without `__init__.py` only leads to what is in it. Python imports it as well, but it may be data, such as the `wandb`
    or the `datasets` of somebody who has no library of that name; and of one that distributions share, each has a part.
    """
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        try:
            spec = None if parts[0] in GIVEN else importlib.util.find_spec(".".join(parts[:end]))
        except (ImportError, ValueError):
            return None
        if spec is None or spec.origin:
            return (spec.name, Path(spec.origin)) if spec else None
    return None


def _is_library(file: Path) -> bool:
    return bool(LIBRARIES & {*file.parents} or {"site-packages", "dist-packages"} & {*file.parts})


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    """(how many leading dots, dotted name) of whatever a file imports, wherever in it; it may end in a name within a module."""
    try:
        nodes = list(ast.walk(ast.parse(file.read_bytes())))
    except (SyntaxError, ValueError):
        return  # a module that nobody can import needs nothing
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((0, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, ".".join(filter(None, (node.module, each.name)))) for each in node.names)


def files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, but for hidden and compiled ones."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path
