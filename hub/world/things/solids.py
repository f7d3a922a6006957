"""Plain shapes, with some work in them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.pen import BLACK, WHITE, Number, Pen
from hub.world.things import parts


@thing(tilt=0.25)
def cross(p: Pen) -> None:
    colour, other = parts.vivid(p), parts.vivid(p)
    half, bar = p.uniform(0.17, 0.28), p.pick(0.0, -0.25)
    wide = torch.where(bar < 0, p.uniform(0.6, 0.75), 0.95)
    middle = p.at(0, bar)
    shape = s.union(s.box(p, half, 0.97), s.box(middle, wide, half))
    ring = s.ring(s.disc(middle, 0.52), 0.16) + 9 * (1 - p.chance(0.3))  # the Celtic one
    p.paint(ring, other)
    p.line(ring, other * 0.3)
    parts.bevelled(p, shape, colour, half * 0.34)
    p.line(shape + half * 0.68, other * 0.8, half * 0.25, opacity=p.chance(0.6))
    gem = middle.at(scale=half * 0.7)
    _gem(gem, p.colour(saturation=(0.7, 1), value=(0.6, 1)), p.chance(0.6))


def _gem(p: Pen, colour: Tensor, opacity: Number = 1.0) -> None:
    p.paint(s.disc(p, 1.0), BLACK, opacity)
    p.paint(s.disc(p, 0.8), colour, opacity, relief=0.4)
    p.paint(s.disc(p, 0.25, at=(-0.3, -0.3)), WHITE, opacity)


@thing(tilt=0.6)
def star(p: Pen) -> None:
    colour = p.pick(p.colour(hue=(0.1, 0.17), saturation=(0.7, 1), value=(0.85, 1)), parts.vivid(p))
    other = p.pick(WHITE, colour * 0.45, parts.vivid(p))
    points, inner = p.pick(5.0, 5.0, 5.0, 6.0), p.uniform(0.4, 0.52)
    shape = s.star(p, points, 1.0, inner)
    p.paint(shape, colour)
    folded = p.around(points, -math.pi / 2)
    p.paint(s.both(shape, -folded.y), colour * 0.55, opacity=p.chance(0.75))
    p.line(shape + p.uniform(0.1, 0.16), other, 0.07, opacity=p.chance(0.6))
    p.line(shape + 0.3, other, 0.05, opacity=p.chance(0.4))
    p.line(shape, colour * 0.2, 0.06)


@thing(tilt=0.4)
def heart(p: Pen) -> None:
    colour = p.pick(p.colour(hue=(0.93, 1.02), saturation=(0.75, 1), value=(0.6, 1)), parts.vivid(p))
    other = p.pick(WHITE, p.colour(hue=(0.08, 0.16), value=(0.8, 1)), colour * 0.5)
    shape, middle, inner = (s.heart(p.at(0, 0.02 - drop, size)) * size for drop, size in ((0, 0.97), (0.015, 0.8), (0.03, 0.6)))
    lace = s.disc(parts.repeated(p, 0.2, 0.2), 0.05)
    p.paint(shape, colour, relief=0.7)
    p.line(middle, other, 0.06, opacity=p.chance(0.65))
    p.line(inner, colour * 0.4, 0.05, opacity=p.chance(0.5))
    p.paint(s.both(lace, inner + 0.05), other, opacity=p.chance(0.4))
    p.paint(s.ellipse(p, 0.2, 0.11, at=(-0.48, -0.5), turn=-0.7), WHITE, 0.9, soft=0.05)
    p.paint(s.disc(p, 0.06, at=(-0.7, -0.25)), WHITE, 0.9)
    p.line(shape, colour * 0.2, 0.06)


@thing(tilt=0.35)
def triangle(p: Pen) -> None:
    colour, other = parts.vivid(p), p.pick(WHITE, BLACK, parts.vivid(p))
    foot = p.uniform(0.85, 1.0)
    shape = parts.taper(p, -0.93, 0.001, 0.8, foot)
    parts.bevelled(p, shape, colour, 0.13)
    gap = p.uniform(0.24, 0.3)
    p.paint(shape + gap, other)
    p.paint(shape + gap + 0.1, colour * p.pick(1.0, 0.55))
    p.paint(shape + gap + 0.19, other, opacity=p.chance(0.5))


@thing(tilt=0.35)
def square(p: Pen) -> None:
    colour, other = parts.vivid(p), p.pick(WHITE, BLACK, parts.vivid(p))
    shape = s.box(p, 0.92, 0.92)
    width = p.uniform(0.14, 0.24)
    parts.bevelled(p, shape, colour, width)
    mitre = (p.x.abs() - p.y.abs()).abs() * 0.7 - 0.015
    p.paint(s.both(mitre, s.ring(shape + width / 2, width)), colour * 0.25)
    p.paint(shape + width + 0.1, other)
    p.paint(shape + width + 0.2, colour * p.pick(1.0, 0.6))
    p.paint(shape + width + 0.3, other, opacity=p.chance(0.6))
    parts.bevelled(p, s.box(p, 0.3, 0.3), colour, 0.1)


@thing(tilt=0.15)
def sphere(p: Pen) -> None:
    colour, other = parts.vivid(p), p.pick(WHITE, WHITE, parts.vivid(p))
    lx, ly = p.light[:, :1], p.light[:, 1:]
    p.paint(s.ellipse(p, 0.75, 0.17, at=(-0.25 * lx, 0.8)), BLACK, 0.65, soft=0.15)
    q = p.at(0, -0.08, 0.86)
    ball = s.disc(q, 1.0)
    depth = (1 - q.x.square() - q.y.square()).clamp_min(0).sqrt()
    shade = (q.x * lx + q.y * ly) * 0.7 + depth * 0.7
    skin = torch.lerp(colour, other, _ball_pattern(q, depth))
    p.paint(ball, skin * (0.16 + 0.95 * shade.clamp_min(0)) + 0.07 * skin * (1 - depth))
    p.paint(s.disc(q, 0.2, at=(lx * 0.5, ly * 0.5)), WHITE, 0.95, soft=0.16)
    p.paint(s.both(s.disc(q, 0.97), 0.93 - s.length(q.x, q.y), q.x * lx + q.y * ly + 0.4), other, 0.35, soft=0.05)


def _ball_pattern(p: Pen, depth: Tensor) -> Tensor:
    """0 or 1 over a ball: plain, meridians, or chequered, on an axis tilted towards us."""
    turn, nod = p.uniform(-0.6, 0.6), p.uniform(0.3, 0.8)
    x, y = p.x * turn.cos() + p.y * turn.sin(), p.y * turn.cos() - p.x * turn.sin()
    up, out = y * nod.cos() - depth * nod.sin(), y * nod.sin() + depth * nod.cos()
    turns = torch.atan2(x, out) * (4 / math.pi)
    height = torch.asin(up.clamp(-0.999, 0.999)) * (4 / math.pi)
    segment, band = parts.stripe(turns, p.pixel), parts.stripe(height, p.pixel)
    chequered = segment + band - 2 * segment * band
    zero = torch.zeros_like(segment)
    return p.pick(zero, zero, segment, chequered, band)
