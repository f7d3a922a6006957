"""One tap, and your photo is painted: Gothic, Candy, Mononoke and more, or any picture of your own as the style.

There is no search here and no waiting: a small network that learned to paint looks at your photo once. First the photo gets the
style's colours. Then the network lays strokes on it; which strokes, it is told by a code of 64 numbers. Those of the named
styles come with it, and for a picture of your own the code is guessed from what another network sees in it. Between two codes
lie more styles: mix two. The strength says how much is painted, and the brush how large. Whoever has some seconds more can let
the painting be refined: then it is the start of a search, as in the tab "In another's style".

It was trained for an hour or two on two processor cores, on drawings of this project and photographs of its libraries; what it
learned, how and how well is told in its model card.

For a film, give every frame the same settings and seed: where nothing moves, strokes stand still. Where the camera moves, set the
grain to 0, so that strokes go with things rather than stay on the screen; some shimmer is left.

Sources: Johnson et al. 2016, "Perceptual losses for real-time style transfer"; Dumoulin et al. 2017, "A learned representation
for artistic style"; Ghiasi et al. 2017, "Exploring the structure of a real-time, arbitrary neural artistic stylization network".
Departures: the colours are matched before the pass (Pitié and Kokaram 2007), not by the network; it paints what is added to the
photo, guided by a little noise where the photo is flat; its loss is the sliced Wasserstein distance (Heitz et al. 2021).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Image, backbones, pixels
from hub.backbones import Backbone
from hub.pixels import colour, images
from plugins.style._figures import told
from plugins.style._pages import sized, style_page
from plugins.style._painting import Settings
from plugins.style._painting import Style as Page
from plugins.style._painting import paint as optimised
from plugins.style.instant_style import styles
from plugins.style.instant_style.painter import grains
from plugins.style.instant_style.styles import Style

LEAST, MOST = 16, 2048  # no side is painted on below that, and none beyond
FAINT = 0.2  # strength below which what is painted fades out

Manner = Literal[styles.NAMED]


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"size": 64}

    manner: Manner = hub.Field(
        "mosaic",
        label="Style",
        description="Pick a style, or give your own below.",
        pictures="manners",
        instead_of="style",
    )
    style: hub.Picture | None = hub.Field(
        None, label="Your own style", description="A painting, a fabric, a wall: any picture whose manner you like."
    )
    strength: float = hub.Field(0.75, ge=0, le=1.5, label="Strength", description="How much is painted; 0 leaves the photo.")
    brush: float = hub.Field(1.0, ge=0.5, le=3, label="Brush", description="How large the strokes are.")
    colours: Literal["of the style", "of the picture"] = hub.Field(
        "of the style", label="Colours", description="Take the style's colours, or keep your picture's own."
    )
    size: int = hub.Field(
        512, ge=32, le=2048, label="Size", description="Longer side of the result, in pixels; a smaller picture is not enlarged."
    )
    manner_2: Literal["none", Manner] = hub.Field(
        "none", label="Second style", description="Another manner, to mix with the first.", more=True
    )
    style_2: hub.Picture | None = hub.Field(
        None, label="Your own second style", description="A picture whose manner is mixed in.", more=True
    )
    mix: float = hub.Field(0.5, ge=0, le=1, label="Mix", description="The share of the second style.", more=True)
    grain: float = hub.Field(
        1.0,
        ge=0,
        le=2,
        label="Grain",
        description="How much chance guides strokes in flat places; 0 for the frames of a film whose camera moves.",
        more=True,
    )
    refine: int = hub.Field(
        0,
        ge=0,
        le=200,
        label="Refine",
        description="Steps of optimisation after the pass, as in the tab In another's style; 30 take some seconds at 512 px.",
        more=True,
    )
    backbone: hub.BackboneName = hub.Field(
        "embedded", label="Network", description="The network that looks while the painting is refined.", more=True
    )
    measure: bool = hub.Field(
        False,
        label="Measure",
        description="Ask a second network how near the style came, and how well edges stand. Takes longer than the painting.",
        more=True,
    )
    seed: hub.Seed = hub.Field(
        0, label="Seed", description="Where strokes begin in flat places: another seed, another painting.", more=True
    )


def cost(image: Image, params: Params) -> float:
    """Seconds: one pass of the painter, and the steps that refine."""
    pixels = image.width * image.height * min(1.0, params.size / max(image.size)) ** 2
    return 1 + 2e-6 * pixels + backbones.seconds(params.backbone, pixels * params.refine)


@hub.technique(
    title="Painted in one tap",
    family="Style",
    cost=cost,
    example={"image": "sample:cat"},
    paper="Johnson et al. 2016; Dumoulin et al. 2017; Ghiasi et al. 2017",
    weights=lambda: {"painter": styles.trained().hash, "embedded": backbones.load("embedded").hash},
)
def run(image: Image, params: Params) -> Iterator[hub.Result]:
    """See the module's page."""
    network = backbones.load(params.backbone)  # before any work, for it may have to be fetched
    photo, size = sized(images.to_tensor(image), params.size)
    chosen, trace = chosen_styles(params), pixels.Terms("loss")

    def show(painted: Tensor) -> Image:
        painted = colour.lit_as(photo, painted) if params.colours == "of the picture" else painted
        return images.to_image(images.resize(painted, size))

    painted = paint(photo, chosen, params.strength, params.brush, params.grain, params.seed)
    if params.refine:
        yield hub.Result(image=show(painted), progress=0.001)
        painted = yield from refined(painted, photo, chosen, network, params, trace, show)
    result = hub.Result(image=show(painted), curves=trace.curves() if params.refine else {}, progress=1.0)
    if params.measure:
        if not params.refine:
            yield replace(result, progress=0.5)
        result = replace(result, **told(photo, images.to_tensor(result.image), judged(photo, chosen, params.colours)))
    yield result


