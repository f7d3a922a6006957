"""A server that `hub.watch` started: it inherits its socket, and tells the page which technique was saved and what is broken."""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from hub import registry
from hub.app import listening
from hub.examples import WEB
from hub.watch import TOLD


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


def run(app: FastAPI) -> None:
    """Serve on the socket that was handed down, until whoever started this closes its end of the line."""
    import uvicorn

    line = socket.socket(fileno=_told()["line"])

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            line.send(b"!")

    server = Server(uvicorn.Config(app, **listening.settings()))

    def follow() -> None:
        line.recv(1)  # returns when the other end is closed, however that process ended
        server.should_exit = True

    threading.Thread(target=follow, daemon=True).start()
    for words in _broken():
        print(f"Not on show: {words}", flush=True)
    server.run(sockets=[socket.socket(fileno=_told()["socket"])])


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
    around = (name for name, file in files.items() if file.parent in saved.parents)
    return next(exact, None) or next(around, "")
