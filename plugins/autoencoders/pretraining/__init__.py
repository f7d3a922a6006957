"""How deep learning began, replayed in seconds: layers that learn by themselves, without labels, before anyone teaches them.
See what that is worth with 10 labelled digits, or with 1438, and how much of it today's way to start gives for nothing.

A network of several layers of sigmoid units could hardly be taught in 2005: the error has to find its way back from the last
layer to the first, and shrinks at each (see the chart of gradients). The way out that was found in 2006: let each layer learn
first, from below to above, to rebuild what the layer under it says, as an autoencoder does. That needs no labels, so all 1438
training digits serve. Then the whole network is fine-tuned on the few that have labels.

Here every network is taught from three starts. *Start of 2006*: small random weights, as they were usual. *Pre-trained*: the
same weights after each layer learnt by itself. *Today's start*: random weights of the size that keeps signals alive (Glorot and
Bengio 2010; He et al. 2015), no pre-training. All three see the same labelled digits in the same batches for the same number of
steps, and are tested on the same 359 digits. Everything is repeated with other labelled digits and other chance; error bars are
95 % intervals over these repetitions, and the table has a paired t-test in each row, none corrected for there being several.
They do not tell how another test set would come out. The dashed line is logistic regression on raw pixels: no network at all.

What to look for: with few labels the gain over the start of 2006 is large for sigmoid units and smaller for ReLU. With all
labels next to nothing is left of it for ReLU, and for sigmoid units what a longer course would close: three times as many
lessons bring the start of 2006 from about 90 to 97 % there, but with twenty labels only from about 50 to 52 %. Today's start,
which costs nothing, gives most of the gain; pre-training is ahead of it with the fewest labels only, and from a few hundred on
not at all. And on digits as small as these a linear classifier is hard to beat.

The maps show the test digits as the last hidden layer has them, before any lesson, along the two directions in which they differ
most; colours are classes. *Spread* is how much a unit's answer varies from digit to digit: from the start of 2006 next to
nothing arrives there. Under the maps: the weights of units of the first layer, grey for none. The chart of pre-training shows
how well each layer rebuilds numbers that were partly blotted out; the dashed line in it is the best that any linear layer as
wide could do on pixels (reduced-rank regression; PCA where nothing is blotted out).

Another chart gives a linear classifier other things to read than pixels: principal components (PCA), the code of a plain
autoencoder, and the last layer of the pre-trained network, found without labels too. With ten or twenty labels that last layer
is the best of all to read, better than fine-tuning it. With many it is the worst: none of these was made to tell digits apart.
The plain autoencoder's code, of an autoencoder for each repetition, loses to as many principal components by a few points
with ten or twenty labels; from fifty on the two are about level.

Published, on 28 × 28 digits (MNIST): as codes of 30 numbers, an autoencoder leaves a squared error of 3.00 a picture, logistic
PCA 8.01, PCA 13.87; pre-training takes the test error from 1.6 % to 1.2 % (Hinton and Salakhutdinov 2006). Three stacked
autoencoders have 1.40 %, three denoising ones 1.28 %, a support vector machine 1.40 % (Vincent et al. 2010). For a random
forest PCA's 32 numbers serve better than an autoencoder's: 95.70 % against 95.23 %, and raw pixels best, 97.09 %.

It takes no picture of yours, for the question needs labels, and a photo brings none.

Sources: Hinton and Salakhutdinov 2006; Bengio et al. 2006, for layers as autoencoders; Vincent et al. 2010, for blotting out
inputs; Erhan et al. 2010, for starts compared over the number of labels; Izenman 1975, for the best linear layer. Departures:
digits are 8 × 8 (Alpaydin and Kaynak 1998); layers are pre-trained as denoising autoencoders, where Hinton and Salakhutdinov's
were restricted Boltzmann machines, trained by contrastive divergence; all networks of one start learn as one batched product;
every start is fine-tuned by Adam, which helps the old one, at a step size of its own, the best of six between 0.003 and 0.05 on
average over all numbers of labels, on two times 300 training digits set apart, over fifteen repetitions that are not among
those shown; the step size of pre-training was found there too.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Image
from plugins.autoencoders._examples import bundled
from plugins.autoencoders.pretraining import features, sheets
from plugins.autoencoders.pretraining.lessons import Lessons, accuracies, balanced, counts_to, gain, teach
from plugins.autoencoders.pretraining.sheets import OLD, PRETRAINED, RAW, TODAY, Gallery, Report
from plugins.autoencoders.pretraining.stacks import Stack, Units, pretrain, slopes, started

RATES = {
    ("sigmoid", OLD): 0.02,
    ("sigmoid", PRETRAINED): 0.02,
    ("sigmoid", TODAY): 0.05,
    ("ReLU", OLD): 0.01,
    ("ReLU", PRETRAINED): 0.005,
    ("ReLU", TODAY): 0.01,
}
"""The step size of fine-tuning, tuned for each start: see the page."""
FEW = 20  # labels, of which the caption speaks, and at which single networks are shown
CODE_STEPS = 600
ASTRAY = 0.2
"""Of ten classes: whoever reads no more right after all lessons has learnt next to nothing."""


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {
        "units": "sigmoid", "depth": 2, "width": 8, "pretraining": 2, "steps": 2, "seeds": 2, "most": 20, "code": 2,
    }  # fmt: skip

    units: Literal["sigmoid and ReLU", "sigmoid", "ReLU"] = hub.Field(
        "sigmoid and ReLU", label="Units", description="Sigmoid units were those of 2006; ReLU units are those of today."
    )
    depth: int = hub.Field(4, ge=1, le=6, label="Depth", description="Hidden layers between the pixels and the ten classes.")
    pretraining: int = hub.Field(
        400, ge=0, le=2000, label="Pre-training", description="Steps that each layer learns without labels; 0 for none."
    )
    noise: float = hub.Field(
        0.25,
        ge=0,
        le=0.9,
        label="Corruption",
        description="The share of numbers blotted out before a layer rebuilds them (denoising); 0 for plain autoencoders.",
    )
    steps: int = hub.Field(
        1000, ge=1, le=5000, label="Lessons", description="Steps of learning with labels, the same for every start."
    )
    seeds: int = hub.Field(
        10, ge=2, le=20, label="Repetitions", description="How often all is done anew, with other labels and other chance."
    )
    width: int = hub.Field(48, ge=2, le=128, label="Width", description="Units in each hidden layer.", more=True)
    most: int = hub.Field(
        1438, ge=10, le=1438, label="Most labels", description="The largest number of labelled digits, of 1438.", more=True
    )
    code: int = hub.Field(
        16, ge=1, le=64, label="Code", description="Principal components, and numbers in the code, given as features.", more=True
    )
    rate: float = hub.Field(
        1.0, ge=0.1, le=10, label="Rate", description="Times the step size that was tuned for each start.", more=True
    )
    seed: hub.Seed = hub.Field(0, label="Seed", description="Where chance starts from.", more=True)


def cost(image: None, params: Params) -> float:
    """Seconds: each repetition trains its layers one by one, and all of them together."""
    wide = (params.width / 48) ** 1.5
    return 8 + 0.25 * params.seeds * params.depth * wide * (params.pretraining / 400 + params.steps / 1000)


@hub.technique(
    title="Pre-training",
    family="Compress & restore",
    cost=cost,
    paper="Hinton and Salakhutdinov 2006; Bengio et al. 2006; Vincent et al. 2010",
)
def run(image: None, params: Params) -> Iterator[hub.Result]:
    """See the module's page."""
    generator = torch.Generator().manual_seed(params.seed)
    lessons = lessons_of(params, generator)
    kinds: list[Units] = [kind for kind in ("sigmoid", "ReLU") if kind in params.units]  # type: ignore[misc]
    report, galleries = Report(lessons), {}
    sizes = [lessons.pictures.shape[1], *[params.width] * params.depth, 10]
    begun = {kind: started(sizes, kind, OLD, params.seeds, generator) for kind in kinds}
    yield hub.Result(image=sheets.progress(begun[kinds[0]], begun[kinds[0]], 0, lessons), progress=0.001)
    baselines(report, params.code)
    for kind, span in zip(kinds, spans(0.05, 0.95, len(kinds)), strict=True):
        galleries[kind] = yield from replay(begun[kind], report, params, generator, span)
    yield from codes(report, galleries[kinds[0]], params, generator, (0.95, 0.99))
    pictures = shown_of(galleries, lessons)
    yield hub.Result(
        image=pictures[0][0],
        images=pictures[1:],
        curves=report.curves(),
        table=report.table(),
        metrics=figures(report),
        caption=told(report, params),
        files={"accuracies.csv": report.sheet()},
        progress=1.0,
    )


