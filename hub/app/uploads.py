"""What lies among the uploads of visitors: their files, and those made for them. All are swept away when they are old."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import disk_usage
from typing import Any

import gradio as gr
from gradio.processing_utils import hash_bytes
from gradio.utils import get_upload_folder

from hub.files import write_safely
from hub.policy import MEBI

ROOM = 512 * MEBI


class Uploads(set[str]):
    """The paths of these files.

    Gradio's sweeper goes through them in a thread of its own, for good, while others come in: so it goes through a copy.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(frozenset(self))

    def keep(self, data: bytes, name: str) -> str:
        """The path of `data` as a file that Gradio may serve. Raises OSError.

        The same of two visitors is one file, which the other may be reading: so it is never empty in between.
        """
        path = Path(get_upload_folder()).resolve() / hash_bytes(data) / Path(name).name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_safely(path, data)
        self.add(str(path))
        return str(path)


def of(blocks: gr.Blocks) -> Uploads:
    """Those of a page that is being built, which are from then on what Gradio sweeps."""
    uploads = Uploads()
    blocks.temp_file_sets = [uploads if each is blocks.upload_file_set else each for each in blocks.temp_file_sets]
    blocks.upload_file_set = uploads
    return uploads


def have_room() -> bool:
    """Whether there is room left on the disk that they lie on, and some more for everybody else."""
    folder = Path(get_upload_folder())
    return disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free > ROOM


def is_one(path: Any) -> bool:
    """Whether this is the path of such a file, and not of another, whatever somebody says."""
    try:
        return Path(get_upload_folder()).resolve() in (place := Path(path).resolve()).parents and place.is_file()
    except (TypeError, ValueError, OSError):
        return False
