"""Put networks side by side: what each sees in your picture, dreams into it, or looks for, from early layers to late ones.

Training is seen best beside its absence, and one network beside another. Each row is a network, each column a depth.

**What layers see.** A layer answers at every place of the picture with as many numbers as it has channels. The three directions
in which these answers differ most, their principal components, are shown as red, green and blue: places of one colour are alike
to the layer. Colours of two maps cannot be compared, for every map has components of its own; their shapes can.
How alike two networks sort the places of a picture is measured by CKA: 1 where one's answers are the other's turned, mirrored
or scaled, about 0 where they have nothing in common.

**A dream.** Each network strengthens what a whole layer of it sees in the picture, as in deep dream.

**Filters.** Some channels of each layer, spread evenly over all of them, each drawn from nothing until it answers strongly. The
picture plays no part.

Sources: Kornblith, Norouzi, Lee and Hinton 2019, "Similarity of neural network representations revisited" (linear CKA);
Mordvintsev, Olah and Tyka 2015, "Inceptionism"; Erhan et al. 2009, "Visualizing higher-layer features of a deep network".
Departures: CKA is taken over the places of one picture, averaged to the coarser grid of the two maps, with the estimate of
Song et al. 2012 that is not biased where channels outnumber places (Nguyen, Raghu and Kornblith 2021); it may fall a little
below 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import torch

import hub
from hub import Image, backbones
from hub.errors import BadParams
from hub.pixels import images
from plugins.compare_networks.board import Board, Cell, called, listed
from plugins.compare_networks.drawing import FILTERS_AT, dream, filters, fitted, mosaic
from plugins.compare_networks.seeing import alike, colours

SMALLEST = 48
MOST = 6  # networks: a recipe holds the weights of eight
WORDS = ("early", "middle", "late")
SIZES = {"what layers see": 448, "a dream": 256, "filters": 256}


class Params(hub.Params):
    """What is put side by side."""

    quick: ClassVar[dict] = {"size": 64}

    networks: hub.BackboneNames = hub.Field(
        "embedded, embedded?random",
        label="Networks",
        description=f"The networks to compare, up to {MOST}, separated by commas; ?random after a name is its untrained self.",
    )
    show: Literal["what layers see", "a dream", "filters"] = hub.Field(
        "what layers see",
        label="Show",
        description="What each layer tells apart in the picture, what it dreams into it, or what some of its filters look for.",
    )
    depth: Literal["early to late", "early", "middle", "late"] = hub.Field(
        "early to late", label="Depth", description="Where to look into each network: at three depths, or at one."
    )
    size: int = hub.Field(
        0,
        ge=0,
        le=512,
        label="Size",
        description="Longer side, in pixels, at which the networks see the picture; 0 for what suits: 448, or 256 to dream.",
        more=True,
    )
    steps: int = hub.Field(
        48, ge=3, le=300, label="Steps", description="Steps of gradient ascent for a dream or a filter.", more=True
    )
    filters: int = hub.Field(4, ge=1, le=16, label="Filters", description="How many filters of each layer are drawn.", more=True)
    seed: hub.Seed = hub.Field(
        0, label="Seed", description="What chance starts from in dreams and filters: the same seed gives the same.", more=True
    )


def cost(image: Image, params: Params) -> float:
    """Seconds: one look of each network, or the steps at each depth."""
    side, words = params.size or SIZES[params.show], depths(params)
    pixels = {
        "what layers see": side**2 / 2,
        "a dream": side**2 * params.steps,
        "filters": FILTERS_AT**2 * params.steps * params.filters,
    }[params.show]
    passes = words[-1:] if params.show == "what layers see" else words
    return 1 + sum(backbones.seconds(name, pixels, word) for name in params.backbones_named() for word in passes)


@hub.technique(
    title="Compare networks",
    family="See",
    cost=cost,
    example={"image": "sample:china"},
    sheet=True,
    paper="Kornblith et al. 2019; Mordvintsev, Olah and Tyka 2015; Erhan et al. 2009",
)
def run(image: Image, params: Params) -> Iterator[hub.Result]:
    """A row for each network, a column for each depth; see the module's page."""
    names, words = asked(params), depths(params)
    photo = images.to_tensor(image)
    photo = images.resize(photo, fitted(photo, params.size or SIZES[params.show])).clamp(0, 1)
    board = Board(names, words, (1, 1) if params.show == "filters" else tuple(photo.shape[-2:]))
    yield hub.Result(image=board.page, progress=0.0)
    yield from seen(board, photo) if params.show == "what layers see" else made(board, photo, params)
    yield hub.Result(
        image=board.page(), images=board.gallery(), table=board.table(), caption=caption(board, params), progress=1.0
    )


def depths(params: Params) -> tuple[str, ...]:
    """The words for the layers that are looked at."""
    return WORDS if params.depth == "early to late" else (params.depth,)


def asked(params: Params) -> list[str]:
    """The names of the networks, all of which can be had. Raises BadParams, and what `backbones.layers` raises."""
    if 0 < params.size < SMALLEST:
        raise BadParams(f"size: {params.size} is too small to see anything in; give {SMALLEST} or more, or 0 for what suits.")
    names = params.backbones_named()
    if not 1 <= len(names) <= MOST:
        raise BadParams(f"networks: {len(names)} are named; give 1 to {MOST}, such as embedded, embedded?random.")
    for name in dict.fromkeys(names):
        backbones.layers(name)
    return names


def seen(board: Board, photo: torch.Tensor) -> Iterator[hub.Result]:
    """The leading components of every map, and its likeness to the first network's at the same depth."""
    first: dict[str, torch.Tensor] = {}
    for name in board.names:
        network = backbones.load(name)
        with torch.no_grad():
            maps = {word: features.float().cpu() for word, features in network.features(photo, board.words).items()}
        for word, features in maps.items():
            likeness = alike(first.setdefault(word, features), features)
            shown = images.resize(colours(features), photo.shape[-2:])
            board.cells.append(Cell(name, word, network.layer(word), images.to_image(shown), likeness))
            yield hub.Result(image=board.page, progress=0.999 * board.progress())


def made(board: Board, photo: torch.Tensor, params: Params) -> Iterator[hub.Result]:
    """Dreams or filters of every layer, drawn in the same way from the same seed."""
    for name in board.names:
        network = backbones.load(name)
        for word in board.words:
            layer, span = network.layer(word), (board.progress(), board.progress(1))
            if params.show == "a dream":
                picture = yield from dream(network, layer, photo, params.steps, params.seed, span, board.page)
            else:
                picture = yield from filters(network, layer, params.filters, params.steps, params.seed, span, board.page)
            board.cells.append(Cell(name, word, layer, mosaic(picture)))


def caption(board: Board, params: Params) -> str:
    """What stands on the sheet, and what can be read off it."""
    networks, depths = listed([called(name) for name in board.names]), listed(board.words)
    if params.show == "a dream":
        return f"The same picture, dreamt by {networks}: whatever a whole layer sees, strengthened, at {depths}."
    if params.show == "filters":
        return f"What some filters look for in {networks}, at {depths}, each drawn at up to {FILTERS_AT} pixels."
    told = f"What {networks} tell apart at {depths}: places of one colour are alike to that layer."
    figures = [f"{cell.likeness:.2f} at {cell.word}" for cell in board.cells[len(board.words) :] if cell.likeness is not None]
    if len(board.names) > 2 and figures:
        return f"{told} How alike the networks are, by CKA, stands in the table."
    return f"{told} The second is like the first by {listed(figures)} (CKA; 1 is the same)." if figures else told
