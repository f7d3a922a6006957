"""Every error that this project raises on purpose.

HubError                    one line that a visitor can read: what happened, what is allowed, what to try
├── InputError              the caller's input; exit code 2 on the command line
│   ├── BadOutput           a place that cannot be written to
│   ├── BadAddress          a host or port that cannot be served on, or a web address that is none
│   ├── BadFile             a file that cannot be read, or is not allowed
│   ├── BadPicture          a picture that cannot be decoded, or is not allowed
│   ├── BadParams           parameters that the technique does not take
│   ├── BadRecipe           a file without a usable recipe, or a recipe that cannot be replayed here
│   ├── DeployFailed        a Space that could not be made, uploaded or started
│   ├── FetchFailed         a download that failed on its way; `.reason` says in one word why
│   ├── MissingExtra        an optional part that is not installed
│   ├── OverLimit           within reason, but over a limit of the policy in force
│   ├── ShapeError          a tensor of the wrong shape
│   ├── UnsupportedBackbone  a network that cannot be looked into
│   ├── UnknownName         a name that nothing answers to; it suggests near ones
│   │   ├── UnknownBackbone
│   │   ├── UnknownLayer
│   │   ├── UnknownSample
│   │   ├── UnknownTechnique
│   │   └── UnknownUnit
│   └── NotOffline          it needs a download, and there is no network or it is not allowed
├── BrokenTechnique         a plugin that does not keep the contract
│   ├── IncompatibleTechnique  it is written for another version of the contract
│   └── MisnamedTechnique   no technique can have its name
└── NotFinite               numbers left the finite range; `.result` holds the last good preview
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HubError(Exception):
    """Base of all. `str(error)` is one line without a path or a traceback; `heading` names the kind."""

    @property
    def heading(self) -> str:
        return type(self).__name__


class InputError(HubError): ...


class BadAddress(InputError): ...


class BadFile(InputError): ...


class BadOutput(InputError): ...


class BadPicture(InputError): ...


class BadParams(InputError): ...


class BadRecipe(InputError): ...


class DeployFailed(InputError): ...


class FetchFailed(InputError):
    """`reason` is a key of `hub.fetching.WHY`, such as "stall" or "disk"."""

    def __init__(self, message: str, reason: str = "unknown") -> None:
        super().__init__(message)
        self.reason = reason


class MissingExtra(InputError): ...


class OverLimit(InputError): ...


class ShapeError(InputError): ...


class UnsupportedBackbone(InputError): ...


class NotOffline(InputError): ...


class UnknownName(InputError):
    """`hint` ends the line, commonly with the command that lists what exists."""

    what = "name"

    def __init__(self, name: str, known: Iterable[str] = (), *, of: str = "", hint: str = "") -> None:
        known = list(known)
        where = f" of {of}" if of else ""
        near = nearest(name, known)
        suggestion = f" Did you mean {near!r}?" if near else (f" There are: {', '.join(known)}." if 0 < len(known) <= 12 else "")
        super().__init__(f"{name!r} is not a {self.what}{where}.{suggestion}{' ' + hint if hint else ''}")


class UnknownBackbone(UnknownName):
    what = "backbone"


class UnknownLayer(UnknownName):
    what = "layer"


class UnknownSample(UnknownName):
    what = "sample picture"


class UnknownTechnique(UnknownName):
    what = "technique"


class UnknownUnit(UnknownName):
    what = "unit"


class BrokenTechnique(HubError): ...


class IncompatibleTechnique(BrokenTechnique): ...


class MisnamedTechnique(BrokenTechnique): ...


class NotFinite(HubError):
    """`result` is the last finite `Result` of the run, or None."""

    def __init__(self, message: str, result: object = None) -> None:
        super().__init__(message)
        self.result = result


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most likely meant, or None.

    >>> nearest("mixed6c", ["Mixed_6a", "Mixed_6c"])
    'Mixed_6c'
    """
    plain = {_plain(k): k for k in known}
    found = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
