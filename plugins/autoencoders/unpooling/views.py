"""What the decoders make of the same place, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from PIL import Image as PILImage
from PIL import ImageDraw
from torch import Tensor

from hub import Image
from plugins.autoencoders._examples import Examples, photograph
from plugins.autoencoders._pages import INK, PAPER, QUIET, centred, errors, font, lettered, picture, scale_for
from plugins.autoencoders._patches import Patches, in_parts
from plugins.autoencoders._pauses import Work, by_parts
from plugins.autoencoders.unpooling.checkerboard import response
from plugins.autoencoders.unpooling.decoders import Entrant

SHOWN = "cat"  # the photograph that bundled patches are shown on; none of them is from it
TILE = 240  # pixels, about what a tile is wide
CROP = 48  # pixels of a picture that a tile shows, at most
ACROSS = 4  # tiles in a row
FEW = 4  # pictures along a side of a tile, where data are small pictures
AMPLIFIED = 6  # times
LARGEST = 0.15  # error that is drawn black or white


@dataclass(frozen=True)
class Scene:
    """What every decoder is shown at work on. pieces: (N, C, h, w), what goes through it. patches: how they are put together;
    None where they are pictures of their own, laid out in a square."""

    pieces: Tensor
    patches: Patches | None = None

    @classmethod
    def of(cls, data: Examples, depth: int) -> Scene:
        """Of a picture, the held-out place with most detail; of the bundled photographs, a place in one that nobody learnt
        from; else some held-out pictures. depth: of the decoder, whose grid must not be averaged away."""
        stride = stride_for(data.shape[1], depth, 4)
        if data.patches:
            return cls._place(data.patches.picture, data.patches.side, stride, data.patches.held())
        if data.source == "photographs":
            return cls._place(photograph(SHOWN), data.shape[1], stride)
        return cls(data.held[: FEW * FEW])

    @classmethod
    def _place(cls, whole: Tensor, side: int, stride: int, allowed: Tensor | None = None) -> Scene:
        top, left, height, width = busiest(whole, allowed)
        patches = Patches.of(whole[..., top : top + height, left : left + width], side, stride)
        return cls(patches.all(), patches)

    def joined(self, pieces: Tensor) -> Tensor:
        """What was made of the pieces, as one picture (C, H, W)."""
        if self.patches:
            return self.patches.joined(pieces)[0]
        n, c, h, w = pieces.shape
        across = max(1, min(FEW, n))
        full = F.pad(F.pad(pieces, (0, 0, 0, 0, 0, 0, 0, -n % across)), (0, 1, 0, 1), value=1.0)  # a white line between them
        return full.reshape(-1, across, c, h + 1, w + 1).permute(2, 0, 3, 1, 4).reshape(c, -1, across * (w + 1))[:, :-1, :-1]

    def through(self, runner: Entrant) -> Tensor:
        return self.joined(in_parts(runner, self.pieces))


def stride_for(side: int, depth: int, parts: int) -> int:
    """From one patch to the next: about so many parts of its side, in whole periods of a grid, so that grids lie on each other.

    >>> stride_for(16, 2, 4), stride_for(16, 3, 4), stride_for(12, 2, 2)
    (4, 8, 4)
    """
    return max(1, side // parts // 2**depth) * 2**depth


def busiest(whole: Tensor, allowed: Tensor | None = None) -> tuple[int, int, int, int]:
    """(top, left, height, width) of the place with most to see in a picture (1, C, H, W), among pixels that are allowed.

    What counts is detail that a code can carry: differences between means over 5 × 5 pixels.
    """
    size = tuple(min(CROP, n) for n in whole.shape[-2:])
    soft = F.avg_pool2d(whole, 5, stride=1, padding=2, count_include_pad=False)[0]
    detail = torch.zeros(whole.shape[-2:], device=whole.device)
    detail[:-1] += (soft[:, 1:] - soft[:, :-1]).abs().mean(0)
    detail[:, :-1] += (soft[:, :, 1:] - soft[:, :, :-1]).abs().mean(0)
    if allowed is not None and allowed.any():
        detail = torch.where(allowed.to(detail.device), detail + 1e-3, -10 * torch.ones_like(detail))
    scores = F.avg_pool2d(detail[None, None], size, stride=8)[0, 0]
    row, column = divmod(int(scores.argmax()), scores.shape[1])
    return 8 * row, 8 * column, *size


def sheet(scene: Scene, by_pca: Tensor, runners: list[Entrant], lines: Mapping[str, str]) -> Image:
    """The original, PCA and every decoder as tiles. by_pca: as PCA makes the pieces. lines: name -> small print under a name."""
    made = {"original": scene.joined(scene.pieces), "PCA": scene.joined(by_pca)}
    return tiles(made | {each.name: scene.through(each) for each in runners}, lines)


def wrongs(scene: Scene, by_pca: Tensor, runners: list[Entrant]) -> Image:
    """What each adds or leaves out, amplified, on the same place."""
    original = scene.joined(scene.pieces)
    made = {"PCA": scene.joined(by_pca)} | {each.name: scene.through(each) for each in runners}
    wrong = {name: errors(each.clamp(0, 1), original, LARGEST) for name, each in made.items()}
    return tiles({"original": original} | wrong, {})


def fine(scene: Scene, runners: list[Entrant]) -> Image:
    """What is finer than the grid in what each decoder makes of the place, amplified: a mean over one period has no grid left."""
    period = runners[0].period

    def rest(whole: Tensor) -> Tensor:
        padded = F.pad(whole[None], ((period - 1) // 2, period // 2) * 2, mode="replicate")
        return (0.5 + AMPLIFIED * (whole - F.avg_pool2d(padded, period, stride=1)[0])).clamp(0, 1)

    return tiles({each.name: rest(scene.through(each)) for each in runners}, {}, across=3)


def untrained(runners: list[Entrant], seed: int) -> Image:
    """What every decoder draws, before it has learnt anything, of a map that is the same everywhere."""
    drawn = {each.name: constant(each, seed) for each in runners}
    return tiles({name: centred(t[None] - t.mean((1, 2), keepdim=True))[0] if t.std() > 1e-4 else torch.full_like(t, 0.5)
                  for name, t in drawn.items()}, {}, across=3)  # fmt: skip


def constant(runner: Entrant, seed: int) -> Tensor:
    """What an untrained decoder makes of a map that is the same everywhere."""
    return response(runner.made, torch.Generator().manual_seed(seed + 1))


def tiles(pictures: Mapping[str, Tensor], lines: Mapping[str, str], across: int = ACROSS, margin: int = 14) -> Image:
    """Pictures (C, H, W) in [0, 1] in rows, pixels with hard edges, each under its name and a line of small print."""
    shown = {name: picture(each, scale_for(max(each.shape[-2:]), TILE)) for name, each in pictures.items()}
    width = max(max(each.width for each in shown.values()), TILE)
    height = max(each.height for each in shown.values())
    head, down = 30 + 24 * bool(lines), -(-len(shown) // across)
    page = PILImage.new("RGB", (across * (width + margin) + margin, down * (height + head + margin) + margin), PAPER)
    pen = ImageDraw.Draw(page)
    for n, (name, each) in enumerate(shown.items()):
        x, y = margin + n % across * (width + margin), margin + n // across * (height + head + margin)
        pen.text((x, y), lettered(name), fill=INK, font=font(21))
        pen.text((x, y + 27), lines.get(name, ""), fill=QUIET, font=font(17))
        page.paste(each, (x, y + head))
    return page


# ---------------------------------------------------------------- the whole of a visitor's picture


def wholes(data: Patches, runners: list[Entrant]) -> Work[dict[str, Tensor]]:
    """The whole picture as each decoder makes it: name -> (C, H, W) in [0, 1]."""
    patches = Patches.of(data.picture, data.side, stride_for(data.side, runners[0].made.design.depth, 2))
    pieces, made = patches.all(), {}
    for each in runners:
        rebuilt = yield from by_parts(each, pieces)
        made[each.name] = patches.joined(rebuilt)[0].clamp(0, 1)
    return made


def bands(made: Mapping[str, Tensor], lines: Mapping[str, str]) -> Image:
    """The picture in bands along its longer side, each made by another decoder and labelled; enlarged where it is small."""
    one = next(iter(made.values()))
    height, width = one.shape[-2:]
    along = 2 if width >= height else 1
    length = one.shape[along]
    ends = [round(length * n / len(made)) for n in range(len(made) + 1)]
    cut = partial(torch.narrow, dim=along)
    parts = [cut(t, start=a, length=b - a) for t, a, b in zip(made.values(), ends, ends[1:], strict=False) if b > a]
    scale = max(1, -(-960 // max(height, width))) if max(height, width) >= 32 else 1
    whole = picture(torch.cat(parts, along), scale)
    pen = ImageDraw.Draw(whole)
    for name, a, b in zip(made, ends, ends[1:], strict=False):
        corner, room = ((a * scale, 0), b - a) if along == 2 else ((0, a * scale), width)
        label(pen, corner, name.replace(", ", " ").split(" ") if along == 2 else [name], lines.get(name, ""), room * scale)
        if a and scale * length >= 240:
            pen.line((*corner, *((corner[0], whole.height) if along == 2 else (whole.width, corner[1]))), fill=PAPER, width=2)
    return whole


def label(pen: ImageDraw.ImageDraw, corner: tuple[int, int], words: list[str], line: str, room: int) -> None:
    """A band's name in lines on a slip of paper in its corner, where there is room for it."""
    text = lettered("\n".join([*words, *([line.partition(" · ")[0]] if line else [])]))
    size = next((s for s in (20, 17, 15, 13, 11) if pen.multiline_textbbox((0, 0), text, font(s))[2] < room - 22), 0)
    if size:
        x, y = corner[0] + 11, corner[1] + 10
        left, top, right, bottom = pen.multiline_textbbox((x, y), text, font(size))
        pen.rectangle((left - 5, top - 4, right + 5, bottom + 5), fill=PAPER)
        pen.multiline_text((x, y), text, fill=INK, font=font(size))


