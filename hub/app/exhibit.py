"""One technique -> one room of the museum: its controls, its stage, and what happens between them.

Everything is read from the technique's `Params` and its annotations. The room is built in a `gr.Blocks` of its own, so that one
that fails half-way leaves nothing behind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from hub import entered, examples, forms, links, menus, samples, stage
from hub.app import endpoint, play
from hub.app.room import LANE, Left, Room
from hub.decode import SAMPLE
from hub.errors import HubError
from hub.policy import Policy
from hub.technique import Technique

FRONT = 6  # so many controls stand open; the rest are under "More"
log = logging.getLogger("netsee")
private: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}


def build(technique: Technique, policy: Policy, onward: list[tuple[str, str]]) -> tuple[gr.Blocks, Room]:
    """A technique's tab, not yet placed. onward: (title, name) of the techniques that can take its result."""
    room = Room(technique, policy)
    with gr.Blocks(analytics_enabled=False) as blocks:
        _head(technique)
        with gr.Row(elem_classes=["room"], equal_height=False):
            with gr.Column(scale=0, min_width=300, elem_classes=["desk"]):
                _desk(room)
            with gr.Column(scale=1, min_width=300, elem_classes=["wall"]):
                _wall(room, onward)
        _wire(room)
    return blocks, room


# ---------------------------------------------------------------- what stands in the room


def _head(technique: Technique) -> None:
    gr.HTML(f'<div class="title"><h2>{stage.escape(technique.title)}</h2><p>{stage.escape(technique.summary)}</p></div>')


def _desk(room: Room) -> None:
    """The left column: the picture, the few controls that matter, the rest folded, Run and Stop."""
    technique = room.technique
    if technique.picture != "none":
        with gr.Group(elem_classes=["source"]):
            source = examples.source_of(technique)
            room.picture = forms.picture_input(
                value=str(examples.sample_file(source.removeprefix(SAMPLE))) if source else None,
                label="Your picture",
                show_label=False,
                height=190,
                placeholder="Drop, paste or choose a picture",
                elem_classes=["photo"],
                alt_text="The picture you chose",
            )
            strip = examples.strip("samples", samples.names(), "Sample pictures: one click runs it")
            room.samples = gr.HTML(strip, elem_classes=["samples"], js_on_load=_SAMPLE_JS)
    with gr.Row(elem_classes=["actions"]):
        room.run = gr.Button("Run", variant="primary", elem_classes=["run"])
        room.stop = gr.Button("Stop", variant="secondary", interactive=False, elem_classes=["stop"])
    names = list(technique.Params.model_fields)
    front = [n for n in names if not forms.is_more(technique.Params, n)][:FRONT]
    made = {}
    for name in front:
        made[name] = forms.component(technique.Params, name, room.policy, technique.example.get(name))
        if shown := forms.pictures(technique.Params, name):
            room.strips[name] = _choices(technique, name, shown[0], made[name].value)
    rest = [n for n in names if n not in made]
    with gr.Accordion("More", open=False, elem_classes=["more"], visible=bool(rest)):
        made.update({n: forms.component(technique.Params, n, room.policy, technique.example.get(n)) for n in rest})
    room.controls = [made[n] for n in names]
    with gr.Accordion("Restore settings", open=False, elem_classes=["more"]):
        room.restore = forms.FileInput(
            label="A PNG made here brings its settings back", file_types=[".png"], height=110, elem_classes=["restore"]
        )


def _choices(technique: Technique, name: str, kind: str, chosen: Any) -> gr.HTML:
    """A choice as small pictures, the one in force marked; on a phone with its label, since the control itself stands further
    down."""
    label = forms.label(technique.Params, name)
    page = examples.strip(kind, forms.choices(technique.Params, name), f"{label}: one click runs it", chosen)
    return gr.HTML(
        f'<p class="what">{stage.escape(label)}</p>{page}',
        elem_id=_place(technique, name),
        elem_classes=["choices"],
        js_on_load=_SAMPLE_JS,
    )


def _place(technique: Technique, name: str) -> str:
    return f"choices-{technique.name}-{name}"


_MARK_JS = """(chosen, own) => document.querySelectorAll('#%s [data-sample]')
  .forEach(b => b.setAttribute('aria-pressed', String(!own && b.dataset.sample === chosen)))"""
_SAMPLE_JS = """element.addEventListener('click', e => {
  const b = e.target.closest('[data-sample]'); if (b) trigger('click', { name: b.dataset.sample });
});"""


def _wall(room: Room, onward: list[tuple[str, str]]) -> None:
    """The right column: the stage, and beneath it everything that belongs to the result."""
    technique = room.technique
    example = examples.find(technique)
    room.stage = gr.HTML(
        example.stage(technique.title) if example else stage.empty(technique.title, technique.picture == "needed"),
        elem_classes=["stage"],
    )
    room.status = gr.HTML(stage.status(example.line) if example else "", elem_classes=["line"])
    room.notes = gr.HTML(example.notes() if example else "", elem_classes=["notes"])
    with gr.Row(elem_classes=["take"]):
        room.download = gr.DownloadButton(
            "Download PNG",
            value=str(example.png) if example else None,
            size="sm",
            interactive=example is not None,
            elem_classes=["download"],
        )
        others = [(title, name) for title, name in onward if name != technique.name]
        room.onward = gr.Dropdown(
            [("Continue in …", ""), *others],
            value="",
            show_label=False,
            label="Continue with this picture in another exhibit",
            container=False,
            filterable=False,
            min_width=150,
            scale=0,
            visible=bool(others),
            elem_classes=["onward"],
        )
    room.curves = gr.HTML(example.curves() if example else "", elem_classes=["curves"])
    room.gallery = gr.HTML(example.gallery() if example else "", elem_classes=["album"])
    room.files = gr.File(
        label="Files", show_label=False, visible=False, interactive=False, file_count="multiple", elem_classes=["files"]
    )
    room.kept = gr.State(None, time_to_live=3600)
    room.left = gr.State(Left())
    with gr.Accordion("The same in Python and in the shell", open=False, elem_classes=["more", "same"]):
        room.code = gr.HTML(
            links.code(technique, examples.params_of(technique), examples.source_of(technique) is not None),
            elem_classes=["codes"],
        )
    with gr.Accordion("How it works", open=False, elem_classes=["more", "about"]):
        gr.Markdown(
            technique.documentation + (f"\n\n*{technique.paper}*" if technique.paper else ""),
            elem_classes=["text"],
            sanitize_html=True,
        )


