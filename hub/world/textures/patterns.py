"""Plain patterns."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import shapes as s
from hub.world.classes import texture, thing
from hub.world.pen import Pen
from hub.world.textures import parts


def _bands(p: Pen, phase: Tensor, per_unit: float | Tensor, share: float | Tensor = 0.5) -> Tensor:
    """1 in the first `share` of every period of `phase`, else 0, with soft edges; per_unit: periods in one unit of the frame."""
    t = phase - phase.floor()
    inside = torch.minimum(t, share - t)
    inside = torch.maximum(inside, t - 1)
    return (0.5 + inside / (per_unit * p.pixel)).clamp(0, 1)


def _round_or_whole(p: Pen) -> Tensor:
    return torch.where(p.chance(0.4) > 0, s.disc(p, 1.0), torch.full_like(p.x, -1.0))


@texture()
def stripes(p: Pen) -> None:
    first, second = parts.contrast(p)
    per_unit = p.uniform(1.2, 2.6)
    phase = p.x * per_unit
    p.fill(torch.lerp(second, first, _bands(p, phase, per_unit)))
    thin = _bands(p, phase - 0.2, per_unit, 0.1) * p.chance(0.35)
    p.paint(0.5 - thin, p.colour(saturation=(0.5, 1)), soft=1.0)


@texture()
def checkerboard(p: Pen) -> None:
    light, dark = parts.contrast(p)
    cell = p.uniform(0.32, 0.5)
    board = torch.sin(p.x * math.pi / cell), torch.sin(p.y * math.pi / cell)
    edge = p.pixel * math.pi / cell / 2
    sign = (board[0] / edge).clamp(-1, 1) * (board[1] / edge).clamp(-1, 1)
    gloss = 0.92 + 0.08 * (board[0] * board[1]).abs()
    p.fill(torch.lerp(dark, light, 0.5 + 0.5 * sign) * gloss)


@texture()
def polka_dots(p: Pen) -> None:
    light, dark = parts.contrast(p)
    swap = p.chance(0.4)
    ground, dot = torch.lerp(dark, light, swap), torch.lerp(light, dark, swap)
    p.fill(ground)
    t, _, _ = parts.tiled(p.at(scale=p.uniform(0.22, 0.32)), 2, 1.8, shift=0.5)
    p.paint(s.disc(t, p.uniform(0.5, 0.68)), dot)


@thing(tilt=3.15, fills=1.25)
def rings(p: Pen) -> None:
    light, dark = parts.contrast(p)
    per_unit = p.uniform(2.5, 5)
    radius = s.length(p.x, p.y)
    wave = _bands(p, radius * per_unit + 0.25, per_unit)
    third = _bands(p, radius * per_unit / 2, per_unit / 2) * p.chance(0.3)
    colour = torch.lerp(torch.lerp(dark, light, wave), p.colour(saturation=(0.6, 1)), third * (1 - wave))
    p.paint(_round_or_whole(p), colour)


@thing(tilt=3.15, fills=1.25)
def spiral(p: Pen) -> None:
    light, dark = parts.contrast(p)
    radius, angle = s.length(p.x, p.y), torch.atan2(p.y, p.x) / parts.TURN
    per_unit = p.uniform(2.2, 4)
    way = p.pick(-1.0, 1.0) * p.pick(1.0, 1.0, 2.0)
    phase = radius.pow(p.uniform(0.6, 1.0)) * per_unit + angle * way
    p.paint(_round_or_whole(p), torch.lerp(dark, light, _bands(p, phase, per_unit, p.uniform(0.35, 0.6))))


@thing(tilt=3.15, fills=1.25)
def sunburst(p: Pen) -> None:
    light = p.colour(hue=(0.08, 0.17), saturation=(0.2, 0.7), value=(0.9, 1))
    red = p.colour(hue=(-0.03, 0.09), saturation=(0.8, 1), value=(0.7, 1))
    other = p.colour(saturation=(0.6, 1), value=(0.35, 0.9))
    dark = p.pick(red, other)
    radius, turn = s.length(p.x, p.y), torch.atan2(p.y, p.x) / parts.TURN
    rays = p.integer(8, 16)
    beams = _bands(p, turn * rays, rays / (parts.TURN * radius + 0.02))
    glow = parts.smooth(1.3, 0, radius)
    p.paint(_round_or_whole(p), torch.lerp(dark, light, beams) * (0.85 + 0.2 * glow))
    sun = s.disc(p, p.uniform(0.14, 0.26))
    p.paint(sun, light, p.chance(0.7), relief=0.15)


@texture()
def zigzag(p: Pen) -> None:
    light, dark = parts.contrast(p)
    width, height = p.uniform(0.45, 0.7), p.uniform(0.3, 0.55)
    across = p.x / width
    teeth = (across - (across + 0.5).floor()).abs() * 2
    per_unit = p.uniform(1.5, 2.4)
    phase = (p.y + teeth * height) * per_unit
    slope = (1 + (2 * height / width).square()).sqrt()
    p.fill(torch.lerp(dark, light, _bands(p, phase, per_unit * slope)))
    third = _bands(p, phase / 2 - 0.25, per_unit * slope / 2, 0.25) * p.chance(0.4)
    p.paint(0.5 - third, p.colour(saturation=(0.6, 1), value=(0.5, 1)), soft=1.0)


@texture()
def grid(p: Pen) -> None:
    light, dark = p.colour(saturation=(0, 0.12), value=(0.88, 1)), p.colour(saturation=(0.4, 1), value=(0.1, 0.5))
    swap = p.chance(0.35)
    p.fill(torch.lerp(light, dark, swap))
    ink = torch.lerp(dark, light, swap)
    q = p.at(scale=p.uniform(0.15, 0.21))
    t, _, _ = parts.tiled(q)
    edge = 1 - torch.maximum(t.x.abs(), t.y.abs())
    q.paint(edge - p.uniform(0.1, 0.18), ink)
    strong = torch.minimum(parts.to_multiple(q.x - 1, 8), parts.to_multiple(q.y - 1, 8))
    q.paint(strong - 0.3, ink, p.chance(0.5))


@texture()
def plaid(p: Pen) -> None:
    ground = p.colour(saturation=(0.6, 1), value=(0.3, 0.85))
    wide, line = p.colour(saturation=(0.4, 1), value=(0.08, 0.4)), p.colour(hue=(0.08, 0.2), saturation=(0, 0.8), value=(0.85, 1))
    threads = p.uniform(0.7, 1.1)
    place = p.uniform(0.02, 0.1)
    warp, weft = (_tartan(p, t * threads, threads, ground, wide, line, place) for t in (p.x, p.y))
    twill = 0.5 + 0.25 * torch.sin((p.x + p.y) * 40)
    p.fill(torch.lerp(warp, weft, twill))


def _tartan(p: Pen, t: Tensor, per_unit: Tensor, ground: Tensor, wide: Tensor, line: Tensor, place: Tensor) -> Tensor:
    colour = torch.lerp(ground, wide, _bands(p, t, per_unit, 0.45))
    colour = torch.lerp(colour, line, _bands(p, t - 0.72 + place, per_unit, 0.05))
    return torch.lerp(colour, ground * 1.2, _bands(p, t - 0.2, per_unit, 0.06))
