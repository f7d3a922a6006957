"""What a Space takes along of the techniques of authors, and what is said where that is not all that they need."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from hub import registry
from hub.deploy import CPU, libraries, pages, proof, staging
from hub.errors import DeployFailed
from tests.test_deploy import pins
from tests.test_registry import RED, write_distribution

HELPED = RED.replace("import hub\n", "import hub\n{words}\n").replace('"red"', "COLOUR")
BLUE = "COLOUR = 'blue'\n"


def staged(tmp_path: Path, *names: str) -> set[str]:
    """The paths of the techniques in the tree of a Space with these."""
    paths = staging.stage(tmp_path / "tree", pages.space_of(names), CPU, "somebody/small")
    own = {"README.md", "app.py", "requirements.txt", pages.THUMBNAIL, "LICENSE", "plugins/__init__.py"}
    return {path for path in paths if not path.startswith("hub/")} - own


def test_a_helper_beside_a_file_comes_along_and_so_does_what_that_imports(plugin_folder, tmp_path):
    plugin_folder.add("_paint", "from ._tube import COLOUR\n")
    plugin_folder.add("_tube", BLUE)
    plugin_folder.add("_other", BLUE)
    plugin_folder.add("tiny", HELPED.format(words="from ._paint import COLOUR"))
    assert staged(tmp_path, "tiny") == {"plugins/tiny/__init__.py", "plugins/tiny/_paint.py", "plugins/tiny/_tube.py"}


def test_a_module_of_an_author_elsewhere_on_the_path_lies_at_the_root_of_the_tree(plugin_folder, tmp_path, monkeypatch):
    (tmp_path / "lib" / "inks").mkdir(parents=True)
    (tmp_path / "lib" / "inks" / "__init__.py").write_text("from pathlib import Path\n"
                                                           "COLOUR = Path(__file__).with_name('ink.txt').read_text()\n")
    (tmp_path / "lib" / "inks" / "ink.txt").write_text("blue")
    monkeypatch.syspath_prepend(tmp_path / "lib")
    plugin_folder.add("tiny", HELPED.format(words="from inks import COLOUR"))
    assert staged(tmp_path, "tiny") == {"plugins/tiny.py", "inks/__init__.py", "inks/ink.txt"}


def test_a_folder_of_data_by_the_name_of_a_library_that_is_not_here_stays_at_home(plugin_folder, tmp_path, monkeypatch):
    for place, words in {"tints/log/key.txt": "a secret", "tints/log/old.py": BLUE, "tints/blue.py": BLUE,
                         "tints/red/__init__.py": "", "tints/red/ink.txt": "red", "runs/key.txt": "a secret"}.items():
        (tmp_path / "lib" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lib" / place).write_text(words)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    (plugin_folder.path / "_kept").mkdir()
    (plugin_folder.path / "_kept" / "key.txt").write_text("a secret")
    plugin_folder.add("tiny", HELPED.format(words="from tints.blue import COLOUR\nfrom tints import red\ntry:\n    import runs\n"
                                              "    from . import _kept\nexcept ImportError:\n    pass"))
    assert staged(tmp_path, "tiny") == {"plugins/tiny.py", "tints/blue.py", "tints/red/__init__.py", "tints/red/ink.txt"}


def test_a_link_publishes_nothing_that_lies_elsewhere_unless_it_is_a_module_in_use(plugin_folder, tmp_path):
    (tmp_path / "key").write_text("a secret")
    (tmp_path / "source.py").write_text(HELPED.format(words="from ._paint import COLOUR"))
    (tmp_path / "paint.py").write_text(BLUE)
    package = plugin_folder.path / "painted"
    package.mkdir()
    (package / "__init__.py").write_text(RED)
    for link, target in {"tiny.py": "source.py", "_paint.py": "paint.py", "painted/notes.txt": "key"}.items():
        (plugin_folder.path / link).symlink_to(tmp_path / target)
    registry.refresh()
    with pytest.raises(DeployFailed, match=r"painted brings a link, plugins/painted/notes\.txt\. Put the file itself"):
        staged(tmp_path, "painted")
    (package / "notes.txt").rename(package / "notes.py")
    with pytest.raises(DeployFailed, match=r"painted brings a link, plugins/painted/notes\.py"):
        staged(tmp_path, "painted")
    assert staged(tmp_path, "tiny") == {"plugins/tiny/__init__.py", "plugins/tiny/_paint.py"}


def test_it_is_said_what_is_published_that_is_not_ours(plugin_folder, tmp_path, monkeypatch):
    (tmp_path / "lib" / "dyes").mkdir(parents=True)
    (tmp_path / "lib" / "dyes" / "__init__.py").write_text(BLUE)
    (tmp_path / "lib" / "dyes" / "accounts.csv").write_text("data")
    monkeypatch.syspath_prepend(tmp_path / "lib")
    plugin_folder.add("tiny", HELPED.format(words="from dyes import COLOUR"))
    said = []
    staging.stage(tmp_path / "tree", pages.space_of(["tiny", "deep_dream"]), CPU, say=said.append)
    assert said == ["It publishes what is not of Netsee: dyes/ (2 files), plugins/tiny.py."]


def test_a_package_is_whole_whatever_its_modules_are_called_and_wherever_its_run_is(plugin_folder, tmp_path):
    package = plugin_folder.path / "painted"
    package.mkdir()
    for name, source in {"__init__": "from .core import run\n", "core": HELPED.format(words="from .train import COLOUR"),
                         "train": BLUE, "export": BLUE}.items():
        (package / f"{name}.py").write_text(source)
    (package / "card.txt").write_text("data")
    registry.refresh()
    names = ("__init__.py", "core.py", "train.py", "export.py", "card.txt")
    assert staged(tmp_path, "core") == {f"plugins/core/{name}" for name in names}


def test_what_only_trains_ours_is_left_out(tmp_path):
    paths = staged(tmp_path, "instant_style")
    assert "plugins/style/instant_style/painter.py" in paths and "plugins/style/__init__.py" in paths
    assert not [path for path in paths if path.endswith(("train.py", "card.py", "paintings.jpg"))]


@pytest.fixture
def forgotten(plugin_folder):
    """What a test imports of `netsee_tiny`, and what was found to be installed, is gone after it."""
    yield
    libraries.by_module.cache_clear()
    for name in [name for name in sys.modules if name.startswith("netsee_tiny")]:
        del sys.modules[name]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a distribution with a module of its name."""
    def install(name: str, version: str = "1.2", requires: str = "", module: str = "", direct_url: str = "") -> None:
        folder = tmp_path / "site-packages"
        about = folder / f"{name}-{version}.dist-info"
        about.mkdir(parents=True)
        (folder / f"{name}.py").write_text(module)
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        for file, words in {"METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
                            "RECORD": f"{name}.py,,\n", "direct_url.json": direct_url}.items():
            (about / file).write_text(words)
        monkeypatch.syspath_prepend(folder)
        libraries.by_module.cache_clear()

    yield install
    libraries.by_module.cache_clear()


