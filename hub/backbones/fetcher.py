"""The child that downloads one file: `fetching` starts it, reads it, and can end it at any moment.

It is run by its path, `python -P fetcher.py`, for `python -m` would import the package around it, and torch with that. It reads
its task, a line of JSON, from standard input, and writes a line of JSON for whatever happens: `{phase, done, total}` about four
times a second, in bytes, and at the end `{path}`, or `{failed}` with a code that `fetching` has a sentence for. It ends
when standard input does, which its parent's death sees to as well.

A file is downloaded to a folder beside its place, checked there, and put in its place in one step, so that nothing partial or
damaged is ever where it could be used. All that happens in huggingface_hub's own lock for the file: who comes second, be it
another program, waits and finds it there. What one that was killed leaves behind, the next one sweeps away.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

EVERY = 0.25  # seconds between two words about progress
CHUNK = 1 << 14  # bytes; huggingface_hub takes 10 MB, and a slow line would seem dead between two of them
GRACE = 2.0  # seconds to clean up in, once the parent is gone
state: dict[str, Any] = {}
"""What the parent should hear next."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}
NAMED = {  # the classes of huggingface_hub and httpx, the special before the general; which httpx it is differs between versions
    "GatedRepoError": "gated",
    "DisabledRepoError": "disabled",
    "RepositoryNotFoundError": "repo",
    "RevisionNotFoundError": "revision",
    "LocalEntryNotFoundError": "cut",  # the hub went away between two questions
    "EntryNotFoundError": "file",
    "TooManyRedirects": "circle",
    "TimeoutException": "stall",
    "TransportError": "cut",
    "FileMetadataError": "not a hub",
}


class Refused(Exception):
    """A download that must not be, or not go on. code: as in `fetching`; facts: what its sentence needs."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.facts = {"failed": code, **facts}


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
        """Raises Refused where nothing bounds it, or it is larger than the task allows."""
        largest = task.get("largest")
        if size is None and largest is None:
            raise Refused("endless")
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


def main() -> None:
    task = json.loads(sys.stdin.readline())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for watch in (end_with_the_parent, _tell_on):
        threading.Thread(target=watch, daemon=True).start()
    try:
        _without_retries()
        teller("asking", 0)
        say(**(from_url(task) if "url" in task else from_hub(task)))
    except Exception as error:
        say(**(error.facts if isinstance(error, Refused) else {"failed": code(error)}))


def say(**words: Any) -> None:
    """One line to the parent, in one piece, as two threads speak."""
    os.write(1, json.dumps(words).encode() + b"\n")


def teller(phase: str, total: int) -> Callable[[int], None]:
    """A function that notes how many bytes are done; the parent hears of a new phase at once, and of bytes by `_tell_on`."""

    def tell(done: int) -> None:
        state.update(phase=phase, done=done, total=total)

    tell(0)
    say(**state)
    return tell


def _tell_on() -> None:
    """Four times a second, however often bytes come; and the last ones before a line goes dead, too."""
    told: dict[str, Any] = {}
    while True:
        sleep(EVERY)
        if state != told:
            told = dict(state)
            say(**told)


def code(error: Exception) -> str:
    """What an exception of huggingface_hub, of its HTTP client or of the system means, in one word.

    >>> code(OSError(errno.ENOSPC, "No space left on device"))
    'disk'
    """
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "stranger"
    family = {kind.__name__ for kind in type(error).__mro__}
    response = getattr(error, "response", None)
    for name, meaning in NAMED.items():
        if name in family:
            return meaning
    if response is not None:
        return _of_status(response.status_code)
    if isinstance(error, OSError) and error.errno in FULL | CLOSED:
        return "disk" if error.errno in FULL else "place"
    if isinstance(error, OSError) and str(error).startswith("Consistency check failed"):
        return "size"
    return "unknown"


def _of_status(status: int) -> str:
    known = {401: "login", 403: "forbidden", 404: "file", 408: "busy", 429: "busy"}
    return known.get(status, "down" if status >= 500 else "unknown")


def from_hub(task: dict[str, Any]) -> dict[str, Any]:
    """A file of a repository into huggingface_hub's cache: its `path`."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.file_download import repo_folder_name

    repo, file, revision = task["repo"], task["file"], task["revision"] or "main"
    facts = get_hf_file_metadata(hf_hub_url(repo, file, revision=revision))
    etag, commit = facts.etag or "", facts.commit_hash or ""
    if not (re.fullmatch(r"\w[\w.-]{0,127}", etag) and re.fullmatch("[0-9a-f]{40}", commit)):  # they become names of files
        raise Refused("not a hub")
    digest = etag if re.fullmatch("[0-9a-f]{64}", etag) else None
    if digest and task["sha256"] not in (None, digest):
        raise Refused("pinned")
    pinned, of_git = digest is None and task["sha256"], digest is None and re.fullmatch("[0-9a-f]{40}", etag) is not None
    if pinned:
        declared = Declared.within(task, facts.size, pinned, "pinned")
    else:  # large files are named by their SHA-256, small ones as git names them
        declared = Declared.within(task, facts.size, etag if digest or of_git else None, "hash", of_git)

    cache, name = Path(constants.HF_HUB_CACHE), repo_folder_name(repo_id=repo, repo_type="model")

    def download(stage: Path, bar: type) -> Path:
        return Path(hf_hub_download(repo, file, revision=commit, cache_dir=stage, tqdm_class=bar)).resolve()

    blob = cache / name / "blobs" / etag
    keep(blob, cache / ".locks" / name / f"{etag}.lock", declared, download)
    teller("keeping", declared.most)
    path = hf_hub_download(repo, file, revision=commit)  # its blob is there: all that this does is to link it
    if not os.path.islink(path):  # or to copy it, where there are no links
        blob.unlink(missing_ok=True)
    if revision != commit:
        _write_ref(cache / name / "refs" / revision, commit)
    return {"path": path}


