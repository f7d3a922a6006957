"""Files that are there in full or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_safely(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, force it to the disk, then rename it. What was at `path` is replaced.

    Raises OSError; `path` is then as it was, and nothing is left beside it.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
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


def _umask() -> int:
    mask = os.umask(0o077)  # asking means setting, for every thread: for a moment files are too private, never too open
    os.umask(mask)
    return mask
