"""Train the painter of `instant_style`, from pictures that the project draws and photographs that come with its libraries.

    python -m plugins.style.instant_style.train --out runs/instant        # about 70 minutes on two cores, minutes on a GPU

Every step, some scenes are given the colours of some styles and painted; the embedded network says how far the paintings' styles
are from the wanted ones, and how far what they show is from what they showed.
Sources: Johnson et al. 2016 (the perceptual loss); Heitz et al. 2021, "A sliced Wasserstein loss for neural texture synthesis"
(styles as clouds of features, compared along random directions); Gupta et al. 2017, "Characterizing and improving stability in
neural style transfer" (a scene that was moved a little, with other noise, must be painted alike, so that films do not flicker).
Departures: each style begins at a distance of 1, so that none is learnt at another's cost; palettes are compared in the same
way, as a layer of their own; light is held to the scene's at a quarter of the size.

The run can be stopped and started again: it goes on from its last checkpoint. To ship what came out, copy `model.safetensors`
into `weights` and write its card: `python -m plugins.style.instant_style.card`.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor, nn

from hub import backbones, devices
from hub.backbones import Backbone
from hub.files import write_safely
from plugins.style.instant_style import bank
from plugins.style.instant_style.painter import MULTIPLE, Painter, Predictor, grains
from plugins.style.instant_style.styles import NAMED, recoloured, seen

SHAPE = {"painter": {"fine": 48, "coarse": 128, "blocks": 5}, "predictor": {"hidden": 128}}
LIGHT = (0.2126, 0.7152, 0.0722)


@dataclass(frozen=True)
class Recipe:
    """How to train. side: of the windows, in pixels. rate: the peak learning rate.

    The other numbers weigh the terms of the loss against the content's 1; of the style's, half for the first 0.3 of the steps.
    """

    steps: int = 7_000
    batch: int = 8
    side: int = 160
    rate: float = 3e-3
    style: float = 8.0
    palette: float = 1.0
    light: float = 60.0
    rough: float = 12.0
    steady: float = 5.0
    outside: float = 10.0


class Learner(nn.Module):
    """Painter and predictor, trained together."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.painter = Painter(**SHAPE["painter"])
        self.predictor = Predictor(features, **SHAPE["predictor"])


@dataclass
class Progress:
    """What there is after so many steps: the networks, their running average, the optimiser."""

    learner: Learner
    average: Learner
    optimiser: torch.optim.Optimizer
    step: int = 0

    def save(self, path: Path) -> None:
        state = {name: getattr(self, name).state_dict() for name in ("learner", "average", "optimiser")}
        torch.save({**state, "step": self.step}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, map_location=devices.device(), weights_only=True)
        for name in ("learner", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]


