"""The server as a Hugging Face Space runs it: for strangers, behind the Hub's proxy, on the cores that it was given."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from hub.app import serve
from hub.errors import HubError
from hub.runners import zero

CORES = "CPU_CORES"  # so many a Space has; the machine under it shows all of its own


def main(only: Sequence[str] | None = None) -> None:
    """Serve until stopped. only: techniques or families to show. GRADIO_SERVER_PORT names another port than 7860."""
    if os.environ.get(CORES, "").isdigit():
        os.environ.setdefault("OMP_NUM_THREADS", os.environ[CORES])  # before anything imports torch
    try:
        zero.begin()
        serve("0.0.0.0", int(os.environ.get("GRADIO_SERVER_PORT") or 7860), public=True, only=only)
    except HubError as error:
        sys.exit(f"{error.heading}: {error}")
