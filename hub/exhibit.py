"""One technique -> one room of the museum: its controls, its stage, and what happens between them.

Everything is read from the technique's `Params` and its annotations. The room is built in a `gr.Blocks` of its own, so that one that
fails half-way leaves nothing behind.
"""

from __future__ import annotations

import inspect
import logging
import secrets
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from hub import examples, flags, forms, stage
from hub.decode import SAMPLE
from hub.errors import BadPicture, HubError
from hub.policy import Policy
from hub.technique import Result, Technique

LANE = "runs"  # one queue for all techniques: each event would otherwise get its own, and N runs would share the processor
FRONT = 6  # so many controls stand open; the rest are under "More"
BEFORE_SIDE = 1280
log = logging.getLogger("netsee")
private: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}


@dataclass
class Room:
    """The components of one technique's tab that others need: links, restored settings, results handed on."""

    technique: Technique
    policy: Policy
    picture: gr.components.Component | None = None
    controls: list[gr.components.Component] = field(default_factory=list)
    stage: Any = None
    status: Any = None
    curves: Any = None
    notes: Any = None
    gallery: Any = None
    download: Any = None
    files: Any = None
    code: Any = None
    run: Any = None
    stop: Any = None
    samples: Any = None
    restore: Any = None
    onward: Any = None
    kept: Any = None

    @property
    def inputs(self) -> list[gr.components.Component]:
        """The picture, where one is taken, and the controls: what a run is given."""
        return [*([self.picture] if self.picture is not None else []), *self.controls]

    @property
    def shown(self) -> list[Any]:
        """What a run changes."""
        return [self.stage, self.status, self.curves, self.notes, self.gallery, self.download, self.files, self.kept, self.run, self.stop]

    def split(self, given: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        """What a run is given -> (path of the picture or None, values of the controls)."""
        return (given[0], list(given[1:])) if self.picture is not None else (None, list(given))


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
            room.picture = forms.picture_input(value=str(examples.sample_file(source.removeprefix(SAMPLE))) if source else None, label="Your picture", show_label=False, height=190, placeholder="Drop, paste or choose a picture",
                                              elem_classes=["photo"], alt_text="The picture you chose")
            room.samples = gr.HTML(examples.strip(), elem_classes=["samples"], js_on_load=_SAMPLE_JS)
    with gr.Row(elem_classes=["actions"]):
        room.run = gr.Button("Run", variant="primary", elem_classes=["run"])
        room.stop = gr.Button("Stop", variant="secondary", interactive=False, elem_classes=["stop"])
    names = list(technique.Params.model_fields)
    front = [n for n in names if not forms.is_more(technique.Params, n)][:FRONT]
    made = {n: forms.component(technique.Params, n, room.policy) for n in front}
    rest = [n for n in names if n not in made]
    with gr.Accordion("More", open=False, elem_classes=["more"], visible=bool(rest)):
        made.update({n: forms.component(technique.Params, n, room.policy) for n in rest})
    room.controls = [made[n] for n in names]
    with gr.Accordion("Restore settings", open=False, elem_classes=["more"]):
        room.restore = gr.File(label="A PNG made here brings its settings back", file_types=[".png"], height=110, elem_classes=["restore"])


_SAMPLE_JS = """element.addEventListener('click', e => {
  const b = e.target.closest('[data-sample]'); if (b) trigger('click', { name: b.dataset.sample });
});"""


def _wall(room: Room, onward: list[tuple[str, str]]) -> None:
    """The right column: the stage, and beneath it everything that belongs to the result."""
    technique = room.technique
    example = examples.find(technique)
    room.stage = gr.HTML(example.stage(technique.title) if example else stage.empty(technique.title, technique.picture == "needed"), elem_classes=["stage"])
    room.status = gr.HTML(stage.status(example.line) if example else "", elem_classes=["line"])
    room.notes = gr.HTML(example.notes() if example else "", elem_classes=["notes"])
    with gr.Row(elem_classes=["take"]):
        room.download = gr.DownloadButton("Download PNG", value=str(example.png) if example else None, size="sm", interactive=example is not None, elem_classes=["download"])
        others = [(title, name) for title, name in onward if name != technique.name]
        room.onward = gr.Dropdown([("Continue in …", ""), *others], value="", show_label=False, label="Continue with this picture in another exhibit",
                                  container=False, filterable=False, min_width=150, scale=0, visible=bool(others), elem_classes=["onward"])
    room.curves = gr.HTML(example.curves() if example else "", elem_classes=["curves"])
    room.gallery = gr.HTML(example.gallery() if example else "", elem_classes=["album"])
    room.files = gr.File(label="Files", show_label=False, visible=False, interactive=False, file_count="multiple", elem_classes=["files"])
    room.kept = gr.State(None, time_to_live=3600)
    with gr.Accordion("The same in Python and in the shell", open=False, elem_classes=["more", "same"]):
        room.code = gr.HTML(code(technique, technique.Params.model_construct()), elem_classes=["codes"])
    with gr.Accordion("How it works", open=False, elem_classes=["more", "about"]):
        gr.Markdown(technique.documentation + (f"\n\n*{technique.paper}*" if technique.paper else ""), elem_classes=["text"], sanitize_html=True)


# ---------------------------------------------------------------- what happens

def _wire(room: Room) -> None:
    outputs: dict[str, Any] = {"inputs": room.inputs, "outputs": room.shown}
    running: dict[str, Any] = {**outputs, "concurrency_id": LANE, "concurrency_limit": room.policy.concurrency,
                               "api_visibility": "private", "show_progress": "hidden"}
    waiting = (lambda: (stage.status("Waiting for your turn …", kind="waiting"), gr.update(interactive=False), gr.update(interactive=True)),
               None, [room.status, room.run, room.stop])
    events = [room.run.click(*waiting, **private).then(_runner(room), **running)]
    if room.samples is not None:
        chosen = room.samples.click(_sample, None, room.picture, **private)
        events.append(chosen.success(*waiting, **private).then(_runner(room), **running))
    stopped = room.stop.click(None, None, None, cancels=events, **private)  # first end it, then say so: a late preview would overwrite that
    stopped.then(lambda: (stage.status("Stopped. What you see is as far as it got."), gr.update(interactive=True), gr.update(interactive=False)),
                 None, [room.status, room.run, room.stop], **private)
    _wire_code(room)
    _wire_api(room)


def _runner(room: Room) -> Callable[..., Iterator[list[Any]]]:
    """The handler of Run. A generator function, so that Stop and a visitor who leaves end it within one step."""
    def run(*given: Any) -> Iterator[list[Any]]:
        try:
            yield from _played(room, given)
        except Exception as error:
            yield _error_line(error)
    return run


def _played(room: Room, given: tuple[Any, ...]) -> Iterator[list[Any]]:
    """Previews as they come, then the result."""
    path, values = room.split(given)
    yield _changes(status=stage.status("Starting …", 0.0), run=gr.update(interactive=False), stop=gr.update(interactive=True))
    before, results = started(room.technique, path, values, room.policy)
    began = time.monotonic()
    last: Result | None = None
    try:
        for last in results:
            if last.progress < 1:
                yield _preview(last, time.monotonic() - began)
    finally:
        results.close()
    if last is not None:
        yield _finished(room, last, before, time.monotonic() - began)


def started(technique: Technique, path: str | None, values: list[Any], policy: Policy) -> tuple[Any, Iterator[Result]]:
    """(the picture as it is worked on, the results at a rate for eyes). Raises InputError before any work."""
    from hub.decode import decode, fit
    from hub.runners.local import watch

    params = forms.read(technique.Params, values, policy)
    if path is None and technique.picture == "needed":
        raise BadPicture("Choose a picture first: upload one, or click a sample.")
    before = fit(decode(forms.uploaded(path, policy), policy).image, policy.working_side) if path and technique.picture != "none" else None
    return before, watch(technique.stream(before, params, policy=policy), every=0.25, deadline=policy.deadline)


def _preview(result: Result, elapsed: float) -> list[Any]:
    left = stage.time_left(result.progress, elapsed)
    words = " · ".join(filter(None, (result.caption or f"{result.progress:.0%}", left)))
    image = result.image
    drawn = {"stage": stage.picture(stage.data_url(image, stage.PREVIEW_SIDE), "The picture as it forms")} if image is not None else {}
    if result.images:
        drawn["gallery"] = _album(result)
    return _changes(**drawn, status=stage.status(words, result.progress), curves=stage.curves(result.curves))


def _finished(room: Room, result: Result, before: Any, seconds: float) -> list[Any]:
    """Every output: the picture as a file with its recipe, so that what is saved from the page can be replayed."""
    kept, drawn = None, ""
    if result.image is not None:
        from hub.recipe import png_bytes

        kept = kept_file(png_bytes(result), f"{room.technique.name}.png")
        was = stage.data_url(before, BEFORE_SIDE) if before is not None else None
        drawn = stage.picture((address(kept), *result.image.size), f"{room.technique.title}: the result", was)
    files = {name: kept_file(data, name) for name, data in result.files.items()}
    album = _album(result) + stage.films({name: address(path) for name, path in files.items()})
    return _changes(stage=drawn if drawn else gr.skip(), status=stage.status(f"Done in {seconds:.1f} s."), curves=stage.curves(result.curves),
                    notes=stage.notes(result.caption, result.metrics, result.table), gallery=album,
                    download=gr.update(value=kept, interactive=kept is not None), files=gr.update(value=list(files.values()) or None, visible=bool(files)),
                    kept=kept, run=gr.update(interactive=True), stop=gr.update(interactive=False))


def _album(result: Result) -> str:
    return stage.gallery([(stage.data_url(image, stage.PREVIEW_SIDE), caption) for image, caption in result.images])


def _changes(**named: Any) -> list[Any]:
    """A value for each of `Room.shown`, in its order; those not named stay as they are."""
    order = ("stage", "status", "curves", "notes", "gallery", "download", "files", "kept", "run", "stop")
    return [named.get(name, gr.skip()) for name in order]


def kept_file(data: bytes, name: str) -> str:
    """The path of `data` as a file that Gradio may serve; it is swept away with the visitor's uploads."""
    return save_bytes_to_cache(data, Path(name).name, get_upload_folder())


def address(path: str) -> str:
    """Where the page finds a file of Gradio's cache; relative, so that it holds behind a proxy."""
    return f"gradio_api/file={path}"


def said(error: Exception) -> str:
    """One line for a visitor. What is not ours to explain gets a number, which the log has too."""
    if isinstance(error, HubError):
        return str(error)
    number = secrets.token_hex(3)
    log.error("run failed (id %s)", number, exc_info=error)
    return f"Something went wrong on our side (id {number})."


def _error_line(error: Exception) -> list[Any]:
    held = getattr(error, "result", None)
    drawn = {"stage": stage.picture(stage.data_url(held.image, stage.PREVIEW_SIDE), "The last good preview")} if held and held.image else {}
    return _changes(**drawn, status=stage.status(said(error), kind="error"), run=gr.update(interactive=True), stop=gr.update(interactive=False))


def _sample(event: gr.EventData) -> str:
    """A sample picture by name, as a file that the picture control can show."""
    try:
        return str(examples.sample_file(str(event.name)))
    except HubError as error:
        raise gr.Error(str(error)) from error


# ---------------------------------------------------------------- code and lists that follow

def _wire_code(room: Room) -> None:
    technique, policy = room.technique, room.policy

    def follow(*values: Any) -> Any:
        try:
            return code(technique, forms.read(technique.Params, list(values), policy))
        except HubError:
            return gr.skip()  # Run will say what is wrong; while someone types, a warning would only be noise

    if room.controls:
        gr.on([control.change for control in room.controls], follow, room.controls, room.code, **private, trigger_mode="always_last")


def code(technique: Technique, params: Any) -> str:
    """The run in Python and in the shell, and the link that brings these settings back."""
    values = forms.changed(params) if params.model_fields_set else {}
    takes = technique.picture == "needed"
    words = [w for w in flags.arguments(params) if w not in flags.arguments(technique.Params.model_construct())] if values else []
    shell = shlex.join(["netsee", "run", technique.name, *(["photo.jpg"] if takes else []), "-o", "out.png", *words])
    return stage.code(stage.python_code(technique.name, takes, values), shell, link(technique.name, values))


def link(name: str, values: dict[str, Any]) -> str:
    return f"?tab={name}" + (f"&p={forms.packed(values)}" if values else "")


def wire_lists(room: Room, opened: Callable[..., Any]) -> None:
    """Layer and unit lists that follow the network chosen beside them, asked for when the tab opens and not before."""
    params, controls = room.technique.Params, dict(zip(room.technique.Params.model_fields, room.controls, strict=True))
    backbone, layers, units = (params.fields_meaning(kind) for kind in ("backbone", "layer", "unit"))
    units = [*units, *params.fields_meaning("units")]
    if not backbone or not (layers or units):
        return

    def lists(name: str, layer: str | None = None) -> Any:
        try:
            found = [gr.update(choices=forms.layer_choices(name)) for _ in layers]
            return [*found, *(gr.update(choices=forms.unit_choices(name, layer or "")) for _ in units)]
        except Exception as error:
            log.info("no lists for this network: %s", error)
            return [gr.skip()] * (len(layers) + len(units))

    given = [controls[backbone[0]], *([controls[layers[0]]] if layers else [])]
    followed = [controls[name] for name in (*layers, *units)]
    opened(lists, given, followed if len(followed) > 1 else followed, **private)
    gr.on([component.input for component in given], lists, given, followed, **private)


# ---------------------------------------------------------------- the endpoint

def _wire_api(room: Room) -> None:
    """An endpoint named like the technique: named parameters in, (picture, facts) out; previews come as facts on the way."""
    picture = forms.picture_input(visible=False, interactive=False, label="picture")
    facts = gr.JSON(visible=False, label="facts")
    hidden = gr.Button(visible=False)
    hidden.click(_endpoint(room), room.inputs, [picture, facts], api_name=room.technique.name, api_visibility="public", concurrency_id=LANE,
                 concurrency_limit=room.policy.concurrency, show_progress="hidden")


def _endpoint(room: Room) -> Callable[..., Iterator[Any]]:
    technique, policy = room.technique, room.policy

    def call(*given: Any) -> Iterator[Any]:
        path, values = room.split(given)
        try:
            _, results = started(technique, path, values, policy)
            try:
                for result in results:
                    yield _answer(room, result)
            finally:
                results.close()
        except Exception as error:
            raise gr.Error(said(error)) from error

    return _described(call, technique, room.picture is not None)


def _answer(room: Room, result: Result) -> tuple[Any, dict[str, Any]]:
    facts = {"progress": result.progress, "caption": result.caption, "metrics": result.metrics, "table": result.table}
    if result.progress < 1 or result.image is None:
        return None, facts
    from hub.recipe import png_bytes

    facts["curves"] = {name: {"x": c.x, "y": c.y} for name, c in result.curves.items()}
    return kept_file(png_bytes(result), f"{room.technique.name}.png"), facts


def _described(call: Callable[..., Any], technique: Technique, takes_picture: bool) -> Callable[..., Any]:
    """Give an endpoint the names, defaults and words that its schema (OpenAPI, MCP) is made from."""
    fields = technique.Params.model_fields
    names = [*(["image"] if takes_picture else []), *fields]
    call.__name__ = call.__qualname__ = technique.name
    call.__signature__ = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names])  # type: ignore[attr-defined]
    lines = [*(["    image: The picture to work on."] if takes_picture else []), *(f"    {n}: {f.description}" for n, f in fields.items())]
    call.__doc__ = f"{technique.summary}\n\nArgs:\n" + "\n".join(lines)
    return call
