"""Files are there in full or not at all."""

import os
import subprocess
import sys

import pytest

from hub import files
from hub.files import write_safely


def test_what_was_there_is_replaced(tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    write_safely(tmp_path / "a.png", b"new")
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [("a.png", b"new")]


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch, fails):
    def full(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "a.png").write_bytes(b"old")
    monkeypatch.setattr(os, fails, full)
    with pytest.raises(OSError, match="No space"):
        write_safely(tmp_path / "a.png", b"new")
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [("a.png", b"old")]


def test_an_interrupt_leaves_nothing_beside_it(tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_safely(tmp_path / "a.png", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_has_the_permissions_of_an_ordinary_one(tmp_path):
    before = os.umask(0o027)
    try:
        write_safely(tmp_path / "a.png", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == 0o640


def test_what_a_killed_write_left_is_removed_a_day_later_and_nothing_else_is(tmp_path):
    code = "import os, sys; from hub import files; os.replace = lambda *_: os._exit(9); files.write_safely(sys.argv[1], b'x')"
    for name in ("a.png", "b.png"):
        assert subprocess.run([sys.executable, "-c", code, str(tmp_path / name)]).returncode == 9
    old, new = sorted(tmp_path.iterdir())
    names = (".config.original", f".mine{files.UNFINISHED}", f"a.png.12345678{files.UNFINISHED}")
    others = [tmp_path / name for name in names]
    for path in others:
        path.write_bytes(b"mine")
    link, folder = tmp_path / f".a.link0000{files.UNFINISHED}", tmp_path / f".a.folder00{files.UNFINISHED}"
    link.symlink_to(others[0])
    folder.mkdir()
    for path in (old, *others, link, folder):
        os.utime(path, (0, 0), follow_symlinks=False)
    write_safely(tmp_path / "c.png", b"new")
    assert set(tmp_path.iterdir()) == {new, *others, link, folder, tmp_path / "c.png"}


def test_a_folder_is_looked_through_once_a_process(tmp_path, monkeypatch):
    looked, scandir = [], os.scandir
    monkeypatch.setattr(files.os, "scandir", lambda folder: looked.append(folder) or scandir(folder))
    for name in "abc":
        write_safely(tmp_path / name, b"")
    assert looked == [tmp_path]


def test_a_name_as_long_as_a_name_can_be_is_written(tmp_path):
    write_safely(tmp_path / ("\u732b" * 85), b"new")  # 255 bytes
    assert [f.read_bytes() for f in tmp_path.iterdir()] == [b"new"]
