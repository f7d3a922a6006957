"""The commands for whoever writes a technique: `netsee new`, `netsee check`, and what `netsee app` does for them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hub import registry
from hub.deadline import TooLong, deadline
from hub.errors import BadFile, BrokenTechnique
from hub.sources import line_of

MENDS = {
    "failed": "Correct that line and check again; NETSEE_DEBUG=1 shows all of the way there.",
    "incompatible": 'Port it to the contract of this Netsee (netsee info, plugins/README.md) and name that version: api="…".',
    "misnamed": "Give the file another name, or its folder where it is a package.",
    "left out": "Take it off that list, or unset the variable.",
}
"""What to do about a technique that is not there, by what became of it."""
WRITE = "Check the file or the folder that has `run`, or write a technique: netsee new NAME"
AGAIN = "It is the same fault as above; mend that one first."


@click.command()
@click.argument("name")
@click.option("--package", is_flag=True, help="A distribution to install and to publish, with a test, instead of one file.")
def new(name: str, package: bool) -> None:
    """Write a technique that works, to be made your own.

    NAME.py in this folder, or with --package the folder netsee-NAME.
    """
    from hub import drafts

    path = drafts.write(name, Path.cwd(), package=package)
    click.echo(f"Wrote {path.name}. Next:")
    for line in (f"netsee check {path.name}", f"netsee app {path.name} --watch"):
        click.echo(f"  {line}")


@click.command()
@click.argument("target", metavar="PATH|NAME")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def check(context: click.Context, target: str, as_json: bool) -> None:
    """Check that a technique keeps the contract.

    A technique by name, or a file, a folder or a distribution by its path. One line a check, and how to mend what fails; exit
    code 1 where one does.
    """
    answers, passed, rows = sys.stdout, True, []
    with redirect_stdout(sys.stderr):  # what a technique prints does not get between
        for record in _loaded(target):
            found = []
            if not as_json:
                click.echo(f"{record.name} ({record.source})", answers)
            for row in _outcomes(record):
                found.append(row)
                if not as_json:
                    click.echo(_lines(row), answers)
            if not as_json:
                click.echo(f"{sum(row['passed'] for row in found)} of {len(found)} checks passed.", answers)
            rows += found
            passed &= all(row["passed"] for row in found)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    context.exit(0 if passed else 1)


def _lines(row: dict[str, Any]) -> str:
    outcome = f"{'ok' if row['passed'] else 'FAILED':6} {row['check'].replace('_', ' ')}"
    return outcome if row["passed"] else f"{outcome}\n       {row['said']}\n       To mend it: {row['mend']}"


@contextmanager
def _under_way(check: str) -> Iterator[None]:
    """Say on a terminal which check runs, for as long as it does."""
    line = f"{'…':6} {check.replace('_', ' ')}" if sys.stderr.isatty() else ""
    click.echo(line, nl=False, err=True)
    try:
        yield
    finally:
        click.echo(f"\r{' ' * len(line)}\r" if line else "", nl=False, err=True)


def _loaded(target: str) -> list[registry.Record]:
    """What is to be checked, loaded. Raises as `_asked_for`, and BrokenTechnique where that does not end."""
    from hub.trial import Trial

    try:
        with _under_way("loads"), deadline(Trial.seconds):
            return _asked_for(target)
    except TooLong as error:
        at = f" at {line}" if (line := line_of(error, libraries=False)) else ""
        late = f"{target} is not loaded after {Trial.seconds:g} seconds{at}. Do in `run` what takes long."
        raise BrokenTechnique(late) from error


def _outcomes(record: registry.Record) -> Iterator[dict[str, Any]]:
    """What each check says of a technique, as it comes; of one that did not load, why."""
    from hub import testing

    if record.technique is None:
        said = record.error + (f" ({record.line})" if record.line and record.line not in record.error else "")
        yield _row(record.name, "loads", said, WRITE if record.error == registry.NO_TECHNIQUE else MENDS[record.kind])
        return
    known: set[str] = set()
    for one in testing.checks(record.name):
        with _under_way(one.name):
            said = one.fault()
        yield _row(record.name, one.name, said, AGAIN if said in known else one.mend)
        known.add(said)


def _row(technique: str, check: str, said: str, mend: str) -> dict[str, Any]:
    return {"technique": technique, "check": check, "passed": not said, "said": " ".join(said.split()),
            "mend": mend if said else ""}


def _asked_for(target: str) -> list[registry.Record]:
    """The records of what is to be checked. Raises UnknownTechnique, BadFile where there is no such file or nothing in it."""
    if not _is_path(target):
        found = [record for record in registry.records() if record.name == target]
        return found[:1] or [registry.Record(target, "", registry.technique(target))]
    place = show(target)
    found = [record for record in registry.records() if record.place == place]
    if not found:
        raise BadFile(f"{target} holds no technique: a technique is a file with a function `run`. Write one: netsee new NAME")
    return found


def names_at(target: str) -> list[str]:
    """The names of the techniques at what is plainly a path; any other name, such as of a family, as it is. Raises BadFile."""
    return [record.name for record in _asked_for(target)] if _is_plainly_a_path(target) else [target]


def _is_plainly_a_path(target: str) -> bool:
    return target.endswith(".py") or "/" in target or os.sep in target


def _is_path(target: str) -> bool:
    if _is_plainly_a_path(target):
        return True
    return target not in {record.name for record in registry.records()} and Path(target).exists()


def show(path: str) -> str:
    """Let the registry of this process, and of those that it starts, find what lies at `path`; returns the entry that names it.

    Raises BadFile where nothing lies there, or neither a Python file nor a folder.
    """
    if not path or not Path(path).exists():
        raise BadFile(f"There is no file {path!r}. A technique by its name: netsee list")
    if not Path(path).is_dir() and Path(path).suffix != ".py":
        raise BadFile(f"{path!r} is neither a Python file nor a folder of them. Write a technique: netsee new NAME")
    place = str(Path(path).absolute())
    os.environ[registry.FOLDERS] = os.pathsep.join([place, *(each for each in registry.places() if each != place)])
    registry.refresh()
    return place


# ---------------------------------------------------------------- the app, while one writes

def watchable(serve: Callable[..., None]) -> Callable[..., None]:
    """Give a command that serves the app PATHs of further techniques, and --watch."""

    @click.argument("paths", nargs=-1, metavar="[PATH]...")
    @click.option("--watch", "watched", is_flag=True, help="Show techniques anew whenever one is saved.")
    @wraps(serve)
    def command(paths: tuple[str, ...], watched: bool, **given: Any) -> None:
        for path in reversed(paths):
            show(path)
        if not watched:
            return serve(**given)
        if given.get("share"):
            raise click.UsageError("Each save would give the page another public address. Leave out --share or --watch.")
        from hub.watch import watch

        context = click.get_current_context()
        context.exit(watch([context.info_name, *_said(context)], given["host"], given["port"]))

    return command


def _said(context: click.Context) -> Iterator[str]:
    """The options of a command as they were said, but for --watch; those from the environment stay there."""
    for option in context.command.params:
        said = context.get_parameter_source(option.name) == click.core.ParameterSource.COMMANDLINE
        if said and isinstance(option, click.Option) and option.name != "watched":
            value = context.params[option.name]
            for each in value if option.multiple else [value]:
                yield from [option.opts[0]] if option.is_flag else [option.opts[0], str(each)]
