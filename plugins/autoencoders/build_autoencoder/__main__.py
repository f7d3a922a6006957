"""`python -m plugins.autoencoders.build_autoencoder push FILE OWNER/NAME` and `pull OWNER/NAME -o FILE`."""

from __future__ import annotations

from pathlib import Path

import click

from hub.errors import HubError
from hub.files import write_safely
from plugins.autoencoders.build_autoencoder import hub_files
from plugins.autoencoders.build_autoencoder.saved import NAME


class _OneLine(click.Group):
    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except HubError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_OneLine)
def main() -> None:
    """Share trained autoencoders through the Hugging Face Hub.

    To write takes a token: log in with `hf auth login`, or set HF_TOKEN.
    """


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("repo", metavar="OWNER/NAME")
@click.option("--private", is_flag=True, help="Make a new repository that only you can see.")
def push(file: Path, repo: str, private: bool) -> None:
    """Upload FILE, downloaded from "Build your own", with a page that says what it is."""
    click.echo(hub_files.push(file.read_bytes(), repo, private=private))


@main.command()
@click.argument("repo", metavar="OWNER/NAME")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), default=NAME, show_default=True)
@click.option("--revision", help="A branch, a tag or a commit.")
def pull(repo: str, out: Path, revision: str | None) -> None:
    """Fetch the file of a trained autoencoder."""
    try:
        write_safely(out, hub_files.pull(repo, revision))
    except OSError as error:
        raise click.ClickException(f"{out.name} cannot be written ({error.strerror}).") from error
    click.echo(out)


if __name__ == "__main__":
    main(prog_name="python -m plugins.autoencoders.build_autoencoder")
