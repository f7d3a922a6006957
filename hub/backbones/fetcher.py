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

from hub.backbones.keeping import Declared, keep
from hub.backbones.telling import Refused, end_with_the_parent, say, tell_on, teller

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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for watch in (end_with_the_parent, tell_on):
        threading.Thread(target=watch, daemon=True).start()
    try:
        _without_retries()
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


def _without_retries() -> None:
    """huggingface_hub asks a busy server again for minutes, and waits as long as that says; a person would rather know."""
    from huggingface_hub import constants, get_session

    def refuse(response: Any) -> None:
        if response.status_code in (408, 429) or response.status_code >= 500:
            raise Refused(_of_status(response.status_code))

    constants.DOWNLOAD_CHUNK_SIZE = CHUNK
    client = get_session()
    client.event_hooks = {**client.event_hooks, "response": [refuse]}
