"""Techniques are found in three places; what does not work becomes a record and hurts nobody."""

import logging
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import hub
from hub import registry
from hub.errors import BrokenTechnique, UnknownTechnique

TINY = '''"""Gives a {colour} picture."""
from collections.abc import Iterator
import hub

class Params(hub.Params):
    side: int = hub.Field(2, ge=1, le=9, description="Its side.")

@hub.technique(title="Tiny", family="See")
def run(image: None, params: Params) -> Iterator[hub.Result]:
    from PIL import Image
    yield hub.Result(image=Image.new("RGB", (params.side, params.side), "{colour}"), progress=1.0)
'''
RED = TINY.format(colour="red")
BROKEN = {
    "needs_a_library": ("from a_library_nobody_has import run", "a_library_nobody_has"),
    "does_not_parse": ("def run(:", "SyntaxError"),
    "raises": ("raise RuntimeError('first line\\nsecond line')\nrun = None", "RuntimeError: first line"),
    "exits": ("import sys; run = sys.exit(3)", "SystemExit"),
    "is_empty": ("", "has no technique"),
    "runs_plainly": ("def run(image, params): ...", "has no technique"),
    "is_no_generator": (RED.replace("yield hub", "return hub"), "generator function"),
    "takes_too_much": (RED.replace("image: None, params", "image: None, more, params"), "exactly"),
    "lacks_params": (RED.replace("params: Params", "params: dict"), "subclass of hub.Params"),
    "wants_a_word": (RED.replace("image: None", "image: str"), "annotate image"),
    "names_nothing_known": (RED.replace("from coll", "from __future__ import annotations\nfrom coll").replace("image: None",
    "image: Nowhere"),
                            "annotations of run cannot be read"),
}


def failure(name: str) -> registry.Record:
    return next(record for record in registry.failures() if record.name == name)


def test_one_file_in_a_folder_is_a_technique(plugin_folder):
    plugin_folder.add("tiny", RED)
    assert hub.run("tiny", side=3).image.size == (3, 3)
    assert "tiny" in hub.techniques()
    assert hub.find("tiny").summary == "Gives a red picture."


def test_a_package_in_a_folder_is_a_technique_and_may_import_its_own_modules(plugin_folder):
    package = plugin_folder.path / "painted"
    package.mkdir()
    (package / "paint.py").write_text("COLOUR = 'blue'\n")
    (package / "__init__.py").write_text("from .paint import COLOUR\n" + RED.replace('"red"', "COLOUR"))
    registry.refresh()
    assert hub.run("painted").image.getpixel((0, 0)) == (0, 0, 255)


@pytest.mark.parametrize("words", ["from . import paint\n", "from .paint import COLOUR\n", "from .deep.paint import COLOUR\n"])
def test_a_package_imports_its_own_modules_by_every_relative_form(plugin_folder, words):
    package = plugin_folder.path / "painted"
    (package / "deep").mkdir(parents=True)
    (package / "paint.py").write_text("COLOUR = 'blue'\n")
    (package / "deep" / "__init__.py").write_text("")
    (package / "deep" / "paint.py").write_text("from .. import paint\nCOLOUR = paint.COLOUR\n")
    colour = "paint.COLOUR" if "import paint" in words else "COLOUR"
    (package / "__init__.py").write_text(RED.replace("import hub\n", f"import hub\n{words}").replace('"red"', colour))
    registry.refresh()
    assert hub.run("painted").image.getpixel((0, 0)) == (0, 0, 255)


def test_a_file_imports_what_lies_beside_it_and_two_folders_do_not_meet(plugin_folder, tmp_path, monkeypatch):
    folders = {"tiny": plugin_folder.path, "little": tmp_path / "others"}
    (tmp_path / "others").mkdir()
    for (name, folder), colour in zip(folders.items(), ("blue", "lime"), strict=True):
        (folder / "_paint.py").write_text(f"COLOUR = {colour!r}\n")
        source = RED.replace("import hub\n", "import hub\nfrom ._paint import COLOUR\n").replace('"red"', "COLOUR")
        (folder / f"{name}.py").write_text(source)
    monkeypatch.setenv(registry.FOLDERS, os.pathsep.join(map(str, folders.values())))
    registry.refresh()
    assert [hub.run(name).image.getpixel((0, 0)) for name in folders] == [(0, 0, 255), (0, 255, 0)]


