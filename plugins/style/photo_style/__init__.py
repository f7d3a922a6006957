"""Your photo takes the light and the colours of another, and stays a photo: straight lines stay straight, and nothing is painted
on walls.

Regions are found in both pictures at once, by colour as it stands out from the rest of its picture, by place, and by what a
network sees there; the tinted pictures show which answers to which. Lightness takes the mean and the spread of the partner's
from the old lightness alone, so that edges stand; then colour does, as it stands beside the lightness, moved as little as may be.
Both are mixed with the same for the whole picture, light the more, for light is of one piece, and the moves run softly into each
other along the photo's own edges. So every pixel's new colour is an affine map of its old one, and the map varies slowly: there
is no way to draw a line that was not there. The maps are found on a small copy and applied to the photo at full size.

"Deep" is the method of Luan et al.: the pixels are optimised until a network sees the reference's style in each region, and
held to what is locally affine in the photo by the matting Laplacian. The other two are the statistical methods that any
method has to beat. Figures: edge SSIM says how well edges stand where they stood (1 for exactly); the style distance how far a
second network sees the result from the reference; the affine residual what no local affine map of the photo explains, in levels
of 255, of which rounding leaves about 0.3.

The seconds are of the machine and its day; all else is the same for the same inputs.

Sources: Luan, Paris, Shechtman and Bala 2017, "Deep photo style transfer"; Pitié and Kokaram 2007 (Monge-Kantorovich); Reinhard
et al. 2001; Rosenblatt 1952 and Knothe 1957 (one coordinate after the other); Levin et al. 2008 (matting Laplacian); He et al.
2010 (guided filter).
Departures: colours are moved in Oklab, with gains that do not bring out noise, and what no screen can show loses colour and not
light. Luan's defects are mended: a region without a partner is kept instead of pulled to nothing, masks are soft and enter the
statistics once, the Laplacian is computed window by window without a matrix, and the last smoothing is a local affine fit from
the matched colours that the method begins with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

import hub
from hub import Image, backbones, pixels, samples
from hub.errors import BadParams, ShapeError
from hub.pixels import images
from plugins.style.photo_style import deep, looks, regions, report
from plugins.style.photo_style.regions import KEEP, Regions

SIDE = 384  # longer side that looks and regions are learned at
METHODS = ("by region", "deep", "monge-kantorovich", "reinhard")
REGIONAL = ("by region", "deep")
Restyle = Callable[[float, Image], Image]


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"steps": 2, "regions": 2}

    reference: Literal["coffee", "flower", "rocket", "china", "clouds", "motorcycle", "astronaut", "cat"] = hub.Field(
        "coffee",
        label="Reference",
        description="A bundled photo whose look yours takes, where you give none of your own.",
        pictures="samples",
        instead_of="style",
    )
    style: hub.Picture | None = hub.Field(None, label="Your reference", description="A photo of your own whose look to take.")
    strength: float = hub.Field(1.0, ge=0, le=1, label="Strength", description="How far to go from your photo to the look.")
    method: Literal["by region", "deep", "monge-kantorovich", "reinhard"] = hub.Field(
        "by region",
        label="Method",
        description="By region: colours, region to region. Deep: a network sees to the style (Luan et al.), slower. The others "
        "treat the whole picture alike.",
    )
    regions: int = hub.Field(
        4,
        ge=1,
        le=8,
        label="Regions",
        description="How many regions to find; 1 treats the picture as a whole and gives a .cube file for your photo editor.",
    )
    pairs: str = hub.Field(
        "",
        max_length=200,
        label="Pairs",
        description="Which region takes its look from which, as the tinted pictures number them: 1>2; 3>keep leaves it alone.",
        more=True,
    )
    photo_mask: hub.Picture | None = hub.Field(
        None,
        label="Mask of the photo",
        description="Regions painted by hand, each in a colour of its own; give one of the reference too.",
        more=True,
    )
    style_mask: hub.Picture | None = hub.Field(
        None,
        label="Mask of the reference",
        description="The same for the reference: the same colour is the same region.",
        more=True,
    )
    compare: bool = hub.Field(
        False, label="Compare", description="Run every method, with figures over strength; takes a while.", more=True
    )
    backbone: hub.BackboneName = hub.Field(
        "embedded",
        label="Network",
        description="The network that regions are found by, and that the deep method asks.",
        more=True,
    )
    steps: int = hub.Field(60, ge=1, le=1000, label="Steps", description="Steps of the deep method.", more=True)
    photorealism: float = hub.Field(
        3000.0,
        ge=0,
        le=100_000,
        label="Photorealism",
        description="How firmly the deep method is held to what is locally affine in the photo (Luan's λ).",
        more=True,
    )
    seed: hub.Seed = hub.Field(0, label="Seed", description="What the search for regions starts from.", more=True)


def cost(image: Image, params: Params) -> float:
    """Seconds: looks are found soon; the deep method takes steps at a small size whatever the photo's, two thirds of them for
    what is no network."""
    pixels = image.width * image.height
    steps = params.steps if params.method == "deep" or params.compare else 0
    return 1 + 8e-6 * pixels + 3 * backbones.seconds(params.backbone, deep.SIDE**2 * steps)


@hub.technique(
    title="The look of another photo",
    family="Style",
    cost=cost,
    paper="Luan et al. 2017, Deep photo style transfer; Pitié and Kokaram 2007; Reinhard et al. 2001",
    version="2",
    example={"image": "sample:china"},
)
def run(image: Image, params: Params) -> Iterator[hub.Result]:
    """See the module's page."""
    begun = time.perf_counter()
    other = params.style or samples.load(params.reference)
    photo, style = (regions.small(picture, SIDE) for picture in (image, other))
    whole = looks.by_region(photo, style, regions.whole(photo, style), params.strength)
    yield hub.Result(image=lambda: whole(images.to_image(photo)), progress=0.02)
    case = Case(image, photo, style, paired(photo, style, params), params)
    trace = pixels.Trace("minus the loss")
    restyle = yield from restyled(case, params.method, trace)
    result = restyle(params.strength, image)
    seconds = time.perf_counter() - begun
    yield hub.Result(image=result, progress=0.8)
    figures = report.figures(result, image, style) | {"seconds": seconds}
    rows, curves, left_out = (yield from compared(case)) if params.compare else ([], {}, [])
    yield hub.Result(
        image=result,
        images=regions.shown(case.found, photo, style) if params.method in REGIONAL else [],
        metrics=figures,
        table=rows,
        curves=(trace.curves() if trace.values else {}) | curves,
        caption=" ".join([report.caption(params.method, case.found, figures), *left_out]),
        files=lookup_table(case),
        progress=1.0,
    )


