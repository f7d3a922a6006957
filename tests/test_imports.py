"""The house: who may import whom. Read from the source, so that an import inside a function counts too."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = (  # from the ground up; a module imports from lower floors and from its own package, never from its own floor or above
    "errors policy",
    "api admission sources clean deadline devices files axis names resampling",
    "attached",
    "params results fetching",
    "technique",
    "decode world registry flags charts entered",
    "backbones samples stage runners",
    "pixels recipe links menus",
    "metrics out examples trial again chain forms",
    "sheets contract doctor batch drafts watch",
    "testing",
    "folders",
    "cli_runs cli_authors app deploy training",
    "cli_deploy",
    "cli",
    "__main__",
)
LATE = {("attached", "decode"), ("decode", "samples"), ("params", "backbones"), ("results", "recipe"), ("technique", "backbones"),
        ("technique", "decode"), ("technique", "recipe")}
"""Upward, inside a function: what a call by hand needs, and what `import hub` must not bring."""
ROOT_FLOOR = 5  # `hub` itself gives the names of technique and registry
TRAINING = {"backbones.train", "backbones.export", "backbones.card", "backbones.adversary"}
"""Run by hand to make the networks that `backbones` loads; nothing else imports them."""
GRADIO = {"app", "forms"}
TORCH = {"backbones", "devices", "doctor", "fetching", "metrics", "pixels", "resampling", "samples", "sheets", "testing",
         "training", "trial", "world"}
FOR_TECHNIQUES = {"hub", "hub.backbones", "hub.devices", "hub.errors", "hub.fetching", "hub.metrics", "hub.pixels", "hub.samples",
                  "hub.world"}

FOR_SCRIPTS = FOR_TECHNIQUES | {"hub.files", "hub.sheets"}
"""What a technique's scripts may use besides: `train.py` and `card.py`, run by hand to make a network that it ships, and
`__main__.py`, a command of its own."""


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def room(path: Path) -> str:
    """The part of the hub a file belongs to: its module or package; what trains networks is a part of its own."""
    parts = path.relative_to(ROOT / "hub").with_suffix("").parts
    return "training" if ".".join(parts) in TRAINING else parts[0]


def floor(name: str) -> int:
    return next((level for level, names in enumerate(FLOORS) if name in names.split()), -1)


def imports(path: Path) -> set[tuple[str, bool]]:
    """(full name of what is imported, whether inside a function) for each import; those only for type checkers are left out."""
    tree = ast.parse(path.read_text())
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    typing_only = {id(node) for guard in guards for node in ast.walk(guard)}
    functions = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {(alias.name, id(node) in inside) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: spell imports out, without leading dots"
            found |= {(f"{node.module}.{alias.name}", id(node) in inside) for alias in node.names}
    return found


def hub_room(name: str) -> str | None:
    """Which part of the hub an import asks for; "" for `hub` itself and its public names."""
    parts = name.split(".")
    if parts[0] != "hub":
        return None
    named = parts[1] if len(parts) > 1 else ""
    if any(name.startswith(f"hub.{script}") for script in TRAINING):
        return "training"
    return named if (ROOT / "hub" / f"{named}.py").exists() or (ROOT / "hub" / named / "__init__.py").exists() and named else ""


def everything() -> list[Path]:
    return [path for folder in ("hub", "plugins", "spaces") for path in sources(folder)]


def calls(path: Path) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", sources("hub"), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    own = room(path)
    if own == "__init__":
        early = {hub_room(name) for name, inside in imports(path) if not inside}
        assert early <= {None, "", "errors", "policy", "params", "registry", "results", "technique"}
        return
    assert floor(own) >= 0, f"say on which floor {own} stands, in FLOORS"
    for name, inside in imports(path):
        other = hub_room(name)
        if other is None or other == own or inside and (own, other) in LATE:
            continue
        below = ROOT_FLOOR if other == "" else floor(other)
        assert below < floor(own), f"{own} imports {name}, which does not stand below it"


def test_techniques_use_only_what_is_public_and_not_each_other():
    for path in sources("plugins"):
        allowed = FOR_SCRIPTS if path.name in ("train.py", "card.py", "__main__.py") else FOR_TECHNIQUES
        family = path.relative_to(ROOT / "plugins").parts[0]
        for name, _ in imports(path):
            if name.split(".")[0] == "plugins":
                assert name.startswith(f"plugins.{family}."), f"{path.name} imports {name}"
                rest, own = name.split(".")[2:], path.relative_to(ROOT / "plugins" / family).parts[0]
                assert len(path.relative_to(ROOT / "plugins").parts) < 3 or rest[0] == own or rest[0][0] == "_", (
                    f"{path.name} imports {name}, another technique"
                )
            elif (asked := hub_room(name)) is not None:
                assert f"hub.{asked}".rstrip(".") in allowed, f"{path.name} imports {name}"


def test_only_the_page_imports_gradio():
    users = {room(path) for path in sources("hub") for name, _ in imports(path) if name.split(".")[0] == "gradio"}
    assert users <= GRADIO
    assert not [path for path in sources("plugins") for name, _ in imports(path) if name.split(".")[0] in ("gradio", "fastapi")]


def test_torch_stays_where_pictures_are_computed():
    heavy = ("torch", "torchvision", "timm")
    users = {room(path) for path in sources("hub") for name, _ in imports(path) if name.split(".")[0] in heavy}
    assert "pixels" in users and users <= TORCH


def test_only_the_registry_names_the_plugins():
    def names_them(path: Path) -> bool:
        words = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
        return "plugins" in words or any(name.split(".")[0] == "plugins" for name, _ in imports(path))

    assert [path.name for path in sources("hub") if names_them(path)] == ["registry.py"]


def test_only_decode_opens_pictures():
    opened = {"Image.open", "PILImage.open", "PIL.Image.open", "pillow.open"}
    assert [path.name for path in everything() if calls(path) & opened] == ["decode.py"]


def test_no_source_reads_a_picture_by_another_door():
    doors = {"imageio.imread", "skimage.io.imread", "cv2.imread", "torchvision.io.read_image", "plt.imread"}
    assert not [path.name for path in everything() if calls(path) & doors]


def test_the_folder_of_spaces_is_no_package():
    assert not (ROOT / "spaces" / "__init__.py").exists()


@pytest.mark.parametrize("module", ["hub", "hub.cli", "hub.decode", "hub.registry", "hub.recipe", "hub.samples"])
def test_importing_brings_neither_torch_nor_gradio(module):
    code = f"import sys, {module}; print(*sys.modules)"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout.split())
    assert module in loaded and not {"torch", "gradio", "timm"} & loaded