def test_an_object_of_an_authors_class_can_be_pickled(plugin_folder):
    plugin_folder.add("tiny", RED)
    params = hub.find("tiny").Params(side=3)
    assert pickle.loads(pickle.dumps(params)) == params


def test_an_entry_point_of_an_installed_package_is_a_technique(plugin_folder, monkeypatch):
    monkeypatch.syspath_prepend(plugin_folder.path)
    (plugin_folder.path / "in_a_package.py").write_text(RED)
    entry = EntryPoint("from_a_package", "in_a_package:run", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == registry.GROUP else [])
    registry.refresh()
    assert "in_a_package" in hub.techniques()


def test_what_is_built_in_comes_first_and_works():
    records = registry.records()
    assert records[0].source == "built in"
    assert [r.error for r in records if r.source == "built in" and r.error] == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_technique_becomes_a_record_of_one_line_and_the_others_stand(plugin_folder, name, caplog):
    source, reason = BROKEN[name]
    plugin_folder.add("tiny", RED)
    with caplog.at_level(logging.WARNING, logger="netsee"):
        plugin_folder.add(name, source)
        record = failure(name)
    assert reason in record.error and "\n" not in record.error and record.technique is None
    assert str(plugin_folder.path) not in record.error
    assert caplog.records[0].exc_info is not None
    assert hub.run("tiny").image.size == (2, 2)
    with pytest.raises(BrokenTechnique, match="could not be loaded"):
        hub.run(name)


def test_of_two_with_one_name_the_first_stands_and_the_second_is_reported(plugin_folder, tmp_path, monkeypatch):
    plugin_folder.add("tiny", RED)
    other = tmp_path / "others"
    other.mkdir()
    (other / "tiny.py").write_text(TINY.format(colour="blue"))
    monkeypatch.setenv(registry.FOLDERS, f"{plugin_folder.path}:{other}")
    registry.refresh()
    assert hub.run("tiny").image.getpixel((0, 0)) == (255, 0, 0)
    assert hub.find("tiny").summary == "Gives a red picture."
    assert "taken by techniques/tiny.py" in failure("tiny").error and failure("tiny").kind == "misnamed"


def test_a_file_cannot_replace_a_module_of_its_name(plugin_folder):
    plugin_folder.add("json", RED)
    registry.records()
    import json

    assert json.loads("1") == 1 and "json" in hub.techniques()


def test_a_folder_that_is_not_there_is_reported_by_its_last_name(monkeypatch, plugin_folder):
    monkeypatch.setenv(registry.FOLDERS, str(plugin_folder.path / "nowhere"))
    registry.refresh()
    assert failure("nowhere").error == "NETSEE_PLUGINS names a folder that does not exist: nowhere"


def test_a_file_that_is_no_code_is_reported_as_such(monkeypatch, plugin_folder):
    (plugin_folder.path / "rocket.jpg").write_bytes(b"")
    monkeypatch.setenv(registry.FOLDERS, str(plugin_folder.path / "rocket.jpg"))
    registry.refresh()
    assert failure("rocket.jpg").error == "NETSEE_PLUGINS names what is neither a Python file nor a folder: rocket.jpg"


def test_names_with_an_underscore_are_left_alone(plugin_folder):
    plugin_folder.add("_shared", "raise RuntimeError")
    assert "_shared" not in {record.name for record in registry.records()}


