"""Leaves, flowers and trees."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.nature import parts
from hub.world.pen import WHITE, Number, Pen, rgb


def _stem(p: Pen, top: Number, colour: Tensor, wanted: Tensor) -> None:
    """A stalk from (0, top) down to (0, 1) with two leaves."""
    q = parts.only(p, wanted)
    q = q.bent(q.x + 0.1 * torch.sin(q.y * 3), q.y)
    parts.edged(q, s.stroke(q, (0, top), (0, 1), 0.13), colour, 0.03)
    parts.plain_leaf(q.at(0.35, 0.7, 0.36, -0.6), colour)
    parts.plain_leaf(q.at(-0.35, 0.62, 0.36, math.pi + 0.6), colour * 1.1)


@thing(tilt=3.15)
def leaf(p: Pen) -> None:
    autumn = p.colour(hue=(-0.02, 0.13), saturation=(0.7, 0.95), value=(0.5, 0.9))
    colour = p.pick(parts.green(p), parts.green(p), autumn)
    lobed = p.chance(0.4)
    _maple(parts.only(p, lobed), colour)
    _feathered(parts.only(p, 1 - lobed), colour)


def _maple(p: Pen, colour: Tensor) -> None:
    m = p.mirrored()
    p.paint(s.curve(p, (0, 0.3), (0.05, 0.7), (0.15, 1.0), 0.08, 0.06, steps=4), colour * 0.7)
    outline = s.polygon(
        m,
        [
            (-0.1, -1.24),
            (0.13, -0.74),
            (0.28, -0.78),
            (0.2, -0.28),
            (0.48, -0.57),
            (0.57, -0.45),
            (0.95, -0.55),
            (0.8, -0.3),
            (0.9, -0.17),
            (0.42, 0.06),
            (0.68, 0.14),
            (0.7, 0.32),
            (0.3, 0.33),
            (0.1, 0.42),
            (-0.2, 0.5),
        ],
    )
    lobes = [(0.0, -0.92), (0.82, -0.46), (0.62, 0.24)]
    shade = 1 + 0.25 * torch.cos(torch.atan2(m.x, 0.35 - m.y) * 9)
    p.paint(outline - 0.02, colour * 0.3)
    p.paint(outline + 0.03, colour * shade, relief=0.3)
    veins = s.union(
        *(s.stroke(m, (0, 0.36), lobe, 0.07, 0.02) for lobe in lobes),
        s.stroke(m, (0, -0.35), (0.2, -0.68), 0.04, 0.01),
        s.stroke(m, (0.45, -0.12), (0.5, -0.45), 0.04, 0.01),
        s.stroke(m, (0.45, -0.12), (0.78, -0.18), 0.04, 0.01),
    )
    p.paint(veins, p.pick(colour * 0.35, colour * 1.7 + 0.1))


def _feathered(p: Pen, colour: Tensor) -> None:
    t = (p.y + 0.97) / 1.6
    along = t.clamp(0.001, 0.999)
    width = p.uniform(0.42, 0.65) * (4 * along * (1 - along)) ** 0.65 * (0.7 + 0.5 * along)
    teeth = 1 + 0.16 * (0.5 - (t * p.integer(8, 13)).frac())
    lobes = 0.75 + 0.3 * torch.cos(2 * math.pi * t * p.integer(4, 5))
    outline = s.both((p.x.abs() - width * p.pick(teeth, teeth, lobes)) * 0.75, (p.y + 0.17).abs() - 0.8)
    slant = p.y + p.uniform(0.5, 0.9) * p.x.abs()
    period = p.uniform(0.17, 0.26)
    half = 1 + 0.15 * p.x.sign()
    p.paint(outline, colour * 0.3)
    p.paint(outline + 0.035, colour * half * (1 + 0.6 * parts.folded(slant + period / 2, period) / period), relief=0.3)
    vein = p.pick(colour * 0.35, colour * 1.7 + 0.1)
    p.paint(s.both(parts.folded(slant, period).abs() - 0.02, outline + 0.05), vein)
    p.paint(s.stroke(p, (0, -0.9), (0, 1), 0.03, 0.09), vein)


@thing(tilt=0.5)
def flower(p: Pen) -> None:
    """A daisy, an open blossom or a tulip, on its stem or (not the tulip) alone."""
    tulip = p.chance(0.2)
    stalk = torch.maximum(p.chance(0.5), tulip)
    _stem(p, -0.2, parts.green(p), stalk)
    head = p.at(0, -0.36 * stalk, 0.98 - 0.36 * stalk)
    colour = p.pick(
        p.colour(hue=(0.78, 1.0), saturation=(0.3, 0.85), value=(0.75, 1)),
        WHITE * 0.97,
        p.colour(hue=(0.6, 0.75), saturation=(0.4, 0.7), value=(0.7, 1)),
        p.colour(hue=(0.94, 1.02), saturation=(0.7, 0.9)),
    )
    _tulip(parts.only(head, tulip), p.pick(colour, p.colour(hue=(0.9, 1.15), saturation=(0.7, 0.95), value=(0.8, 1))))
    _blossom(parts.only(head, 1 - tulip), colour)


def _tulip(p: Pen, colour: Tensor) -> None:
    """A cup of pointed petals, seen from the side."""
    m = p.mirrored()
    for pen, x, y, wide, turn, tone in [
        (m, 0.26, -0.12, 0.36, 0.08, 0.75),
        (p, 0.0, -0.12, 0.3, 0.0, 0.9),
        (m, 0.4, 0.1, 0.36, 0.22, 1.05),
    ]:
        petal = pen.at(x, y, 0.85, turn - math.pi / 2)
        shape = s.lens(petal, 1.0, wide)
        petal.paint(shape, colour * 0.3)
        petal.paint(shape + 0.05, colour * tone * (0.75 + 0.3 * petal.x + 0.12 * torch.sin(petal.y * 40)), relief=0.5)
    front = p.at(0, 0.2, 0.72, -math.pi / 2)
    shape = s.lens(front, 1.0, 0.5)
    front.paint(shape, colour * 0.3)
    front.paint(shape + 0.05, colour * (0.95 + 0.3 * front.x + 0.12 * torch.sin(front.y * 30)), relief=0.5)


def _blossom(p: Pen, colour: Tensor) -> None:
    n = p.pick(p.integer(5, 8), p.integer(8, 15))
    width = (p.uniform(2.0, 2.4) / n).clamp(0.13, 0.42)
    for layer in (1, 0):
        _blossom_petal(p.around(n, math.pi * layer / n + 0.3), colour * (1 - 0.25 * layer), width)
    middle = p.colour(hue=(0.08, 0.16), saturation=(0.75, 1), value=(0.8, 1))
    core = p.at(scale=p.uniform(0.2, 0.3))
    parts.edged(core, s.disc(core, 1.0), middle, 0.12, 0.9)
    core.paint(s.disc(core.around(12), 0.1, at=(0.68, 0)), middle * 0.45)
    core.paint(s.disc(core.around(6), 0.1, at=(0.33, 0)), middle * 0.5)


def _blossom_petal(p: Pen, colour: Tensor, width: Tensor) -> None:
    shape = s.ellipse(p, 0.4, width, at=(0.58, 0))
    p.paint(shape, colour * 0.3)
    p.paint(shape + 0.04, colour * (0.55 + 0.5 * p.x).clamp(0.4, 1), relief=0.3)
    p.paint(s.stroke(p, (0.2, 0), (0.8, 0), 0.05, 0.01), colour * 0.5, 0.8)
    p.paint(s.stroke(p, (0.2, 0.05), (0.72, width * 0.5), 0.03, 0.01), colour * 0.6, 0.7)
    p.paint(s.stroke(p, (0.2, -0.05), (0.72, width * -0.5), 0.03, 0.01), colour * 0.6, 0.7)


@thing(tilt=0.15)
def tree(p: Pen) -> None:
    fir = p.chance(0.33)
    _fir(parts.only(p, fir))
    _broad_tree(parts.only(p, 1 - fir))


def _broad_tree(p: Pen) -> None:
    bark = p.colour(hue=(0.05, 0.1), saturation=(0.3, 0.6), value=(0.25, 0.5))
    trunk = s.union(
        s.stroke(p, (0, 1), (0, -0.3), p.uniform(0.24, 0.34), 0.14),
        s.stroke(p, (0, 0.4), (0.45, -0.2), 0.13, 0.06),
        s.stroke(p, (0, 0.3), (-0.45, -0.15), 0.13, 0.06),
        s.stroke(p, (0, 0.93), (0.25, 1), 0.12, 0.04),
        s.stroke(p, (0, 0.93), (-0.25, 1), 0.12, 0.04),
    )
    parts.edged(p, trunk, bark * (1 + 0.35 * torch.sin(p.x * 70 + 3 * torch.sin(p.y * 9))), 0.03, 0.3)
    green = p.pick(
        parts.green(p), parts.green(p), parts.green(p), p.colour(hue=(0.02, 0.14), saturation=(0.6, 0.9), value=(0.5, 0.9))
    )
    w = noise.warped(p, 0.035, cells=14)
    for x, y, size in [
        (-0.6, 0.0, 0.33),
        (0.6, 0.02, 0.33),
        (-0.5, -0.4, 0.38),
        (0.5, -0.42, 0.38),
        (0, -0.62, 0.4),
        (-0.27, 0.02, 0.32),
        (0.28, 0.04, 0.32),
        (0.02, -0.25, 0.38),
    ]:
        lump = w.at(x + p.uniform(-0.08, 0.08), y + p.uniform(-0.08, 0.08), size * p.uniform(0.85, 1.1))
        dabs = torch.sin(15 * lump.x + 4 * torch.sin(7 * lump.y)) * torch.sin(15 * lump.y + 4 * torch.sin(8 * lump.x))
        lump.paint(s.disc(lump, 1.0), green * 0.3)
        lump.paint(s.disc(lump, 0.94, at=(0, -0.05)) + 0.05 * dabs, green * (1 + 0.5 * dabs), relief=0.85)


def _fir(p: Pen) -> None:
    bark = p.colour(hue=(0.05, 0.1), saturation=(0.3, 0.6), value=(0.2, 0.45))
    parts.edged(p, s.box(p, 0.1, 0.25, at=(0, 0.78)), bark, 0.03)
    green = p.colour(hue=(0.3, 0.43), saturation=(0.4, 0.8), value=(0.3, 0.6))
    slope = p.uniform(0.7, 1.0)
    for i in range(5):
        bottom = 0.75 - 0.33 * i
        saw = 0.09 * (parts.folded(p.x, 0.17).abs() / 0.085) - 0.25 * p.x.abs()
        y = p.y - bottom + 0.66 - 0.06 * i
        tier = s.both((p.x.abs() - y * slope * (1 - 0.08 * i)) * 0.75, (p.y - bottom - saw) * 0.7)
        tone = (0.35 + 1.1 * (y / 0.62).clamp(0, 1)) * (1 + 0.3 * torch.sin(p.x * 45 + p.y * 12 * p.x.sign()))
        p.paint(tier - 0.02, green * 0.25)
        p.paint(tier + 0.015, green * tone)


@thing(tilt=0.25)
def mushroom(p: Pen) -> None:
    colour = p.pick(
        p.colour(hue=(-0.02, 0.04), saturation=(0.8, 0.95), value=(0.7, 0.95)),
        p.colour(hue=(-0.02, 0.04), saturation=(0.8, 0.95), value=(0.7, 0.95)),
        p.colour(hue=(0.05, 0.11), saturation=(0.4, 0.8), value=(0.4, 0.8)),
    )
    pale = p.colour(hue=(0.08, 0.15), saturation=(0.05, 0.25), value=(0.85, 1))
    wide = p.uniform(0.2, 0.3)
    foot = s.blend(s.stroke(p, (0, 0.1), (0, 0.8), wide * 1.6, wide * 2), s.ellipse(p, wide * 1.5, 0.2, at=(0, 0.8)), 0.2)
    parts.edged(p, foot, pale * (1 + 0.12 * torch.sin(p.x * 50)), 0.04, 0.6)
    _gills(p, pale)
    frill = s.both(s.ellipse(p, wide * 1.7, 0.2, at=(0, 0.28)), 0.28 - p.y)
    parts.edged(p, frill, pale * (1 - 0.2 * (torch.sin(p.x * 40) > 0)), 0.03, 0.2)
    low = p.uniform(0.02, 0.16)
    cap = s.both(s.ellipse(p, 0.97, p.uniform(0.85, 1.0), at=(0, 0.0)), p.y - low + 0.12 * (1 - p.x.square()) - 0.05)
    parts.edged(p, cap, colour, 0.05, 0.7)
    _cap_spots(p, cap, pale)


def _gills(p: Pen, pale: Tensor) -> None:
    under = s.ellipse(p, 0.9, 0.2, at=(0, 0.02))
    p.paint(under, pale * 0.35)
    rays = torch.sin(p.x / (0.6 + p.y.clamp(-0.3, 0.3)) * 30)
    p.paint(under + 0.03, pale * (0.75 + 0.2 * rays))


def _cap_spots(p: Pen, cap: Tensor, pale: Tensor) -> None:
    spotted = p.chance(0.85)
    for x, y, size in [
        (0, -0.5, 0.17),
        (-0.42, -0.3, 0.14),
        (0.42, -0.32, 0.14),
        (-0.16, -0.12, 0.11),
        (0.22, -0.1, 0.12),
        (-0.72, -0.12, 0.1),
        (0.74, -0.12, 0.1),
        (-0.3, -0.72, 0.1),
        (0.32, -0.74, 0.1),
    ]:
        spot = p.at(x + p.uniform(-0.06, 0.06), y + p.uniform(-0.05, 0.05), size * p.uniform(0.8, 1.25))
        shape = s.both(s.ellipse(spot, 1.0, 0.85), (cap + 0.05) / size)
        spot.paint(shape - 0.12, pale * 0.35, spotted)
        spot.paint(shape, pale, spotted, relief=0.4)


@thing(tilt=0.5)
def sunflower(p: Pen) -> None:
    stalk = p.chance(0.4)
    _stem(p, -0.1, parts.green(p), stalk)
    head = p.at(0, -0.3 * stalk, 1 - 0.3 * stalk)
    yellow = p.colour(hue=(0.11, 0.16), saturation=(0.8, 1), value=(0.85, 1))
    n = p.integer(13, 19)
    for layer in (1, 0):
        _ray_petal(head.around(n, math.pi * layer / n), yellow * (1 - 0.2 * layer), 1.0 - 0.06 * layer)
    _seed_disc(head.at(scale=p.uniform(0.42, 0.55)))


def _ray_petal(p: Pen, colour: Tensor, reach: float) -> None:
    shape = s.lens(p, 0.36, 0.14, at=(reach - 0.36, 0))
    p.paint(shape, colour * rgb(0.5, 0.3, 0.1))
    p.paint(
        shape + 0.025, colour * torch.lerp(rgb(1.0, 0.55, 0.3), rgb(1.0, 1.0, 1.0), ((p.x - 0.4) * 2.5).clamp(0, 1)), relief=0.3
    )
    p.paint(s.stroke(p, (0.4, 0), (0.8, 0), 0.03, 0.01), colour * rgb(0.7, 0.5, 0.2))


def _seed_disc(p: Pen) -> None:
    """Two families of spirals cross, as in a head of seeds."""
    brown = p.colour(hue=(0.04, 0.09), saturation=(0.5, 0.85), value=(0.3, 0.55))
    angle, depth = torch.atan2(p.y, p.x), s.length(p.x, p.y).clamp_min(0.05).log() * 6.5
    seeds = torch.cos(13 * angle + 1.6 * depth) * torch.cos(13 * angle - 1.6 * depth)
    r = s.length(p.x, p.y)
    tone = (0.8 + 0.75 * seeds) * (0.55 + 0.9 * (r - 0.35).abs())
    p.paint(s.disc(p, 1.0), brown * 0.25)
    p.paint(s.disc(p, 0.93), brown * tone.clamp(0.1, 2))
    core = p.pick(rgb(0.45, 0.5, 0.15), brown * 0.5)
    p.paint(s.disc(p, 0.28), core * (1 + 0.6 * seeds), soft=0.15)


@thing(tilt=0.6)
def rose(p: Pen) -> None:
    stalk = p.chance(0.4)
    green = parts.green(p)
    _stem(p, 0.0, green, stalk)
    head = p.at(0, -0.32 * stalk, 0.95 - 0.3 * stalk)
    for turn in (0.5, 2.5, 4.4):
        sprig = head.at(turn=p.uniform(-0.3, 0.3) + turn)
        parts.plain_leaf(sprig.at(0.72, 0, 0.42), green)
    colour = p.pick(
        p.colour(hue=(-0.06, 0.02), saturation=(0.75, 0.95), value=(0.6, 0.95)),
        p.colour(hue=(0.88, 0.98), saturation=(0.4, 0.8), value=(0.8, 1)),
        p.colour(hue=(0.03, 0.15), saturation=(0.3, 0.8), value=(0.9, 1)),
    )
    bend = noise.warped(head, 0.03, cells=4)
    for i, (n, size) in enumerate([(5, 0.86), (4, 0.66), (3, 0.47)]):
        _whorl(bend.at(scale=size), n, p.uniform(0, 6.3), colour * (1 - 0.07 * i))
    _rose_heart(bend.at(scale=0.26, turn=p.uniform(0, 6.3)), colour * 0.85)


def _whorl(p: Pen, n: int, phase: Tensor, colour: Tensor) -> None:
    """A ring of broad petals, each lying over its neighbour on one side: their edges run slantwise inwards."""
    for half in (0.5, 0.0):
        q = p.around(n, phase + half * 2 * math.pi / n)
        petal = s.ellipse(q, 0.5, 0.72, at=(0.5, 0.06), turn=0.35)
        r = s.length(q.x, q.y)
        tone = (0.15 + 0.95 * r.square()) * (1 - 0.45 * q.y)
        p.paint(petal - 0.02, colour * 0.22)
        q.paint(petal + 0.05, colour * tone.clamp(0.2, 1.15))
        q.paint((petal + 0.08).abs() - 0.04, (colour * 1.35 + 0.1).clamp(0, 1), 0.8)


def _rose_heart(p: Pen, colour: Tensor) -> None:
    r, angle = s.length(p.x, p.y), torch.atan2(p.y, p.x)
    coil = (r * 2.4 - angle / (2 * math.pi)).frac()
    p.paint(s.disc(p, 1.0), colour * (0.3 + 0.95 * coil))


@thing(tilt=0.15)
def cactus(p: Pen) -> None:
    potted = p.chance(0.5)
    green = p.colour(hue=(0.25, 0.42), saturation=(0.4, 0.8), value=(0.35, 0.7))
    q = parts.facing(p)
    _limb(q, green, p.uniform(-0.2, 0.2), 0.56, p.uniform(-0.65, -0.4))
    _limb(q.bent(-q.x, q.y), green, p.uniform(-0.05, 0.3), 0.56, p.uniform(-0.45, -0.15), p.chance(0.8))
    _ribbed(p, s.both(s.stroke(p, (0, 1.2), (0, -0.68), 0.44, 0.4), p.y - 0.97 + 0.3 * potted), p.x / 0.22, p.y, green)
    bloom = p.at(0, -0.88, 0.16)
    pink = p.colour(hue=(0.85, 1.02), saturation=(0.5, 0.9), value=(0.8, 1))
    bloom.paint(s.petals(bloom, 7, 1.2, 0.5), pink, p.chance(0.4), relief=0.4)
    _pot(parts.only(p, potted))
    sand = s.both(s.ellipse(p, 0.95, 0.2, at=(0, 1.0)), p.y - 1)
    parts.edged(p, sand, p.colour(hue=(0.08, 0.13), saturation=(0.3, 0.6), value=(0.7, 0.95)), 0.03, 0.2, 0.5, 1 - potted)


def _limb(p: Pen, green: Tensor, y: Tensor, reach: float, top: Tensor, wanted: Number = 1.0) -> None:
    """An arm that leaves the trunk sideways and turns up."""
    bend = p.at(reach - 0.2, y - 0.2, 0.2)
    elbow = s.arc(bend, 1.0, 1.5, math.pi / 4, math.pi / 4) * 0.2
    shape = s.union(s.stroke(p, (0, y), (reach - 0.2, y), 0.3), elbow, s.stroke(p, (reach, y - 0.2), (reach, top), 0.3))
    radius = s.length(bend.x.clamp_min(0), bend.y.clamp_min(0)) * 0.2 + torch.where((bend.x < 0) & (bend.y < 0), 0.2, 0.0)
    _ribbed(p, shape, (radius - 0.2) / 0.15, p.x - p.y, green, wanted)


def _ribbed(p: Pen, shape: Tensor, across: Tensor, along: Tensor, green: Tensor, wanted: Number = 1.0) -> None:
    """across: -1 to 1 over the limb."""
    p.paint(shape, green * 0.25, wanted)
    rib = torch.asin(across.clamp(-1, 1)) / 0.52
    tone = (1.05 - 0.6 * (2 * parts.folded(rib, 1.0)).abs()) * (1.1 - 0.35 * across)
    p.paint(shape + 0.03, green * tone * 1.2, wanted)
    spine = s.length(parts.folded(rib, 1.0) * 0.1, parts.folded(along, 0.13)) - 0.022
    p.paint(s.both(spine, shape + 0.02), rgb(0.97, 0.95, 0.8), wanted)


def _pot(p: Pen) -> None:
    clay = p.colour(hue=(0.02, 0.08), saturation=(0.5, 0.85), value=(0.55, 0.85))
    pot = s.polygon(p, [(-0.42, 0.55), (0.42, 0.55), (0.3, 1), (-0.3, 1)])
    parts.edged(p, pot, clay * (1 - 0.4 * p.x), 0.035, 0.3)
    parts.edged(p, s.box(p, 0.5, 0.1, at=(0, 0.52), round=0.03), clay * (1.1 - 0.4 * p.x), 0.03, 0.2)


@thing(tilt=0.15)
def palm_tree(p: Pen) -> None:
    p = parts.facing(p)
    lean = p.uniform(0.0, 0.35)
    sand = s.both(s.ellipse(p, 0.8, 0.2, at=(-0.1, 1.02)), p.y - 1)
    parts.edged(p, sand, p.colour(hue=(0.09, 0.13), saturation=(0.3, 0.6), value=(0.75, 0.95)), 0.03, 0.2, 0.5, p.chance(0.5))
    bark = p.colour(hue=(0.05, 0.1), saturation=(0.3, 0.6), value=(0.4, 0.65))
    t = (1 - p.y) / 1.35
    q = p.bent(p.x + 0.2 - lean * t.clamp(0, 1.2).square(), p.y)
    trunk = s.stroke(q, (0, 0.98), (0, -0.35), 0.26, 0.15)
    rings = parts.folded(p.y + 0.6 * q.x.square() * 4, 0.13) / 0.13
    parts.edged(q, trunk, bark * (1.05 + 0.9 * rings), 0.035, 0.4)
    crown = p.at(lean - 0.2, -0.36, 0.86)
    green = p.colour(hue=(0.22, 0.38), saturation=(0.55, 0.9), value=(0.4, 0.75))
    droop = crown.bent(crown.x, crown.y - p.uniform(0.45, 0.75) * crown.x.square())
    _frond(parts.fan(droop, 4, 0.95), green * 0.65)
    _frond(parts.fan(droop, 5, p.uniform(0.85, 0.98)), green)
    for x, y in [(-0.09, 0.06), (0.1, 0.05), (0.0, 0.12)]:
        nut = crown.at(x, y, 0.1)
        parts.edged(nut, s.disc(nut, 1.0), parts.BROWN * 1.3, 0.2, 0.8)


def _frond(p: Pen, green: Tensor) -> None:
    """A leaf of many narrow leaflets along the positive x axis."""
    comb = parts.folded(p.x - p.y.abs() * 0.8, 0.13).abs() / 0.065
    shape = s.both(s.lens(p, 0.55, 0.19, at=(0.5, 0)) + 0.1 * comb, 0.02 - p.x)
    p.paint(shape - 0.02, green * 0.3)
    p.paint(shape + 0.02, green * (1.35 - 0.5 * comb))
    p.paint(s.stroke(p, (0.05, 0), (0.95, 0), 0.045, 0.01), green * 1.7)
