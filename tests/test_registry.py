"""Techniques are found in three places; what does not work becomes a record and hurts nobody."""

import logging
import subprocess
import sys
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
    "needs_a_library": ("import a_library_nobody_has", "a_library_nobody_has"),
    "does_not_parse": ("def run(:", "SyntaxError"),
    "raises": ("raise RuntimeError('first line\\nsecond line')", "RuntimeError: first line"),
    "exits": ("import sys; sys.exit(3)", "SystemExit"),
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


def test_an_entry_point_of_an_installed_package_is_a_technique(plugin_folder, monkeypatch):
    monkeypatch.syspath_prepend(plugin_folder.path)
    (plugin_folder.path / "_from_a_package.py").write_text(RED)
    entry = EntryPoint("from_a_package", "_from_a_package:run", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == registry.GROUP else [])
    registry.refresh()
    assert "_from_a_package" in hub.techniques()


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
    assert "taken by techniques/tiny.py" in failure("tiny").error


def test_a_file_cannot_replace_a_module_of_its_name(plugin_folder):
    plugin_folder.add("json", RED)
    registry.records()
    import json

    assert json.loads("1") == 1 and "json" in hub.techniques()


def test_a_folder_that_is_not_there_is_reported_by_its_last_name(monkeypatch, plugin_folder):
    monkeypatch.setenv(registry.FOLDERS, str(plugin_folder.path / "nowhere"))
    registry.refresh()
    assert failure("nowhere").error.endswith("does not exist: nowhere")


def test_names_with_an_underscore_are_left_alone(plugin_folder):
    plugin_folder.add("_shared", "raise RuntimeError")
    assert "_shared" not in {record.name for record in registry.records()}


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
    plugin_folder.add("stops", "raise KeyboardInterrupt")
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
