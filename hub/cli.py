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
from hub import registry
from hub.cli_authors import check, new, watchable
from hub.cli_deploy import deploy
from hub.cli_runs import command_of, replay, run, sheet
from hub.errors import HubError, InputError


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
            return _failed(error)
        return _ended(1, f"{type(error).__name__}: {_one_line(str(error))}. NETSEE_DEBUG=1 shows where it came from.")


def _quiet(debug: bool) -> None:
    """Keep logs and warnings of libraries off the terminal unless they are asked for."""
    logging.getLogger("netsee").handlers = [logging.StreamHandler() if debug else logging.NullHandler()]
    if not (debug or sys.warnoptions):
        warnings.simplefilter("ignore")


def _ended(code: int, line: str) -> int:
    click.echo(line, err=True)
    return code


def _failed(error: HubError) -> int:
    return _ended(2 if isinstance(error, InputError) else 1, f"{error.heading}: {_one_line(str(error))}")


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


for _command in (run, replay, sheet, new, check, deploy):
    netsee.add_command(_command)


# ---------------------------------------------------------------- what there is

@netsee.command("list")
@click.option("--backbones", "what", flag_value="backbones", help="Networks instead of techniques.")
@click.option("--samples", "what", flag_value="samples", help="Bundled pictures instead of techniques.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(what: str | None, as_json: bool) -> None:
    """List the techniques.

    Those that failed to load, or are left out, stand last, each with its reason.
    """
    rows = {None: _techniques, "backbones": _backbones, "samples": _samples}[what]()
    _show(list(rows), as_json, headed=what == "backbones")


def _techniques() -> Iterator[dict[str, Any]]:
    for record in registry.records():
        if found := record.technique:
            yield {"name": found.name, "family": found.family, "title": found.title, "picture": found.picture,
                   "source": record.source}
    for record in (*registry.failures(), *registry.left_out()):
        yield {"name": record.name, "family": record.kind, "title": "", "picture": "", "source": record.source,
               "error": record.error}


def _backbones() -> Iterator[dict[str, Any]]:
    from hub import backbones

    return ({"name": each.name, "title": each.title, "MB": round(each.megabytes), "input": each.side, "licence": each.licence,
             "here": "here" if backbones.is_here(each.name) else "", "about": each.about} for each in backbones.CATALOGUE)


def _samples() -> Iterator[dict[str, Any]]:
    from hub import samples

    return ({"name": f"sample:{name}", "title": samples.title(name)} for name in samples.names())


def _show(rows: list[dict[str, Any]], as_json: bool, headed: bool = False) -> None:
    """Rows as JSON, or as columns under each other with their last cell free. headed: under their names."""
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    names = dict.fromkeys(name for row in rows for name in row)
    cells = [list(names)] * headed + [[str(row.get(name, "")) for name in names] for row in rows]
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
    with click.Context(command_of(found), info_name=f"netsee run {name}") as context:
        click.echo(context.get_help())


@netsee.command()
@click.argument("backbone")
@click.option("--units", "units_of", metavar="LAYER", help="List the units of this layer instead: class names, or numbers.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def layers(backbone: str, units_of: str | None, as_json: bool) -> None:
    """List the layers of a network.

    In the order in which they compute; its weights are not needed. The receptive field is in pixels of the picture. Of a
    transformer, NAME:class is the class token, and NAME:heads what each head attends to.
    """
    from hub import backbones

    if units_of is not None:
        _show([{"name": unit} for unit in backbones.units(backbone, units_of)], as_json)
        return
    _show([{"name": layer.name, "kind": layer.kind, "channels": layer.channels, "stride": layer.stride,
            "receptive field": layer.reach or "all", "depth": round(layer.depth, 3)} for layer in backbones.layers(backbone)],
          as_json, headed=True)


@netsee.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--pin", is_flag=True, help="Record the revision and the hash of what was fetched, for the menu's networks.")
@click.pass_context
def fetch(context: click.Context, names: Sequence[str], pin: bool) -> None:
    """Download networks, to have them where there is no network.

    Names as in `netsee list --backbones`, or any other: timm/NAME, torchvision/NAME, hf-hub:OWNER/NAME. What is here already is
    not downloaded again. One that fails is a line on standard error, and the rest goes on.
    """
    from hub import backbones

    code = 0
    for name in names:
        try:
            _fetch(name)
            click.echo(f"{name}: here" + (f", pinned at {backbones.pinned(name)}" if pin else ""))
        except HubError as error:
            code = _failed(error)
    context.exit(code)


def _fetch(name: str) -> None:
    """Bring the files of a network, with a bar where somebody looks."""
    from tqdm import tqdm

    from hub import backbones

    look = {"desc": name, "unit": "B", "unit_scale": True, "leave": False}
    with closing(backbones.fetched(name)) as parts, tqdm(file=sys.stderr, disable=not sys.stderr.isatty(), **look) as bar:
        for part in parts:
            bar.total = part.total or None
            bar.update(part.done - bar.n)


# ---------------------------------------------------------------- the rest

@netsee.command()
@watchable
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535))
@click.option("--public", is_flag=True, help="Limits for strangers: small uploads, a deadline, catalogue networks only.")
@click.option("--technique", "techniques", multiple=True, metavar="NAME",
              help="Show only this technique, or this family, such as dream; may be given again.")
@click.option("--auth", metavar="USER:PASSWORD", envvar="NETSEE_AUTH", show_envvar=True, help="Let in only who knows these.")
@click.option("--share", is_flag=True, help="Also at a public address, through Gradio's service; sets --public.")
@click.option("--behind-proxy", metavar="ADDRESS,…", help="Believe what the proxies there say of who asks, and nobody else.")
@click.option("--mcp", is_flag=True, help="Also serve each technique as a tool of the Model Context Protocol, at /mcp.")
def app(host: str, port: int, public: bool, techniques: tuple[str, ...], auth: str | None, share: bool, behind_proxy: str | None,
        mcp: bool) -> None:
    """Serve the web app on this machine.

    With the techniques at each PATH besides those that are found anyway: files, folders, distributions.
    """
    from hub.app import serve

    user, colon, password = (auth or "").partition(":")
    if auth is not None and not (user and colon and password):
        raise click.BadParameter("It is not USER:PASSWORD.", param_hint="--auth")
    proxies = ()
    if behind_proxy is not None:
        from hub.app import whence

        proxies = whence.proxies(behind_proxy)
    serve(host, port, public=public, only=techniques or None, auth=(user, password) if auth else None, share=share, mcp=mcp,
          proxies=proxies)


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
