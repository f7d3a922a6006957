"""The loop: make an objective large (or small) by changing a canvas, showing the picture on the way."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from hub.backbones import Backbone
from hub.errors import NotFinite
from hub.pixels import images
from hub.pixels.canvas import Canvas
from hub.pixels.gradients import gradient, joined_gradient, laplacian_normalised
from hub.pixels.objectives import Objective
from hub.pixels.transforms import Move
from hub.results import Curve, Result

Previews = Generator[Result, None, Tensor]
Show = Callable[[Tensor], Image.Image]


class Rule(Protocol):
    """How gradients become a step."""

    def __call__(self, parameters: list[Tensor], slopes: Iterable[Tensor], done: float) -> None:
        """Move the parameters up the slopes; `done` is the share of the steps behind, in [0, 1)."""


class Adam:
    """Adam (Kingma and Ba 2014), upwards. cosine: let the rate fall to a tenth along half a cosine."""

    def __init__(self, rate: float = 0.05, *, cosine: bool = False, betas: tuple[float, float] = (0.9, 0.999)) -> None:
        self.rate, self.cosine, self.betas = rate, cosine, betas
        self.optimiser: torch.optim.Adam | None = None

    def __call__(self, parameters: list[Tensor], slopes: Iterable[Tensor], done: float) -> None:
        if self.optimiser is None:
            self.optimiser = torch.optim.Adam(parameters, lr=self.rate, betas=self.betas, maximize=True)
        if self.cosine:
            fall = 0.1 + 0.9 * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * done)).item())
            self.optimiser.param_groups[0]["lr"] = self.rate * fall
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter.grad = slope
        self.optimiser.step()

    def carried(self, parameters: list[Tensor]) -> Adam:
        """The same rule for the same canvas at another size: what it learnt about each place goes along, so nothing jolts."""
        other = Adam(self.rate, cosine=self.cosine, betas=self.betas)
        if self.optimiser is None:
            return other
        other.optimiser = torch.optim.Adam(parameters, lr=self.rate, betas=self.betas, maximize=True)
        for old, new in zip(self.optimiser.param_groups[0]["params"], parameters, strict=True):
            state = self.optimiser.state[old]
            other.optimiser.state[new] = {
                "step": state["step"].clone(),
                "exp_avg": _between(state["exp_avg"], new),
                "exp_avg_sq": _between(state["exp_avg_sq"], new),
            }
        return other


def _between(moments: Tensor, like: Tensor) -> Tensor:
    """Interpolated without overshoot: where a square came out near zero, the next step would be endless."""
    return F.interpolate(moments, size=like.shape[-2:], mode="bilinear", align_corners=False)


class LBFGS:
    """L-BFGS (Liu and Nocedal 1989), upwards, one step at a time without a line search, as the first style transfers took it."""

    def __init__(self, rate: float = 1.0, history: int = 20) -> None:
        self.rate, self.history = rate, history
        self.optimiser: torch.optim.LBFGS | None = None

    def __call__(self, parameters: list[Tensor], slopes: Iterable[Tensor], done: float) -> None:
        if self.optimiser is None:
            self.optimiser = torch.optim.LBFGS(
                parameters, self.rate, max_iter=1, history_size=self.history, tolerance_grad=0, tolerance_change=0
            )
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter.grad = (-slope).contiguous()  # it flattens them
        self.optimiser.step(lambda: 0.0)

    def carried(self, parameters: list[Tensor]) -> LBFGS:
        """A fresh rule: curvature at one size says nothing about another."""
        return LBFGS(self.rate, self.history)


class Averaged:
    """Another rule, and the running mean of where it led, in which the to and fro of its steps cancels.

    decay: how much each step leaves of what was before; the mean is corrected for having begun empty.
    Source: Polyak and Juditsky 1992, with the bias correction of Adam.
    """

    def __init__(self, rule: Rule, decay: float = 0.9) -> None:
        self.rule, self.decay, self.weight = rule, decay, 0.0
        self.means: list[Tensor] = []

    @torch.no_grad()
    def __call__(self, parameters: list[Tensor], slopes: Iterable[Tensor], done: float) -> None:
        self.rule(parameters, slopes, done)
        self.means = self.means or [torch.zeros_like(p) for p in parameters]
        for mean, parameter in zip(self.means, parameters, strict=True):
            mean.lerp_(parameter, 1 - self.decay)
        self.weight = self.weight * self.decay + 1 - self.decay

    @torch.no_grad()
    def settle(self, parameters: list[Tensor]) -> None:
        """Put the mean where the last step led."""
        for mean, parameter in zip(self.means, parameters, strict=True):
            parameter.copy_(mean / self.weight)


class Climb:
    """Plain steps along the normalised gradient, as dreams use.

    size: of the first step, in [0, 1] pixels, root mean square. settle: the share by which the last one is smaller.
    """

    def __init__(
        self, size: float, normalise: Callable[[Tensor], Tensor] = laplacian_normalised, *, settle: float = 0.0
    ) -> None:
        self.size, self.normalise, self.settle = size, normalise, settle

    @torch.no_grad()
    def __call__(self, parameters: list[Tensor], slopes: Iterable[Tensor], done: float) -> None:
        for parameter, slope in zip(parameters, slopes, strict=True):
            parameter.add_(self.normalise(slope), alpha=self.size * (1 - self.settle * done)).clamp_(0, 1)


@dataclass
class Trace:
    """The values on the way, kept where they were computed until somebody looks."""

    label: str
    values: list[Tensor] = field(default_factory=list)

    def curves(self) -> dict[str, Curve]:
        y = torch.stack(self.values).cpu().tolist() if self.values else []
        return {self.label: Curve([float(i) for i in range(len(y))], y, "step", self.label)}


@dataclass
class Terms(Trace):
    """The terms of a sum on the way: a curve for each instead of one for all."""

    terms: dict[str, list[Tensor]] = field(default_factory=dict)

    def noted(self, label: str, objective: Objective) -> Objective:
        """The same objective, whose values are kept as the curve `label`."""

        def measure(features: dict[str, Tensor], picture: Tensor) -> Tensor:
            value = objective(features, picture)
            self.terms.setdefault(label, []).append(value.detach().mean())
            return value

        return Objective(objective.layers, measure)

    def curves(self) -> dict[str, Curve]:
        return {label: Trace(label, values).curves()[label] for label, values in self.terms.items()}


def maximise(
    objective: Objective,
    canvas: Canvas,
    network: Backbone,
    *,
    steps: int,
    rule: Rule,
    generator: torch.Generator,
    robustness: Move | None = None,
    roll: int = 0,
    tile: int = 0,
    joined: bool = False,
    vignette: Tensor | None = None,
    plateau: float = 0.0,
    trace: Trace | None = None,
    span: tuple[float, float] = (0.0, 1.0),
    show: Show | None = None,
) -> Previews:
    """Change the canvas for `steps` steps, yielding a preview after each; return the picture, (B, 3, H, W) in [0, 1].

    robustness: how the picture is moved before the network sees it. roll: the same for dreams, by whole pixels around the edges.
    tile: see `gradient`. joined: take `joined_gradient` for it.
    vignette: weights (H, W) on the gradient, to let the picture grow in one place.
    plateau: stop when the value rose by less than this share in the last fifth of the steps; 0 for never.
    trace: where the values are noted (mean of the batch). span: the part of the whole work that this is, for progress.
    show: (B, 3, H, W) -> the preview's picture; called only where somebody looks. Default: the first picture of the batch.
    Raises NotFinite, with the last good preview of this call, where numbers run away.
    """
    trace = trace if trace is not None else Trace("activation")
    show = show or (lambda pictures: images.to_image(pictures[:1]))
    last, start = None, len(trace.values)
    for step in range(steps):
        value, slopes = _slopes(objective, canvas, network, generator, robustness, roll, tile, joined, vignette)
        if not all(
            bool(torch.isfinite(t).all()) for t in (value, *slopes)
        ):  # before the step: the canvas stays as it was last shown
            raise NotFinite(
                f"The numbers left the finite range at step {step + 1}. Try a smaller step, or float32 (NETSEE_DTYPE=float32).",
                last,
            )
        rule(canvas.parameters, slopes, step / steps)
        trace.values.append(value.mean())
        last = _preview(canvas, show, trace, span[0] + (span[1] - span[0]) * 0.999 * (step + 1) / steps)
        yield last
        if plateau and step > 10 and flat(trace.values[start:], max(5, steps // 5), plateau):
            break
    with torch.no_grad():
        return canvas.picture().detach()


def _slopes(
    objective: Objective,
    canvas: Canvas,
    network: Backbone,
    generator: torch.Generator,
    robustness: Move | None,
    roll: int,
    tile: int,
    joined: bool,
    vignette: Tensor | None,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The values of the pictures, (B,), and the gradient with respect to each parameter of the canvas."""
    shift = torch.randint(-roll, roll + 1, (2,), generator=generator).tolist() if roll else [0, 0]
    with torch.enable_grad():
        picture = canvas.picture()
        seen = robustness(picture, generator) if robustness else picture
        seen = seen.roll(shift, (-2, -1)) if roll else seen
    value, slope = (joined_gradient if joined else gradient)(objective, network, seen, tile)
    slope = slope if vignette is None else slope * vignette
    return value, torch.autograd.grad(seen, canvas.parameters, slope)


def _preview(canvas: Canvas, show: Show, trace: Trace, progress: float) -> Result:
    def look() -> Image.Image:
        with torch.no_grad():
            return show(canvas.picture())

    return Result(image=look, curves=trace.curves, progress=progress)


def flat(values: list[Tensor], window: int, share: float) -> bool:
    """Whether the mean of the last `window` values rose by less than `share` of the whole rise, over the window before it."""
    if len(values) < 2 * window + 1:
        return False
    recent = torch.stack(values[-window:]).mean()
    before = torch.stack(values[-2 * window : -window]).mean()
    return bool((recent - before).abs() <= share * (recent - values[0]).abs())
