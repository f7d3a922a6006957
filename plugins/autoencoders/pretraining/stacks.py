"""Many networks of one shape, side by side: their weights are stacked, and one batched product serves all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hub import Curve, Image, Result, devices
from plugins.autoencoders._linear import covariance, exact, of_rank
from plugins.autoencoders._training import Course, Log, Training

Units = Literal["sigmoid", "ReLU"]
Start = Literal["start of 2006", "today's start"]
FIRE: dict[str, Callable[[Tensor], Tensor]] = {"sigmoid": torch.sigmoid, "ReLU": torch.relu}
PRETRAINING_RATE = {"sigmoid": 0.04, "ReLU": 0.02}
LOOKED_AT = 64
"""Held-out pictures by which the error of a layer is followed."""


class Stack(nn.Module):
    """S networks of L layers, with `units` between layers and nothing after the last one.

    weights: L tensors (S, in, out). biases: L tensors (S, 1, out). They are copied.
    """

    def __init__(self, weights: list[Tensor], biases: list[Tensor], units: Units) -> None:
        super().__init__()
        self.units = units
        self.weights = nn.ParameterList([nn.Parameter(w.detach().clone()) for w in weights])
        self.biases = nn.ParameterList([nn.Parameter(b.detach().clone()) for b in biases])

    def __len__(self) -> int:
        """How many networks there are."""
        return len(self.weights[0])

    @property
    def depth(self) -> int:
        """Hidden layers."""
        return len(self.weights) - 1

    def hidden(self, inputs: Tensor, layers: int) -> Tensor:
        """What hidden layer number `layers` says, 0 for the inputs themselves: (S or 1, N, in) -> (S, N, width)."""
        x = inputs.expand(len(self), -1, -1)
        for weight, bias in zip(self.weights[:layers], self.biases[:layers], strict=True):
            x = FIRE[self.units](torch.baddbmm(bias, x, weight))
        return x

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits: (S or 1, N, in) -> (S, N, out)."""
        return torch.baddbmm(self.biases[-1], self.hidden(inputs, self.depth), self.weights[-1])

    def repeated(self, times: int) -> Stack:
        """Copies, each network `times` times in a row."""
        weights, biases = ([t.detach().repeat_interleave(times, 0) for t in ts] for ts in (self.weights, self.biases))
        return Stack(weights, biases, self.units)

    def one(self, which: int) -> Stack:
        """A copy of one of them."""
        weights, biases = ([t.detach()[which : which + 1] for t in ts] for ts in (self.weights, self.biases))
        return Stack(weights, biases, self.units)


def started(sizes: list[int], units: Units, start: Start, count: int, generator: torch.Generator) -> Stack:
    """`count` untrained networks, on the device. sizes: numbers in, units of each hidden layer, numbers out.

    start of 2006: uniform within 1 / sqrt(inputs), biases 0, whatever the units.
    today's start: normal weights that keep the size of signals from layer to layer. For ReLU the variance is 2 over the inputs
    (He et al. 2015); for sigmoid units it is 16 times Glorot and Bengio's 2 / (inputs + outputs), since their slope is 1/4, and
    biases put the middle of the units before, 1/2, to where they are steepest.
    """
    weights, biases = [], []
    for layer, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False)):
        shape = (count, before, after)
        if start == "start of 2006":
            weight = (2 * torch.rand(shape, generator=generator) - 1) / math.sqrt(before)
        else:
            variance = 2 / before if units == "ReLU" else 32 / (before + after)
            weight = math.sqrt(variance) * torch.randn(shape, generator=generator)
        balanced = start != "start of 2006" and units == "sigmoid" and layer > 0
        weights.append(weight)
        biases.append(-0.5 * weight.sum(1, keepdim=True) if balanced else torch.zeros(count, 1, after))
    return Stack(weights, biases, units).to(devices.device())


def slopes(stack: Stack, inputs: Tensor, labels: Tensor) -> list[float]:
    """How strongly the loss pulls at each layer's weights, relative to the last layer's: L norms of gradients.

    They are means over the networks, and vanish towards the first layer where signals shrink on their way back (Hochreiter 1991).
    inputs: (N, in). labels: (N,).
    """
    with torch.enable_grad():
        wrong(stack, inputs[None], labels.expand(len(stack), -1)).backward()
    norms = torch.stack([weight.grad.flatten(1).norm(dim=1) for weight in stack.weights])  # type: ignore[union-attr]
    stack.zero_grad(set_to_none=True)
    return (norms / norms[-1].clamp_min(1e-30)).mean(1).tolist()