# ---------------------------------------------------------------- what happens


def _wire(room: Room) -> None:
    running: dict[str, Any] = {
        "inputs": [*room.inputs, room.left],
        "outputs": room.shown,
        "concurrency_id": LANE,
        "concurrency_limit": room.policy.concurrency,
        "api_visibility": "private",
        "show_progress": "hidden",
    }
    waiting = (
        lambda: (
            stage.status("Waiting for your turn …", kind="waiting"),
            gr.update(interactive=False),
            gr.update(interactive=True),
        ),
        None,
        [room.status, room.run, room.stop],
    )
    events = [room.run.click(*waiting, **private).then(play.runner(room), **running)]
    if room.samples is not None:
        chosen = room.samples.click(_sample, None, room.picture, **private)
        events.append(chosen.success(*waiting, **private).then(play.runner(room), **running))
    controls = dict(zip(room.technique.Params.model_fields, room.controls, strict=True))
    for name, strip in room.strips.items():
        emptied = forms.pictures(room.technique.Params, name)[1]
        changed = [controls[name], *([controls[emptied]] if emptied else [])]
        gr.on([c.change for c in changed], None, changed, None, js=_MARK_JS % _place(room.technique, name), **private)
        chosen = strip.click(_choice(len(changed) - 1), None, changed, **private)
        events.append(chosen.success(*waiting, **private).then(play.runner(room), **running))
    stopped = room.stop.click(
        None, None, None, cancels=events, **private
    )  # first end it, then say so: a late preview would overwrite that
    stopping = stopped.then(_stopping, None, [room.status, room.stop], **private)
    stopping.then(play.stopped, room.left, room.shown, **private)
    _wire_code(room)
    endpoint.wire(room)


def _stopping() -> tuple[str, Any]:
    return stage.status("Stopping …"), gr.update(interactive=False)


def _sample(event: gr.EventData) -> str:
    """A sample picture by name, as a file that the picture control can show."""
    try:
        return str(examples.sample_file(str(event.name)))
    except HubError as error:
        raise gr.Error(str(error)) from error


def _choice(emptied: int) -> Callable[[gr.EventData], list[Any]]:
    """What a click on a small picture chooses, and the second picture, if any, that is taken away."""

    def choose(event: gr.EventData) -> list[Any]:
        return [str(event.name), *[None] * emptied]

    return choose


# ---------------------------------------------------------------- code and lists that follow


def _wire_code(room: Room) -> None:
    technique, policy = room.technique, room.policy

    def follow(*given: Any) -> Any:
        path, values = room.split(given)
        try:
            return links.code(technique, entered.read(technique.Params, values, policy), bool(path))
        except HubError:
            return gr.skip()  # Run will say what is wrong; while someone types, a warning would only be noise

    if room.inputs:
        changes = [component.change for component in room.inputs]
        gr.on(changes, follow, room.inputs, room.code, **private, trigger_mode="always_last")


def wire_lists(room: Room, opened: Callable[..., Any]) -> None:
    """Layer and unit lists that follow the network chosen beside them, asked for when the tab opens and not before."""
    params, controls = room.technique.Params, dict(zip(room.technique.Params.model_fields, room.controls, strict=True))
    backbone, layers, units = (params.fields_meaning(kind) for kind in ("backbone", "layer", "unit"))
    units = [*units, *params.fields_meaning("units")]
    if not backbone or not (layers or units):
        return

    def lists(name: str, *held: Any, other: bool = False) -> Any:
        try:
            known = menus.layer_choices(name, room.policy)
            best = menus.best_layer(name, room.technique.name) if other else None
            chosen = [best or still(known, value, "late") for value in held[: len(layers)]]
            inside = menus.unit_choices(name, chosen[0] if chosen else "")
        except Exception as error:
            log.info("no lists for this network: %s", error)
            return dict.fromkeys(followed, gr.skip())
        found = [gr.update(choices=known, value=value) for value in chosen]
        found += [gr.update(choices=inside, value=still(inside, value, "")) for value in held[len(layers) :]]
        return dict(zip(followed, found, strict=True))

    followed = [controls[name] for name in (*layers, *units)]
    given = [controls[backbone[0]], *followed]
    opened(lists, given, followed, **private)
    controls[backbone[0]].input(partial(lists, other=True), given, followed, **private)
    if layers:
        gr.on([controls[name].input for name in layers], lists, given, followed, **private)


def still(choices: list[Any], held: Any, otherwise: str) -> Any:
    """What was chosen, as far as the new list has it too; `otherwise` where it does not."""
    values = [choice[1] if isinstance(choice, tuple) else choice for choice in choices]
    if isinstance(held, list):
        return [value for value in held if value in values]
    return held if held in values else otherwise
