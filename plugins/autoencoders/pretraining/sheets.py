"""The pictures, curves and tables that the lessons end in."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from PIL import Image as PILImage
from PIL import ImageDraw
from torch import Tensor

from hub import Curve, Image
from plugins.autoencoders import _pages as pages
from plugins.autoencoders._linear import PCA
from plugins.autoencoders.pretraining.lessons import Gain, Lessons, answers, gain, half
from plugins.autoencoders.pretraining.stacks import Stack

SIDE = 8
FILTERS = 16
SHOWN = 12
PRETRAINED = "pre-trained"
OLD, TODAY = "start of 2006", "today's start"
WAYS = (OLD, PRETRAINED, TODAY)
RAW = "raw pixels"


@dataclass
class Report:
    """What has been measured so far.

    learnt: units -> way -> (seeds, counts) accuracies after fine-tuning. features: name -> the same, of logistic regression.
    layers: curves of pre-training. slopes: units -> way -> norms of gradients by layer.
    """

    lessons: Lessons
    learnt: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    features: dict[str, Tensor] = field(default_factory=dict)
    layers: dict[str, Curve] = field(default_factory=dict)
    slopes: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def curves(self) -> dict[str, Curve]:
        """Accuracy over labels for each kind of units and for features, errors of layers, gradients by depth."""
        drawn: dict[str, Curve] = {}
        for units, ways in self.learnt.items():
            chart = f"Digits read right after fine-tuning, {units} units"
            drawn |= {f"{units}: {way}": self._accuracy(table, chart) for way, table in ways.items()}
            if RAW in self.features:
                alone = self._accuracy(self.features[RAW], chart)
                drawn[f"{units}: no network, logistic regression"] = replace(alone, kind="reference", spread=[])
        chart = "Digits read right by logistic regression, by what it is given"
        drawn |= {name: self._accuracy(table, chart) for name, table in self.features.items()}
        return drawn | self.layers | self._gradients()

    def _accuracy(self, table: Tensor, chart: str) -> Curve:
        counts = [float(count) for count in self.lessons.counts]
        means = (100 * table.mean(0)).tolist()
        return Curve(counts, means, "labelled digits", "read right, %", chart, spread=[100 * h for h in half(table)], log="x")

    def _gradients(self) -> dict[str, Curve]:
        chart, upright = "How strongly the loss pulls at each layer before it learns", "gradient, over the last layer's"
        return {
            f"{way}, {units}": Curve([float(i + 1) for i in range(len(norms))], norms, "layer", upright, chart, log="y")
            for units, ways in self.slopes.items()
            for way, norms in ways.items()
        }

    def table(self) -> list[dict[str, object]]:
        """One row for each kind of units and number of labels: accuracies, and gains with their intervals and p-values."""
        return [
            row(units, count, {way: values[:, i] for way, values in ways.items()})
            for units, ways in self.learnt.items()
            for i, count in enumerate(self.lessons.counts)
        ]

    def sheet(self) -> bytes:
        """Every single accuracy, as comma-separated values."""
        memory = io.StringIO()
        writer = csv.writer(memory, lineterminator="\n")
        writer.writerow(["learner", "start or features", "labels", "seed", "accuracy"])
        tables = [(u, way, t) for u, ways in self.learnt.items() for way, t in ways.items()]
        for units, way, values in (*tables, *(("logistic regression", name, t) for name, t in self.features.items())):
            for i, count in enumerate(self.lessons.counts):
                writer.writerows([units, way, count, seed, f"{float(v):.6f}"] for seed, v in enumerate(values[:, i]))
        return memory.getvalue().encode()


def row(units: str, count: int, ways: Mapping[str, Tensor]) -> dict[str, object]:
    """ways: way -> (seeds,) accuracies at this number of labels."""
    over_old, over_today = gain(ways[PRETRAINED], ways[OLD]), gain(ways[PRETRAINED], ways[TODAY])
    percent = {f"{way}, %": round(100 * float(ways[way].mean()), 1) for way in WAYS}
    return {
        "units": units,
        "labels": count,
        **percent,
        "gain over 2006": points(over_old),
        "p, 2006": chance(over_old),
        "gain over today's": points(over_today),
        "p, today's": chance(over_today),
    }


def points(of: Gain) -> str:
    """In percentage points, with half the 95 % interval."""
    return f"{100 * of.mean:+.1f} ± {100 * of.half:.1f}".replace("-", "−")


def chance(of: Gain) -> str:
    """The p-value, to two digits."""
    return "< 0.0001" if of.p < 0.0001 else f"{of.p:.2g}"


# ---------------------------------------------------------------- pictures


def filters(stack: Stack) -> Image:
    """What the first units of the first layer of the first network look for: grey is nothing, white for, black against."""
    return pages.atoms(stack.weights[0][0].T[:FILTERS].detach().cpu(), (1, SIDE, SIDE), columns=4, scale=6)


def plane(codes: Tensor, pictures: Tensor, labels: Tensor) -> Image:
    """(M, K) -> the two directions in which codes differ most, digits on it, framed by what they are."""
    flat = PCA.of(codes).encode(codes, 2).cpu()
    return pages.scatter(flat, pictures.reshape(-1, 1, SIDE, SIDE).cpu(), labels.cpu())


def latent(name: str, stack: Stack, layers: int, lessons: Lessons) -> tuple[str, Image]:
    """The held-out digits as hidden layer `layers` of the first network has them, and by how much its units tell them apart."""
    with torch.no_grad():
        said = stack.hidden(lessons.held[None], layers)[0]
    return f"{name}: spread {float(said.std(0).mean()):.2g}", plane(said, lessons.held, lessons.held_labels)


def by_pixels(lessons: Lessons) -> tuple[str, Image]:
    """The same of the pixels themselves."""
    return "Pixels, by PCA", plane(lessons.held, lessons.held, lessons.held_labels)


def progress(begun: Stack, made: Stack, done: int, lessons: Lessons) -> Image:
    """The sheet on the way: the last layer by chance, and the digits as the layers that are done have them; pixels before."""
    now = latent(f"Layer {done} of {made.depth}, pre-trained", made, done, lessons) if done else by_pixels(lessons)
    return pages.beside(dict((latent(f"Last layer, {OLD}", begun, begun.depth, lessons), now)))


@dataclass
class Gallery:
    """What is shown of one kind of units: the networks of the first seed, before and after a few labels.

    begun: the start of 2006. made: pre-trained from there. old, new: either, the first network after `count` labels.
    """

    begun: Stack
    made: Stack
    old: Stack | None = None
    new: Stack | None = None
    count: int = 0

    def sheet(self, lessons: Lessons) -> Image:
        """Maps of the last layer, and what the first one looks for."""
        depth = self.begun.depth
        starts = {f"Last layer, {OLD}": self.begun, "Last layer, pre-trained": self.made}
        above = pages.beside(dict(latent(name, stack, depth, lessons) for name, stack in starts.items()))
        parts = {OLD: self.begun, "… fine-tuned": self.old, PRETRAINED: self.made, "… fine-tuned ": self.new}
        below = pages.beside({name: filters(stack) for name, stack in parts.items() if stack is not None}, size=16)
        return pages.below([above, headed("What first-layer units look for", below)])

    def readings(self, lessons: Lessons) -> Image | None:
        """Digits that only one of the two reads right; None where there are none, or before they were taught."""
        if self.old is None or self.new is None:
            return None
        old, new = (answers(stack, lessons.held)[0] for stack in (self.old, self.new))
        right, was = new == lessons.held_labels, old == lessons.held_labels
        rows = {f"Only the pre-trained network is right: {int((right & ~was).sum())} of {len(old)}": (right & ~was, old)}
        rows |= {f"Only the start of 2006 is right: {int((was & ~right).sum())} of {len(old)}": (was & ~right, new)}
        shown = {name: readings(lessons, which, said) for name, (which, said) in rows.items() if which.any()}
        return pages.stacked(shown) if shown else None


def readings(lessons: Lessons, which: Tensor, said: Tensor) -> Image:
    """Some of the digits, with what they are and what was said."""
    places = which.nonzero()[:, 0]
    places = places[pages.spread(len(places), SHOWN).to(places.device)]
    scale, gap = 7, 14
    width = SIDE * scale + gap
    sheet = PILImage.new("RGB", (width * SHOWN - gap, SIDE * scale + 22), pages.PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, place in enumerate(places.tolist()):
        sheet.paste(pages.picture(lessons.held[place].reshape(1, SIDE, SIDE), scale), (i * width, 0))
        words = f"{int(lessons.held_labels[place])}, not {int(said[place])}"
        pen.text((i * width, SIDE * scale + 4), words, fill=pages.QUIET, font=pages.font(14))
    return sheet


def headed(name: str, sheet: Image, margin: int = 12) -> Image:
    """A sheet with a heading over it."""
    made = PILImage.new("RGB", (sheet.width, sheet.height + 26), pages.PAPER)
    ImageDraw.Draw(made).text((margin, 2), name, fill=pages.INK, font=pages.font(20))
    made.paste(sheet, (0, 26))
    return made
