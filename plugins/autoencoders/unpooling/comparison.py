"""The comparison: one autoencoder with one decoder after another, trained side by side."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from torch import Tensor

from hub import Curve, Image, Result
from hub.errors import BadParams
from plugins.autoencoders._examples import Examples
from plugins.autoencoders._figures import decibels
from plugins.autoencoders._linear import PCA, mean_squared
from plugins.autoencoders._networks import Design
from plugins.autoencoders._pages import picture
from plugins.autoencoders._pauses import Scene, during
from plugins.autoencoders._training import Course
from plugins.autoencoders.unpooling import views
from plugins.autoencoders.unpooling.checkerboard import grid, unevenness
from plugins.autoencoders.unpooling.decoders import FORGETFUL, Entrant, entrants, trained
from plugins.autoencoders.unpooling.start import begin_fitted

EARLY = 2
"""The look at which the grids are kept for the gallery, for they are strongest early."""
ON_THE_WAY = 128
"""Held-out pictures that are looked at while it learns, and that all checkerboards are measured on, the final ones too."""
AT_THE_END = 2000
"""Held-out pictures that the final errors are measured on, at most."""
MANY = 1024
"""Numbers of a picture from which on only the principal components that are needed are worked out."""
MAX = "max unpooling"
ERROR, GRID = "Held-out error while they learn", "Checkerboard while they learn"


def compared(data: Examples, design: Design, course: Course, seed: int) -> Iterator[Result]:
    """The original; PCA and untrained decoders; then all, fitted, trained in step; then figures, bands, what was wrong."""
    scene = views.Scene.of(data, design.depth)
    yield Result(image=lambda: views.tiles({"original": scene.joined(scene.pieces)}, {}), progress=0.001)
    pca = PCA.of(data.train) if data.numbers <= MANY else PCA.leading(data.train, design.code)
    runners, by_pca = entrants(design, pca.mean.reshape(data.shape), seed), pca.through(scene.pieces, design.code)
    begun = Result(image=lambda: views.sheet(scene, by_pca, runners, {}), progress=0.01)
    yield begun
    pages = [(views.untrained(runners, seed), "Before training: each decoder's picture of a map that is the same everywhere")]
    uneven = {each.name: unevenness(views.constant(each, seed)) for each in runners}
    for each in runners:
        begin_fitted(each.made, pca, data.train, told=bool(each.places))
        yield begun
    held = data.held[:ON_THE_WAY]
    line = mean_squared(pca.through(held, design.code), held)
    early: list[tuple[Image, str]] = []
    for done in trained(runners, data.train, held, course, seed):
        if not early and all(len(each.grids) == EARLY + 2 for each in runners):
            step = runners[0].log.held[-1][0]
            early.append((views.fine(scene, runners), f"After {step:.0f} steps: what is finer than the grid, amplified"))
        yield Result(
            image=lambda: views.sheet(scene, by_pca, runners, recent(runners)),
            curves=lambda: curves(runners, line),
            progress=0.02 + 0.93 * done,
        )

    def scene_of(share: float) -> Result:
        return Result(image=learnt, curves=drawn, progress=0.95 + 0.05 * share)

    learnt, drawn = cache(lambda: views.sheet(scene, by_pca, runners, recent(runners))), curves(runners, line)
    last = yield from told(data, pca, scene, by_pca, runners, pages + early, uneven, scene_of)
    yield replace(last, curves=drawn, progress=1.0)


def designed(data: Examples, code: int, depth: int, width: int) -> Design:
    """The network that all of them are but for the decoder. Raises BadParams for what cannot be built."""
    side = min(data.shape[1:])
    if side % 2**depth or side < 2 ** (depth + 1):
        most = max((d for d in range(1, 8) if side % 2**d == 0 and side >= 2 ** (d + 1)), default=0)
        raise BadParams(
            f"depth: {side} × {side} pixels cannot be halved {depth} times to 2 × 2 or more. "
            + (f"Take a depth of {most} at most." if most else "Take patches of an even side, 4 or more.")
        )
    if code > data.numbers:
        raise BadParams(f"code: a picture here has {data.numbers} numbers; {code} are no bottleneck. Take fewer.")
    return Design(data.shape, "convolutional", code, depth, width, activation="gelu")


# ---------------------------------------------------------------- on the way


def recent(runners: list[Entrant]) -> dict[str, str]:
    """What was last measured of each, for small print."""
    return {
        each.name: said(decibels(each.log.held[-1][1]), each.grids[-1][1]) for each in runners if each.log.held and each.grids
    }


def said(quality: float, strength: float) -> str:
    """Quality in dB and strength of the checkerboard in grey levels, in words."""
    return f"{quality:.1f} dB · grid {strength:.1f}"


def curves(runners: list[Entrant], by_pca: float) -> dict[str, Curve]:
    """Held-out errors above PCA's, and the strength of the grid, over the steps. by_pca: its error."""
    found: dict[str, Curve] = {}
    for each in runners:
        x, y = zip(*each.log.held, strict=True)
        found[each.name] = Curve(list(x), list(y), "step", "mean squared error", chart=ERROR, log="y")
    found["PCA"] = Curve([0.0], [by_pca], chart=ERROR, kind="reference", log="y")
    for each in runners:
        x, y = zip(*each.grids, strict=True)
        found[f"grid of {each.name}"] = Curve(list(x), list(y), "step", "grey levels of 255", chart=GRID)
    return found