@pytest.mark.parametrize("layout", ["", "src"])
def test_a_distribution_that_is_not_installed_is_brought_in_by_a_door(forgotten, tmp_path, monkeypatch, layout):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv(registry.FOLDERS, str(write_distribution(tmp_path / "netsee-tiny", layout=layout)))
    registry.refresh()
    assert staged(tmp_path, "tiny") == {"plugins/tiny.py", "netsee_tiny/__init__.py", "netsee_tiny/tiny.py"}


@pytest.fixture
def guest(tmp_path, monkeypatch, forgotten):
    """A technique `tiny` of a distribution that is installed."""
    folder = tmp_path / "site-packages"
    write_distribution(folder)
    about = folder / "netsee_tiny-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: netsee-tiny\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[netsee.techniques]\ntiny = netsee_tiny.tiny\n")
    monkeypatch.syspath_prepend(folder)
    registry.refresh()


def test_one_of_an_installed_distribution_goes_along_by_its_own_name_only(guest, tmp_path, netsee):
    code, out, error = netsee("deploy", "somebody/small", "--dry-run", tmp_path / "all")
    families = sorted({registry.family_name(each.family) for each in registry.techniques().values()})
    assert code == 0 and error.startswith("Left out: tiny (package netsee-tiny), as the source would be published. To show all: ")
    assert sorted(error.split("--technique ")[1:]) == sorted([*(f"{name} " for name in families), "tiny\n"])
    assert not (tmp_path / "all" / "netsee_tiny").exists() and "Tiny" not in (tmp_path / "all" / "README.md").read_text()
    assert staged(tmp_path, "dream", "tiny") == {"plugins/deep_dream.py", "plugins/tiny.py", "netsee_tiny/__init__.py",
                                                 "netsee_tiny/tiny.py"}


