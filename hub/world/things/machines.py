"""A gear, and the moon above it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.pen import WHITE, Pen
from hub.world.things import parts


@thing(tilt=3.15)
def gear(p: Pen) -> None:
    metal = p.pick(p.colour(hue=(0.55, 0.65), saturation=(0, 0.15), value=(0.65, 0.95)),
                   p.colour(hue=(0.06, 0.13), saturation=(0.4, 0.75), value=(0.75, 1)),
                   p.colour(saturation=(0.3, 0.8), value=(0.65, 0.95)))
    teeth, holes = p.integer(8, 13), p.integer(3, 6)
    cog = p.around(teeth)
    tooth = s.both((cog.y.abs() - (1.32 - cog.x) * 0.36 * 9 / teeth) * 0.9, cog.x - 0.98)
    wheel = s.union(s.disc(p, 0.74), s.both(tooth, 0.6 - cog.x))
    spoke = p.around(holes)
    opening = torch.where(p.chance(0.5) > 0, s.disc(spoke, 0.15, at=(0.45, 0)),
                          s.both(s.disc(p, 0.58), 0.3 - s.length(p.x, p.y), _between_spokes(spoke, holes)))
    hub = s.disc(p, 0.13)
    shape = s.cut(s.cut(wheel, opening), hub)
    sheen = 1.05 + 0.25 * (torch.atan2(p.y, p.x) * 2 + p.uniform(0, 6)).cos()
    parts.bevelled(p, shape, metal * sheen, 0.06)
    p.line(s.cut(s.disc(p, 0.66), opening), metal * 0.3, 0.03)
    p.line(s.disc(p, 0.21), metal * 0.25, 0.04)


def _between_spokes(p: Pen, n: Tensor) -> Tensor:
    """The gap of a sector that leaves half a spoke on either side."""
    return p.y.abs() * (math.pi / n).cos() - p.x * (math.pi / n).sin() + 0.08


@thing(tilt=0.5)
def moon(p: Pen) -> None:
    night = p.chance(0.55)
    sky = p.colour(hue=(0.58, 0.72), saturation=(0.5, 0.9), value=(0.06, 0.3))
    p.paint(p.x * 0 - 1, sky, night)
    _night_stars(p, night)
    colour = p.colour(hue=(0.1, 0.16), saturation=(0.05, 0.55), value=(0.8, 1))
    q = parts.either_way(p).at(-0.08, 0, 0.97)
    shape = s.crescent(q, 1.0, p.uniform(0.8, 0.88), p.uniform(0.42, 0.6))
    p.paint(shape - 0.06, colour, 0.6 * night, soft=0.25)
    p.paint(shape, colour * (0.95 + 0.18 * noise.soft_noise(p, 5, 2)), relief=0.35)
    for x, y, size in ((-0.72, -0.1, 0.13), (-0.55, 0.42, 0.15), (-0.5, -0.52, 0.12), (-0.78, 0.25, 0.07),
                       (-0.2, 0.78, 0.1), (-0.22, -0.8, 0.08)):
        _crater(q.at(x + p.uniform(-0.06, 0.06), y + p.uniform(-0.06, 0.06), size * p.uniform(0.75, 1.2)), shape, colour, size)
    p.line(shape, colour * 0.4, 0.04)


def _crater(p: Pen, inside: Tensor, colour: Tensor, size: float) -> None:
    bowl, clip = s.disc(p, 1.0), inside / size
    p.paint(s.both(bowl, clip), colour * 0.5)
    p.paint(s.both(s.disc(p, 0.82, at=(0.2, 0.2)), bowl, clip), colour * 0.78)


def _night_stars(p: Pen, opacity: Tensor) -> None:
    _, centre, name = noise.cells(p.at(scale=0.34))
    p.paint((centre - 0.05 - 0.1 * name) * 0.34, WHITE, opacity * 0.95)
