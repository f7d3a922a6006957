"""The version of the contract between a technique and the hub, and whether a technique's fits.

A technique names the version that it is written for, `@hub.technique(..., api="1.0")`; one that names none is taken as it is.
Within a major version nothing that techniques use goes away, and a minor version only adds.
"""

from __future__ import annotations

import ast
import re

from hub.errors import BrokenTechnique, IncompatibleTechnique

API = "1.0"


def declared(source: str) -> str:
    """The version that a technique's source names, read without running it; "" where it names none, or does not parse.

    >>> declared('import hub\\n@hub.technique(title="Fade", family="Dream", api="2.0")\\ndef run(image, params): ...')
    '2.0'
    """
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return ""  # its import will say why
    given = [keyword.value for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("technique")
             for keyword in node.keywords if keyword.arg == "api"]
    return next((str(value.value) for value in given if isinstance(value, ast.Constant)), "")


def check_api(version: str) -> None:
    """Whether a technique for this version runs here. Raises IncompatibleTechnique, or BrokenTechnique for what is no version."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,4})?", version):
        raise BrokenTechnique(f'api={version!r} is no version of the contract: write api="{API}".')
    (major, minor), (ours, least) = (_parts(each) for each in (version, API))
    if major == ours and minor <= least:
        return
    mend = "update Netsee: pip install -U netsee" if (major, minor) > (ours, least) else "ask for a newer release of it"
    ours_and_theirs = f"it is written for version {version} of the contract, and this Netsee has {API}"
    raise IncompatibleTechnique(f"incompatible: {ours_and_theirs}; {mend}.")


def _parts(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)
