"""`netsee run NAME FOLDER -o FOLDER`: a technique over all the pictures of a folder, with a report of those that failed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from hub import batch
from hub.errors import BadOutput, BadPicture
from hub.files import write_safely
from hub.out import checked_folder
from hub.policy import Policy
from hub.technique import Technique

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"})
REPORT = "failures.txt"


def run_folder(technique: Technique, source: Path, out: str, params: Mapping[str, Any], jobs: int, as_json: bool) -> int:
    """Do every picture of a folder; what is there already is left. Returns how many failed.

    Failures are said as they come, and stand in failures.txt beside the results. Raises InputError before any work.
    """
    if Path(out).suffix.lower() == ".png" or out == "-":
        raise BadOutput(f"Many pictures do not go to {out!r}. Give a folder to -o.")
    folder = checked_folder(out)
    if folder.resolve() == source.resolve():
        raise BadOutput("The results would replace the pictures. Give another folder to -o.")
    pictures = named(source, folder)
    if not pictures:
        raise BadPicture(f"There are no pictures in {str(source)!r}; their names end in {', '.join(sorted(ENDINGS))}.")
    results = batch.run(technique, params, pictures, folder, jobs, Policy.local(), apart=True)
    counts, failed = Counter(), []
    _report(folder, failed)
    for done, (_, path) in zip(_watched(results, len(pictures), technique.title), pictures, strict=True):
        counts["failed" if done.error else "there already" if done.resumed else "made"] += 1
        if done.error:
            failed.append(f"{path.relative_to(source)}: {done.error}")
            _report(folder, failed)
        if as_json:
            click.echo(json.dumps(_row(done, path.relative_to(source), folder)))
    click.echo(", ".join(f"{counts[what]} {what}" for what in ("made", "there already", "failed")) + (
        f"; see {folder / REPORT}" if failed else "") + ".", err=True)
    return len(failed)


def named(source: Path, out: Path) -> list[tuple[str, Path]]:
    """(name of its result, path) for each picture of a folder and the folders in it, in the order of their paths.

    Results lie as the pictures do. Where two would have one name, their endings stay in it. Left out is what is hidden, what came
    along with pictures that were made here, and the folder that results go to, where it lies in that of the pictures.
    """
    inside = source.resolve() in out.resolve().parents

    def wanted(path: Path) -> bool:
        parts = path.relative_to(source).parts
        return (path.suffix.lower() in ENDINGS and path.is_file() and not (inside and out.resolve() in path.resolve().parents)
                and not any(part.startswith(".") or part.endswith(batch.MORE) for part in parts))

    paths = sorted(filter(wanted, source.rglob("*")))
    whole = [path.relative_to(source).as_posix() for path in paths]
    names = [path.relative_to(source).with_suffix("").as_posix() for path in paths]
    while len(many := Counter(names)) < len(names):
        names = [full if many[name] > 1 else name for name, full in zip(names, whole, strict=True)]
    return list(zip(names, paths, strict=True))


def _watched(results: Iterator[batch.Done], total: int, title: str) -> Iterator[batch.Done]:
    """With a bar on the terminal, and a line for each failure above it."""
    from tqdm import tqdm

    with closing(results), tqdm(total=total, desc=title, unit="picture", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
        for done in results:
            bar.update()
            if done.error:
                with bar.external_write_mode(file=sys.stderr):
                    click.echo(f"{done.name}: {done.error}", err=True)
            yield done


def _row(done: batch.Done, picture: Path, folder: Path) -> dict[str, Any]:
    told = asdict(done) | {"files": [path.relative_to(folder).as_posix() for path in done.files]}
    return {"picture": picture.as_posix()} | {
        name: told[name] for name in ("files", "resumed", "error", "caption", "metrics", "table")}


def _report(folder: Path, failed: list[str]) -> None:
    """One line a failure so far; no file where there was none, so that an old one does not mislead."""
    if failed:
        write_safely(folder / REPORT, ("\n".join(failed) + "\n").encode())
    else:
        (folder / REPORT).unlink(missing_ok=True)
