"""Put an autoencoder together from its parts, train it while you look on, and take it home: as a file that goes on where it was
stopped, or on the Hugging Face Hub.

An encoder makes a few numbers, the code, out of a small picture; a decoder makes the picture again out of them. What lies
between input and output decides what is learnt. A narrow code has to summarise. Noise on the input has to be told from the
picture. A penalty makes the code cheap: L1 sets most of its numbers to zero, L2 keeps them small; on a cloud, either only
shrinks it. A variational code is a cloud rather than a point, so that any code drawn by chance can be made a picture. All of
these combine.

Beside the network stands what needs no training: principal components (PCA) with as many numbers, and under noise the best
linear map of that rank. A linear network can reach these optima and not pass them, so they lie as dashed lines under its errors;
for a linear variational one the least loss is known too. Errors are mean squares per number of the picture, pictures in [0, 1];
held out are pictures, or parts of yours, that nothing was learnt from. One half of them tells, while it learns, which weights to
keep, and draws the curves; every figure, and what is shown, is of the other half, by which nothing was chosen. Halves are every
other picture, the halves of blocks of yours, one of the two photographs. Where yours is too small for halves, the last weights
are kept.

The file `autoencoder.safetensors` holds the weights, what the network is made of and how it was trained; nothing in it is ever
executed. A run that is stopped leaves one too, with the optimiser and the state of chance: given again with the same settings it
goes on to the same end, bit for bit. With other settings, or when it had ended, a new training starts from its weights; with 0
steps it is only looked at. What the network is made of is then what the file says, whatever stands in the form. To share one:
`python -m plugins.autoencoders.build_autoencoder push FILE OWNER/NAME`; `pull OWNER/NAME -o FILE` fetches one.

What would take more than about an hour on two cores is refused: steps times pictures times products for each.

Max unpooling hands the decoder the places of the maxima beside the code. They are more information than the code itself, and
codes without a picture (samples, walks) have none, so that these look worse than the rebuilt pictures.

Sources: Hinton and Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks"; Vincent et al. 2010, "Stacked
denoising autoencoders"; Kingma and Welling 2014, "Auto-encoding variational Bayes"; Baldi and Hornik 1989 and Lucas et al. 2019
for the linear optima. Departures: masked numbers become the mean picture, not black; a penalty counts each number of the code by
the length of what the decoder first makes of it, so that a small code and a large decoder gain nothing (with hidden layers in
the decoder, weight decay stands in for the rest); the variance of a pixel given the code, which Kingma and Welling fix at will,
is what as many principal components leave over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import torch

import hub
from hub import Image
from plugins.autoencoders._examples import Data, examples
from plugins.autoencoders._networks import Activation, Enlarging, Kind
from plugins.autoencoders.build_autoencoder import bench, looks, measures, saved, words
from plugins.autoencoders.build_autoencoder.task import Noise, Penalty


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"steps": 3, "code": 4, "width": 16}

    data: Data = hub.Field(
        "digits", label="Learn from", description="Pictures to learn from, where you give none of your own; a fifth is held out."
    )
    kind: Kind = hub.Field(
        "dense",
        label="Network",
        description="Linear can do what PCA does; dense has hidden layers; convolutional looks at neighbourhoods.",
    )
    code: int = hub.Field(16, ge=1, le=256, label="Numbers in the code", description="How narrow the narrowest place is.")
    noise: Noise = hub.Field(
        "none", label="Spoil the input", description="Add noise, or mask some of the numbers; the clean picture is wanted back."
    )
    penalty: Penalty = hub.Field(
        "none", label="Penalty on the code", description="L1 makes most numbers zero (a sparse code), L2 keeps them small."
    )
    variational: bool = hub.Field(
        False, label="Variational", description="The code is a cloud, and new pictures can be drawn from it (a VAE)."
    )
    model: hub.File | None = hub.Field(
        None,
        label="A trained one",
        description="A file downloaded from here: goes on where it was stopped, or is trained further; 0 steps only look at it.",
        more=True,
    )
    steps: int = hub.Field(1000, ge=0, le=5000, label="Steps", description="Steps of training; 0 for none.", more=True)
    amount: float = hub.Field(
        0.3, ge=0, le=0.95, label="How much noise", description="Deviation of the noise, or the share that is masked.", more=True
    )
    weight: float = hub.Field(0.1, ge=0, le=10, label="Weight of the penalty", description="Against the error.", more=True)
    beta: float = hub.Field(
        1.0, ge=0, le=20, label="Beta", description="Weight of the cloud's distance from the standard one; 1 is a VAE.", more=True
    )
    depth: int = hub.Field(
        2,
        ge=1,
        le=5,
        label="Depth",
        description="Layers of the encoder, and of the decoder; a convolutional one halves the side.",
        more=True,
    )
    width: int = hub.Field(
        128,
        ge=1,
        le=1024,
        label="Width",
        description="Units of a hidden layer. Convolutional: an eighth as many channels at full size, doubled at each halving.",
        more=True,
    )
    activation: Activation = hub.Field("relu", label="Activation", description="What stands between layers.", more=True)
    enlarging: Enlarging = hub.Field(
        "nearest neighbour", label="Enlarging", description="How a convolutional decoder grows to twice the side.", more=True
    )
    start: Literal["PCA", "random"] = hub.Field(
        "PCA",
        label="Start",
        description="A dense network with a free code can begin as PCA, and correct it; all others begin by chance.",
        more=True,
    )
    keep: Literal["best held out", "last"] = hub.Field(
        "best held out",
        label="Keep",
        description="The weights whose error was least on one half of what is held out, or the last. Where the optimum of the "
        "training is known, or the code costs something, always the last.",
        more=True,
    )
    batch: int = hub.Field(256, ge=1, le=4096, label="Batch", description="Pictures at each step.", more=True)
    rate: float = hub.Field(
        0.0,
        ge=0,
        le=1,
        label="Rate",
        description="The largest step size, of AdamW; 0 for one that suits: 0.05 for a linear network, 0.01 for others.",
        more=True,
    )
    patch: int = hub.Field(
        8, ge=2, le=16, label="Patch", description="Side of the patches of a photograph, in pixels.", more=True
    )
    size: int = hub.Field(
        512, ge=16, le=1024, label="Size", description="Longer side that your picture is worked on at, in pixels.", more=True
    )
    seed: hub.Seed = hub.Field(0, label="Seed", description="Where weights, batches and noise come from.", more=True)


def cost(image: Image | None, params: Params) -> float:
    """Seconds: the steps, by the pictures and the units that each goes through."""
    load = params.width / 128 * params.batch / 256
    return 3 + params.steps * (0.001 + load * (0.02 if params.kind == "convolutional" else 0.0008 * params.depth))


@hub.technique(
    title="Build your own",
    family="Compress & restore",
    cost=cost,
    paper="Hinton and Salakhutdinov 2006; Vincent et al. 2010; Kingma and Welling 2014",
)
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    """See the module's page."""
    given = saved.read(params.model) if params.model is not None else None
    generator = torch.Generator().manual_seed(params.seed)
    pictures = examples(image, params.data, patch=params.patch, size=params.size, generator=generator)
    at_work = bench.Bench.of(pictures, params, generator, given)
    yield hub.Result(
        image=lambda: looks.picture(at_work, at_work.by_pca),
        caption=f"What PCA makes of it with {at_work.design.code} numbers. The network begins.",
        progress=0.001,
    )
    yield from at_work.training.run(
        show=lambda: looks.picture(at_work, at_work.by_network),
        span=(0.001, 0.97),
        files=lambda: saved.files(at_work),
        curves=lambda: measures.errors_so_far(at_work),
    )
    figures = measures.Figures.of(at_work)
    walked = looks.walks(at_work)
    yield hub.Result(
        image=looks.picture(at_work, at_work.by_network),
        images=looks.gallery(at_work, walked),
        curves=measures.curves(at_work, figures),
        table=words.layers(at_work.made),
        metrics=figures.metrics(pictures.fitted),
        caption=words.caption(at_work, figures),
        files={**saved.files(at_work, figures.metrics(pictures.fitted)), "walks.webp": looks.animated(walked)},
        progress=1.0,
    )
