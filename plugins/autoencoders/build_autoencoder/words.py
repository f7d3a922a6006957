"""What the figures of a run say in words, what to try next, and the network as a table."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from plugins.autoencoders._figures import decibels
from plugins.autoencoders._networks import Autoencoder
from plugins.autoencoders.build_autoencoder.bench import Bench
from plugins.autoencoders.build_autoencoder.measures import NEAR, NOTHING, Figures

OVERFITTED, BY_HEART = 1.3, 100


def caption(bench: Bench, figures: Figures) -> str:
    """How it did against what needs no training, and one thing to try."""
    k, better = bench.design.code, decibels(figures.held) - decibels(figures.best)
    linear = "PCA with as many" if bench.best is None else "the best linear map through as many"
    who = f"{k} {'number' if k == 1 else 'numbers'}{' and the places of the maxima' if bench.places else ''}"
    beside = "fitted to these very pictures" if bench.pictures.fitted else "held out"
    won = f"wins by {better:.1f} dB" if better > 0.05 else f"loses by {-better:.1f} dB" if better < -0.05 else "does as well"
    said = f"{who}: {decibels(figures.held):.1f} dB {beside}, {linear} " + (
        f"{decibels(figures.best):.1f} dB; the network {won}."
        if figures.best > NOTHING
        else "loses nothing, for they are as many as a picture varies in."
    )
    return " ".join(filter(None, (said, _code(bench, figures), _origin(bench), advice(bench, figures))))


def _code(bench: Bench, figures: Figures) -> str:
    """What the code is like, where more than the error was asked for; and the badge of a linear one."""
    if figures.optimum:
        over = figures.reached / figures.optimum - 1
        what = "loss" if bench.task.variance else "error in training"
        badge = "within 1 % of the exact optimum" if over < NEAR - 1 else f"{over:.0%} above the exact optimum"
        said = f"Its {what} is {badge}."
    else:
        said = ""
    if bench.design.variational:
        said += f" {figures.used} of {bench.design.code} numbers are in use, {float(figures.distances.sum()):.1f} nats in all."
    elif bench.design.on_code == "relu":
        said += f" {figures.zero:.0%} of the code is zero."
    return said.strip()


def _origin(bench: Bench) -> str:
    made = bench.made.parameter_count
    steps = bench.before + bench.training.step
    kept = f"; the weights of step {bench.before + bench.kept:,.0f} are kept" if bench.kept is not None else ""
    if bench.kept == 0:
        kept += f", for {'further ' if bench.before else ''}training made it no better"
    return f"{made:,} parameters, {steps:,} steps{f', {bench.before:,} of them before' if bench.before else ''}{kept}."


def advice(bench: Bench, figures: Figures) -> str:
    """What to try next, the first of some rules that applies."""
    design, k = bench.design, bench.design.code
    times = _by_heart(bench, figures)
    worse, short = figures.held > NEAR * figures.best, figures.train > NEAR * figures.best
    rules = (
        (float(bench.pca.variances.sum()) < NOTHING, "These pictures are all alike: give it some that differ."),
        (not bench.before + bench.training.step, "Nothing was trained yet: give it some steps."),
        (bench.places, "Try nearest neighbour: with the places of maxima, the code is not all that is passed on."),
        (figures.optimum and figures.reached > NEAR * figures.optimum, "Try more steps: a linear one can come nearer."),
        (figures.optimum and not bench.task.variance, "No linear network can do better: try a dense one."),
        (times > OVERFITTED, f"In the end {_knew(times)}: {_against_that(bench)}."),
        (design.variational and figures.used < k,
         f"Try {numbers(max(1, figures.used))} or a smaller beta: {k - figures.used} of the code stay idle."),
        (not design.variational and k >= design.numbers and bench.task.noise == bench.task.penalty == "none",
         f"The code is as large as a picture ({design.numbers} numbers): try fewer, or noise, or a penalty."),
        (design.on_code == "relu" and figures.zero < 0.5, "Try a larger weight for a sparser code."),
        (worse and bench.task.variance, "A cloud costs sharpness: try a smaller beta."),
        (worse and bench.task.penalty != "none", "The penalty costs sharpness: try a smaller weight."),
        (worse and short, "Try more steps, or a larger width."),
        (worse, "Try fewer numbers, where a network has most to gain."),
        (True, f"Try {max(1, k // 2)} numbers: the narrower the code, the more a network gains over PCA."
         if k > 3 else "Try noise on the input."),
    )  # fmt: skip
    return next(said for applies, said in rules if applies)


def numbers(count: int) -> str:
    """So many numbers, in words."""
    return f"{count} number" + ("s" if count > 1 else "")


def _by_heart(bench: Bench, figures: Figures) -> float:
    """How many times the error in training the one held out was at the last step; 0 where nothing was held out, or learnt."""
    if bench.pictures.fitted or not bench.train_errors[-1]:
        return 0.0
    return bench.log.held[-1][1] / bench.train_errors[-1]


def _knew(times: float) -> str:
    if times < BY_HEART:
        return f"the error held out was {times:.1f} times that in training"
    return "it knew the pictures of the training by heart, and no others"


def _against_that(bench: Bench) -> str:
    noise = "noise on the input" if bench.task.noise == "none" else "more noise"
    return f"try {noise}, or {'fewer numbers' if bench.design.kind == 'linear' else 'a smaller width'}"


def layers(made: Autoencoder) -> list[dict[str, Any]]:
    """The network in plain words: a row for each part with weights, with what it gives and how many parameters it has."""
    rows: list[dict[str, Any]] = []
    shapes: dict[str, tuple[int, ...]] = {}
    parts = {name: part for name, part in made.named_modules() if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)}
    hooks = [
        part.register_forward_hook(lambda _, __, given, name=name: shapes.update({name: tuple(given.shape[1:])}))
        for name, part in parts.items()
    ]
    try:
        with torch.no_grad():
            made(made.mean[None])
    finally:
        for hook in hooks:
            hook.remove()
    rows.append({"layer": "picture, less the mean", "gives": _shape(made.design.shape), "parameters": 0})
    for name, part in parts.items():
        rows.append({
            "layer": f"{'encoder' if name.startswith('encoder') else 'decoder'}: {_what(made, name, part)}",
            "gives": _shape(shapes[name]),
            "parameters": sum(p.numel() for p in part.parameters()),
        })  # fmt: skip
    return [*rows, {"layer": "in all", "gives": "", "parameters": made.parameter_count}]


def _what(made: Autoencoder, name: str, part: nn.Module) -> str:
    if isinstance(part, nn.Linear):
        return "straight line, as PCA" if name.endswith("straight") else "every number to every number"
    if "levels" not in name:
        return "3 × 3 convolution to the picture"
    if name.startswith("encoder"):
        return "3 × 3 convolution, then 2 × 2 max pooling"
    enlarging = made.design.enlarging
    return enlarging if enlarging.startswith("transposed") else f"{enlarging} and 3 × 3 convolution"


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) + (" numbers" if len(shape) == 1 else "")