def lessons_of(params: Params, generator: torch.Generator) -> Lessons:
    """The digits, and for each seed the order in which their labels are told."""
    data = bundled("digits")
    pictures, held, labels = data.train.flatten(1), data.held.flatten(1), data.labels
    return Lessons(pictures, labels, balanced(labels, params.seeds, generator), counts_to(params.most), held, data.held_labels)


def spans(start: float, end: float, count: int) -> list[tuple[float, float]]:
    """A span of progress, shared out evenly."""
    return [(start + (end - start) * i / count, start + (end - start) * (i + 1) / count) for i in range(count)]


def replay(
    begun: Stack, report: Report, params: Params, generator: torch.Generator, span: tuple[float, float]
) -> Generator[hub.Result, None, Gallery]:
    """Pre-train, then teach from all three starts: the same labelled digits, the same batches, the same number of steps."""
    lessons, units = report.lessons, begun.units
    before, *lesson_spans = spans(*span, 4)
    made, report.layers = yield from pretrain(
        begun, lessons.pictures, lessons.held, params.pretraining, params.noise, generator,
        show=lambda stack, done: sheets.progress(begun, stack, done, lessons),
        curves=report.curves, layers=report.layers, span=before,
    )  # fmt: skip
    sizes = [len(begun.weights[0][0]), *(weight.shape[2] for weight in begun.weights)]
    starts = {OLD: begun, PRETRAINED: made, TODAY: started(sizes, units, TODAY, params.seeds, generator)}
    report.slopes[units] = {way: slopes(start, *lessons.labelled(0, lessons.counts[-1])) for way, start in starts.items()}
    still, batches, shown = Gallery(begun, made).sheet(lessons), generator.get_state(), {}
    for (way, start), part in zip(starts.items(), lesson_spans, strict=True):
        generator.set_state(batches)
        table = report.learnt.setdefault(units, {})

        def drawn(now: Tensor, way: str = way, table: dict[str, Tensor] = table) -> dict[str, hub.Curve]:
            table[way] = now
            return report.curves()

        rate = params.rate * RATES[units, way]
        taught = yield from teach(start, lessons, params.steps, rate, generator, show=lambda: still, curves=drawn, span=part)
        table[way] = accuracies(taught, lessons)
        shown[way] = taught.one(place(lessons))
    return Gallery(begun, made, shown[OLD], shown[PRETRAINED], lessons.counts[place(lessons)])


