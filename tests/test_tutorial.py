"""The page for authors, followed to the letter: every block of code on it is run, in its order."""

import os
import re
import shlex
import subprocess
import sys
from types import SimpleNamespace

import pytest
from PIL import Image

import hub
from hub import registry, testing
from tests.pages import ROOT, blocks, grown, sections

PAGE = ROOT / "plugins" / "README.md"
SECTIONS = sections(PAGE)
GROWTH = ["Parameters", "Previews", "A second picture", "Curves and figures", "An objective of a network"]
IN_A_PROCESS = {"same_bytes_in_another_process", "reaches_for_no_network"}
"""Checks that start another process; the last step is held to them, too."""


@pytest.fixture
def home(tmp_path, monkeypatch, plugin_folder):
    """A home with a folder `my-techniques` in it, where the reader works; `app` is not started, but noted in `served`."""
    folder = tmp_path / "my-techniques"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(folder)
    return folder


def stage_of(step: int) -> str:
    """`fade.py` after so many steps of the page."""
    source = blocks(PAGE, "python")[0]
    for heading in GROWTH[:step]:
        for language, code in SECTIONS[heading]:
            source = grown(source, code) if language == "python" else source
    return source


def followed(shell: str, netsee, monkeypatch) -> list[str]:
    """Run the lines of a block: `export` here, `netsee` in this process; returns how the app was started, which is only noted."""
    served = []
    monkeypatch.setattr("hub.watch.watch", lambda words, host, port: served.append(shlex.join(words)) or 0)
    for line in shell.splitlines():
        first, *words = shlex.split(line)
        if first == "export":
            name, _, value = words[0].partition("=")
            monkeypatch.setenv(name, os.path.expanduser(value))
            registry.refresh()
        else:
            assert first == "netsee", f"nobody knows how to run {line!r}"
            code, out, error = netsee(*words)
            assert code == 0, f"{line}: {out}{error}"
    return served


def test_the_page_has_the_steps_that_are_followed_here_and_no_other_code():
    coded = [heading for heading, found in SECTIONS.items() if found]
    assert coded == ["Add a technique", *GROWTH, "A test", "Hand it on", "Where techniques are found", "The contract"]


def test_a_dozen_lines_are_a_command_a_check_and_a_tab(home, netsee, monkeypatch):
    (language, source), (_, shell) = SECTIONS["Add a technique"]
    assert language == "python" and len(source.splitlines()) <= 12
    (home / "fade.py").write_text(source)
    assert followed(shell, netsee, monkeypatch) == ["app"]
    assert (home / "faded.png").exists() and hub.find("fade").title == "Fade"


@pytest.mark.parametrize("step", range(1, len(GROWTH) + 1), ids=GROWTH)
def test_after_each_step_the_technique_keeps_the_contract(plugin_folder, home, netsee, monkeypatch, step):
    monkeypatch.setenv(registry.FOLDERS, str(home))
    (home / "fade.py").write_text(stage_of(step))
    registry.refresh()
    last = step == len(GROWTH)
    faults = [f"{check.name}: {said}" for check in testing.checks("fade", {"steps": 2})
              if (last or check.name not in IN_A_PROCESS) and (said := check.fault())]
    assert faults == []
    for language, shell in SECTIONS[GROWTH[step - 1]]:
        if language == "sh":
            followed(shell, netsee, monkeypatch)


def test_each_step_does_what_it_says(plugin_folder):
    picture = testing.small_picture()
    plugin_folder.add("fade", stage_of(2))
    assert len(list(hub.stream("fade", picture, steps=5))) == 6
    assert hub.run("fade", picture, towards="black", amount=1.0).image.getextrema() == ((0, 0),) * 3
    plugin_folder.add("fade", stage_of(3))
    dark = hub.run("fade", picture, mask=picture.point(lambda value: 0), amount=1.0).image
    assert dark.tobytes() == picture.tobytes(), "where the mask is dark, nothing fades"
    plugin_folder.add("fade", stage_of(4))
    result = hub.run("fade", picture, amount=1.0)
    (curve,) = result.curves.values()
    assert curve.y[-1] == result.metrics["saturation"] == 0 and curve.y == sorted(curve.y, reverse=True)
    plugin_folder.add("fade", stage_of(5))
    (curve,) = hub.run("fade", picture, steps=4).curves.values()
    assert curve.y[-1] > curve.y[0], "the network sees more of what it is asked for"


def test_the_test_on_the_page_passes(home, monkeypatch):
    (_, source), (_, shell) = SECTIONS["A test"]
    (home / "fade.py").write_text(stage_of(len(GROWTH)))
    (home / "tests").mkdir()
    (home / "tests" / "test_fade.py").write_text(source)
    environment = {**os.environ, "NETSEE_PLUGINS": str(home), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-P", "-m", *shlex.split(shell)]
    done = subprocess.run(words, cwd=home, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and re.search(r"17 passed", done.stdout), done.stdout


def test_the_snippets_of_the_reference_run():
    names: dict = {}
    for _, code in (section for section in SECTIONS["The contract"] if section[0] == "python"):
        exec(compile(code, PAGE.name, "exec"), names)
    assert all(isinstance(curve, hub.Curve) for curve in names["curves"].values())
    photo, params = Image.new("RGB", (300, 200)), SimpleNamespace(backbone="embedded", steps=10)
    assert 1 < names["cost"](photo, params) < names["cost"](photo.resize((600, 400)), params)


def test_the_page_says_plainly_that_a_technique_is_code_with_full_rights():
    text = PAGE.read_text()
    assert "**A technique is code.** It runs with all your rights" in text
    assert all(name in text for name in ("NETSEE_SAFE_MODE=1", "NETSEE_ALLOW", "NETSEE_DENY"))
