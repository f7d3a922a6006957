"""What drives, sails and flies."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.pen import BLACK, WHITE, Number, Pen, rgb
from hub.world.things import parts

RUBBER = rgb(0.1, 0.1, 0.11)


def _wheel(p: Pen, spokes: Number = 8, rim: Tensor = parts.STEEL, tyre: float = 0.3) -> None:
    p.paint(s.disc(p, 1.0), RUBBER)
    p.paint(s.disc(p, 1 - tyre), rim)
    p.paint(s.disc(p, 0.84 - tyre), rim * 0.35)
    p.paint(s.both(s.box(p.around(spokes), 0.4, 0.07, at=(0.45, 0)), s.disc(p, 1 - tyre)), rim)
    p.paint(s.disc(p, 0.2), rim * 1.2)


@thing(tilt=0.18)
def car(p: Pen) -> None:
    colour = p.pick(parts.vivid(p), parts.vivid(p), p.colour(saturation=(0, 0.1), value=(0.3, 1)))
    q = parts.either_way(p)
    roof = p.uniform(-0.66, -0.52)
    back = p.uniform(-0.9, -0.62)
    cabin = parts.convex(q, (back, 0.04), (back + 0.2, roof), (0.2, roof), (p.uniform(0.52, 0.66), 0.04))
    body = s.union(s.box(q, 0.98, 0.27, at=(0, 0.19), round=0.17), cabin - 0.03)
    p.paint(s.ellipse(q, 0.98, 0.1, at=(0, 0.66)), BLACK, 0.5, soft=0.1)
    parts.solid(p, body, colour, relief=0.35, width=0.05)
    pane = s.cut(s.both(cabin + 0.07, q.y + 0.02), s.box(q, 0.045, 1, at=(-0.18, 0)))
    p.paint(pane, parts.GLASS * (0.75 - 0.4 * q.y))
    p.line(pane, BLACK, 0.03)
    p.paint(s.both((q.x + q.y * 0.5 - 0.22).abs() - 0.04, pane), WHITE, 0.7)
    p.line(s.box(q, 0.33, 0.2, at=(0.14, 0.2)), colour * 0.4, 0.025)
    p.paint(s.both(s.box(q, 0.9, 0.02, at=(0, 0.32)), body + 0.04), colour * 0.5)
    p.paint(s.box(q, 0.07, 0.02, at=(-0.06, 0.1)), BLACK)
    p.paint(s.ellipse(q, 0.08, 0.08, at=(0.89, 0.12)), rgb(1, 0.95, 0.6))
    p.paint(s.box(q, 0.05, 0.08, at=(-0.93, 0.12)), rgb(0.85, 0.05, 0.05))
    wheels = q.mirrored().at(p.uniform(0.5, 0.6), 0.42)
    p.paint(s.both(s.disc(wheels, 0.31), body), BLACK)
    _wheel(wheels.at(scale=0.26), p.integer(4, 8), tyre=0.34)


@thing(tilt=0.18)
def bicycle(p: Pen) -> None:
    colour = parts.vivid(p)
    q = parts.either_way(p)
    wheels = q.mirrored().at(0.53, 0.32, 0.44)
    p.line(s.disc(wheels, 0.93), RUBBER, 0.12)
    p.line(s.disc(wheels, 0.84), parts.STEEL * 1.1, 0.06)
    rays = wheels.around(p.integer(9, 14))
    p.paint(s.both(s.disc(wheels, 0.84), rays.y.abs() - 0.025), parts.STEEL)
    p.paint(s.disc(wheels, 0.14), BLACK)
    crank, seat, head = (-0.05, 0.36), (-0.22, -0.28), (0.32, -0.34)
    hub, front = (-0.53, 0.32), (0.53, 0.32)
    ends = ((crank, seat), (crank, head), (seat, head), (hub, seat), (hub, crank), (head, front))
    tubes = s.union(*(s.stroke(q, a, b, 0.085) for a, b in ends))
    p.paint(tubes, colour)
    p.line(tubes, colour * 0.25, 0.025)
    post = s.union(s.stroke(q, seat, (-0.27, -0.48), 0.06), s.stroke(q, head, (0.26, -0.58), 0.06))
    p.paint(post, parts.STEEL * 0.7)
    p.paint(s.stroke(q, (-0.46, -0.52), (-0.12, -0.5), 0.16, 0.06), BLACK)
    bar = s.union(s.stroke(q, (0.26, -0.58), (0.46, -0.64), 0.08), s.arc(q.at(0.46, -0.5), 0.14, 0.08, 1.4, 0.0))
    p.paint(bar, BLACK)
    p.paint(s.disc(q, 0.13, at=crank), parts.STEEL * 0.6)
    p.line(s.disc(q, 0.13, at=crank), BLACK, 0.03)
    p.paint(s.stroke(q, (-0.05, 0.36), (0.06, 0.58), 0.05), BLACK)


@thing(tilt=0.12)
def locomotive(p: Pen) -> None:
    colour = p.pick(parts.vivid(p) * 0.75, rgb(0.15, 0.15, 0.17), p.colour(hue=(0.3, 0.65), value=(0.2, 0.45)))
    trim = p.pick(rgb(0.85, 0.12, 0.1), rgb(0.9, 0.7, 0.25))
    q = parts.either_way(p)
    _smoke(q)
    p.paint(s.box(q, 0.98, 0.03, at=(0, 0.92)), rgb(0.3, 0.25, 0.2))
    p.paint(parts.taper(q.at(0.6, -0.4), -0.22, 0.17, 0.2, 0.09), BLACK)
    p.paint(s.disc(q, 0.14, at=(0.12, -0.24)), rgb(0.9, 0.7, 0.25), relief=0.4)
    boiler = s.box(q, 0.62, 0.27, at=(0.24, 0.02), round=0.08)
    p.paint(boiler, colour * (1.35 - 9 * (q.y + 0.08).square()))
    p.paint(s.both(parts.repeated(q, 0.26).x.abs() - 0.022, boiler), trim)
    p.paint(s.both(0.64 - q.x, boiler), BLACK)
    p.paint(s.disc(q, 0.09, at=(0.88, -0.12)), rgb(1, 0.93, 0.6))
    cab = s.box(q, 0.3, 0.47, at=(-0.62, -0.12))
    parts.solid(p, cab, colour, relief=0.2)
    p.paint(s.box(q, 0.17, 0.16, at=(-0.6, -0.3)), trim)
    p.paint(s.box(q, 0.12, 0.11, at=(-0.6, -0.3)), parts.GLASS)
    p.paint(s.box(q, 0.37, 0.06, at=(-0.62, -0.6), round=0.05), BLACK)
    p.paint(s.box(q, 0.88, 0.08, at=(-0.04, 0.36)), trim)
    p.paint(parts.convex(q, (0.66, 0.36), (0.84, 0.36), (0.99, 0.88), (0.66, 0.88)), trim * 0.7)
    for x in (-0.62, -0.14, 0.34):
        _wheel(q.at(x, 0.63, 0.26), 10, trim, tyre=0.18)
    p.paint(s.stroke(q, (-0.62, 0.7), (0.6, 0.66), 0.07), parts.STEEL)


def _smoke(p: Pen) -> None:
    grey = p.uniform(0.75, 0.97).expand(-1, 3, -1, -1)
    for x, y, size in ((-0.35, -0.84, 0.2), (0.0, -0.8, 0.2), (0.32, -0.82, 0.17), (0.55, -0.72, 0.12)):
        puff = p.at(x + p.uniform(-0.07, 0.07), y, size)
        p.paint(s.disc(puff, 1.0), grey, relief=0.5)


@thing(tilt=0.2)
def sailboat(p: Pen) -> None:
    q = parts.either_way(p)
    sail = p.pick(WHITE, p.colour(saturation=(0.05, 0.3), value=(0.9, 1)), parts.vivid(p))
    hull, other = p.pick(p.colour(hue=(0.04, 0.09), value=(0.4, 0.7)), parts.vivid(p), WHITE), parts.vivid(p)
    mast = p.uniform(-0.12, 0.05)
    p.paint(s.stroke(q, (mast, -0.97), (mast, 0.5), 0.05), rgb(0.35, 0.22, 0.12))
    _sail(q, (mast + 0.06, -0.9), (mast + 0.06, 0.3), p.uniform(0.65, 0.85), sail, other)
    _sail(q.bent(-q.x, q.y), (0.06 - mast, -0.75), (0.06 - mast, 0.32), p.uniform(0.5, 0.75), p.pick(sail, other), sail * 0.6)
    p.paint(parts.convex(q, (mast, -1.0), (mast + 0.22, -0.93), (mast, -0.86)), other)
    shape = s.both(s.ellipse(q, 0.95, 0.46, at=(0, 0.4)), 0.4 - q.y)
    p.paint(shape, hull * (1.1 - 0.6 * (q.y - 0.4)))
    p.paint(s.both((q.y - 0.5).abs() - 0.03, shape), p.pick(WHITE, hull * 0.4))
    p.line(shape, hull * 0.25)
    _sea(q)


def _sail(p: Pen, peak: parts.Point, foot: parts.Point, wide: Number, colour: Tensor, stripe: Tensor) -> None:
    """A sail to the right of its mast, bellied, with seams."""
    (x, top), (_, bottom) = peak, foot
    reach = wide * ((p.y - top) / (bottom - top)).clamp(0, 1) ** 0.75
    shape = s.both((p.x - x - reach) * 0.8, x - p.x, top - p.y, p.y - bottom + 0.12 * (p.x - x))
    p.paint(shape, colour * (1.02 - 0.35 * (p.x - x)))
    seams = parts.repeated(p.bent(p.x, p.y + 0.15 * p.x), 0, 0.24)
    p.paint(s.both(seams.y.abs() - 0.016, shape), colour * 0.6)
    p.paint(s.both((p.y - 0.02).abs() - 0.1, shape), stripe, p.chance(0.4))
    p.line(shape, colour * 0.3, 0.035)


def _sea(p: Pen) -> None:
    water = p.colour(hue=(0.5, 0.62), saturation=(0.5, 0.9), value=(0.45, 0.85))
    for y, phase, light in ((0.7, 0.0, 1.0), (0.82, 2.0, 0.75)):
        crest = y + 0.035 * (p.x * 14 + phase).sin() - p.y
        p.paint(s.both(crest, p.x.abs() - 0.99, p.y - 0.97), water * light)
        p.paint(s.both(crest.abs() - 0.02, p.x.abs() - 0.99), WHITE, 0.85)


@thing(tilt=0.5)
def aeroplane(p: Pen) -> None:
    colour, trim = p.pick(WHITE, WHITE * 0.85, parts.vivid(p)), parts.vivid(p)
    beside = p.chance(0.4)
    _plane_from_above(p.at(9 * beside, 0, turn=p.uniform(-0.9, 0.9)), colour, trim)
    _plane_from_side(parts.either_way(p).at(9 * (1 - beside), 0.1, turn=p.uniform(-0.3, 0.05)), colour, trim)


def _plane_from_above(p: Pen, colour: Tensor, trim: Tensor) -> None:
    half = p.mirrored()
    engine = s.box(half, 0.075, 0.16, at=(0.42, 0.0), round=0.06)
    parts.solid(p, engine, trim)
    wing = s.union(parts.convex(half, (0, -0.25), (0.98, 0.3), (0.98, 0.44), (0, 0.2)),
                   parts.convex(half, (0, 0.58), (0.42, 0.84), (0.42, 0.95), (0, 0.84)))
    p.paint(wing, colour * (0.9 - 0.25 * half.y))
    p.paint(s.both(wing, 0.84 - half.x), trim)
    p.paint(s.both((half.y - half.x * 0.24 - 0.1).abs() - 0.012, wing), colour * 0.4)
    p.line(wing, BLACK, 0.04)
    body = s.stroke(p, (0, -0.8), (0, 0.88), 0.32, 0.12)
    parts.solid(p, body, colour, relief=0.5, width=0.04)
    p.paint(s.both(s.ring(s.disc(p, 0.2, at=(0, -0.66)), 0.1), p.y + 0.74, body + 0.03), rgb(0.1, 0.2, 0.35))
    p.paint(s.disc(parts.repeated(half, 0, 0.11), 0.028, at=(0.085, 0)) + 9 * (p.y + 0.1).abs().gt(0.5), rgb(0.1, 0.2, 0.35))
    p.paint(s.stroke(p, (0, 0.55), (0, 0.93), 0.05), trim)


def _plane_from_side(p: Pen, colour: Tensor, trim: Tensor) -> None:
    fin = parts.convex(p, (-0.95, -0.62), (-0.75, -0.62), (-0.42, -0.02), (-0.86, -0.02))
    parts.solid(p, fin, trim)
    body = s.stroke(p, (-0.82, -0.04), (0.76, 0.0), 0.14, 0.42)
    p.paint(body, colour * (0.95 - 0.7 * p.y))
    p.paint(s.both((p.y - 0.08).abs() - 0.03, body), trim)
    p.line(body, BLACK, 0.04)
    p.paint(s.box(parts.repeated(p, 0.13), 0.035, 0.045, at=(0, -0.06)) + 9 * (p.x.abs() > 0.52), rgb(0.1, 0.25, 0.4))
    p.paint(s.both(s.box(p, 0.13, 0.06, at=(0.84, -0.08)), body + 0.03), rgb(0.1, 0.25, 0.4))
    parts.solid(p, s.box(p, 0.17, 0.09, at=(0.12, 0.32), round=0.08), trim)
    wing = parts.convex(p, (-0.12, 0.1), (0.28, 0.1), (-0.3, 0.66), (-0.5, 0.66))
    parts.solid(p, wing, colour * 0.8)
    parts.solid(p, parts.convex(p, (-0.85, 0.0), (-0.6, 0.0), (-0.86, 0.22), (-0.98, 0.22)), colour * 0.75, width=0.03)


@thing(tilt=0.2)
def hot_air_balloon(p: Pen) -> None:
    first, second, third = parts.vivid(p), p.pick(WHITE, parts.vivid(p)), parts.vivid(p)
    radius = p.uniform(0.64, 0.76)
    middle = radius - 0.98
    mouth = p.uniform(0.42, 0.52)
    lower = (mouth - p.y) / (mouth - middle - 0.3 * radius) * (radius * 0.954 - 0.14) + 0.14
    round_half = (radius ** 2 - (p.y - middle).square()).clamp_min(1e-4).sqrt()
    half = torch.where(p.y < middle + 0.3 * radius, round_half, lower.clamp_min(0.05))
    envelope = s.union(s.disc(p, radius, at=(0, middle)), s.both(p.x.abs() - half, middle - p.y, p.y - mouth) * 0.85)
    across = (p.x / half).clamp(-1, 1)
    gores = parts.stripe(across.asin() * p.pick(2.0, 2.5, 3.0) / math.pi * 2 + 0.5, p.pixel * 2)
    cloth = torch.lerp(first, second, gores)
    band = (p.y - middle - 0.06 * _zigzag(across * 4)).abs() - 0.11
    cloth = torch.lerp(cloth, third, p.coverage(band) * p.chance(0.5))
    side = p.x * p.light[:, :1] + p.y * p.light[:, 1:]
    for x in (0.05, 0.13):
        p.paint(s.stroke(p.mirrored(), (x, mouth - 0.05), (x * 0.95, 0.72), 0.02), BLACK)
    p.paint(envelope, cloth * (0.85 + 0.35 * side - 0.25 * across.abs() ** 3))
    p.line(envelope, first * 0.25, 0.04)
    _basket(p.at(0, 0.83, 0.16))


def _zigzag(t: Tensor) -> Tensor:
    """A triangle wave between -1 and 1, of period 1."""
    return ((t - torch.floor(t)) - 0.5).abs() * 4 - 1


def _basket(p: Pen) -> None:
    wicker = p.colour(hue=(0.06, 0.1), saturation=(0.5, 0.8), value=(0.45, 0.75))
    shape = parts.taper(p, -0.8, 1.1, 0.9, 0.85)
    p.paint(shape, wicker)
    odd = torch.floor(p.x / 0.4) % 2
    p.paint(s.both(shape, torch.cos(p.y * 9 + odd * math.pi) * 0.12), wicker * 0.55)
    p.paint(s.box(p, 1.2, 0.18, at=(0, -0.75), round=0.1), wicker * 0.4)
    p.line(shape, BLACK, 0.12)


@thing(tilt=0.7)
def rocket(p: Pen) -> None:
    body, trim = p.pick(WHITE, parts.STEEL, parts.vivid(p)), p.pick(rgb(0.85, 0.12, 0.1), parts.vivid(p))
    flame = p.at(0, 0.72)
    for wide, long, colour in ((0.27, 0.3, rgb(0.95, 0.35, 0.05)), (0.18, 0.22, rgb(1, 0.75, 0.1)),
                               (0.09, 0.14, rgb(1, 0.97, 0.75))):
        p.paint(s.lens(flame, long * p.uniform(0.85, 1.15), wide, turn=math.pi / 2), colour, soft=0.03)
    fins = p.mirrored()
    fin = parts.convex(fins, (0.1, 0.05), (0.36, 0.28), (0.62, 0.86), (0.1, 0.7))
    parts.solid(p, s.cut(fin, s.ellipse(fins, 0.28, 0.22, at=(0.34, 0.86))), trim)
    p.paint(parts.taper(p, 0.62, 0.16, 0.76, 0.22), BLACK)
    half = p.uniform(0.3, 0.4)
    hull = s.both(s.lens(p.at(0, 0.08), 1.06, half, turn=math.pi / 2), p.y - 0.66)
    shaded = body * (0.85 + 0.9 * p.x * p.light[:, :1] - 1.2 * p.x.square())
    p.paint(hull, shaded)
    p.paint(s.both(hull, p.y + 0.52), trim * (1 + 1.2 * p.x * p.light[:, :1]))
    p.paint(s.both(hull, (p.y - 0.46).abs() - 0.06), trim)
    p.paint(s.both(hull, parts.repeated(p, 0, 0.31).y.abs() - 0.01), BLACK, 0.6)
    p.line(hull, BLACK, 0.04)
    _porthole(p.at(0, -0.2, 0.19))
    _porthole(p.at(0, 0.19, 0.12 * p.chance(0.5) + 0.01))
    parts.solid(p, s.box(p, 0.035, 0.26, at=(0, 0.7), round=0.03), trim)


def _porthole(p: Pen) -> None:
    p.paint(s.disc(p, 1.0), BLACK)
    p.paint(s.disc(p, 0.88), rgb(0.95, 0.8, 0.35))
    p.paint(s.disc(p, 0.64), rgb(0.2, 0.45, 0.75) * (1 - 0.5 * p.y))
    p.paint(s.disc(p, 0.2, at=(-0.25, -0.28)), WHITE)