def wrong(stack: Stack, inputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy: each network's mean over its examples, summed over the networks, so that none feels another.

    inputs: (S or 1, N, in). labels: (S, N).
    """
    logits = stack(inputs)
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum") / labels.shape[1]


# ---------------------------------------------------------------- layer by layer


class Layer(nn.Module):
    """One layer of each network as a small autoencoder: the layer is its encoder, a linear map (and a sigmoid) its decoder."""

    def __init__(self, weight: Tensor, bias: Tensor, units: Units) -> None:
        super().__init__()
        self.units = units
        self.weight, self.bias = (nn.Parameter(t.detach().clone()) for t in (weight, bias))
        self.back = nn.Parameter(weight.detach().transpose(1, 2).clone())
        self.back_bias = nn.Parameter(torch.zeros(len(weight), 1, weight.shape[1], device=weight.device))

    def logits(self, inputs: Tensor) -> Tensor:
        code = FIRE[self.units](torch.baddbmm(self.bias, inputs, self.weight))
        return torch.baddbmm(self.back_bias, code, self.back)

    def forward(self, inputs: Tensor) -> Tensor:
        """(S, N, in) -> the same, rebuilt."""
        return torch.sigmoid(self.logits(inputs)) if self.units == "sigmoid" else self.logits(inputs)

    def loss(self, seen: Tensor, clean: Tensor) -> Tensor:
        """Each network's mean, summed: cross-entropy between numbers in [0, 1] for sigmoid units, squared error for ReLU."""
        rebuilt = self.logits(seen)
        if self.units == "sigmoid":
            return F.binary_cross_entropy_with_logits(rebuilt, clean, reduction="sum") / clean[0].numel()
        return (rebuilt - clean).square().sum() / clean[0].numel()


def spoiled(clean: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """The same with a share of the numbers set to 0 (masking noise, Vincent et al. 2010)."""
    return clean * (torch.rand(clean.shape, generator=generator) >= noise).to(clean.device)


def relative_error(rebuild: Callable[[Tensor], Tensor], seen: Tensor, clean: Tensor) -> float:
    """Mean squared error of what is rebuilt over the variance: 1 for whoever knows nothing but the mean.

    seen, clean: (S, N, in), with and without numbers blotted out.
    """
    with torch.no_grad():
        variance = (clean - clean.mean(1, keepdim=True)).square().mean()
        return float((rebuild(seen) - clean).square().mean() / variance.clamp_min(1e-12))


def best_linear(pictures: Tensor, k: int, noise: float) -> Callable[[Tensor], Tensor]:
    """The affine map through k numbers that best rebuilds such pictures after `spoiled`: PCA without noise.

    pictures: (N, D), by whose mean and covariance it is the best. Source: reduced-rank regression (Izenman 1975).
    """
    mean, spread, keep = exact(pictures).mean(0), covariance(pictures), 1 - noise
    seen = keep**2 * spread + keep * noise * torch.diag(spread.diagonal() + mean.square())
    back = keep * spread @ torch.linalg.pinv(seen, hermitian=True)
    through, middle = (t.float().to(pictures.device) for t in (of_rank(back, seen, k), mean))
    return lambda inputs: (inputs - keep * middle) @ through.T + middle


def pretrain(
    stack: Stack,
    pictures: Tensor,
    held: Tensor,
    steps: int,
    noise: float,
    generator: torch.Generator,
    *,
    show: Callable[[Stack, int], Image],
    curves: Callable[[], Mapping[str, Curve]],
    layers: Mapping[str, Curve],
    span: tuple[float, float],
) -> Generator[Result, None, tuple[Stack, dict[str, Curve]]]:
    """Greedy layer-wise pre-training (Bengio et al. 2006): each layer learns to rebuild what the layer below says of pictures.

    pictures, held: (N, in) and (M, in); nobody says what they show. noise: the share of a layer's inputs that are set to 0 before
    they are rebuilt (Vincent et al. 2010). show: draws a preview of the stack, given how many layers are done.
    curves, layers: what was drawn before; the second, the errors of layers, grows.
    Returns copies with the pre-trained layers, and the error of each layer as it fell. The last layer stays as it was.
    """
    made, fallen, share = stack.repeated(1), dict(layers), (span[1] - span[0]) / stack.depth
    for level in range(made.depth):
        with torch.no_grad():
            below, below_held = made.hidden(pictures, level), made.hidden(held[:LOOKED_AT], level)
        layer, start = Layer(made.weights[level], made.biases[level], made.units), span[0] + level * share
        look = spoiled(below_held, noise, generator), below_held
        training = rebuilding(layer, below, look, steps, noise, generator)
        if level == 0 and steps:
            fallen |= linear_line(relative_error(best_linear(pictures, layer.weight.shape[2], noise), *look), made.units)

        def drawn(name: str = f"{made.units}, layer {level + 1}", log: Log = training.log) -> dict[str, Curve]:
            return fallen | {name: error_curve(log, made.units)}  # noqa: B023  (looked at before the next layer begins)

        for result in training.run(None, (start, start + share), curves=lambda drawn=drawn: {**curves(), **drawn()}):
            result.image = lambda level=level: show(made, level)
            yield result
        with torch.no_grad():
            made.weights[level].copy_(layer.weight)
            made.biases[level].copy_(layer.bias)
        fallen = drawn() if steps else fallen
    return made, fallen


def rebuilding(
    layer: Layer, below: Tensor, held: tuple[Tensor, Tensor], steps: int, noise: float, generator: torch.Generator
) -> Training:
    """The training of one layer. below: (S, N, in), what the layer under it says of pictures. held: others, spoiled and clean."""

    def loss(batch: Tensor) -> Tensor:
        clean = below[:, batch]
        return layer.loss(spoiled(clean, noise, generator), clean)

    everything = torch.arange(below.shape[1], device=below.device)
    course = Course(steps, batch=64, rate=PRETRAINING_RATE[layer.units])
    return Training(layer, loss, everything, course, generator, held=lambda: relative_error(layer, *held))


def error_curve(log: Log, units: Units) -> Curve:
    """How a layer's autoencoder learnt."""
    steps, errors = ([point[i] for point in log.held] for i in (0, 1))
    return Curve(steps, errors, "step", "error over variance, held out", chart=_chart(units), log="y")


def linear_line(error: float, units: Units) -> dict[str, Curve]:
    """The least that a linear first layer leaves, as a line; none where that is nothing, for the scale is logarithmic."""
    line = Curve([0.0], [error], "step", "error over variance, held out", chart=_chart(units), kind="reference", log="y")
    return {f"{units}, layer 1 if it were linear, at best": line} if error > 1e-6 else {}


def _chart(units: Units) -> str:
    return f"Pre-training, layer by layer: {units} units"
