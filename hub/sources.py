"""The code of techniques: files made into modules, distributions that are not installed, and the line that an error came from."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from hub.errors import BrokenTechnique

OWN = "netsee_plugins"
"""The package of all that lies in authors' folders; in it, each folder is one."""
OURS = {Path(__file__).parent}
LIBRARIES = {Path(path) for name, path in sysconfig.get_paths().items() if name in ("stdlib", "platstdlib", "purelib", "platlib")}


def module_of(file: Path, name: str) -> ModuleType:
    """Import a file under a name of its own, so that it cannot shadow an installed module.

    It may import what lies beside it, `from ._palette import inks`, and its classes can be pickled.
    """
    folder = file.parent.absolute()
    package = f"{OWN}.{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"  # two folders may each have a file of this name
    _package(OWN, [])
    _package(package, [str(folder)])
    full = f"{package}.{name}"
    spec = importlib.util.spec_from_file_location(
        full, file, submodule_search_locations=[str(file.parent)] if file.name == "__init__.py" else None
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{file.name} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full]
        raise
    return module


def _package(name: str, places: list[str]) -> None:
    """Let a package be there whose modules lie in `places`, unless it is."""
    if name not in sys.modules:
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = places


def binds(source: str, name: str) -> bool:
    """Whether a module makes a name or imports it, as far as that can be told without running it.

    >>> binds("from fades import run", "run"), binds("import hub\\nfor each in hub.map(): print(each)", "run")
    (True, False)
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return True  # its import will say why not
    nodes = list(ast.walk(tree))
    made = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    named = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    brought = {each.asname or each.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for each in node.names}
    return not {name, "*"}.isdisjoint(made | named | brought)


def entries_in(folder: Path, group: str) -> tuple[str, list[EntryPoint]]:
    """What the `pyproject.toml` in a folder promises: the name of its distribution, and its entry points in `group`.

    ("", []) where there is no such file or it promises none. Raises BrokenTechnique where it cannot be read.
    """
    file = folder / "pyproject.toml"
    if not file.is_file():
        return "", []
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
        promised = project.get("entry-points", {}).get(group, {})
        return project.get("name", folder.name), [EntryPoint(name, value, group) for name, value in sorted(promised.items())]
    except (OSError, ValueError, AttributeError) as error:
        raise BrokenTechnique(f"its pyproject.toml cannot be read: {' '.join(str(error).split())}") from error


def open_to_imports(folder: Path) -> None:
    """Let the modules of a distribution that is not installed be imported, after all that is installed."""
    for place in (folder / "src", folder):
        if place.is_dir() and str(place) not in sys.path:
            sys.path.append(str(place))


def file_of(entry: EntryPoint) -> Path | None:
    """The file that an entry point loads, without loading it; the packages around it are imported. None where there is none."""
    spec = importlib.util.find_spec(entry.module)
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def watched_files(place: Path) -> Iterator[Path]:
    """What a technique in a file or folder is made of: sources and settings, without hidden, built and installed ones.

    Of a file, what it may share with others beside it: modules whose names begin with `_`.
    """
    if place.is_file():
        yield from {place, *place.parent.glob("_*.py")}
        return
    for folder, inner, names in os.walk(place):
        inner[:] = [name for name in inner if not name.startswith((".", "__")) and name not in ("build", "node_modules", "venv")]
        yield from (Path(folder, name) for name in names if name.endswith((".py", ".toml", ".json")))


def line_of(error: BaseException, *, libraries: bool = True) -> str:
    """Where an error came from, as "fade.py, line 12": the innermost line that is neither ours nor a library's; "" for none.

    libraries: whether one of a library will do where there is no other.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}"
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_file()]
    theirs = [frame for frame in frames if not OURS & {*Path(frame.filename).parents}]
    own = [frame for frame in theirs if not LIBRARIES & {*Path(frame.filename).parents}]
    return next((f"{Path(frame.filename).name}, line {frame.lineno}" for frame in (own or libraries and theirs or [])[-1:]), "")


def line_behind(error: BaseException, *, libraries: bool = True) -> str:
    """The same in brackets, to be put behind a sentence; "" for none."""
    return f" ({line})" if (line := line_of(error, libraries=libraries)) else ""
