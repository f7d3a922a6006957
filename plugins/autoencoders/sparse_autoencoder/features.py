"""Sparse codes of a network's layer: directions in what it knows, and what each of them means."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from hub import Curve, Image, Result, world
from hub.backbones import Backbone
from hub.backbones.layers import Layer
from hub.pixels import images
from plugins.autoencoders import _examples
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._patches import in_parts
from plugins.autoencoders._pauses import Scene, Work, during
from plugins.autoencoders._training import Course, Log, Training
from plugins.autoencoders.sparse_autoencoder import activations, codes, comparison, sheets
from plugins.autoencoders.sparse_autoencoder.activations import Activations, Activity
from plugins.autoencoders.sparse_autoencoder.codes import Settings, SparseAutoencoder

BY_PCA = "variance explained by as many principal components"
SHOWN = 24  # latents in the gallery
JUDGED = 1000  # held-out positions that codes are searched for
WATCHED = 600  # held-out positions that the loss is measured on as it learns
EXAMPLES = 6  # cuttings to a latent
LISTED = 12  # latents on the sheet and in the table
MEANT = 0.3  # share of a latent's activity from which on a class gives it a name
RARE = 0.002  # share of positions below which a latent fires too seldom to say what it means


@dataclass(frozen=True)
class Asked:
    """What is to be coded and shown. latent: the one to look at, or -1. drawn: how many a picture is drawn for."""

    network: Backbone
    layer: Layer
    settings: Settings
    course: Course
    size: int
    latent: int
    drawn: int


@dataclass(frozen=True)
class Found:
    """What came of it."""

    data: Activations
    made: SparseAutoencoder
    activity: Activity

    @property
    def rates(self) -> Tensor:
        return self.activity.rates

    @property
    def shares(self) -> Tensor:
        return self.activity.shares

    def meaning(self, latent: int) -> tuple[str, float]:
        """The class of the picture world that most of a latent's activity falls to, and its share."""
        share, place = self.shares[:, latent].max(0)
        return list(world.CLASSES)[int(place)].replace("_", " "), float(share)

    def caption(self, latent: int) -> str:
        """A latent in one line."""
        name, share = self.meaning(latent)
        return f"latent {latent} · fires on {self.rates[latent]:.1%} of places · " + (
            f"fires on: {name} {share:.0%}" if share >= MEANT else f"most on {name}, {share:.0%}"
        )


def coded(image: Image | None, asked: Asked, generator: torch.Generator) -> Iterator[Result]:
    """The photo in the layer's principal components at once; then a network learns; then what its latents mean."""
    photo = _examples.photograph("cat") if image is None else _examples.sized(image, asked.size)
    small = activations.looked_at(photo, asked.network)
    seen = activations.answers(asked.network, asked.layer, small)
    yield Result(image=partial(first, photo, seen), progress=0.005)
    colours = cache(partial(first, photo, seen))
    gathering = activations.gathered(asked.network, asked.layer, small, image is not None)
    data = yield from during(gathering, lambda share: Result(image=colours, progress=share), 0.01)
    train, held = data.parts
    made = SparseAutoencoder.of(train, asked.settings, generator)
    watched = held[:WATCHED]
    pca = PCA.of(train)
    least = codes.least_cost(watched - pca.mean, pca.components, asked.settings)
    log = Log("Loss while it learns", "loss", {"principal components, at their best": least})
    show = partial(preview, photo, data, made, image is None)
    yield from Training(made, made.loss, train, asked.course, generator, log, lambda: made.cost(watched)).run(show, (0.15, 0.7))
    made.ordered(train)
    still, learning = cache(show), log.curves()

    def scene(share: float) -> Result:
        return Result(image=still, curves=learning, progress=0.7 + 0.3 * share)

    found = Found(data, made, (yield from during(activations.activity(data, made), scene, 0.0)))
    chosen = telling(found, image is None)
    wanted, portraits = chosen[: asked.drawn], None
    if wanted:
        portraits = yield from activations.drawn(data, made, wanted, generator, (0.7, 0.9))
    last = yield from told(found, photo, held, pca, chosen, portraits, asked, image is None, learning, scene)
    yield Result(**last, progress=1.0)


