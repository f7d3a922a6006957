"""Where the command line writes results: a PNG file, a folder, or standard output. Checked before any work is done.

`-o NAME.png` writes the picture there, and the result's files (a video, say) beside it as NAME.FILE. `-o FOLDER`, an existing
folder or a name that ends in `/`, writes TECHNIQUE.png in it, the files, and every further picture as TECHNIQUE-01.png …
`-o -` writes the PNG to standard output and nothing else. What exists is replaced.

Files that come before the end (`Meanwhile`) lie where the final ones will, so that a run which is killed leaves something to go
on from; but nothing that was there is replaced before there is a result to replace it with.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from time import monotonic

from hub.errors import BadOutput, BrokenTechnique
from hub.files import write_safely
from hub.results import Result


@dataclass(frozen=True)
class Out:
    """A place that can be written to. path: a PNG file or a folder; None for standard output."""

    path: Path | None
    folder: bool = False

    @classmethod
    def checked(cls, text: str) -> Out:
        """Read what was given to `-o`, and try the place. Raises BadOutput."""
        if text == "-":
            return cls(None)
        path = Path(text)
        if path.is_dir() or text.endswith(("/", os.sep)):
            return cls(checked_folder(text), folder=True)
        if path.suffix.lower() != ".png":
            better = str(path.with_suffix(".png"))
            raise BadOutput(f"{text!r} is not a PNG file; only PNG carries its recipe. Try {better!r}, or a folder.")
        _try_to_write(path.parent)
        return cls(path)

    def write(self, name: str, result: Result) -> list[str]:
        """Write a result of the technique called `name`; returns what could not go there, for a note to the user.

        Raises BadOutput where the result has no picture and the place takes nothing else.
        """
        if self.path is None:
            _to_standard_output(result)
            return [*_further(result), *result.files]
        if self.folder:
            self._write_folder(self.path, name, result)
            self._write_files(result)
            return []
        _save(result, self.path)
        self._write_files(result)
        return _further(result)

    def place(self, file: str) -> Path:
        """Where a file of a result goes; not asked of standard output, which takes none."""
        return self.path / file if self.folder else self.path.with_name(f"{self.path.stem}.{file}")

    def _write_files(self, result: Result) -> None:
        for file, content in plain_files(result):
            write_safely(self.place(file), content)

    @staticmethod
    def _write_folder(folder: Path, name: str, result: Result) -> None:
        if result.image is not None:
            _save(result, folder / f"{name}.png")
        for number, (image, _) in enumerate(result.images, 1):
            image.save(content := io.BytesIO(), "PNG")
            write_safely(folder / f"{name}-{number:02d}.png", content.getvalue())


@dataclass
class Meanwhile:
    """The files of previews, written at most once in `every` seconds, and not at all by a run that is shorter.

    Where a file was there before the run, they lie beside it, for a.bin as a.unfinished-1.bin.
    """

    out: Out
    every: float = 5.0
    ours: dict[str, Path] = field(default_factory=dict)
    written: float = field(default_factory=monotonic)

    def write(self, result: Result) -> None:
        """Write what a preview has, if it is time. Raises OSError, BrokenTechnique where a name is not a plain one."""
        if self.out.path is None or result.progress >= 1 or monotonic() - self.written < self.every:
            return
        for file, content in plain_files(result):
            if file not in self.ours:
                self.ours[file] = _free(self.out.place(file))
            write_safely(self.ours[file], content)
            self.written = monotonic()  # a preview without files does not use up the turn of the next

    def clear(self, result: Result) -> None:
        """Take away what `result`, which is written by now, has not replaced."""
        final = [self.out.place(file) for file in result.files] if self.ours else []
        for path in self.ours.values():
            if path not in final:
                path.unlink(missing_ok=True)


def _free(path: Path) -> Path:
    """The path itself where nothing is there, else the first free name beside it."""
    others = (path.with_stem(f"{path.stem}.unfinished-{number}") for number in count(1))
    return next(place for place in chain([path], others) if not os.path.lexists(place))


def checked_folder(text: str) -> Path:
    """A folder that can be written to; made where it is missing, but not its parents. Raises BadOutput."""
    path = Path(text)
    try:
        path.mkdir(exist_ok=True)
    except FileExistsError as error:
        raise BadOutput(f"{text!r} is a file; a folder is wanted.") from error
    except OSError as error:
        raise BadOutput(f"The folder {text!r} cannot be made: {error.strerror}. Make its parent first.") from error
    _try_to_write(path)
    return path


def _try_to_write(folder: Path) -> None:
    if not folder.is_dir():
        raise BadOutput(f"There is no folder {str(folder)!r}. Make it first: mkdir -p {folder}")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise BadOutput(f"The folder {str(folder)!r} cannot be written to: {error.strerror}.") from error


def _save(result: Result, path: Path) -> None:
    if result.image is None:
        raise BadOutput("This result has no single picture. Give a folder to -o to keep what it has.")
    result.save(str(path))


def _to_standard_output(result: Result) -> None:
    from hub.recipe import png_bytes

    if result.image is None:
        raise BadOutput("This result has no single picture for standard output. Give a folder to -o to keep what it has.")
    sys.stdout.buffer.write(png_bytes(result))
    sys.stdout.buffer.flush()


def _further(result: Result) -> list[str]:
    return [f"{len(result.images)} further pictures"] if result.images else []


def plain_files(result: Result) -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file of a result. Raises BrokenTechnique where a name is not a plain one."""
    for name, content in result.files.items():
        if Path(name).name != name or name in ("", ".", ".."):
            raise BrokenTechnique(f"The name of a result's file must be a plain file name, not {name!r}.")
        yield name, content
