"""Contact sheets: of the picture world, and of class pictures without labels, to ask people what they see."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

from PIL import Image, ImageDraw

from hub.files import write_safely
from hub.registry import technique
from hub.results import Result

PER_SHEET = 35
TITLE = 14


def class_pictures(backbone: str = "embedded", seed: int = 0, size: int | None = None) -> Result:
    """One picture of every class that the backbone names, in its own order: `images` has them with their names."""
    from hub import backbones

    network = backbones.load(backbone)
    params = {"backbone": backbone, "show": "sheet of a layer", "layer": backbones.CLASSES, "seed": seed,
              "filters": len(network.units(backbones.CLASSES)), "size": size or network.side}
    return technique("activation_maximization")(None, params)


def class_sheets(folder: str | Path, backbone: str = "embedded", seed: int = 0) -> list[Path]:
    """Write sheets of unlabelled class pictures in a shuffled order, numbered, and the key in another file, key.json.

    Show people the sheets, ask what they see, then open the key. Returns the files written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [(image, caption.rpartition("· ")[2]) for image, caption in class_pictures(backbone, seed).images]
    random.Random(seed).shuffle(pictures)
    written = []
    for first in range(0, len(pictures), PER_SHEET):
        some = pictures[first:first + PER_SHEET]
        page = sheet([(image, str(first + i + 1)) for i, (image, _) in enumerate(some)], columns=7)
        written.append(folder / f"sheet-{first // PER_SHEET + 1}.png")
        write_safely(written[-1], png(page))
    key = folder / "key.json"
    write_safely(key, json.dumps({str(i + 1): name for i, (_, name) in enumerate(pictures)}, indent=1).encode())
    return [*written, key]


def world_sheet(path: str | Path, columns: int = 15, size: int = 96) -> Path:
    """Write one sheet with a picture of every class of the picture world, named."""
    from hub.pixels import images
    from hub.world import CLASSES, draw

    pictures = [(images.to_image(draw(name, 1, size, seed=3)), name.replace("_", " ")) for name in CLASSES]
    write_safely(Path(path), png(sheet(pictures, columns)))
    return Path(path)


def hero(path: str | Path) -> Path:
    """Write the picture that the README opens with, as JPEG: a sky before and after a dream, and class pictures under it."""
    from hub import samples

    sky = samples.load("clouds")
    dream = technique("deep_dream")(sky, {"units": "eye"}).image
    shown = ("eye", "butterfly", "strawberry", "guitar", "hot air balloon", "jellyfish", "ladybird", "grapes", "snowflake", "owl")
    drawn = {caption.rpartition("· ")[2]: image for image, caption in class_pictures().images}
    width, gap = dream.width, 6
    side = (2 * width + gap - (len(shown) - 1) * gap) // len(shown)
    page = Image.new("RGB", (2 * width + gap, dream.height + gap + side), "white")
    page.paste(sky.resize(dream.size, Image.Resampling.LANCZOS), (0, 0))
    page.paste(dream, (width + gap, 0))
    for i, name in enumerate(shown):
        page.paste(drawn[name].resize((side, side), Image.Resampling.LANCZOS), (i * (side + gap), dream.height + gap))
    write_safely(Path(path), jpeg(page))
    return Path(path)


def sheet(pictures: list[tuple[Image.Image, str]], columns: int, side: int = 128) -> Image.Image:
    """Pictures in rows, each with a line of text under it."""
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (side + 4), rows * (side + TITLE + 4)), "white")
    write = ImageDraw.Draw(page)
    for i, (picture, text) in enumerate(pictures):
        left, top = i % columns * (side + 4), i // columns * (side + TITLE + 4)
        page.paste(picture.resize((side, side), Image.Resampling.LANCZOS), (left, top))
        write.text((left + 2, top + side + 1), text, fill="black")
    return page


def png(picture: Image.Image) -> bytes:
    """A picture as the bytes of a plain PNG file."""
    memory = io.BytesIO()
    picture.save(memory, "PNG")
    return memory.getvalue()


def jpeg(picture: Image.Image) -> bytes:
    """A picture as the bytes of a JPEG file."""
    memory = io.BytesIO()
    picture.save(memory, "JPEG", quality=88, optimize=True)
    return memory.getvalue()
