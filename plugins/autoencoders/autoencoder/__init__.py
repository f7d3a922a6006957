"""A network squeezes pictures through a few numbers and rebuilds them. One layer does what PCA does; more can do better.

An autoencoder has two halves: the encoder writes a picture as a short code, the decoder draws it again from the code alone.
Nobody says what the code should mean: the picture is its own label, which turns an unsupervised task into a supervised one.
Whatever cannot pass the bottleneck is lost, so the network has to find out what pictures of this kind have in common.

Beside it stands what statistics has known since 1901, principal component analysis (PCA) with as many numbers. A network of one
linear layer each way, trained step by step, ends at the same error and the same space as PCA: choose the kind "linear" and
see both. No linear network can get below that line. Deeper ones do, where there are
examples enough: of the eighty bundled faces they learn little that PCA does not know.

Without a picture it learns from bundled data: handwritten digits, faces, things that this project draws, or photographs. With a
picture it learns from its patches: four fifths of the blocks are learnt from, the rest is held out, and the picture is put
together again from overlapping patches, averaged. The map shows up to 400 examples by their code of two numbers, beside PCA
and t-SNE; the walk goes from one picture to another through the code.

Sources: Bourlard and Kamp 1988; Baldi and Hornik 1989, for the linear case; Hinton and Salakhutdinov 2006, for deep ones; van
der Maaten and Hinton 2008, for t-SNE. Departures: a dense network is a linear autoencoder that begins as PCA, plus a correction
by hidden layers that begins as nothing (choose the start "random" for a plain one). Of all the weights on the way those with
the least held-out error are kept, which flatters the held-out figures of deep networks a little. The linear network is trained
by L-BFGS on all examples at once, through their covariance, on which alone its error depends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Image
from hub.errors import BadParams
from plugins.autoencoders._examples import Data, Examples, examples
from plugins.autoencoders._linear import PCA, mean_squared
from plugins.autoencoders._networks import Activation, Autoencoder, Design, begin_as_pca, network
from plugins.autoencoders._patches import in_parts
from plugins.autoencoders._pauses import during
from plugins.autoencoders._training import Course, Log, Training
from plugins.autoencoders.autoencoder import report, views

SIZES = (2, 1, 4, 16, 32)
"""Codes that are trained besides the chosen one, as far as they are smaller than a picture; that of 2 numbers is the map."""
MEASURED = 2000
"""Held-out examples that errors are measured on, at most."""


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"steps": 4, "sizes": False}

    data: Data = hub.Field("digits", label="Learn from", description="Bundled pictures, where you give none of your own.")
    kind: Literal["linear", "dense", "convolutional"] = hub.Field(
        "dense", label="Kind of network", description="Linear: one layer each way, which is PCA. Dense and convolutional: deep."
    )
    code: int = hub.Field(8, ge=1, le=256, label="Numbers in the code", description="How narrow the bottleneck is.")
    depth: int = hub.Field(3, ge=1, le=5, label="Depth", description="Layers of the encoder, and of the decoder.")
    width: int = hub.Field(
        128, ge=4, le=512, label="Width", description="Units of a hidden layer; of a convolutional one an eighth as many."
    )
    steps: int = hub.Field(600, ge=1, le=20_000, label="Steps", description="Steps of training, for each size of the code.")
    start: Literal["PCA", "random"] = hub.Field(
        "PCA", label="Start", description="What a dense network begins as: PCA, to be corrected, or a plain network.", more=True
    )
    activation: Activation = hub.Field("gelu", label="Activation", description="Between the layers.", more=True)
    rate: float = hub.Field(0.003, gt=0, le=1, label="Rate", description="The largest step of training.", more=True)
    sizes: bool = hub.Field(
        True, label="Other sizes too", description="Train codes of 1 to 32 numbers as well, for the curve and the map.", more=True
    )
    walk_from: int = hub.Field(
        0, ge=0, le=5000, label="Walk from", description="The held-out example where the walk begins, or the last.", more=True
    )
    walk_to: int = hub.Field(1, ge=0, le=5000, label="Walk to", description="The one where it ends.", more=True)
    patch: int = hub.Field(
        8, ge=2, le=32, label="Patch", description="Side of the patches of your picture or of photographs, in pixels.", more=True
    )
    size: int = hub.Field(
        512, ge=16, le=4096, label="Size", description="Longer side that your picture is worked on at, in pixels.", more=True
    )
    seed: hub.Seed = hub.Field(0, label="Seed", description="What chance starts from.", more=True)


def cost(image: Image | None, params: Params) -> float:
    """Seconds: the trainings, whose steps wide layers make longer, and a map of what came of them."""
    wide = params.width / 128
    step = 0.004 + 0.0005 * params.depth * wide**2 + (0.02 * wide if params.kind == "convolutional" else 0)
    return 4 + step * params.steps * (1 + len(SIZES) * params.sizes)


@hub.technique(
    title="Autoencoder",
    family="Compress & restore",
    cost=cost,
    paper="Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural networks; Baldi and Hornik 1989",
)
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    """PCA at once; then a network for each size of code, the chosen one first; then both side by side."""
    generator = torch.Generator().manual_seed(params.seed)
    data = examples(image, params.data, patch=params.patch, size=params.size, generator=generator)
    sizes = codes(data, params)
    pca = PCA.of(data.train)
    yield hub.Result(image=lambda: views.sheet(data, pca, params.code, None), progress=0.01)
    trained: dict[int, Autoencoder] = {}
    logs: dict[int, Log] = {}
    for i, k in enumerate(sizes):
        made = begun(data, pca, k, params, generator)
        trained[k], logs[k] = made, Log(references=pca_errors(pca, data, k))
        shown = trained[params.code]
        span = 0.02 + 0.88 * i / len(sizes), 0.02 + 0.88 * (i + 1) / len(sizes)
        show = partial(views.sheet, data, pca, params.code, shown)
        yield from learnt(made, data, pca, params, generator, logs[k], show, span, logs[params.code])
    curves = logs[params.code].curves()
    ends = tuple(min(end, len(data.held) - 1) for end in (params.walk_from, params.walk_to))
    still = hub.Result(image=cache(show), curves=curves, progress=0.95)
    telling = report.told(data, pca, trained, params.code, params.seed, ends, curves)
    last = yield from during(telling, lambda _: still, 0.0)
    yield hub.Result(**last, progress=1.0)


def codes(data: Examples, params: Params) -> list[int]:
    """The sizes of code that are trained, the chosen one first. Raises BadParams for what cannot be."""
    if params.code > data.numbers:
        raise BadParams(f"code: a picture here has {data.numbers} numbers; {params.code} are no bottleneck. Take fewer.")
    others = SIZES if params.sizes else ()
    return list(dict.fromkeys(k for k in (params.code, *others) if k <= data.numbers))


def begun(data: Examples, pca: PCA, k: int, params: Params, generator: torch.Generator) -> Autoencoder:
    """A network with a code of k numbers, as it stands before training. Raises BadParams for what cannot be built."""
    principal = params.kind == "dense" and params.start == "PCA"
    design = Design(
        data.shape,
        params.kind,
        k,
        depth=1 if params.kind == "linear" else params.depth,
        width=max(4, params.width // 8) if params.kind == "convolutional" else params.width,
        activation=params.activation,
        principal=principal,
    )
    made = network(design, generator, pca.mean.reshape(data.shape))
    if params.kind == "linear":
        within(made, pca.span())
    return begin_as_pca(made, pca.components[:k]) if principal else made


@torch.no_grad()
def within(made: Autoencoder, span: Tensor) -> None:
    """Turn the encoder of a linear network into the span (r, D) of the data. What looks elsewhere never learns: it sees nothing
    there, and would disturb whatever comes later and does vary there."""
    weight = made.encoder[-1].weight
    weight.copy_(weight @ span.T @ span)


def learnt(
    made: Autoencoder,
    data: Examples,
    pca: PCA,
    params: Params,
    generator: torch.Generator,
    log: Log,
    show: Callable[[], Image],
    span: tuple[float, float],
    shown: Log,
) -> Iterator[hub.Result]:
    """Train one network; shown: the log whose curves stand under the preview."""
    held = data.held[:MEASURED]

    def held_error() -> float:
        return mean_squared(in_parts(made, held), held)

    given = {"log": log, "held": None if data.fitted else held_error}
    if params.kind == "linear":
        course, spread = Course(params.steps, rule="lbfgs"), pca.covariance().float().to(data.train.device)
        training = Training(made, error_by_covariance(made), spread, course, generator, **given)
    else:
        batch = 128 if params.kind == "convolutional" else 512
        course = Course(params.steps, batch, params.rate, decay=0.01, clip=1.0)
        training = Training(made, rebuilt(made), data.train, course, generator, keep_best=True, **given)
    yield from training.run(show, span, curves=shown.curves)


def rebuilt(made: Autoencoder) -> Callable[[Tensor], Tensor]:
    """The loss of any autoencoder: the mean squared error of the picture that it gives for a picture."""
    return lambda pictures: (made(pictures) - pictures).square().mean()


def error_by_covariance(made: Autoencoder) -> Callable[[Tensor], Tensor]:
    """The same loss of a linear one over all examples at once, from their covariance S (D, D) alone.

    With R = I - D E, what is left of a centred picture, it is trace(R S R') / D, and what the biases add.
    """
    encoder, decoder = made.encoder[-1], made.decoder[-1]

    def loss(covariance: Tensor) -> Tensor:
        left = torch.eye(len(covariance), device=covariance.device) - decoder.weight @ encoder.weight
        rest = covariance - decoder.weight @ (encoder.weight @ covariance)  # R S, without a product of two large matrices
        shift = decoder.weight @ encoder.bias + decoder.bias
        return ((rest * left).sum() + shift.square().sum()) / len(covariance)

    return loss


def pca_errors(pca: PCA, data: Examples, k: int) -> dict[str, float]:
    """The lines under the loss: the least error of any linear autoencoder on what is learnt from, and PCA's on what is not."""
    held = data.held[:MEASURED]
    found = {"PCA, the linear optimum": pca.error(k)}
    return found if data.fitted else found | {"PCA, held out": mean_squared(pca.through(held, k), held)}
