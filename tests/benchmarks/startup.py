"""How long it takes until there is something to see, each time in a new process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from statistics import median


def help_seconds(repetitions: int) -> float:
    """`netsee --help`."""
    return median(_timed([sys.executable, "-m", "hub", "--help"]) for _ in range(repetitions))


def _timed(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def app_seconds(limit: float = 120.0) -> float:
    """From the command to the first answer of the web app."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "hub", "app", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"},
    )
    try:
        while time.perf_counter() - start < limit:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                    return time.perf_counter() - start
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if server.poll() is not None:
                    raise RuntimeError(f"the app ended with {server.returncode} before it answered") from None
                time.sleep(0.05)
        raise RuntimeError(f"no answer within {limit:g} seconds")
    finally:
        server.terminate()
        server.wait(10)
