"""Many pictures: each as by itself, none lost, none made twice."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

import hub
from hub import batch, cli
from hub.errors import BadOutput, BadParams, UnknownTechnique
from hub.folders import named
from hub.recipe import png_bytes, read_recipe
from hub.runners.processes import Died, spread

DEADLY = '''"""Ends its process where the picture begins with red."""
import os, signal
from collections.abc import Iterator
import hub
from hub import Image

@hub.technique(title="Deadly", family="Zoo", version="VERSION")
def run(image: Image, params: hub.Params) -> Iterator[hub.Result]:
    if image.getpixel((0, 0)) == (255, 0, 0):
        os.kill(os.getpid(), signal.SIGKILL)
    print("something")
    yield hub.Result(image=image, progress=1.0)
'''
COLOURS = ("white", "navy", "teal", "gold")


@pytest.fixture
def photos(tmp_path) -> Path:
    """A folder of four pictures."""
    (tmp_path / "photos").mkdir()
    for number, colour in enumerate(COLOURS):
        Image.new("RGB", (40, 30), colour).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path / "photos"


@pytest.fixture
def netsee(capfdbinary):
    def run(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        out, error = capfdbinary.readouterr()
        return code, out.decode(), error.decode()
    return run


def colours(*names: str) -> list[Image.Image]:
    return [Image.new("RGB", (40, 30), name) for name in names]


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------- in Python

def test_each_picture_gives_what_it_gives_by_itself(toy, photos, tmp_path):
    paths = sorted(photos.iterdir())
    for path, done in zip(paths, hub.map(toy, paths, tmp_path / "out", steps=2), strict=True):
        assert done.path.read_bytes() == png_bytes(hub.run(toy, path, steps=2))
        assert done.name == f"{path.stem}-{done.key[:8]}" and done.error == "" and not done.resumed
        assert done.metrics == {"dots": 2.0} and done.caption == "dot" and done.image.size == (40, 30)
        assert [file.name for file in done.files[1:]] == ["01.png", "note.txt"]


def test_what_is_there_is_not_made_again(toy, tmp_path):
    first = list(hub.map(toy, colours(*COLOURS[:2]), tmp_path / "out"))
    before = content(tmp_path / "out")
    again = list(hub.map(toy, colours(*COLOURS[:3]), tmp_path / "out"))
    assert [done.resumed for done in again] == [True, True, False]
    assert [(done.key, done.files, done.metrics) for done in first] == [(d.key, d.files, d.metrics) for d in again[:2]]
    assert {name: data for name, data in content(tmp_path / "out").items() if name in before} == before


def test_the_key_is_that_of_the_pixels_and_not_of_the_file(toy, tmp_path):
    picture = colours("teal")[0]
    picture.save(held := io.BytesIO(), "BMP")
    assert len({done.key for done in hub.map(toy, [picture, held.getvalue(), picture.copy()], tmp_path / "out")}) == 1


@pytest.mark.parametrize("other", [{"steps": 3}, {"mask": "sample:cat"}, {"model": b"weights"}, {"word": None}])
def test_another_parameter_is_another_result(toy, tmp_path, other):
    one, two = (next(hub.map(toy, colours("teal"), tmp_path / "out", **params)) for params in ({}, other))
    assert one.key != two.key and not two.resumed and one.path.exists() and two.path.exists()


def test_another_version_or_other_weights_are_another_result(plugin_folder, tmp_path):
    def done(version: str, weights: str):
        source = DEADLY.replace('version="VERSION"', f'version="{version}", weights=lambda: {{"own": "{weights}" * 64}}')
        return next(hub.map(plugin_folder.add("deadly", source), colours("teal"), tmp_path / "out"))

    assert [done("1", "a").resumed, done("2", "a").resumed, done("2", "b").resumed, done("1", "a").resumed] == [
        False, False, False, True]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:3])])
def test_a_result_that_was_lost_or_cut_short_is_made_again(toy, tmp_path, damage):
    done = next(hub.map(toy, colours("teal"), tmp_path / "out"))
    before = content(tmp_path / "out")
    for file in done.files:
        damage(file)
        assert not next(hub.map(toy, colours("teal"), tmp_path / "out")).resumed
        assert content(tmp_path / "out") == before


def test_a_note_that_was_altered_counts_for_nothing(toy, tmp_path):
    done = next(hub.map(toy, colours("teal"), tmp_path / "out"))
    for text in ("", "[]", "{}", '{"name": 3, "files": {"a": 1}}', json.dumps({"name": "../../x", "files": {".png": "0"}})):
        (tmp_path / "out" / batch.NOTES / f"{done.key}.json").write_text(text)
        assert not next(hub.map(toy, colours("teal"), tmp_path / "out")).resumed


def test_a_bad_picture_is_one_line_and_the_rest_goes_on(toy, tmp_path):
    white, bad, teal = hub.map(toy, [colours("white")[0], b"no picture", colours("teal")[0]], tmp_path / "out")
    assert bad.error.startswith("BadPicture: ") and "\n" not in bad.error and bad.path is None
    assert white.path.exists() and teal.path.exists()


def test_a_technique_that_fails_on_one_picture_is_one_line_too(plugin_folder, tmp_path):
    name = plugin_folder.add("deadly", DEADLY.replace("os.kill(os.getpid(), signal.SIGKILL)", "raise ValueError('no\\nred')"))
    red, teal = hub.map(name, colours("red", "teal"), tmp_path / "out")
    assert red.error == "ValueError: no red" and teal.error == ""


def test_a_technique_that_exits_on_one_picture_is_one_line_too(plugin_folder, tmp_path):
    name = plugin_folder.add("deadly", DEADLY.replace("os.kill(os.getpid(), signal.SIGKILL)", "raise SystemExit('no red')"))
    red, teal = hub.map(name, colours("red", "teal"), tmp_path / "out")
    assert red.error == "SystemExit: no red" and teal.error == ""


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_no_picture_is_one_line_whatever_it_is(toy, tmp_path, jobs):
    colours("navy")[0].save(held := io.BytesIO(), "PNG")
    (tmp_path / "cut.png").write_bytes(held.getvalue()[:60])
    closed = (tmp_path / "cut.png").open("rb")
    closed.close()
    with Image.open(tmp_path / "cut.png") as cut, (tmp_path / "cut.png").open(encoding="latin-1") as text:
        given = [cut, text, closed, 7, lambda: 0, memoryview(held.getvalue()), io.BytesIO(held.getvalue()), colours("teal")[0]]
        done = list(hub.map(toy, given, tmp_path / "out", jobs=jobs))
    assert [bool(each.error) for each in done] == [True] * 5 + [False] * 3
    assert all("\n" not in each.error for each in done) and done[5].key == done[6].key


def test_pictures_are_not_taken_from_where_results_go(toy, photos):
    first = list(hub.map(toy, sorted(photos.glob("*.png")), photos))
    assert [each.error.partition(". ")[0] for each in first] == ["BadPicture: It lies in the folder that results go to"] * 4
    assert len(list(photos.glob("*.png"))) == len(COLOURS)


def test_two_files_of_one_name_are_refused_and_nothing_is_written(plugin_folder, tmp_path):
    source = DEADLY.replace("hub.Result(image=image,", "hub.Result(image=image, images=[(image, '')], files={'01.png': b''},")
    done = next(hub.map(plugin_folder.add("deadly", source), colours("teal"), tmp_path / "out"))
    assert done.error.startswith("BrokenTechnique: Two of its files would be called 01.png")
    assert content(tmp_path / "out") == {}


def test_figures_that_cannot_be_noted_leave_nothing_behind(plugin_folder, tmp_path):
    source = DEADLY.replace("hub.Result(image=image,", "hub.Result(image=image, metrics={'a': object()},")
    done = next(hub.map(plugin_folder.add("deadly", source), colours("teal"), tmp_path / "out"))
    assert "not JSON serializable" in done.error and content(tmp_path / "out") == {}


def test_names_are_those_of_files_whatever_is_in_them_and_not_too_long(toy, photos, tmp_path):
    names = ["at 12:30.png", "long" * 60 + ".png", "ß" * 100 + ".png"]
    for name in names:
        (photos / name).write_bytes((photos / "0.png").read_bytes())
    done = list(hub.map(toy, [str(photos / name) for name in names], tmp_path / "out"))
    assert [each.error for each in done] == [""] * 3
    assert [each.name[:6] for each in done] == ["at 12:", "longlo", "ßßßßßß"] and done[0].name.startswith("at 12:30-")


def test_pictures_are_taken_as_they_are_needed(toy, tmp_path):
    endless = (Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in itertools.count())
    assert len(list(itertools.islice(hub.map(toy, endless, tmp_path / "out"), 3))) == 3


def test_what_is_wrong_with_the_call_is_said_at_once(toy, tmp_path):
    with pytest.raises(BadParams, match="Did you mean 'steps'"):
        hub.map(toy, [], tmp_path / "out", step=3)
    with pytest.raises(UnknownTechnique):
        hub.map("toyy", [], tmp_path / "out")
    with pytest.raises(BadOutput):
        hub.map(toy, [], tmp_path / "no" / "out")
    with pytest.raises(BadParams, match="jobs"):
        hub.map(toy, [], tmp_path / "out", jobs=0)
    with pytest.raises(BadParams, match="several are wanted"):
        hub.map(toy, "photo.jpg", tmp_path / "out")


# ---------------------------------------------------------------- in processes of their own

def test_processes_give_the_same_files_in_the_same_order(toy, photos, tmp_path):
    paths = sorted(photos.iterdir())
    alone = list(hub.map(toy, paths, tmp_path / "a", mask="sample:cat"))
    spread_out = list(hub.map(toy, paths, tmp_path / "b", jobs=2, mask="sample:cat"))
    assert [done.name for done in alone] == [done.name for done in spread_out]
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_a_process_that_dies_takes_only_its_own_picture_with_it(plugin_folder, tmp_path):
    name = plugin_folder.add("deadly", DEADLY)
    results = list(hub.map(name, colours("white", "red", "teal", "gold"), tmp_path / "out", jobs=2))
    assert [bool(done.error) for done in results] == [False, True, False, False]
    assert "ended by signal 9; was there memory enough?" in results[1].error


def test_a_process_that_ends_itself_says_by_which_code(plugin_folder, tmp_path):
    name = plugin_folder.add("deadly", DEADLY.replace("os.kill(os.getpid(), signal.SIGKILL)", "os._exit(3)"))
    red, teal = hub.map(name, colours("red", "teal"), tmp_path / "out", jobs=2)
    assert red.error == "The process that worked on it ended with code 3." and teal.error == ""


LISTED = """class Deed(enum.Enum):
    KEEP = "keep"

