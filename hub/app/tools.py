"""Every technique as a tool of the Model Context Protocol, at /mcp of a server that is started with `--mcp`.

A tool's call is put through the HTTP endpoint of its technique, inside this process and without a socket: so that checks, queue,
limits and cancelling are the same, and nothing of a run is written twice. Only what goes around it is made here: the list of
tools, progress, and pictures that are small enough to be answered with.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import FastAPI
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from hub import __version__
from hub.app import endpoint, gate, page
from hub.app.inside import Inside, Refused
from hub.app.room import Room
from hub.decode import decode, fit
from hub.errors import HubError
from hub.policy import Policy
from hub.recipe import png_bytes, read_recipe
from hub.results import Result
from hub.stage import MOST_ROWS, data_url

MOST_BYTES = 640 * 1024  # of the picture in an answer: common clients take 1 MiB at once, and base64 makes four bytes of three
GLIMPSE = 320  # the longer side of further pictures
MOST_OF_GLIMPSES = 96 * 1024  # of all of them, in base64
SIDES = (1024, 768, 512, 384)  # longer sides that a larger one is scaled down to; 384 is always small enough
HOW = (
    'Each tool makes a picture; leave out what you have no wish for. A picture is given as "sample:clouds" or another sample, as '
    '"data:image/png;base64,…", or, where it is large, as {"path": …} of an upload: POST it to /gradio_api/upload as the form '
    "field `files`. The answer shows pictures small; `picture`, `images` and `files` are the addresses of all. The picture "
    "carries its recipe."
)


def add_to(app: FastAPI, rooms: Mapping[str, Room], policy: Policy, local: bool, auth: tuple[str, str] | None) -> None:
    """Serve the tools at /mcp of `app`.

    local: whether it is bound to loopback, where pages of other sites are refused. auth: the name and the password that a client
    has to send (HTTP Basic), as a visitor of the page has to.
    """
    inside = Inside(app, auth)
    listed = types.ListToolsResult(tools=[_tool(room) for room in rooms.values()])

    async def tools(_: ServerRequestContext, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return listed

    async def call(context: ServerRequestContext, asked: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            return await _answer(inside, context, asked.name, asked.arguments or {})
        except HubError as error:
            return types.CallToolResult(content=[types.TextContent(text=str(error))], is_error=True)

    manager = StreamableHTTPSessionManager(
        Server(page.TITLE, version=__version__, instructions=HOW, on_list_tools=tools, on_call_tool=call),
        max_request_body_size=policy.body_bytes,
        security_settings=_own_pages_only() if local else None,
    )
    app.add_route(gate.TOOLS, _Door(manager, auth))
    started = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with started(app) as state, manager.run():
            yield state

    app.router.lifespan_context = lifespan


def _tool(room: Room) -> types.Tool:
    technique = room.technique
    return types.Tool(
        name=technique.name,
        title=technique.title,
        description=technique.summary,
        input_schema=endpoint.schema(technique),
        annotations=types.ToolAnnotations(read_only_hint=True),
    )


def _own_pages_only() -> TransportSecuritySettings:
    hosts = [f"{host}{port}" for host in ("127.0.0.1", "localhost", "[::1]") for port in ("", ":*")]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts])


class _Door:
    """ASGI: the tools, for who knows name and password, where there are any."""

    def __init__(self, manager: StreamableHTTPSessionManager, auth: tuple[str, str] | None) -> None:
        self.inside = manager.handle_request
        self.wanted = "Basic " + base64.b64encode(":".join(auth).encode()).decode() if auth else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("authorization", "")
        if self.wanted and not secrets.compare_digest(given.encode(), self.wanted.encode()):
            refused = PlainTextResponse("Name and password are wanted.", 401, {"WWW-Authenticate": f'Basic realm="{page.TITLE}"'})
            return await refused(scope, receive, send)
        await self.inside(scope, receive, send)


# ---------------------------------------------------------------- a call


async def _answer(inside: Inside, context: ServerRequestContext, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    """Run a technique, with progress on the way. Raises Refused. Cancelling the call ends the run."""
    outer, path, told, last = context.request.scope, gate.CALL + quote(name, safe=""), 0.0, ("error", None)

    async def heard(event: str, data: Any) -> None:
        nonlocal told, last
        if event == "generating":
            told = max(data[1]["progress"], told + 1e-6)  # it has to grow, also while something is downloaded
            await context.session.report_progress(told, 1.0, data[1]["caption"])
        elif event in ("complete", "error"):
            last = event, data

    number = (await inside.json(outer, path, arguments))["event_id"]
    await inside.events(outer, f"{path}/{number}", heard)
    event, data = last
    if event == "error":
        said = data.get("error") if isinstance(data, dict) else data
        raise Refused(said or "This call was refused. Is what was uploaded for it still there?")
    file, facts, images, files = data
    return await anyio.to_thread.run_sync(_shown, file, facts, images or [], files or [])


def _shown(file: Any, facts: dict[str, Any], images: list[Any], files: list[Any]) -> types.CallToolResult:
    """A result as a model takes it in: facts in words, the picture, the next ones as glimpses, and links to all that there is."""
    found = {name: facts[name] for name in ("caption", "metrics")} | {
        "table": facts["table"][:MOST_ROWS],
        "picture": file and file["url"],
        "images": [{"caption": each["caption"], "url": each["image"]["url"]} for each in images],
        "files": [{"name": each["orig_name"], "url": each["url"]} for each in files],
    }
    content: list[types.ContentBlock] = [types.TextContent(text=json.dumps(found))]
    if file:
        content.append(types.ImageContent(data=base64.b64encode(_small(Path(file["path"]))).decode(), mime_type="image/png"))
    room = MOST_OF_GLIMPSES
    for each in images:
        glimpse = _glimpse(Path(each["image"]["path"]))
        if (room := room - len(glimpse)) < 0:
            break
        content += [types.TextContent(text=each["caption"] or ""), types.ImageContent(data=glimpse, mime_type="image/jpeg")]
    content += [types.ResourceLink(uri=each["url"], name=each["orig_name"], size=each["size"]) for each in files]
    return types.CallToolResult(content=content, structured_content=found)


def _glimpse(path: Path) -> str:
    """A further picture that was made here, small, as JPEG in base64."""
    return data_url(decode(path.read_bytes(), Policy.local()).image, GLIMPSE)[0].partition(",")[2]


def _small(path: Path) -> bytes:
    """A PNG that was made here, scaled down where it is longer than MOST_BYTES; its recipe stays."""
    content = path.read_bytes()
    if len(content) <= MOST_BYTES:
        return content
    whole, recipe = decode(content, Policy.local()).image, read_recipe(content)
    scaled = (png_bytes(Result(image=fit(whole, side), recipe=recipe)) for side in SIDES)
    return next((each for each in scaled if len(each) <= MOST_BYTES), b"")
