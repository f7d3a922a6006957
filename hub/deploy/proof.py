"""Whether a staged tree works by itself: its techniques are loaded there as a Space loads them, before anybody waits for one.

That is in a process of its own, which sees the tree and the libraries of this Python, and nothing else that can be imported here:
no other folder, no distribution that is installed as a link to its source.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from hub.admission import SAFE_MODE
from hub.errors import DeployFailed

PATIENCE = 600.0  # seconds


def check(tree: Path, names: Iterable[str]) -> None:
    """Raise DeployFailed, in one line, where one of the techniques called so does not load in the tree."""
    libraries = [place for place in sys.path if Path(place).name in ("site-packages", "dist-packages")]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NETSEE_")}
    words = [sys.executable, "-I", "-S", "-B", "-c", _CHILD, str(tree.absolute()), *libraries]
    with TemporaryFile() as answers, TemporaryFile() as noise:  # of a pipe, a process that it leaves running would hold the end
        try:
            code = subprocess.run(words, cwd=tree, env=ours | {SAFE_MODE: "1", "HF_HUB_OFFLINE": "1"}, stdin=subprocess.DEVNULL,
                                  stdout=answers, stderr=noise, timeout=PATIENCE).returncode
        except subprocess.TimeoutExpired:
            late = f"What is to be deployed does not load within {PATIENCE:.0f} seconds. Do in `run` what takes long."
            raise DeployFailed(late) from None
        answer, said = _read(answers), _read(noise).split("\n")[-1]
    if not answer:
        why = _inside(tree, said)[:200] or "nothing was said"
        raise DeployFailed(f"What is to be deployed does not load: {why} (code {code}).")
    loaded = {name: (error, line) for name, error, line in reversed(json.loads(answer))}  # the first of a name stands
    for name in names:
        if name not in loaded:
            raise DeployFailed(f"{name} has the name of a folder of a Space, which takes its place. Give it another name.")
        error, line = loaded[name]
        if error:
            error = _inside(tree, error).rstrip(".")
            why = f"{error} ({line})" if line and line not in error else error
            raise DeployFailed(f"{name} does not load by itself: {why}. Make it a folder of all that it needs: plugins/README.md")


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()


def _inside(tree: Path, text: str) -> str:
    """A text that names files of the tree by their paths in it."""
    return text.replace(f"{tree.absolute()}{os.sep}", "")


_CHILD = """
import json, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a technique prints must not get between
sys.path = [sys.argv[1], *sys.path, *sys.argv[2:]]
from hub import registry
found = [[record.name, record.error, record.line] for record in registry.records()]
json.dump(found, answers)
answers.close()
os._exit(0)  # whatever a technique left running
"""
