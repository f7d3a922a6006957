"""Techniques -> a tabbed web app, an HTTP endpoint each, and a server to run them on.

`build(policy)` gives the page alone; `application(policy)` gives the whole server: the page, its fonts and pictures, `/healthz`,
and the checks in front of it; `serve(host, port)` runs that. Nothing is computed and nothing is fetched while it starts.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Sequence, Sized
from itertools import groupby
from typing import Any, Literal
from urllib.parse import urlsplit

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before the import: each Blocks() would call out

import gradio as gr
from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from hub import __version__, examples, forms, links, registry, stage, watch
from hub.app import endpoint, exhibit, gate, listening, page, play, watched
from hub.app.exhibit import private
from hub.app.room import Room
from hub.errors import BadAddress, BadRecipe, HubError
from hub.policy import Policy
from hub.registry import Record

LOOPBACK = ("127.0.0.1", "localhost", "::1")
log = logging.getLogger("netsee")


# ---------------------------------------------------------------- the page


def build(policy: Policy | None = None, only: Sequence[str] | None = None) -> gr.Blocks:
    """The page: a tab for each technique that loads, and at its foot those that do not, with their reasons.

    only: the techniques or families to show, by name. Raises UnknownTechnique, BrokenTechnique.
    """
    policy = policy or Policy.local()
    houses, failed = _rooms(policy, only)
    with gr.Blocks(title=page.TITLE, analytics_enabled=False, fill_width=True, delete_cache=(600, 3600)) as blocks:
        gr.HTML(page.banner(), elem_classes=["top"])
        placed = _place(houses)
        hosted = not policy.paths  # who may not name files of this machine does not own it
        absent = registry.failures() if only is None else []
        gr.HTML(page.about([*absent, *failed], __version__, hosted))
        _link_rooms(blocks, placed)
    blocks.rooms = {room.technique.name: room for *_, room in placed}  # type: ignore[attr-defined]
    endpoint.describe(blocks, blocks.rooms)  # type: ignore[attr-defined]
    return blocks.queue(max_size=policy.queue, api_open=False, default_concurrency_limit=8)


def _rooms(policy: Policy, only: Sequence[str] | None) -> tuple[list[tuple[gr.Blocks, Room]], list[Record]]:
    """Each technique's tab, built apart; one that cannot be built becomes a record of why."""
    known = sorted(registry.chosen(only).values(), key=lambda t: page.family_order(t.family))
    onward = [(t.title, t.name) for t in known if t.picture != "none"]
    built, failed = [], []
    for technique in known:
        try:
            built.append(exhibit.build(technique, policy, onward))
        except Exception as error:
            log.warning("no tab for %s", technique.name, exc_info=True)
            failed.append(Record(technique.name, "", error=str(error) if isinstance(error, HubError) else type(error).__name__))
    return built, failed


def _place(houses: list[tuple[gr.Blocks, Room]]) -> list[tuple[gr.Tabs, gr.Tabs, gr.Tab, Room]]:
    """Families as the first row of tabs, techniques inside. Returns (outer tabs, inner tabs, tab, room) of each."""
    placed = []
    families = [(family, list(members)) for family, members in groupby(houses, key=lambda house: house[1].technique.family)]
    with gr.Tabs(elem_classes=["families", *_alone(families)]) as outer:
        for family, members in families:
            with gr.Tab(family, id=family), gr.Tabs(elem_classes=["techniques", *_alone(members)]) as inner:
                for blocks, room in members:
                    with gr.Tab(room.technique.title, id=room.technique.name) as tab:
                        blocks.render()
                    placed.append((outer, inner, tab, room))
    return placed


def _alone(tabs: Sized) -> list[str]:
    """The class of a row of tabs that leaves nothing to choose."""
    return ["single"] if len(tabs) == 1 else []


# ---------------------------------------------------------------- from room to room


