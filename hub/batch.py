"""Many pictures, one technique: results in a folder, known again by what went into them.

A result's key is the SHA-256 of all that it depends on: the picture's pixels, the technique and its version, every parameter, the
weights. The picture that is made lies as NAME.png, all else that comes with it in NAME.more. Files are written first and then, as
.netsee/KEY.json, a note of them with their hashes; each is written whole or not at all. So a run that was killed, given again,
makes what is missing and nothing else; what was altered since is made anew; and a picture that cannot be done is one line, while
the rest goes on.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from hub import registry
from hub.decode import SAMPLE, Decoded, decode, fit
from hub.errors import BadParams, BrokenTechnique, HubError
from hub.files import read, write_safely
from hub.out import checked_folder, plain_files
from hub.params import Params
from hub.policy import Policy
from hub.recipe import png_bytes, recipe_of
from hub.results import Result
from hub.runners.processes import Died, spread
from hub.technique import Technique, fetching

NOTES = ".netsee"
MORE = ".more"
LONGEST = 150  # bytes of a name that is taken from a file


@dataclass(frozen=True)
class Task:
    """One picture to be done. source: as `decode` takes it, and picklable. name: of its files, without an ending, or "".

    keyed: whether a part of the key is added to that. fault: why it is not to be done, as one line; "" where it is.
    """

    technique: str
    params: Mapping[str, Any]
    source: Any
    name: str
    out: Path
    policy: Policy
    keyed: bool = False
    fault: str = ""


@dataclass(frozen=True)
class Done:
    """What became of one picture.

    name: of its files in the folder, without an ending. key: what the result is known by.
    path: the picture that was made; None where the technique made none, or it failed. files: all that was written, it among them.
    caption, metrics, table: as in `Result`. resumed: whether it was there already.
    error: why there is none, as one line; "" where there is.
    """

    name: str
    key: str = ""
    path: Path | None = None
    files: tuple[Path, ...] = ()
    caption: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    table: tuple[Mapping[str, Any], ...] = ()
    resumed: bool = False
    error: str = ""

    @property
    def image(self) -> Any:
        """The picture that was made, read from its file; None where there is none."""
        return decode(self.path, Policy.local()).image if self.path else None


# ---------------------------------------------------------------- many

def map_pictures(name: str, pictures: Iterable[Any], out: str | os.PathLike[str], *, jobs: int = 1, policy: Policy | None = None,
                 **params: Any) -> Iterator[Done]:
    """What `hub.map` gives; see there. The technique, its parameters and the folder are checked at once."""
    if isinstance(pictures, str | bytes | os.PathLike):
        raise BadParams("pictures: several are wanted, such as [picture], or Path(folder).glob('*.jpg').")
    folder = checked_folder(os.fspath(out))
    pairs = ((_stem(p) if _is_file(p) else "", p) for p in pictures)
    return run(registry.technique(name), params, pairs, folder, jobs, policy or Policy.local(), keyed=True)


def _is_file(picture: Any) -> bool:
    return isinstance(picture, os.PathLike) or isinstance(picture, str) and not picture.startswith(SAMPLE)


def _stem(path: str | os.PathLike[str]) -> str:
    """A file's name without its ending, no longer than leaves room for what is added to it."""
    return os.fsdecode(os.fsencode(Path(path).stem)[:LONGEST]).encode(errors="ignore").decode()


def run(technique: Technique, params: Mapping[str, Any], pictures: Iterable[tuple[str, Any]], folder: Path, jobs: int,
        policy: Policy, *, keyed: bool = False, apart: bool = False) -> Iterator[Done]:
    """Do each (name, picture), in their order. Raises BadParams before any work; closing it ends the work.

    keyed: let names end in a part of the key, so that two pictures of one name do not meet; without, names differ.
    apart: use processes for a single job too, so that one that dies does not take this one with it.
    """
    if technique.picture == "none":
        raise BadParams(f"{technique.title} takes no picture; run it by itself.")
    if jobs < 1:
        raise BadParams(f"jobs: at least 1 (given: {jobs})")
    checked = technique.Params.read(params, policy)
    values = {name: getattr(checked, name) for name in type(checked).model_fields}
    tasks = (Task(technique.name, values, _sendable(source), name, folder, policy, keyed, _fault(source, folder))
             for name, source in pictures)
    return _spread(tasks, jobs) if apart or jobs > 1 else (made(task) for task in tasks)


def _spread(tasks: Iterable[Task], jobs: int) -> Iterator[Done]:
    names: list[str] = []

    def noted() -> Iterator[Task]:
        for task in tasks:
            names.append(task.name)
            yield task

    for done in spread(made, noted(), jobs):
        name = names.pop(0)
        yield Done(name, error=_ended(done.code)) if isinstance(done, Died) else done


def _ended(code: int) -> str:
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    mend = "; was there memory enough? Try a smaller picture, or fewer --jobs." if code == -signal.SIGKILL else "."
    return f"The process that worked on it {how}{mend}"


def _sendable(source: Any) -> Any:
    """A picture that can be handed to another process: an open file is read, where it can be."""
    if not hasattr(source, "read") or isinstance(source, os.PathLike):
        return source
    try:
        return read(source, Policy.local())
    except Exception:
        return source  # whoever decodes it says why not


def _fault(source: Any, folder: Path) -> str:
    """Whether a picture lies where results go: it may be one, and would be worked on again at each call."""
    if _is_file(source) and folder.resolve() in Path(source).resolve().parents:
        return "BadPicture: It lies in the folder that results go to. Give another folder for them."
    return ""


