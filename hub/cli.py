"""The command line: `netsee`. A technique's command is made from its `Params`; nothing is written by hand per technique.

Exit codes: 0 done, 2 your input, 1 ours, 130 stopped with Ctrl-C. An error is one line on standard error; NETSEE_DEBUG=1 adds
where it came from. Whatever is heavy is imported by the command that needs it, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import click

import hub
from hub import flags, registry
from hub.errors import BadOutput, BrokenTechnique, HubError, InputError
from hub.out import Out, checked_folder
from hub.policy import Policy
from hub.technique import Result, Technique

PICTURE_HELP = "PICTURE is a file, `-` for standard input, or a bundled sample such as sample:clouds."
OUT_HELP = "Where to write: NAME.png, a folder (everything goes in), or - for standard output."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    debug = os.environ.get("NETSEE_DEBUG", "") not in ("", "0")
    _quiet(debug)
    try:
        return netsee.main(arguments, prog_name="netsee", standalone_mode=False) or 0
    except (KeyboardInterrupt, click.Abort):
        return _ended(130, "Stopped.")
    except BrokenPipeError:  # whoever read our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        return _ended(error.exit_code, f"{type(error).__name__}: {_one_line(error.format_message())}"
                      + (f" See: {context.command_path} --help" if context else ""))
    except Exception as error:
        if debug:
            traceback.print_exc()
        if isinstance(error, HubError):
            return _ended(2 if isinstance(error, InputError) else 1, f"{error.heading}: {_one_line(str(error))}")
        return _ended(1, f"{type(error).__name__}: {_one_line(str(error))}. NETSEE_DEBUG=1 shows where it came from.")


def _quiet(debug: bool) -> None:
    """Keep logs and warnings of libraries off the terminal unless they are asked for."""
    logging.getLogger("netsee").handlers = [logging.StreamHandler() if debug else logging.NullHandler()]
    if not (debug or sys.warnoptions):
        warnings.simplefilter("ignore")


def _ended(code: int, line: str) -> int:
    click.echo(line, err=True)
    return code


def _one_line(text: str) -> str:
    return " ".join(text.split())


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(hub.__version__, message="%(prog)s %(version)s")
def netsee() -> None:
    """See what neural networks see.

    \b
    Try:  netsee run deep_dream sample:clouds -o dream.png
          netsee app
    """


# ---------------------------------------------------------------- what there is

@netsee.command("list")
@click.option("--backbones", "what", flag_value="backbones", help="Networks instead of techniques.")
@click.option("--samples", "what", flag_value="samples", help="Bundled pictures instead of techniques.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(what: str | None, as_json: bool) -> None:
    """List the techniques.

    Those that failed to load stand last, each with its reason.
    """
    rows = {None: _techniques, "backbones": _backbones, "samples": _samples}[what]()
    _show(list(rows), as_json)


def _techniques() -> Iterator[dict[str, Any]]:
    for record in registry.records():
        if found := record.technique:
            yield {"name": found.name, "family": found.family, "title": found.title, "picture": found.picture,
                   "source": record.source}
    for record in registry.failures():
        yield {"name": record.name, "family": "failed", "title": "", "picture": "", "source": record.source,
               "error": record.error}


def _backbones() -> Iterator[dict[str, Any]]:
    from hub import backbones

    return ({"name": name} for name in backbones.names())


def _samples() -> Iterator[dict[str, Any]]:
    from hub import samples

    return ({"name": f"sample:{name}", "title": samples.title(name)} for name in samples.names())


def _show(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Rows as JSON, or as columns under each other with their last cell free."""
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    names = dict.fromkeys(name for row in rows for name in row)
    cells = [[str(row.get(name, "")) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@netsee.command()
@click.argument("name")
def info(name: str) -> None:
    """Tell all about a technique.

    What it does, how, its sources, its parameters.
    """
    found = registry.technique(name)
    click.echo(f"{found.title} · {found.family} · picture {found.picture}" + (f" · {found.paper}" if found.paper else ""))
    click.echo(f"\n{found.documentation}\n")
    with click.Context(_command(found), info_name=f"netsee run {name}") as context:
        click.echo(context.get_help())


@netsee.command()
@click.argument("backbone")
@click.option("--units", "units_of", metavar="LAYER", help="List the units of this layer instead: class names, or numbers.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def layers(backbone: str, units_of: str | None, as_json: bool) -> None:
    """List the layers of a network.

    In the order in which they compute.
    """
    from hub import backbones

    network = backbones.load(backbone)
    if units_of is not None:
        _show([{"name": unit} for unit in network.units(units_of)], as_json)
        return
    _show([{"name": layer.name, "kind": layer.kind, "channels": layer.channels, "stride": layer.stride,
            "depth": round(layer.depth, 3)} for layer in network.layers()], as_json)


# ---------------------------------------------------------------- runs

class TechniqueGroup(click.Group):
    """`netsee run`: a command for each technique, made when it is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(registry.techniques())

    def get_command(self, context: click.Context, name: str) -> click.Command:
        return _command(registry.technique(name))


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


@netsee.group(cls=TechniqueGroup)
def run() -> None:
    """Run a technique.

    `netsee run NAME --help` shows its parameters.
    """


def _command(technique: Technique) -> TechniqueCommand:
    picture = {"needed": "PICTURE", "welcome": "[PICTURE]"}.get(technique.picture)
    argument = [click.Argument(["_picture"], required=False, metavar=picture)] if picture else []
    return TechniqueCommand(
        technique, callback=lambda **_: _run(technique, click.get_current_context()),
        help="\n\n".join([technique.summary, *([PICTURE_HELP] if picture else [])]),
        params=[
            *argument, *(flags.option(technique.Params, name) for name in technique.Params.model_fields),
            click.Option(["-o", "--out", "_out"], required=True, metavar="OUT", help=OUT_HELP),
            click.Option(["--json", "_json"], is_flag=True, help="Print the figures of the result as JSON."),
        ])


def _run(technique: Technique, context: click.Context) -> None:
    options = context.params
    out = _out(options["_out"], options["_json"])
    results = technique.stream(_picture(options.get("_picture")), flags.given(context, technique.Params), policy=Policy.local())
    _finish(technique.name, _last(results, technique), out, options["_json"])


def _last(results: Iterator[Result], technique: Technique) -> Result:
    """The end of a run, with a bar on the terminal on the way there."""
    from tqdm import tqdm

    from hub.runners.local import watch

    result = None
    look = {"desc": technique.title, "leave": False, "bar_format": "{desc} {percentage:3.0f}% |{bar}| {remaining} left"}
    with closing(watch(results)) as watched, tqdm(total=1.0, file=sys.stderr, disable=not sys.stderr.isatty(), **look) as bar:
        for result in watched:
            bar.update(result.progress - bar.n)
    if result is None:
        raise BrokenTechnique(f"{technique.name} ended without a result.")
    return result


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


@netsee.command()
@click.argument("png")
@click.argument("picture", required=False)
@click.option("-o", "--out", required=True, metavar="OUT", help=OUT_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the figures of the result as JSON.")
def replay(png: str, picture: str | None, out: str, as_json: bool) -> None:
    """Make a picture again from the recipe in its PNG.

    PICTURE is the one that it was made from, where it was made from one.
    """
    from hub import recipe

    place = _out(out, as_json)
    source = _picture(png)
    _finish(recipe.read_recipe(source).technique, recipe.replay(source, _picture(picture)), place, as_json)


# ---------------------------------------------------------------- the rest

@netsee.group()
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


@netsee.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535))
@click.option("--public", is_flag=True, help="Limits for strangers: small uploads, a deadline, no paths, catalogue networks only.")
def app(host: str, port: int, public: bool) -> None:
    """Serve the web app on this machine."""
    from hub.app import serve

    serve(host, port, public=public)


@netsee.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Say what works on this machine.

    One line a fact; exit code 1 where something essential is broken.
    """
    from hub.doctor import facts

    broken = False
    for fact in facts():
        click.echo(f"{'ok' if fact.good else 'BROKEN' if fact.essential else 'note':6} {fact.name}: {fact.text}")
        broken |= fact.essential and not fact.good
    context.exit(int(broken))


@netsee.command()
@click.argument("name")
@click.pass_context
def check(context: click.Context, name: str) -> None:
    """Check that a technique keeps the contract.

    One line a check; exit code 1 where one fails.
    """
    from hub.testing import checks

    failed = 0
    for one in checks(name):
        said = one.fault()
        failed += bool(said)
        click.echo(f"{'FAILED' if said else 'ok':6} {one.name}" + (f": {_one_line(said)}" if said else ""))
    context.exit(int(failed > 0))
