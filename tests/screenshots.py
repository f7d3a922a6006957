"""The pictures of the app on the front page, taken anew: python -m tests.screenshots

One exhibit of each family, as it opens, with its finished result: on a desktop by day and by night, and on a phone.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

from hub import backbones, registry
from tests import browser, hall
from tests.pages import ROOT

FOLDER = ROOT / "docs" / "screens"
EXHIBITS = ("activation_maximization", "deep_dream", "instant_style", "denoising_autoencoder")
QUALITY = 82  # of WebP
DRAWN = """() => document.fonts.status === 'loaded' && [...document.images]
  .filter(i => i.checkVisibility() && i.getBoundingClientRect().top < innerHeight).every(i => i.complete && i.naturalWidth)"""
PARTS = ".field, .choices button, .more, .line, .notes :is(p, li, tr), .take, .curves, .album, footer"
WHOLE = """parts => [...document.querySelectorAll(parts)]
  .filter(e => e.getBoundingClientRect().bottom > innerHeight - 8).forEach(e => e.style.visibility = 'hidden')"""
STILL = "() => new Promise(then => setTimeout(() => requestAnimationFrame(then), 1000))"


@dataclass(frozen=True)
class Look:
    """A window: its width and height in CSS pixels, how many real ones each has along a side, and by day or by night."""

    width: int
    height: int
    scale: int
    scheme: Literal["light", "dark"]

    @property
    def size(self) -> tuple[int, int]:
        """Of the picture, in pixels."""
        return self.width * self.scale, self.height * self.scale


LOOKS = {"desktop": Look(1440, 940, 1, "light"), "dark": Look(1440, 940, 1, "dark"), "phone": Look(390, 960, 2, "light")}


def path_of(exhibit: str, look: str) -> Path:
    """Where a picture lies."""
    return FOLDER / f"{exhibit}-{look}.webp"


def take(found: Browser, address: str, exhibit: str, look: Look) -> Image.Image:
    """One picture of a page that has everything on it."""
    with found.new_context(viewport={"width": look.width, "height": look.height}, device_scale_factor=look.scale,
                           color_scheme=look.scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"{address}/?tab={exhibit}")
        page.locator(f".title h2:visible:text-is({registry.technique(exhibit).title!r})").wait_for()
        page.locator(".stage img:visible").first.wait_for()
        page.wait_for_function(DRAWN)
        page.evaluate(STILL)  # what follows a tab's opening, such as lists of layers, has come
        page.evaluate(WHOLE, PARTS)  # what the lower edge would cut
        return Image.open(io.BytesIO(page.screenshot()))


def main() -> int:
    """Take them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(NETSEE_SAFE_MODE="1", NETSEE_CACHE=f"{folder}/cache", GRADIO_TEMP_DIR=f"{folder}/uploads")
        backbones.load("embedded")  # a page asks for it as it opens
        with hall.served() as address, browser.chromium() as found:
            for exhibit in EXHIBITS:
                for name, look in LOOKS.items():
                    path = path_of(exhibit, name)
                    take(found, address, exhibit, look).save(path, quality=QUALITY, method=6)
                    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
