"""Train the embedded network, or the judge, from nothing but the picture world.

    python -m hub.backbones.train embedded --out runs/embedded        # about 80 minutes on one core
    python -m hub.backbones.train judge --out runs/judge              # about 20

First a plain training, then an adversarial one: every step the pictures are moved against the network before it learns from
them (`adversary`). A network trained so relies on what is really in a picture, and that is what makes the pictures drawn with
it meaningful (Santurkar et al. 2019, "Image synthesis with a single robust classifier"). Beside them it sees pictures that
show nothing (`hub.world.nothing`), moved towards looking like something, and learns to be unsure of them: that keeps it from
counting parts, six eyes for a face.
Departures: averaged weights (EMA).

The run can be stopped and started again: it goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hub import devices
from hub.backbones.adversary import attacked, away_from, frozen_statistics, towards_anything
from hub.resampling import resize, sample
from hub.world import CLASSES
from hub.world.nothing import nothing
from hub.world.stream import HELD_OUT, Stream, labelled, loader

MEAN, STD = 0.5, 0.25
THINGS = torch.tensor([not kind.whole for kind in CLASSES.values()])
"""Which classes are things, whose parts stand in an order; the others are textures."""


@dataclass(frozen=True)
class Stage:
    """Part of a training.

    pictures, size: how many, at what side. rate: the peak learning rate.
    radius, moves: the largest adversarial change, as L2 in [0, 1] pixels for 64 px, and the gradient steps it takes.
    nothing: the weight of being unsure of pictures that show nothing; they are moved half as far again,
    in one step more.
    """

    pictures: int
    size: int
    rate: float
    radius: float = 0.0
    moves: int = 1
    nothing: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """What to train: a timm architecture with its arguments, in stages.

    drawn: the side that pictures are drawn at. echo: how often each is seen. decay: of the weights.
    worn: whether half of the pictures are turned, and half of them blurred, so that it recognises those too.
    showpieces: classes to show first.
    """

    architecture: str
    model_args: dict[str, Any]
    seed: int
    stages: tuple[Stage, ...]
    drawn: int = 96
    batch: int = 64
    echo: int = 4
    decay: float = 0.02
    worn: bool = False
    showpieces: tuple[str, ...] = ()

    def model(self) -> nn.Module:
        torch.manual_seed(self.seed)
        model = timm.create_model(self.architecture, pretrained=False, num_classes=len(CLASSES), **self.model_args)
        return model.to(devices.device(), memory_format=torch.channels_last)


RECIPES = {
    "embedded": Recipe(
        "resnet18",
        {
            "layers": [1, 2, 2, 1],
            "channels": [64, 128, 192, 256],
            "stem_type": "deep",
            "stem_width": 24,
            "avg_down": True,
            "act_layer": "silu",
        },
        seed=1,
        echo=2,
        stages=(
            Stage(60_000, 64, 3e-3),
            Stage(60_000, 64, 2e-3, radius=2.0),
            Stage(160_000, 64, 1.5e-3, radius=3.5, moves=2, nothing=0.5),
            Stage(90_000, 96, 1e-3, radius=4.0, moves=2, nothing=0.5),
        ),
        showpieces=("eye",),
    ),
    "judge": Recipe(
        "densenet121",
        {"growth_rate": 24, "block_config": [2, 4, 6, 4]},
        seed=7,
        worn=True,
        stages=(Stage(100_000, 64, 3e-3), Stage(120_000, 64, 2e-3)),
    ),
}


@dataclass
class Progress:
    """All that a training needs to go on: the model, its running average, the optimiser, and how far it is."""

    model: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    stage: int = 0
    step: int = 0
    shard: int = 0

    def save(self, path: Path) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "stage": self.stage,
            "step": self.step,
            "shard": self.shard,
        }
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)

    def load(self, path: Path) -> None:
        state = torch.load(path, weights_only=True, map_location=devices.device())
        for part in ("model", "average", "optimiser"):
            getattr(self, part).load_state_dict(state[part])
        self.stage, self.step, self.shard = state["stage"], state["step"], state["shard"]


def train(recipe: Recipe, folder: Path) -> nn.Module:
    """Run every stage, or what is left of them, and return the averaged network."""
    folder.mkdir(parents=True, exist_ok=True)
    progress = begin(recipe)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        progress.load(checkpoint)
    while progress.stage < len(recipe.stages):
        stage = recipe.stages[progress.stage]
        run_stage(recipe, stage, progress, checkpoint)
        progress.stage, progress.step = progress.stage + 1, 0
        progress.save(checkpoint)
        progress.save(folder / f"stage{progress.stage}.pt")
        print(f"stage {progress.stage} done, held out: {accuracy(progress.average, stage.size, 4):.4f}", flush=True)
    return progress.average


def begin(recipe: Recipe) -> Progress:
    """A new network with its running average and optimiser, nothing learnt yet."""
    model = recipe.model()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=recipe.decay, betas=(0.9, 0.99))
    return Progress(model, copy.deepcopy(model).eval(), optimiser)


def run_stage(recipe: Recipe, stage: Stage, progress: Progress, checkpoint: Path) -> None:
    """One stage. Random numbers depend on the step alone, so a run that was interrupted stays reproducible but for its echoes."""
    stream = Stream(recipe.drawn, recipe.batch, recipe.seed * 100_003, echo=recipe.echo, first=progress.shard)
    steps, saved, shown = stage.pictures // recipe.batch, time.monotonic(), time.monotonic()
    per_shard = 16 * len(CLASSES) // recipe.batch * recipe.echo
    for count, (pictures, labels) in enumerate(loader(stream), 1):
        if progress.step >= steps:
            return
        generator = torch.Generator().manual_seed(recipe.seed + 10_000_019 * progress.stage + progress.step)
        for group in progress.optimiser.param_groups:
            group["lr"] = stage.rate * schedule(progress.step / steps)
        seen = augmented(pictures, stage.size, generator)
        seen = worn(seen, generator) if recipe.worn else seen
        loss, right = learn(progress, seen, labels.to(devices.device()), stage, generator)
        progress.step += 1
        if count % per_shard == 0:
            progress.shard += 1
        if time.monotonic() - saved > 120:
            progress.save(checkpoint)
            saved = time.monotonic()
        if progress.step % 100 == 0:
            rate = 100 * recipe.batch / (time.monotonic() - shown)
            print(
                f"stage {progress.stage} {progress.step}/{steps} loss {loss:.3f} right {right:.3f} {rate:.0f} pictures/s",
                flush=True,
            )
            shown = time.monotonic()


def schedule(done: float) -> float:
    """Five per cent of warm-up, then half a cosine, to one per cent."""
    return min(1.0, done / 0.05 + 0.02) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def learn(progress: Progress, pictures: Tensor, labels: Tensor, stage: Stage, generator: torch.Generator) -> tuple[float, float]:
    """One step of the optimiser. Returns the loss and the share that was right."""
    model = progress.model.train()

    def answer(seen: Tensor) -> Tensor:
        with torch.autocast(devices.device().type, torch.bfloat16, enabled=devices.has_fast_bf16()):
            return model((seen - MEAN) / STD).float()

    seen = contested(model, answer, pictures, labels, stage, generator)
    scores = answer(seen.contiguous(memory_format=torch.channels_last))
    known, unknown = scores[: len(labels)], scores[len(labels) :]
    loss = F.cross_entropy(known, labels, label_smoothing=0.05)
    if len(unknown):
        loss = loss + stage.nothing * surprise(unknown).mean()
    progress.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 2.0)
    progress.optimiser.step()
    follow(progress.average, model, progress.step)
    return loss.item(), (known.argmax(1) == labels).float().mean().item()


def contested(
    model: nn.Module,
    answer: Callable[[Tensor], Tensor],
    pictures: Tensor,
    labels: Tensor,
    stage: Stage,
    generator: torch.Generator,
) -> Tensor:
    """The pictures as the adversary leaves them, and after them, where the stage has such, pictures that show nothing."""
    if not stage.radius:
        return pictures
    radius = stage.radius * stage.size / 64
    with frozen_statistics(model):
        moved = attacked(answer, pictures, away_from(labels), radius, generator, stage.moves)
        if not stage.nothing:
            return moved
        things = pictures[THINGS.to(labels.device)[labels]]
        empty = nothing(things[: len(things) // 2], len(pictures) // 5, generator)
        return torch.cat([moved, attacked(answer, empty, towards_anything, 1.5 * radius, generator, stage.moves + 1)])


def surprise(scores: Tensor) -> Tensor:
    """How far answers are from "it could be anything", (B, classes) -> (B,): the divergence of the even distribution from
    them, zero where they are even."""
    return -scores.log_softmax(1).mean(1) - math.log(scores.shape[1])


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int, memory: float = 0.998) -> None:
    """Exponential moving average of weights and statistics; it forgets faster at the beginning."""
    pace = 1 - min(memory, (1 + step) / (10 + step))
    for slow, fast in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, pace)
        else:
            slow.copy_(fast)


def augmented(pictures: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """uint8 (B, 3, H, W) -> float (B, 3, size, size) in [0, 1]: one random window, colours a little moved."""
    batch, _, side, _ = pictures.shape
    window = side - int(torch.randint(0, side // 6 + 1, (), generator=generator))
    top, left = torch.randint(0, side - window + 1, (2,), generator=generator).tolist()
    cut = pictures[..., top : top + window, left : left + window].to(devices.device()).float().div(255)
    if window != size:
        cut = resize(cut, (size, size), "bilinear")
    gain = 1 + 0.08 * torch.randn(batch, 3, 1, 1, generator=generator).to(cut.device)
    return (cut * gain).clamp(0, 1).contiguous(memory_format=torch.channels_last)


def worn(pictures: Tensor, generator: torch.Generator, most: float = 45.0) -> Tensor:
    """Half of the pictures turned by up to `most` degrees, what comes in at the corners mirrored; half of them all blurred by
    making them smaller and large again. (B, 3, H, W) in [0, 1] -> the same."""
    batch, side = len(pictures), pictures.shape[-1]
    angle = math.radians(most) * (2 * torch.rand(batch, generator=generator) - 1)
    angle = angle * (torch.rand(batch, generator=generator) < 0.5)
    still = torch.zeros_like(angle)
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin(), still], 1), torch.stack([angle.sin(), angle.cos(), still], 1)], 1)
    grid = F.affine_grid(turn.to(pictures.device), list(pictures.shape), align_corners=False)
    turned = sample(pictures, grid)
    if torch.rand((), generator=generator) < 0.5:
        small = int(side * (0.35 + 0.65 * torch.rand((), generator=generator)))
        turned = resize(resize(turned, (small, small)), (side, side)).clamp(0, 1)
    return turned.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def scores_of(model: nn.Module, pictures: Tensor, batch: int = 128) -> Tensor:
    """(N, 3, H, W) uint8 -> (N, classes), in evaluation mode."""
    model = model.eval()
    parts = [model((p.to(devices.device()).float().div(255) - MEAN) / STD).float().cpu() for p in pictures.split(batch)]
    return torch.cat(parts)


def accuracy(model: nn.Module, size: int, per_class: int, shard: int = 0) -> float:
    """Share of held-out pictures that are named rightly."""
    pictures, labels = labelled(per_class, size, HELD_OUT + shard)
    return (scores_of(model, pictures).argmax(1) == labels).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("role", choices=RECIPES)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and for the finished network")
    parser.add_argument("--threads", type=int, default=1, help="two processes of several threads each would fight for the cores")
    asked = parser.parse_args()
    devices.settle()
    torch.set_num_threads(asked.threads)
    network = train(RECIPES[asked.role], asked.out)
    from hub.backbones.export import export

    export(network, RECIPES[asked.role], asked.out / "network")


if __name__ == "__main__":
    main()
