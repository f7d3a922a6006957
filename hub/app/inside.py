"""Requests to the server that this is, inside its process and without a socket."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import anyio
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import Message, Scope

from hub.errors import HubError

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SAME = ("type", "asgi", "http_version", "scheme", "client", "server", "root_path")


class Refused(HubError):
    """What was answered in place of what was asked for, in one line."""


@dataclass
class Inside:
    """Requests to the server that this is, without a socket. auth: what it asks its visitors for."""

    app: FastAPI
    auth: tuple[str, str] | None
    cookie: str = ""

    async def json(self, outer: Scope, path: str, body: Any) -> Any:
        """What a POST of JSON is answered with. outer: of the request that this is a part of. Raises Refused."""
        parts: list[bytes] = []

        async def heard(part: bytes) -> None:
            parts.append(part)

        status, _ = await self._ask(outer, path, heard, json.dumps(body).encode())
        said = json.loads(b"".join(parts))
        if status != 200:
            raise Refused(str(said.get("error") or said.get("detail")))
        return said

    async def events(self, outer: Scope, path: str, heard: Callable[[str, Any], Awaitable[None]]) -> None:
        """Hand each event of a stream on as it comes: its name and its data."""
        rest = ""

        async def split(part: bytes) -> None:
            nonlocal rest
            *whole, rest = (rest + part.decode()).split("\n\n")
            for event in whole:
                name, _, data = event.removeprefix("event: ").partition("\ndata: ")
                await heard(name, json.loads(data))

        await self._ask(outer, path, split)

    async def _ask(self, outer: Scope, path: str, heard: Callable[[bytes], Awaitable[None]], body: bytes | None = None,
                   kind: str = JSON) -> tuple[int, Headers]:
        if self.auth and not self.cookie and path != "/login":
            await self._log_in(outer)
        sent, started = False, {}
        headers = {"content-type": kind, "cookie": self.cookie}
        kept = [(name, value) for name, value in outer["headers"] if name == b"host" or name.startswith(b"x-forwarded-")]

        async def receive() -> Message:
            nonlocal sent
            if sent:
                await anyio.sleep_forever()
            sent = True
            return {"type": "http.request", "body": body or b""}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            elif part := message.get("body"):
                await heard(part)

        scope = {name: outer[name] for name in SAME if name in outer} | {
            "method": "GET" if body is None else "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [*kept, *((name.encode(), value.encode()) for name, value in headers.items())],
        }
        await self.app(scope, receive, send)
        return started["status"], Headers(raw=started["headers"])

    async def _log_in(self, outer: Scope) -> None:
        async def unheard(_: bytes) -> None: ...

        name, password = self.auth or ("", "")
        form = urlencode({"username": name, "password": password}).encode()
        _, headers = await self._ask(outer, "/login", unheard, form, FORM)
        self.cookie = "; ".join(each.partition(";")[0] for each in headers.getlist("set-cookie"))