def begin(styles: bank.Styles, recipe: Recipe, seed: int = 0) -> Progress:
    """New networks, nothing learnt yet."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        learner = Learner(styles.descriptions.shape[1]).to(devices.device(), memory_format=torch.channels_last)
    learner.predictor.mean.copy_(styles.descriptions.mean(0))
    learner.predictor.std.copy_(styles.descriptions.std(0) + 1e-3)
    optimiser = torch.optim.AdamW(learner.parameters(), lr=recipe.rate, weight_decay=1e-4, betas=(0.9, 0.99))
    return Progress(learner, copy.deepcopy(learner), optimiser)


def train(recipe: Recipe, folder: Path) -> tuple[Learner, bank.Styles]:
    """The trained networks (averaged over the last steps), and the styles that they learnt."""
    folder.mkdir(parents=True, exist_ok=True)
    network, checkpoint = backbones.load("embedded"), folder / "checkpoint.pt"
    styles, (scenes, photos) = bank.learn_styles(network), bank.scenes()
    print(f"{len(styles.names)} styles, {len(scenes)} scenes", flush=True)
    lesson = Lesson(recipe, network, styles, scenes, photos)
    progress = begin(styles, recipe)
    if checkpoint.exists():
        progress.load(checkpoint)
    saved = shown = time.monotonic()
    while progress.step < recipe.steps:
        terms = lesson.learn(progress)
        if progress.step % 100 == 0:
            words = " ".join(f"{name} {value:.4f}" for name, value in terms.items())
            print(f"{progress.step}/{recipe.steps} {words} {time.monotonic() - shown:.0f} s", flush=True)
            shown = time.monotonic()
        if time.monotonic() - saved > 120 or progress.step == recipe.steps:
            progress.save(checkpoint)
            saved = time.monotonic()
    return progress.average.eval(), styles


@dataclass(frozen=True)
class Batch:
    """Scenes (B, 3, H, W), already recoloured, which style each is to have, how strong (B,), and grains for the painter.

    moved: (down, right), of twins, by how many pixels the second half sees the same scenes moved, with other noise; or None.
    """

    scenes: Tensor
    chosen: Tensor
    strength: Tensor
    noise: Tensor
    moved: tuple[int, int] | None


class Lesson:
    """One step after another. What is drawn by chance depends on the step alone, so that an interrupted run goes on as it was."""

    def __init__(self, recipe: Recipe, network: Backbone, styles: bank.Styles, scenes: list[Tensor], photos: int) -> None:
        self.recipe, self.network, self.styles, self.scenes, self.photos = recipe, network, styles, scenes, photos
        self.first = self.first_distances()

    def learn(self, progress: Progress) -> dict[str, float]:
        """One step of the optimiser. Returns the terms of the loss."""
        recipe, generator = self.recipe, torch.Generator().manual_seed(1_000_003 + progress.step)
        for group in progress.optimiser.param_groups:
            group["lr"] = recipe.rate * schedule(progress.step / recipe.steps)
        terms = self.terms(progress.learner, self.drawn(generator, twins=progress.step % 4 == 0), generator)
        terms["style"] = terms["style"] * (recipe.style if progress.step >= 0.3 * recipe.steps else recipe.style / 2)
        progress.optimiser.zero_grad(set_to_none=True)
        sum(terms.values()).backward()
        nn.utils.clip_grad_norm_(progress.learner.parameters(), 1.0)
        progress.optimiser.step()
        progress.step += 1
        follow(progress.average, progress.learner, progress.step)
        return {name: float(term.detach()) for name, term in terms.items()}

    def drawn(self, generator: torch.Generator, twins: bool) -> Batch:
        """Scenes in the colours of their styles; where they are twins, half as many, each twice."""
        count, side = self.recipe.batch // (2 if twins else 1), self.recipe.side
        chosen = torch.multinomial(self.styles.chance, count, replacement=True, generator=generator)
        scenes = bank.crops(self.scenes, self.photos, count, side + MULTIPLE, generator).to(devices.device())
        any_strength = 1.5 * torch.rand(count, generator=generator)
        strength = torch.where(torch.rand(count, generator=generator) < 0.5, torch.ones(count), any_strength).to(devices.device())
        scenes = recoloured(scenes, self.styles.colours[chosen], strength)
        noise = grains(count, (side + MULTIPLE, side + MULTIPLE), generator).to(devices.device())
        if not twins:
            return Batch(window(scenes, side), chosen, strength, window(noise, side // MULTIPLE), None)
        moved = tuple(torch.randint(MULTIPLE, (2,), generator=generator).tolist())
        shaken = window(scenes, side, moved) + 0.02 * torch.randn(count, 3, side, side, generator=generator).to(scenes)
        return Batch(
            torch.cat([window(scenes, side), shaken]),
            chosen.repeat(2),
            strength.repeat(2),
            torch.cat([window(noise, side // MULTIPLE), between(noise, *(n / MULTIPLE for n in moved))]),
            moved,
        )

    def terms(self, learner: Learner, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The loss, term by term."""
        recipe, scenes, chosen, strength = self.recipe, batch.scenes, batch.chosen, batch.strength
        wanted = self.styles.descriptions[chosen]
        wanted = wanted * (1 + 0.03 * torch.randn(wanted.shape, generator=generator).to(wanted))
        codes = learner.predictor(wanted) * strength[:, None]
        with torch.autocast(devices.device().type, torch.bfloat16, enabled=devices.has_fast_bf16()):
            painted = learner.painter(scenes, codes, batch.noise)
        painted = painted.float()
        features = seen(self.network, painted.clamp(-0.05, 1.05))
        with torch.no_grad():
            subject = seen(self.network, scenes)[2:]
        parts = self.distances(painted, features, chosen, generator)
        first = self.first[chosen]
        terms = {
            "content": sum(apart(f, s) for f, s in zip(features[2:], subject, strict=True)).mean() / 2,
            "style": (strength * (parts[:, :-1] / first[:, :-1]).mean(1)).mean(),
            "palette": recipe.palette * (strength.clamp(max=1) * parts[:, -1] / first[:, -1]).mean(),
            "light": recipe.light * (quarter(light(painted)) - quarter(light(scenes))).square().mean(),
            "rough": recipe.rough * roughness(painted),
            "outside": recipe.outside * (F.relu(-painted) + F.relu(painted - 1)).mean(),
        }
        if batch.moved:
            terms["steady"] = recipe.steady * unsteadiness(painted, batch.moved)
        return terms

    def distances(self, painted: Tensor, features: list[Tensor], chosen: Tensor, generator: torch.Generator) -> Tensor:
        """How far each painting (B, …) is from its style: (B, layers + 1), the last one of its palette."""
        each = [
            sliced(points(f, generator), cloud[chosen], generator) / energy[chosen]
            for f, cloud, energy in zip(features, self.styles.clouds, self.styles.energies, strict=True)
        ]
        palette = sliced(points(F.avg_pool2d(painted, 2), generator), self.styles.colours[chosen].flatten(2), generator)
        return torch.stack([*each, palette], 1)

    @torch.no_grad()
    def first_distances(self, count: int = 8) -> Tensor:
        """How far scenes that were only recoloured are from each style, on average, (N, layers + 1)."""
        generator = torch.Generator().manual_seed(3)
        scenes = bank.crops(self.scenes, self.photos, count, self.recipe.side, generator).to(devices.device())
        found = []
        for i in range(len(self.styles.names)):
            chosen = torch.full((count,), i)
            like = recoloured(scenes, self.styles.colours[chosen], torch.ones(count))
            found.append(self.distances(like, seen(self.network, like), chosen, generator).mean(0))
        return torch.stack(found).clamp_min(0.005)


