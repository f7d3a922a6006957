"""Let the network strengthen whatever it recognises in your picture, until eyes look out of clouds.

The picture is shown to a network, and changed a little, again and again, so that what the network already half sees there
becomes stronger: a whole layer's activity, some channels of it, or the evidence for some classes. It works at several sizes,
called octaves, small to large, and what was dreamt at one size is carried to the next, so that large shapes come first and
fine ones grow in them. A guide picture makes it dream of what the guide shows. A zoom dreams on into its own dream, frame by
frame.

Source: Mordvintsev, Olah and Tyka 2015, "Inceptionism", and the notebook published with it.
Departures: gradients are normalised at every scale of detail by a Laplacian pyramid, which the notebook offers as a variant;
large pictures are dreamt in overlapping tiles whose gradients are averaged at every step, so that no seams can form.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import ClassVar

import torch
from torch import Tensor

import hub
from hub import Image, backbones, metrics, pixels
from hub.backbones import Backbone
from hub.pixels import images, objectives

TILE = 640


class Params(hub.Params):
    quick: ClassVar[dict] = {"octaves": 2, "steps": 2}

    backbone: hub.BackboneName = hub.Field("embedded", label="Network", description="The network that dreams.", more=True)
    layer: hub.LayerName = hub.Field(
        "classes",
        label="Layer",
        description="Early layers dream of strokes and textures, late ones of things; classes are what the network can name.",
    )
    units: hub.UnitNames = hub.Field(
        "",
        label="Dream of",
        description="Classes or channel numbers of that layer, separated by commas; empty for what this network dreams best "
        "(of classes) or for whatever the whole layer sees.",
    )
    strength: float = hub.Field(1.0, ge=0.1, le=4, label="Strength", description="How far each step goes.")
    steps: int = hub.Field(16, ge=1, le=60, label="Steps", description="Steps of gradient ascent at each octave.")
    octaves: int = hub.Field(
        3, ge=1, le=8, label="Octaves", description="Sizes to dream at, small to large: more of them give larger motifs."
    )
    ratio: float = hub.Field(
        1.4, ge=1.1, le=2, label="Octave ratio", description="How much larger each octave is than the one before.", more=True
    )
    jitter: int = hub.Field(
        8,
        ge=0,
        le=64,
        label="Jitter",
        description="Pixels by which the picture is shifted at each step, so that no grid shows.",
        more=True,
    )
    guide: hub.Picture | None = hub.Field(
        None, label="Guide", description="A picture whose features the dream takes up, at the chosen layer.", more=True
    )
    zoom_frames: int = hub.Field(
        0,
        ge=0,
        le=120,
        label="Zoom frames",
        description="Dream on into the dream: frames of an animation; 0 for a still.",
        more=True,
    )
    zoom: float = hub.Field(
        1.05, ge=1.01, le=1.2, label="Zoom", description="How much larger each frame begins than the one before ended.", more=True
    )
    seed: hub.Seed = hub.Field(
        0, label="Seed", description="What chance starts from: the same seed gives the same dream.", more=True
    )


def cost(image: Image, params: Params) -> float:
    """Seconds: the steps of each octave, and of one octave for each frame of the zoom."""
    octaves = sum(params.ratio ** (-2 * octave) for octave in range(params.octaves))
    seen = image.width * image.height * params.steps * (octaves + params.zoom_frames)
    return 1 + backbones.seconds(params.backbone, seen, params.layer)


@hub.technique(
    title="Deep dream",
    family="Dream",
    cost=cost,
    version="2",
    example={"units": "eye"},
    paper="Mordvintsev, Olah and Tyka 2015, Inceptionism: going deeper into neural networks",
)
def run(image: Image, params: Params) -> Iterator[hub.Result]:
    network = backbones.load(params.backbone)
    generator = torch.Generator().manual_seed(params.seed)
    photo = images.to_tensor(image)
    wish = wanted(network, params)
    trace = pixels.Trace("evidence" if chosen_classes(network, params) else "activation")
    frames = params.zoom_frames + 1
    picture = yield from dream(photo, wish, network, params, generator, trace, span=(0.0, 1 / frames))
    told, stills = caption(network, params, None if params.zoom_frames else (photo, picture)), [images.to_image(picture)]
    for frame in range(1, frames):
        closer, span = zoomed(picture, params.zoom), (frame / frames, (frame + 1) / frames)
        picture = yield from dream(closer, wish, network, params, generator, trace, span, again=True)
        stills.append(images.to_image(picture))
    yield hub.Result(
        image=stills[-1],
        curves=trace.curves(),
        progress=1.0,
        caption=told,
        files={"zoom.webp": images.animation(stills)} if params.zoom_frames else {},
    )


def dream(
    photo: Tensor,
    wish: objectives.Objective,
    network: Backbone,
    params: Params,
    generator: torch.Generator,
    trace: pixels.Trace,
    span: tuple[float, float],
    again: bool = False,
) -> Generator[hub.Result, None, Tensor]:
    """One picture's dream: at each octave, the photo at that size plus the detail dreamt so far, then steps of ascent."""
    levels = pixels.octaves(photo, 1 if again else params.octaves, params.ratio)
    detail = torch.zeros_like(levels[0])
    for octave, (start, end) in zip(levels, pixels.shares(levels), strict=True):
        detail = images.resize(detail, octave.shape[-2:])
        canvas = pixels.Pixels((octave + detail).clamp(0, 1))
        dreamt = yield from pixels.maximise(
            wish,
            canvas,
            network,
            steps=params.steps,
            rule=pixels.Climb(0.009 * params.strength),
            generator=generator,
            roll=params.jitter,
            tile=TILE,
            trace=trace,
            span=(span[0] + (span[1] - span[0]) * start, span[0] + (span[1] - span[0]) * end),
        )
        detail = dreamt - octave
    return dreamt


