"""The command line, as a user meets it: what it prints where, what it writes, and its exit codes."""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from PIL import Image

import hub
from hub import cli, cli_runs
from hub.out import Meanwhile, Out
from hub.results import Result


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(path)
    return path


def given(monkeypatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


# ---------------------------------------------------------------- help

def test_help_names_every_command(netsee):
    code, out, _ = netsee("--help")
    assert code == 0
    for command in ("app", "check", "doctor", "info", "layers", "list", "new", "replay", "run", "sheet"):
        assert f"\n  {command} " in out


def test_help_needs_nothing_heavy():
    code = "import sys; from hub.cli import main; main(['--help']); print('loaded', *sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = said.splitlines()[-1].split()
    assert "click" in loaded and not {"torch", "gradio", "timm", "tqdm", "numpy"} & set(loaded)


def test_version_is_the_packages(netsee):
    assert netsee("--version") == (0, f"netsee {hub.__version__}\n", "")


def test_no_command_shows_the_help_and_is_an_error(netsee):
    code, out, _ = netsee()
    assert code == 2 and "Usage" in out


def test_help_of_a_technique_shows_its_summary_and_a_flag_for_each_parameter(netsee, toy):
    code, out, _ = netsee("run", toy, "--help")
    assert code == 0
    assert "Sprinkles dots on a picture" in out and "Made for tests" not in out
    for name in hub.find(toy).Params.model_fields:
        assert f"  --{name}" in out
    assert "How many dots. [1 to 500; default 4]" in out
    places = [out.index(said) for said in ("\nParameters:", "--size", "\nMore parameters:", "--pause", "\nOptions:", "--out")]
    assert places == sorted(places)


# ---------------------------------------------------------------- what there is

def test_list_shows_what_works_and_why_the_rest_does_not(netsee, toy, plugin_folder):
    plugin_folder.add("broken", "raise ImportError('no such thing')\nrun = None")
    code, out, error = netsee("list")
    assert code == 0 and error == ""
    assert "toy" in out and "broken" in out and "ImportError: no such thing" in out
    rows = {row["name"]: row for row in json.loads(netsee("list", "--json")[1])}
    assert rows["toy"]["picture"] == "welcome" and rows["broken"]["error"] == "ImportError: no such thing"


def test_list_shows_samples_and_backbones(netsee):
    assert "sample:clouds" in netsee("list", "--samples")[1]
    header, first, *_ = netsee("list", "--backbones")[1].splitlines()
    assert header.split() == ["name", "title", "MB", "input", "licence", "here", "about"] and first.startswith("embedded ")


def test_info_tells_all(netsee, toy):
    code, out, _ = netsee("info", toy)
    assert code == 0
    for said in ("Toy", "Nobody, never", "Made for tests", "--steps"):
        assert said in out


# ---------------------------------------------------------------- run

def test_run_gives_what_python_gives(netsee, toy, photo, tmp_path):
    out = tmp_path / "out.png"
    assert netsee("run", toy, photo, "-o", out, "--steps", 3, "--bright", "--seed", 5) == (0, "", "")
    assert Image.open(out).tobytes() == hub.run(toy, photo, steps=3, bright=True, seed=5).image.tobytes()


def test_a_picture_that_is_welcome_can_be_left_out(netsee, toy, tmp_path):
    assert netsee("run", toy, "-o", tmp_path / "out.png")[0] == 0
    assert Image.open(tmp_path / "out.png").size == (32, 32)


def test_a_dash_reads_standard_input_and_writes_standard_output_and_nothing_else(monkeypatch, toy, photo, capfdbinary):
    given(monkeypatch, photo.read_bytes())
    assert cli.main(["run", toy, "-", "-o", "-"]) == 0
    out, error = capfdbinary.readouterr()
    assert error == b""
    with Image.open(io.BytesIO(out)) as picture:
        assert picture.format == "PNG" and picture.tobytes() == hub.run(toy, photo).image.tobytes()


def test_a_second_picture_is_a_path(netsee, toy, photo, tmp_path):
    assert netsee("run", toy, "-o", tmp_path / "out.png", "--mask", photo)[0] == 0
    code, _, error = netsee("run", toy, "-o", tmp_path / "out.png", "--mask", "no.png")
    assert code == 2 and error.startswith("BadParams: mask: There is no file 'no.png'")


def test_a_file_is_a_path(netsee, toy, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"weights")
    assert netsee("run", toy, "-o", tmp_path / "out.png", "--model", tmp_path / "model.bin") == (0, "", "")
    assert (tmp_path / "out.note.txt").read_bytes() == b"weights"
    code, _, error = netsee("run", toy, "-o", tmp_path / "out.png", "--model", tmp_path)
    assert code == 2 and error.startswith("BadParams: model: ") and error.endswith("is a folder. Give one file\n")
    assert "--model PATH" in netsee("info", toy)[1]


def test_replay_takes_the_file_by_name_and_only_that_one(netsee, toy, tmp_path):
    model = tmp_path / "model.bin"
    model.write_bytes(b"weights")
    netsee("run", toy, "-o", tmp_path / "a.png", "--model", model)
    again = ("replay", tmp_path / "a.png", "-o", tmp_path / "b.png")
    code, _, error = netsee(*again)
    assert code == 2 and "Give the file that was used for model" in error
    assert netsee(*again, "--with", f"model={model}") == (0, "", "")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    model.write_bytes(b"other")
    code, _, error = netsee(*again, "--with", f"model={model}")
    assert code == 2 and error.startswith("BadRecipe: The file given for model is not the one that was used.")


def test_json_prints_the_figures(netsee, toy, tmp_path):
    code, out, _ = netsee("run", toy, "-o", tmp_path / "out.png", "--json", "--word", "hello")
    assert code == 0
    assert json.loads(out) == {"caption": "hello", "metrics": {"dots": 4.0}, "table": []}


def test_replay_takes_the_second_pictures_by_name(netsee, photo, tmp_path):
    second = tmp_path / "second.png"
    Image.new("RGB", (40, 30), (10, 200, 90)).save(second)
    steps = ("--steps=1", "--octaves=1")
    assert netsee("run", "deep_dream", photo, "-o", tmp_path / "a.png", "--layer=late", "--guide", second, *steps)[0] == 0
    code, _, said = netsee("replay", tmp_path / "a.png", photo, "-o", tmp_path / "b.png")
    assert code == 2 and "guide" in said
    assert netsee("replay", tmp_path / "a.png", photo, "-o", tmp_path / "b.png", "--with", "guide")[0] == 2
    assert netsee("replay", tmp_path / "a.png", photo, "-o", tmp_path / "b.png", "--with", f"guide={second}")[0] == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_replay_makes_the_same_file(netsee, toy, photo, tmp_path):
    netsee("run", toy, photo, "-o", tmp_path / "a.png", "--seed", 9)
    assert netsee("replay", tmp_path / "a.png", photo, "-o", tmp_path / "b.png")[0] == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


# ---------------------------------------------------------------- errors

@pytest.mark.parametrize(("words", "said"), [
    (["run", "toyy"], "UnknownTechnique: 'toyy' is not a technique. Did you mean 'toy'?"),
    (["run", "toy", "-o", "OUT/a.jpg"], "BadOutput: "),
    (["run", "toy", "-o", "OUT/missing/a.png"], "BadOutput: There is no folder"),
    (["run", "toy", "no.png", "-o", "OUT/a.png"], "BadPicture: There is no file 'no.png'"),
    (["run", "toy", "-o", "OUT/a.png", "--steps", "0"], "BadParams: steps: Input should be greater than or equal to 1"),
    (["run", "toy", "-o", "OUT/a.png", "--steps", "many"], "BadParams: steps: Input should be a valid integer (given: 'many')"),
    (["run", "toy", "-o", "OUT/a.png", "--step", "3"], "NoSuchOption: "),
    (["run", "toy"], "MissingParameter: "),
    (["run", "toy", "-o", "-", "--json"], "BadOutput: "),
    (["replay", "no.png", "-o", "OUT/a.png"], "BadRecipe: "),
    (["replay", "OUT/photo.png", "-o", "OUT/a.png"], "BadRecipe: "),
    (["layers", "no_such_network"], "UnknownBackbone: "),
    (["check", "no_such_technique"], "UnknownTechnique: "),
    (["nonsense"], ""),
])
def test_bad_input_is_one_line_and_exit_code_2(netsee, toy, photo, tmp_path, words, said):
    code, out, error = netsee(*(word.replace("OUT", str(tmp_path)) for word in words))
    assert (code, out) == (2, "")
    assert error.startswith(said) and error.count("\n") == 1 and "Traceback" not in error
    assert [file.name for file in tmp_path.glob("*.png")] == ["photo.png"]


def broken(plugin_folder, line: str) -> str:
    return plugin_folder.add("broken", f'''"""x"""
import hub
from collections.abc import Iterator
from hub import errors

@hub.technique(title="X", family="X")
def run(image: None, params: hub.Params) -> Iterator[hub.Result]:
    yield hub.Result(progress=0.5)
    {line}
''')


@pytest.mark.parametrize("line", ["raise RuntimeError('several\\nlines')", "raise errors.NotFinite('Numbers ran away.')"])
def test_our_fault_is_one_line_and_exit_code_1(netsee, plugin_folder, tmp_path, line):
    code, out, error = netsee("run", broken(plugin_folder, line), "-o", tmp_path / "a.png")
    assert (code, out, error.count("\n")) == (1, "", 1) and "Traceback" not in error
    assert not (tmp_path / "a.png").exists()


def test_debug_shows_where_it_came_from(netsee, plugin_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("NETSEE_DEBUG", "1")
    code, _, error = netsee("run", broken(plugin_folder, "raise RuntimeError('why')"), "-o", tmp_path / "a.png")
    assert code == 1 and "Traceback" in error and "RuntimeError: why" in error


def test_a_technique_that_failed_to_load_says_why(netsee, plugin_folder):
    plugin_folder.add("broken", "raise ImportError('no such thing')\nrun = None")
    assert netsee("run", "broken") == (1, "", "BrokenTechnique: broken could not be loaded: ImportError: no such thing\n")


# ---------------------------------------------------------------- a process of its own

def process(*words: str, **options) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "hub", *map(str, words)], **options)


