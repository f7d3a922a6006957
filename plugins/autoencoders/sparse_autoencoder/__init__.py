"""Write a photograph with a few strokes out of many. A network learns the strokes: short edges at every angle.

An autoencoder need not be narrow. This one's code is wider than what it codes, and what keeps it from merely copying is a
penalty on the code: nearly all of its numbers, the latents, have to be 0. So each patch of a photograph becomes a sum of a few
out of hundreds of atoms, a decomposition as with wavelets, but with atoms that were learnt from photographs. They come out as
edges and bars of every angle and place, much like what cells in the visual cortex respond to.

Penalties. Top-k keeps the k largest latents and nothing else. L1 draws every latent towards 0 by the same step, so that small
ones end at exactly 0. L2 shrinks every latent by the same share, so that none ever gets to 0: it makes a code small, not
sparse. The table counts it: for one and the same dictionary and error, the latents that each penalty leaves. (On the weights
rather than the code, L2 makes the encoder of a linear autoencoder the decoder's transpose and shrinks its singular values:
Kunin et al. 2019.)

Against the learnt atoms stand dictionaries that nobody had to learn, drawn in the same way: cosines (the transform in JPEG),
Haar's wavelets, and the principal components of the same patches. Each is orthonormal, so its k best coefficients are known
exactly; of the learnt atoms they are found by a greedy search, orthogonal matching pursuit. All are compared on patches that
nothing was learnt from. As many atoms are not as many bits: there are more learnt ones to choose from than a basis has, so that
each takes more to name (27 bits for 4 of 250, 22 for 4 of 100), and part of their lead is that choice. How much learning has to
do with it is told by a further line, *unlearnt atoms*: as many patches, chosen by chance, about which the network began. The
gallery shows, for the latents that count most, where in the photo they fire.

The same works one step further in: each position of a network's layer is an example, and the latents are directions in what the
network knows. A channel of a network often means several things at once; latents come nearer to one each. For some there is a
picture drawn by gradient ascent and what sets them off most, and where one class of the picture world dominates, its name, by
the latent's activity on three pictures of every class, those included that the code was learnt from.

Sources: Olshausen and Field 1996, "Emergence of simple-cell receptive field properties by learning a sparse code for natural
images"; Makhzani and Frey 2014, k-sparse autoencoders (top-k); Bricken et al. 2023 and Cunningham et al. 2023, for networks;
Gao et al. 2024 (latents that died are revived by having to explain what is left of the error). Departures: patches lose their
mean, are whitened and brought to about the same contrast before they are coded; their latents may be negative, as coefficients
of wavelets, where a ReLU would need a pair of atoms for each edge; the encoder begins as the decoder's transpose, and the atoms
as examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import torch

import hub
from hub import Image, backbones
from hub.errors import BadParams
from plugins.autoencoders._training import Course
from plugins.autoencoders.sparse_autoencoder import features, patchwork, photo
from plugins.autoencoders.sparse_autoencoder.codes import Penalty, Settings

MOST = 4096
"""Latents, at most."""


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"steps": 3, "patch": 6, "drawn": 1}

    source: Literal["patches of the picture", "a layer of a network"] = hub.Field(
        "patches of the picture", label="What is coded", description="Squares of the picture, or what a network makes of it."
    )
    penalty: Penalty = hub.Field(
        "top-k", label="Penalty", description="What keeps the code sparse: a fixed count, or a cost on its size."
    )
    k: int = hub.Field(
        4, ge=1, le=64, label="Latents that may fire", description="Of each patch, with top-k; and how many the comparison takes."
    )
    strength: float = hub.Field(
        1.0, ge=0, le=10, label="Strength", description="Of L1 and L2, what weighs them; L1's threshold, learnt, begins there."
    )
    wider: float = hub.Field(
        2.5, ge=0.05, le=8, label="How much wider", description="Latents for each number coded; above 1: over-complete."
    )
    latent: int = hub.Field(
        -1, ge=-1, le=MOST - 1, label="Look at one latent", description="By number, to see where it fires; -1 for all."
    )
    learn_from: Literal["the picture", "photographs"] = hub.Field(
        "the picture", label="Learn from", description="Your picture, or bundled photographs.", more=True
    )
    patch: int = hub.Field(10, ge=2, le=16, label="Patch", description="Side of the patches, in pixels.", more=True)
    colour: bool = hub.Field(False, label="Colour", description="Code the colours too, not brightness alone.", more=True)
    signed: bool = hub.Field(
        True, label="Both signs", description="Let latents of patches be negative too; else each edge needs two.", more=True
    )
    backbone: hub.BackboneName = hub.Field("embedded", label="Network", description="Whose layer is coded.", more=True)
    layer: hub.LayerName = hub.Field("late", label="Layer", description="Which of its layers.", more=True)
    drawn: int = hub.Field(
        8, ge=0, le=24, label="Drawn", description="Latents of a network that pictures are drawn for.", more=True
    )
    steps: int = hub.Field(1000, ge=1, le=20_000, label="Steps", description="Steps of training.", more=True)
    rate: float = hub.Field(0.006, gt=0, le=1, label="Rate", description="The largest step of training.", more=True)
    size: int = hub.Field(
        512, ge=16, le=2048, label="Size", description="Longer side that your picture is worked on at, in pixels.", more=True
    )
    seed: hub.Seed = hub.Field(0, label="Seed", description="What chance starts from.", more=True)


def cost(image: Image | None, params: Params) -> float:
    """Seconds: the training, by how many latents there are; of a network's layer, what it makes of many pictures before."""
    looks = 5 + 0.3 * params.drawn if params.source == "a layer of a network" else 0
    return 5 + looks + 0.0015 * params.steps * params.wider


@hub.technique(
    title="Sparse codes",
    family="Compress & restore",
    cost=cost,
    paper="Olshausen and Field 1996; Makhzani and Frey 2014; Bricken et al. 2023",
)
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    """See the module's page."""
    generator = torch.Generator().manual_seed(params.seed)
    course = Course(params.steps, batch=512, rate=params.rate)
    if params.source == "a layer of a network":
        network = backbones.load(params.backbone)
        layer = network.layer(params.layer)
        settings = settings_of(layer.channels, params, signed=False)
        asked = features.Asked(network, layer, settings, course, params.size, params.latent, params.drawn)
        yield from features.coded(image, asked, generator)
        return
    settings = settings_of(params.patch**2 * (3 if params.colour else 1), params, params.signed)
    photographs = params.learn_from == "photographs"
    subject = patchwork.subject(image, params.patch, params.colour, settings.latents, params.size, generator, photographs)
    yield from photo.coded(image is None, subject, settings, course, params.latent, generator)


def settings_of(numbers: int, params: Params, signed: bool) -> Settings:
    """The code of data of so many numbers. Raises BadParams for what cannot be."""
    latents = max(1, round(params.wider * numbers))
    if latents > MOST:
        raise BadParams(f"wider: {params.wider:g} × {numbers} numbers make {latents} latents; {MOST} are allowed. Take less.")
    if params.latent >= latents:
        raise BadParams(f"latent: the code has latents 0 to {latents - 1}; {params.latent} is none of them. Take one of those.")
    return Settings(latents, params.penalty, min(params.k, latents), params.strength, signed)