# ---------------------------------------------------------------- one

def made(task: Task) -> Done:
    """Do one task, unless its result is there; whatever goes wrong with it is said in `error`."""
    if task.fault:
        return Done(task.name, error=task.fault)
    try:
        return _made(task)
    except HubError as error:
        return Done(task.name, error=f"{error.heading}: {' '.join(str(error).split())}")
    except OSError as error:
        return Done(task.name, error=f"It could not be written: {error.strerror}.")
    except (Exception, SystemExit) as error:
        return Done(task.name, error=f"{type(error).__name__}: {' '.join(str(error).split())}")


def _made(task: Task) -> Done:
    technique = registry.technique(task.technique)
    params = technique.Params.read(task.params, task.policy)
    given = decode(task.source, task.policy)
    given = replace(given, image=fit(given.image, task.policy.working_side))
    key = _key(technique, given, params)
    name = "-".join(filter(None, (task.name, key[:8] if task.name else key[:16]))) if task.keyed else task.name
    there = _there(task.out, key)
    if there is None:
        note, parts = _computed(technique, given, params, task.policy, name)
    elif there["name"] == name:
        return _done(task.out, key, there, resumed=True)
    else:
        note, parts = there | {"name": name}, _parts(task.out, there)
    _write(task.out, key, note, parts)
    return _done(task.out, key, note, resumed=there is not None)


def _key(technique: Technique, given: Decoded, params: Params) -> str:
    for _ in fetching(params):
        pass
    return recipe_of(technique, given.image, params, given.note).key()


def _computed(technique: Technique, given: Decoded, params: Params, policy: Policy, name: str) -> tuple[dict, dict[str, bytes]]:
    """The note of a result, and its files by what follows that name."""
    result = technique(given, params, policy=policy)
    parts: dict[str, bytes] = {}
    for ending, content in endings(result):
        if ending in parts:
            raise BrokenTechnique(f"Two of its files would be called {Path(ending).name}: its further pictures have such names.")
        parts[ending] = content
    note = {"name": name, "files": {ending: hashlib.sha256(content).hexdigest() for ending, content in parts.items()},
            "caption": result.caption, "metrics": result.metrics, "table": result.table}
    return note, parts


def endings(result: Result) -> Iterator[tuple[str, bytes]]:
    """What a result is in files: what follows the name of each, and what it holds.

    Raises BrokenTechnique where a file of the technique's has no plain name.
    """
    if result.image is not None:
        yield ".png", png_bytes(result)
    for number, (image, _) in enumerate(result.images, 1):
        image.save(held := io.BytesIO(), "PNG")
        yield f"{MORE}/{number:02d}.png", held.getvalue()
    for name, content in plain_files(result):
        yield f"{MORE}/{name}", content


# ---------------------------------------------------------------- notes

def _there(out: Path, key: str) -> dict[str, Any] | None:
    """The note of a result all of whose files are as they were written, or None."""
    try:
        note = _note(out, key)
        same = all(hashlib.sha256(content).hexdigest() == note["files"][ending] for ending, content in _parts(out, note).items())
    except (OSError, KeyError, TypeError):  # it is not there, or it was altered: then it is made again
        return None
    return note if same else None


def _note(out: Path, key: str) -> Any:
    """What a note holds, or None where there is none that could be ours."""
    try:
        note = json.loads((out / NOTES / f"{key}.json").read_bytes())
        ours = all(ending in (".png", f"{MORE}/{Path(ending).name}") for ending in note["files"])
        return note if ours and isinstance(note["name"], str) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _parts(out: Path, note: Mapping[str, Any]) -> dict[str, bytes]:
    return {ending: (out / (note["name"] + ending)).read_bytes() for ending in note["files"]}


def _write(out: Path, key: str, note: Mapping[str, Any], parts: Mapping[str, bytes]) -> None:
    """Files first, their note last. What another result of that name left, and this one has not, is taken away."""
    text = json.dumps(note).encode()
    held = _held(out)
    for old in held.get(note["name"], set()) - {key}:
        _take_away(out, old, parts)
    for ending, content in parts.items():
        place = out / (note["name"] + ending)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_safely(place, content)
    (out / NOTES).mkdir(exist_ok=True)
    write_safely(out / NOTES / f"{key}.json", text)
    held[note["name"]] = {key}


@cache
def _held(out: Path) -> dict[str, set[str]]:
    """The keys of the results that notes tell of, by their names, as they were when this was first asked."""
    found: dict[str, set[str]] = {}
    for path in (out / NOTES).glob("*.json"):
        if note := _note(out, path.stem):
            found.setdefault(note["name"], set()).add(path.stem)
    return found


def _take_away(out: Path, key: str, parts: Container[str]) -> None:
    """Remove a result that another takes the place of: its note, and the files that are as the note says and not in `parts`."""
    note = _there(out, key)
    (out / NOTES / f"{key}.json").unlink(missing_ok=True)
    for ending in note["files"] if note else ():
        if ending not in parts:
            (out / (note["name"] + ending)).unlink()


def _done(out: Path, key: str, note: Mapping[str, Any], *, resumed: bool) -> Done:
    files = tuple(out / (note["name"] + ending) for ending in note["files"])
    path = files[0] if ".png" in note["files"] else None
    return Done(note["name"], key, path, files, note["caption"], note["metrics"], tuple(note["table"]), resumed)
