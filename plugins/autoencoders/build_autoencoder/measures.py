"""The figures of a run, and its curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from hub import Curve
from plugins.autoencoders._figures import decibels, ssim
from plugins.autoencoders._linear import mean_squared
from plugins.autoencoders._networks import distance
from plugins.autoencoders._pages import spread
from plugins.autoencoders._patches import in_parts
from plugins.autoencoders.build_autoencoder.bench import Bench

T = TypeVar("T")
ERRORS, LOSS, CODE = "Error while it learns", "Loss and its terms", "Each number of the code"
LABEL = "mean squared error"
ALIVE = 0.01  # variance of a number's mean over the data, above which it is used (Burda et al. 2016)
NEAR = 1.01
NOTHING = 1e-9  # an error that rounding makes


@dataclass(frozen=True)
class Figures:
    """What was measured at the end, on all pictures.

    train, held: mean squared errors of the network. pca, best: held out, of PCA with as many numbers, and of the best linear map.
    optimum: the least that a linear network can have in training, by what it is compared with, None for others; reached: what it
    has. likeness: SSIM held out. used: numbers of the code that vary. zero: share of the code that is zero. distances: (code,)
    nats of a variational one, held out. cost: of the held-out code, per number of the picture; penalty: its part of that.
    """

    train: float
    held: float
    pca: float
    best: float
    likeness: float
    used: int
    zero: float
    distances: Tensor | None
    cost: float
    penalty: float
    optimum: float | None
    reached: float

    @classmethod
    @torch.no_grad()
    def of(cls, bench: Bench) -> Figures:
        """Measure a trained network."""
        clean, seen, made = bench.pictures.held, bench.held_seen, bench.made
        rebuilt = bench.by_network(seen)
        middle, wide = (in_parts(lambda part, i=i: made.gaussian(part)[i], seen) for i in (0, 1))
        train = mean_squared(bench.by_network(bench.seen), bench.pictures.train)
        optimum, reached = _optimum(bench, train)
        return cls(
            train,
            mean_squared(rebuilt, clean),
            mean_squared(bench.by_pca(seen), clean),
            mean_squared(bench.by_best(seen), clean),
            ssim(rebuilt[spread(len(seen), 200)], clean[spread(len(seen), 200)]),
            int((middle.var(0, unbiased=False) > (ALIVE if bench.design.variational else 1e-6)).sum()),
            float((middle == 0).float().mean()),
            distance(middle, wide).mean(0).cpu() if bench.design.variational else None,
            float(bench.task.cost(made, middle, wide)),
            float(bench.task.penalised(made, middle)),
            optimum,
            reached,
        )

    def metrics(self, fitted: bool = False) -> dict[str, float]:
        """By name, for the page and the file. fitted: nothing was held out."""
        found = {
            "PSNR held out, dB": decibels(self.held),
            "PSNR of PCA held out, dB": decibels(self.pca),
            "SSIM held out": self.likeness,
            "error in training": self.train,
            "error held out": self.held,
            "error of PCA held out": self.pca,
        }
        if self.best != self.pca:
            found["error of the best linear map held out"] = self.best
        if self.penalty:
            found["penalty on the code held out"] = self.penalty
        if self.distances is not None:
            found["cost of the code held out"] = self.cost
        if self.optimum:
            found["times the exact optimum"] = self.reached / self.optimum
        if self.distances is not None:
            found["nats in the code"] = float(self.distances.sum())
        return {**named(found, fitted), "numbers in use": float(self.used)}


def named(found: dict[str, T], fitted: bool) -> dict[str, T]:
    """Nothing is called held out where nothing was."""
    return {name.replace("held out", "learnt from"): value for name, value in found.items()} if fitted else found


def _optimum(bench: Bench, train: float) -> tuple[float | None, float]:
    """(the least that theory allows a linear network in training, what this one has); no optimum for others."""
    least = bench.task.least_loss(bench.made, bench.pca.variances)
    if least is not None:
        return least, bench.loss(torch.arange(len(bench.seen)))
    if bench.design.kind != "linear" or not bench.task.plain:
        return None, train
    least = mean_squared(bench.by_best(bench.seen), bench.pictures.train)
    return least if least > NOTHING else None, train


# ---------------------------------------------------------------- curves


def errors_so_far(bench: Bench) -> dict[str, Curve]:
    """Errors in training and held out, over PCA and the optimum as dashed lines; and the terms of a loss that has more."""
    steps, held = [x for x, _ in bench.log.held], [y for _, y in bench.log.held]
    drawn = {
        name: Curve(steps, list(values), "step", LABEL, chart=ERRORS, log="y")
        for name, values in (("in training", bench.train_errors), ("held out", held))
    }
    lines = {
        name: Curve([0.0], [value], "step", LABEL, chart=ERRORS, kind="reference", log="y")
        for name, value in _references(bench).items()
        if value > NOTHING  # as many numbers as the picture has: nothing to draw on a logarithmic axis
    }
    return named(drawn | lines | _terms(bench, steps), bench.pictures.fitted)


def _references(bench: Bench) -> dict[str, float]:
    some, held = bench.watched
    clean, seen, k = bench.choice[held], bench.choice_seen[held], bench.design.code
    found = {f"PCA, {k} numbers, held out": mean_squared(bench.by_pca(seen), clean)}
    if bench.best is not None:
        found[f"best linear, {k} numbers, held out"] = mean_squared(bench.by_best(seen), clean)
    if bench.design.kind == "linear" and bench.task.plain:
        found["exact optimum in training"] = mean_squared(bench.by_best(bench.seen[some]), bench.pictures.train[some])
    return found


def _terms(bench: Bench, steps: list[float]) -> dict[str, Curve]:
    if bench.task.plain:
        return {}
    name = {(True, True): "code: distance and penalty", (True, False): "code: distance from the standard Gaussian × beta"}.get(
        (bool(bench.task.variance), bench.task.penalty != "none"), f"code: {bench.task.penalty} penalty"
    )
    least = bench.task.least_loss(bench.made, bench.pca.variances)
    terms = {
        "loss in training": (steps, list(bench.losses)),
        "error of the mean code, held out": (steps, [y for _, y in bench.log.held]),
        f"{name}, held out": (steps, list(bench.costs)),
    }
    drawn = {name: Curve(x, y, "step", "per number of a picture", chart=LOSS, log="y") for name, (x, y) in terms.items() if x}
    if least:
        drawn["exact optimum of the loss"] = Curve([0.0], [least], "step", chart=LOSS, kind="reference", log="y")
    return drawn


def curves(bench: Bench, figures: Figures) -> dict[str, Curve]:
    """All of a finished run."""
    drawn = errors_so_far(bench)
    if figures.distances is not None:
        nats = figures.distances.sort(descending=True).values.tolist()
        ranks = [float(i) for i in range(1, len(nats) + 1)]
        drawn["distance from the standard Gaussian"] = Curve(
            ranks, nats, "number of the code, the busiest first", "nats", chart=CODE, kind="points"
        )
    return drawn