@dataclass(frozen=True)
class Case:
    """One photo, small copies of it and of its reference, (1, 3, H, W) in [0, 1], the regions of both, and what was asked for."""

    image: Image
    photo: Tensor
    style: Tensor
    found: Regions
    params: Params


def paired(photo: Tensor, style: Tensor, params: Params) -> Regions:
    """The regions as they are asked for: painted, the whole picture, or found; with the visitor's pairs.

    Raises BadParams for one mask without the other, masks without a common colour, or pairs that are none.
    """
    if (params.photo_mask is None) != (params.style_mask is None):
        raise BadParams("photo_mask and style_mask belong together: paint both, or none to have regions found.")
    if params.method not in REGIONAL and not params.compare:
        return regions.whole(photo, style)
    if params.photo_mask is not None and params.style_mask is not None:
        found = regions.painted(params.photo_mask, params.style_mask, photo, style)
        if not params.pairs and set(found.partner) == {KEEP}:
            raise BadParams(
                "photo_mask and style_mask have no colour in common, so nothing would change. Paint what belongs together in the "
                "same colour."
            )
    elif params.regions == 1:
        found = regions.whole(photo, style)
    else:
        found = regions.found(photo, style, backbones.load(params.backbone), params.regions, params.seed)
    return regions.rematched(found, params.pairs)


def restyled(case: Case, method: str, trace: pixels.Trace) -> Generator[hub.Result, None, Restyle]:
    """One method's work on the small copies: (strength, photo of any size) -> the photo restyled."""
    photo, style, found, params = case.photo, case.style, case.found, case.params
    if method == "by region":
        return lambda strength, full: looks.by_region(photo, style, found, strength)(full)
    if method != "deep":
        return lambda strength, full: looks.statistical(photo, style, method, strength)(full)
    tiny = deep.copy(case.image)
    wanted = deep.wide_enough(images.resize(style, regions.fitted(style, deep.SIDE)))
    start = images.to_tensor(looks.by_region(photo, style, found, 1.0)(images.to_image(tiny)))
    network = backbones.load(params.backbone)
    maps = yield from deep.optimised(tiny, wanted, found, network, start, params.steps, params.photorealism, trace)
    return lambda strength, full: deep.applied(maps, strength, looks.by_region(photo, style, found, strength)(full))


def compared(case: Case) -> Generator[hub.Result, None, tuple[list[dict], dict[str, hub.Curve], list[str]]]:
    """Every method on a copy of the photo: a table at full strength, curves of its figures over strength, and which methods
    are left out because they cannot take this photo."""
    copy = images.to_image(regions.small(case.image, report.SIDE))
    rows, curves, left_out = [], {}, []
    for i, method in enumerate(METHODS):
        begun = time.perf_counter()
        try:
            restyle = yield from quietly(restyled(case, method, pixels.Trace("")), 0.8 + 0.19 * i / len(METHODS))
        except (BadParams, ShapeError) as error:
            left_out.append(f"Left out of the comparison: {method} ({error})")
            continue
        made = {strength: restyle(strength, copy) for strength in report.STRENGTHS}
        seconds = time.perf_counter() - begun
        measured = {strength: report.figures(picture, copy, case.style) for strength, picture in made.items()}
        rows.append({"method": method, **report.rounded(measured[1.0] | {"seconds": seconds})})
        curves |= report.curves(method, measured)
        yield hub.Result(image=made[1.0], progress=0.8 + 0.19 * (i + 1) / len(METHODS))
    return rows, curves, left_out


def quietly(work: Generator[hub.Result, None, Restyle], progress: float) -> Generator[hub.Result, None, Restyle]:
    """The same work, where its own progress is not the whole's."""
    try:
        while True:
            preview = next(work)
            preview.progress = progress
            yield preview
    except StopIteration as done:
        return done.value


def lookup_table(case: Case) -> dict[str, bytes]:
    """The look as a .cube file, where one look is all there is."""
    if case.params.method != "by region" or len(case.found.partner) > 1:
        return {}
    grade = looks.by_region(case.photo, case.style, case.found, case.params.strength)
    return {"look.cube": looks.cube(grade, "The look of another photo")}
