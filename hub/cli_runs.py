"""The commands that make pictures: `netsee run`, `netsee replay`, `netsee sheet`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from pathlib import Path
from time import monotonic
from typing import Any

import click

from hub import flags, registry
from hub.errors import BadOutput, BrokenTechnique
from hub.out import Meanwhile, Out, checked_folder
from hub.policy import Policy
from hub.results import Result
from hub.technique import Technique

PICTURE_HELP = ("PICTURE is a file, `-` for standard input, a bundled sample such as sample:clouds, or a folder: then all the "
                "pictures in it are done, and what is there already is not made again.")
JOBS_HELP = "How many pictures of a folder are done at once, each in a process of its own. [default 1]"
OUT_HELP = "Where to write: NAME.png, a folder (everything goes in), or - for standard output."


class TechniqueGroup(click.Group):
    """`netsee run`: a command for each technique, made when it is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(registry.techniques())

    def get_command(self, context: click.Context, name: str) -> click.Command:
        return command_of(registry.technique(name))


class TechniqueCommand(click.Command):
    """`netsee run NAME`: its help shows the few parameters that matter first, the rest under them."""

    def __init__(self, technique: Technique, **details: Any) -> None:
        super().__init__(technique.name, **details)
        self.technique = technique

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Parameters": [], "More parameters": [], "Options": []}
        for parameter in self.get_params(context):
            if isinstance(parameter, click.Argument):
                continue
            field = self.technique.Params.model_fields.get(parameter.name or "")
            more = bool(field and isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("more"))
            if record := parameter.get_help_record(context):
                sections["Options" if field is None else "More parameters" if more else "Parameters"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


@click.group(cls=TechniqueGroup)
def run() -> None:
    """Run a technique.

    `netsee run NAME --help` shows its parameters.
    """


def command_of(technique: Technique) -> TechniqueCommand:
    """The command of a technique, made from its annotations and its `Params`."""
    picture = {"needed": "PICTURE", "welcome": "[PICTURE]"}.get(technique.picture)
    argument = [click.Argument(["_picture"], required=False, metavar=picture)] if picture else []
    jobs = [click.Option(["--jobs", "_jobs"], type=click.IntRange(1, 256), help=JOBS_HELP)] if picture else []
    return TechniqueCommand(
        technique, callback=lambda **_: _run(technique, click.get_current_context()),
        help="\n\n".join([technique.summary, *([PICTURE_HELP] if picture else [])]),
        params=[
            *argument, *(flags.option(technique.Params, name) for name in technique.Params.model_fields),
            click.Option(["-o", "--out", "_out"], required=True, metavar="OUT", help=OUT_HELP),
            *jobs,
            click.Option(["--json", "_json"], is_flag=True, help="Print the figures of the result as JSON."),
        ])


def _run(technique: Technique, context: click.Context) -> None:
    options = context.params
    if options.get("_picture") and Path(options["_picture"]).is_dir():
        from hub.folders import run_folder

        failed = run_folder(technique, Path(options["_picture"]), options["_out"], flags.given(context, technique.Params),
                            options["_jobs"] or 1, options["_json"])
        context.exit(int(failed > 0))
    if options.get("_jobs"):
        raise click.UsageError("--jobs is for a folder of pictures.", context)
    out = _out(options["_out"], options["_json"])
    meanwhile = Meanwhile(out)
    with redirect_stdout(sys.stderr):  # what a technique prints must not get into the picture
        picture, params = _picture(options.get("_picture")), flags.given(context, technique.Params)
        results = technique.stream(picture, params, policy=Policy.local())
        last = _last(results, technique, meanwhile)
    _finish(technique.name, last, out, options["_json"])
    meanwhile.clear(last)


def _last(results: Iterator[Result], technique: Technique, meanwhile: Meanwhile) -> Result:
    """The end of a run, with a bar on the terminal on the way there, and files that come before it written."""
    from tqdm import tqdm

    from hub.runners.local import watch

    result = None
    look = {"desc": technique.title, "leave": False, "bar_format": "{desc} {percentage:3.0f}% |{bar}| {remaining} left"}
    with closing(watch(results)) as watched, tqdm(total=1.0, file=sys.stderr, disable=not sys.stderr.isatty(), **look) as bar:
        for result in watched:
            bar.set_description_str(technique.title if result.progress else result.caption or technique.title)
            bar.update(result.progress - bar.n)
            _keep(meanwhile, result)
    if result is None:
        raise BrokenTechnique(f"{technique.name} ended without a result.")
    return result


def _keep(meanwhile: Meanwhile, result: Result) -> None:
    """Write the files of a preview. Where they cannot be written now, that is said, and the run goes on."""
    try:
        meanwhile.write(result)
    except OSError as error:
        click.echo(f"What there is so far cannot be written: {error.strerror}. The run goes on.", err=True)
        meanwhile.written = monotonic()


def _picture(given: str | None) -> Any:
    return sys.stdin.buffer.read(Policy.local().upload_bytes + 1) if given == "-" else given


def _out(given: str, as_json: bool) -> Out:
    out = Out.checked(given)
    if as_json and out.path is None:
        raise BadOutput("Both the picture and the figures would go to standard output. Give a file to -o, or leave out --json.")
    return out


def _finish(name: str, result: Result, out: Out, as_json: bool) -> None:
    left = out.write(name, result)
    if as_json:
        click.echo(json.dumps({"caption": result.caption, "metrics": result.metrics, "table": result.table}, indent=2))
    if sys.stderr.isatty():
        told = [result.caption, f"Written: {out.path}." if out.path else "",
                f"Left out: {', '.join(left)}; a folder takes all." if left else ""]
        click.echo(" ".join(filter(None, told)), err=True)


@click.command()
@click.argument("png")
@click.argument("picture", required=False)
@click.option("-o", "--out", required=True, metavar="OUT", help=OUT_HELP)
@click.option("--with", "others", multiple=True, metavar="NAME=FILE",
              help="A second picture or a file, such as guide=owl.png; for the second link of a chain alone, 2.guide=owl.png.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures of the result as JSON.")
def replay(png: str, picture: str | None, out: str, others: tuple[str, ...], as_json: bool) -> None:
    """Make a picture again from the recipe in its PNG.

    PICTURE is the one that it was made from, where it was made from one.
    """
    from hub.again import replay
    from hub.recipe import read_recipe

    place = _out(out, as_json)
    named = dict(_named(other) for other in others)
    source = _picture(png)
    with redirect_stdout(sys.stderr):
        again = replay(source, _picture(picture), pictures=named)
    _finish(read_recipe(source).technique, again, place, as_json)


def _named(given: str) -> tuple[str, Any]:
    name, equals, picture = given.partition("=")
    if not (name and equals and picture):
        raise click.BadParameter(f"{given!r} is not NAME=FILE, such as guide=owl.png.", param_hint="--with")
    return name.replace("-", "_"), _picture(picture)


@click.group()
def sheet() -> None:
    """Draw sheets of pictures.

    What the classes of a network look like, or what the picture world looks like.
    """


@sheet.command("classes")
@click.option("-o", "--out", required=True, metavar="FOLDER", help="Where the sheets go; the key lies in a file beside them.")
@click.option("--backbone", default="embedded", show_default=True)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
def sheet_classes(out: str, backbone: str, seed: int) -> None:
    """Class pictures of a network, unlabelled and shuffled, for people to name; the key in another file."""
    folder = checked_folder(out)
    from hub.sheets import class_sheets

    class_sheets(folder, backbone, seed)


@sheet.command("world")
@click.option("-o", "--out", required=True, metavar="PNG")
def sheet_world(out: str) -> None:
    """One drawn picture of every class that the embedded network learned, with its name."""
    place = Out.checked(out)
    if place.path is None or place.folder:
        raise BadOutput("A sheet of the world is one picture. Give a name that ends in .png.")
    from hub.sheets import world_sheet

    world_sheet(place.path)
