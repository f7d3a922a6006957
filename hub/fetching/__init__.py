"""Model files from the Hugging Face Hub, and from plain web addresses: bounded, checked, to be watched and to be cancelled.

huggingface_hub does the work, in a child process (`fetcher`). Left alone, it waits for ever where a line drips or a lock is held,
tries for minutes where nobody answers, and checks the size of a file but not its hash. Here a download ends when nothing came for
`patience` seconds, or less than `slowest` bytes per second (`lifeline`); and whoever closes the generator ends the child with it.

    >>> wanted = Wanted("timm/resnet18.a1_in1k", "model.safetensors", largest=100_000_000)
    >>> for progress in fetch(wanted):                      # doctest: +SKIP
    ...     print(progress.done, "of", progress.total)

The path is what the generator returns: `path = yield from fetch(wanted)`. What is in the cache is taken from there, and the hub
is not asked whether it has a newer one: who downloaded a network has that network until they delete it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub import constants

from hub.errors import BadFile, FetchFailed, InputError, NotOffline, OverLimit, UnknownBackbone
from hub.fetching.client import reachable
from hub.fetching.lifeline import Failed, Progress, watched

PATIENCE = 30.0  # seconds
SLOWEST = 20_000.0  # bytes per second
MISSING = {
    "repo": "The hub has no such repository, or it is private: log in with `hf auth login`.",
    "revision": "The repository has no such revision.",
    "file": "There is no file {file!r}.",
}
WHY = {
    "busy": "the server is busy. Try again in a minute.",
    "circle": "the server leads round in circles. Try again later.",
    "cut": "the connection broke off. Try again.",
    "disabled": "access to it was disabled. Choose another.",
    "disk": "there is no room for it. Free some of the disk and try again.",
    "down": "the server is out of order. Try again later.",
    "drip": "it comes too slowly, below {slowest:g} kB a second. Try again on a better line.",
    "endless": "the server does not say how large it is. Choose another.",
    "ended": "the process that downloads it was ended. Try again.",
    "forbidden": "you may not read it. Log in as somebody who may: `hf auth login`.",
    "gated": "it asks for consent: accept the terms at https://huggingface.co/{repo} and log in with `hf auth login`.",
    "hash": "what came is damaged. Try again.",
    "lock": "another process holds it, and has not moved for {patience:g} seconds. End that one and try again.",
    "login": "the hub does not know your token. Log in again: `hf auth login`.",
    "not a hub": "what answers is not a hub. Check HF_ENDPOINT and the network.",
    "packed": "it comes packed, though that was not asked for. Check HF_ENDPOINT and the proxy.",
    "place": "its folder cannot be written to. Set HF_HOME (for the hub) or TORCH_HOME to one that can.",
    "size": "what came is not as long as was said. Try again.",
    "slow disk": "its disk does not take it. Try again later, or set HF_HOME (for the hub) or TORCH_HOME to another.",
    "stall": "nothing came for {patience:g} seconds. Check the connection and try again.",
    "stranger": "the certificate of what answers is not to be trusted. Check the clock, the proxy and the network.",
    "unknown": "of a fault that is not known. Try again, or choose another.",
}


@dataclass(frozen=True)
class Wanted:
    """One file of a repository on the hub. repo: "OWNER/NAME"; revision: a branch, tag or commit, else "main";
    largest: bytes that it may have; sha256: what it must be, 64 hexadecimal digits."""

    repo: str
    file: str
    revision: str | None = None
    largest: int | None = None
    sha256: str | None = None


def cached(wanted: Wanted) -> Path | None:
    """Where a file lies in huggingface_hub's cache, or None; nobody is asked. What another program put there is trusted.

    Raises UnknownBackbone where no repository or revision can have such a name.
    """
    from huggingface_hub import try_to_load_from_cache

    if not re.fullmatch(r"\w(?:[\w.-]|/(?=\w))*", wanted.revision or "main"):  # it becomes the name of a file
        raise _failure("revision", _named(wanted))
    try:
        found = try_to_load_from_cache(wanted.repo, wanted.file, revision=wanted.revision)
    except ValueError:
        raise UnknownBackbone(wanted.repo, hint="A repository is named OWNER/NAME, and a file by its path in it.") from None
    path = Path(found) if isinstance(found, str) else None
    return path if path and (wanted.sha256 is None or _digest(path) == wanted.sha256) else None


def _digest(path: Path) -> str:
    """The SHA-256 of a file in the cache; where huggingface_hub keeps it under that, it is not counted again."""
    name = path.resolve().name
    if re.fullmatch("[0-9a-f]{64}", name):
        return name
    facts = path.stat()
    return _counted(path, facts.st_size, facts.st_mtime_ns, facts.st_ino)


@lru_cache(maxsize=64)
def _counted(path: Path, *_changing: int) -> str:
    """The SHA-256 of a file, counted once as long as its size, its time and its inode are the same."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(wanted: Wanted, patience: float = PATIENCE, slowest: float = SLOWEST) -> Generator[Progress, None, Path]:
    """Download a file, unless it is there. Yields how far it is, about four times a second.

    Returns its path in huggingface_hub's cache. Close it to cancel: no process is left, and nothing partial.
    Two who want the same file at once download it once.
    patience: seconds that may pass without a byte; slowest: bytes per second, averaged over as long.
    Raises OverLimit before a byte is downloaded, NotOffline where there is no network or HF_HUB_OFFLINE is set, BadAddress where
    HF_ENDPOINT is no web address, UnknownBackbone where there is no such file, BadFile where it is not the one that is pinned,
    FetchFailed for whatever else goes wrong.
    """
    if path := cached(wanted):
        _check_size(path, _named(wanted))
        return path
    _check_network(wanted.repo, constants.ENDPOINT)
    found = yield from _done(asdict(wanted), _named(wanted), patience, slowest)
    return Path(found["path"])


