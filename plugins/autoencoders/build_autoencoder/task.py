"""What is asked of the network: what its input is spoiled with, what its code costs, and what no linear one can beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from plugins.autoencoders import _linear
from plugins.autoencoders._networks import Autoencoder, distance
from plugins.autoencoders._training import Objective

Noise = Literal["none", "gaussian", "masking"]
Penalty = Literal["none", "L1", "L2"]
WARM = 0.4


@dataclass(frozen=True)
class Task:
    """noise, amount: the deviation of Gaussian noise, or the share of numbers that are masked.

    penalty, weight: on the code. beta: weight of a variational code's distance from the standard Gaussian, 0 of a plain one.
    variance: of a pixel given the code, which sets squared errors against that distance.
    """

    noise: Noise
    amount: float
    penalty: Penalty
    weight: float
    beta: float
    variance: float

    @classmethod
    def of(cls, params: Any, variational: bool, left: float) -> Task:
        """What the parameters ask, without what does not count. left: mean squared error of PCA with as many numbers."""
        amount, weight = params.amount * (params.noise != "none"), params.weight * (params.penalty != "none")
        return cls(
            params.noise if amount else "none",
            amount,
            params.penalty if weight else "none",
            weight,
            params.beta if variational else 0.0,
            max(left, 1e-4) if variational else 0.0,
        )

    def values(self) -> dict[str, Any]:
        """Itself as JSON holds it."""
        return asdict(self)

    @property
    def plain(self) -> bool:
        """Whether nothing but the error is asked for."""
        return self.penalty == "none" and not self.variance

    def spoiled(self, pictures: Tensor, mean: Tensor, generator: torch.Generator) -> Tensor:
        """Pictures (N, C, h, w) as the encoder sees them. mean: what stands where a number is masked."""
        if self.noise == "none":
            return pictures
        draw = torch.randn if self.noise == "gaussian" else torch.rand
        chance = draw(pictures.shape, generator=generator).to(pictures.device)
        return pictures + self.amount * chance if self.noise == "gaussian" else torch.where(chance < self.amount, mean, pictures)

    def objective(self, made: Autoencoder, mean: Tensor, generator: torch.Generator, done: Callable[[], float]) -> Objective:
        """The loss of a batch of clean pictures: squared error plus cost, per number of a picture.

        done: the share of the training that is over. Beta rises from 0 over the first WARM of it, or a deep decoder may learn to
        do without the code before the code says anything (Bowman et al. 2016).
        """

        def loss(clean: Tensor) -> Tensor:
            drawn = generator if made.design.variational else None
            rebuilt, middle, spread = made.through(self.spoiled(clean, mean, generator), drawn)
            return (rebuilt - clean).square().mean() + self.cost(made, middle, spread, min(1.0, done() / WARM))

        return loss

    def cost(self, made: Autoencoder, middle: Tensor, spread: Tensor, warmth: float = 1.0) -> Tensor:
        """What the code costs, per number of a picture, one number: middle, spread of (N, code). warmth: the share of beta."""
        cost = self.penalised(made, middle)
        if self.variance:
            cost = cost + 2 * warmth * self.beta * self.variance * distance(middle, spread).sum(1).mean() / made.design.numbers
        return cost

    def penalised(self, made: Autoencoder, middle: Tensor) -> Tensor:
        """What of that is the penalty, 0 where there is none."""
        if self.penalty == "none":
            return middle.new_zeros(())
        drawn = middle * lengths(made)
        size = drawn.abs() if self.penalty == "L1" else drawn.square()
        return self.weight * size.sum(1).mean() / made.design.numbers

    def best_linear(self, train: Tensor, k: int) -> Tensor:
        """The best linear map of rank k from spoiled pictures to clean ones, both without their mean: (D, D)."""
        clean = _linear.covariance(train)
        eye = torch.eye(len(clean), dtype=clean.dtype, device=clean.device)
        if self.noise == "gaussian":
            best, seen = _linear.denoiser(clean, self.amount), clean + self.amount**2 * eye
        elif self.noise == "masking":
            best, seen = _linear.unmasker(clean, 1 - self.amount), _linear.masked(clean, 1 - self.amount)
        else:
            best, seen = eye, clean
        return _linear.of_rank(best, seen, k).float().to(train.device)

    def least_loss(self, made: Autoencoder, variances: Tensor) -> float | None:
        """The least loss of a linear variational network on clean pictures without a penalty, None for all others."""
        if made.design.kind != "linear" or not (self.variance and self.beta) or self.penalty != "none" or self.noise != "none":
            return None
        return _linear.variational_loss(variances, made.design.code, self.beta * self.variance)


def lengths(made: Autoencoder) -> Tensor:
    """How long what the decoder first makes of each number of the code is: (code,)."""
    first = next(part for part in made.decoder.modules() if isinstance(part, nn.Linear))
    return first.weight.norm(dim=0)