def test_ctrl_c_ends_in_one_line_with_nothing_half_written(toy, tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    words = ["run", toy, "-o", folder / "a.png", "--steps", 500, "--pause", 0.2, "--json"]
    running = process(*words, stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    shown = b""
    while b"%" not in shown:  # the bar: the run is under way
        shown += os.read(screen, 1000)
    running.send_signal(signal.SIGINT)
    try:
        while more := os.read(screen, 1000):
            shown += more
    except OSError:  # how Linux says that nobody writes to this terminal any more
        pass
    os.close(screen)
    out, _ = running.communicate(timeout=300)
    assert (running.returncode, out) == (130, b"")
    assert shown.rstrip().endswith(b"Stopped.") and b"Traceback" not in shown
    assert list(folder.iterdir()) == []


def test_a_run_that_is_killed_leaves_the_files_so_far(toy, tmp_path):
    note = tmp_path / "train.note.txt"
    running = process("run", toy, "-o", tmp_path / "train.png", "--steps", 500, "--pause", 0.05)
    try:
        end = time.monotonic() + 120
        while not note.exists():
            assert running.poll() is None and time.monotonic() < end
            time.sleep(0.1)
    finally:
        running.kill()
        running.wait()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["train.note.txt"]
    assert re.fullmatch(rb"\d+ dots", note.read_bytes()) and note.read_bytes() != b"0 dots"


def test_a_preview_that_cannot_be_written_is_said_and_the_run_goes_on(netsee, toy, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli_runs, "Meanwhile", lambda out: Meanwhile(out, every=0))
    monkeypatch.setattr("hub.out.write_safely", full)
    monkeypatch.setattr(Out, "write", lambda *_: [])
    code, _, error = netsee("run", toy, "-o", tmp_path / "out.png", "--steps", 1)
    assert (code, error) == (0, "What there is so far cannot be written: No space left on device. The run goes on.\n")


def test_a_run_that_ends_leaves_only_its_final_files(netsee, toy, tmp_path, monkeypatch):
    monkeypatch.setattr(cli_runs, "Meanwhile", lambda out: Meanwhile(out, every=0))
    (tmp_path / "out.note.txt").write_bytes(b"mine")
    assert netsee("run", toy, "-o", tmp_path / "out.png", "--steps", 0)[0] == 2
    assert (tmp_path / "out.note.txt").read_bytes() == b"mine"
    assert netsee("run", toy, "-o", tmp_path / "out.png", "--steps", 2) == (0, "", "")
    found = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert found == ["out.note.txt", "out.png"] and (tmp_path / "out.note.txt").read_bytes() == b"dots"


def test_a_reader_that_leaves_early_is_no_error_of_ours(toy):
    reader, writer = os.pipe()
    os.close(reader)
    done = process("list", stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    _, error = done.communicate(timeout=300)
    assert error == b""


# ---------------------------------------------------------------- the rest, each by what it hands on

def test_layers_and_units_of_a_network(netsee, monkeypatch):
    from hub import backbones
    from hub.backbones import Layer

    found = [Layer("features.0", "Conv2d", 8, 1, (64, 64), 0.25, 3), Layer("classes", "Classifier", 2, 4, (1, 1), 1.0)]
    monkeypatch.setattr(backbones, "layers", {"small": found}.__getitem__)
    monkeypatch.setattr(backbones, "units", lambda *asked: {("small", "classes"): ["eye", "cat"]}[asked])
    header, *rows = [line.split() for line in netsee("layers", "small")[1].splitlines()]
    assert header == ["name", "kind", "channels", "stride", "receptive", "field", "depth"]
    assert rows == [["features.0", "Conv2d", "8", "1", "3", "0.25"], ["classes", "Classifier", "2", "4", "all", "1.0"]]
    assert netsee("layers", "small", "--units", "classes")[1] == "eye\ncat\n"


def test_fetch_brings_networks_and_records_what_came(netsee, monkeypatch):
    from hub import backbones
    from hub.errors import NotOffline
    from hub.fetching.lifeline import Progress

    def fetched(name):
        if name == "timm/far":
            raise NotOffline("timm/far must be downloaded once, and that failed.")
        yield Progress(1, 2)

    asked = []
    monkeypatch.setattr(backbones, "fetched", fetched)
    monkeypatch.setattr(backbones, "pinned", lambda name: asked.append(name) or "c0ffee")
    assert netsee("fetch", "timm/near", "timm/next")[1] == "timm/near: here\ntimm/next: here\n" and asked == []
    assert netsee("fetch", "timm/near", "--pin")[1] == "timm/near: here, pinned at c0ffee\n" and asked == ["timm/near"]
    code, out, error = netsee("fetch", "timm/far", "timm/near")
    assert code == 2 and out == "timm/near: here\n" and error.startswith("NotOffline: timm/far") and error.count("\n") == 1


def test_fetch_brings_and_pins_the_rest_where_one_cannot_be(netsee, monkeypatch):
    from hub import backbones
    from hub.errors import UnsupportedBackbone

    def pinned(name):
        if name == "embedded":
            raise UnsupportedBackbone("embedded has no file that was downloaded.")
        return "c0ffee"

    monkeypatch.setattr(backbones, "fetched", lambda name: (part for part in ()))
    monkeypatch.setattr(backbones, "pinned", pinned)
    code, out, error = netsee("fetch", "--pin", "embedded", "timm/near")
    assert code == 2 and out == "timm/near: here, pinned at c0ffee\n" and error.startswith("UnsupportedBackbone: embedded has")


def test_app_serves_on_this_machine_unless_told_otherwise(netsee, monkeypatch):
    calls = []
    monkeypatch.setitem(sys.modules, "hub.app", type("app", (), {"serve": staticmethod(lambda *a, **k: calls.append((a, k)))}))
    netsee("app")
    netsee("app", "--host", "0.0.0.0", "--port", 80, "--public")
    plain = {"only": None, "auth": None, "share": False, "mcp": False, "proxies": ()}
    assert calls == [(("127.0.0.1", 7860), {"public": False, **plain}), (("0.0.0.0", 80), {"public": True, **plain})]


def test_a_page_that_is_watched_is_not_shared(netsee):
    code, _, error = netsee("app", "--watch", "--share")
    assert code == 2 and "Leave out --share or --watch" in error


def test_sheets_are_asked_for_with_a_place_that_can_be_written_to(netsee, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setitem(sys.modules, "hub.sheets", type("sheets", (), {
        "class_sheets": staticmethod(lambda *a: calls.append(a)), "world_sheet": staticmethod(lambda *a: calls.append(a))}))
    assert netsee("sheet", "classes", "-o", tmp_path / "new", "--seed", 3)[0] == 0
    assert netsee("sheet", "world", "-o", tmp_path / "world.png")[0] == 0
    assert calls == [(tmp_path / "new", "embedded", 3), (tmp_path / "world.png",)]
    assert netsee("sheet", "world", "-o", tmp_path)[0] == 2


class Stub:
    """A check that says what it is told to."""

    def __init__(self, name: str, said: str) -> None:
        self.name, self.fault, self.mend = name, lambda: said, "Do better."


def test_check_prints_one_line_a_check_and_how_to_mend_what_fails(netsee, toy, monkeypatch):
    from hub import testing

    found = [Stub("is_good", "")]
    monkeypatch.setattr(testing, "checks", lambda name: found)
    assert netsee("check", toy) == (0, "toy (techniques/toy.py)\nok     is good\n1 of 1 checks passed.\n", "")
    found.append(Stub("is_bad", "It is\nbroken."))
    assert netsee("check", toy) == (1, (
        "toy (techniques/toy.py)\nok     is good\nFAILED is bad\n       It is broken.\n       To mend it: Do better.\n"
        "1 of 2 checks passed.\n"), "")


def test_check_as_json_is_for_programs(netsee, toy, monkeypatch):
    from hub import testing

    monkeypatch.setattr(testing, "checks", lambda name: [Stub("is_bad", "It is broken.")])
    code, out, _ = netsee("check", toy, "--json")
    assert (code, json.loads(out)) == (1, [
        {"technique": "toy", "check": "is_bad", "passed": False, "said": "It is broken.", "mend": "Do better."}])


@pytest.mark.parametrize(("good", "essential", "code"), [(True, True, 0), (False, False, 0), (False, True, 1)])
def test_doctor_fails_only_for_what_is_essential(netsee, monkeypatch, good, essential, code):
    from hub import doctor

    monkeypatch.setattr(doctor, "facts", lambda: [doctor.Fact("python", "3.12", good, essential)])
    found, out, _ = netsee("doctor")
    assert found == code and "python: 3.12" in out


def test_progress_is_silent_in_a_pipe(toy, capfd):
    last = cli_runs._last(iter([Result(progress=0.0), Result(progress=1.0)]), hub.find(toy), Meanwhile(Out(None)))
    assert last.progress == 1.0 and capfd.readouterr() == ("", "")
