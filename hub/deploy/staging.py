"""The tree that a Space runs: its own pages beside the code of the hub, the techniques that it shows, and what they bring along.

No tests, no `spaces/` (Gradio would take that folder for the package of the same name), nothing that only trains, and of
techniques and examples only those on show.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from hub import examples, registry
from hub.deploy.pages import Space, check_readme, pages
from hub.errors import BadOutput, DeployFailed
from hub.technique import Technique

HUB = Path(__file__).parents[1]
LEFT_OUT = {"train.py", "card.py", "export.py", "adversary.py", "hero.jpg", "class-pictures.png", "paintings.jpg"}
"""What trains networks, and the pictures of cards, wherever they lie."""


def stage(folder: Path, space: Space, hardware: str, repo: str | None = None) -> list[str]:
    """Write the tree of a Space into a folder that is new or empty; returns the paths of its files, sorted.

    Raises BadOutput where something is in the folder, DeployFailed where a technique cannot be taken along.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadOutput(f"{folder.name!r} is not empty. Give a new folder.")
    own = pages(space, hardware, repo)
    check_readme(own["README.md"].decode())
    sources = dict([*_hub(), *_shown(list(registry.chosen(space.only).values()))])
    try:
        for path, source in sources.items():
            _make_place(folder / path)
            shutil.copyfile(source, folder / path)
        for path, content in own.items():
            _make_place(folder / path)
            (folder / path).write_bytes(content)
    except OSError as error:
        raise BadOutput(f"{folder.name!r} cannot be written to: {error.strerror}. Give another folder.") from error
    return sorted([*sources, *own])


def _make_place(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)


def _hub() -> Iterator[tuple[str, Path]]:
    """(path in the tree, file here) of the hub's own code and data, but for the examples."""
    for file in _files(HUB):
        if not file.is_relative_to(examples.SHIPPED):
            yield f"{HUB.name}/{file.relative_to(HUB).as_posix()}", file
    if (licence := HUB.parent / "LICENSE").is_file():
        yield licence.name, licence


def _shown(techniques: list[Technique]) -> Iterator[tuple[str, Path]]:
    """The same of techniques, and of the examples that stand on their stages."""
    root = Path(next(iter(importlib.import_module(registry.BUILT_IN).__path__)))
    yield f"{registry.BUILT_IN}/__init__.py", root / "__init__.py"
    for technique in techniques:
        for file, place in _sources(technique, root):
            yield f"{registry.BUILT_IN}/{place.as_posix()}", file
        if example := examples.find(technique):
            for file in example.png.parent.glob(f"{technique.name}.*"):
                yield f"{HUB.name}/{examples.SHIPPED.relative_to(HUB).as_posix()}/{file.name}", file


def _sources(technique: Technique, root: Path) -> Iterator[tuple[Path, Path]]:
    """(file here, place under the folder of techniques) of a technique, with what its family shares.

    One from a folder of its author's becomes one of the tree's own.
    """
    module = sys.modules[technique.body.__module__]
    file = Path(module.__file__ or "")
    whole = _files(file.parent) if file.name == "__init__.py" else iter([file])
    if file.is_relative_to(root):
        for family in file.relative_to(root).parents[:-1]:
            shared = [root / family / "__init__.py", *(root / family).glob("_*.py")]
            yield from ((one, one.relative_to(root)) for one in shared if one.is_file())
        yield from ((one, one.relative_to(root)) for one in whole)
    elif module.__name__.startswith("netsee_plugins."):
        yield from ((one, _moved(one, file, technique.name)) for one in whole)
    else:
        raise DeployFailed(f"{technique.name} comes from an installed package, which a Space would lack. Copy its source into a "
                           "folder, and name that in NETSEE_PLUGINS.")


def _moved(one: Path, file: Path, name: str) -> Path:
    return Path(name) / one.relative_to(file.parent) if file.name == "__init__.py" else Path(f"{name}.py")


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.name not in LEFT_OUT:
            yield path
