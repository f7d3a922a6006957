"""huggingface_hub's client, as others call it, with the manners that it lacks.

Left alone, it tries for a minute where nobody answers, tells of each try, and wraps what an upload failed of in a RuntimeError.
Where HF_ENDPOINT has no port that could be, importing it fails, and timm with it: this is said here, in one line, before. Any
other that is no address is said when something is to be downloaded: what is here works without.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

from hub.errors import BadAddress

PORTS = {"http": 80, "https": 443}
Answer = TypeVar("Answer")
_log = logging.getLogger("huggingface_hub")
_turn = threading.Lock()
_quieted: list[int] = []
"""The level that the log had, once for each call that wants it quiet."""


def reachable(address: str, patience: float = 3.0) -> bool:
    """Whether somebody takes a connection at the host of a web address; a proxy is trusted to.

    patience: seconds for finding the numbers of the host, and as many again for trying them, all at once.
    Raises BadAddress where it is no web address.
    """
    host, port = checked(address)
    if {urlsplit(address).scheme, "all"} & getproxies().keys():
        return True
    numbers = _first([partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)], patience)
    return _first([partial(_connected, patience, *number) for number in numbers or ()], patience) is not None


def checked(address: str) -> tuple[str, int]:
    """The host and the port of a hub's web address. Raises BadAddress where it is none; as it may hold a password, it is not
    repeated.

    >>> checked("https://huggingface.co")
    ('huggingface.co', 443)
    """
    try:
        parts = urlsplit(address)
        if parts.hostname and parts.scheme in PORTS:
            return parts.hostname, PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:  # a port that can be none, half a bracket
        pass
    raise BadAddress("The address of the hub is not one such as https://huggingface.co. Set HF_ENDPOINT right, or unset it.")


def _connected(patience: float, family: int, kind: int, protocol: int, _name: str, place: Any) -> bool:
    with socket.socket(family, kind, protocol) as line:
        line.settimeout(patience)
        line.connect(place)
    return True


def _first(attempts: Sequence[Callable[[], Answer]], patience: float) -> Answer | None:
    """What the first of some attempts brings that does not fail, or None where none does within `patience` seconds.

    Each is made in a thread of its own, as looking up a name can be neither bounded nor interrupted.
    """
    answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()

    def make(attempt: Callable[[], Answer]) -> None:
        try:
            answers.put(attempt())
        except (OSError, UnicodeError):  # the latter where a name cannot be one
            answers.put(None)

    for attempt in attempts:
        threading.Thread(target=make, args=(attempt,), daemon=True).start()
    late = monotonic() + patience
    for _ in attempts:
        try:
            answer = answers.get(timeout=max(0.0, late - monotonic()))
        except queue.Empty:
            return None
        if answer is not None:
            return answer
    return None


@contextmanager
def unwrapped() -> Iterator[None]:
    """For uploads: where a large file fails, raise what it failed of, not the RuntimeError around that."""
    try:
        yield
    except RuntimeError as error:
        raise error.__cause__ or error from None


@contextmanager
def quiet() -> Iterator[None]:
    """Without the client's warnings: its retries are not the visitor's concern; our one line is.

    Of several that overlap, the last to end gives the log its level back.
    """
    with _turn:
        _quieted.append(_quieted[0] if _quieted else _log.level)
        _log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        with _turn:
            before = _quieted.pop()
            if not _quieted:
                _log.setLevel(before)


try:
    _ = urlsplit(os.environ.get("HF_ENDPOINT", "")).port
except ValueError:
    checked(os.environ["HF_ENDPOINT"])
