"""What a linear classifier makes of pictures, of principal components, and of codes."""

from __future__ import annotations

from collections.abc import Callable, Generator

import torch
from torch import Tensor, nn

from hub import Curve, Image, Result
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._networks import Design, network
from plugins.autoencoders._training import Course, Training
from plugins.autoencoders.pretraining.lessons import Lessons
from plugins.autoencoders.pretraining.stacks import Stack

HIDDEN, BATCH = 128, 64


def regress(features: Tensor, labels: Tensor, penalty: float = 1.0) -> tuple[Tensor, Tensor]:
    """Logistic regression: the weights (D, classes) and biases (classes,) that minimise cross-entropy + penalty/2 |weights|^2.

    Cross-entropy is summed over examples; the sum is convex, so there is one answer.
    features: (n, D). labels: (n,), from 0, at least one of each.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1 / penalty, max_iter=3000).fit(features.cpu().numpy(), labels.cpu().numpy())
    return torch.from_numpy(fitted.coef_.T).float(), torch.from_numpy(fitted.intercept_).float()


def scores(train: Tensor, held: Tensor, lessons: Lessons) -> Tensor:
    """Accuracy of logistic regression on features: (N, D) and (M, D), or one set for each seed -> (seeds, counts).

    Features are brought to a mean variance of 1 by one factor, so that the penalty weighs the same on all of them.
    """
    table = torch.zeros(len(lessons.order), len(lessons.counts), dtype=torch.float64)
    for seed, order in enumerate(lessons.order):
        mine, test = (t[seed] if t.dim() == 3 else t for t in (train, held))
        middle, size = mine.mean(0), mine.var(0).mean().sqrt().clamp_min(1e-6)
        for column, count in enumerate(lessons.counts):
            chosen = order[:count]
            weight, bias = regress((mine[chosen] - middle) / size, lessons.labels[chosen])
            said = (((test - middle) / size).cpu() @ weight + bias).argmax(1)
            table[seed, column] = (said == lessons.held_labels.cpu()).double().mean()
    return table


def principal(lessons: Lessons, k: int) -> tuple[Tensor, Tensor]:
    """k principal components of the pictures, found without labels."""
    pca = PCA.of(lessons.pictures)
    return pca.encode(lessons.pictures, k), pca.encode(lessons.held, k)


class Coders(nn.Module):
    """Plain autoencoders side by side, with k numbers in the code and one hidden layer on either side of it."""

    def __init__(self, mean: Tensor, k: int, count: int, generator: torch.Generator) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        made = [network(Design((1, 1, len(mean)), code=k, width=HIDDEN), generator) for _ in range(count)]
        self.encoder, self.decoder = (as_one([getattr(each, side) for each in made]) for side in ("encoder", "decoder"))

    def encode(self, pictures: Tensor) -> Tensor:
        """(S or 1, N, D) -> (S, N, k)."""
        return self.encoder(pictures - self.mean)

    def forward(self, pictures: Tensor) -> Tensor:
        """(S or 1, N, D) -> (S, N, D)."""
        return self.decoder(self.encode(pictures)) + self.mean


def as_one(networks: list[nn.Module]) -> Stack:
    """A stack of networks that are linear layers with ReLU between them."""
    layers = list(zip(*([part for part in each if isinstance(part, nn.Linear)] for each in networks), strict=True))
    weights = [torch.stack([part.weight.T for part in layer]) for layer in layers]
    return Stack(weights, [torch.stack([part.bias[None] for part in layer]) for layer in layers], "ReLU")


def coded(
    lessons: Lessons,
    k: int,
    steps: int,
    generator: torch.Generator,
    span: tuple[float, float],
    *,
    show: Callable[[], Image],
    curves: Callable[[], dict[str, Curve]],
) -> Generator[Result, None, tuple[Tensor, Tensor]]:
    """The k numbers of plain autoencoders, one for each seed, trained without labels: (seeds, N, k) and (seeds, M, k)."""
    made = Coders(lessons.pictures.mean(0), k, len(lessons.order), generator)

    def loss(batch: Tensor) -> Tensor:
        chosen = torch.randint(len(batch), (len(lessons.order), BATCH), generator=generator).to(batch.device)
        seen = batch[chosen]
        return (made(seen) - seen).square().mean((1, 2)).sum()  # none feels another

    course = Course(steps, batch=len(lessons.pictures), rate=5e-3)
    yield from Training(made, loss, lessons.pictures, course, generator).run(show, span, curves=curves)
    with torch.no_grad():
        return made.encode(lessons.pictures[None]), made.encode(lessons.held[None])
