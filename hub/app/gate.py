"""What stands in front of the page: names it answers to, the largest body it reads, how many runs a visitor may have waiting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import anyio
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from hub.app import endpoint
from hub.errors import BadAddress, HubError, MissingExtra, UnknownTechnique
from hub.policy import Policy

UPLOAD = "/upload"
JOIN = "/queue/join"
ANY_CALL = "/gradio_api/call/"
CALL = ANY_CALL + "v2/"
OVERHEAD = 64 * 1024  # the envelope of a form upload around its file
CLOSED = (
    "/gradio_api/deep_link",
    "/gradio_api/process_recording",
    "/gradio_api/file=http:",
    "/gradio_api/file=https:",
    "/gradio_api/file/",
    "/gradio_api/proxy=",
    "/monitoring",
)
"""Routes of Gradio's that the page does not use; one relays to other servers."""


class Gate:
    """ASGI middleware: refuses what is too large, closed, or too much from one visitor, before Gradio sees it."""

    def __init__(self, app: Any, policy: Policy, blocks: Any) -> None:
        self.app, self.policy, self.blocks = app, policy, blocks

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"]
        if path.startswith(CLOSED):
            return await _refused(404, "There is nothing here.", scope, receive, send)
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            return await self.app(scope, receive, send)
        limit = self.policy.upload_bytes + OVERHEAD if path.endswith(UPLOAD) else self.policy.body_bytes
        body = await _body(receive, limit)
        if body is None:
            return await _refused(
                413, f"That is larger than {limit // 1024} KiB, the most that is taken here.", scope, receive, send
            )
        if path.endswith(JOIN) and self._waiting(body):
            return await _refused(
                429, "One of your runs is waiting already. Stop it first, or let it finish.", scope, receive, send
            )
        if (path.endswith(JOIN) or path.startswith(ANY_CALL)) and self._waiting_from(address_of(Request(scope))):
            return await _refused(429, "Several of your runs are waiting already. Let them finish.", scope, receive, send)
        if path.startswith(CALL) and self._is_let_in(scope):  # whoever is not is turned away by Gradio
            if len(self.blocks._queue) >= self.policy.queue:
                return await _refused(503, "Too many runs are waiting. Try again in a few minutes.", scope, receive, send)
            try:
                name = path.removeprefix(CALL).strip("/")
                body = await anyio.to_thread.run_sync(endpoint.admitted, self.blocks.rooms, name, body)
            except HubError as error:
                return await _refused(404 if isinstance(error, UnknownTechnique) else 422, str(error), scope, receive, send)
        return await self.app(scope, _again(body, receive), send)

    def _waiting(self, body: bytes) -> bool:
        """Whether this visitor already has as many runs waiting as the policy allows; one more may be running."""
        if self.policy.per_session is None:
            return False
        try:
            visitor = json.loads(body).get("session_hash")
        except (ValueError, AttributeError, RecursionError):
            return False
        return sum(event.session_hash == visitor for event in self._line()) >= self.policy.per_session

    def _waiting_from(self, address: str) -> bool:
        """Whether as many runs as the policy allows wait that were asked for from one address, by whatever visitors."""
        most = self.policy.per_address
        return most is not None and sum(address_of(event.request) == address for event in self._line()) >= most

    def _line(self) -> Iterator[Any]:
        for line in self.blocks._queue.event_queue_per_concurrency_id.values():
            yield from line.queue

    def _is_let_in(self, scope: Any) -> bool:
        """Whether nobody has to log in here, or this visitor has."""
        house = self.blocks.app
        return house.auth is None or any(token in house.tokens for token in Request(scope).cookies.values())


def address_of(request: Request) -> str:
    """Where a request comes from: as the proxy nearest to us says, where one does."""
    told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return told or (request.client.host if request.client else "")


def guard(app: FastAPI, policy: Policy, hosts: list[str], blocks: Any) -> None:
    """Put the gate in front of `app`. hosts: the names it answers to; ["*"] for any."""
    app.add_middleware(Gate, policy=policy, blocks=blocks)
    if hosts != ["*"]:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[h if h != "::1" else "[::1]" for h in hosts], www_redirect=False)


def check_tools(private: bool, locked: bool) -> None:
    """Whether techniques may be served as tools (MCP). Raises MissingExtra where what it takes is not installed, else BadAddress.

    private: whether only this machine reaches the server. locked: whether it asks for a password. A tool does no more than a call
    over HTTP, which a hosted page takes from anybody; but whoever hosts a page means it for people, and a program that is given
    tools calls them all day long. So strangers get tools only by a password.
    """
    try:
        installed = int(version("mcp").partition(".")[0]) >= 2
    except PackageNotFoundError:
        installed = False
    if not installed:
        raise MissingExtra("--mcp needs a further package. Install it: pip install 'netsee[mcp]'")
    if not (private or locked):
        raise BadAddress("--mcp serves tools to this machine only. To serve them to others, give --auth USER:PASSWORD too.")


async def _body(receive: Any, limit: int) -> bytes | None:
    """The whole body, or None as soon as it is longer than `limit`."""
    parts, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > limit:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Any) -> Any:
    """A `receive` that gives a body that was read already, then what the connection says next."""
    given = False

    async def again() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refused(code: int, line: str, scope: Any, receive: Any, send: Any) -> None:
    await JSONResponse({"detail": line, "error": line}, code, headers={"Retry-After": "5"} if code == 429 else {})(
        scope, receive, send
    )
