"""A technique in a distribution of its own, installed beside Netsee into an environment that is otherwise clean.

Nothing is downloaded: what both need is lent from the environment of these tests.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv

import pytest

from tests.pages import ROOT, sections

EVERYWHERE = """
import json, hub
from hub import registry
from hub.app import application
from fastapi.testclient import TestClient
page = TestClient(application(), base_url="http://127.0.0.1")
record = next(record for record in registry.records() if record.name == "aurora")
result = hub.run("aurora", "sample:clouds", steps=2)
names = [each.get("api_name") for each in page.get("/config").json()["dependencies"]]
print(json.dumps({"source": record.source, "file": record.file, "hub": hub.__file__, "recipe": result.recipe.technique,
                  "tab": '"Aurora"' in page.get("/config").text, "endpoint": "aurora" in names,
                  "shown": page.get("/healthz").json()["techniques"]}))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """(folder, variables) of a new environment with Netsee installed in it from a copy of this source."""
    folder = tmp_path_factory.mktemp("clean")
    venv.EnvBuilder(with_pip=False).create(folder / "env")
    (lent,) = (folder / "env").glob("lib/*/site-packages")
    (lent / "lent.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    pip = folder / "env" / "bin" / "pip"
    pip.write_text(f'#!/bin/sh\nexec "{folder}/env/bin/python" -m pip "$@"\n')
    pip.chmod(0o755)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("NETSEE_", "PYTHON"))}
    variables |= {"PATH": f"{folder}/env/bin:{os.environ['PATH']}", "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_QUIET": "1",
                  "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # 0: pip takes it for "no isolation"
    for part in ("hub", "plugins"):
        shutil.copytree(ROOT / part, folder / "source" / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / part, folder / "source")
    did(["pip", "install", "--no-compile", "./source"], folder, variables)
    shutil.rmtree(folder / "source")
    return folder, variables


def did(words: list[str], folder, variables) -> str:
    done = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def handed_on(environment):
    """What the lines of the page under "Hand it on" print there, run by a shell as they stand."""
    folder, variables = environment
    ((_, shell),) = sections(ROOT / "plugins" / "README.md")["Hand it on"]
    return did(["bash", "-ec", shell], folder, variables)


def test_the_page_for_authors_leads_to_a_distribution_that_passes_the_suite_and_runs(environment, handed_on):
    assert "16 of 16 checks passed." in handed_on
    assert (environment[0] / "aurora.png").stat().st_size > 10_000


def test_it_appears_everywhere(environment, handed_on):
    folder, variables = environment
    names = {row["name"]: row["source"] for row in json.loads(did(["netsee", "list", "--json"], folder, variables))}
    assert names["aurora"] == "package netsee-aurora" and names["deep_dream"] == "built in"
    assert "--reach" in did(["netsee", "info", "aurora"], folder, variables)
    found = json.loads(did(["python", "-P", "-c", EVERYWHERE], folder, variables).splitlines()[-1])
    assert found["tab"] and found["endpoint"] and found["recipe"] == "aurora" and found["shown"] == len(names)
    for file in (found["file"], found["hub"]):
        assert file.startswith(str(folder / "env")), "both are installed there, and nothing of this checkout is used"


def test_its_own_tests_pass(environment, handed_on):
    folder, variables = environment
    said = did(["python", "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "netsee-aurora/tests"], folder, variables)
    assert "18 passed" in said


def test_what_an_author_adds_to_it_is_installed_too(environment):
    folder, variables = environment
    did(["netsee", "new", "borealis", "--package"], folder, variables)
    package = folder / "netsee-borealis" / "netsee_borealis"
    added = {"shapes.json", "ice/__init__.py", "ice/grain.txt"}
    for name in added:
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text("")
    did(["pip", "install", "--no-compile", "--target", "there", "./netsee-borealis"], folder, variables)
    installed = {path.relative_to(folder / "there" / "netsee_borealis").as_posix()
                 for path in (folder / "there" / "netsee_borealis").rglob("*") if path.is_file()}
    assert installed == added | {"__init__.py", "borealis.py"}


def test_safe_mode_leaves_it_out(environment, handed_on):
    folder, variables = environment
    rows = json.loads(did(["netsee", "list", "--json"], folder, {**variables, "NETSEE_SAFE_MODE": "1"}))
    (aurora,) = (row for row in rows if row["name"] == "aurora")
    assert aurora["family"] == "left out" and "NETSEE_SAFE_MODE" in aurora["error"]


def test_an_interpreter_of_the_environment_is_not_that_of_the_tests(environment):
    folder, variables = environment
    assert did(["python", "-c", "import sys; print(sys.prefix)"], folder, variables).strip() == str(folder / "env") != sys.prefix
