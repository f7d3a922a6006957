"""Files: read within a limit, and written in full or not at all."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from time import time
from typing import Any

from hub.errors import BadFile, OverLimit
from hub.policy import MEBI, Policy

UNFINISHED = ".netsee-unfinished"
TEMPORARY = re.compile(rf"\..{{0,40}}\.[a-z0-9_]{{8}}{re.escape(UNFINISHED)}")
OLD = 86_400.0  # seconds, after which nobody is writing any more


def read(source: Any, policy: Policy) -> bytes:
    """What is in a file, given as a path, bytes or a binary file; hardly more of it is read than `policy` allows.

    Raises BadFile, or OverLimit where it is too large: one line, without a folder name.

    >>> read(b"abc", Policy.public())
    b'abc'
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        _check_length(memoryview(source).nbytes, policy)
        return bytes(source)
    if isinstance(source, (str, os.PathLike)):
        data = _read_path(source, policy)
    elif hasattr(source, "read"):
        data = source.read(policy.upload_bytes + 1)
    else:
        raise BadFile(f"A file is given as a path, as bytes or opened, not as {type(source).__name__}.")
    if not isinstance(data, bytes):
        raise BadFile("A file must be opened in binary mode: open(path, 'rb').")
    _check_length(len(data), policy)
    return data


def _check_length(length: int, policy: Policy) -> None:
    if length > policy.upload_bytes:
        raise OverLimit(f"This file is larger than {policy.upload_bytes / MEBI:.4g} MiB, the limit here. Try a smaller one.")


def _read_path(source: str | os.PathLike[str], policy: Policy) -> bytes:
    text = os.fsdecode(source)
    if text.lower().startswith(("http://", "https://", "ftp://", "file:", "data:")):
        raise BadFile("Nothing is fetched from web addresses. Save it first, then give its file.")
    if not policy.paths:
        raise BadFile("Files cannot be given by path here. Upload one.")
    path = Path(text)
    name = repr(path.name[-80:])
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe or a device may never end
            raise BadFile(f"{name} is {'a folder' if stat.S_ISDIR(found.st_mode) else 'no regular file'}. Give one file.")
        _check_length(found.st_size, policy)
        with path.open("rb") as file:
            return file.read(policy.upload_bytes + 1)  # it may have grown meanwhile
    except FileNotFoundError as error:
        raise BadFile(f"There is no file {name}. Check the path.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a valid file name"
        raise BadFile(f"{name} cannot be read ({why.lower()}). Give a file that can.") from error


def write_safely(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, force it to the disk, then rename it. What was at `path` is replaced.

    Raises OSError; `path` is then as it was, and nothing is left beside it. What a process that was killed left in this folder
    is removed a day later.
    """
    path = Path(path)
    _sweep(path.parent.absolute())
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # a temporary file is private; a result is an ordinary file
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@lru_cache(maxsize=1024)
def _sweep(folder: Path) -> None:
    """Remove old temporary files of `write_safely`, once a folder and process: a folder may hold a million files."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):  # another one swept it, or it is not ours to remove
                    if time() - entry.stat(follow_symlinks=False).st_mtime > OLD:
                        os.unlink(entry.path)


def _umask() -> int:
    mask = os.umask(0o077)  # asking means setting, for every thread: for a moment files are too private, never too open
    os.umask(mask)
    return mask
