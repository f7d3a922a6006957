"""The tree that a Space runs: its own pages beside the code of the hub, the techniques that it shows, and what they bring along.

No tests, no `spaces/` (Gradio would take that folder for the package of the same name), nothing that only trains, and of
techniques and examples only those on show.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hub import examples, registry
from hub.deploy import belongings, proof
from hub.deploy.pages import PACKAGES, Space, check_readme, guests_left_out, pages, shown
from hub.errors import BadOutput, DeployFailed
from hub.technique import Technique

HUB = Path(__file__).parents[1]


def stage(folder: Path, space: Space, hardware: str, repo: str | None = None, say: Callable[[str], None] = lambda line: None
          ) -> list[str]:
    """Write the tree of a Space into a folder that is new or empty; returns the paths of its files, sorted.

    say: is told in a line what is left out, what of authors is published, and what is installed besides.
    Raises BadOutput where something is in the folder, DeployFailed where a technique cannot be taken along or would not load
    there; then nothing is left in the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadOutput(f"{folder.name!r} is not empty. Give a new folder.")
    techniques = shown(space.only)
    needed = belongings.of(techniques, (*PACKAGES, "gradio"))
    own = pages(space, hardware, repo, needed.libraries)
    check_readme(own["README.md"].decode())
    files = dict([*_hub(), *_examples(techniques.values()), *needed.files.items()])
    texts = {path: line.encode() for path, line in needed.lines.items()} | own
    if clash := sorted(files.keys() & texts.keys()):
        raise DeployFailed(f"A technique brings a file {clash[0]} along, and a Space has its own. Give it another name.")
    for line in (guests_left_out(space.only), _broken(space), _published(needed.of_authors()), _besides(needed.libraries)):
        if line:
            say(line)
    try:
        _write(folder, files, texts)
        proof.check(folder, techniques)
    except BaseException:
        _empty(folder)
        raise
    return sorted([*files, *texts])


def _broken(space: Space) -> str:
    names = [] if space.only is not None else [record.name for record in registry.failures()]
    return f"Left out: {', '.join(names)}, which cannot be loaded here. Why: netsee list" if names else ""


def _published(theirs: dict[str, int]) -> str:
    named = ", ".join(f"{place} ({count} files)" if count > 1 else place for place, count in sorted(theirs.items()))
    return f"It publishes what is not of Netsee: {named}." if named else ""


def _besides(libraries: dict[str, str]) -> str:
    named = ", ".join(f"{name} {version}" for name, version in sorted(libraries.items()))
    return f"It installs {named} besides, for its techniques." if named else ""


def _write(folder: Path, files: dict[str, Path], texts: dict[str, bytes]) -> None:
    try:
        for path in (*files, *texts):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
        for path, source in files.items():
            shutil.copyfile(source, folder / path)
        for path, content in texts.items():
            (folder / path).write_bytes(content)
    except OSError as error:
        raise BadOutput(f"{folder.name!r} cannot be written to: {error.strerror}. Give another folder.") from error


def _empty(folder: Path) -> None:
    for each in folder.iterdir() if folder.is_dir() else ():
        shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink()


def _hub() -> Iterator[tuple[str, Path]]:
    """(path in the tree, file here) of the hub's own code and data, but for the examples and what trains its networks."""
    for file in belongings.files_in(HUB):
        if not file.is_relative_to(examples.SHIPPED) and file.name not in belongings.SCRIPTS:
            yield f"{HUB.name}/{file.relative_to(HUB).as_posix()}", file
    if (licence := HUB.parent / "LICENSE").is_file():
        yield licence.name, licence


def _examples(techniques: Iterable[Technique]) -> Iterator[tuple[str, Path]]:
    """The same of the examples that stand on the stages of techniques."""
    for technique in techniques:
        if example := examples.find(technique):
            for file in example.png.parent.glob(f"{technique.name}.*"):
                yield f"{HUB.name}/{examples.SHIPPED.relative_to(HUB).as_posix()}/{file.name}", file
