"""Houses, towers and castles."""

from __future__ import annotations

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.pen import BLACK, WHITE, Number, Pen, rgb
from hub.world.things import parts


def _stone(p: Pen) -> Tensor:
    return p.colour(hue=(0.05, 0.14), saturation=(0.05, 0.35), value=(0.55, 0.85))


def _bricks(p: Pen, inside: Tensor, colour: Tensor, wide: float = 0.22, high: float = 0.12, opacity: Number = 0.6) -> None:
    """The joints of a brick wall."""
    odd = torch.floor(p.y / high) % 2
    x, y = p.x + odd * wide / 2, p.y - high / 2
    joints = torch.minimum((x - wide * torch.round(x / wide)).abs(), (y - high * torch.round(y / high)).abs()) - 0.014
    p.paint(s.both(joints, inside), colour, opacity)


def _window(p: Pen, glass: Tensor, frame: Tensor) -> None:
    """A window with cross bars that fills the frame."""
    p.paint(s.box(p, 1.0, 1.0), frame)
    panes = s.box(p.bent(p.x.abs(), p.y.abs()), 0.36, 0.36, at=(0.44, 0.44))
    p.paint(panes, glass * (0.75 - 0.25 * p.y))


@thing(tilt=0.12)
def house(p: Pen) -> None:
    wall = p.pick(p.colour(hue=(0.02, 0.16), saturation=(0.1, 0.5), value=(0.75, 1)), WHITE * 0.95, parts.vivid(p))
    roof = p.pick(p.colour(hue=(0.0, 0.06), saturation=(0.5, 0.9), value=(0.4, 0.85)),
                  p.colour(saturation=(0.1, 0.5), value=(0.2, 0.5)))
    eaves = p.uniform(-0.2, 0.0)
    chimney = s.box(p, 0.11, 0.3, at=(p.pick(-0.5, 0.5), -0.62))
    p.paint(chimney, roof * 0.75)
    _bricks(p, chimney, WHITE * 0.8, 0.14, 0.09)
    p.line(chimney, BLACK, 0.03)
    front = parts.taper(p, eaves - 0.1, 0.74, 0.95, 0.74)
    p.paint(front, wall)
    _bricks(p, front, wall * 0.55, opacity=0.7 * p.chance(0.5))
    p.line(front, wall * 0.2)
    _tiled(p, parts.taper(p, -0.95, p.pick(0.02, 0.5), eaves, 0.98), roof)
    side = p.pick(-1.0, 1.0)
    _door(p.at(side * p.pick(0.0, 0.34), 0.64, 0.32), parts.vivid(p) * 0.75)
    glass = p.pick(parts.GLASS, p.colour(hue=(0.12, 0.16), saturation=(0.4, 0.8), value=(0.9, 1)))
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
    stone, roof = _stone(p), parts.vivid(p)
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
    return s.both(s.box(parts.repeated(p, step), step * 0.28, 0.1, at=(0, y)), p.x.abs() - half_width)


def _tower(p: Pen, half: float, top: float, stone: Tensor, roof: Tensor, pointed: Tensor) -> None:
    _flag(p.at(0, top - 0.1 - 0.25 * pointed, 0.22), roof)
    cone = parts.taper(p, top - 0.45, 0.001, top, half * 1.25)
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
    p.paint(parts.convex(p, (0.05, -1.6), (1.1, -1.15), (0.05, -0.7)), colour)


def _gate(p: Pen, stone: Tensor) -> None:
    arch = s.union(s.disc(p, 0.75, at=(0, -0.2)), s.box(p, 0.75, 0.65, at=(0, 0.4)))
    p.paint(arch, stone * 0.35)
    p.paint(arch + 0.16, BLACK)
    bars = parts.repeated(p, 0.3, 0.34)
    p.paint(s.both(torch.minimum(bars.x.abs(), bars.y.abs()) - 0.05, arch + 0.16), parts.STEEL * 0.7)


