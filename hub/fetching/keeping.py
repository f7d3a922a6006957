"""How a file comes to its place: alone with it, checked, and in one step, so that nothing partial or damaged is ever there.

It is downloaded to a folder beside its place. All that happens in a lock, for the hub's files huggingface_hub's own: who comes
second, be it another program, waits and finds the file there. What one that was killed leaves behind, the next one sweeps away.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

from hub.fetching.telling import EVERY, Refused, teller

STAGED = re.compile(r"\.[0-9a-f]{16}\.staged")
OLD = 86_400.0  # seconds without a byte, after which nobody is at work in a folder any more
LARGEST = 1 << 60  # bytes; who declares more does not mean a file


@dataclass(frozen=True)
class Declared:
    """What a file must be. size: bytes, None where the server does not say; most: bytes that may come; digest: the first letters
    of its SHA-256, or, where it is one of git's, its SHA-1 as git counts it, or None; wrong: the code where it is another."""

    size: int | None
    most: int
    digest: str | None = None
    wrong: str = "hash"
    of_git: bool = False

    @classmethod
    def within(cls, task: dict[str, Any], size: int | None, digest: str | None, wrong: str, of_git: bool = False) -> Declared:
        """Raises Refused where nothing bounds it, no file is of that size, or it is larger than the task allows."""
        largest = task.get("largest")
        if size is None and largest is None:
            raise Refused("endless")
        if size is not None and not 0 <= size <= LARGEST:
            raise Refused("not a hub")
        if size is not None and largest is not None and size > largest:
            raise Refused("large", size=size)
        return cls(size, largest if size is None else size, digest, wrong, of_git)

    def fits(self, path: Path) -> bool:
        """Whether a file has the size and the hash that it must have."""
        size = path.stat().st_size
        if self.size not in (None, size):
            return False
        if self.digest is None:
            return True
        tell, found = teller("checking", size), hashlib.sha1(b"blob %d\0" % size) if self.of_git else hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
                tell(file.tell())
        return found.hexdigest().startswith(self.digest)


def keep(final: Path, lock: Path, declared: Declared, download: Callable[[Path, type], Path]) -> None:
    """See that `final` is there and is what was declared; `download` is called only where it is not.

    download: (a folder to put it in, a class that stands in for tqdm) -> where it put it.
    Raises Refused where there is no room, more comes than was declared, or what came is damaged.
    """
    stage = final.with_name(f".{hashlib.sha256(final.name.encode()).hexdigest()[:16]}.staged")
    with _turn(lock, lambda: _growing(final, stage), declared.most):
        if final.is_file() and declared.fits(final):
            return
        shutil.rmtree(stage, ignore_errors=True)
        try:
            stage.mkdir(parents=True)
            _sweep(final.parent)
            if shutil.disk_usage(stage).free < declared.most:
                raise Refused("disk")
            path = download(stage, _bar(declared.most))
            if not declared.fits(path):
                raise Refused(declared.wrong)
            teller("keeping", path.stat().st_size)
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(path, final)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what was left behind, by a download that was killed, of files that nobody asked for again."""
    for stage in [entry for entry in folder.iterdir() if STAGED.fullmatch(entry.name)]:
        with suppress(OSError):  # another one swept it
            if time() - max(path.lstat().st_mtime for path in (stage, *stage.rglob("*"))) > OLD:
                shutil.rmtree(stage, ignore_errors=True)


def _bar(most: int) -> type:
    """A class that stands in for tqdm's: it passes the count on, and stops a stream that does not end where it should."""
    tell = teller("downloading", most)

    class Bar:
        def __init__(self, *_: Any, initial: int = 0, **__: Any) -> None:
            self.done = initial

        def update(self, more: int) -> None:
            self.done += more
            if self.done > most:
                raise Refused("size")
            tell(self.done)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None: ...

    return Bar


@contextmanager
def _turn(lock: Path, done: Callable[[], int], total: int) -> Iterator[None]:
    """Alone with a file. Until then the parent hears how far the one before us is, and judges whether that goes on."""
    from huggingface_hub.utils import WeakFileLock

    lock.parent.mkdir(parents=True, exist_ok=True)
    tell = teller("waiting", total)
    with ExitStack() as turn:
        while True:
            try:
                turn.enter_context(WeakFileLock(lock, timeout=EVERY))
                break
            except TimeoutError:
                tell(done())
        yield


def _growing(final: Path, stage: Path) -> int:
    """Bytes that another process has of a file: one like this has them in `stage`, huggingface_hub itself beside the file."""
    try:
        parts = [*stage.rglob("*.incomplete"), *final.parent.glob(f"{final.name}.*.incomplete")]
        return sum(path.stat().st_size for path in parts)
    except OSError:  # it was finished while we looked
        return 0
