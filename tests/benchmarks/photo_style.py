"""Photos restyled by each other: figures of every pair and method, and contact sheets to look at.

`python -m tests.benchmarks.photo_style FOLDER` for a dozen pairs chosen beforehand, with `--all` for every pair of eight photos,
with `--deep` for that method too.
"""

from __future__ import annotations

import argparse
from itertools import permutations
from pathlib import Path

import hub
from hub import samples, sheets
from hub.files import write_safely
from hub.results import Image

PHOTOS = ("china", "coffee", "motorcycle", "astronaut", "flower", "rocket", "cat", "clouds")
PAIRS = (
    ("china", "rocket"), ("china", "coffee"), ("china", "clouds"), ("motorcycle", "coffee"), ("motorcycle", "rocket"),
    ("coffee", "china"), ("clouds", "rocket"), ("clouds", "flower"), ("cat", "coffee"), ("astronaut", "flower"),
    ("rocket", "china"), ("flower", "clouds"),
)
ROWS = 6  # of a sheet


def row(photo: str, reference: str, methods: list[str]) -> tuple[list[tuple[Image, str]], dict[str, dict[str, float]]]:
    """The pictures of one pair with words, and the figures by method."""
    pictures, figures = [(samples.load(photo), photo), (samples.load(reference), reference)], {}
    for method in methods:
        made = hub.run("photo_style", samples.load(photo), reference=reference, method=method)
        figures[method] = made.metrics
        if method == "by region":
            pictures += [(image, ("photo", "reference")[i] + " regions") for i, (image, _) in enumerate(made.images)]
        edge, distance = made.metrics["edge SSIM"], made.metrics["style distance"]
        pictures.append((made.image, f"{method}: edges {edge:.2f} style {distance:.2f}"))
    return pictures, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--deep", action="store_true")
    asked = parser.parse_args()
    methods = ["by region", *(["deep"] if asked.deep else []), "monge-kantorovich", "reinhard"]
    pairs = list(permutations(PHOTOS, 2)) if asked.all else list(PAIRS)
    asked.folder.mkdir(parents=True, exist_ok=True)
    print("| photo | reference |" + "".join(f" {m}: edge SSIM, style distance, affine residual, seconds |" for m in methods))
    print("|---|---|" + "---|" * len(methods))
    rows, figures = [], []
    for photo, reference in pairs:
        pictures, found = row(photo, reference, methods)
        rows.append(pictures)
        figures.append(found)
        cells = (" ".join(f"{value:.2f}" for value in found[method].values()) for method in methods)
        print(f"| {photo} | {reference} | {' | '.join(cells)} |", flush=True)
        if len(rows) == ROWS or (photo, reference) == pairs[-1]:
            page = sheets.sheet([picture for pictures in rows for picture in pictures], len(rows[0]), 300)
            write_safely(asked.folder / f"photo_style-{len(figures):02}.png", sheets.png(page))
            rows = []
    for method in methods[:-1]:
        near = [f[method]["style distance"] < f["reinhard"]["style distance"] for f in figures]
        sharp = [f[method]["edge SSIM"] >= 0.85 for f in figures]
        both = sum(n and s for n, s in zip(near, sharp, strict=True))
        print(f"\n{method}: nearer than Reinhard {sum(near)}, edges 0.85 {sum(sharp)}, both {both}, of {len(figures)}.")


if __name__ == "__main__":
    main()