class Params(hub.Params):
    deed: Deed = hub.Field(Deed.KEEP, description="What to do.")

@hub.technique"""


def test_a_parameter_of_an_authors_class_goes_to_another_process(plugin_folder, tmp_path):
    source = DEADLY.replace("import os,", "import enum, os,").replace("@hub.technique", LISTED)
    plugin_folder.add("deadly", source.replace("params: hub.Params", "params: Params"))
    white, red = hub.map("deadly", colours("white", "red"), tmp_path / "out", jobs=2)
    assert white.error == "" and "ended by signal 9" in red.error  # which this process was not


def test_closing_ends_the_processes_at_once(tmp_path):
    results = spread(time.sleep, [0, 60, 60, 60], 2)
    assert next(results) is None
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 10


def test_a_worker_without_its_master_is_no_more():
    assert list(spread(os._exit, [7], 1)) == [Died(7)]
    worker = subprocess.Popen([sys.executable, "-m", "hub.runners.worker"], stdin=subprocess.PIPE)
    worker.stdin.close()
    assert worker.wait(30) == 0


# ---------------------------------------------------------------- over a folder

def test_a_folder_goes_into_a_folder_and_failures_are_reported(netsee, toy, photos, tmp_path):
    (photos / "bad.jpg").write_text("no picture")
    (photos / "notes.txt").write_text("not meant")
    out = tmp_path / "out"
    code, said, error = netsee("run", toy, photos, "-o", out, "--jobs", 2, "--steps", 2)
    assert (code, said) == (1, "") and "Traceback" not in error
    assert error.splitlines()[0].startswith("bad: BadPicture: ")
    assert error.splitlines()[1] == f"4 made, 0 there already, 1 failed; see {out / 'failures.txt'}."
    assert (out / "failures.txt").read_text().startswith("bad.jpg: BadPicture: ")
    assert sorted(path.name for path in out.glob("*.png")) == ["0.png", "1.png", "2.png", "3.png"]
    assert (out / "0.png").read_bytes() == png_bytes(hub.run(toy, photos / "0.png", steps=2))


def test_a_run_that_is_stopped_leaves_its_own_report_and_none_of_an_earlier_run(netsee, toy, photos, tmp_path, monkeypatch):
    def stopped(*given, **options):
        yield batch.Done("0", error="BadPicture: It is none.")
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "run", stopped)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "failures.txt").write_text("long ago\n")
    assert netsee("run", toy, photos, "-o", tmp_path / "out")[0] == 130
    assert (tmp_path / "out" / "failures.txt").read_text() == "0.png: BadPicture: It is none.\n"


def test_the_same_command_again_makes_what_is_missing(netsee, toy, photos, tmp_path):
    out = tmp_path / "out"
    netsee("run", toy, photos, "-o", out)
    Image.new("RGB", (40, 30), "pink").save(photos / "4.png")
    (out / "2.png").unlink()
    before = content(out)
    assert netsee("run", toy, photos, "-o", out) == (0, "", "2 made, 3 there already, 0 failed.\n")
    after = content(out)
    assert before.items() <= after.items() and {"2.png", "4.png"} <= after.keys()


def test_a_picture_with_a_new_name_is_not_made_again(netsee, toy, photos, tmp_path):
    out = tmp_path / "out"
    netsee("run", toy, photos, "-o", out)
    (photos / "0.png").rename(photos / "first.png")
    assert netsee("run", toy, photos, "-o", out)[2] == "0 made, 4 there already, 0 failed.\n"
    assert (out / "first.png").read_bytes() == (out / "0.png").read_bytes()
    assert (out / "first.more" / "note.txt").exists()


def test_a_run_that_was_killed_goes_on_where_it_was(netsee, toy, photos, tmp_path):
    out = tmp_path / "out"
    words = ["run", toy, photos, "-o", out, "--steps", 20, "--pause", 0.05]
    running = subprocess.Popen([sys.executable, "-m", "hub", *map(str, words)], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while not list(out.glob(f"{batch.NOTES}/*.json")):
            assert running.poll() is None and time.monotonic() < end
            time.sleep(0.05)
    finally:
        running.kill()
        running.wait()
    there = list(out.glob(f"{batch.NOTES}/*.json"))
    assert 1 <= len(there) < 4
    code, _, said = netsee(*words)
    assert code == 0 and said.endswith(f"{4 - len(there)} made, {len(there)} there already, 0 failed.\n")
    for path in photos.iterdir():
        assert (out / path.name).read_bytes() == png_bytes(hub.run(toy, path, steps=20, pause=0.05))


def test_ctrl_c_ends_a_folder_in_one_line(toy, photos, tmp_path):
    words = ["run", toy, photos, "-o", tmp_path / "out", "--steps", 500, "--pause", 0.1]
    running = subprocess.Popen([sys.executable, "-m", "hub", *map(str, words)], stderr=subprocess.PIPE)
    while not (tmp_path / "out").exists():
        time.sleep(0.05)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=60)[1].strip() == b"Stopped." and running.returncode == 130


def test_json_is_one_line_a_picture(netsee, toy, photos, tmp_path):
    rows = [json.loads(line) for line in netsee("run", toy, photos, "-o", tmp_path / "out", "--json")[1].splitlines()]
    assert [row["picture"] for row in rows] == ["0.png", "1.png", "2.png", "3.png"]
    assert rows[0]["files"] == ["0.png", "0.more/01.png", "0.more/note.txt"] and rows[0]["metrics"] == {"dots": 4.0}


def test_what_a_technique_prints_does_not_get_into_the_picture_nor_the_figures(plugin_folder, photos, tmp_path):
    name = plugin_folder.add("deadly", "print('at import')\n" + DEADLY)
    words = [sys.executable, "-m", "hub", "run", name, photos / "1.png", "-o"]
    picture, figures = (subprocess.run([*words, *rest], capture_output=True, check=True)
                        for rest in (["-"], [tmp_path / "a.png", "--json"]))
    assert picture.stdout == png_bytes(hub.run(name, photos / "1.png")) and picture.stderr == b"at import\nsomething\n"
    assert json.loads(figures.stdout)["metrics"] == {}


def test_results_lie_as_the_pictures_do(tmp_path):
    for name in ("b/a.png", "a.jpg", "a.PNG", ".hidden/c.png", ".d.png", "out/e.png", "f.more/g.png", "h.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [name for name, _ in named(tmp_path, tmp_path / "out")] == ["a.PNG", "a.jpg", "b/a"]
    assert [name for name, _ in named(tmp_path / "b", tmp_path)] == ["a"], "results may go to a folder around"


def test_no_two_pictures_have_one_name(tmp_path):
    names = ["a.jpg", "a.jpg.png", "a.jpg.png.png", "a.png", "b.png"]
    for name in names:
        (tmp_path / name).touch()
    assert [name for name, _ in named(tmp_path, tmp_path / "out")] == ["a.jpg", "a.jpg.png", "a.jpg.png.png", "a.png", "b"]


def test_a_result_that_takes_the_place_of_another_leaves_nothing_of_it(netsee, plugin_folder, photos, tmp_path):
    source = DEADLY.replace("params: hub.Params", "params: Params").replace("@hub.technique", """class Params(hub.Params):
    more: int = hub.Field(1, ge=0, description="Further pictures.")

