"""Everything that one run works with: pictures, the network, what is known without it, and the training."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from hub.errors import BadParams
from plugins.autoencoders._examples import FEW, MOST, TEST_PHOTOS, Examples, photographs
from plugins.autoencoders._linear import PCA, mean_squared
from plugins.autoencoders._networks import Autoencoder, Design, begin_as_pca, network
from plugins.autoencoders._pages import spread
from plugins.autoencoders._patches import Patches, in_parts
from plugins.autoencoders._training import Course, Log, Training
from plugins.autoencoders.build_autoencoder import saved
from plugins.autoencoders.build_autoencoder.effort import affordable
from plugins.autoencoders.build_autoencoder.task import Task

CHANNELS = 8  # so many units of width for each channel of a convolutional network
WATCHED = 512, 1024  # pictures of the training, and held out, whose error is measured at every look
SAMPLES = 32
RATES = {"linear": 0.05, "dense": 0.01, "convolutional": 0.01}
SMALL = -4.0  # log variance that clouds begin with


@dataclass
class Bench:
    """See `Bench.of`.

    pictures: what is learnt from, and what is scored. choice: held out too, for choosing among weights, never scored.
    seen, held_seen, choice_seen: the three as the encoder sees them, spoiled once for all that is measured.
    best: the best linear map of the code's rank, None without noise, where PCA is. prior: codes drawn from a standard Gaussian.
    photo, photo_seen: (1, C, H, W) of a visitor's picture. past: what the file says that it was read from; before: its steps.
    train_errors, losses, costs: at every look, beside the log's errors of `choice`: of the training, and of the code of `choice`.
    """

    pictures: Examples
    choice: Tensor
    design: Design
    task: Task
    pca: PCA
    best: Tensor | None
    seen: Tensor
    held_seen: Tensor
    choice_seen: Tensor
    prior: Tensor
    photo: Tensor | None
    photo_seen: Tensor | None
    made: Autoencoder
    past: saved.Facts | None
    before: int
    mark: str
    seed: int
    log: Log
    train_errors: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    training: Training = field(init=False)

    @classmethod
    def of(cls, pictures: Examples, params: Any, generator: torch.Generator, given: saved.Saved | None) -> Bench:
        """Pictures, parameters and a file, made ready. Raises BadParams where they do not fit together."""
        design = given.made.design if given else designed(params, pictures)
        fits(design, pictures)
        affordable(design, params.steps, min(params.batch, len(pictures.train)))
        pictures, choice = parted(pictures, params)
        pca = PCA.of(pictures.train)
        task = Task.of(params, design.variational, mean_squared(pca.through(pictures.train, design.code), pictures.train))
        mean = pca.mean.reshape(pictures.shape)
        photo = pictures.patches.picture if pictures.patches else None
        self = cls(
            pictures,
            choice,
            design,
            task,
            pca,
            task.best_linear(pictures.train, design.code) if task.noise != "none" else None,
            seen=task.spoiled(pictures.train, mean, generator),
            held_seen=task.spoiled(pictures.held, mean, generator),
            choice_seen=task.spoiled(choice, mean, generator),
            prior=torch.randn(SAMPLES, design.code, generator=generator),
            photo=photo,
            photo_seen=task.spoiled(photo, mean.mean((1, 2), keepdim=True), generator) if photo is not None else None,
            made=network(design, generator, mean) if given is None else given.made,  # last: a loaded one takes no chance
            past=given.facts if given else None,
            before=given.facts.steps if given else 0,
            mark=marked(design, task, params, pictures, choice),
            seed=params.seed,
            log=Log(),
        )
        if design.principal and given is None:
            begin_as_pca(self.made, pca.components[: design.code])
        elif given is None:
            enliven(self.made, self.seen[spread(len(self.seen), WATCHED[1])])
        rate = params.rate or RATES[design.kind]
        course = Course(params.steps, params.batch, rate, decay=0.01 if task.penalty != "none" else 0.0, clip=1.0)
        objective = task.objective(self.made, mean, generator, lambda: self.training.step / params.steps)
        apart = pictures.fitted or choice is not pictures.held
        best = params.keep == "best held out" and design.kind != "linear" and task.plain and apart
        self.training = Training(self.made, objective, pictures.train, course, generator, self.log, self.measured, best)
        if not (given and given.resume(self)) and not (best and params.steps):
            self.log.held.append((0.0, self.measured()))
        return self

    @property
    def kept(self) -> float | None:
        """The step whose weights were kept, where that is not the last one."""
        if not self.training.best or not self.training.best[1]:
            return None
        step = min(self.log.held, key=lambda point: point[1])[0]
        return step if step < self.training.step else None

    @property
    def watched(self) -> tuple[Tensor, Tensor]:
        """Which pictures of the training, and which of `choice`, are measured at every look."""
        return spread(len(self.seen), WATCHED[0]), spread(len(self.choice_seen), WATCHED[1])

    @torch.no_grad()
    def measured(self) -> float:
        """The error of `choice` now. Error and loss in training and the cost of its code are noted beside it."""
        some, held = self.watched
        self.train_errors.append(mean_squared(self.made(self.seen[some]), self.pictures.train[some]))
        self.losses.append(self.train_errors[-1] if self.task.plain else self.loss(some))
        rebuilt, middle, wide = self.made.through(self.choice_seen[held])
        self.costs.append(float(self.task.cost(self.made, middle, wide)))
        return mean_squared(rebuilt, self.choice[held])

    def loss(self, some: Tensor) -> float:
        """Of these pictures of the training, with the whole of beta. Codes are drawn by a chance of its own: looking changes
        nothing."""
        chance = torch.Generator().manual_seed(self.seed) if self.design.variational else None
        rebuilt, middle, wide = self.made.through(self.seen[some], chance)
        return mean_squared(rebuilt, self.pictures.train[some]) + float(self.task.cost(self.made, middle, wide))

    # ---------------------------------------------------------------- three ways through a code

    def by_network(self, seen: Tensor) -> Tensor:
        """(N, C, h, w) as the network gives them back."""
        return in_parts(self.made, seen)

    def by_pca(self, seen: Tensor) -> Tensor:
        """The same by PCA with as many numbers."""
        return self.pca.through(seen, self.design.code)

    def by_best(self, seen: Tensor) -> Tensor:
        """The same by the best linear map of that rank: PCA where nothing is spoiled."""
        if self.best is None:
            return self.by_pca(seen)
        return ((seen.flatten(1) - self.pca.mean) @ self.best.T + self.pca.mean).reshape(seen.shape)

    def whole(self, through: Any) -> Tensor:
        """The visitor's picture by way of its patches: (1, C, H, W). through: one of the three ways."""
        patches = Patches.of(self.photo_seen, self.pictures.patches.side)
        return patches.joined(through(patches.all()))

    @property
    def places(self) -> bool:
        """Whether the decoder is told the places of the maxima beside the code."""
        return self.design.kind == "convolutional" and self.design.enlarging == "max unpooling"


