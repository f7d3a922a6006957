"""What a technique can be called: its name is a file, a command, an address and a word of Python at once."""

from __future__ import annotations

import keyword
import re

from hub.errors import MisnamedTechnique


def is_name(name: str) -> bool:
    """Whether a technique can be called so.

    >>> [is_name(name) for name in ("deep_dream", "deep-dream", "Dream", "class")]
    [True, False, False, False]
    """
    return bool(re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name)) and not keyword.iskeyword(name)


def check(name: str) -> None:
    """Raise MisnamedTechnique where no technique can be called so, in one line with a name near it that can be."""
    if is_name(name):
        return
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
    hint = f" Try {plain!r}." if is_name(plain) else ""
    raise MisnamedTechnique(f"{name!r} cannot be the name of a technique: small letters, digits and _, a letter first.{hint}")
