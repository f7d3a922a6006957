"""What stands in front of the page: routes it does not have, bodies it does not take, calls that are checked before they wait."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import anyio
from fastapi import FastAPI
from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from hub.app import endpoint, uploads
from hub.app.bodies import KIB, Bodies, Refused
from hub.app.elsewhere import Elsewhere
from hub.app.lately import Lately
from hub.app.turns import Turns
from hub.app.unheard import Unheard
from hub.app.whence import address_of
from hub.errors import BadAddress, HubError, MissingExtra, UnknownTechnique
from hub.policy import Policy

API = "/gradio_api/"
UPLOAD = API + "upload"
JOIN = API + "queue/join"
ANY_CALL = API + "call/"
CALL = ANY_CALL + "v2/"
SCHEMA = "/schema"
TOOLS = "/mcp"
FOR_GUESTS = (SCHEMA, UPLOAD, ANY_CALL)
"""What programs ask for. Gradio would turn away who has not logged in by itself, but not in one line."""
ENVELOPE = 64 * KIB  # of a form upload, around its file
OPEN = tuple(API + route for route in (
    "app_id", "call/", "cancel", "file=", "heartbeat/", "info", "login_check", "openapi.json", "queue/", "reset", "run/",
    "startup-events", "theme.css", "token", "upload", "user"))  # fmt: skip
"""The routes of Gradio's that the page and its clients use."""
CLOSED = (API + "file=http:", API + "file=https:", "/monitoring", "/pwa_icon/")
"""Relays to other servers, what Gradio tells of its visitors, and our icon drawn as large as anybody likes."""
ICONS = ("/pwa_icon/192", "/pwa_icon/512")
UPLOADS = 100  # of the largest size, which one address may send in an hour
NAME = 64  # characters of the name that a visitor's page gives itself; Gradio's own have eleven
WEB = ("http://", "https://")


class Gate:
    """ASGI middleware: refuses what is closed, too large, too slow or too much from one visitor, before Gradio sees it."""

    def __init__(self, app: Any, policy: Policy, blocks: Any) -> None:
        self.app, self.policy, self.blocks = app, policy, blocks
        self.turns = Turns(policy, blocks)
        self.unheard = Unheard(blocks)
        self.uploads = Bodies(policy.upload_bytes + ENVELOPE, 16 * (policy.upload_bytes + ENVELOPE))
        self.lately = Lately(UPLOADS * policy.upload_bytes)
        self.bodies = Bodies(policy.body_bytes, 64 * policy.body_bytes)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            try:
                receive = await self._let_in(scope, receive)
            except Refused as refusal:
                answer = {"detail": refusal.line, "error": refusal.line}
                wait = {"Retry-After": str(refusal.wait)} if refusal.code == 429 else {}
                return await JSONResponse(answer, refusal.code, wait)(scope, receive, send)
        await self.app(scope, receive, send)

    async def _let_in(self, scope: Any, receive: Any) -> Any:
        """What gives the body to whoever is inside. Raises Refused."""
        path = get_route_path(scope)  # as it is routed, also where all this is mounted under another path
        if path.startswith(CLOSED) and path not in ICONS or path.startswith(API) and not path.startswith(OPEN):
            raise Refused(404, "There is nothing here.")
        if path.startswith(FOR_GUESTS) and not self._is_known(scope):
            raise Refused(401, "Log in first: POST username and password to /login.")
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            return receive
        if path.startswith((UPLOAD, CALL)) and not uploads.have_room():
            raise Refused(507, "There is no room for files left here. Try again in an hour.")
        address = address_of(Request(scope))
        if path == UPLOAD:
            return _again(await self._uploaded(receive, address), receive)
        body = await self.bodies.read(receive, address)
        if path.startswith(API) and (fault := _fault(body)):
            raise Refused(400, fault)  # not 422, of which Gradio's Python client expects a list
        if path.startswith((JOIN, ANY_CALL)):
            if self.policy.deadline:  # else a run may take hours, and who asked for several hears the last one later still
                await self.unheard.forget()
            self._check_turns(path, address, body)
        if path.startswith(CALL):
            if Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower() != "application/json":
                raise Refused(415, "A call is JSON, and says so: Content-Type: application/json.")
            body = await self._admitted(path.removeprefix(CALL).strip("/"), body)
        return _again(body, receive)

    async def _uploaded(self, receive: Any, address: str) -> bytes:
        if self.lately.is_too_much_from(address):
            raise Refused(429, "Very much was sent from your address in the last hour. Try again in an hour.", 3600)
        body = await self.uploads.read(receive, address)
        self.lately.add(address, len(body))
        return body

    def _check_turns(self, path: str, address: str, body: bytes) -> None:
        if path.startswith(JOIN) and self.turns.are_taken_by(body):
            raise Refused(429, "One of your runs is waiting already. Stop it first, or let it finish.")
        if self.turns.are_taken_from(address):
            raise Refused(429, "Several of your runs are waiting already. Let them finish.")

    async def _admitted(self, name: str, body: bytes) -> bytes:
        if self.turns.is_full():
            raise Refused(503, "Too many runs are waiting. Try again in a few minutes.")
        try:
            return await anyio.to_thread.run_sync(endpoint.admitted, self.blocks.rooms, name, body)
        except HubError as error:
            raise Refused(404 if isinstance(error, UnknownTechnique) else 422, str(error)) from error

    def _is_known(self, scope: Any) -> bool:
        """Whether nobody has to log in here, or this visitor has."""
        house = self.blocks.app
        return house.auth is None or any(token in house.tokens for token in Request(scope).cookies.values())


def guard(app: FastAPI, policy: Policy, hosts: list[str], blocks: Any, proxies: tuple[str, ...] = ()) -> None:
    """Put the gate in front of `app`.

    hosts: the names it answers to; ["*"] for any. proxies: addresses and networks of those whose X-Forwarded-For is believed.
    """
    app.add_middleware(Gate, policy=policy, blocks=blocks)
    app.add_middleware(Elsewhere, tools=TOOLS)
    if hosts != ["*"]:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[h if h != "::1" else "[::1]" for h in hosts], www_redirect=False)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))


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


def _fault(body: bytes) -> str:
    """What is wrong with this JSON, whatever it is meant for; "" where nothing is.

    A file with a web address Gradio would fetch, of whatever size, before anybody looks at it; and it keeps the name that a
    visitor gives himself for good.
    """
    try:
        waiting = [json.loads(body)]
    except (ValueError, RecursionError):
        return ""
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(path := value.get("path"), str) and path.startswith(WEB):
                return f"Nothing is fetched from web addresses. POST the file to {UPLOAD} and give the path in the answer."
            if len(str(value.get("session_hash", ""))) > NAME:
                return f"A session_hash has {NAME} characters at most."
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return ""


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