def first(photo: Tensor, seen: Tensor) -> Image:
    """The photo in the three principal components of the layer."""
    return images.to_image(images.resize(activations.principal_colours(seen), photo.shape[-2:]).clamp(0, 1))


def telling(found: Found, alone: bool) -> list[int]:
    """The latents to show first: of those not rare, the ones that belong most to one class; of a visitor's picture, those
    that carry much of it and belong to one class."""
    if alone:
        score = found.shares.amax(0) * (found.rates >= RARE)
    else:
        score = activations.coded(found.data.seen, found.made)[0].square().sum((1, 2)) * found.shares.amax(0)
    order = score.argsort(descending=True, stable=True)[:SHOWN]
    return [int(latent) for latent in order if score[latent] > 0] or [0]


def preview(photo: Tensor, data: Activations, made: SparseAutoencoder, alone: bool) -> Image:
    """While it learns: where its six strongest latents fire."""
    code = activations.coded(data.seen, made)[0]
    strongest = code.square().sum((1, 2)).argsort(descending=True, stable=True)[: len(sheets.SIX)]
    return sheets.mixed(photo, places(photo, code[strongest]))


def places(photo: Tensor, code: Tensor) -> Tensor:
    """Maps of a layer, (J, h, w), laid over the photo: (J, H, W)."""
    return images.resize(code[:, None].expand(-1, 3, -1, -1), photo.shape[-2:])[:, 0].clamp_min(0)


# ---------------------------------------------------------------- what is told


@torch.no_grad()
def told(
    found: Found,
    photo: Tensor,
    held: Tensor,
    pca: PCA,
    chosen: list[int],
    portraits: Tensor | None,
    asked: Asked,
    alone: bool,
    learning: dict[str, Curve],
    scene: Scene,
) -> Generator[Result, None, dict[str, Any]]:
    """Parts of the last Result; meanwhile, scenes."""
    drawn = dict(zip(chosen, images.to_images(portraits), strict=False)) if portraits is not None else {}
    seen = activations.coded(found.data.seen, found.made)[0]
    fire = float(in_parts(lambda part: codes.counts(found.made.encode(part)), held, activations.LOOKED).mean())
    figures = {
        "latents": float(len(found.rates)),
        "latents that fire at a place, mean": fire,
        "latents that never fire, share": float((found.rates == 0).float().mean()),
        "variance explained, held out": codes.explained(held, in_parts(found.made, held, activations.LOOKED)),
        BY_PCA: codes.explained(held - pca.mean, comparison.best_of(pca.components, as_many(fire, held))(held - pca.mean)),
        f"latents with over {MEANT:.0%} on one class, share": float((found.shares.amax(0) >= MEANT).float().mean()),
    }
    curves = yield from during(trade_off(found, held, pca), scene, 0.7)
    pages = []
    for latent, colour in zip(chosen, coloured(len(chosen), alone or asked.latent >= 0), strict=True):
        pages.append((page(found, photo, seen, latent, drawn, alone), found.caption(latent) + colour))
        yield scene(0.9)
    return {
        "image": main(found, photo, seen, chosen, drawn, asked.latent, alone),
        "images": pages,
        "curves": learning | curves | sheets.firing(found.rates, "places"),
        "table": [row(found, latent) for latent in chosen[:LISTED]],
        "metrics": figures,
        "caption": caption(found, asked, figures, rows=alone and bool(drawn) and asked.latent < 0),
    }


def as_many(fire: float, data: Tensor) -> int:
    """How many components stand against so many latents: (N, D) has no more than D."""
    return min(data.shape[1], max(1, round(fire)))


