"""The whole server: the page, its fonts and pictures, `/healthz`, `/schema`, and the checks in front of it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Literal
from urllib.parse import urlsplit

import gradio as gr
from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from hub import __version__, examples, registry, watch
from hub.app import endpoint, gate, listening, page, watched, whence
from hub.app.building import build
from hub.app.room import Room
from hub.errors import BadAddress, HubError
from hub.policy import Policy

LOOPBACK = ("127.0.0.1", "localhost", "::1")
log = logging.getLogger("netsee")


def application(
    policy: Policy | None = None,
    host: str = "127.0.0.1",
    only: Sequence[str] | None = None,
    auth: tuple[str, str] | None = None,
    names: Sequence[str] = (),
    mcp: bool = False,
    proxies: Sequence[str] = (),
) -> FastAPI:
    """The whole server, as an ASGI app.

    host: where it is bound; on loopback it answers to no other name but `names`, which closes DNS rebinding.
    only: the techniques or families to show. auth: the name and the password that let a visitor in.
    mcp: whether the techniques are tools of the Model Context Protocol too, at /mcp. Ask `gate.check_tools` before.
    proxies: addresses and networks of the proxies in front of it, who say where a request comes from; nobody else is believed.
    """
    policy = policy or Policy.local()
    blocks = build(policy, only)
    blocks.space_id = None  # on a Space, Gradio's page would ask two other servers for a banner of its own
    app = FastAPI(title=page.TITLE, docs_url=None, redoc_url=None, openapi_url=None)
    _add_health(app, blocks)
    _add_schema(app, blocks)
    _add_files(app)
    watched.add_to(app)
    if mcp:
        from hub.app import tools

        tools.add_to(app, blocks.rooms, policy, host in LOOPBACK and not names, auth)  # type: ignore[attr-defined]
    gate.guard(app, policy, [*LOOPBACK, *names] if host in LOOPBACK else ["*"], blocks, tuple(proxies))
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth=auth,
        theme=page.Theme(),
        css=page.css(),
        head=page.head(),
        footer_links=[],
        show_error=False,
        max_file_size=policy.upload_bytes,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        favicon_path=str(page.ASSETS / "icon.png"),
        allowed_paths=[str(page.ASSETS / "examples"), str(examples.cache_folder())],
    )
    blocks.app = next(each.app for each in app.routes if isinstance(getattr(each, "app", None), gr.routes.App))  # knows who is in
    app.state.blocks = blocks
    blocks.has_launched = True  # Gradio asks whether a file was uploaded only then, and does not count being mounted
    return app


def _add_health(app: FastAPI, blocks: gr.Blocks) -> None:
    @app.get("/healthz")
    def healthz() -> JSONResponse:
        """Whether it is up, and what it has: for load balancers and for people."""
        shown, failed = len(blocks.rooms), registry.failures()  # type: ignore[attr-defined]
        return JSONResponse({"ok": shown > 0, "techniques": shown, "failures": [r.name for r in failed], "version": __version__})


def _add_schema(app: FastAPI, blocks: gr.Blocks) -> None:
    @app.get(gate.SCHEMA)
    def schema() -> JSONResponse:
        """Every technique's parameters as JSON Schema: types, bounds, defaults, descriptions; for programs that call them."""
        rooms: dict[str, Room] = blocks.rooms  # type: ignore[attr-defined]
        return JSONResponse({name: {
            "title": room.technique.title, "summary": room.technique.summary, "picture": room.technique.picture,
            "call": f"/gradio_api/call/v2/{name}", "params": endpoint.schema(room.technique),
        } for name, room in rooms.items()})


def _add_files(app: FastAPI) -> None:
    """Fonts, examples and sample pictures: fixed folders, file names without a path."""
    for name, folder in (
        ("fonts", page.ASSETS / "fonts"),
        ("examples", examples.SHIPPED),
        ("cache", examples.cache_folder() / "examples"),
    ):
        if folder.is_dir():
            app.mount(f"/{examples.WEB}/{name}", StaticFiles(directory=folder))

    @app.get(f"/{examples.WEB}/{{kind}}/{{name}}.jpg")
    def small(kind: Literal[examples.KINDS], name: str) -> FileResponse:
        try:
            return FileResponse(examples.thumbnail(kind, name), headers={"Cache-Control": "max-age=86400"})
        except HubError as error:
            raise HTTPException(404, str(error)) from error


def _check_free(host: str, port: int) -> None:
    """Raise BadAddress where nothing can be bound, before anything slow is done."""
    watch.bound(host, port).close()


def serve(
    host: str = "127.0.0.1",
    port: int = 7860,
    public: bool = False,
    only: Sequence[str] | None = None,
    auth: tuple[str, str] | None = None,
    share: bool = False,
    mcp: bool = False,
    proxies: Sequence[str] = (),
) -> None:
    """Run the server until it is stopped.

    public: the limits of a hosted page, where nobody is trusted. share: at a public address too, with those limits; the others as
    in `application`. Raises BadAddress where it cannot be bound or shared, MissingExtra, and UnknownTechnique.
    """
    import uvicorn

    line = watched.Line() if watched.is_on() else None
    if mcp:
        gate.check_tools(not public and not share and host in LOOPBACK, auth is not None)
    registry.chosen(only)
    if not line:
        _check_free(host, port)
    link = _shared(port) if share else None
    policy = Policy.public() if public or share else Policy.local()
    app = application(policy, host, only, auth, [urlsplit(link).hostname or ""] if link else [], mcp,
                      (*proxies, *whence.LOOPBACK * bool(link)))
    app.state.blocks.server = SimpleNamespace(config=SimpleNamespace(port=port))  # whose sockets a fork of ZeroGPU's lets go of
    here = f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{port}"
    print(f"{page.TITLE} is at {here}" + (f", its tools at {here}/mcp" if mcp else ""), flush=True)
    if link:
        print(f"For others, for as long as this runs: {link}", flush=True)
    if line:
        return line.serve(app)
    uvicorn.run(app, host=host, port=port, **listening.settings())


def _shared(port: int) -> str:
    """A public address that leads here, from Gradio's own service, for as long as this process runs. Raises BadAddress."""
    from gradio import networking

    try:
        return networking.setup_tunnel("127.0.0.1", port, secrets.token_urlsafe(32), None, None)
    except Exception as error:
        log.info("no tunnel", exc_info=True)
        line = "There is no link to share: Gradio's service cannot be reached. Check the network, or leave out --share."
        raise BadAddress(line) from error
