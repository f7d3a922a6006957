"""The server as a Hugging Face Space runs it: for strangers, behind the Hub's proxy, on the cores that it was given."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from hub.app import serve, whence
from hub.errors import HubError
from hub.runners import zero

CORES = "CPU_CORES"  # so many a Space has; the machine under it shows all of its own


def main(only: Sequence[str] | None = None) -> None:
    """Serve until stopped, where GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say, or everywhere on 7860.

    only: techniques or families to show.
    """
    if os.environ.get(CORES, "").isdigit():
        os.environ.setdefault("OMP_NUM_THREADS", os.environ[CORES])  # before anything imports torch
    try:
        zero.begin()
        host, port = os.environ.get("GRADIO_SERVER_NAME") or "0.0.0.0", os.environ.get("GRADIO_SERVER_PORT") or 7860
        proxies = whence.INSIDE if os.environ.get("SYSTEM") == "spaces" else ()
        serve(host, int(port), public=True, only=only, proxies=proxies)
    except HubError as error:
        sys.exit(f"{error.heading}: {error}")