@thing(tilt=0.08)
def skyscraper(p: Pen) -> None:
    lights = p.colour(hue=(0.1, 0.16), saturation=(0.3, 0.8), value=(0.9, 1))
    _block(p.at(-0.62, p.uniform(-0.1, 0.25)), 0.36, p.uniform(0.1, 0.14), _facade(p), lights)
    _block(p.at(0.62, p.uniform(-0.1, 0.25)), 0.36, p.uniform(0.1, 0.14), _facade(p), lights)
    main, top = _facade(p), p.at(p.uniform(-0.08, 0.08), -0.68)
    p.paint(s.stroke(top, (0, -0.3), (0, 0.0), 0.03, 0.08), main * 0.4)
    setback = p.uniform(0.12, 0.22)
    p.paint(parts.taper(top, -0.12, setback * p.pick(0.05, 1.0), 0.05, setback), main * 0.8)
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
    openings = s.box(parts.repeated(p, 0.25), 0.07, step * 0.22, at=(0, step * 0.2))
    p.paint(s.both(openings, wall), wood * 0.25, there)
    side = p.x.abs()
    eave = -0.12 * step - 0.3 * step * side.square() * side
    ridge = step * (-0.75 + 0.5 * ((side - 0.3).clamp_min(0) / 0.66).sqrt())
    shape = s.both(p.y - eave, ridge - p.y, side - 0.97) * 0.8
    p.paint(shape, roof, there)
    ribs = parts.repeated(p, 0.12)
    p.paint(s.both(ribs.x.abs() - 0.02, shape), roof * 1.6, there)
    p.paint(s.both((p.y - eave).abs() - 0.04, side - 1), rgb(0.9, 0.75, 0.35), there)


@thing(tilt=0.1)
def lighthouse(p: Pen) -> None:
    glow = rgb(1.0, 0.93, 0.55)
    p.paint(p.x * 0 - 1, p.colour(hue=(0.6, 0.72), saturation=(0.5, 0.8), value=(0.1, 0.4)), p.chance(0.4))
    beam = p.mirrored().at(0, -0.66, turn=p.uniform(-0.1, 0.1))
    p.paint((beam.y.abs() - 0.05 - 0.26 * beam.x) * 0.95, glow, p.uniform(0.55, 0.9), soft=0.06)
    rock = p.colour(hue=(0.05, 0.12), saturation=(0.1, 0.4), value=(0.25, 0.5))
    stones = s.union(s.disc(parts.repeated(p, 0.3), 0.15, at=(0, 0.88)), s.ellipse(p, 0.8, 0.17, at=(0, 0.92)))
    island = s.both(stones, p.x.abs() - 0.74)
    p.paint(island, rock * (1.9 - 1.1 * p.y))
    p.line(island, rock * 0.3, 0.03)
    colour = p.pick(rgb(0.85, 0.12, 0.1), rgb(0.85, 0.12, 0.1), p.colour(hue=(0.55, 0.65), value=(0.3, 0.6)), BLACK)
    tower = parts.taper(p, -0.48, p.uniform(0.17, 0.22), 0.86, p.uniform(0.32, 0.4))
    band = parts.stripe((p.y + 0.48) * p.uniform(3.2, 5.5) + p.uniform(0, 0.2), p.pixel * 3)
    p.paint(tower, torch.lerp(WHITE, colour, band) * (1 - 1.1 * (p.x - 0.3 * p.light[:, :1]).abs()))
    p.line(tower, BLACK, 0.03)
    p.paint(s.both(s.stroke(parts.repeated(p, 0, 0.45), (0, -0.04), (0, 0.04), 0.08), tower), BLACK)
    water = p.colour(hue=(0.52, 0.62), saturation=(0.5, 0.9), value=(0.35, 0.8))
    crest = 0.9 + 0.03 * (p.x * 15).sin() - p.y
    p.paint(s.both(crest, p.x.abs() - 0.98, p.y - 1.0), water)
    p.paint(s.both(crest.abs() - 0.018, p.x.abs() - 0.98), WHITE, 0.8)
    _lantern(p.at(0, -0.66), colour, glow)


def _lantern(p: Pen, colour: Tensor, glow: Tensor) -> None:
    p.paint(s.box(p, 0.32, 0.035, at=(0, 0.2)), BLACK)
    room = s.box(p, 0.17, 0.17)
    p.paint(room, glow)
    p.paint(s.both(s.box(parts.repeated(p, 0.11), 0.012, 0.2), room), BLACK)
    p.line(room, BLACK, 0.04)
    p.paint(s.box(parts.repeated(p, 0.1), 0.012, 0.08, at=(0, 0.12)) + 9 * (p.x.abs() > 0.31), BLACK)
    p.paint(s.both(s.disc(p, 0.24, at=(0, -0.12)), p.y + 0.14), colour * 0.9)
    p.paint(s.disc(p, 0.045, at=(0, -0.36)), BLACK)
