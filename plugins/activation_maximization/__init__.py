"""Draw what a filter, a neuron or a class of a network looks for, from an empty picture or onto yours.

Start from an almost empty picture, ask the network how strongly one of its units responds, and change the picture by gradient
ascent so that this response grows. What excites the unit is drawn step by step. Many filters of a layer can be drawn at once,
as a sheet, or a few filters of every layer from early to late: strokes and colours first, textures and patterns next, things at
the end.

Sources: Erhan et al. 2009, "Visualizing higher-layer features of a deep network"; Olah et al. 2017, "Feature visualization"
(Fourier canvas, decorrelated colour, robustness, diversity); Fel et al. 2023 (MACO: only the phases are optimised).
Departures: jitter, scale and rotation are one resampling of fixed shape; a class is drawn by its log-probability plus a
little of its evidence before the softmax; with `centre`, gradients near the middle weigh most, so that one motif stands there
instead of several at the edges; units of late layers are drawn coarse to fine, so that one large shape comes before its details.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Image, backbones, pixels
from hub.backbones import Backbone
from hub.errors import BadParams
from hub.pixels import images, objectives
from plugins.activation_maximization.canvases import canvas_of, coarse_to_fine, fitted, rule_of, vignette
from plugins.activation_maximization.page import (
    aligned,
    enlarged,
    favourite,
    figures,
    laid_on,
    mosaic,
    named,
    seen_by_judge,
    spread_units,
)

BATCH_PIXELS = 1_000_000  # pixels drawn at once: about a gigabyte while their gradients are computed


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"steps": 3, "size": 48, "count": 2, "filters": 2}

    backbone: hub.BackboneName = hub.Field("embedded", label="Network", description="The network to look into.", more=True)
    show: Literal["one unit", "sheet of a layer", "early to late"] = hub.Field(
        "one unit",
        label="Show",
        description="One unit large, many filters of the layer at once, or a row of filters from each depth.",
    )
    layer: hub.LayerName = hub.Field(
        "classes",
        label="Layer",
        description="Where to look: early layers see strokes, late ones things; classes are what the network can name.",
    )
    unit: hub.UnitName = hub.Field(
        "", label="Unit", description="A class by name, or a channel of the layer by number; empty for one that shows well."
    )
    count: int = hub.Field(1, ge=1, le=9, label="Pictures", description="Different pictures of the one unit.")
    filters: int = hub.Field(
        8, ge=1, le=1000, label="Filters", description="How many filters a sheet shows, or each of its rows."
    )
    goal: Literal["whole picture", "centre", "one position"] = hub.Field(
        "centre",
        label="Where",
        description="Average the response over the whole picture (a carpet of the motif), mostly near the centre (one "
        "motif), or take one position only (a neuron).",
        more=True,
    )
    size: int = hub.Field(
        0,
        ge=0,
        le=512,
        label="Size",
        description="Side that each picture is drawn at, in pixels, 32 or more; 0 for the size the network was trained at, "
        "or twice that with a photo.",
        more=True,
    )
    enlarge: int = hub.Field(
        5, ge=1, le=8, label="Enlarge", description="How many times larger a picture drawn from nothing is saved.", more=True
    )
    steps: int = hub.Field(90, ge=1, le=1000, label="Steps", description="Steps of gradient ascent.")
    octaves: int = hub.Field(
        3,
        ge=1,
        le=3,
        label="Octaves",
        description="Sizes to draw at, each twice the one before: large shapes come first, and detail grows in them. "
        "Early layers, which see only detail, take fewer; a photo takes one.",
        more=True,
    )
    canvas: Literal["fourier", "pixels", "phases"] = hub.Field(
        "pixels",
        label="Canvas",
        description="What is varied: the pixels; the spectrum (Fourier); or only its phases (MACO), which takes one octave.",
        more=True,
    )
    robustness: float = hub.Field(
        1.0,
        ge=0,
        le=3,
        label="Robustness",
        description="How much the picture is moved, turned and scaled at each step.",
        more=True,
    )
    smoothness: float = hub.Field(
        0.0, ge=0, le=20, label="Smoothness", description="Weight of the total variation that is held down.", more=True
    )
    diversity: float = hub.Field(
        1.0, ge=0, le=10, label="Diversity", description="How much several pictures of one unit must differ.", more=True
    )
    seed: hub.Seed = hub.Field(
        0, label="Seed", description="What chance starts from: the same seed gives the same picture.", more=True
    )


def cost(image: Image | None, params: Params) -> float:
    """Seconds: the steps of every picture that is drawn, of which the last octave takes most."""
    first = backbones.layers(params.backbone)[0]
    side = params.size or first.stride * first.size[-1] * (1 if image is None else 2)
    drawn = {"one unit": params.count, "sheet of a layer": params.filters, "early to late": 5 * params.filters}[params.show]
    layer = backbones.CLASSES if params.show == "early to late" else params.layer
    return 1 + 0.7 * backbones.seconds(params.backbone, drawn * side**2 * params.steps, layer)


@hub.technique(
    title="What a filter looks for",
    family="See",
    cost=cost,
    version="2",
    example={"unit": "eye"},
    paper="Erhan et al. 2009; Olah et al. 2017; Fel et al. 2023",
)
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    """One unit, a sheet of a layer, or a row from each depth; see the module's page."""
    if 0 < params.size < 32:
        raise BadParams(f"size: {params.size} is too small to draw in; give 32 or more, or 0 for the network's own.")
    if image is not None and params.canvas == "phases":
        raise BadParams("canvas: phases begin from nothing; leave the picture out, or choose pixels or fourier.")
    network = backbones.load(params.backbone)
    if params.show == "one unit":
        yield from one_unit(network, image, params)
    elif params.show == "sheet of a layer":
        yield from sheet(
            network, [(params.layer, unit) for unit in spread_units(network, params.layer, params.filters)], image, params
        )
    else:
        rows = [layer.name for layer in network.landmarks()]
        yield from sheet(
            network, [(layer, unit) for layer in rows for unit in spread_units(network, layer, params.filters)], image, params
        )