def sliced(cloud: Tensor, wanted: Tensor, generator: torch.Generator, most: int = 64) -> Tensor:
    """The squared sliced Wasserstein-2 distance of clouds (B, C, P) and (B, C, Q), times C: (B,).

    Both are projected on the same random directions, `most` at most; along a line the distance is that of sorted values.
    """
    channels = cloud.shape[1]
    ways = F.normalize(torch.randn(channels, min(most, channels), generator=generator), dim=0).to(cloud)
    one, other = ((ways.T @ c.to(ways)).sort(2).values for c in (cloud, wanted))
    if one.shape[2] != other.shape[2]:
        other = F.interpolate(other, one.shape[2], mode="linear", align_corners=False)
    return channels * (one - other).square().mean((1, 2))


def points(features: Tensor, generator: torch.Generator, most: int = bank.POINTS) -> Tensor:
    """(B, C, H, W) -> (B, C, P): every position, or `most` of them by chance."""
    flat = features.flatten(2)
    if flat.shape[2] <= most:
        return flat
    return flat[..., torch.randperm(flat.shape[2], generator=generator)[:most].to(flat.device)]


def apart(features: Tensor, wanted: Tensor) -> Tensor:
    """The mean squared difference, position by position, over the energy of what is wanted: (B,)."""
    return (features - wanted).square().mean((1, 2, 3)) / wanted.square().mean((1, 2, 3)).clamp_min(1e-6)


