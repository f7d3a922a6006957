"""Shapes, buildings, vehicles, instruments and other made things."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.pen import BLACK, WHITE, Number, Pen, rgb

Point = tuple[Number, Number]
GLASS = rgb(0.62, 0.82, 0.93)
STEEL = rgb(0.72, 0.74, 0.78)
RUBBER = rgb(0.1, 0.1, 0.11)


# ---- parts that many things share


def _vivid(p: Pen) -> Tensor:
    return p.colour(saturation=(0.6, 1), value=(0.5, 1))


def _stone(p: Pen) -> Tensor:
    return p.colour(hue=(0.05, 0.14), saturation=(0.05, 0.35), value=(0.55, 0.85))


def _solid(p: Pen, shape: Tensor, colour: Tensor, relief: float = 0.3, width: float = 0.035) -> None:
    """A rounded body with a dark contour."""
    p.paint(shape, colour, relief=relief)
    p.line(shape, colour * 0.22, width)


def _bevelled(p: Pen, shape: Tensor, colour: Tensor, width: Number = 0.13) -> None:
    """A flat face within raised edges that are bright towards the light and dark away from it."""
    down, right = torch.gradient(shape, dim=(2, 3))
    facing = (right * p.light[:, :1] + down * p.light[:, 1:]) / p.pixel
    p.paint(shape, (colour * (0.72 + 0.6 * facing)).clamp(0, 1))
    p.paint(shape + width, colour)
    p.line(shape + width, colour * 0.35, 0.03)
    p.line(shape, colour * 0.2, 0.05)


def _convex(p: Pen, *corners: Point) -> Tensor:
    """A convex polygon, its corners clockwise as seen."""
    sides = []
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]]):
        ex, ey = bx - ax, by - ay
        size = (ex * ex + ey * ey) ** 0.5
        nx, ny = ey / size, -ex / size
        sides.append(p.x * nx + p.y * ny - (ax * nx + ay * ny))
    return s.both(*sides)


def _taper(p: Pen, top: Number, top_half: Number, bottom: Number, bottom_half: Number) -> Tensor:
    """An upright trapezoid around x = 0, of the given half widths."""
    slope = (bottom_half - top_half) / (bottom - top)
    sides = (p.x.abs() - top_half - slope * (p.y - top)) / (1 + slope * slope) ** 0.5
    return s.both(sides, top - p.y, p.y - bottom)


def _repeated(p: Pen, dx: Number = 0.0, dy: Number = 0.0) -> Pen:
    """A pen that draws the same again every dx and dy (0: not repeated)."""
    x = p.x if not isinstance(dx, Tensor) and not dx else p.x - dx * torch.round(p.x / dx)
    y = p.y if not isinstance(dy, Tensor) and not dy else p.y - dy * torch.round(p.y / dy)
    return p.bent(x, y)


def _either_way(p: Pen) -> Pen:
    """Faces left or right."""
    return p.bent(p.x * p.pick(-1.0, 1.0), p.y)


def _bricks(p: Pen, inside: Tensor, colour: Tensor, wide: float = 0.22, high: float = 0.12, opacity: Number = 0.6) -> None:
    """The joints of a brick wall."""
    odd = torch.floor(p.y / high) % 2
    x, y = p.x + odd * wide / 2, p.y - high / 2
    joints = torch.minimum((x - wide * torch.round(x / wide)).abs(), (y - high * torch.round(y / high)).abs()) - 0.014
    p.paint(s.both(joints, inside), colour, opacity)


def _wheel(p: Pen, spokes: Number = 8, rim: Tensor = STEEL, tyre: float = 0.3) -> None:
    p.paint(s.disc(p, 1.0), RUBBER)
    p.paint(s.disc(p, 1 - tyre), rim)
    p.paint(s.disc(p, 0.84 - tyre), rim * 0.35)
    p.paint(s.both(s.box(p.around(spokes), 0.4, 0.07, at=(0.45, 0)), s.disc(p, 1 - tyre)), rim)
    p.paint(s.disc(p, 0.2), rim * 1.2)


def _window(p: Pen, glass: Tensor, frame: Tensor) -> None:
    """A window with cross bars that fills the frame."""
    p.paint(s.box(p, 1.0, 1.0), frame)
    panes = s.box(p.bent(p.x.abs(), p.y.abs()), 0.36, 0.36, at=(0.44, 0.44))
    p.paint(panes, glass * (0.75 - 0.25 * p.y))


# ---- plain shapes, with some work in them


@thing(tilt=0.25)
def cross(p: Pen) -> None:
    colour, other = _vivid(p), _vivid(p)
    half, bar = p.uniform(0.17, 0.28), p.pick(0.0, -0.25)
    wide = torch.where(bar < 0, p.uniform(0.6, 0.75), 0.95)
    middle = p.at(0, bar)
    shape = s.union(s.box(p, half, 0.97), s.box(middle, wide, half))
    ring = s.ring(s.disc(middle, 0.52), 0.16) + 9 * (1 - p.chance(0.3))  # the Celtic one
    p.paint(ring, other)
    p.line(ring, other * 0.3)
    _bevelled(p, shape, colour, half * 0.34)
    p.line(shape + half * 0.68, other * 0.8, half * 0.25, opacity=p.chance(0.6))
    gem = middle.at(scale=half * 0.7)
    _gem(gem, p.colour(saturation=(0.7, 1), value=(0.6, 1)), p.chance(0.6))


def _gem(p: Pen, colour: Tensor, opacity: Number = 1.0) -> None:
    p.paint(s.disc(p, 1.0), BLACK, opacity)
    p.paint(s.disc(p, 0.8), colour, opacity, relief=0.4)
    p.paint(s.disc(p, 0.25, at=(-0.3, -0.3)), WHITE, opacity)


@thing(tilt=0.6)
def star(p: Pen) -> None:
    colour = p.pick(p.colour(hue=(0.1, 0.17), saturation=(0.7, 1), value=(0.85, 1)), _vivid(p))
    other = p.pick(WHITE, colour * 0.45, _vivid(p))
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
    colour = p.pick(p.colour(hue=(0.93, 1.02), saturation=(0.75, 1), value=(0.6, 1)), _vivid(p))
    other = p.pick(WHITE, p.colour(hue=(0.08, 0.16), value=(0.8, 1)), colour * 0.5)
    shape, middle, inner = (s.heart(p.at(0, 0.02 - drop, size)) * size for drop, size in ((0, 0.97), (0.015, 0.8), (0.03, 0.6)))
    lace = s.disc(_repeated(p, 0.2, 0.2), 0.05)
    p.paint(shape, colour, relief=0.7)
    p.line(middle, other, 0.06, opacity=p.chance(0.65))
    p.line(inner, colour * 0.4, 0.05, opacity=p.chance(0.5))
    p.paint(s.both(lace, inner + 0.05), other, opacity=p.chance(0.4))
    p.paint(s.ellipse(p, 0.2, 0.11, at=(-0.48, -0.5), turn=-0.7), WHITE, 0.9, soft=0.05)
    p.paint(s.disc(p, 0.06, at=(-0.7, -0.25)), WHITE, 0.9)
    p.line(shape, colour * 0.2, 0.06)


@thing(tilt=0.35)
def triangle(p: Pen) -> None:
    colour, other = _vivid(p), p.pick(WHITE, BLACK, _vivid(p))
    foot = p.uniform(0.85, 1.0)
    shape = _taper(p, -0.93, 0.001, 0.8, foot)
    _bevelled(p, shape, colour, 0.13)
    gap = p.uniform(0.24, 0.3)
    p.paint(shape + gap, other)
    p.paint(shape + gap + 0.1, colour * p.pick(1.0, 0.55))
    p.paint(shape + gap + 0.19, other, opacity=p.chance(0.5))


@thing(tilt=0.35)
def square(p: Pen) -> None:
    colour, other = _vivid(p), p.pick(WHITE, BLACK, _vivid(p))
    shape = s.box(p, 0.92, 0.92)
    width = p.uniform(0.14, 0.24)
    _bevelled(p, shape, colour, width)
    mitre = (p.x.abs() - p.y.abs()).abs() * 0.7 - 0.015
    p.paint(s.both(mitre, s.ring(shape + width / 2, width)), colour * 0.25)
    p.paint(shape + width + 0.1, other)
    p.paint(shape + width + 0.2, colour * p.pick(1.0, 0.6))
    p.paint(shape + width + 0.3, other, opacity=p.chance(0.6))
    _bevelled(p, s.box(p, 0.3, 0.3), colour, 0.1)


@thing(tilt=0.15)
def sphere(p: Pen) -> None:
    colour, other = _vivid(p), p.pick(WHITE, WHITE, _vivid(p))
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
    segment, band = _stripe(turns, p.pixel), _stripe(height, p.pixel)
    chequered = segment + band - 2 * segment * band
    zero = torch.zeros_like(segment)
    return p.pick(zero, zero, segment, chequered, band)


def _stripe(t: Tensor, pixel: Tensor) -> Tensor:
    """0 or 1 by turns, a stripe to a unit of t."""
    return (0.5 + (t * math.pi).sin() / (pixel * 5)).clamp(0, 1)


# ---- machines and the sky


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
    _bevelled(p, shape, metal * sheen, 0.06)
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
    q = _either_way(p).at(-0.08, 0, 0.97)
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


# ---- buildings


@thing(tilt=0.12)
def house(p: Pen) -> None:
    wall = p.pick(p.colour(hue=(0.02, 0.16), saturation=(0.1, 0.5), value=(0.75, 1)), WHITE * 0.95, _vivid(p))
    roof = p.pick(p.colour(hue=(0.0, 0.06), saturation=(0.5, 0.9), value=(0.4, 0.85)),
                  p.colour(saturation=(0.1, 0.5), value=(0.2, 0.5)))
    eaves = p.uniform(-0.2, 0.0)
    chimney = s.box(p, 0.11, 0.3, at=(p.pick(-0.5, 0.5), -0.62))
    p.paint(chimney, roof * 0.75)
    _bricks(p, chimney, WHITE * 0.8, 0.14, 0.09)
    p.line(chimney, BLACK, 0.03)
    front = _taper(p, eaves - 0.1, 0.74, 0.95, 0.74)
    p.paint(front, wall)
    _bricks(p, front, wall * 0.55, opacity=0.7 * p.chance(0.5))
    p.line(front, wall * 0.2)
    _tiled(p, _taper(p, -0.95, p.pick(0.02, 0.5), eaves, 0.98), roof)
    side = p.pick(-1.0, 1.0)
    _door(p.at(side * p.pick(0.0, 0.34), 0.64, 0.32), _vivid(p) * 0.75)
    glass = p.pick(GLASS, p.colour(hue=(0.12, 0.16), saturation=(0.4, 0.8), value=(0.9, 1)))
    for x in (-0.46, 0.46):
        _window(p.at(x, eaves + 0.32, 0.19), glass, p.pick(WHITE, roof * 0.5))


def _tiled(p: Pen, shape: Tensor, colour: Tensor) -> None:
    p.paint(shape, colour)
    high, wide = 0.14, 0.17
    row = torch.floor(p.y / high)
    x = p.x + row % 2 * wide / 2
    x, y = x - wide * torch.round(x / wide), p.y - (row + 0.25) * high
    scale = s.length(x, y * 0.9)
    p.paint(s.both((scale - 0.085).abs() - 0.018, shape), colour * 0.4)
    p.paint(s.both(scale - 0.05, shape), colour * 1.3)
    p.line(shape, colour * 0.25, 0.05)


def _door(p: Pen, colour: Tensor) -> None:
    p.paint(s.box(p, 0.6, 1.0), colour * 0.3)
    p.paint(s.box(p, 0.5, 0.92, at=(0, 0.06)), colour)
    p.paint(s.box(p.bent(p.x, p.y.abs()), 0.32, 0.3, at=(0, 0.46)), colour * 0.6)
    p.paint(s.disc(p, 0.1, at=(0.38, 0.08)), rgb(0.95, 0.8, 0.3))


@thing(tilt=0.12)
def castle(p: Pen) -> None:
    stone, roof = _stone(p), _vivid(p)
    pointed = p.chance(0.5)
    keep = p.at(0, p.uniform(-0.1, 0.05))
    _tower(keep, 0.3, -0.45, stone * 0.85, roof, pointed)
    wall = s.union(s.box(p, 0.8, 0.4, at=(0, 0.53)), _merlons(p, 0.75, 0.09, 0.19))
    p.paint(wall, stone)
    _bricks(p, wall, stone * 0.6)
    p.line(wall, stone * 0.25)
    _gate(p.at(0, 0.62, 0.3), stone)
    towers = p.mirrored().at(0.72, 0.1)
    _tower(towers, 0.24, -0.35, stone * 1.05, roof, pointed)


def _merlons(p: Pen, half_width: float, y: float, step: float) -> Tensor:
    return s.both(s.box(_repeated(p, step), step * 0.28, 0.1, at=(0, y)), p.x.abs() - half_width)


def _tower(p: Pen, half: float, top: float, stone: Tensor, roof: Tensor, pointed: Tensor) -> None:
    _flag(p.at(0, top - 0.1 - 0.25 * pointed, 0.22), roof)
    cone = _taper(p, top - 0.45, 0.001, top, half * 1.25)
    shape = s.union(s.box(p, half, 0.62, at=(0, top + 0.62)), s.box(p, half * 1.22, 0.09, at=(0, top + 0.06)),
                    _merlons(p, half * 1.22, top - 0.07, half * 0.81))
    p.paint(shape, stone)
    _bricks(p, shape, stone * 0.6)
    p.line(shape, stone * 0.25)
    p.paint(cone, roof * (0.75 - 0.9 * p.x), pointed)
    p.line(cone, roof * 0.2, opacity=pointed)
    p.paint(s.stroke(p, (0, top + 0.32), (0, top + 0.46), 0.12), BLACK)


def _flag(p: Pen, colour: Tensor) -> None:
    p.paint(s.box(p, 0.09, 1.0, at=(0, -0.6)), BLACK)
    p.paint(_convex(p, (0.05, -1.6), (1.1, -1.15), (0.05, -0.7)), colour)


def _gate(p: Pen, stone: Tensor) -> None:
    arch = s.union(s.disc(p, 0.75, at=(0, -0.2)), s.box(p, 0.75, 0.65, at=(0, 0.4)))
    p.paint(arch, stone * 0.35)
    p.paint(arch + 0.16, BLACK)
    bars = _repeated(p, 0.3, 0.34)
    p.paint(s.both(torch.minimum(bars.x.abs(), bars.y.abs()) - 0.05, arch + 0.16), STEEL * 0.7)


@thing(tilt=0.08)
def skyscraper(p: Pen) -> None:
    lights = p.colour(hue=(0.1, 0.16), saturation=(0.3, 0.8), value=(0.9, 1))
    _block(p.at(-0.62, p.uniform(-0.1, 0.25)), 0.36, p.uniform(0.1, 0.14), _facade(p), lights)
    _block(p.at(0.62, p.uniform(-0.1, 0.25)), 0.36, p.uniform(0.1, 0.14), _facade(p), lights)
    main, top = _facade(p), p.at(p.uniform(-0.08, 0.08), -0.68)
    p.paint(s.stroke(top, (0, -0.3), (0, 0.0), 0.03, 0.08), main * 0.4)
    setback = p.uniform(0.12, 0.22)
    p.paint(_taper(top, -0.12, setback * p.pick(0.05, 1.0), 0.05, setback), main * 0.8)
    _block(top, p.uniform(0.3, 0.4), p.uniform(0.11, 0.15), main, lights)


def _facade(p: Pen) -> Tensor:
    return p.pick(p.colour(hue=(0.55, 0.65), saturation=(0.2, 0.6), value=(0.2, 0.6)),
                  p.colour(hue=(0.02, 0.12), saturation=(0.1, 0.45), value=(0.35, 0.7)))


def _block(p: Pen, half: Number, step: Tensor, wall: Tensor, lights: Tensor) -> None:
    """A tower block from y = 0 down, part of its windows lit."""
    shape = s.both(p.x.abs() - half, -p.y)
    p.paint(shape, wall * (1 - 0.5 * p.x))
    column, row = torch.floor(p.x / step + 0.5), torch.floor(p.y / step)
    lit = (noise.hashed(column, row, p.uniform(0, 90)) < p.uniform(0.45, 0.85)).float()
    pane = s.box(p.bent(p.x - column * step, p.y - (row + 0.55) * step), step * 0.3, step * 0.3)
    p.paint(s.both(pane, shape + 0.04), torch.lerp(wall * 0.35, lights, lit))
    p.line(shape, wall * 0.25, 0.04)


@thing(tilt=0.1)
def pagoda(p: Pen) -> None:
    roof = p.pick(p.colour(hue=(0.98, 1.05), value=(0.4, 0.75)),
                  p.colour(hue=(0.3, 0.6), saturation=(0.2, 0.6), value=(0.25, 0.5)))
    wood = p.pick(p.colour(hue=(0.98, 1.06), value=(0.5, 0.85)),
                  p.colour(hue=(0.06, 0.12), saturation=(0.3, 0.6), value=(0.6, 0.95)))
    tiers, narrow = p.integer(3, 5), p.uniform(0.06, 0.11)
    step = 1.5 / tiers
    p.paint(s.box(p, 0.75, 0.06, at=(0, 0.92)), wood * 0.4)
    p.paint(s.stroke(p, (0, -0.98), (0, -0.5), 0.03, 0.1), roof * 0.5)
    for i in range(5):
        there = (i < tiers).float()
        tier = p.at(0, 0.88 - step * (i + 0.5), 1 - narrow * 5 / tiers * i)
        _tier(tier, step / (1 - narrow * 5 / tiers * i), roof, wood, there)


def _tier(p: Pen, step: Tensor, roof: Tensor, wood: Tensor, there: Tensor) -> None:
    """One storey: a wall with posts under a curved roof with turned-up corners."""
    wall = s.box(p, 0.5, step * 0.5, at=(0, 0))
    p.paint(wall, wood, there)
    openings = s.box(_repeated(p, 0.25), 0.07, step * 0.22, at=(0, step * 0.2))
    p.paint(s.both(openings, wall), wood * 0.25, there)
    side = p.x.abs()
    eave = -0.12 * step - 0.3 * step * side.square() * side
    ridge = step * (-0.75 + 0.5 * ((side - 0.3).clamp_min(0) / 0.66).sqrt())
    shape = s.both(p.y - eave, ridge - p.y, side - 0.97) * 0.8
    p.paint(shape, roof, there)
    ribs = _repeated(p, 0.12)
    p.paint(s.both(ribs.x.abs() - 0.02, shape), roof * 1.6, there)
    p.paint(s.both((p.y - eave).abs() - 0.04, side - 1), rgb(0.9, 0.75, 0.35), there)


@thing(tilt=0.1)
def lighthouse(p: Pen) -> None:
    glow = rgb(1.0, 0.93, 0.55)
    p.paint(p.x * 0 - 1, p.colour(hue=(0.6, 0.72), saturation=(0.5, 0.8), value=(0.1, 0.4)), p.chance(0.4))
    beam = p.mirrored().at(0, -0.66, turn=p.uniform(-0.1, 0.1))
    p.paint((beam.y.abs() - 0.05 - 0.26 * beam.x) * 0.95, glow, p.uniform(0.55, 0.9), soft=0.06)
    rock = p.colour(hue=(0.05, 0.12), saturation=(0.1, 0.4), value=(0.25, 0.5))
    stones = s.union(s.disc(_repeated(p, 0.3), 0.15, at=(0, 0.88)), s.ellipse(p, 0.8, 0.17, at=(0, 0.92)))
    island = s.both(stones, p.x.abs() - 0.74)
    p.paint(island, rock * (1.9 - 1.1 * p.y))
    p.line(island, rock * 0.3, 0.03)
    colour = p.pick(rgb(0.85, 0.12, 0.1), rgb(0.85, 0.12, 0.1), p.colour(hue=(0.55, 0.65), value=(0.3, 0.6)), BLACK)
    tower = _taper(p, -0.48, p.uniform(0.17, 0.22), 0.86, p.uniform(0.32, 0.4))
    band = _stripe((p.y + 0.48) * p.uniform(3.2, 5.5) + p.uniform(0, 0.2), p.pixel * 3)
    p.paint(tower, torch.lerp(WHITE, colour, band) * (1 - 1.1 * (p.x - 0.3 * p.light[:, :1]).abs()))
    p.line(tower, BLACK, 0.03)
    p.paint(s.both(s.stroke(_repeated(p, 0, 0.45), (0, -0.04), (0, 0.04), 0.08), tower), BLACK)
    water = p.colour(hue=(0.52, 0.62), saturation=(0.5, 0.9), value=(0.35, 0.8))
    crest = 0.9 + 0.03 * (p.x * 15).sin() - p.y
    p.paint(s.both(crest, p.x.abs() - 0.98, p.y - 1.0), water)
    p.paint(s.both(crest.abs() - 0.018, p.x.abs() - 0.98), WHITE, 0.8)
    _lantern(p.at(0, -0.66), colour, glow)


def _lantern(p: Pen, colour: Tensor, glow: Tensor) -> None:
    p.paint(s.box(p, 0.32, 0.035, at=(0, 0.2)), BLACK)
    room = s.box(p, 0.17, 0.17)
    p.paint(room, glow)
    p.paint(s.both(s.box(_repeated(p, 0.11), 0.012, 0.2), room), BLACK)
    p.line(room, BLACK, 0.04)
    p.paint(s.box(_repeated(p, 0.1), 0.012, 0.08, at=(0, 0.12)) + 9 * (p.x.abs() > 0.31), BLACK)
    p.paint(s.both(s.disc(p, 0.24, at=(0, -0.12)), p.y + 0.14), colour * 0.9)
    p.paint(s.disc(p, 0.045, at=(0, -0.36)), BLACK)


# ---- vehicles


@thing(tilt=0.18)
def car(p: Pen) -> None:
    colour = p.pick(_vivid(p), _vivid(p), p.colour(saturation=(0, 0.1), value=(0.3, 1)))
    q = _either_way(p)
    roof = p.uniform(-0.66, -0.52)
    back = p.uniform(-0.9, -0.62)
    cabin = _convex(q, (back, 0.04), (back + 0.2, roof), (0.2, roof), (p.uniform(0.52, 0.66), 0.04))
    body = s.union(s.box(q, 0.98, 0.27, at=(0, 0.19), round=0.17), cabin - 0.03)
    p.paint(s.ellipse(q, 0.98, 0.1, at=(0, 0.66)), BLACK, 0.5, soft=0.1)
    _solid(p, body, colour, relief=0.35, width=0.05)
    pane = s.cut(s.both(cabin + 0.07, q.y + 0.02), s.box(q, 0.045, 1, at=(-0.18, 0)))
    p.paint(pane, GLASS * (0.75 - 0.4 * q.y))
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
    colour = _vivid(p)
    q = _either_way(p)
    wheels = q.mirrored().at(0.53, 0.32, 0.44)
    p.line(s.disc(wheels, 0.93), RUBBER, 0.12)
    p.line(s.disc(wheels, 0.84), STEEL * 1.1, 0.06)
    rays = wheels.around(p.integer(9, 14))
    p.paint(s.both(s.disc(wheels, 0.84), rays.y.abs() - 0.025), STEEL)
    p.paint(s.disc(wheels, 0.14), BLACK)
    crank, seat, head = (-0.05, 0.36), (-0.22, -0.28), (0.32, -0.34)
    hub, front = (-0.53, 0.32), (0.53, 0.32)
    ends = ((crank, seat), (crank, head), (seat, head), (hub, seat), (hub, crank), (head, front))
    tubes = s.union(*(s.stroke(q, a, b, 0.085) for a, b in ends))
    p.paint(tubes, colour)
    p.line(tubes, colour * 0.25, 0.025)
    post = s.union(s.stroke(q, seat, (-0.27, -0.48), 0.06), s.stroke(q, head, (0.26, -0.58), 0.06))
    p.paint(post, STEEL * 0.7)
    p.paint(s.stroke(q, (-0.46, -0.52), (-0.12, -0.5), 0.16, 0.06), BLACK)
    bar = s.union(s.stroke(q, (0.26, -0.58), (0.46, -0.64), 0.08), s.arc(q.at(0.46, -0.5), 0.14, 0.08, 1.4, 0.0))
    p.paint(bar, BLACK)
    p.paint(s.disc(q, 0.13, at=crank), STEEL * 0.6)
    p.line(s.disc(q, 0.13, at=crank), BLACK, 0.03)
    p.paint(s.stroke(q, (-0.05, 0.36), (0.06, 0.58), 0.05), BLACK)


@thing(tilt=0.12)
def locomotive(p: Pen) -> None:
    colour = p.pick(_vivid(p) * 0.75, rgb(0.15, 0.15, 0.17), p.colour(hue=(0.3, 0.65), value=(0.2, 0.45)))
    trim = p.pick(rgb(0.85, 0.12, 0.1), rgb(0.9, 0.7, 0.25))
    q = _either_way(p)
    _smoke(q)
    p.paint(s.box(q, 0.98, 0.03, at=(0, 0.92)), rgb(0.3, 0.25, 0.2))
    p.paint(_taper(q.at(0.6, -0.4), -0.22, 0.17, 0.2, 0.09), BLACK)
    p.paint(s.disc(q, 0.14, at=(0.12, -0.24)), rgb(0.9, 0.7, 0.25), relief=0.4)
    boiler = s.box(q, 0.62, 0.27, at=(0.24, 0.02), round=0.08)
    p.paint(boiler, colour * (1.35 - 9 * (q.y + 0.08).square()))
    p.paint(s.both(_repeated(q, 0.26).x.abs() - 0.022, boiler), trim)
    p.paint(s.both(0.64 - q.x, boiler), BLACK)
    p.paint(s.disc(q, 0.09, at=(0.88, -0.12)), rgb(1, 0.93, 0.6))
    cab = s.box(q, 0.3, 0.47, at=(-0.62, -0.12))
    _solid(p, cab, colour, relief=0.2)
    p.paint(s.box(q, 0.17, 0.16, at=(-0.6, -0.3)), trim)
    p.paint(s.box(q, 0.12, 0.11, at=(-0.6, -0.3)), GLASS)
    p.paint(s.box(q, 0.37, 0.06, at=(-0.62, -0.6), round=0.05), BLACK)
    p.paint(s.box(q, 0.88, 0.08, at=(-0.04, 0.36)), trim)
    p.paint(_convex(q, (0.66, 0.36), (0.84, 0.36), (0.99, 0.88), (0.66, 0.88)), trim * 0.7)
    for x in (-0.62, -0.14, 0.34):
        _wheel(q.at(x, 0.63, 0.26), 10, trim, tyre=0.18)
    p.paint(s.stroke(q, (-0.62, 0.7), (0.6, 0.66), 0.07), STEEL)


def _smoke(p: Pen) -> None:
    grey = p.uniform(0.75, 0.97).expand(-1, 3, -1, -1)
    for x, y, size in ((-0.35, -0.84, 0.2), (0.0, -0.8, 0.2), (0.32, -0.82, 0.17), (0.55, -0.72, 0.12)):
        puff = p.at(x + p.uniform(-0.07, 0.07), y, size)
        p.paint(s.disc(puff, 1.0), grey, relief=0.5)


@thing(tilt=0.2)
def sailboat(p: Pen) -> None:
    q = _either_way(p)
    sail = p.pick(WHITE, p.colour(saturation=(0.05, 0.3), value=(0.9, 1)), _vivid(p))
    hull, other = p.pick(p.colour(hue=(0.04, 0.09), value=(0.4, 0.7)), _vivid(p), WHITE), _vivid(p)
    mast = p.uniform(-0.12, 0.05)
    p.paint(s.stroke(q, (mast, -0.97), (mast, 0.5), 0.05), rgb(0.35, 0.22, 0.12))
    _sail(q, (mast + 0.06, -0.9), (mast + 0.06, 0.3), p.uniform(0.65, 0.85), sail, other)
    _sail(q.bent(-q.x, q.y), (0.06 - mast, -0.75), (0.06 - mast, 0.32), p.uniform(0.5, 0.75), p.pick(sail, other), sail * 0.6)
    p.paint(_convex(q, (mast, -1.0), (mast + 0.22, -0.93), (mast, -0.86)), other)
    shape = s.both(s.ellipse(q, 0.95, 0.46, at=(0, 0.4)), 0.4 - q.y)
    p.paint(shape, hull * (1.1 - 0.6 * (q.y - 0.4)))
    p.paint(s.both((q.y - 0.5).abs() - 0.03, shape), p.pick(WHITE, hull * 0.4))
    p.line(shape, hull * 0.25)
    _sea(q)


def _sail(p: Pen, peak: Point, foot: Point, wide: Number, colour: Tensor, stripe: Tensor) -> None:
    """A sail to the right of its mast, bellied, with seams."""
    (x, top), (_, bottom) = peak, foot
    reach = wide * ((p.y - top) / (bottom - top)).clamp(0, 1) ** 0.75
    shape = s.both((p.x - x - reach) * 0.8, x - p.x, top - p.y, p.y - bottom + 0.12 * (p.x - x))
    p.paint(shape, colour * (1.02 - 0.35 * (p.x - x)))
    seams = _repeated(p.bent(p.x, p.y + 0.15 * p.x), 0, 0.24)
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
    colour, trim = p.pick(WHITE, WHITE * 0.85, _vivid(p)), _vivid(p)
    beside = p.chance(0.4)
    _plane_from_above(p.at(9 * beside, 0, turn=p.uniform(-0.9, 0.9)), colour, trim)
    _plane_from_side(_either_way(p).at(9 * (1 - beside), 0.1, turn=p.uniform(-0.3, 0.05)), colour, trim)


def _plane_from_above(p: Pen, colour: Tensor, trim: Tensor) -> None:
    half = p.mirrored()
    engine = s.box(half, 0.075, 0.16, at=(0.42, 0.0), round=0.06)
    _solid(p, engine, trim)
    wing = s.union(_convex(half, (0, -0.25), (0.98, 0.3), (0.98, 0.44), (0, 0.2)),
                   _convex(half, (0, 0.58), (0.42, 0.84), (0.42, 0.95), (0, 0.84)))
    p.paint(wing, colour * (0.9 - 0.25 * half.y))
    p.paint(s.both(wing, 0.84 - half.x), trim)
    p.paint(s.both((half.y - half.x * 0.24 - 0.1).abs() - 0.012, wing), colour * 0.4)
    p.line(wing, BLACK, 0.04)
    body = s.stroke(p, (0, -0.8), (0, 0.88), 0.32, 0.12)
    _solid(p, body, colour, relief=0.5, width=0.04)
    p.paint(s.both(s.ring(s.disc(p, 0.2, at=(0, -0.66)), 0.1), p.y + 0.74, body + 0.03), rgb(0.1, 0.2, 0.35))
    p.paint(s.disc(_repeated(half, 0, 0.11), 0.028, at=(0.085, 0)) + 9 * (p.y + 0.1).abs().gt(0.5), rgb(0.1, 0.2, 0.35))
    p.paint(s.stroke(p, (0, 0.55), (0, 0.93), 0.05), trim)


def _plane_from_side(p: Pen, colour: Tensor, trim: Tensor) -> None:
    fin = _convex(p, (-0.95, -0.62), (-0.75, -0.62), (-0.42, -0.02), (-0.86, -0.02))
    _solid(p, fin, trim)
    body = s.stroke(p, (-0.82, -0.04), (0.76, 0.0), 0.14, 0.42)
    p.paint(body, colour * (0.95 - 0.7 * p.y))
    p.paint(s.both((p.y - 0.08).abs() - 0.03, body), trim)
    p.line(body, BLACK, 0.04)
    p.paint(s.box(_repeated(p, 0.13), 0.035, 0.045, at=(0, -0.06)) + 9 * (p.x.abs() > 0.52), rgb(0.1, 0.25, 0.4))
    p.paint(s.both(s.box(p, 0.13, 0.06, at=(0.84, -0.08)), body + 0.03), rgb(0.1, 0.25, 0.4))
    _solid(p, s.box(p, 0.17, 0.09, at=(0.12, 0.32), round=0.08), trim)
    wing = _convex(p, (-0.12, 0.1), (0.28, 0.1), (-0.3, 0.66), (-0.5, 0.66))
    _solid(p, wing, colour * 0.8)
    _solid(p, _convex(p, (-0.85, 0.0), (-0.6, 0.0), (-0.86, 0.22), (-0.98, 0.22)), colour * 0.75, width=0.03)


@thing(tilt=0.2)
def hot_air_balloon(p: Pen) -> None:
    first, second, third = _vivid(p), p.pick(WHITE, _vivid(p)), _vivid(p)
    radius = p.uniform(0.64, 0.76)
    middle = radius - 0.98
    mouth = p.uniform(0.42, 0.52)
    lower = (mouth - p.y) / (mouth - middle - 0.3 * radius) * (radius * 0.954 - 0.14) + 0.14
    round_half = (radius ** 2 - (p.y - middle).square()).clamp_min(1e-4).sqrt()
    half = torch.where(p.y < middle + 0.3 * radius, round_half, lower.clamp_min(0.05))
    envelope = s.union(s.disc(p, radius, at=(0, middle)), s.both(p.x.abs() - half, middle - p.y, p.y - mouth) * 0.85)
    across = (p.x / half).clamp(-1, 1)
    gores = _stripe(across.asin() * p.pick(2.0, 2.5, 3.0) / math.pi * 2 + 0.5, p.pixel * 2)
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
    shape = _taper(p, -0.8, 1.1, 0.9, 0.85)
    p.paint(shape, wicker)
    odd = torch.floor(p.x / 0.4) % 2
    p.paint(s.both(shape, torch.cos(p.y * 9 + odd * math.pi) * 0.12), wicker * 0.55)
    p.paint(s.box(p, 1.2, 0.18, at=(0, -0.75), round=0.1), wicker * 0.4)
    p.line(shape, BLACK, 0.12)


@thing(tilt=0.7)
def rocket(p: Pen) -> None:
    body, trim = p.pick(WHITE, STEEL, _vivid(p)), p.pick(rgb(0.85, 0.12, 0.1), _vivid(p))
    flame = p.at(0, 0.72)
    for wide, long, colour in ((0.27, 0.3, rgb(0.95, 0.35, 0.05)), (0.18, 0.22, rgb(1, 0.75, 0.1)),
                               (0.09, 0.14, rgb(1, 0.97, 0.75))):
        p.paint(s.lens(flame, long * p.uniform(0.85, 1.15), wide, turn=math.pi / 2), colour, soft=0.03)
    fins = p.mirrored()
    fin = _convex(fins, (0.1, 0.05), (0.36, 0.28), (0.62, 0.86), (0.1, 0.7))
    _solid(p, s.cut(fin, s.ellipse(fins, 0.28, 0.22, at=(0.34, 0.86))), trim)
    p.paint(_taper(p, 0.62, 0.16, 0.76, 0.22), BLACK)
    half = p.uniform(0.3, 0.4)
    hull = s.both(s.lens(p.at(0, 0.08), 1.06, half, turn=math.pi / 2), p.y - 0.66)
    shaded = body * (0.85 + 0.9 * p.x * p.light[:, :1] - 1.2 * p.x.square())
    p.paint(hull, shaded)
    p.paint(s.both(hull, p.y + 0.52), trim * (1 + 1.2 * p.x * p.light[:, :1]))
    p.paint(s.both(hull, (p.y - 0.46).abs() - 0.06), trim)
    p.paint(s.both(hull, _repeated(p, 0, 0.31).y.abs() - 0.01), BLACK, 0.6)
    p.line(hull, BLACK, 0.04)
    _porthole(p.at(0, -0.2, 0.19))
    _porthole(p.at(0, 0.19, 0.12 * p.chance(0.5) + 0.01))
    _solid(p, s.box(p, 0.035, 0.26, at=(0, 0.7), round=0.03), trim)


def _porthole(p: Pen) -> None:
    p.paint(s.disc(p, 1.0), BLACK)
    p.paint(s.disc(p, 0.88), rgb(0.95, 0.8, 0.35))
    p.paint(s.disc(p, 0.64), rgb(0.2, 0.45, 0.75) * (1 - 0.5 * p.y))
    p.paint(s.disc(p, 0.2, at=(-0.25, -0.28)), WHITE)


# ---- instruments and things of the household


@thing(tilt=0.4)
def guitar(p: Pen) -> None:
    wood = p.pick(p.colour(hue=(0.04, 0.11), saturation=(0.6, 0.95), value=(0.6, 0.95)), _vivid(p))
    dark = p.colour(hue=(0.03, 0.08), saturation=(0.4, 0.8), value=(0.15, 0.32))
    q = p.at(0, 0.02, turn=p.uniform(-0.7, 0.7))
    waist = p.uniform(0.08, 0.15)
    body = s.blend(s.ellipse(q, 0.5, 0.42, at=(0, 0.57)), s.ellipse(q, 0.37, 0.3, at=(0, 0.07)), waist)
    p.paint(body - 0.02, wood * 0.3)
    p.paint(body + 0.03, WHITE * 0.9)
    p.paint(body + 0.06, wood * (1.12 - body.abs() * 0.1), relief=0.4)
    for radius, colour in ((0.21, dark), (0.185, WHITE * 0.9), (0.165, dark * 0.6), (0.14, BLACK)):
        p.paint(s.disc(q, radius, at=(0, 0.24)), colour)
    p.paint(s.box(q, 0.23, 0.045, at=(0, 0.68)), dark)
    neck = s.box(q, 0.07, 0.47, at=(0, -0.3))
    p.paint(neck - 0.02, BLACK)
    p.paint(neck, dark * 1.5)
    p.paint(s.both(_repeated(q, 0, 0.1).y.abs() - 0.014, neck), WHITE * 0.85)
    p.paint(s.disc(_repeated(q.mirrored(), 0, 0.1), 0.035, at=(0.145, 0)) + 9 * ((q.y + 0.86).abs() > 0.15), STEEL)
    _solid(p, _taper(q, -0.99, 0.13, -0.74, 0.09), wood * 0.6, relief=0.1)
    strings = _repeated(q, 0.036)
    p.paint(s.both(strings.x.abs() - 0.006, q.x.abs() - 0.058, (q.y + 0.11).abs() - 0.79), WHITE, 0.75)


@thing(tilt=0.12)
def piano(p: Pen) -> None:
    wood = p.pick(BLACK * 2, p.colour(hue=(0.02, 0.08), saturation=(0.5, 0.9), value=(0.25, 0.55)),
                  p.colour(saturation=(0, 0.2), value=(0.7, 0.95)))
    gold = rgb(0.9, 0.72, 0.3)
    case = s.box(p, 0.95, 0.93, round=0.04)
    _solid(p, case, wood, relief=0.25, width=0.05)
    p.paint(s.box(p, 0.98, 0.05, at=(0, -0.9)), wood * 1.3)
    p.line(s.box(p.mirrored(), 0.26, 0.24, at=(0.62, -0.5)), gold, 0.03)
    sheet = s.box(p, 0.28, 0.25, at=(0, -0.48))
    p.paint(sheet, WHITE)
    p.paint(s.both(_repeated(p, 0, 0.1).y.abs() - 0.014, sheet + 0.05), BLACK)
    p.paint(s.box(p, 0.012, 0.25, at=(0, -0.48)), BLACK)
    _keys(p.at(0, 0.17, 0.9))
    p.paint(s.box(p, 0.98, 0.055, at=(0, 0.57)), wood * 0.7 + 0.05)
    p.paint(s.box(p, 0.66, 0.16, at=(0, 0.79)), wood * 0.45)
    p.paint(s.ellipse(_repeated(p, 0.2), 0.06, 0.035, at=(0, 0.86)) + 9 * (p.x.abs() > 0.3), gold)


def _keys(p: Pen) -> None:
    """A keyboard 2 wide and 0.8 high: black keys in twos and threes."""
    wide = 2 / p.integer(10, 15)
    bed = s.box(p, 1.0, 0.4)
    p.paint(bed, WHITE * (0.95 + 0.1 * p.y))
    gap = torch.round(p.x / wide)
    near = (p.x - gap * wide).abs()
    p.paint(s.both(near - 0.01, bed), BLACK)
    place = (gap + p.integer(0, 6)) % 7
    sharp = (place != 0) & (place != 3)
    key = s.both(near - wide * 0.29, p.y - 0.1, bed)
    p.paint(torch.where(sharp, key, 1.0), BLACK)
    p.paint(torch.where(sharp, s.both(near - wide * 0.12, p.y - 0.02, bed), 1.0), STEEL * 0.5)
    p.line(bed, BLACK, 0.05)
    p.paint(s.box(p, 1.0, 0.03, at=(0, -0.38)), rgb(0.7, 0.1, 0.12))


@thing(tilt=0.2)
def clock(p: Pen) -> None:
    frame = p.pick(_vivid(p), p.colour(hue=(0.05, 0.12), saturation=(0.5, 0.8), value=(0.35, 0.85)), BLACK * 2.5)
    face = p.pick(WHITE, WHITE, rgb(0.96, 0.9, 0.74), BLACK * 2)
    ink = torch.where(face.mean(1, keepdim=True) > 0.5, BLACK, WHITE)
    alarm = p.chance(0.3)
    q = p.at(0, 0.1 * alarm, 0.97 - 0.17 * alarm)
    _bells(q.mirrored(), frame, alarm)
    p.paint(s.disc(q, 1.0), frame, relief=0.6)
    p.line(s.disc(q, 1.0), frame * 0.2, 0.04)
    p.paint(s.disc(q, 0.83), frame * 0.3)
    p.paint(s.disc(q, 0.79), face * (1 - 0.1 * q.y))
    numerals = p.chance(0.55)
    _ticks(q, ink, numerals)
    _numerals(q, ink, numerals)
    _hands(q, ink)


def _bells(p: Pen, colour: Tensor, there: Tensor) -> None:
    p.paint(s.stroke(p, (0.5, 0.8), (0.66, 1.05), 0.14), BLACK, there)
    bell = p.at(0.62, -0.92, 0.36, turn=0.6)
    shape = s.both(s.disc(bell, 1.0), bell.y - 0.15)
    p.paint(shape, colour, there, relief=0.5)
    p.line(shape, colour * 0.25, 0.1, there)


def _ticks(p: Pen, ink: Tensor, numerals: Tensor) -> None:
    p.paint(s.box(p.around(60), 0.03, 0.008, at=(0.74, 0)), ink, 0.8)
    p.paint(s.box(p.around(12), 0.055, 0.022, at=(0.72, 0)), ink)
    p.paint(s.box(p.around(4), 0.09, 0.04, at=(0.68, 0)), ink, 1 - numerals)
    p.paint(s.disc(p.around(12), 0.035, at=(0.55, 0)), ink, numerals * (p.around(4).y.abs() > 0.2))


def _numerals(p: Pen, ink: Tensor, there: Tensor) -> None:
    one = s.stroke(p, (-0.1, -0.66), (-0.1, -0.44), 0.055)
    two = s.union(s.arc(p.at(0.06, -0.6), 0.06, 0.05, 1.6, -math.pi / 2),
                  s.stroke(p, (0.12, -0.6), (0.0, -0.43), 0.05), s.stroke(p, (0.0, -0.43), (0.13, -0.43), 0.05))
    three = s.union(*(s.arc(p.at(0.52, y), 0.06, 0.05, 2.0, 0.0) for y in (-0.06, 0.06)))
    six = s.union(s.ring(s.disc(p, 0.07, at=(0, 0.59)), 0.05), s.stroke(p, (-0.065, 0.58), (0.03, 0.43), 0.05))
    nine = s.union(s.ring(s.disc(p, 0.07, at=(-0.54, -0.04)), 0.05), s.stroke(p, (-0.475, -0.03), (-0.57, 0.12), 0.05))
    p.paint(s.union(one, two, three, six, nine), ink, there)


def _hands(p: Pen, ink: Tensor) -> None:
    hour, minute = p.uniform(0, 12), p.uniform(0, 1)
    short, long = p.at(turn=(hour.floor() + minute) * math.pi / 6), p.at(turn=minute * 2 * math.pi)
    thin = p.at(turn=p.uniform(0, 6.28))
    p.paint(s.stroke(short, (0, 0.08), (0, -0.42), 0.13, 0.06), ink)
    p.paint(s.stroke(long, (0, 0.1), (0, -0.64), 0.1, 0.04), ink)
    p.paint(s.stroke(thin, (0, 0.18), (0, -0.66), 0.025), rgb(0.85, 0.1, 0.1), p.chance(0.6))
    p.paint(s.disc(p, 0.075), rgb(0.8, 0.6, 0.25))


@thing(tilt=0.45)
def umbrella(p: Pen) -> None:
    first, second = _vivid(p), p.pick(WHITE, _vivid(p))
    second = torch.where(p.chance(0.35) > 0, first * 0.72, second)
    shaft = p.uniform(0.66, 0.76)
    p.paint(s.stroke(p, (0, -0.98), (0, shaft), 0.055), STEEL * 0.8)
    hook = s.arc(_either_way(p).at(0.14, shaft), 0.14, 0.09, 1.75, 1.75)
    _solid(p, hook, rgb(0.45, 0.25, 0.12), relief=0, width=0.025)
    radius, panels = 0.97, p.pick(3.0, 4.0, 3.5)
    q = p.at(0, 0.06, stretch=1.0)
    half = radius * (1 - (q.y / 0.95).clamp(-1, 0).square()).clamp_min(1e-4).sqrt()
    across = (q.x / half).clamp(-1, 1).asin() / math.pi * 2
    place = (across + 1) * panels
    scallop = 0.13 * (place * math.pi).sin().abs() * (1 - 0.4 * across.square())
    canopy = s.both(s.ellipse(q, radius, 0.95), q.y + scallop - 0.04)
    cloth = torch.lerp(first, second, _stripe(place, p.pixel * 2))
    p.paint(canopy, cloth * (0.85 + 0.35 * (q.x * p.light[:, :1] + q.y * p.light[:, 1:])))
    rib = (place - torch.round(place)).abs() / panels * half * 0.9 - 0.013
    p.paint(s.both(rib, canopy), first * 0.25)
    p.line(canopy, first * 0.22, 0.045)
    p.paint(s.disc(p, 0.05, at=(0, -0.92)), BLACK)


@thing(tilt=0.15)
def teacup(p: Pen) -> None:
    china, decor = p.pick(WHITE, p.colour(saturation=(0.05, 0.3), value=(0.85, 1)), _vivid(p)), _vivid(p)
    q = _either_way(p)
    for shift in (-0.25, 0.22):
        wave = (q.x - shift - 0.07 * (q.y * p.uniform(8, 12) + p.uniform(0, 6)).sin()).abs() - 0.035
        p.paint(s.both(wave, (q.y + 0.68).abs() - 0.28), WHITE, 0.8, soft=0.06)
    plate = s.ellipse(q, 0.96, 0.2, at=(0, 0.72))
    _solid(p, plate, china, relief=0.2)
    p.line(s.ellipse(q, 0.84, 0.15, at=(0, 0.71)), decor, 0.04)
    p.paint(s.ellipse(q, 0.5, 0.1, at=(0, 0.72)), china * 0.55, soft=0.06)
    handle = s.ring(s.ellipse(q, 0.24, 0.25, at=(0.64, 0.04)), 0.12)
    _solid(p, handle, china * 0.92, relief=0.1)
    bowl = s.both(s.ellipse(q, p.uniform(0.62, 0.7), p.uniform(0.9, 1.0), at=(0, -0.22)), -0.22 - q.y, q.y - 0.68)
    p.paint(bowl, china * (0.95 + 0.35 * q.x * p.light[:, :1] - 0.5 * q.x.square()))
    _china_decor(p, q, bowl, decor)
    p.line(bowl, china * 0.25)
    rim = s.ellipse(q, 0.66, 0.17, at=(0, -0.22))
    _solid(p, rim, china, relief=0)
    tea = s.ellipse(q, 0.57, 0.12, at=(0, -0.2))
    p.paint(tea, p.colour(hue=(0.03, 0.1), saturation=(0.7, 1), value=(0.3, 0.65)))
    p.line(s.ellipse(q, 0.4, 0.07, at=(0, -0.2)), rgb(0.85, 0.6, 0.3), 0.025)


def _china_decor(p: Pen, q: Pen, bowl: Tensor, colour: Tensor) -> None:
    """Dots, flutes or bands on a cup."""
    dots = s.petals(_repeated(q.at(0, 0.12), 0.3, 0.3), 5, 0.11, 0.05)
    flutes = _repeated(q, 0.16).x.abs() - 0.03
    bands = torch.minimum((q.y - 0.05).abs(), (q.y - 0.36).abs()) - 0.05
    p.paint(s.both(p.pick(dots, flutes, bands), bowl + 0.05), colour)