def _write_ref(ref: Path, commit: str) -> None:
    """As huggingface_hub notes which commit a branch is at; by a rename, as half a commit would name nothing."""
    ref.parent.mkdir(parents=True, exist_ok=True)
    new = ref.with_name(f".{ref.name}.{os.getpid()}")
    new.write_text(commit)
    os.replace(new, ref)


def from_url(task: dict[str, Any]) -> dict[str, Any]:
    """The file at a web address into a folder, under the name that the task gives it. No token is sent."""
    from huggingface_hub import get_session
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import hf_raise_for_status

    final = Path(task["folder"]) / task["name"]
    answer = get_session().head(task["url"], headers={"Accept-Encoding": "identity"}, timeout=10)
    hf_raise_for_status(answer)
    length = answer.headers.get("Content-Length", "")
    declared = Declared.within(task, int(length) if length.isdecimal() else None, task["sha256"], "hash")

    def download(stage: Path, bar: type) -> Path:
        path = stage / f"{final.name}.incomplete"
        with path.open("wb") as file:
            http_get(task["url"], file, expected_size=declared.size, tqdm_class=bar)
        return path

    keep(final, final.with_name(f".{final.name}.lock"), declared, download)
    return {"path": str(final)}


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
            if shutil.disk_usage(stage).free < declared.most:
                raise Refused("disk")
            path = download(stage, _bar(declared.most))
            if not declared.fits(path):
                raise Refused(declared.wrong)
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(path, final)
        finally:
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


def _without_retries() -> None:
    """huggingface_hub asks a busy server again for minutes, and waits as long as that says; a person would rather know."""
    from huggingface_hub import constants, get_session

    def refuse(response: Any) -> None:
        if response.status_code in (408, 429) or response.status_code >= 500:
            raise Refused(_of_status(response.status_code))

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    client = get_session()
    client.event_hooks = {**client.event_hooks, "response": [refuse]}


def end_with_the_parent() -> None:
    """Standard input ends when the parent closes it or dies: clean up, and if that hangs, end all the same."""
    os.read(0, 1)
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
        sleep(GRACE)
    os._exit(1)


if __name__ == "__main__":
    main()
