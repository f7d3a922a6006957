"""Measure the shipped painter and write its model card, with a contact sheet: python -m plugins.style.instant_style.card

On photographs and styles that it was never trained on, and on the named styles; judged by a network it was never trained with.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Iterator

import torch
from safetensors import safe_open
from torch import Tensor

from hub import Image, devices, metrics, samples, sheets
from hub.files import write_safely
from hub.pixels import images
from plugins.style._pages import manner_page, sized
from plugins.style.instant_style import Params, bank, paint, styles
from plugins.style.instant_style.styles import NAMED, WEIGHTS, Style

SIDE = 384
ENOUGH, KEPT = 0.35, 0.35
STRENGTH = Params.model_fields["strength"].default
HEAD = """---
license: apache-2.0
tags: [style-transfer, image-to-image]
---
"""


def chosen() -> Iterator[tuple[str, Style]]:
    """The named styles, then those of TEST_STYLES."""
    for name in NAMED:
        yield name, styles.named(name)
    for name in bank.TEST_STYLES:
        yield name.replace("_", " "), styles.own(manner_page(name.replace("_", " "), styles.PAGE))


def measured(photo: Tensor, style: Style, page: Tensor) -> tuple[Tensor, float, float]:
    """The painting, the share of the way to the style, and the edge SSIM."""
    painted = paint(photo, [style], STRENGTH, 1.0, 1.0, 0)
    taken = metrics.style_taken(photo, painted, [(page, 1.0)]) or 0.0
    return painted, taken, metrics.edge_ssim(painted, photo, metrics.THUMBNAIL)


def figures() -> tuple[list[str], list[tuple[Image, str]], dict[bool, list[tuple[float, float]]]]:
    """Rows of the card's table, pictures of its sheet, and (share, edge SSIM) of named styles (True) and of others."""
    photos = [sized(images.to_tensor(samples.load(name)), SIDE)[0] for name in bank.TEST_PHOTOS]
    rows, pictures, found = [], [], {True: [], False: []}
    for name, style in chosen():
        page = style.page()
        pictures.append((images.to_image(images.resize(page, (SIDE, SIDE))), name))
        each = [measured(photo, style, page) for photo in photos]
        pictures += [(images.to_image(painted), f"{taken:.0%}, edges {edges:.2f}") for painted, taken, edges in each]
        found[name in NAMED] += [(taken, edges) for _, taken, edges in each]
        cells = " | ".join(f"{taken:.0%}, {edges:.2f}" for _, taken, edges in each)
        rows.append(f"| {name}{'' if name in NAMED else ' (never learnt)'} | {cells} |")
    return rows, pictures, found


def summary(pairs: list[tuple[float, float]]) -> str:
    """How many of some pairs come near enough and keep enough."""
    enough = sum(taken >= ENOUGH for taken, _ in pairs)
    both = sum(taken >= ENOUGH and edges >= KEPT for taken, edges in pairs)
    taken, edges = (statistics.median(column) for column in zip(*pairs, strict=True))
    return (
        f"distance to the style falls by {taken:.0%} (median), by {ENOUGH:.0%} or more on {enough} of {len(pairs)}, with an edge "
        f"SSIM of {KEPT} or more on {both}; median edge SSIM {edges:.2f}"
    )


def card() -> str:
    """Measure, write the contact sheet; returns the text of the card."""
    rows, pictures, found = figures()
    write_safely(WEIGHTS.parent / "paintings.jpg", sheets.jpeg(sheets.sheet(pictures, 1 + len(bank.TEST_PHOTOS), 144)))
    with safe_open(WEIGHTS, "pt") as file:
        told = file.metadata()
    recipe = ", ".join(f"{name} {value:g}" for name, value in json.loads(told["recipe"]).items())
    digest = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    return (
        HEAD
        + f"""
# The painter of `instant_style`

One pass over a photo paints it in a style: {len(NAMED)} that come with it, or any other picture's.
`model.safetensors`: {WEIGHTS.stat().st_size / 1e6:.1f} MB, half precision, SHA-256 `{digest}`.

## Data and recipe

Shape: `{told["shape"]}`. The scenes that were painted: {", ".join(bank.PHOTOS)} (photographs that scikit-image and scikit-learn
bring along, with their licences, and a drawn sky) and drawings of the picture world. The styles: paintings and textures of the
picture world, drawn by program. The loss is felt by the embedded network.

Recipe: {recipe}. {told["history"]}

Trained anew, with other weights coming out, by `python -m plugins.style.instant_style.train --out runs/instant`.

## Figures

Photographs that it never painted before ({", ".join(bank.TEST_PHOTOS)}) at {SIDE} px, strength {STRENGTH}. In a cell: how much
nearer the style came to a second network that had no part in the training (1 - distance after / before), and the edge SSIM
at {metrics.THUMBNAIL} pixels.

- Named styles: {summary(found[True])}.
- Styles that it never learnt: {summary(found[False])}. They are drawn, and the embedded network, which describes
  styles to the painter, knows them as classes: for pictures of another kind this may flatter.

| style | {" | ".join(bank.TEST_PHOTOS)} |
|---|{"---|" * len(bank.TEST_PHOTOS)}
{chr(10).join(rows)}

![Every style on every photograph](paintings.jpg)

Measured and written by `python -m plugins.style.instant_style.card`.
"""
    )


def main() -> None:
    devices.settle()
    torch.set_num_threads(2)
    text = card()
    write_safely(WEIGHTS.parent / "README.md", text.encode())
    print("\n".join(line for line in text.splitlines() if line.startswith(("- ", "| "))))


if __name__ == "__main__":
    main()