def caption(found: Found, asked: Asked, figures: dict[str, float], rows: bool) -> str:
    """The result in a few sentences. rows: the large picture is a sheet of latents with pictures drawn for them."""
    ours, theirs = figures["variance explained, held out"], figures[BY_PCA]
    fire = figures["latents that fire at a place, mean"]
    k = as_many(fire, found.made.bias[None])
    return (
        f"{len(found.rates)} latents of {asked.layer.name} of {asked.network.name}, a layer of {len(found.made.bias)} channels. "
        f"{fire:.1f} of them at a place explain {ours:.0%} of its variance on pictures not learnt from; "
        f"the best {k} principal components explain {theirs:.0%}. "
        + codes.silent(found.rates)
        + (" Each row begins with what was drawn for the latent; the rest is what sets it off most." if rows else "")
    )


def trade_off(found: Found, held: Tensor, pca: PCA) -> Work[dict[str, Curve]]:
    """Variance explained over the latents kept of each place."""
    data, known = held[:JUDGED] - pca.mean, {"principal components": pca.components}
    searched = {comparison.LEARNT: found.made.dictionary, comparison.UNLEARNT: found.made.begun}
    points = yield from comparison.trade_off(data, searched, known, found.made.settings.k, codes.explained)
    code = found.made.encode(held[:JUDGED])
    encoder = codes.active(code), codes.explained(held[:JUDGED], found.made.decode(code))
    return comparison.curves(points, encoder, "latents kept of each place", "variance explained")


def row(found: Found, latent: int) -> dict[str, Any]:
    """A latent as a row of the table."""
    name, share = found.meaning(latent)
    rate = round(100 * float(found.rates[latent]), 2)
    return {"latent": latent, "fires on, % of places": rate, "most on": name, "of its activity, %": round(100 * share)}


# ---------------------------------------------------------------- pictures


def coloured(count: int, plain: bool) -> list[str]:
    """What to add to captions: the colours of the first six in the large picture, nothing where it shows other things."""
    names = [] if plain else [f" · {name} in the large picture" for name in sheets.SIX]
    return (names + [""] * count)[:count]


def main(
    found: Found, photo: Tensor, seen: Tensor, chosen: list[int], drawn: dict[int, Image], latent: int, alone: bool
) -> Image:
    """The large picture: one latent where it was asked for; else a sheet of latents, or the photo with the places of six."""
    if latent >= 0:
        place = sheets.fires(photo, places(photo, seen[[latent]])[0])
        return page(found, photo, seen, latent, drawn, alone) if alone else place
    if not alone:
        return sheets.mixed(photo, places(photo, seen[chosen[: len(sheets.SIX)]]))
    listed = chosen[: min(len(drawn) or LISTED, LISTED)]
    return sheets.two_columns({found.caption(latent): strip(found, latent, drawn) for latent in listed})


def strip(found: Found, latent: int, drawn: dict[int, Image], side: int = 64) -> Image:
    """What was drawn for a latent, where it was, and what sets it off most, side by side."""
    cut = activations.cuttings(found.data, found.activity.strongest(latent, EXAMPLES))
    small = [drawn[latent]] if latent in drawn else []
    return sheets.side_by_side([*small, *images.to_images(cut)] if len(cut) else small, side)


def page(found: Found, photo: Tensor, seen: Tensor, latent: int, drawn: dict[int, Image], alone: bool) -> Image:
    """One latent: what was drawn for it, what sets it off most, and where it fires: in the photo, or in the pictures that hold
    it most."""
    cut = activations.cuttings(found.data, found.activity.strongest(latent, EXAMPLES - (latent in drawn)))
    small = [*([drawn[latent]] if latent in drawn else []), *(images.to_images(cut) if len(cut) else [])]
    most = [n for n, _, _ in found.activity.strongest(latent, 2)] if alone else []
    if not most:
        return sheets.latent_page(small, sheets.fires(photo, places(photo, seen[[latent]])[0]))
    code = activations.coded(found.data.maps[most], found.made)[:, latent]
    lit = [sheets.fires(p, places(p, own[None])[0]) for p, own in zip(found.data.pictures[most].split(1), code, strict=True)]
    return sheets.latent_page(small, sheets.side_by_side(lit, 320))