def wanted(network: Backbone, params: Params) -> objectives.Objective:
    """The guide's features, the chosen classes or channels, or the energy of the whole layer."""
    layer = network.layer(params.layer).name
    if params.guide is not None:
        with torch.no_grad():
            guide = images.resize(images.to_tensor(params.guide), (2 * network.side, 2 * network.side)).clamp(0, 1)
            return objectives.like(layer, network.features(guide, [layer])[layer])
    units = list(dict.fromkeys(network.unit(layer, name) for name in chosen(network, params)))
    if layer == backbones.CLASSES and units:
        return objectives.class_everywhere(units, window=network.layer(layer).size[-1])
    return objectives.several(layer, units) if units else objectives.energy(layer)


def chosen(network: Backbone, params: Params) -> list[str]:
    """The units that were asked for; of classes, where none were, what the network dreams best, as far as it says."""
    names = [name.strip() for name in params.units.split(",") if name.strip()]
    return names or (network.showpieces if params.layer == backbones.CLASSES else [])


def zoomed(picture: Tensor, factor: float) -> Tensor:
    """The middle of the picture, enlarged to its full size."""
    height, width = picture.shape[-2:]
    h, w = round(height / factor), round(width / factor)
    top, left = (height - h) // 2, (width - w) // 2
    return images.resize(picture[..., top : top + h, left : left + w], (height, width)).clamp(0, 1)


def chosen_classes(network: Backbone, params: Params) -> list[str]:
    """The classes that are dreamt of, none where it is a layer or a guide."""
    at_classes = params.guide is None and network.layer(params.layer).name == backbones.CLASSES
    units = dict.fromkeys(network.unit(params.layer, name) for name in chosen(network, params)) if at_classes else ()
    return [network.units(backbones.CLASSES)[unit] for unit in units]


def caption(network: Backbone, params: Params, change: tuple[Tensor, Tensor] | None) -> str:
    """What was dreamt of, and, of classes that it knows, where the judge sees them after a change, and where it did before."""
    classes = chosen_classes(network, params)
    if params.guide is not None:
        return f"{network.name} dreams of what the guide shows, at {params.layer}."
    if not classes:
        return f"{network.name} dreams of {', '.join(chosen(network, params)) or 'whatever it sees'}, at {params.layer}."
    words = " or ".join(name.replace("_", " ") for name in classes)
    seen = metrics.testimony(*change, classes, network.side) if change else ""
    return " ".join(filter(None, (f"A dream of {words}.", seen)))