@pytest.mark.parametrize("name", ["my-hyphen", "my space", "ünï", "Fade", "2fast", "class", "a.b", "x" * 41])
def test_a_file_whose_name_no_technique_can_have_is_a_record_and_not_run(plugin_folder, name):
    plugin_folder.add("tiny", RED)
    plugin_folder.add(name, "raise RuntimeError\n" + RED)
    record = failure(name)
    assert record.kind == "misnamed" and record.error.startswith(f"{name!r} cannot be the name of a technique: small letters")
    assert hub.run("tiny").image.size == (2, 2)


def test_a_package_and_a_technique_that_names_itself_keep_to_the_same_rule(plugin_folder):
    (plugin_folder.path / "my-package").mkdir()
    (plugin_folder.path / "my-package" / "__init__.py").write_text(RED)
    plugin_folder.add("tiny", RED.replace('family="See"', 'family="See", name="my tiny"'))
    assert {name: failure(name).kind for name in ("my-package", "tiny")} == {"my-package": "misnamed", "tiny": "misnamed"}
    assert "'my tiny' cannot be the name" in failure("tiny").error


def test_a_script_with_a_name_of_its_own_is_no_misnamed_technique(plugin_folder):
    plugin_folder.add("make-all", "raise RuntimeError")
    assert failure("make-all").error == registry.NO_TECHNIQUE


def test_a_family_is_a_package_whose_modules_are_techniques(plugin_folder, monkeypatch):
    family = plugin_folder.path / "a_family"
    family.mkdir()
    (family / "__init__.py").write_text("")
    (family / "tiny.py").write_text(RED)
    (family / "shared.py").write_text("WIDTH = 3\n")
    (family / "bad.py").write_text("raise SystemExit")
    (plugin_folder.path / "exits").mkdir()
    (plugin_folder.path / "exits" / "__init__.py").write_text("raise SystemExit")
    package = plugin_folder.path.parent / "built"
    package.mkdir()
    (package / "__init__.py").write_text(f"__path__ = [{str(plugin_folder.path)!r}]")
    monkeypatch.syspath_prepend(package.parent)
    found = {record.name: record.error for record in registry._in_package("built", "built in")}
    assert found == {"tiny": "", "bad": "SystemExit: ", "exits": "SystemExit: "}


def test_a_misspelt_technique_gets_a_suggestion(plugin_folder):
    plugin_folder.add("tiny", RED)
    with pytest.raises(UnknownTechnique, match="Did you mean 'tiny'.*netsee list"):
        hub.run("tinny")


def test_an_interrupt_is_not_a_failure_of_the_technique(plugin_folder):
    plugin_folder.add("stops", "raise KeyboardInterrupt\nrun = None")
    with pytest.raises(KeyboardInterrupt):
        registry.records()


def test_importing_the_hub_and_its_registry_imports_neither_torch_nor_gradio():
    code = ("import sys, hub, hub.registry, hub.decode, hub.recipe, hub.samples\n"
            "print({'torch', 'gradio', 'plugins'} & set(sys.modules))")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    assert out.stdout.strip() == "set()"


def test_listing_techniques_does_not_import_gradio():
    code = "import sys, hub; hub.techniques(); print('gradio' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    assert out.stdout.strip() == "False"


# ---------------------------------------------------------------- files, and distributions that are not installed

def write_distribution(folder: Path, source: str = RED, layout: str = "") -> Path:
    """The source of a distribution `netsee-tiny` with a technique `tiny`, as it lies on an author's disk."""
    package = folder / layout / "netsee_tiny"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "tiny.py").write_text(source)
    (folder / "pyproject.toml").write_text('[project]\nname = "netsee-tiny"\n'
                                           '[project.entry-points."netsee.techniques"]\ntiny = "netsee_tiny.tiny"\n')
    return folder


