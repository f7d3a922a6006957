"""What crosses the walls between tabs: links, restored settings, a result carried on, lists that fill when a tab opens."""

from __future__ import annotations

from typing import Any

import gradio as gr

from hub import entered, examples, links, stage
from hub.app import exhibit, play
from hub.app.exhibit import private
from hub.app.room import Room
from hub.errors import BadRecipe, HubError


def join(blocks: gr.Blocks, placed: list[tuple[gr.Tabs, gr.Tabs, gr.Tab, Room]]) -> None:
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
            changes.update({c: gr.update(value=v) for c, v in zip(room.controls, entered.shown(params), strict=True)})
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
            recipe = read_recipe(entered.uploaded(path, room.policy), room.policy)
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