def fetched_url(
    url: str, sha256_prefix: str, name: str, largest: int | None = None, patience: float = PATIENCE, slowest: float = SLOWEST
) -> Generator[Progress, None, Path]:
    """As `fetch`, for the file at a web address, into torch.hub's folder of checkpoints as `name`.

    sha256_prefix: the first digits of its SHA-256, which torchvision writes into the names of its files; or all of them.
    """
    words = {"name": name, "repo": name, "file": name, "largest": largest}
    if path := checkpoint(name, sha256_prefix):
        _check_size(path, words)
        return path
    path = _checkpoints() / name
    _check_network(name, url)
    task = {"url": url, "folder": str(path.parent), "name": name, "largest": largest, "sha256": sha256_prefix}
    found = yield from _done(task, words, patience, slowest)
    return Path(found["path"])


def checkpoint(name: str, sha256_prefix: str) -> Path | None:
    """Where a file lies in torch.hub's folder of checkpoints, whole; or None."""
    path = _checkpoints() / name
    return path if path.is_file() and _digest(path).startswith(sha256_prefix) else None


def _checkpoints() -> Path:
    from torch import hub as torch_hub  # only torch knows where that folder is: torch.hub.set_dir may have been called

    return Path(torch_hub.get_dir()) / "checkpoints"


def _check_size(path: Path, words: dict[str, Any]) -> None:
    size = path.stat().st_size
    if words["largest"] is not None and size > words["largest"]:
        raise _failure("large", words | {"size": size})


def _check_network(name: str, address: str) -> None:
    if constants.HF_HUB_OFFLINE:
        raise NotOffline(f"{name} must be downloaded once, and HF_HUB_OFFLINE forbids it. Unset that, or use 'embedded'.")
    if not reachable(address):
        raise NotOffline(f"{name} must be downloaded once, and {urlsplit(address).hostname} cannot be reached. Connect to the "
                         "network, or use 'embedded'.")


def _done(
    task: dict[str, Any], words: dict[str, Any], patience: float, slowest: float
) -> Generator[Progress, None, dict[str, Any]]:
    """What a child found, or the sentence for its failure. words: what that is about."""
    try:
        return (yield from watched(task, patience, slowest))
    except Failed as failed:
        raise _failure(failed.code, {**words, **failed.facts, "patience": patience, "slowest": slowest / 1000}) from None


def _named(wanted: Wanted) -> dict[str, Any]:
    name = wanted.repo if wanted.revision is None else f"{wanted.repo}@{wanted.revision}"
    return {"name": name, "repo": wanted.repo, "file": wanted.file, "largest": wanted.largest}


def _failure(code: str, words: dict[str, Any]) -> InputError:
    """The error for a code of `fetcher`, in one line without an address or a token."""
    name = words["name"]
    if code in MISSING:
        return UnknownBackbone(name, hint=MISSING[code].format_map(words))
    if code == "large":
        has, may = words["size"] / 1e6, words["largest"] / 1e6
        return OverLimit(f"{name} has {has:,.1f} MB; {may:,.1f} MB are allowed here. Choose a smaller one.")
    if code == "pinned":
        return BadFile(f"{name} is not the file that was pinned: its hash is another. Choose the revision that it was pinned at.")
    return FetchFailed(f"{name} could not be downloaded: {WHY[code].format_map(words)}", code)
