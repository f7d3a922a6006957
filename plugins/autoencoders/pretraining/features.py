"""What a linear classifier makes of pictures, of principal components, and of codes."""

from __future__ import annotations

from collections.abc import Callable, Generator

import torch
from torch import Tensor

from hub import Curve, Image, Result
from plugins.autoencoders._linear import PCA
from plugins.autoencoders._networks import Design, network
from plugins.autoencoders._training import Course, Training
from plugins.autoencoders.pretraining.lessons import Lessons


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
    """The k numbers of a plain autoencoder with one hidden layer on either side, trained without labels."""
    pictures = lessons.pictures[:, None, None]
    made = network(Design(tuple(pictures.shape[1:]), code=k, depth=2), generator, pictures.mean(0))  # type: ignore[arg-type]

    def loss(batch: Tensor) -> Tensor:
        return (made(batch) - batch).square().mean()

    course = Course(steps, batch=256, rate=5e-3)
    yield from Training(made, loss, pictures, course, generator).run(show, span, curves=curves)
    with torch.no_grad():
        return made.encode(pictures), made.encode(lessons.held[:, None, None])