def window(pictures: Tensor, side: int, at: tuple[int, int] = (0, 0)) -> Tensor:
    """A square of them, laid out as convolutions like it."""
    return pictures[..., at[0] : at[0] + side, at[1] : at[1] + side].contiguous(memory_format=torch.channels_last)


def between(noise: Tensor, down: float, right: float) -> Tensor:
    """Grains (B, C, n + 1, n + 1) moved by a part of a cell: (B, C, n, n)."""
    rows = torch.lerp(noise[..., :-1, :], noise[..., 1:, :], down)
    return torch.lerp(rows[..., :-1], rows[..., 1:], right)


def unsteadiness(painted: Tensor, moved: tuple[int, int], margin: int = 8) -> Tensor:
    """How much twins differ where both show the same place, but for a margin: their mean absolute difference."""
    (one, other), (down, right) = painted.chunk(2), moved
    height, width = painted.shape[-2:]
    here = one[..., margin + down : height - margin, margin + right : width - margin]
    there = other[..., margin : height - margin - down, margin : width - margin - right]
    return (here - there).abs().mean()


def light(pictures: Tensor) -> Tensor:
    """Rec. 709 luma, (B, 1, H, W)."""
    return (pictures * pictures.new_tensor(LIGHT).view(1, 3, 1, 1)).sum(1, keepdim=True)


def quarter(pictures: Tensor) -> Tensor:
    """Smoothed, at a quarter of the size."""
    return F.avg_pool2d(F.avg_pool2d(F.pad(pictures, (8,) * 4, mode="reflect"), 5, 2), 5, 2)


def roughness(pictures: Tensor) -> Tensor:
    """Mean squared difference of neighbours."""
    across, down = pictures[..., 1:] - pictures[..., :-1], pictures[..., 1:, :] - pictures[..., :-1, :]
    return (across.square().mean() + down.square().mean()) / 2


def schedule(done: float) -> float:
    """A short warm-up, then half a cosine, to two per cent."""
    return min(1.0, done / 0.01 + 0.02) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int, memory: float = 0.998) -> None:
    """Exponential moving average of the weights; it forgets faster at the beginning."""
    pace = 1 - min(memory, (1 + step) / (10 + step))
    for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
        slow.lerp_(fast, pace)


@torch.no_grad()
def export(learner: Learner, styles: bank.Styles, path: Path, recipe: Recipe, history: str = "") -> None:
    """The weights in half precision, with the codes of the named styles, as `styles.trained` reads them.

    history: what else is to be told of the run in the model card.
    """
    shape = {"painter": SHAPE["painter"], "predictor": {"features": styles.descriptions.shape[1], **SHAPE["predictor"]}}
    tensors = {name: t.contiguous() for name, t in learner.state_dict().items()}
    for name in NAMED:
        own = torch.tensor([n == name for n in styles.names])
        tensors[f"code.{name}"] = learner.predictor(styles.descriptions[own]).mean(0, keepdim=True)
        tensors[f"palette.{name}"] = styles.colours[own][:1].mul(255).round().byte()
    path.parent.mkdir(parents=True, exist_ok=True)
    halves = {name: (t.half() if t.is_floating_point() else t).cpu().contiguous() for name, t in tensors.items()}
    told = {"shape": json.dumps(shape), "recipe": json.dumps(asdict(recipe)), "history": history}
    write_safely(path, save(halves, metadata={"format": "pt", **told}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and for the finished weights")
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    asked = parser.parse_args()
    devices.settle()
    recipe = Recipe(steps=asked.steps)
    learner, styles = train(recipe, asked.out)
    export(learner, styles, asked.out / "model.safetensors", recipe)


if __name__ == "__main__":
    main()
