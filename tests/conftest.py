"""What every test lives under: no network, no telemetry, fixed threads and number format; and folders of techniques to try."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Set before anything is imported that reads them once; processes that tests start inherit them.
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", GRADIO_ANALYTICS_ENABLED="False",
                  OMP_NUM_THREADS="2", MKL_NUM_THREADS="2",
                  NETSEE_DTYPE="float32")
for _name in ("NETSEE_PLUGINS", "NETSEE_DEBUG", "NETSEE_SAFE_MODE", "NETSEE_ALLOW", "NETSEE_DENY"):
    os.environ.pop(_name, None)

HERE = (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "testserver")
reached: list[str] = []
"""Addresses outside this machine that somebody asked for, whether or not the refusal was swallowed."""


def _closed(event: str, details: tuple) -> None:
    if event in ("socket.connect", "socket.sendto") and isinstance(details[1], tuple):
        host = details[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = details[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in HERE:
        reached.append(str(host))
        raise OSError(f"Tests have no network; something asked for {host}.")


sys.addaudithook(_closed)


@pytest.fixture(autouse=True)
def no_network() -> Iterator[list[str]]:
    """Fails a test during which something reached for the network, even if the error was caught."""
    reached.clear()
    yield reached
    assert not reached, f"reached for {', '.join(reached)}"


@pytest.fixture
def plugin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    """An empty folder named in NETSEE_PLUGINS; `add` puts a technique in it."""
    from hub import registry

    folder = tmp_path / "techniques"
    folder.mkdir()
    monkeypatch.setenv(registry.FOLDERS, str(folder))
    registry.refresh()
    yield PluginFolder(folder)
    monkeypatch.undo()
    registry.refresh()


class PluginFolder:
    """A folder of techniques of a test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, name: str, source: str) -> str:
        """Write a technique and let the registry look again; returns its name."""
        from hub import registry

        (self.path / f"{name}.py").write_text(source)
        registry.refresh()
        return name


@pytest.fixture
def toy(plugin_folder: PluginFolder) -> str:
    """The name of a technique that needs no network and keeps the contract."""
    return plugin_folder.add("toy", (Path(__file__).parent / "data" / "toy.py").read_text())


@pytest.fixture
def netsee(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., tuple[int, str, str]]:
    """Run a command; returns (exit code, standard output, standard error)."""
    from hub import cli

    def run(*words: object) -> tuple[int, str, str]:
        code = cli.main([str(word) for word in words])
        out, error = capfdbinary.readouterr()
        return code, out.decode(), error.decode()

    return run


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser: Debian's; where it is missing the tests fail."""
    from tests import browser

    with browser.chromium() as found:
        yield found