@dataclass(frozen=True)
class HalfBlocks(Patches):
    """Patches of a picture of whose held-out blocks only one half is held out, the left one (0) or the right one (1)."""

    half: int = 0

    def held(self) -> Tensor:
        """See `Patches.held`."""
        return super().held() & (torch.arange(self.picture.shape[-1]) // (2 * self.side) % 2 == self.half)


def parted(pictures: Examples, params: Any) -> tuple[Examples, Tensor]:
    """Pictures with only half of what is held out, to score on, and the other half, to choose among weights by.

    Of a picture each held-out block is halved, of the photographs one chooses, of the other data every other example. Where
    pictures are fitted, or too few for halves, the two are the same.
    """
    if pictures.fitted:
        return pictures, pictures.held
    if pictures.patches is not None:
        chance = torch.Generator().manual_seed(params.seed)
        choice, scored = (HalfBlocks(**vars(pictures.patches), half=half).parted(MOST, chance)[1] for half in (0, 1))
        if min(len(choice), len(scored)) < FEW:
            return pictures, pictures.held
    elif params.data == "photographs":
        scored, choice = (photographs((name,), params.patch, MOST // 2) for name in reversed(TEST_PHOTOS))
    else:
        scored, choice = pictures.held[1::2], pictures.held[::2]
    return replace(pictures, held=scored), choice


def designed(params: Any, pictures: Examples) -> Design:
    """What the parameters describe. Raises BadParams for what cannot be built."""
    convolutional = params.kind == "convolutional"
    sparse = params.penalty == "L1" and params.weight and not params.variational
    free = not params.variational and params.penalty == "none" and params.code <= pictures.numbers
    return Design(
        pictures.shape,
        params.kind,
        params.code,
        1 if params.kind == "linear" else params.depth,
        max(1, params.width // CHANNELS) if convolutional else params.width,
        params.activation,
        "relu" if sparse else "nothing",
        params.enlarging,
        principal=params.kind == "dense" and params.depth > 1 and params.start == "PCA" and free,
        variational=params.variational,
    )


@torch.no_grad()
def enliven(made: Autoencoder, seen: Tensor) -> None:
    """Let a code begin where it can learn: a cloud as a small one, or the decoder learns first that it says nothing; and what a
    ReLU cuts off above zero, by its deviation over these pictures, for what is never above zero does not learn."""
    *_, last = (part for part in made.encoder.modules() if isinstance(part, nn.Linear))
    if made.design.variational:
        last.bias[made.design.code :] = SMALL
    elif made.design.on_code == "relu":
        numbers = made.encoder(seen - made.mean)
        last.bias += numbers.std(0, unbiased=False) - numbers.mean(0)


def fits(design: Design, pictures: Examples) -> None:
    """Raises BadParams, saying what would fit, where a network that was loaded is for pictures of another shape."""
    if design.shape == pictures.shape:
        return
    channels, height, width = design.shape
    if pictures.patches is None:
        cure = "Choose the data that it learnt from"
    elif channels == 3 and height == width and 2 <= height <= 16:
        cure = f"Set patch to {height}"
    else:
        cure = "Take the picture away, and choose the data that it learnt from"
    raise BadParams(
        f"model: it takes {channels} × {height} × {width} numbers, and {pictures.what} have "
        f"{' × '.join(map(str, pictures.shape))}. {cure}."
    )


def marked(design: Design, task: Task, params: Any, pictures: Examples, choice: Tensor) -> str:
    """SHA-256 of all that the course of a training depends on, by which a stopped one is known again."""
    course = [params.steps, params.batch, params.rate or RATES[design.kind], params.seed, params.keep]
    plain = json.dumps([design.values(), task.values(), course], sort_keys=True).encode()
    return hashlib.sha256(plain + b"".join(each.cpu().numpy().tobytes() for each in (pictures.train, choice))).hexdigest()
