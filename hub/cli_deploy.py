"""The command that puts the hub, or a part of it, on the Hugging Face Hub: `netsee deploy`."""

from __future__ import annotations

from pathlib import Path

import click

from hub.cli_authors import names_at
from hub.deploy import CPU, HARDWARE


@click.command()
@click.argument("name", metavar="OWNER/NAME")
@click.option("--technique", "techniques", multiple=True, metavar="NAME|PATH",
              help="Show only this technique, by name or by its file, or this family, such as dream; may be given again.")
@click.option("--hardware", type=click.Choice(HARDWARE), help="What it runs on; cpu-basic, or what it has. zero-a10g is ZeroGPU.")
@click.option("--private", is_flag=True, help="Let nobody else see it.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it runs.")
@click.option("--dry-run", "folder", metavar="DIR", help="Only write what would be uploaded into a new folder.")
def deploy(
    name: str, techniques: tuple[str, ...], hardware: str | None, private: bool, no_wait: bool, folder: str | None
) -> None:
    """Host it as a Hugging Face Space.

    Makes the Space or brings it up to date, waits until it runs and prints its address; safe to run again. It needs a token
    that may write: `hf auth login`.
    """
    from hub.deploy import pages, staging, uploading

    uploading.check_name(name)
    space = pages.space_of([name for each in techniques for name in names_at(each)])

    def say(line: str) -> None:
        click.echo(line, err=True)

    if folder is None:
        click.echo(uploading.deploy(name, space, hardware=hardware, private=private, wait=not no_wait, say=say))
        return
    paths = staging.stage(Path(folder), space, hardware or CPU, name, say)
    size = sum(Path(folder, path).stat().st_size for path in paths)
    click.echo(f"{folder}: {len(paths)} files, {size / 1e6:.1f} MB. Try it: cd {folder} && python app.py")
