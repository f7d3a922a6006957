"""`netsee new` and `netsee check`: what is written keeps the contract at once, and whoever breaks it hears how to mend it."""

import ast
import json
import re
import sys

import pytest

from hub import cli_authors, registry


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An empty folder to work in, with no technique of a test named in NETSEE_PLUGINS; what is shown there is forgotten later."""
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv(registry.FOLDERS, "")
    monkeypatch.setattr(sys, "path", list(sys.path))
    registry.refresh()
    yield folder
    for name in [name for name in sys.modules if name.startswith("netsee_frosted")]:
        del sys.modules[name]
    monkeypatch.undo()
    registry.refresh()


@pytest.mark.parametrize(("words", "made"), [(["frosted"], "frosted.py"), (["frosted", "--package"], "netsee-frosted")])
def test_what_new_writes_passes_check_at_once(netsee, desk, words, made):
    code, out, _ = netsee("new", *words)
    assert code == 0 and (desk / made).exists() and f"netsee check {made}" in out
    code, out, error = netsee("check", made)
    assert (code, error) == (0, "") and "FAILED" not in out and "16 of 16 checks passed." in out


def test_a_new_file_names_its_title_and_the_version_of_the_contract(netsee, desk):
    netsee("new", "frosted_glass")
    source = (desk / "frosted_glass.py").read_text()
    assert 'title="Frosted glass"' in source and 'api="1.0"' in source and "$" not in source
    ast.parse(source)


def test_a_new_distribution_has_an_entry_point_a_test_and_a_readme(netsee, desk):
    netsee("new", "frosted_glass", "--package")
    made = desk / "netsee-frosted-glass"
    files = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    assert files == {"pyproject.toml", "README.md", "netsee_frosted_glass/__init__.py", "netsee_frosted_glass/frosted_glass.py",
                     "tests/test_frosted_glass.py"}
    assert 'frosted_glass = "netsee_frosted_glass.frosted_glass"' in (made / "pyproject.toml").read_text()
    assert [path.name for path in desk.iterdir()] == [made.name], "nothing half-made is left"


@pytest.mark.parametrize(("name", "said"), [
    ("My Technique", "Try 'my_technique'."), ("frosted-glass", "Try 'frosted_glass'."), ("../frosted", "Try 'frosted'."),
    ("torch", "module 'torch' that is installed"), ("json", "module 'json'"), ("hub", "module 'hub'"),
    ("class", "small letters"), ("_hidden", "Try 'hidden'."), ("", "small letters"), ("deep_dream", "already (built in)"),
])
def test_a_name_that_cannot_be_is_refused_with_one_that_can(netsee, desk, name, said):
    code, out, error = netsee("new", name)
    assert (code, out, error.count("\n")) == (2, "", 1) and error.startswith("BadParams: ") and said in error
    assert list(desk.iterdir()) == []


def test_new_writes_over_nothing(netsee, desk):
    (desk / "frosted.py").write_text("precious")
    code, _, error = netsee("new", "frosted")
    assert code == 2 and error == "BadOutput: There is a frosted.py already. Choose another name, or another folder.\n"
    assert (desk / "frosted.py").read_text() == "precious"


# ---------------------------------------------------------------- check

def test_check_says_what_is_broken_and_how_to_mend_it(netsee, desk):
    netsee("new", "frosted")
    file = desk / "frosted.py"
    file.write_text(file.read_text().replace("torch.Generator().manual_seed(params.seed)", "torch.default_generator"))
    code, out, _ = netsee("check", "frosted.py")
    lines = out.splitlines()
    at = lines.index("FAILED same seed same bytes")
    assert code == 1 and lines[at + 2].startswith("       To mend it: Give Params a `seed: hub.Seed`")
    assert "FAILED leaves global state alone" in lines and "ok     takes odd pictures" in lines


def test_a_file_that_does_not_load_is_told_with_its_line(netsee, desk):
    (desk / "frosted.py").write_text("import hub\n\nrun = hub.no_such_thing\n")
    code, out, _ = netsee("check", "./frosted.py")
    assert code == 1
    assert out.splitlines()[1:4] == [
        "FAILED loads",
        "       AttributeError: module 'hub' has no attribute 'no_such_thing' (frosted.py, line 3)",
        "       To mend it: Correct that line and check again; NETSEE_DEBUG=1 shows all of the way there."]


def test_a_module_that_is_no_technique_is_told_where_to_look_for_one(netsee, desk):
    (desk / "helper.py").write_text("COLOUR = 'blue'\n")
    code, out, _ = netsee("check", "helper.py")
    assert code == 1 and "To mend it: Check the file or the folder that has `run`" in out


def test_a_fault_of_every_run_is_explained_once(netsee, desk):
    netsee("new", "frosted")
    file = desk / "frosted.py"
    file.write_text(file.read_text().replace("    chance =", "    raise SystemExit('enough')\n    chance ="))
    code, out, _ = netsee("check", "frosted.py")
    mends = [line.partition("To mend it: ")[2] for line in out.splitlines() if "To mend it: " in line]
    assert code == 1 and out.endswith("5 of 16 checks passed.\n") and len(mends) == 11
    assert mends[0].startswith("Yield previews") and set(mends[1:]) == {cli_authors.AGAIN}


def test_a_technique_for_another_version_is_told_how_to_be_ported(netsee, desk):
    (desk / "frosted.py").write_text('import hub\n@hub.technique(title="", family="", api="2.0")\ndef run(image, params): ...\n')
    code, out, _ = netsee("check", "frosted.py", "--json")
    (row,) = json.loads(out)
    assert code == 1 and row["said"].startswith("incompatible: ") and row["mend"].startswith("Port it")


def test_a_folder_is_checked_with_all_that_is_in_it_and_nothing_beside(netsee, desk, monkeypatch):
    (desk / "mine").mkdir()
    for name in ("one", "two"):
        (desk / "mine" / f"{name}.py").write_text("")
    monkeypatch.setenv(registry.FOLDERS, "elsewhere")
    code, out, _ = netsee("check", "mine")
    assert code == 1 and [line for line in out.splitlines() if "(" in line] == ["one (mine/one.py)", "two (mine/two.py)"]


@pytest.mark.parametrize(("target", "said"), [
    ("nothing.py", "BadFile: There is no file 'nothing.py'"), ("deep_drem", "UnknownTechnique: "),
    (".", "BadFile: . holds no technique"), ("", "BadFile: There is no file ''"),
    ("rocket.jpg", "BadFile: 'rocket.jpg' is neither a Python file nor a folder of them."),
])
def test_what_is_not_there_is_one_line(netsee, desk, target, said):
    (desk / "rocket.jpg").write_bytes(b"")
    code, out, error = netsee("check", target)
    assert (code, out, error.count("\n")) == (2, "", 1) and error.startswith(said)


def test_a_file_with_the_name_of_what_is_built_in_is_told_so(netsee, desk):
    netsee("new", "frosted")
    (desk / "frosted.py").rename(desk / "deep_dream.py")
    code, out, _ = netsee("check", "deep_dream.py")
    assert code == 1 and "is taken by built in" in out and "To mend it: Give the file another name" in out


def test_what_was_written_runs_like_any_other(netsee, desk, monkeypatch):
    netsee("new", "frosted")
    monkeypatch.setenv(registry.FOLDERS, str(desk))
    registry.refresh()
    assert netsee("run", "frosted", "sample:clouds", "-o", "out.png", "--steps", "1")[0] == 0
    assert netsee("replay", "out.png", "-o", "again.png")[0] == 0
    assert (desk / "again.png").read_bytes() == (desk / "out.png").read_bytes()


def test_the_answer_stands_alone_and_a_terminal_shows_what_runs_and_what_is_printed_meanwhile(netsee, desk, monkeypatch):
    netsee("new", "frosted")
    file = desk / "frosted.py"
    file.write_text(file.read_text().replace("    chance =", "    print('here')\n    chance =") + "print('loaded')\n")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, out, error = netsee("check", "frosted.py", "--json")
    assert code == 0 and len(json.loads(out)) == 16
    assert error.startswith("…      loadsloaded\n\r") and "\r…      says what it is\r" in error
    assert "\r…      progress never falls and ends at onehere\n" in error


def test_a_file_whose_import_does_not_end_is_told_with_its_line(netsee, desk, monkeypatch):
    from hub.trial import Trial

    registry.records()  # what is built in has been imported
    (desk / "frosted.py").write_text("run = 0\nwhile True:\n    pass\n")
    monkeypatch.setattr(Trial, "seconds", 1)
    code, out, error = netsee("check", "frosted.py")
    assert (code, out) == (1, "")
    assert re.fullmatch(r"BrokenTechnique: frosted\.py is not loaded after 1 seconds at frosted\.py, line [23]\. .*\n", error)