# ---------------------------------------------------------------- at the end


def told(
    data: Examples,
    pca: PCA,
    scene: views.Scene,
    by_pca: Tensor,
    runners: list[Entrant],
    pages: list[tuple[Image, str]],
    uneven: dict[str, float],
    meanwhile: Scene,
) -> Generator[Result, None, Result]:
    """The last result, scenes before it. pages: pictures made on the way. uneven: how much so untrained decoders are."""
    held, k, period = data.held[:AT_THE_END], runners[0].made.design.code, runners[0].period
    through, few = pca.through(held, k), data.held[:ON_THE_WAY]
    found = {"PCA": (decibels(mean_squared(through, held)), 255 * grid(through[:ON_THE_WAY], period))}
    for n, each in enumerate(runners):
        found[each.name] = yield from during(each.figures(held), meanwhile, n / (2 * len(runners)))
    lines = {name: said(*pair) for name, pair in found.items()}
    side_by_side = views.sheet(scene, by_pca, runners, lines)
    wholes = (yield from during(views.wholes(data.patches, runners), meanwhile, 0.5)) if data.patches else {}
    place = "The same place by each decoder" if data.fitted else "The same place, never learnt from, by each decoder"
    gallery = [(side_by_side, place)] if wholes else []
    gallery += [(views.wrongs(scene, by_pca, runners), "What each adds or leaves out, amplified: grey is right"), *pages]
    where = "" if data.fitted else "held out: "
    gallery += [(picture(whole), f"{name}: {where}{lines[name]}") for name, whole in wholes.items()]
    return Result(
        image=views.bands(wholes, lines) if wholes else side_by_side,
        images=gallery,
        table=table(runners, found, uneven, 255 * grid(few, period)),
        metrics={f"PSNR of {name}, dB": pair[0] for name, pair in found.items()},
        caption=caption(data, runners, found),
    )


def table(
    runners: list[Entrant], found: dict[str, tuple[float, float]], uneven: dict[str, float], original: float
) -> list[dict[str, Any]]:
    """One row for each decoder, PCA and the originals."""
    rows: list[dict[str, Any]] = [
        {
            "decoder": each.name,
            "PSNR, dB": round(found[each.name][0], 2),
            "checkerboard, grey levels": round(found[each.name][1], 2),
            "at its strongest": round(each.strongest, 2),
            "unevenness before training": round(uneven[each.name], 2),
            "weights": each.made.parameter_count,
            "of them in the decoder": each.decoder_weights,
            "numbers in the code": each.made.design.code,
            "positions beside the code": each.places,
        }
        for each in runners
    ]
    others = {"PCA": found["PCA"], "the originals": (None, original)}
    return rows + [
        {
            "decoder": name,
            "PSNR, dB": "" if quality is None else round(quality, 2),
            "checkerboard, grey levels": round(strength, 2),
        }
        for name, (quality, strength) in others.items()
    ]


def caption(data: Examples, runners: list[Entrant], found: dict[str, tuple[float, float]]) -> str:
    """Who rebuilds best, who leaves most of a grid, what max unpooling was told beside the code, and whether PCA won."""
    fair = {each.name: found[each.name] for each in runners if each.name != MAX}
    best = max(fair, key=lambda name: fair[name][0])
    first, *_, last = sorted((each for each in runners if each.name in fair), key=lambda each: each.strongest, reverse=True)
    told_of, other = next(each for each in runners if each.name == MAX), found[FORGETFUL][0]
    numbers, bits = told_of.made.design.code, 2 * told_of.places
    parts = [
        f"From the same {numbers} numbers and as many weights, {best} comes nearest, {fair[best][0]:.1f} dB",
        f"; PCA reaches {found['PCA'][0]:.1f} dB. " if round(found["PCA"][0], 1) <= round(fair[best][0], 1) else
        f", but PCA, which needs no training, does better: {found['PCA'][0]:.1f} dB. ",
        f"The strongest checkerboard on the way was that of {first.name}, {first.strongest:.1f} grey levels, the faintest of "
        f"{last.name}, {last.strongest:.1f}; {first.grids[-1][1]:.1f} and {last.grids[-1][1]:.1f} are left. ",
        f"Max unpooling's {found[MAX][0]:.1f} dB is not comparable: {told_of.places} remembered positions go round the code, "
        f"{bits} bits a picture, as much as {bits / 32:.0f} further numbers; without them it has {other:.1f} dB.",
        " They learnt from the very picture that they are tested on, which is too small to part." if data.fitted else "",
    ]  # fmt: skip
    return "".join(parts)