def _link_rooms(blocks: gr.Blocks, placed: list[tuple[gr.Tabs, gr.Tabs, gr.Tab, Room]]) -> None:
    """What crosses a tab's walls: links, restored settings, a result carried on; and the lists that fill when a tab opens."""
    if not placed:
        return
    houses = {room.technique.name: room for *_, room in placed}
    tabs = [placed[0][0], *dict.fromkeys(inner for _, inner, _, _ in placed)]
    where = [*tabs, *(component for room in houses.values() for component in (*room.controls, room.status))]
    inners = {room.technique.name: inner for _, inner, _, room in placed}

    def opened(name: str, values: dict[str, Any] | None = None, line: str = "") -> list[Any]:
        """Turn to a technique's tab, set its controls and say a line. Raises BadParams where the values are not its own.

        Pictures and files among them are left out: a recipe has only their hashes, and a link must not name any.
        """
        room = houses[name]
        changes: dict[Any, Any] = {
            room.status: line or gr.skip(),
            tabs[0]: gr.update(selected=room.technique.family),
            inners[name]: gr.update(selected=name),
        }
        if values is not None:
            kept = {name: value for name, value in values.items() if name not in room.technique.Params.attached()}
            params = room.technique.Params.read(kept, room.policy)
            changes.update({c: gr.update(value=v) for c, v in zip(room.controls, forms.shown(params), strict=True)})
        return [changes.get(component, gr.skip()) for component in where]

    def arrive(request: gr.Request) -> list[Any]:
        asked = dict(request.query_params)
        if asked.get("tab") not in houses:
            return [gr.skip()] * len(where)
        try:
            return opened(asked["tab"], links.unpacked(asked["p"]) if "p" in asked else None)
        except HubError as error:
            return opened(asked["tab"], line=stage.status(f"The settings in this link do not fit. {error}", kind="error"))

    blocks.load(arrive, None, where, **private)
    for _, _, tab, room in placed:
        _wire_restore(room, houses, opened, where)
        _wire_onward(room, houses, opened, where)
        exhibit.wire_lists(room, tab.select)
    exhibit.wire_lists(placed[0][3], blocks.load)


def _wire_restore(room: Room, houses: dict[str, Room], opened: Any, where: list[Any]) -> None:
    def restore(path: str | None) -> list[Any]:
        from hub.recipe import read_recipe

        if not path:
            return [gr.skip()] * len(where)
        try:
            recipe = read_recipe(forms.uploaded(path, room.policy), room.policy)
            if recipe.technique not in houses:
                raise BadRecipe(f"That picture was made with {recipe.technique!r}, which is not on show here.")
            return opened(recipe.technique, recipe.params, stage.status("Settings restored. Press Run to make it again."))
        except Exception as error:
            return opened(room.technique.name, line=stage.status(play.said(error), kind="error"))

    room.restore.upload(restore, room.restore, where, **private)


def _wire_onward(room: Room, houses: dict[str, Room], opened: Any, where: list[Any]) -> None:
    takers = [other for other in houses.values() if other.picture is not None]

    def carry(name: str, kept: str | None, example: str | None) -> list[Any]:
        chosen = houses.get(name)
        if chosen is None or chosen.picture is None or not (kept or example):
            return [gr.skip()] * (len(where) + len(takers) + 1)
        here = stage.status("Your picture is here. Press Run.")
        return [
            *opened(name, line=here),
            *(kept or example if taker is chosen else gr.skip() for taker in takers),
            gr.update(value=""),
        ]

    example = examples.find(room.technique)
    shown = gr.State(str(example.png) if example else None)
    room.onward.input(
        carry, [room.onward, room.kept, shown], [*where, *(taker.picture for taker in takers), room.onward], **private
    )


# ---------------------------------------------------------------- the server


def application(
    policy: Policy | None = None,
    host: str = "127.0.0.1",
    only: Sequence[str] | None = None,
    auth: tuple[str, str] | None = None,
    names: Sequence[str] = (),
    mcp: bool = False,
) -> FastAPI:
    """The whole server, as an ASGI app.

    host: where it is bound; on loopback it answers to no other name but `names`, which closes DNS rebinding.
    only: the techniques or families to show. auth: the name and the password that let a visitor in.
    mcp: whether the techniques are tools of the Model Context Protocol too, at /mcp. Ask `gate.check_tools` before.
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
    gate.guard(app, policy, [*LOOPBACK, *names] if host in LOOPBACK else ["*"], blocks)
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
    blocks.has_launched = True  # Gradio asks whether a file was uploaded only then, and does not count being mounted
    return app


def _add_health(app: FastAPI, blocks: gr.Blocks) -> None:
    @app.get("/healthz")
    def healthz() -> JSONResponse:
        """Whether it is up, and what it has: for load balancers and for people."""
        shown, failed = len(blocks.rooms), registry.failures()  # type: ignore[attr-defined]
        return JSONResponse({"ok": shown > 0, "techniques": shown, "failures": [r.name for r in failed], "version": __version__})


def _add_schema(app: FastAPI, blocks: gr.Blocks) -> None:
    @app.get("/schema")
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
    app = application(policy, host, only, auth, [urlsplit(link).hostname or ""] if link else [], mcp)
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
