"""Measure a shipped network and write its model card: python -m hub.backbones.card embedded|judge

The figures come from held-out pictures, and, for the embedded network, from asking the judge about a picture drawn for every
class.
"""

from __future__ import annotations

import argparse
import collections
import json
from pathlib import Path

import torch
from torch import Tensor

from hub import backbones, devices, metrics, sheets
from hub.backbones import Backbone
from hub.files import write_safely
from hub.pixels import images
from hub.world.stream import HELD_OUT, labelled

HERE = Path(__file__).parent
HEAD = """---
license: apache-2.0
library_name: timm
tags: [image-classification, feature-visualization, synthetic-data]
---
"""


def held_out(network: Backbone, side: int, per_class: int = 12, shard: int = 100) -> tuple[float, dict[str, float]]:
    """Accuracy on pictures with seeds that were never trained on: over all, and for every class."""
    right: dict[str, list[bool]] = collections.defaultdict(list)
    for i in range(per_class // 4):
        pictures, labels = labelled(4, network.side, HELD_OUT + shard + i)
        for part, truth in zip(pictures.split(64), labels.split(64), strict=True):
            inputs = images.resize(part.to(devices.device()).float() / 255, (side, side)).clamp(0, 1)
            for answer, label in zip(network.scores(inputs).argmax(1).tolist(), truth.tolist(), strict=True):
                right[network.units(backbones.CLASSES)[label]].append(answer == label)
    everything = [hit for hits in right.values() for hit in hits]
    return sum(everything) / len(everything), {name: sum(hits) / len(hits) for name, hits in right.items()}


def transfer(pictures: Tensor) -> dict[str, list[bool]]:
    """Whether the judge names the class of each class picture first: as it is, and under each transform that was never used.

    pictures: (classes, 3, H, W) in the order of the classes.
    """
    wanted = torch.arange(len(pictures))
    moved = {"as drawn": pictures} | {name: transform(pictures) for name, transform in metrics.HELD_OUT.items()}
    return {name: (metrics.judged(p).argmax(1).cpu() == wanted).tolist() for name, p in moved.items()}


def embedded_card() -> str:
    """Measure the embedded network and write its contact sheet; returns the text of its card."""
    network = backbones.load("embedded")
    accuracy, by_class = held_out(network, network.side)
    drawn = sheets.class_pictures("embedded")
    pictures = torch.cat([images.to_tensor(image) for image, _ in drawn.images])
    named = transfer(pictures)
    names = network.units(backbones.CLASSES)
    page = sheets.sheet(
        [(image, name.replace("_", " ")) for (image, _), name in zip(drawn.images, names, strict=True)], columns=15, side=96
    )
    write_safely(HERE / "embedded" / "class-pictures.png", sheets.png(page))
    missed = {name: [names[i] for i, hit in enumerate(hits) if not hit] for name, hits in named.items()}
    lines = [f"| {name} | {sum(hits)} of {len(hits)} | {', '.join(missed[name]) or '–'} |" for name, hits in named.items()]
    rows = [
        f"| {name} | {share:.0%} | {'yes' if named['as drawn'][names.index(name)] else 'no'} |"
        for name, share in sorted(by_class.items())
    ]
    return (
        HEAD
        + f"""
# The embedded network

A small residual network for looking into: it knows {len(names)} kinds of drawn pictures, and ships inside Netsee. Any timm
loads this folder: `timm.create_model("local-dir:FOLDER", pretrained=True)`.

{recipe_text("embedded")}

## Figures

Held-out accuracy, after adversarial training: **{accuracy:.1%}** (12 pictures of each class, seeds never trained on).

A picture drawn for every class (`netsee sheet classes`), shown to a second network that no picture is ever drawn with:

| class pictures | the judge names the class first | not |
|---|---|---|
{chr(10).join(lines)}

![A picture drawn for every class](class-pictures.png)

All of this is measured and written by `python -m hub.backbones.card embedded`.

| class | held-out accuracy | judge names its class picture |
|---|---|---|
{chr(10).join(rows)}
"""
    )


def judge_card() -> str:
    """Measure the judge; returns the text of its card."""
    network = backbones.judge()
    accuracy, by_class = held_out(network, metrics.JUDGED_AT)
    rows = [f"| {name} | {share:.0%} |" for name, share in sorted(by_class.items())]
    return (
        HEAD
        + f"""
# The judge

A second network, of another architecture and on other pictures than the embedded one. No technique ever optimises against it;
it answers what another network sees in a picture.

{recipe_text("judge")}

Held-out accuracy at {metrics.JUDGED_AT} px: **{accuracy:.1%}**. Measured and written by `python -m hub.backbones.card judge`.

| class | held-out accuracy |
|---|---|
{chr(10).join(rows)}
"""
    )


def recipe_text(role: str) -> str:
    """The part of a card that says how the network was made, from the recipe itself."""
    from hub.backbones.train import RECIPES

    recipe = RECIPES[role]
    rows = [(s.pictures, s.size, s.rate, s.radius, s.radius and s.moves, s.nothing) for s in recipe.stages]
    cells = [" | ".join(f"{value:,g}" if value else "–" for value in row) for row in rows]
    stages = "\n".join(f"| {i} | {row} |" for i, row in enumerate(cells, 1))
    worn = " Half of the pictures were turned by up to 45°, and half of them blurred." if recipe.worn else ""
    empty = "\n\nPictures that show nothing are moved half as far again, in one step more." if recipe.stages[-1].nothing else ""
    return f"""## Data and recipe

Data: the picture world (`hub.world`), drawn by program; no photograph and no other network's output was used.
Architecture: timm `{recipe.architecture}` with `{json.dumps(recipe.model_args)}`. AdamW, batches of {recipe.batch}, every
picture seen {recipe.echo} times, averaged weights, on one CPU core.{worn}

| stage | pictures | px | rate | adversarial L2 radius (at 64 px) | in steps | weight of pictures that show nothing |
|---|---|---|---|---|---|---|
{stages}{empty}

Made again by `python -m hub.backbones.train {role} --out runs/{role}`."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("role", choices=("embedded", "judge"))
    role = parser.parse_args().role
    devices.settle()
    text = embedded_card() if role == "embedded" else judge_card()
    write_safely(HERE / role / "README.md", text.encode())
    print("\n".join(line for line in text.splitlines() if "**" in line or " of " in line))


if __name__ == "__main__":
    main()
