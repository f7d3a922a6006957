"""Wheels, windows and walls, and how made things are shaded."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import shapes as s
from hub.world.pen import Number, Pen, rgb

Point = tuple[Number, Number]
GLASS = rgb(0.62, 0.82, 0.93)
STEEL = rgb(0.72, 0.74, 0.78)


def vivid(p: Pen) -> Tensor:
    """A strong colour of any hue."""
    return p.colour(saturation=(0.6, 1), value=(0.5, 1))


def solid(p: Pen, shape: Tensor, colour: Tensor, relief: float = 0.3, width: float = 0.035) -> None:
    """A rounded body with a dark contour."""
    p.paint(shape, colour, relief=relief)
    p.line(shape, colour * 0.22, width)


def bevelled(p: Pen, shape: Tensor, colour: Tensor, width: Number = 0.13) -> None:
    """A flat face within raised edges that are bright towards the light and dark away from it."""
    down, right = torch.gradient(shape, dim=(2, 3))
    facing = (right * p.light[:, :1] + down * p.light[:, 1:]) / p.pixel
    p.paint(shape, (colour * (0.72 + 0.6 * facing)).clamp(0, 1))
    p.paint(shape + width, colour)
    p.line(shape + width, colour * 0.35, 0.03)
    p.line(shape, colour * 0.2, 0.05)


def convex(p: Pen, *corners: Point) -> Tensor:
    """A convex polygon, its corners clockwise as seen."""
    sides = []
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=False):
        ex, ey = bx - ax, by - ay
        size = (ex * ex + ey * ey) ** 0.5
        nx, ny = ey / size, -ex / size
        sides.append(p.x * nx + p.y * ny - (ax * nx + ay * ny))
    return s.both(*sides)


def taper(p: Pen, top: Number, top_half: Number, bottom: Number, bottom_half: Number) -> Tensor:
    """An upright trapezoid around x = 0, of the given half widths."""
    slope = (bottom_half - top_half) / (bottom - top)
    sides = (p.x.abs() - top_half - slope * (p.y - top)) / (1 + slope * slope) ** 0.5
    return s.both(sides, top - p.y, p.y - bottom)


def repeated(p: Pen, dx: Number = 0.0, dy: Number = 0.0) -> Pen:
    """A pen that draws the same again every dx and dy (0: not repeated)."""
    x = p.x if not isinstance(dx, Tensor) and not dx else p.x - dx * torch.round(p.x / dx)
    y = p.y if not isinstance(dy, Tensor) and not dy else p.y - dy * torch.round(p.y / dy)
    return p.bent(x, y)


def either_way(p: Pen) -> Pen:
    """Faces left or right."""
    return p.bent(p.x * p.pick(-1.0, 1.0), p.y)


def stripe(t: Tensor, pixel: Tensor) -> Tensor:
    """0 or 1 by turns, a stripe to a unit of t."""
    return (0.5 + (t * math.pi).sin() / (pixel * 5)).clamp(0, 1)
