"""The child that downloads one file: `fetching` starts it by `child`, reads it, and can end it at any moment.

It reads its task, a line of JSON, from standard input, and tells how far it is (`telling`); at the end it says `{path}`, or
`{failed}` with a code that `fetching` has a sentence for. huggingface_hub speaks with the server; how the file comes to its place
is the matter of `keeping`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from hub.fetching.keeping import Declared, keep
from hub.fetching.telling import Refused, end_with_the_parent, keep_prints_apart, say, tell_on, teller
from hub.files import write_safely

CHUNK = 1 << 14  # bytes; huggingface_hub takes 10 MB, and a slow line would seem dead between two of them
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


def main() -> None:
    task = json.loads(sys.stdin.readline())
    keep_prints_apart()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for watch in (end_with_the_parent, tell_on):
        threading.Thread(target=watch, daemon=True).start()
    try:
        _guard()
        teller("asking", 0)
        say(**(from_url(task) if "url" in task else from_hub(task)))
    except Exception as error:
        say(**(error.facts if isinstance(error, Refused) else {"failed": code(error)}))


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
    from huggingface_hub.file_download import are_symlinks_supported, repo_folder_name

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

    path, lock = cache / name / "snapshots" / commit / file, cache / ".locks" / name / f"{etag}.lock"
    if are_symlinks_supported(cache):
        blob = cache / name / "blobs" / etag
        keep(blob, lock, declared, download)
        _link(path, blob)
    else:
        keep(path, lock, declared, download)
    if revision != commit:
        ref = cache / name / "refs" / revision
        ref.parent.mkdir(parents=True, exist_ok=True)
        write_safely(ref, commit.encode())
    return {"path": str(path)}


def _link(path: Path, blob: Path) -> None:
    """As huggingface_hub leads from a file's name to its content. It would do so itself, but would ask the server again first,
    and take whatever that has by then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{os.getpid()}.link")
    new.unlink(missing_ok=True)
    os.symlink(os.path.relpath(blob, path.parent), new)
    os.replace(new, path)


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


def _guard() -> None:
    """Have huggingface_hub ask as a stranger should be asked.

    It would ask a busy server again for minutes, and wait as long as that says; a person would rather know. It would read the
    body of a redirect or of an error to the end, though there may be none, and unpack whatever comes packed, though a few bytes
    can become any number of them.
    """
    from huggingface_hub import constants, get_session, set_client_factory

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    client, hooks = type(get_session()), get_session().event_hooks

    def guarded() -> Any:  # made anew where it could not connect
        return client(headers={"Accept-Encoding": "identity"}, event_hooks={**hooks, "response": [_check]},
                      follow_redirects=True, timeout=None)  # fmt: skip

    set_client_factory(guarded)


def _check(response: Any) -> None:
    """Look at an answer before its body is read."""
    status = response.status_code
    if status in (408, 429) or status >= 500:
        raise Refused(_of_status(status))
    if status >= 300:
        response.stream.close()
        response.stream = type(response)(status).stream  # an empty one
    elif response.headers.get("Content-Encoding", "identity") != "identity":
        raise Refused("packed")