def test_a_family_of_nothing_but_an_installed_distribution_says_how_it_is_shown(guest, monkeypatch):
    monkeypatch.setenv("NETSEE_DENY", "built-in")
    registry.refresh()
    with pytest.raises(DeployFailed, match="tiny comes with the installed package netsee-tiny, .*: --technique tiny$"):
        pages.space_of(["see"])


def test_what_cannot_be_loaded_here_is_left_out_of_everything_and_said(plugin_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("NETSEE_ALLOW", "deep_dream,broken")
    plugin_folder.add("broken", "run = nothing\n")
    said = []
    staging.stage(tmp_path / "tree", pages.space_of(), CPU, say=said.append)
    assert said == ["Left out: broken, which cannot be loaded here. Why: netsee list"]


def test_a_library_that_the_hub_does_not_use_is_a_requirement(plugin_folder, tmp_path):
    plugin_folder.add("tiny", RED.replace("import hub\n", "import hub\nimport pytest, numpy, jinja2\n"))
    said = []
    staging.stage(tmp_path / "tree", pages.space_of(["tiny"]), CPU, say=said.append)
    wanted = pins((tmp_path / "tree" / "requirements.txt").read_text())
    assert wanted["pytest"] == version("pytest") and "jinja2" not in {name.lower() for name in wanted}, "Gradio brings that"
    assert said[1:] == [f"It installs pytest {version('pytest')} besides, for its techniques."]


def test_a_library_that_another_library_needs_on_another_system_only_is_not_taken_for_granted(installed):
    installed("colours", requires="colours-of-windows ; sys_platform == 'win32'\nRequires-Dist: old ; python_version < '3.12'\n"
                                  "Requires-Dist: drawn ; extra=='draw'\nRequires-Dist: Every_where")
    assert libraries.brought_along(["Colours"]) == {"colours", "every-where"}


def test_a_library_is_pinned_without_what_it_was_built_for(installed):
    installed("inks", version="1.2+cu128")
    assert libraries.pin("inks") == "1.2"


def test_a_library_that_no_index_gave_is_not_asked_of_one(plugin_folder, installed, tmp_path):
    installed("stains", module=BLUE, direct_url='{"url": "file:///home/somebody/stains", "dir_info": {}}')
    plugin_folder.add("tiny", HELPED.format(words="from stains import COLOUR"))
    with pytest.raises(DeployFailed, match="tiny imports stains, which was installed from a folder or an address. No Space"):
        staged(tmp_path, "tiny")


def test_of_a_package_that_distributions_share_only_the_part_of_the_technique_is_published(tmp_path, forgotten, monkeypatch):
    folder = tmp_path / "site-packages"
    parts = {"fading": HELPED.format(words="from netsee_tiny_shared.inks import COLOUR"), "inks": BLUE, "accounts": BLUE}
    for name, source in parts.items():
        about = folder / f"{name}-1.2.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (about / "RECORD").write_text(f"netsee_tiny_shared/{name}.py,,\n")
        (folder / "netsee_tiny_shared").mkdir(exist_ok=True)
        (folder / "netsee_tiny_shared" / f"{name}.py").write_text(source)
    (folder / "fading-1.2.dist-info" / "entry_points.txt").write_text("[netsee.techniques]\nfading = netsee_tiny_shared.fading\n")
    monkeypatch.syspath_prepend(folder)
    libraries.by_module.cache_clear()
    registry.refresh()
    assert staged(tmp_path, "fading") == {"plugins/fading.py", "netsee_tiny_shared/fading.py"}
    assert pins((tmp_path / "tree" / "requirements.txt").read_text())["inks"] == "1.2"


FAULTS = {
    "a file that is not taken along": ("from pathlib import Path\nPath(__file__).with_name('ink.txt').read_text()",
                                       r"tiny does not load by itself: .* 'plugins/ink\.txt' \(tiny\.py, line 5\)\. Make it a"),
    "a module that a folder lent": ("import sys\nif 'kept' not in sys.modules: import of_nowhere",
                                    "tiny does not load by itself: ModuleNotFoundError: No module named 'of_nowhere'"),
    "an end with a word": ("import os, sys\nif 'kept' not in sys.modules: os.write(2, __file__.encode()), os._exit(3)",
                           r"does not load: plugins/tiny\.py \(code 3\)\."),
    "the end of it all": ("import os, sys\nif 'kept' not in sys.modules: os._exit(3)", r"does not load: .* \(code 3\)\."),
}


@pytest.mark.parametrize(("words", "said"), FAULTS.values(), ids=FAULTS)
def test_what_would_not_load_in_a_space_is_said_here_and_nothing_is_left_of_it(plugin_folder, tmp_path, monkeypatch, words, said):
    monkeypatch.setitem(sys.modules, "kept", sys)
    (plugin_folder.path / "ink.txt").write_text("blue")
    plugin_folder.add("tiny", RED.replace("import hub\n", f"import hub\n{words}\n"))
    with pytest.raises(DeployFailed, match=said) as error:
        staging.stage(tmp_path / "tree", pages.space_of(["tiny"]), CPU)
    assert "\n" not in str(error.value) and list((tmp_path / "tree").iterdir()) == []


def test_a_technique_with_the_name_of_a_family_or_a_file_of_the_tree_says_so(plugin_folder, tmp_path, monkeypatch):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "app.py").write_text(BLUE)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    plugin_folder.add("tiny", HELPED.format(words="from app import COLOUR"))
    plugin_folder.add("style", RED)
    with pytest.raises(DeployFailed, match=r"a file app\.py along, and a Space has its own"):
        staging.stage(tmp_path / "tree", pages.space_of(["tiny"]), CPU)
    with pytest.raises(DeployFailed, match="style has the name of a folder of a Space"):
        staging.stage(tmp_path / "tree", pages.space_of(["style", "instant_style"]), CPU)


def test_a_process_that_a_technique_leaves_running_is_not_waited_for(plugin_folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kept", sys)
    monkeypatch.setattr(proof, "PATIENCE", 30.0)
    words = "import subprocess, sys\nif 'kept' not in sys.modules: subprocess.Popen(['sleep', '60'])"
    plugin_folder.add("tiny", RED.replace("import hub\n", f"import hub\n{words}\n"))
    assert staged(tmp_path, "tiny") == {"plugins/tiny.py"}


def test_a_technique_is_put_online_by_its_file(netsee, tmp_path, monkeypatch, plugin_folder):
    monkeypatch.chdir(tmp_path)
    assert netsee("new", "frosted")[0] == 0
    code, out, _ = netsee("deploy", "somebody/frost", "--technique", "frosted.py", "--dry-run", "tree")
    assert code == 0 and out.startswith("tree: ") and (tmp_path / "tree" / "plugins" / "frosted.py").exists()
    assert not (tmp_path / "tree" / "plugins" / "deep_dream.py").exists()
    code, _, error = netsee("deploy", "somebody/frost", "--technique", "melted.py", "--dry-run", "other")
    assert code == 2 and error.startswith("BadFile: There is no file 'melted.py'.") and not (tmp_path / "other").exists()