def one_unit(network: Backbone, image: Image | None, params: Params) -> Iterator[hub.Result]:
    """One picture of a unit, or several that must differ, from nothing or onto a photo."""
    layer = network.layer(params.layer).name
    unit = network.unit(layer, params.unit or favourite(network, layer))
    trace = pixels.Trace("activation")
    wish = response(layer, [unit] * params.count, params)
    if params.count > 1 and params.diversity:
        wish = wish + params.diversity * objectives.unlike(network.layer("middle").name)
    pictures = yield from draw(network, wish, params.count, octaves_for(network, layer, params), params, trace, image)
    label = named(network, layer, unit)
    stills = images.to_images(pictures) if image is None else [laid_on(image, picture) for picture in pictures.split(1)]
    yield hub.Result(
        image=enlarged(stills[0], params.enlarge) if image is None else stills[0],
        images=[(still, f"{label}, {i + 1}") for i, still in enumerate(stills)] if len(stills) > 1 else [],
        curves=trace.curves(),
        metrics=figures(network, pictures[:1], layer, unit),
        caption=" ".join(filter(None, (f"Drawn for {label}.", seen_by_judge(network, pictures[:1], layer, unit, image)))),
        progress=1.0,
    )


def sheet(network: Backbone, wanted: Sequence[tuple[str, str]], image: Image | None, params: Params) -> Iterator[hub.Result]:
    """Many units side by side, a row to each layer where there are several; drawn in batches of bounded size."""
    rows: dict[str, list[int]] = {}
    for name, unit in wanted:
        rows.setdefault(network.layer(name).name, []).append(network.unit(name, unit))
    each = max(1, BATCH_PIXELS // side_of(network, params, onto=image is not None) ** 2)
    batches = [(layer, units[i : i + each]) for layer, units in rows.items() for i in range(0, len(units), each)]
    done: dict[str, list[Image]] = {layer: [] for layer in rows}
    trace = pixels.Trace("activation")
    for i, (layer, units) in enumerate(batches):
        span = (i / len(batches), (i + 1) / len(batches))
        before = [still for row in done.values() for still in row]
        wish, octaves = response(layer, units, params), octaves_for(network, layer, params)
        pictures = yield from draw(network, wish, len(units), octaves, params, trace, image, span, before)
        done[layer] += images.to_images(pictures)
    captioned = [
        (still, f"{layer} · {named(network, layer, unit)}")
        for layer, units in rows.items()
        for unit, still in zip(units, done[layer], strict=True)
    ]
    yield hub.Result(
        image=mosaic(aligned(list(done.values())), max(map(len, done.values())) if len(rows) > 1 else None),
        images=captioned,
        curves=trace.curves(),
        progress=1.0,
        caption=f"{len(captioned)} units of {network.name}, from {next(iter(rows))} to {list(rows)[-1]}."
        if len(rows) > 1
        else f"{len(captioned)} units of {next(iter(rows))} of {network.name}.",
    )


def draw(
    network: Backbone,
    wish: objectives.Objective,
    count: int,
    octaves: int,
    params: Params,
    trace: pixels.Trace,
    image: Image | None,
    span: tuple[float, float] = (0.0, 1.0),
    before: Sequence[Image] = (),
) -> Generator[hub.Result, None, Tensor]:
    """The method itself: a canvas, coarse to fine, a wish, and steps of gradient ascent while the picture is moved about."""
    generator = torch.Generator().manual_seed(params.seed)
    photo = None if image is None else images.to_tensor(image)
    size = (side_of(network, params),) * 2 if photo is None else fitted(photo, side_of(network, params, onto=True))
    picture = None if photo is None else images.resize(photo, size).clamp(0, 1).expand(count, -1, -1, -1)
    if params.smoothness:
        wish = wish - params.smoothness * objectives.variation()
    shaken = (
        pixels.Robustness(6 * params.robustness, 0.09 * params.robustness, 9 * params.robustness) if params.robustness else None
    )
    levels = coarse_to_fine(size, octaves if photo is None else 1)
    for i, level in enumerate(levels):
        canvas = pixels.Enlarged(canvas_of(params.canvas, count, level, generator, picture), size)
        done = [params.steps * k // len(levels) for k in (i, i + 1)]
        picture = yield from pixels.maximise(
            wish,
            canvas,
            network,
            steps=done[1] - done[0],
            rule=rule_of(params.canvas, onto=photo is not None),
            robustness=shaken,
            generator=generator,
            tile=0,
            vignette=None if photo is not None or params.goal == "whole picture" else vignette(size),
            trace=trace,
            span=tuple(span[0] + (span[1] - span[0]) * k / params.steps for k in done),
            show=lambda pictures: mosaic([*before, *images.to_images(pictures)], None),
        )
    return picture


def response(layer: str, units: Sequence[int], params: Params) -> objectives.Objective:
    """What of the unit shall grow."""
    if layer == backbones.CLASSES:
        return objectives.class_evidence(units)
    kinds = {"whole picture": objectives.channels, "centre": objectives.centred, "one position": objectives.neuron}
    return kinds[params.goal](layer, units)


def side_of(network: Backbone, params: Params, onto: bool = False) -> int:
    """The side to draw at: as asked for, or the network's own, and twice that onto a photo, where the thing finds its place."""
    return params.size or network.side * (2 if onto else 1)


def octaves_for(network: Backbone, layer: str, params: Params) -> int:
    """How many sizes to draw at. What is coarser than an early layer sees would only mislead it, so it gets fewer."""
    if params.canvas == "phases":
        return 1
    return max(1, min(params.octaves, params.steps, network.layer(layer).stride.bit_length() - 3))
