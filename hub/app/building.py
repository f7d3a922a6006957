"""The page: a row of families, in each a row of techniques, and at the foot those that do not load, with their reasons."""

from __future__ import annotations

import logging
from collections.abc import Sequence, Sized
from itertools import groupby

import gradio as gr

from hub import __version__, registry
from hub.app import endpoint, exhibit, page, uploads, ways
from hub.app.room import Room
from hub.errors import HubError
from hub.policy import Policy
from hub.registry import Record

log = logging.getLogger("netsee")


def build(policy: Policy | None = None, only: Sequence[str] | None = None) -> gr.Blocks:
    """The page: a tab for each technique that loads, and at its foot those that do not, with their reasons.

    only: the techniques or families to show, by name. Raises UnknownTechnique, BrokenTechnique.
    """
    policy = policy or Policy.local()
    houses, failed = _rooms(policy, only)
    with gr.Blocks(title=page.TITLE, analytics_enabled=False, fill_width=True, delete_cache=(600, 3600)) as blocks:
        kept = uploads.of(blocks)
        for _, room in houses:
            room.uploads = kept
        gr.HTML(page.banner(), elem_classes=["top"])
        placed = _place(houses)
        hosted = not policy.paths  # who may not name files of this machine does not own it
        absent = registry.failures() if only is None else []
        gr.HTML(page.about([*absent, *failed], __version__, hosted))
        ways.join(blocks, placed)
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
