"""What several of nature's drawings are made of."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import shapes as s
from hub.world.pen import Number, Pen, rgb

BROWN = rgb(0.36, 0.22, 0.11)


def folded(t: Tensor, period: Number) -> Tensor:
    """How far `t` lies from the nearest multiple of `period`."""
    return t - period * torch.round(t / period)


def nearest(t: Tensor, n: Number) -> Tensor:
    """Which of n marks, one apart and centred on 0, lies nearest to `t`."""
    last = torch.as_tensor(n, dtype=torch.float32) - 1
    return torch.minimum(torch.round(t + last / 2).clamp_min(0), last) - last / 2


def fan(p: Pen, n: Number, step: Number, phase: Number = -math.pi / 2) -> Pen:
    """A pen that draws n copies of its positive x axis, `step` radians apart, spread about the direction `phase`."""
    radius, angle = s.length(p.x, p.y), folded(torch.atan2(p.y, p.x) - phase, 2 * math.pi)
    angle = angle - step * nearest(angle / step, n)
    return p.bent(radius * angle.cos(), radius * angle.sin())


def facing(p: Pen) -> Pen:
    """To the left or to the right."""
    return p.bent(p.x * p.pick(-1.0, 1.0), p.y)


def only(p: Pen, wanted: Tensor) -> Pen:
    """The same pen where `wanted` is 1; elsewhere what it draws falls off the sheet."""
    return p.at(x=(1 - wanted) * 60)


def edged(p: Pen, shape: Tensor, colour: Tensor, width: Number = 0.06, relief: Number = 0.5, edge: float = 0.3,
           opacity: Number = 1.0) -> None:
    """A shaded body with a dark contour."""
    p.paint(shape, colour * edge, opacity)
    p.paint(shape + width, colour, opacity, relief=relief)


def green(p: Pen) -> Tensor:
    """A green of leaves, another on every sheet."""
    return p.colour(hue=(0.22, 0.38), saturation=(0.5, 0.9), value=(0.35, 0.75))


def plain_leaf(p: Pen, colour: Tensor, width: Number = 0.4) -> None:
    """A pointed leaf from (-1, 0) to (1, 0) with its veins."""
    shape = s.lens(p, 1.0, width)
    p.paint(shape, colour * 0.35)
    p.paint(shape + 0.06, colour * (1 + 0.9 * folded(p.x + p.y.abs(), 0.3)), relief=0.4)
    p.paint(s.both(folded(p.x - p.y.abs() * 0.8, 0.3).abs() - 0.025, shape + 0.06), colour * 1.5, 0.8)
    p.paint(s.stroke(p, (-1, 0), (0.85, 0), 0.07, 0.02), colour * 1.6)