def shown_of(galleries: dict[str, Gallery], lessons: Lessons) -> list[tuple[Image, str]]:
    """For each kind of units the sheet of the first repetition, and the digits that only one of two networks reads right."""
    pictures = []
    for units, gallery in galleries.items():
        pictures.append((gallery.sheet(lessons), f"{units} units: last layers and first layers"))
        if readings := gallery.readings(lessons):
            pictures.append((readings, f"{units} units after {gallery.count} labels, first repetition"))
    return pictures


def place(lessons: Lessons) -> int:
    """Which of the numbers of labels single networks are shown at: the one nearest to a few."""
    return min(range(len(lessons.counts)), key=lambda i: abs(lessons.counts[i] - FEW))


def baselines(report: Report, code: int) -> None:
    """Logistic regression on pixels and on principal components: no network."""
    lessons = report.lessons
    report.features[RAW] = features.scores(lessons.pictures, lessons.held, lessons)
    report.features[f"PCA, {code} numbers"] = features.scores(*features.principal(lessons, code), lessons)


def codes(
    report: Report, shown: Gallery, params: Params, generator: torch.Generator, span: tuple[float, float]
) -> Generator[hub.Result, None, None]:
    """Logistic regression on the code of plain autoencoders and on the last layer of the pre-trained networks."""
    lessons = report.lessons
    drawn = {"show": lambda: shown.sheet(lessons), "curves": report.curves}
    coded = yield from features.coded(lessons, params.code, CODE_STEPS, generator, span, **drawn)
    report.features[f"autoencoder, {params.code} numbers"] = features.scores(*coded, lessons)
    with torch.no_grad():
        last = [shown.made.hidden(pictures[None], shown.made.depth) for pictures in (lessons.pictures, lessons.held)]
    report.features[f"pre-trained last layer, {shown.made.units}"] = features.scores(*last, lessons)


# ---------------------------------------------------------------- in words


def figures(report: Report) -> dict[str, float]:
    """Accuracies and gains with few labels, in per cent and percentage points."""
    i = place(report.lessons)
    count, numbers = report.lessons.counts[i], {}
    for units, ways in report.learnt.items():
        over = {way: gain(ways[PRETRAINED][:, i], ways[way][:, i]) for way in (OLD, TODAY)}
        numbers[f"{units}, {count} labels: pre-trained, read right, %"] = 100 * float(ways[PRETRAINED][:, i].mean())
        numbers |= {f"{units}, {count} labels: gain over {way}, points": 100 * g.mean for way, g in over.items()}
    return numbers


def told(report: Report, params: Params) -> str:
    """What a few labels come to from each start, and without a network."""
    i = place(report.lessons)
    layers = f"{params.depth} layer" + ("s" if params.depth > 1 else "")
    lines = [f"Read right after {report.lessons.counts[i]} labels, in {layers}, mean of {params.seeds} repetitions:"]
    for units, ways in report.learnt.items():
        old, pretrained, today = (100 * float(ways[way][:, i].mean()) for way in (OLD, PRETRAINED, TODAY))
        over = gain(ways[PRETRAINED][:, i], ways[OLD][:, i])
        lines.append(
            f"{units} units {old:.0f} % from the start of 2006, {pretrained:.0f} % pre-trained "
            f"({sheets.points(over)} points, p {sheets.chance(over)}), {today:.0f} % from today's start;"
        )
    pixels = f" logistic regression on raw pixels {100 * float(report.features[RAW][:, i].mean()):.0f} %."
    return " ".join(lines) + pixels + astray(report, params)


def astray(report: Report, params: Params) -> str:
    """Which networks read hardly more than chance after the most labels, and what to try; nothing where none does."""
    lost = [f"{units} units, {way}" for units, ways in report.learnt.items() for way, read in ways.items()
            if float(read[:, -1].mean()) <= ASTRAY]  # fmt: skip
    if not lost:
        return ""
    cure = "a smaller rate" if params.rate > 1 else "more lessons or fewer layers"
    return (
        f" Hardly more than the 10 % of chance even after {report.lessons.counts[-1]} labels: {'; '.join(lost)}. "
        f"What was learnt there compares no starts. Try {cure}."
    )
