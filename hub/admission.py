"""Who is let in: which techniques an operator wants loaded at all. Asked before any of their code is run.

NETSEE_SAFE_MODE=1 loads what is built in and nothing else. NETSEE_DENY and NETSEE_ALLOW are lists, with commas, of techniques by
name and of where they come from: a distribution's name, the last name of a folder, `built-in`. `*` stands for anything. What is
denied is out; where there is an allow list, so is everything that it does not name.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

SAFE_MODE, ALLOW, DENY = "NETSEE_SAFE_MODE", "NETSEE_ALLOW", "NETSEE_DENY"
BUILT_IN = "built-in"


def kept_out(name: str, origin: str) -> str:
    """Why the technique called `name` is left out, in one line; nothing where it is let in.

    origin: `built-in`, the distribution that it comes in, or the folder that it lies in.
    """
    if os.environ.get(SAFE_MODE, "") not in ("", "0") and origin != BUILT_IN:
        return f"left out by {SAFE_MODE}, which loads only what is built in"
    if denied := _naming(DENY, name, origin):
        return f"left out by {DENY}, which names {denied}"
    if _listed(ALLOW) and not _naming(ALLOW, name, origin):
        return f"left out by {ALLOW}, which names neither {name} nor {origin}"
    return ""


def _listed(variable: str) -> list[str]:
    return [part.strip() for part in os.environ.get(variable, "").split(",") if part.strip()]


def _naming(variable: str, *labels: str) -> str:
    """The first entry of a list that fits one of these names, or "". Dashes and underscores are the same, as in distributions."""
    plain = [label.replace("_", "-").lower() for label in labels]
    return next((each for each in _listed(variable)
                 if any(fnmatchcase(label, each.replace("_", "-").lower()) for label in plain)), "")
