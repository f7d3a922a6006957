"""Where `-o` writes, and what it refuses before any work."""

import pytest
from PIL import Image

from hub.errors import BadOutput, BrokenTechnique
from hub.out import Out, checked_folder
from hub.technique import Result


def result(**changes) -> Result:
    picture = Image.new("RGB", (4, 3), "red")
    usual = {"image": picture, "images": [(picture, "one"), (picture, "two")], "files": {"zoom.webp": b"video"}, "progress": 1.0}
    return Result(**{**usual, **changes})


def names(folder) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_png_takes_the_picture_and_files_lie_beside_it(tmp_path):
    left = Out.checked(str(tmp_path / "dream.png")).write("deep_dream", result())
    assert names(tmp_path) == ["dream.png", "dream.zoom.webp"]
    assert left == ["2 further pictures"]


def test_a_folder_takes_everything(tmp_path):
    left = Out.checked(str(tmp_path)).write("deep_dream", result())
    assert names(tmp_path) == ["deep_dream-01.png", "deep_dream-02.png", "deep_dream.png", "zoom.webp"]
    assert left == []


def test_a_name_that_ends_in_a_slash_is_a_folder_and_is_made(tmp_path):
    Out.checked(f"{tmp_path}/new/").write("deep_dream", result(images=[], files={}))
    assert names(tmp_path / "new") == ["deep_dream.png"]


@pytest.mark.parametrize(("name", "said"), [
    ("dream.jpg", "not a PNG"), ("dream", "not a PNG"), ("missing/dream.png", "There is no folder"),
    ("file/dream.png", "There is no folder"), ("missing/deeper/", "cannot be made"), ("file/", "is a file"),
])
def test_a_place_that_cannot_take_a_result_is_refused_in_one_line(tmp_path, name, said):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadOutput, match=said) as caught:
        Out.checked(f"{tmp_path}/{name}")
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_to_is_refused():
    with pytest.raises(BadOutput, match="cannot be written to"):
        checked_folder("/proc/self")


def test_checking_leaves_nothing_behind(tmp_path):
    Out.checked(str(tmp_path / "dream.png"))
    assert names(tmp_path) == []


def test_a_result_without_a_picture_needs_a_folder(tmp_path):
    with pytest.raises(BadOutput, match="Give a folder"):
        Out.checked(str(tmp_path / "dream.png")).write("x", result(image=None))
    Out.checked(str(tmp_path)).write("x", result(image=None))
    assert names(tmp_path) == ["x-01.png", "x-02.png", "zoom.webp"]


@pytest.mark.parametrize("file", ["../up.txt", "/etc/up.txt", "a/b.txt", "..", ""])
def test_a_techniques_file_cannot_leave_the_folder(tmp_path, file):
    with pytest.raises(BrokenTechnique):
        Out.checked(f"{tmp_path}/inner/").write("x", result(images=[], files={file: b""}))
    assert names(tmp_path) == ["inner"] and names(tmp_path / "inner") == ["x.png"]
