"""What `netsee new` writes: a technique that works, as one file or as a distribution, to be made one's own."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path
from string import Template

import hub
from hub import names, registry
from hub.api import API
from hub.errors import BadOutput, BadParams, MisnamedTechnique

TEMPLATES = Path(__file__).parent / "assets" / "new"


def write(name: str, folder: Path, *, package: bool = False) -> Path:
    """Write a technique called `name` into `folder`: NAME.py, or the folder netsee-NAME. Returns what was made.

    Raises BadParams for a name that no technique can have, BadOutput where something lies there already or it cannot be written.
    """
    _check_name(name)
    words = {"name": name, "title": name.replace("_", " ").capitalize(), "api": API, "version": hub.__version__,
             "distribution": f"netsee-{name.replace('_', '-')}", "package": f"netsee_{name}"}
    made = folder / (words["distribution"] if package else f"{name}.py")
    if made.exists():
        raise BadOutput(f"There is a {made.name} already. Choose another name, or another folder.")
    files = _distribution(words) if package else {"": "technique.py"}
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as begun:
            draft = Path(begun) / made.name
            for inside, template in files.items():
                file = draft / inside
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(_filled(template, words), encoding="utf-8")
            shutil.move(draft, made)
    except OSError as error:
        raise BadOutput(f"{made.name} cannot be written here: {error.strerror}. Go to a folder of yours.") from error
    return made


def _distribution(words: dict[str, str]) -> dict[str, str]:
    """File -> its template, for a distribution."""
    package, name = words["package"], words["name"]
    return {"pyproject.toml": "pyproject.toml", "README.md": "README.md", f"{package}/__init__.py": "",
            f"{package}/{name}.py": "technique.py", f"tests/test_{name}.py": "test.py"}


def _filled(template: str, words: dict[str, str]) -> str:
    return Template((TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")).substitute(words) if template else ""


def _check_name(name: str) -> None:
    try:
        names.check(name)
    except MisnamedTechnique as error:
        raise BadParams(str(error)) from None
    taken = next((record for record in registry.records() if record.name == name), None)
    if taken:
        raise BadParams(f"There is a technique {name!r} already ({taken.source}). Choose another name.")
    if name in sys.stdlib_module_names or importlib.util.find_spec(name):
        raise BadParams(f"{name}.py would stand before the Python module {name!r} that is installed here. Choose another name.")
