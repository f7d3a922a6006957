"""Fruit, and frost."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.nature import parts
from hub.world.pen import BLACK, WHITE, Number, Pen, hsv, rgb


@thing(tilt=0.6)
def strawberry(p: Pen) -> None:
    red = p.colour(hue=(-0.03, 0.02), saturation=(0.8, 1), value=(0.75, 1))
    wide = p.uniform(0.7, 0.85)
    t = ((p.y + 0.62) / 1.6).clamp(0.001, 0.999)
    width = wide * (t ** 0.35) * (1 - t ** 2.2) ** 0.75 * 1.28
    body = s.both((p.x.abs() - width) * 0.75, (p.y - 0.19).abs() - 0.8)
    parts.edged(p, body, red, 0.04, 0.8)
    step = 0.21
    row = torch.round(p.y / step)
    bulge = p.x / (0.55 + 0.45 * (width / wide))
    dx, dy = parts.folded(bulge + step * 0.55 * (row % 2), step * 1.1), p.y - row * step
    seed = s.length(dx, dy * 0.62)
    p.paint(s.both(seed - 0.058, body + 0.06), red * 0.35)
    p.paint(s.both(seed - 0.036, body + 0.06), p.colour(hue=(0.11, 0.17), saturation=(0.4, 0.8), value=(0.9, 1)))
    p.paint(s.ellipse(p, 0.1, 0.2, at=(-0.38, -0.15), turn=0.3), WHITE, 0.55, soft=0.1)
    green = parts.green(p)
    p.paint(s.curve(p, (0, -0.6), (0.02, -0.8), (p.uniform(-0.2, 0.2), -1), 0.1, steps=3), green * 0.6)
    _cap_leaves(p, green)


def _cap_leaves(p: Pen, green: Tensor) -> None:
    cap = p.at(0, -0.6, 0.82, stretch=1.35)
    cap = cap.bent(cap.x, cap.y - 0.3 * cap.x.square())
    n = p.integer(7, 9)
    for layer in (1, 0):
        q = cap.around(n, math.pi * layer / n + 0.2)
        shape = s.lens(q, 0.27, 0.1, at=(0.23, 0))
        p.paint(shape - 0.015, green * 0.25)
        p.paint(shape + 0.015, green * (1 - 0.25 * layer) * (0.8 + 1.0 * q.x))
        p.paint(s.stroke(q, (0, 0), (0.4, 0), 0.025), green * 1.5)


@thing(tilt=0.4)
def pineapple(p: Pen) -> None:
    green = p.colour(hue=(0.24, 0.42), saturation=(0.4, 0.8), value=(0.4, 0.75))
    top = p.at(0, -0.2, 0.8)
    for n, step, reach, wide, tone in [(7, 0.36, 0.72, 0.13, 0.65), (6, 0.3, 0.88, 0.13, 0.85), (5, 0.24, 0.98, 0.13, 1.05),
                                       (3, 0.3, 0.7, 0.15, 1.25)]:
        q = parts.fan(top.bent(top.x * (1 + 0.3 * top.y), top.y), n, step)
        blade = s.lens(q, reach / 2, wide, at=(reach / 2, 0))
        q.paint(blade, green * 0.22)
        q.paint(blade + 0.03, (green * tone * (0.75 + 0.6 * q.x)).clamp(0, 1))
        q.paint(s.stroke(q, (0, 0), (reach * 0.85, 0), 0.03, 0.01), green * tone * 1.5)
    gold = p.colour(hue=(0.07, 0.14), saturation=(0.7, 0.95), value=(0.7, 0.95))
    fruit = p.at(0, 0.38, 0.63)
    body = s.ellipse(fruit, p.uniform(0.75, 0.9), 1.0) - 0.02
    bulge = torch.asin((fruit.x / 1.0).clamp(-0.95, 0.95))
    size = p.uniform(0.3, 0.4)
    a, b = (bulge * 0.95 + fruit.y * 0.8) / size, (bulge * 0.95 - fruit.y * 0.8) / size
    fa, fb = parts.folded(a, 1.0).abs(), parts.folded(b, 1.0).abs()
    tile = 1.3 - 1.5 * torch.maximum(fa, fb)
    fruit.paint(body, gold * 0.22)
    fruit.paint(body + 0.05, gold * tile, relief=0.5)
    fruit.paint(s.both((0.43 - torch.maximum(fa, fb)) * size, body + 0.05), gold * rgb(0.3, 0.3, 0.2))
    fruit.paint(s.both((s.length(fa, fb) - 0.15) * size, body + 0.06), gold * rgb(0.45, 0.35, 0.2))


@thing(tilt=0.4)
def grapes(p: Pen) -> None:
    colour = p.pick(p.colour(hue=(0.72, 0.85), saturation=(0.45, 0.8), value=(0.35, 0.65)),
                    p.colour(hue=(0.72, 0.85), saturation=(0.45, 0.8), value=(0.35, 0.65)),
                    p.colour(hue=(0.18, 0.27), saturation=(0.4, 0.75), value=(0.65, 0.9)),
                    p.colour(hue=(0.93, 1.0), saturation=(0.5, 0.8), value=(0.4, 0.7)))
    p.paint(s.curve(p, (0, -0.4), (0.02, -0.75), (p.uniform(-0.15, 0.2), -1), 0.11, 0.09, steps=4), parts.BROWN)
    vine = parts.facing(p)
    green = parts.green(p)
    parts.plain_leaf(vine.at(0.42, -0.75, 0.45, 0.25), green, 0.5)
    parts.plain_leaf(vine.at(-0.36, -0.8, 0.36, math.pi - 0.35), green * 0.85, 0.5)
    w = noise.warped(p, 0.02, cells=4)
    extra = p.chance(0.6)
    for i, n in enumerate([4, 5, 4, 3, 2, 1]):
        row = w.at(p.uniform(-0.04, 0.04), -0.48 + 0.26 * i, 1.0)
        _berries(parts.only(row, extra) if i == 0 else row, n, 0.34, colour)


def _berries(p: Pen, n: Number, step: float, colour: Tensor) -> None:
    which = parts.nearest(p.x / step, n)
    ball = p.bent(p.x - step * which, p.y).at(scale=0.2)
    tint = colour * (1 + 0.35 * (noise.hashed(which * 2, torch.full_like(which, 3.0) + n) - 0.5))
    ball.paint(s.disc(ball, 1.0), tint * 0.22)
    ball.paint(s.disc(ball, 0.92, at=(-0.03, -0.04)), tint, relief=1.1)
    ball.paint(s.disc(ball, 0.2, at=(-0.35, -0.38)), WHITE, 0.85, soft=0.1)


@thing(tilt=3.15)
def watermelon(p: Pen) -> None:
    """A slice, its flat side or its point up."""
    spread = p.pick(math.pi / 2, math.pi / 2, p.uniform(0.42, 0.57))
    wedge = spread < 1.5
    q = p.at(0, torch.where(wedge, -0.9, -0.5), torch.where(wedge, 1.85, 1.0))
    r, angle = s.length(q.x, q.y), (torch.atan2(q.y, q.x) - math.pi / 2)
    angle = parts.folded(angle, 2 * math.pi)
    sides = torch.where(wedge, s.both((angle.abs() - spread) * r, -q.y), -q.y)
    slice_ = s.both(r - 1, sides)
    red = p.colour(hue=(-0.04, 0.03), saturation=(0.65, 0.9), value=(0.8, 1))
    green = p.colour(hue=(0.27, 0.4), saturation=(0.6, 0.95), value=(0.25, 0.55))
    stripes = 1.1 + 0.5 * torch.sin(angle * 26 + torch.sin(r * 60))
    thin = torch.where(wedge, 0.65, 1.0)
    q.paint(slice_, green * stripes)
    q.paint(s.both(r - 1 + 0.1 * thin, sides), rgb(0.85, 0.95, 0.7))
    q.paint(s.both(r - 1 + 0.18 * thin, sides), red * (1.12 - 0.25 * r) * (1 + 0.05 * noise.soft_noise(p, 20)))
    q.line(slice_, green * 0.4, 0.025)
    _pips(q, angle, r, s.both(slice_ + 0.2 * thin, sides + 0.07), torch.where(wedge, 0.75, 1.0))


def _pips(p: Pen, angle: Tensor, r: Tensor, inside: Tensor, size: Tensor) -> None:
    for radius, step, shift in [(0.7, 0.36, 0.0), (0.48, 0.55, 0.27), (0.28, 0.8, 0.0)]:
        off = parts.folded(angle + shift * size, step * (0.35 + 0.65 * size)) * radius
        drop = s.length(off * (1.6 + 3 * (radius + 0.03 - r)).clamp(1.2, 4), (r - radius) * 0.85) - 0.068 * size
        p.paint(s.both(drop, inside), BLACK)
        p.paint(s.both(s.length(off + 0.012, r - radius - 0.02) - 0.015, inside), WHITE)


@thing(tilt=3.15)
def orange_slice(p: Pen) -> None:
    hue = p.pick(p.uniform(0.06, 0.1), p.uniform(0.06, 0.1), p.uniform(0.13, 0.16), p.uniform(0.22, 0.27), p.uniform(-0.02, 0.03))
    flesh = hsv(hue, p.uniform(0.7, 0.95), p.uniform(0.85, 1.0))
    pith = rgb(1.0, 0.96, 0.85)
    half = p.chance(0.3)
    q = p.at(0, -0.35 * half)
    inside = s.both(s.disc(q, 0.98), -q.y - (1 - half) * 3)
    p.paint(inside, flesh * 0.8, relief=0.2)
    p.line(inside, flesh * 0.4, 0.03)
    p.paint(s.both(s.disc(q, 0.9), inside), pith)
    n = p.integer(8, 11)
    seg = q.around(n, math.pi / n)
    wedge = s.both(s.disc(seg, 0.83), _wedge(seg, n), inside + 0.04)
    r, angle = s.length(q.x, q.y), torch.atan2(q.y, q.x)
    pulp = torch.sin(angle * 46 + 2.5 * torch.sin(r * 17)) * torch.sin(r * 15 + 2 * torch.sin(angle * 23))
    p.paint(wedge, flesh * 0.55)
    p.paint(wedge + 0.02, (flesh * (0.98 + 0.2 * pulp) + 0.08 * pulp).clamp(0, 1), relief=0.3)
    pip = s.lens(seg, 0.09, 0.04, at=(0.38, 0))
    p.paint(s.both(pip, inside + 0.04), rgb(0.95, 0.88, 0.65) * 0.9, p.chance(0.4))


def _wedge(p: Pen, n: Tensor) -> Tensor:
    """A sector of the circle, a little smaller than its share."""
    half = math.pi / n
    return p.y.abs() * half.cos() - p.x * half.sin() + 0.035


@thing(tilt=3.15)
def snowflake(p: Pen) -> None:
    night = p.colour(hue=(0.55, 0.7), saturation=(0.4, 0.9), value=(0.1, 0.55))
    p.paint(s.disc(p, 9.0), night, p.chance(0.5))
    ice = p.colour(hue=(0.5, 0.62), saturation=(0.02, 0.25), value=(0.92, 1))
    arm = p.around(6)
    arm = arm.bent(arm.x, arm.y.abs())
    thick = p.uniform(0.07, 0.11)
    parts = [s.stroke(arm, (0, 0), (0.95, 0), thick)]
    for x in (0.3, 0.55, 0.76):
        long = p.uniform(0.1, 0.36) * (1.15 - 0.55 * x)
        parts.append(s.stroke(arm, (x, 0), (x + long * 0.5, long * 0.87), thick * 0.8, thick * 0.6))
    plate = p.uniform(0.12, 0.3)
    hexagon = (arm.x - plate).abs() - thick * 0.4
    parts.append(s.both(hexagon, s.disc(arm, plate * 1.3)))
    tip = p.uniform(0.04, 0.1)
    parts.append(s.box(arm.at(0.92, 0, turn=math.pi / 4), tip, tip))
    crystal = s.union(*parts)
    p.paint(crystal - 0.045, ice * rgb(0.12, 0.25, 0.5))
    p.paint(crystal, ice * rgb(0.6, 0.8, 0.97))
    p.paint(crystal + 0.02, ice)
