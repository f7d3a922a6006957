"""A pen that draws the same thing on a whole batch of sheets at once, every time differently.

Everything is a tensor that broadcasts to (B, C, H, W). Shapes are signed distances (negative inside, see
`shapes.py`); the pen turns a distance into an anti-aliased coverage and lays colour over what is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

Number = float | Tensor


@dataclass
class Sheet:
    """What has been painted so far. rgb: (B, 3, H, W), premultiplied; alpha: (B, 1, H, W); both in [0, 1]."""

    rgb: Tensor
    alpha: Tensor


@dataclass(frozen=True)
class Pen:
    """Coordinates, randomness and paint for a batch of B sheets.

    x, y: (B, 1, H, W), the frame of the thing that is drawn: it should fill about [-1, 1] x [-1, 1], y points down.
    pixel: (B, 1, 1, 1), the width of one pixel in that frame.
    light: (B, 2, 1, 1), the unit vector towards the light in that frame.
    """

    x: Tensor
    y: Tensor
    pixel: Tensor
    light: Tensor
    sheet: Sheet
    generator: torch.Generator

    @property
    def batch(self) -> int:
        return self.x.shape[0]

    # ---- chance: one value per sheet, (B, 1, 1, 1)

    def uniform(self, low: float, high: float) -> Tensor:
        """One number per sheet, evenly from [low, high)."""
        return low + (high - low) * torch.rand(self.batch, 1, 1, 1, generator=self.generator)

    def integer(self, low: int, high: int) -> Tensor:
        """One whole number per sheet, from low to high inclusive, as floats."""
        return torch.randint(low, high + 1, (self.batch, 1, 1, 1), generator=self.generator).float()

    def chance(self, probability: float) -> Tensor:
        """1 with the given probability, else 0, per sheet."""
        return (torch.rand(self.batch, 1, 1, 1, generator=self.generator) < probability).float()

    def pick(self, *options: Number) -> Tensor:
        """One of the options per sheet; they broadcast against each other (numbers, colours, distances)."""
        which = torch.randint(len(options), (self.batch, 1, 1, 1), generator=self.generator)
        chosen = torch.as_tensor(options[0], dtype=torch.float32)
        for i, option in enumerate(options[1:], 1):
            chosen = torch.where(which == i, option, chosen)
        return chosen.expand(self.batch, *chosen.shape[1:]) if chosen.dim() == 4 else chosen.expand(self.batch, 1, 1, 1)

    def colour(self, hue: tuple[float, float] = (0, 1), saturation: tuple[float, float] = (0.5, 1),
               value: tuple[float, float] = (0.5, 1)) -> Tensor:
        """A colour per sheet, (B, 3, 1, 1), from ranges in HSV. Hue is in turns: red 0, green 1/3, blue 2/3; it wraps."""
        return hsv(self.uniform(*hue), self.uniform(*saturation), self.uniform(*value))

    # ---- frames

    def at(self, x: Number = 0.0, y: Number = 0.0, scale: Number = 1.0, turn: Number = 0.0,
           stretch: Number = 1.0) -> Pen:
        """The same sheet seen from another frame: centred at (x, y), `scale` times smaller, turned clockwise by `turn` radians.

        What is drawn with it around [-1, 1] appears there. `stretch` > 1 makes it wider than tall.
        """
        scale = torch.as_tensor(scale, dtype=torch.float32)
        dx, dy = self.x - x, self.y - y
        turn = torch.as_tensor(turn, dtype=torch.float32)
        cos, sin = turn.cos(), turn.sin()
        lx, ly = self.light[:, :1], self.light[:, 1:]
        return replace(self, x=(dx * cos + dy * sin) / (scale * stretch), y=(dy * cos - dx * sin) / scale,
                       pixel=self.pixel / scale,
                       light=torch.cat([lx * cos + ly * sin, ly * cos - lx * sin], 1).expand(self.batch, 2, 1, 1))

    def mirrored(self) -> Pen:
        """A pen that draws left and right at once: what it draws at x > 0 appears at -x too."""
        return replace(self, x=self.x.abs())

    def around(self, n: Number, phase: Number = 0.0) -> Pen:
        """A pen that draws n copies around the centre: what it draws on the positive x axis appears n times."""
        sector = 2 * math.pi / torch.as_tensor(n, dtype=torch.float32)
        radius = (self.x.square() + self.y.square()).sqrt()
        angle = torch.atan2(self.y, self.x) - phase
        angle = angle - sector * torch.round(angle / sector)
        return replace(self, x=radius * angle.cos(), y=radius * angle.sin())

    def bent(self, x: Tensor, y: Tensor) -> Pen:
        """The same sheet with any other coordinates, e.g. warped by noise."""
        return replace(self, x=x, y=y)

    # ---- paint

    def coverage(self, distance: Tensor, soft: Number = 0.0) -> Tensor:
        """How much of each pixel lies inside, in [0, 1]. `soft` blurs the edge, in frame units."""
        return (0.5 - distance / (self.pixel + soft)).clamp(0, 1)

    def paint(self, distance: Tensor, colour: Tensor, opacity: Number = 1.0, soft: Number = 0.0, relief: Number = 0.0) -> None:
        """Lay `colour` ((B, 3, 1, 1) or (B, 3, H, W)) over the inside of a shape.

        relief: 0 is flat; about 0.5 shades it as a rounded body, lit from `light`.
        """
        if isinstance(relief, Tensor) or relief:
            colour = self.lit(colour, distance, relief)
        cover = self.coverage(distance, soft) * opacity
        sheet = self.sheet
        sheet.rgb = torch.lerp(sheet.rgb, colour.expand_as(sheet.rgb), cover.expand_as(sheet.rgb))
        sheet.alpha = sheet.alpha + (1 - sheet.alpha) * cover

    def line(self, distance: Tensor, colour: Tensor, width: Number = 0.04, opacity: Number = 1.0) -> None:
        """Draw the contour of a shape, `width` wide (never under a pixel)."""
        half = torch.maximum(torch.as_tensor(width, dtype=torch.float32) / 2, self.pixel / 2)
        self.paint(distance.abs() - half, colour, opacity)

    def lit(self, colour: Tensor, distance: Tensor, relief: Number = 0.5) -> Tensor:
        """`colour` shaded as if the shape bulged: darker towards the edge and away from the light."""
        depth = (-distance).clamp(0, 0.6) / 0.6
        side = (self.x * self.light[:, :1] + self.y * self.light[:, 1:]).clamp(-1, 1)
        return (colour * (1 + relief * (0.9 * depth.sqrt() - 0.6 + 0.45 * side))).clamp(0, 1)

    def fill(self, colour: Tensor) -> None:
        """Cover the whole sheet, as textures do."""
        self.sheet.rgb = colour.expand_as(self.sheet.rgb).clamp(0, 1)
        self.sheet.alpha = torch.ones_like(self.sheet.alpha)


def hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """HSV to RGB: channels-first, all in [0, 1], hue in turns (it wraps).

    >>> hsv(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1)).flatten().tolist()
    [1.0, 0.0, 0.0]
    """
    k = (torch.tensor([5.0, 3.0, 1.0]).view(1, 3, 1, 1) + hue * 6) % 6
    return value * (1 - saturation * torch.minimum(k, 4 - k).clamp(0, 1))


def rgb(red: float, green: float, blue: float) -> Tensor:
    """A fixed colour, (1, 3, 1, 1); each in [0, 1]."""
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1)


BLACK, WHITE = rgb(0.05, 0.05, 0.06), rgb(0.97, 0.97, 0.96)


def new_pen(batch: int, size: int, generator: torch.Generator, *, scale: Tensor, turn: Tensor,
            shift: Tensor, stretch: Tensor) -> Pen:
    """A pen on a blank sheet of size x size pixels.

    scale: the thing's half-width as a share of the sheet's; shift: (B, 2, 1, 1), in half sheets.
    """
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    angle = 2 * math.pi * torch.rand(batch, 1, 1, 1, generator=generator) * 0.35 - 2.2  # from above, left or right
    page = Pen(x.expand(batch, 1, size, size), y.expand(batch, 1, size, size), torch.full((batch, 1, 1, 1), 2 / size),
               torch.cat([angle.cos(), angle.sin()], 1),
               Sheet(torch.zeros(batch, 3, size, size), torch.zeros(batch, 1, size, size)), generator)
    return page.at(shift[:, :1], shift[:, 1:], scale, turn, stretch)