@hub.technique""").replace("hub.Result(image=image,", "hub.Result(image=image, images=[(image, '')] * params.more,")
    toy, out = plugin_folder.add("deadly", source), tmp_path / "out"
    netsee("run", toy, photos, "-o", out, "--more", 3)
    (out / "0.more" / "own.txt").write_text("somebody's own")
    netsee("run", toy, photos, "-o", out, "--more", 1)
    assert sorted(path.name for path in (out / "0.more").iterdir()) == ["01.png", "own.txt"]
    assert len(list((out / batch.NOTES).iterdir())) == len(COLOURS)


def test_pictures_of_the_same_pixels_keep_each_its_own_chain(netsee, toy, photos, tmp_path):
    made = hub.run(toy, photos / "0.png")
    (tmp_path / "two").mkdir()
    made.save(tmp_path / "two" / "made.png")
    made.image.save(tmp_path / "two" / "bare.png")
    netsee("run", toy, tmp_path / "two", "-o", tmp_path / "out")
    assert [len(read_recipe(tmp_path / "out" / name).links()) for name in ("bare.png", "made.png")] == [1, 2]


@pytest.mark.parametrize(("words", "line"), [
    (["photos", "-o", "out.png"], "BadOutput: Many pictures do not go to 'OUT/out.png'. Give a folder to -o."),
    (["photos", "-o", "photos"], "BadOutput: The results would replace the pictures."),
    (["empty", "-o", "out"], "BadPicture: There are no pictures in"),
    (["photos", "-o", "out", "--steps", "0"], "BadParams: steps: "),
    (["photos/0.png", "-o", "out.png", "--jobs", "2"], "UsageError: --jobs is for a folder of pictures."),
])
def test_what_cannot_be_is_said_before_any_work(netsee, toy, photos, tmp_path, words, line):
    (tmp_path / "empty").mkdir()
    code, out, error = netsee("run", toy, *(word if word[0] == "-" or word.isdigit() else tmp_path / word for word in words))
    assert (code, out) == (2, "") and error.startswith(line.replace("OUT", str(tmp_path))) and error.count("\n") == 1