def judged(photo: Tensor, chosen: list[Style], colours: str) -> list[tuple[Tensor, float]]:
    """What the painting is measured against: the styles, in the photo's colours where those are kept, and their shares."""
    pages = [(each.page(), each.share) for each in chosen]
    return [(colour.recoloured(page, photo), share) for page, share in pages] if colours == "of the picture" else pages


@torch.no_grad()
def paint(photo: Tensor, chosen: list[Style], strength: float, brush: float, grain: float, seed: int) -> Tensor:
    """The method itself: the photo in the styles' colours, and what the painter adds to it. (1, 3, H, W) in [0, 1]."""
    if not strength:
        return photo
    coloured = recoloured(photo, chosen, strength)
    code = sum(each.share * each.code for each in chosen) * strength
    smaller = max(brush, max(photo.shape[-2:]) / MOST)
    canvas = images.resize(coloured, tuple(max(LEAST, round(side / smaller)) for side in photo.shape[-2:]))
    noise = grain * grains(1, tuple(canvas.shape[-2:]), torch.Generator().manual_seed(seed)).to(photo.device)
    added = styles.trained().painter(canvas, code, noise) - canvas
    faint = min(1.0, strength / FAINT)  # a painter whose code is 0 still paints a little
    return (coloured + faint * images.resize(added, photo.shape[-2:])).clamp(0, 1)


def recoloured(photo: Tensor, chosen: list[Style], strength: float) -> Tensor:
    """The photo in the colours of the styles, each by its share."""
    how = torch.tensor([strength])
    return sum(each.share * styles.recoloured(photo, each.palette, how) for each in chosen)


def refined(
    painted: Tensor,
    photo: Tensor,
    chosen: list[Style],
    network: Backbone,
    params: Params,
    trace: pixels.Terms,
    show: pixels.ascent.Show,
) -> Generator[hub.Result, None, Tensor]:
    """The painting, brought nearer to the styles as `style_transfer` does it, at one scale."""
    brush = min(2.5, max(0.3, params.brush * styles.PAGE / max(photo.shape[-2:])))
    settings = Settings(strength=params.strength, steps=params.refine, scales=1, brush=brush)
    pages = [Page(each.page(), torch.full_like(photo[:, :1], each.share)) for each in chosen]
    content = recoloured(photo, chosen, params.strength)
    generator = torch.Generator().manual_seed(params.seed)
    return (yield from optimised(content, pages, network, settings, generator, trace, show, first=painted))


def chosen_styles(params: Params) -> list[Style]:
    """One style, or two with their shares. Raises BadParams for pictures that hold no style."""
    first = chosen_style("style", params.style, params.manner)
    if params.style_2 is None and params.manner_2 == "none":
        return [first]
    second = chosen_style("style_2", params.style_2, params.manner_2)
    return [each for each in (first.shared(1 - params.mix), second.shared(params.mix)) if each.share]


def chosen_style(field: str, given: Image | None, name: str) -> Style:
    """The style of the picture that was given, or a named one."""
    return styles.named(name) if given is None else styles.own(style_page(field, given, styles.PAGE))
