"""A server that `hub.watch` started: it inherits its socket, and tells the page which technique was saved and what is broken."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from hub import registry
from hub.app import listening
from hub.examples import WEB
from hub.watch import PATIENCE, TOLD

LET_IN = 0.5  # seconds for those to ask who were let in before the doors were closed


def is_on() -> bool:
    """Whether this process is such a server."""
    return TOLD in os.environ


def add_to(app: FastAPI) -> None:
    """The address that the page asks, where this is such a server: which one of them it is, what was saved, what is broken."""
    if not is_on():
        return

    @app.get(f"/{WEB}/watch")
    def watch() -> JSONResponse:
        return JSONResponse({"server": _told()["number"], "tab": _saved_technique(), "broken": _broken()})


class Line:
    """The line to whoever started this process: when that closes its end, however it ended, this process ends, too.

    At once while it starts, whatever the techniques do that it loads; when it has sent what it is sending, where it serves.
    """

    def __init__(self) -> None:
        self._line = socket.socket(fileno=_told()["line"])
        self._server: uvicorn.Server | None = None
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        self._line.recv(1)  # returns when the other end is closed
        if self._server:
            self._server.should_exit = True
            time.sleep(PATIENCE)  # longer than it lives, unless a run does not end
        os._exit(1)

    def serve(self, app: FastAPI) -> None:
        """Serve on the socket that was handed down, and say so."""
        line = self._line

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                line.send(b"!")

            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                for each in self.servers:
                    each.close()
                await asyncio.sleep(LET_IN)
                await super().shutdown(sockets)

        self._server = Server(uvicorn.Config(app, **listening.settings()))
        for words in _broken():
            print(f"Not on show: {words}", flush=True)
        self._server.run(sockets=[socket.socket(fileno=_told()["socket"])])


def _told() -> dict[str, Any]:
    return json.loads(os.environ[TOLD])


def _broken() -> list[str]:
    return [f"{each.name}: {each.error}" + (f" ({each.line})" if each.line and each.line not in each.error else "")
            for each in registry.failures()]


def _saved_technique() -> str:
    """The technique that the saved file is, or is a part of; "" for none."""
    saved = Path(_told()["saved"])
    files = {record.name: Path(record.file) for record in registry.records() if record.file}
    exact = (name for name, file in files.items() if file == saved)
    around = (name for name, file in files.items() if file.name == "__init__.py" and file.parent in saved.parents)
    return next(exact, None) or next(around, "")
