"""A run as the page shows it: previews, the result with its files, errors as one line."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from hub import entered, stage
from hub.app.room import SHOWN, Left, Room
from hub.errors import BadPicture, HubError
from hub.policy import Policy
from hub.results import Image, Result
from hub.technique import Technique

BEFORE_SIDE = 1280  # pixels of the picture before, as it lies under the divider
STEP_SECONDS = 60.0  # so long Gradio tries to end a run that was cancelled
log = logging.getLogger("netsee")


def runner(room: Room) -> Callable[..., Iterator[list[Any]]]:
    """The handler of Run. A generator function, so that Stop and a visitor who leaves end it within one step."""

    def run(*given: Any) -> Iterator[list[Any]]:
        *inputs, left = given
        left.running = True
        try:
            yield from _played(room, tuple(inputs), left)
        except Exception as error:
            yield _error_line(error, left.take())
        finally:
            left.running = False

    return run


async def stopped(left: Left) -> list[Any]:
    """What is said and offered once a run is ended by its visitor: when its last step is done, and no thread waits for that."""
    given_up = time.monotonic() + STEP_SECONDS
    while left.running and time.monotonic() < given_up:
        await asyncio.sleep(0.05)
    files = left.take()
    words = "Stopped. What you see is as far as it got" + ("; so are the files below it." if files else ".")
    return changes(status=stage.status(words), **_offered(files), **_idle())


def _played(room: Room, given: tuple[Any, ...], left: Left) -> Iterator[list[Any]]:
    """Previews as they come, then the result. What a run that is stopped has in its files goes to `left`."""
    left.take()
    path, values = room.split(given)
    begun = {"notes": "", "curves": "", "gallery": ""}
    begun |= {"files": gr.update(visible=False), "download": gr.update(interactive=False)}
    yield changes(
        **begun, status=stage.status("Starting …", 0.0), run=gr.update(interactive=False), stop=gr.update(interactive=True)
    )
    before, results = started(room.technique, path, values, room.policy)
    began = time.monotonic()
    last: Result | None = None
    try:
        for last in results:
            elapsed = time.monotonic() - began
            if last.progress < 1:
                if room.policy.deadline and elapsed > room.policy.deadline:  # this one is the last; see `watch`
                    left.files = _files_so_far(room, last)
                yield _preview(last, elapsed)
    except GeneratorExit:  # the visitor stopped it, or left
        left.files = _files_so_far(room, last)
        raise
    finally:
        results.close()
    if last is not None:
        yield _finished(room, last, before, time.monotonic() - began)


def started(technique: Technique, path: str | None, values: list[Any], policy: Policy) -> tuple[Any, Iterator[Result]]:
    """(the picture as it is worked on, the results at a rate for eyes). Raises InputError before any work."""
    from hub import runners
    from hub.decode import decode, fit

    params = entered.read(technique.Params, values, policy)
    if path is None and technique.picture == "needed":
        raise BadPicture("Choose a picture first: upload one, or click a sample.")
    given = None
    if path and technique.picture != "none":
        given = decode(entered.uploaded(path, policy), policy)
        given = replace(given, image=fit(given.image, policy.working_side))
    return given and given.image, runners.run(technique, given, params, policy)


def _files_so_far(room: Room, result: Result | None) -> list[str]:
    """The files of a preview, written before its technique goes on or ends: nothing of the run itself has to be kept for them."""
    try:
        return [room.uploads.keep(data, name) for name, data in result.files.items()] if result else []
    except Exception as error:
        said(error)
        return []


def _preview(result: Result, elapsed: float) -> list[Any]:
    left = stage.time_left(result.progress, elapsed)
    words = " · ".join(filter(None, (result.caption or f"{result.progress:.0%}", left)))
    image = result.image
    drawn = (
        {"stage": stage.picture(stage.data_url(image, stage.PREVIEW_SIDE), "The picture as it forms")}
        if image is not None
        else {}
    )
    if result.images:
        drawn["gallery"] = _album(result)
    return changes(**drawn, status=stage.status(words, result.progress), curves=stage.curves(result.curves))


def _finished(room: Room, result: Result, before: Any, seconds: float) -> list[Any]:
    """Every output: the picture as a file with its recipe, so that what is saved from the page can be replayed."""
    kept, drawn = None, ""
    if result.image is not None:
        from hub.recipe import png_bytes

        kept = room.uploads.keep(png_bytes(result), f"{room.technique.name}.png")
        over = before is not None and not room.technique.sheet and _comparable(before, result.image)
        was = stage.data_url(before, BEFORE_SIDE) if over else None
        drawn = stage.picture((address(kept), *result.image.size), f"{room.technique.title}: the result", was)
    files = {name: room.uploads.keep(data, name) for name, data in result.files.items()}
    album = _album(result) + stage.films({name: address(path) for name, path in files.items()})
    return changes(
        stage=drawn if drawn else gr.skip(),
        status=stage.status(f"Done in {seconds:.1f} s."),
        curves=stage.curves(result.curves),
        notes=stage.notes(result.caption, result.metrics, result.table),
        gallery=album,
        download=gr.update(value=kept, interactive=kept is not None),
        kept=kept,
        **_offered(list(files.values())),
        **_idle(),
    )


def _comparable(before: Image, after: Image) -> bool:
    """Whether one can lie over the other: about the same proportions, which a sheet has not."""
    return abs(math.log(before.width * after.height / (before.height * after.width))) < 0.05


def _offered(files: list[str]) -> dict[str, Any]:
    return {"files": gr.update(value=files or None, visible=bool(files))}


def _idle() -> dict[str, Any]:
    return {"run": gr.update(interactive=True), "stop": gr.update(interactive=False)}


def _album(result: Result) -> str:
    return stage.gallery([(stage.data_url(image, stage.PREVIEW_SIDE), caption) for image, caption in result.images])


def changes(**named: Any) -> list[Any]:
    """A value for each of `room.SHOWN`, in its order; those not named stay as they are."""
    return [named.get(name, gr.skip()) for name in SHOWN]


def address(path: str) -> str:
    """Where the page finds a file of Gradio's cache; relative, so that it holds behind a proxy."""
    return f"gradio_api/file={path}"


def said(error: Exception) -> str:
    """One line for a visitor. What is not ours to explain gets a number, which the log has too."""
    if isinstance(error, HubError):
        return str(error)
    if isinstance(error, gr.Error):  # from whoever lends GPUs: how much of them is left
        return str(error.message)
    number = secrets.token_hex(3)
    log.error("run failed (id %s)", number, exc_info=error)
    return f"Something went wrong on our side (id {number})."


def _error_line(error: Exception, files: list[str]) -> list[Any]:
    held = getattr(error, "result", None)
    drawn = (
        {"stage": stage.picture(stage.data_url(held.image, stage.PREVIEW_SIDE), "The last good preview")}
        if held and held.image
        else {}
    )
    return changes(
        **drawn,
        status=stage.status(said(error), kind="error"),
        **_offered(files),
        **_idle(),
    )
