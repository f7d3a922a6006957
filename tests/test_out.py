"""Where `-o` writes, and what it refuses before any work."""

import pytest
from PIL import Image

from hub.errors import BadOutput, BrokenTechnique
from hub.out import Meanwhile, Out, checked_folder
from hub.results import Result


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


# ---------------------------------------------------------------- files of previews

def preview(content: bytes = b"so far", name: str = "model.bin", progress: float = 0.5) -> Result:
    return Result(files=lambda: {name: content}, progress=progress)


def text(folder) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize(("given", "name"), [("train.png", "train.model.bin"), ("", "model.bin")])
def test_what_there_is_so_far_lies_where_the_final_file_will(tmp_path, given, name):
    out = Out.checked(f"{tmp_path}/{given}")
    meanwhile = Meanwhile(out, every=0)
    for content in (b"first", b"second"):
        meanwhile.write(preview(content))
        assert text(tmp_path) == {name: content}
    final = result(images=[], files={"model.bin": b"final"})
    out.write("x", final)
    meanwhile.clear(final)
    assert text(tmp_path)[name] == b"final" and len(names(tmp_path)) == 2


def test_a_file_that_was_there_is_replaced_by_the_final_one_and_by_no_preview(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"of last week")
    (tmp_path / "model.unfinished-1.bin").write_bytes(b"of yesterday")
    out = Out.checked(str(tmp_path))
    meanwhile = Meanwhile(out, every=0)
    meanwhile.write(preview(b"first"))
    meanwhile.write(preview(b"second"))
    assert text(tmp_path) == {"model.bin": b"of last week", "model.unfinished-1.bin": b"of yesterday",
                              "model.unfinished-2.bin": b"second"}
    final = result(image=None, images=[], files={"model.bin": b"final"})
    out.write("x", final)
    meanwhile.clear(final)
    assert text(tmp_path) == {"model.bin": b"final", "model.unfinished-1.bin": b"of yesterday"}


def test_a_link_that_leads_nowhere_counts_as_there(tmp_path):
    (tmp_path / "model.bin").symlink_to("gone")
    Meanwhile(Out.checked(str(tmp_path)), every=0).write(preview())
    assert names(tmp_path) == ["model.bin", "model.unfinished-1.bin"] and (tmp_path / "model.bin").is_symlink()


def test_what_only_previews_had_is_gone_at_the_end(tmp_path):
    out = Out.checked(str(tmp_path))
    meanwhile = Meanwhile(out, every=0)
    meanwhile.write(preview(name="checkpoint.bin"))
    final = result(image=None, images=[], files={"model.bin": b"final"})
    out.write("x", final)
    meanwhile.clear(final)
    assert text(tmp_path) == {"model.bin": b"final"}


def test_files_of_previews_are_asked_for_once_in_a_while_and_never_too_early(tmp_path):
    def refused() -> dict:
        raise AssertionError("nobody should look")

    meanwhile = Meanwhile(Out.checked(str(tmp_path)), every=5)
    meanwhile.write(Result(files=refused, progress=0.1))
    meanwhile.written -= 5
    meanwhile.write(Result(progress=0.2))  # a preview without files does not use up the turn of the next
    meanwhile.write(preview())
    meanwhile.write(Result(files=refused, progress=0.3))
    assert names(tmp_path) == ["model.bin"]
    Meanwhile(Out.checked(str(tmp_path)), every=0).write(Result(files=refused, progress=1.0))
    Meanwhile(Out.checked("-"), every=0).write(Result(files=refused, progress=0.5))


@pytest.mark.parametrize("file", ["../up.txt", "/etc/up.txt", "a/b.txt", "..", ""])
def test_a_previews_file_cannot_leave_the_folder(tmp_path, file):
    with pytest.raises(BrokenTechnique):
        Meanwhile(Out.checked(f"{tmp_path}/inner/"), every=0).write(preview(name=file))
    assert names(tmp_path) == ["inner"] and names(tmp_path / "inner") == []
