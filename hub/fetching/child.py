"""Starts `fetcher` in a process of its own, by its path: `python -P child.py`.

`python -m` would import the packages around it first, and torch with them, which takes seconds. Here they are folders to find
modules in and nothing more, so that only what is asked for comes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType


def unpack() -> None:
    """Let modules of `hub` and `hub.fetching` be imported without the `__init__.py` of either."""
    here = Path(__file__).parent
    for name, folder in (("hub", here.parent), ("hub.fetching", here)):
        sys.modules[name] = package = ModuleType(name)
        package.__path__ = [str(folder)]


if __name__ == "__main__":
    unpack()
    from hub.fetching.fetcher import main

    main()
