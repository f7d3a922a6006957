"""Files are there in full or not at all."""

import os

import pytest

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
