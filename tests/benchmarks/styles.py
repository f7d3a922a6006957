"""Photos in the manner of styles: figures of a dozen pairs chosen beforehand, and a contact sheet to look at.

`python -m tests.benchmarks.styles FOLDER`, with `--technique NAME` for another that takes a `style` and a `size`, `--fall` and
`--edges` for other targets.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median

import hub
from hub import metrics, samples, sheets
from hub.files import write_safely
from hub.pixels import images
from hub.results import Image
from hub.world import paintings

PHOTOS = ("china", "astronaut", "cat", "coffee")
STYLES = ("swirls", "waves", "stained glass")
SIDE = 384  # pixels, of styles and results


@dataclass(frozen=True)
class Figures:
    """What is measured of one pair.

    fall: of the distance to the style, as a network sees it that had no part in it, as a share. coarse, fine: edge SSIM as a
    thumbnail and pixel by pixel.
    """

    fall: float
    coarse: float
    fine: float
    seconds: float

    def reach(self, fall: float, edges: float) -> bool:
        return self.fall >= fall and self.coarse >= edges

    def __str__(self) -> str:
        return f"{self.fall:.0%} | {self.coarse:.2f} | {self.fine:.2f} | {self.seconds:.1f}"


def figures(photo: Image, style: Image, made: Image, seconds: float) -> Figures:
    """What became of a photo. The fall is from the photo at the result's size."""
    after, manner = images.to_tensor(made), images.to_tensor(style)
    before = images.resize(images.to_tensor(photo), after.shape[-2:]).clamp(0, 1)
    return Figures(
        metrics.style_taken(before, after, [(manner, 1.0)]) or 0.0,
        metrics.edge_ssim(after, before, metrics.THUMBNAIL),
        metrics.edge_ssim(after, before),
        seconds,
    )


def summary(found: list[Figures], fall: float, edges: float) -> str:
    """The medians, and how many pairs reach both targets."""
    middle = Figures(*(median(column) for column in zip(*map(astuple, found), strict=True)))
    reached = sum(each.reach(fall, edges) for each in found)
    return f"| median | | {middle} |\n\nFall {fall:.0%} and edges {edges:.2f}: {reached} of {len(found)}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--technique", default="style_transfer")
    parser.add_argument("--fall", type=float, default=0.5, help="target for the style distance")
    parser.add_argument("--edges", type=float, default=0.35, help="target for the coarse edge SSIM")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    print(f"| photo | style | {' | '.join(field.name for field in fields(Figures))} |\n|---|---|---|---|---|---|")
    pictures, found = [], []
    for name in STYLES:
        style = paintings.manner(name, SIDE)
        for subject in PHOTOS:
            photo, start = samples.load(subject), time.perf_counter()
            made = hub.run(asked.technique, photo, style=style, size=SIDE).image
            found.append(figures(photo, style, made, time.perf_counter() - start))
            print(f"| {subject} | {name} | {found[-1]} |", flush=True)
            words = f"fall {found[-1].fall:.0%}, edges {found[-1].coarse:.2f} ({found[-1].fine:.2f} fine)"
            pictures += [(style, name), (photo, subject), (made, words)]
    print(summary(found, asked.fall, asked.edges))
    write_safely(asked.folder / f"{asked.technique}.png", sheets.png(sheets.sheet(pictures, 2 * 3, 300)))


if __name__ == "__main__":
    main()