@pytest.fixture
def source_tree(tmp_path, monkeypatch, plugin_folder):
    """Makes such a distribution and names it in NETSEE_PLUGINS."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def make(**options) -> Path:
        folder = write_distribution(tmp_path / "netsee-tiny", **options)
        monkeypatch.setenv(registry.FOLDERS, str(folder))
        registry.refresh()
        return folder

    yield make
    for name in [name for name in sys.modules if name.startswith("netsee_tiny")]:
        del sys.modules[name]


def test_one_file_can_be_named_and_its_neighbours_are_left_alone(plugin_folder, monkeypatch):
    plugin_folder.add("tiny", RED)
    plugin_folder.add("neighbour", "raise RuntimeError")
    monkeypatch.setenv(registry.FOLDERS, str(plugin_folder.path / "tiny.py"))
    registry.refresh()
    assert "tiny" in hub.techniques() and registry.failures() == []


def test_a_file_that_is_found_twice_is_no_conflict(plugin_folder, monkeypatch):
    plugin_folder.add("tiny", RED)
    monkeypatch.setenv(registry.FOLDERS, f"{plugin_folder.path / 'tiny.py'}:{plugin_folder.path}")
    registry.refresh()
    assert "tiny" in hub.techniques() and registry.failures() == []


@pytest.mark.parametrize("layout", ["", "src"])
def test_the_source_of_a_distribution_can_be_named_before_it_is_installed(source_tree, layout):
    source_tree(layout=layout, source="from netsee_tiny import __name__ as package\n" + RED)
    assert hub.find("tiny").body.__module__ == "netsee_tiny.tiny"


def test_a_distribution_whose_description_cannot_be_read_is_a_record(source_tree):
    (source_tree() / "pyproject.toml").write_text("[project\n")
    registry.refresh()
    assert "pyproject.toml cannot be read" in failure("netsee-tiny").error


# ---------------------------------------------------------------- the version of the contract

NEWER = RED.replace('family="See"', 'family="See", api="2.0", icon="eye"').replace("import hub", "import hub.of_the_future", 1)


def test_a_technique_for_another_major_version_is_incompatible_and_not_run(plugin_folder):
    plugin_folder.add("tiny", NEWER)  # running it would fail at its first line, as there is no hub.of_the_future
    record = failure("tiny")
    assert record.kind == "incompatible"
    assert record.error == ("incompatible: it is written for version 2.0 of the contract, and this Netsee has 1.0; "
                            "update Netsee: pip install -U netsee.")


@pytest.mark.parametrize("layout", ["", "src"])
def test_a_distribution_for_another_major_version_is_incompatible_too(source_tree, layout):
    source_tree(source=NEWER, layout=layout)
    assert failure("tiny").kind == "incompatible"


@pytest.mark.parametrize(("version", "kind"), [
    ("1", None), ("1.0", None), ("1.1", "incompatible"), ("2", "incompatible"), ("0.9", "incompatible"),
    ("first", "failed"), ("", "failed"),
])
def test_the_same_major_version_fits_up_to_our_own_minor_one(plugin_folder, version, kind):
    plugin_folder.add("tiny", RED.replace('family="See"', f'family="See", api="{version}"'))
    found = next(record for record in registry.records() if record.name == "tiny")
    assert (found.kind if found.technique is None else None) == kind


def test_a_version_that_is_computed_is_checked_when_the_technique_is_made(plugin_folder):
    plugin_folder.add("tiny", RED.replace('family="See"', 'family="See", api=str(2)'))
    assert failure("tiny").kind == "incompatible"


def test_a_failure_says_which_line_of_its_author_it_came_from(plugin_folder):
    plugin_folder.add("breaks", "import json\n\nrun = json.loads('nothing')\n")
    plugin_folder.add("does_not_parse", "\n\n\nrun(:")
    assert (failure("breaks").line, failure("does_not_parse").line) == ("breaks.py, line 3", "does_not_parse.py, line 4")


# ---------------------------------------------------------------- who is let in

SIDE_EFFECT = "import os; os.environ['A_STRANGER_WAS_HERE'] = '1'\n"


@pytest.fixture
def stranger(plugin_folder, monkeypatch):
    """A technique whose code leaves a trace when it is run; returns whether it did."""
    monkeypatch.setenv("A_STRANGER_WAS_HERE", "")
    plugin_folder.add("tiny", SIDE_EFFECT + RED)
    monkeypatch.setattr(registry, "BUILT_IN", "tests.hall")  # built-in techniques are not what is asked here

    def ran(**environment: str) -> bool:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        registry.refresh()
        registry.records()
        return bool(os.environ["A_STRANGER_WAS_HERE"])

    return ran


def test_safe_mode_runs_no_code_of_strangers_and_keeps_what_is_built_in(stranger, monkeypatch):
    monkeypatch.setattr(registry, "BUILT_IN", "plugins")
    assert not stranger(NETSEE_SAFE_MODE="1")
    assert [(record.name, record.error) for record in registry.left_out()] == [
        ("tiny", "left out by NETSEE_SAFE_MODE, which loads only what is built in")]
    assert "deep_dream" in hub.techniques() and registry.failures() == []
    with pytest.raises(BrokenTechnique, match="left out by NETSEE_SAFE_MODE"):
        hub.run("tiny")


@pytest.mark.parametrize(("environment", "runs"), [
    ({"NETSEE_SAFE_MODE": "0"}, True),
    ({"NETSEE_DENY": "tiny"}, False), ({"NETSEE_DENY": "techniques"}, False), ({"NETSEE_DENY": "other, t*"}, False),
    ({"NETSEE_DENY": "other"}, True), ({"NETSEE_ALLOW": "tiny"}, True), ({"NETSEE_ALLOW": "techniques"}, True),
    ({"NETSEE_ALLOW": "built-in"}, False), ({"NETSEE_ALLOW": "tiny", "NETSEE_DENY": "*"}, False), ({"NETSEE_ALLOW": " , "}, True),
])
def test_lists_let_in_and_keep_out_by_name_and_by_origin_before_any_code_is_run(stranger, environment, runs):
    assert stranger(**environment) is runs
    assert [record.name for record in registry.left_out()] == ([] if runs else ["tiny"])


def test_a_distribution_is_listed_by_its_name_with_dashes_or_underscores(source_tree, monkeypatch):
    source_tree()
    monkeypatch.setenv("NETSEE_DENY", "Netsee_Tiny")
    registry.refresh()
    assert [record.name for record in registry.left_out()] == ["tiny"]


def test_a_technique_that_calls_itself_by_a_name_that_is_denied_is_left_out(plugin_folder, monkeypatch):
    monkeypatch.setenv("NETSEE_DENY", "other")
    plugin_folder.add("tiny", RED.replace('family="See"', 'family="See", name="other"'))
    assert "other" not in hub.techniques() and [record.name for record in registry.left_out()] == ["other"]


def test_what_is_built_in_can_be_left_out_by_name(monkeypatch, plugin_folder):
    monkeypatch.setenv("NETSEE_ALLOW", "deep_dream")
    registry.refresh()
    assert list(hub.techniques()) == ["deep_dream"] and registry.failures() == []


def test_a_script_beside_a_technique_is_not_run_and_a_technique_that_asks_for_techniques_says_so(plugin_folder):
    plugin_folder.add("tiny", RED)
    plugin_folder.add("render", "import pathlib, hub\nfor done in hub.map('tiny', [], 'x'):\n    print(done)\n"
                                "pathlib.Path(__file__).with_suffix('.ran').touch()\n")
    plugin_folder.add("nosy", "import hub\nhub.run('tiny')\n" + RED)
    assert failure("render").error == registry.NO_TECHNIQUE and not (plugin_folder.path / "render.ran").exists()
    assert "while it is loaded" in failure("nosy").error and "__main__" in failure("nosy").error
    assert hub.run("tiny").image.size == (2, 2)


def test_techniques_are_read_once_by_threads_that_ask_together(plugin_folder):
    log = plugin_folder.path / "log"
    plugin_folder.add("tiny", f"import time\ntime.sleep(0.3)\nwith open({str(log)!r}, 'a') as log: log.write('read\\n')\n" + RED)
    with ThreadPoolExecutor(4) as pool:
        assert all("tiny" in names for names in pool.map(lambda _: hub.techniques(), range(4)))
    assert log.read_text() == "read\n"
