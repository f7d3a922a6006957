"""Plants, fruit, insects and sea creatures."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.pen import BLACK, WHITE, Number, Pen, hsv, rgb

BROWN = rgb(0.36, 0.22, 0.11)


# ---- parts shared by many


def _folded(t: Tensor, period: Number) -> Tensor:
    """How far `t` lies from the nearest multiple of `period`."""
    return t - period * torch.round(t / period)


def _nearest(t: Tensor, n: Number) -> Tensor:
    """Which of n marks, one apart and centred on 0, lies nearest to `t`."""
    last = torch.as_tensor(n, dtype=torch.float32) - 1
    return torch.minimum(torch.round(t + last / 2).clamp_min(0), last) - last / 2


def _row(p: Pen, n: Number, step: Number) -> Pen:
    """A pen that draws n copies side by side."""
    return p.bent(p.x - step * _nearest(p.x / step, n), p.y)


def _fan(p: Pen, n: Number, step: Number, phase: Number = -math.pi / 2) -> Pen:
    """A pen that draws n copies of its positive x axis, `step` radians apart, spread about the direction `phase`."""
    radius, angle = s.length(p.x, p.y), _folded(torch.atan2(p.y, p.x) - phase, 2 * math.pi)
    angle = angle - step * _nearest(angle / step, n)
    return p.bent(radius * angle.cos(), radius * angle.sin())


def _facing(p: Pen) -> Pen:
    """To the left or to the right."""
    return p.bent(p.x * p.pick(-1.0, 1.0), p.y)


def _only(p: Pen, wanted: Tensor) -> Pen:
    """The same pen where `wanted` is 1; elsewhere what it draws falls off the sheet."""
    return p.at(x=(1 - wanted) * 60)


def _edged(p: Pen, shape: Tensor, colour: Tensor, width: Number = 0.06, relief: Number = 0.5, edge: float = 0.3,
           opacity: Number = 1.0) -> None:
    """A shaded body with a dark contour."""
    p.paint(shape, colour * edge, opacity)
    p.paint(shape + width, colour, opacity, relief=relief)


def _green(p: Pen) -> Tensor:
    return p.colour(hue=(0.22, 0.38), saturation=(0.5, 0.9), value=(0.35, 0.75))


def _plain_leaf(p: Pen, colour: Tensor, width: Number = 0.4) -> None:
    """A pointed leaf from (-1, 0) to (1, 0) with its veins."""
    shape = s.lens(p, 1.0, width)
    p.paint(shape, colour * 0.35)
    p.paint(shape + 0.06, colour * (1 + 0.9 * _folded(p.x + p.y.abs(), 0.3)), relief=0.4)
    p.paint(s.both(_folded(p.x - p.y.abs() * 0.8, 0.3).abs() - 0.025, shape + 0.06), colour * 1.5, 0.8)
    p.paint(s.stroke(p, (-1, 0), (0.85, 0), 0.07, 0.02), colour * 1.6)


def _stem(p: Pen, top: Number, colour: Tensor, wanted: Tensor) -> None:
    """A stalk from (0, top) down to (0, 1) with two leaves."""
    q = _only(p, wanted)
    q = q.bent(q.x + 0.1 * torch.sin(q.y * 3), q.y)
    _edged(q, s.stroke(q, (0, top), (0, 1), 0.13), colour, 0.03)
    _plain_leaf(q.at(0.35, 0.7, 0.36, -0.6), colour)
    _plain_leaf(q.at(-0.35, 0.62, 0.36, math.pi + 0.6), colour * 1.1)


def _dots_along(p: Pen, shape: Tensor, depth: float, step: float, radius: float) -> Tensor:
    """Dots in a row inside the edge of a shape, a step of the angle about the centre apart."""
    angle = _folded(torch.atan2(p.y, p.x), step)
    return s.length(angle * s.length(p.x, p.y), shape + depth) - radius


# ---- plants


@thing(tilt=3.15)
def leaf(p: Pen) -> None:
    autumn = p.colour(hue=(-0.02, 0.13), saturation=(0.7, 0.95), value=(0.5, 0.9))
    colour = p.pick(_green(p), _green(p), autumn)
    lobed = p.chance(0.4)
    _maple(_only(p, lobed), colour)
    _feathered(_only(p, 1 - lobed), colour)


def _maple(p: Pen, colour: Tensor) -> None:
    m = p.mirrored()
    p.paint(s.curve(p, (0, 0.3), (0.05, 0.7), (0.15, 1.0), 0.08, 0.06, steps=4), colour * 0.7)
    outline = s.polygon(m,
                        [(-0.1, -1.24), (0.13, -0.74), (0.28, -0.78), (0.2, -0.28), (0.48, -0.57), (0.57, -0.45), (0.95, -0.55),
                            (0.8, -0.3), (0.9, -0.17), (0.42, 0.06), (0.68, 0.14), (0.7, 0.32), (0.3, 0.33), (0.1, 0.42),
                            (-0.2, 0.5)])
    lobes = [(0.0, -0.92), (0.82, -0.46), (0.62, 0.24)]
    shade = 1 + 0.25 * torch.cos(torch.atan2(m.x, 0.35 - m.y) * 9)
    p.paint(outline - 0.02, colour * 0.3)
    p.paint(outline + 0.03, colour * shade, relief=0.3)
    veins = s.union(*(s.stroke(m, (0, 0.36), lobe, 0.07, 0.02) for lobe in lobes),
                    s.stroke(m, (0, -0.35), (0.2, -0.68), 0.04, 0.01),
                    s.stroke(m, (0.45, -0.12), (0.5, -0.45), 0.04, 0.01), s.stroke(m, (0.45, -0.12), (0.78, -0.18), 0.04, 0.01))
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
    p.paint(outline + 0.035, colour * half * (1 + 0.6 * _folded(slant + period / 2, period) / period), relief=0.3)
    vein = p.pick(colour * 0.35, colour * 1.7 + 0.1)
    p.paint(s.both(_folded(slant, period).abs() - 0.02, outline + 0.05), vein)
    p.paint(s.stroke(p, (0, -0.9), (0, 1), 0.03, 0.09), vein)


@thing(tilt=0.5)
def flower(p: Pen) -> None:
    """A daisy, an open blossom or a tulip, on its stem or (not the tulip) alone."""
    tulip = p.chance(0.2)
    stalk = torch.maximum(p.chance(0.5), tulip)
    _stem(p, -0.2, _green(p), stalk)
    head = p.at(0, -0.36 * stalk, 0.98 - 0.36 * stalk)
    colour = p.pick(p.colour(hue=(0.78, 1.0), saturation=(0.3, 0.85), value=(0.75, 1)), WHITE * 0.97,
                    p.colour(hue=(0.6, 0.75), saturation=(0.4, 0.7), value=(0.7, 1)),
                    p.colour(hue=(0.94, 1.02), saturation=(0.7, 0.9)))
    _tulip(_only(head, tulip), p.pick(colour, p.colour(hue=(0.9, 1.15), saturation=(0.7, 0.95), value=(0.8, 1))))
    _blossom(_only(head, 1 - tulip), colour)


def _tulip(p: Pen, colour: Tensor) -> None:
    """A cup of pointed petals, seen from the side."""
    m = p.mirrored()
    for pen, x, y, wide, turn, tone in [(m, 0.26, -0.12, 0.36, 0.08, 0.75), (p, 0.0, -0.12, 0.3, 0.0, 0.9),
                                        (m, 0.4, 0.1, 0.36, 0.22, 1.05)]:
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
    _edged(core, s.disc(core, 1.0), middle, 0.12, 0.9)
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
    _fir(_only(p, fir))
    _broad_tree(_only(p, 1 - fir))


def _broad_tree(p: Pen) -> None:
    bark = p.colour(hue=(0.05, 0.1), saturation=(0.3, 0.6), value=(0.25, 0.5))
    trunk = s.union(s.stroke(p, (0, 1), (0, -0.3), p.uniform(0.24, 0.34), 0.14), s.stroke(p, (0, 0.4), (0.45, -0.2), 0.13, 0.06),
                    s.stroke(p, (0, 0.3), (-0.45, -0.15), 0.13, 0.06), s.stroke(p, (0, 0.93), (0.25, 1), 0.12, 0.04),
                    s.stroke(p, (0, 0.93), (-0.25, 1), 0.12, 0.04))
    _edged(p, trunk, bark * (1 + 0.35 * torch.sin(p.x * 70 + 3 * torch.sin(p.y * 9))), 0.03, 0.3)
    green = p.pick(_green(p), _green(p), _green(p), p.colour(hue=(0.02, 0.14), saturation=(0.6, 0.9), value=(0.5, 0.9)))
    w = noise.warped(p, 0.035, cells=14)
    for x, y, size in [(-0.6, 0.0, 0.33), (0.6, 0.02, 0.33), (-0.5, -0.4, 0.38), (0.5, -0.42, 0.38), (0, -0.62, 0.4),
                       (-0.27, 0.02, 0.32), (0.28, 0.04, 0.32), (0.02, -0.25, 0.38)]:
        lump = w.at(x + p.uniform(-0.08, 0.08), y + p.uniform(-0.08, 0.08), size * p.uniform(0.85, 1.1))
        dabs = torch.sin(15 * lump.x + 4 * torch.sin(7 * lump.y)) * torch.sin(15 * lump.y + 4 * torch.sin(8 * lump.x))
        lump.paint(s.disc(lump, 1.0), green * 0.3)
        lump.paint(s.disc(lump, 0.94, at=(0, -0.05)) + 0.05 * dabs, green * (1 + 0.5 * dabs), relief=0.85)


def _fir(p: Pen) -> None:
    bark = p.colour(hue=(0.05, 0.1), saturation=(0.3, 0.6), value=(0.2, 0.45))
    _edged(p, s.box(p, 0.1, 0.25, at=(0, 0.78)), bark, 0.03)
    green = p.colour(hue=(0.3, 0.43), saturation=(0.4, 0.8), value=(0.3, 0.6))
    slope = p.uniform(0.7, 1.0)
    for i in range(5):
        bottom = 0.75 - 0.33 * i
        saw = 0.09 * (_folded(p.x, 0.17).abs() / 0.085) - 0.25 * p.x.abs()
        y = p.y - bottom + 0.66 - 0.06 * i
        tier = s.both((p.x.abs() - y * slope * (1 - 0.08 * i)) * 0.75, (p.y - bottom - saw) * 0.7)
        tone = (0.35 + 1.1 * (y / 0.62).clamp(0, 1)) * (1 + 0.3 * torch.sin(p.x * 45 + p.y * 12 * p.x.sign()))
        p.paint(tier - 0.02, green * 0.25)
        p.paint(tier + 0.015, green * tone)


@thing(tilt=0.25)
def mushroom(p: Pen) -> None:
    colour = p.pick(p.colour(hue=(-0.02, 0.04), saturation=(0.8, 0.95), value=(0.7, 0.95)),
                    p.colour(hue=(-0.02, 0.04), saturation=(0.8, 0.95), value=(0.7, 0.95)),
                    p.colour(hue=(0.05, 0.11), saturation=(0.4, 0.8), value=(0.4, 0.8)))
    pale = p.colour(hue=(0.08, 0.15), saturation=(0.05, 0.25), value=(0.85, 1))
    wide = p.uniform(0.2, 0.3)
    foot = s.blend(s.stroke(p, (0, 0.1), (0, 0.8), wide * 1.6, wide * 2), s.ellipse(p, wide * 1.5, 0.2, at=(0, 0.8)), 0.2)
    _edged(p, foot, pale * (1 + 0.12 * torch.sin(p.x * 50)), 0.04, 0.6)
    _gills(p, pale)
    frill = s.both(s.ellipse(p, wide * 1.7, 0.2, at=(0, 0.28)), 0.28 - p.y)
    _edged(p, frill, pale * (1 - 0.2 * (torch.sin(p.x * 40) > 0)), 0.03, 0.2)
    low = p.uniform(0.02, 0.16)
    cap = s.both(s.ellipse(p, 0.97, p.uniform(0.85, 1.0), at=(0, 0.0)), p.y - low + 0.12 * (1 - p.x.square()) - 0.05)
    _edged(p, cap, colour, 0.05, 0.7)
    _cap_spots(p, cap, pale)


def _gills(p: Pen, pale: Tensor) -> None:
    under = s.ellipse(p, 0.9, 0.2, at=(0, 0.02))
    p.paint(under, pale * 0.35)
    rays = torch.sin(p.x / (0.6 + p.y.clamp(-0.3, 0.3)) * 30)
    p.paint(under + 0.03, pale * (0.75 + 0.2 * rays))


def _cap_spots(p: Pen, cap: Tensor, pale: Tensor) -> None:
    spotted = p.chance(0.85)
    for x, y, size in [(0, -0.5, 0.17), (-0.42, -0.3, 0.14), (0.42, -0.32, 0.14), (-0.16, -0.12, 0.11), (0.22, -0.1, 0.12),
                       (-0.72, -0.12, 0.1), (0.74, -0.12, 0.1), (-0.3, -0.72, 0.1), (0.32, -0.74, 0.1)]:
        spot = p.at(x + p.uniform(-0.06, 0.06), y + p.uniform(-0.05, 0.05), size * p.uniform(0.8, 1.25))
        shape = s.both(s.ellipse(spot, 1.0, 0.85), (cap + 0.05) / size)
        spot.paint(shape - 0.12, pale * 0.35, spotted)
        spot.paint(shape, pale, spotted, relief=0.4)


@thing(tilt=0.5)
def sunflower(p: Pen) -> None:
    stalk = p.chance(0.4)
    _stem(p, -0.1, _green(p), stalk)
    head = p.at(0, -0.3 * stalk, 1 - 0.3 * stalk)
    yellow = p.colour(hue=(0.11, 0.16), saturation=(0.8, 1), value=(0.85, 1))
    n = p.integer(13, 19)
    for layer in (1, 0):
        _ray_petal(head.around(n, math.pi * layer / n), yellow * (1 - 0.2 * layer), 1.0 - 0.06 * layer)
    _seed_disc(head.at(scale=p.uniform(0.42, 0.55)))


def _ray_petal(p: Pen, colour: Tensor, reach: float) -> None:
    shape = s.lens(p, 0.36, 0.14, at=(reach - 0.36, 0))
    p.paint(shape, colour * rgb(0.5, 0.3, 0.1))
    p.paint(shape + 0.025, colour * torch.lerp(rgb(1.0, 0.55, 0.3), rgb(1.0, 1.0, 1.0), ((p.x - 0.4) * 2.5).clamp(0, 1)),
            relief=0.3)
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
    green = _green(p)
    _stem(p, 0.0, green, stalk)
    head = p.at(0, -0.32 * stalk, 0.95 - 0.3 * stalk)
    for turn in (0.5, 2.5, 4.4):
        sprig = head.at(turn=p.uniform(-0.3, 0.3) + turn)
        _plain_leaf(sprig.at(0.72, 0, 0.42), green)
    colour = p.pick(p.colour(hue=(-0.06, 0.02), saturation=(0.75, 0.95), value=(0.6, 0.95)),
                    p.colour(hue=(0.88, 0.98), saturation=(0.4, 0.8), value=(0.8, 1)),
                    p.colour(hue=(0.03, 0.15), saturation=(0.3, 0.8), value=(0.9, 1)))
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
    q = _facing(p)
    _limb(q, green, p.uniform(-0.2, 0.2), 0.56, p.uniform(-0.65, -0.4))
    _limb(q.bent(-q.x, q.y), green, p.uniform(-0.05, 0.3), 0.56, p.uniform(-0.45, -0.15), p.chance(0.8))
    _ribbed(p, s.both(s.stroke(p, (0, 1.2), (0, -0.68), 0.44, 0.4), p.y - 0.97 + 0.3 * potted), p.x / 0.22, p.y, green)
    bloom = p.at(0, -0.88, 0.16)
    pink = p.colour(hue=(0.85, 1.02), saturation=(0.5, 0.9), value=(0.8, 1))
    bloom.paint(s.petals(bloom, 7, 1.2, 0.5), pink, p.chance(0.4), relief=0.4)
    _pot(_only(p, potted))
    sand = s.both(s.ellipse(p, 0.95, 0.2, at=(0, 1.0)), p.y - 1)
    _edged(p, sand, p.colour(hue=(0.08, 0.13), saturation=(0.3, 0.6), value=(0.7, 0.95)), 0.03, 0.2, 0.5, 1 - potted)


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
    tone = (1.05 - 0.6 * (2 * _folded(rib, 1.0)).abs()) * (1.1 - 0.35 * across)
    p.paint(shape + 0.03, green * tone * 1.2, wanted)
    spine = s.length(_folded(rib, 1.0) * 0.1, _folded(along, 0.13)) - 0.022
    p.paint(s.both(spine, shape + 0.02), rgb(0.97, 0.95, 0.8), wanted)


def _pot(p: Pen) -> None:
    clay = p.colour(hue=(0.02, 0.08), saturation=(0.5, 0.85), value=(0.55, 0.85))
    pot = s.polygon(p, [(-0.42, 0.55), (0.42, 0.55), (0.3, 1), (-0.3, 1)])
    _edged(p, pot, clay * (1 - 0.4 * p.x), 0.035, 0.3)
    _edged(p, s.box(p, 0.5, 0.1, at=(0, 0.52), round=0.03), clay * (1.1 - 0.4 * p.x), 0.03, 0.2)


@thing(tilt=0.15)
def palm_tree(p: Pen) -> None:
    p = _facing(p)
    lean = p.uniform(0.0, 0.35)
    sand = s.both(s.ellipse(p, 0.8, 0.2, at=(-0.1, 1.02)), p.y - 1)
    _edged(p, sand, p.colour(hue=(0.09, 0.13), saturation=(0.3, 0.6), value=(0.75, 0.95)), 0.03, 0.2, 0.5, p.chance(0.5))
    bark = p.colour(hue=(0.05, 0.1), saturation=(0.3, 0.6), value=(0.4, 0.65))
    t = (1 - p.y) / 1.35
    q = p.bent(p.x + 0.2 - lean * t.clamp(0, 1.2).square(), p.y)
    trunk = s.stroke(q, (0, 0.98), (0, -0.35), 0.26, 0.15)
    rings = _folded(p.y + 0.6 * q.x.square() * 4, 0.13) / 0.13
    _edged(q, trunk, bark * (1.05 + 0.9 * rings), 0.035, 0.4)
    crown = p.at(lean - 0.2, -0.36, 0.86)
    green = p.colour(hue=(0.22, 0.38), saturation=(0.55, 0.9), value=(0.4, 0.75))
    droop = crown.bent(crown.x, crown.y - p.uniform(0.45, 0.75) * crown.x.square())
    _frond(_fan(droop, 4, 0.95), green * 0.65)
    _frond(_fan(droop, 5, p.uniform(0.85, 0.98)), green)
    for x, y in [(-0.09, 0.06), (0.1, 0.05), (0.0, 0.12)]:
        nut = crown.at(x, y, 0.1)
        _edged(nut, s.disc(nut, 1.0), BROWN * 1.3, 0.2, 0.8)


def _frond(p: Pen, green: Tensor) -> None:
    """A leaf of many narrow leaflets along the positive x axis."""
    comb = _folded(p.x - p.y.abs() * 0.8, 0.13).abs() / 0.065
    shape = s.both(s.lens(p, 0.55, 0.19, at=(0.5, 0)) + 0.1 * comb, 0.02 - p.x)
    p.paint(shape - 0.02, green * 0.3)
    p.paint(shape + 0.02, green * (1.35 - 0.5 * comb))
    p.paint(s.stroke(p, (0.05, 0), (0.95, 0), 0.045, 0.01), green * 1.7)


# ---- insects and webs


@thing(tilt=0.9)
def butterfly(p: Pen) -> None:
    m = p.mirrored()
    colour = p.pick(p.colour(hue=(0.04, 0.09), saturation=(0.85, 1), value=(0.85, 1)),
                    p.colour(hue=(0.11, 0.16), saturation=(0.6, 0.95), value=(0.9, 1)),
                    p.colour(hue=(0.54, 0.66), saturation=(0.6, 0.95), value=(0.75, 1)),
                    p.colour(hue=(0.95, 1.08), saturation=(0.6, 0.95), value=(0.75, 1)))
    dark = colour * 0.12
    span, droop = p.uniform(0.85, 1.0), p.uniform(0.85, 1.0)
    hind = m.at(0.04, 0.02, droop)
    tail = s.stroke(hind, (0.5, 0.7), (0.62, 1.0), 0.12, 0.08)
    p.paint(tail, dark, p.chance(0.4))
    low = s.polygon(hind, [(0.0, 0.0), (0.5, 0.0), (0.76, 0.2), (0.74, 0.5), (0.5, 0.8), (0.28, 0.74), (0.08, 0.4)]) - 0.06
    _wing(hind, low, colour * p.pick(1.0, 0.85), dark, (0.46, 0.42), 7)
    fore = m.at(0.04, 0.0, span)
    high = s.polygon(fore,
                     [(0.0, -0.05), (0.35, -0.6), (0.78, -0.88), (0.92, -0.78), (0.86, -0.4), (0.72, -0.05), (0.3, 0.04)]) - 0.06
    _wing(fore, high, colour, dark, (0.62, -0.48), 6)
    _insect_body(p, dark)


def _wing(p: Pen, shape: Tensor, colour: Tensor, dark: Tensor, spot: tuple[float, float], veins: int) -> None:
    p.paint(shape, dark)
    inner = shape + 0.15
    r, angle = s.length(p.x, p.y), torch.atan2(p.y, p.x)
    p.paint(inner, colour * (0.6 + 0.55 * r), relief=0.2)
    p.paint(s.both((_folded(angle, 1.5 / veins).abs() * r - 0.017), inner + 0.01), dark)
    p.paint(s.both(_dots_along(p, shape, 0.075, 0.14, 0.034), 0.55 - r), WHITE)
    eye = p.at(spot[0], spot[1], 0.13)
    for size, paint in [(1.0, dark), (0.75, colour * 1.5 + 0.15), (0.42, dark)]:
        eye.paint(s.both(s.disc(eye, size), inner / 0.13), paint)


def _insect_body(p: Pen, dark: Tensor) -> None:
    m = p.mirrored()
    p.paint(s.curve(m, (0.03, -0.3), (0.1, -0.65), (0.3, -0.85), 0.04, 0.03, steps=4), dark)
    p.paint(s.disc(m, 0.045, at=(0.3, -0.86)), dark)
    brown = dark + 0.1
    for y, rx, ry in [(0.22, 0.075, 0.4), (-0.14, 0.1, 0.17), (-0.33, 0.085, 0.085)]:
        part = p.at(0, y, ry)
        shape = s.ellipse(part, rx / ry, 1.0)
        part.paint(shape - 0.1, dark * 0.4)
        part.paint(shape, brown * (1.3 + 0.6 * torch.sin(p.y * 50)), relief=0.5)


@thing(tilt=0.5)
def bee(p: Pen) -> None:
    above = p.chance(0.4)
    yellow = p.colour(hue=(0.1, 0.155), saturation=(0.75, 1), value=(0.85, 1))
    _bee_above(_only(p, above).at(turn=p.uniform(-2, 2)), yellow)
    _bee_aside(_facing(_only(p, 1 - above)), yellow)


def _bee_wing(p: Pen) -> None:
    """A clear wing with veins from (-1, 0) to (1, 0)."""
    glass = rgb(0.82, 0.9, 0.97)
    shape = s.ellipse(p.bent(p.x, p.y * (1.25 - 0.35 * p.x)), 1.0, 0.42)
    p.paint(shape, BLACK)
    p.paint(shape + 0.07, glass * (0.85 + 0.15 * p.x), 0.92)
    veins = s.union(s.stroke(p, (-1, 0), (0.8, 0.12), 0.05), s.stroke(p, (-0.6, 0), (0.5, -0.28), 0.05),
                    s.stroke(p, (0.1, 0.08), (0.3, -0.2), 0.05))
    p.paint(veins, glass * 0.4)


def _striped(p: Pen, shape: Tensor, along: Tensor, yellow: Tensor) -> None:
    """A fuzzy abdomen in black and yellow bands."""
    p.paint(shape, BLACK)
    band = p.coverage(_folded(along, 0.62).abs() - 0.155)
    p.paint(shape + 0.08, torch.lerp(yellow.expand_as(p.sheet.rgb), BLACK.expand_as(p.sheet.rgb), band.expand_as(p.sheet.rgb)),
            relief=0.6)


def _bee_aside(p: Pen, yellow: Tensor) -> None:
    for x, foot in [(-0.32, -0.45), (-0.15, -0.1), (0.02, 0.25)]:
        p.paint(s.union(s.stroke(p, (x, 0.35), (foot, 0.58), 0.06), s.stroke(p, (foot, 0.58), (foot - 0.06, 0.82), 0.045)), BLACK)
    _bee_wing(p.at(0.3, -0.45, 0.55, -0.75))
    p.paint(s.polygon(p, [(0.8, 0.28), (0.8, 0.42), (1.0, 0.42)]), BLACK)
    belly = p.at(0.38, 0.22, 0.52, 0.25)
    _striped(belly, s.ellipse(belly.bent(belly.x, belly.y * (1 + 0.25 * belly.x)), 1.0, 0.72),
             belly.x + 0.12 * belly.y.square() + 0.15, yellow)
    chest = p.at(-0.2, 0.1, 0.33)
    fuzz = s.disc(chest, 1.0) + 0.06 * torch.sin(22 * torch.atan2(chest.y, chest.x))
    _edged(chest, fuzz, yellow * (0.85 + 0.2 * noise.soft_noise(p, 24)), 0.1, 0.7)
    _bee_wing(p.at(-0.02, -0.5, 0.58, -1.3))
    head = p.at(-0.62, 0.16, 0.26)
    head.paint(s.union(s.curve(head, (-0.2, -0.8), (-0.4, -1.6), (-1.1, -1.9), 0.18, steps=3),
                       s.curve(head, (-0.5, -0.7), (-1.0, -1.3), (-1.5, -1.2), 0.18, steps=3)), BLACK)
    _edged(head, s.disc(head, 1.0), yellow * 0.35, 0.1, 0.8)
    head.paint(s.ellipse(head, 0.32, 0.5, at=(-0.35, -0.1)), BLACK)
    head.paint(s.disc(head, 0.14, at=(-0.42, -0.3)), WHITE)


def _bee_above(p: Pen, yellow: Tensor) -> None:
    m = p.mirrored()
    for y, out in [(-0.2, -0.5), (0.0, 0.0), (0.15, 0.45)]:
        p.paint(s.union(s.stroke(m, (0.1, y), (0.38, (y + out) / 2), 0.06),
                        s.stroke(m, (0.38, (y + out) / 2), (0.5, out + 0.1), 0.045)), BLACK)
    _bee_wing(m.at(0.5, 0.1, 0.42, 0.5))
    _bee_wing(m.at(0.58, -0.3, 0.52, -0.25))
    belly = p.at(0, 0.42, 0.55)
    _striped(belly, s.ellipse(belly.bent(belly.x * (1 + 0.25 * belly.y), belly.y), 0.62, 1.0), belly.y + 0.2 * belly.x.square(),
             yellow)
    p.paint(s.curve(m, (0.06, -0.66), (0.12, -0.85), (0.32, -0.98), 0.05, steps=3), BLACK)
    head = p.at(0, -0.62, 0.2)
    _edged(head, s.ellipse(head, 1.15, 0.9), yellow * 0.35, 0.1, 0.8)
    head.paint(s.ellipse(head.mirrored(), 0.35, 0.6, at=(0.75, -0.1)), BLACK)
    chest = p.at(0, -0.22, 0.3)
    fuzz = s.disc(chest, 1.0) + 0.06 * torch.sin(22 * torch.atan2(chest.y, chest.x))
    _edged(chest, fuzz, yellow * (0.85 + 0.2 * noise.soft_noise(p, 24)), 0.1, 0.7)


@thing(tilt=3.15)
def ladybird(p: Pen) -> None:
    m = p.mirrored()
    red = p.pick(p.colour(hue=(-0.02, 0.03), saturation=(0.85, 1), value=(0.7, 0.95)),
                 p.colour(hue=(0.03, 0.1), saturation=(0.85, 1), value=(0.85, 1)))
    for y, ky, fy in [(-0.25, -0.45, -0.65), (0.1, 0.12, 0.25), (0.4, 0.6, 0.85)]:
        p.paint(s.union(s.stroke(m, (0.5, y), (0.82, ky), 0.09), s.stroke(m, (0.82, ky), (0.97, fy), 0.06)), BLACK)
    p.paint(s.curve(m, (0.1, -0.8), (0.15, -0.95), (0.35, -1.0), 0.05, steps=3), BLACK)
    head = p.at(0, -0.68, 0.28)
    head.paint(s.ellipse(head, 1.1, 0.8), BLACK * 1.6, relief=0.5)
    head.paint(s.disc(head.mirrored(), 0.22, at=(0.55, -0.35)), WHITE)
    neck = p.at(0, -0.42, 0.5)
    neck.paint(s.ellipse(neck, 1.0, 0.55), BLACK * 1.5, relief=0.6)
    neck.paint(s.ellipse(neck.mirrored(), 0.2, 0.26, at=(0.7, -0.08)), WHITE)
    back = s.both(s.ellipse(p, 0.76, 0.78, at=(0, 0.22)), -0.42 - p.y)
    _edged(p, back, red, 0.05, 0.9, 0.12)
    p.paint(s.stroke(p, (0, -0.42), (0, 0.98), 0.06), BLACK)
    p.paint(s.disc(p, 0.12, at=(0, -0.32)), BLACK)
    size, seven = p.uniform(0.11, 0.17), p.chance(0.5)
    for pen, x, y in [(m, 0.32, -0.12), (m, 0.3, 0.58), (m, 0.52, 0.24), (_only(m, 1 - seven), 0.22, 0.24)]:
        p.paint(s.both(s.disc(pen, size, at=(x, y)), back + 0.04), BLACK)
    p.paint(s.ellipse(p, 0.15, 0.08, at=(-0.35, -0.2), turn=-0.6), WHITE, 0.75, soft=0.06)


@thing(tilt=3.15)
def spider_web(p: Pen) -> None:
    dusk = p.colour(saturation=(0.1, 0.6), value=(0.04, 0.28)) * (1 + 0.3 * noise.soft_noise(p, 2))
    p.paint(s.disc(p, 9.0), dusk, p.chance(0.9))
    silk = p.colour(saturation=(0, 0.12), value=(0.8, 1))
    w = noise.warped(p.at(p.uniform(-0.15, 0.15), p.uniform(-0.15, 0.15)), p.uniform(0.015, 0.04), cells=3)
    n = p.integer(9, 15)
    sector = 2 * math.pi / n
    r, angle = s.length(w.x, w.y), torch.atan2(w.y, w.x)
    off = _folded(angle, sector)
    spokes = off.abs() * r - 0.016
    step = p.uniform(0.1, 0.15)
    hang = r * (1 + p.uniform(0.2, 0.34) * (1 - (1 - 2 * off.abs() / sector).square())) + step * torch.round(angle / sector) / n
    rings = s.both(_folded(hang, step).abs() - 0.012, r - 0.98, 0.1 - r)
    for spread, colour in [(0.012, silk * 0.15), (0.0, silk)]:
        p.paint(s.both(s.union(spokes, rings, r - 0.04) - spread, r - 1.02), colour)
    _spider(_only(p, p.chance(0.4)).at(p.uniform(-0.3, 0.3), p.uniform(-0.3, 0.3), p.uniform(0.25, 0.35), p.uniform(-3, 3)))


def _spider(p: Pen) -> None:
    m = p.mirrored()
    dark = p.colour(hue=(0.02, 0.12), saturation=(0.2, 0.8), value=(0.1, 0.4))
    for kx, ky, fx, fy in [(0.5, -0.6, 0.6, -1.1), (0.65, -0.35, 1.0, -0.5), (0.65, 0.05, 1.0, 0.35), (0.5, 0.3, 0.65, 1.0)]:
        p.paint(s.union(s.stroke(m, (0.1, -0.15), (kx, ky), 0.12), s.stroke(m, (kx, ky), (fx, fy), 0.1, 0.06)), dark * 0.6)
    _edged(p, s.ellipse(p, 0.36, 0.46, at=(0, 0.35)), dark * 1.5, 0.08, 0.7)
    _edged(p, s.disc(p, 0.24, at=(0, -0.25)), dark * 1.2, 0.06, 0.6)
    p.paint(s.union(s.stroke(p, (0, 0.1), (0, 0.6), 0.1), s.stroke(p, (-0.15, 0.3), (0.15, 0.3), 0.1)), WHITE)


@thing(tilt=3.15)
def dragonfly(p: Pen) -> None:
    m = p.mirrored()
    colour = p.pick(p.colour(hue=(0.45, 0.62), saturation=(0.6, 1), value=(0.5, 0.95)),
                    p.colour(hue=(0.22, 0.42), saturation=(0.6, 0.9), value=(0.4, 0.8)),
                    p.colour(hue=(-0.03, 0.08), saturation=(0.7, 1), value=(0.6, 0.95)))
    _veined_wing(m.at(0.52, p.uniform(-0.24, -0.1), 0.5, p.uniform(0.12, 0.38)), 0.25)
    _veined_wing(m.at(0.53, -0.56, 0.52, p.uniform(-0.32, -0.05)), 0.2)
    slim = p.bent(p.x * (1.15 - 0.2 * torch.cos((p.y - 0.2) * 3)), p.y)
    tail = s.stroke(slim, (0, -0.1), (0, 0.93), 0.13)
    segment = _folded(p.y, 0.15).abs() / 0.075
    _edged(p, tail, colour * (1.2 - 0.75 * (segment > 0.7)), 0.025, 0.3)
    chest = p.at(0, -0.42, 0.27)
    shape = s.ellipse(chest, 0.68, 1.05)
    _edged(chest, shape, colour * (1 - 0.5 * (torch.sin(chest.x.abs() * 12 - chest.y * 3) > 0.3)), 0.12, 0.7)
    eyes = p.mirrored().at(0.12, -0.76, 0.16)
    p.paint(s.disc(p, 0.12, at=(0, -0.74)), colour * 0.4)
    _edged(eyes, s.ellipse(eyes, 0.95, 1.05), colour * rgb(0.8, 0.6, 0.5), 0.15, 1.0)
    eyes.paint(s.disc(eyes, 0.25, at=(0.1, -0.4)), WHITE)


def _veined_wing(p: Pen, width: float) -> None:
    """A narrow wing of glass from (-1, 0) to (1, 0), its front edge at -y."""
    glass = rgb(0.8, 0.9, 0.95)
    shape = s.ellipse(p.bent(p.x, p.y * (1.35 - 0.45 * p.x) / 1.2), 1.0, width)
    net = s.union(_folded(p.x + 0.5 * p.y, 0.2).abs() - 0.02, _folded(p.y * (1.3 - 0.3 * p.x), 0.12).abs() - 0.02)
    p.paint(shape, BLACK)
    p.paint(shape + 0.045, glass, 0.93)
    p.paint(s.both(net, shape + 0.04), glass * 0.3)
    p.paint(s.both(s.box(p, 0.1, 0.05, at=(0.68, -width * 0.75)), shape), BLACK)


# ---- sea creatures


@thing(tilt=0.35)
def fish(p: Pen) -> None:
    p = _facing(p)
    colour = p.pick(p.colour(hue=(0.02, 0.15), saturation=(0.6, 1), value=(0.75, 1)),
                    p.colour(hue=(0.5, 0.65), saturation=(0.3, 0.8), value=(0.5, 0.9)),
                    p.colour(hue=(0.9, 1.1), saturation=(0.4, 0.9), value=(0.7, 1)),
                    p.colour(saturation=(0.2, 0.6), value=(0.6, 0.85)))
    fin = p.pick(colour * 0.8, colour.flip(1), colour * rgb(1.0, 0.6, 0.4))
    deep = p.uniform(0.34, 0.6)
    tail = s.cut(_fin(p.at(0.42, 0, 0.56), 0.0, 0.75), s.disc(p, 0.26, at=(1.12, 0)))
    _rayed(p, tail, torch.atan2(p.y, p.x - 0.4) * 14, fin)
    _rayed(p, s.ellipse(p, 0.45, 0.3, at=(0.0, -deep), turn=0.1), p.x * 26 - p.y * 12, fin)
    _rayed(p, s.ellipse(p, 0.22, 0.22, at=(0.12, deep), turn=-0.3), p.x * 26 + p.y * 12, fin)
    body = s.lens(p, 0.85, deep, at=(-0.15, 0)) - 0.03
    _edged(p, body, _scaled(p, colour), 0.045, 0.5)
    _bands(p, body + 0.045, colour)
    _fish_head(p, body, colour)
    _rayed(p, s.lens(p, 0.2, 0.1, at=(-0.05, 0.14), turn=0.5), p.y * 40, fin)


def _fin(p: Pen, phase: float, spread: float) -> Tensor:
    angle = (torch.atan2(p.y, p.x) - phase).abs()
    return s.both(s.disc(p, 1.0), (angle - spread) * s.length(p.x, p.y) * 0.8)


def _rayed(p: Pen, shape: Tensor, rays: Tensor, colour: Tensor) -> None:
    p.paint(shape, colour * 0.25)
    p.paint(shape + 0.035, colour * (0.9 + 0.3 * torch.sin(rays)))


def _scaled(p: Pen, colour: Tensor) -> Tensor:
    """Rows of overlapping scales."""
    size = 0.15
    row = torch.round(p.x / size)
    y = _folded(p.y + size / 2 * (row % 2), size)
    rim = s.length((p.x - row * size - 0.06) * 0.9, y * 1.1)
    pale = 1 + 0.5 * (p.y * 1.6).clamp(-0.6, 0.8)
    return colour * pale * (1.15 - 0.65 * ((rim - 0.05) / 0.07).clamp(0, 1))


def _bands(p: Pen, body: Tensor, colour: Tensor) -> None:
    paint = p.pick(WHITE, BLACK, colour * 0.35)
    wave = p.x + 0.12 - 0.5 * p.y.square()
    p.paint(s.both(_folded(wave, 0.42).abs() - 0.07, body, -0.35 - p.x), paint, p.chance(0.55) * 0.9)


def _fish_head(p: Pen, body: Tensor, colour: Tensor) -> None:
    face = s.both(body + 0.045, s.disc(p, 0.55, at=(-0.98, 0)))
    p.paint(face, colour * 1.05, relief=0.2)
    p.paint(s.both((s.disc(p, 0.55, at=(-0.98, 0))).abs() - 0.025, body), colour * 0.25)
    p.paint(s.both(s.stroke(p, (-1.0, 0.1), (-0.8, 0.13), 0.05), body), BLACK)
    eye = p.at(-0.68, -0.1, p.uniform(0.11, 0.15))
    eye.paint(s.disc(eye, 1.15), BLACK)
    eye.paint(s.disc(eye, 0.95), p.pick(WHITE, rgb(0.95, 0.8, 0.2)))
    eye.paint(s.disc(eye, 0.58), BLACK)
    eye.paint(s.disc(eye, 0.2, at=(-0.2, -0.25)), WHITE)


def _curl(p: Pen, wind: Number, width: Number, turns: float = 1.4) -> tuple[Tensor, Tensor, Tensor]:
    """An arm that starts at (1, 0) towards +y and coils into the centre.

    Returns the distance, the angle along it and the local radius.
    """
    r, angle = s.length(p.x, p.y).clamp_min(0.02), torch.atan2(p.y, p.x) % (2 * math.pi)
    lap = torch.round((-r.log() / wind - angle) / (2 * math.pi)).clamp(0, 1)
    along = (angle + 2 * math.pi * lap).clamp_max(turns * 2 * math.pi)
    core = torch.exp(-wind * along)
    distance = s.length(p.x - core * along.cos(), p.y - core * along.sin()) - core * width / 2
    return distance, along, core


@thing(tilt=0.3)
def octopus(p: Pen) -> None:
    colour = p.pick(p.colour(hue=(-0.04, 0.08), saturation=(0.55, 0.9), value=(0.6, 0.95)),
                    p.colour(hue=(0.7, 0.95), saturation=(0.3, 0.7), value=(0.5, 0.9)),
                    p.colour(hue=(0.0, 1.0), saturation=(0.3, 0.7), value=(0.5, 0.85)))
    p = p.at(0, 0.1, 1.08)
    m = p.mirrored()
    for x, y, size, turn in [(0.1, -0.12, 0.46, -1.4), (0.14, -0.05, 0.52, -0.85), (0.12, 0.08, 0.46, -0.3),
                             (0.0, 0.15, 0.36, 0.2)]:
        _arm(m, x, y, size * p.uniform(0.92, 1.06), turn + p.uniform(-0.12, 0.12), colour)
    head = s.blend(s.ellipse(p, p.uniform(0.38, 0.46), 0.42, at=(0, -0.57)), s.ellipse(p, 0.33, 0.3, at=(0, -0.1)), 0.2)
    blotch = noise.soft_noise(p, 12).clamp(-1, 1)
    _edged(p, head, colour * (1 + 0.14 * blotch), 0.05, 0.7)
    eyes = m.at(0.18, -0.2, p.uniform(0.13, 0.16))
    eyes.paint(s.disc(eyes, 1.15), colour * 0.25)
    eyes.paint(s.disc(eyes, 0.95), WHITE)
    eyes.paint(s.ellipse(eyes, 0.6, p.uniform(0.3, 0.6)), BLACK)
    p.paint(s.ellipse(p, 0.12, 0.07, at=(-0.18, -0.78), turn=-0.5), WHITE, 0.6, soft=0.06)


def _arm(p: Pen, x: float, y: float, size: Tensor, turn: Tensor, colour: Tensor) -> None:
    """It leaves (x, y) downwards (turned by `turn`) and coils outwards."""
    hook = p.at(x, y, size, turn)
    hook = hook.bent(1.0 - hook.x, hook.y)
    shape, along, core = _curl(hook, 0.2, 0.5, 0.9)
    hook.paint(shape, colour * 0.22)
    hook.paint(shape + 0.09 * core, colour * 1.05, relief=0.4)
    inner = s.length(hook.x, hook.y) / core - 0.86
    dots = s.length(_folded(along, 0.34), inner) - 0.1
    hook.paint(s.both(dots, shape + 0.05), colour * 0.35 + 0.65)


@thing(tilt=0.5)
def jellyfish(p: Pen) -> None:
    sea = p.colour(hue=(0.52, 0.7), saturation=(0.5, 0.95), value=(0.08, 0.45)) * (1 - 0.35 * p.y)
    p.paint(s.disc(p, 9.0), sea.clamp(0, 1), p.chance(0.4))
    colour = p.pick(p.colour(hue=(0.8, 1.0), saturation=(0.2, 0.6), value=(0.8, 1)),
                    p.colour(hue=(0.5, 0.72), saturation=(0.2, 0.6), value=(0.8, 1)),
                    p.colour(hue=(0.02, 0.12), saturation=(0.4, 0.8), value=(0.8, 1)))
    sway = 0.05 * torch.sin(p.y * p.uniform(6, 11) + p.uniform(0, 6))
    w = p.bent(p.x + sway * (p.y + 0.3).clamp(0, 1) * 2, p.y)
    threads = _row(w, p.integer(6, 9), 0.19)
    line = s.stroke(threads, (0, -0.2), (0, p.uniform(0.75, 0.98)), 0.075, 0.03)
    p.paint(line - 0.015, colour * 0.3)
    p.paint(line, colour)
    _frills(p, colour)
    _bell(p, colour)


def _frills(p: Pen, colour: Tensor) -> None:
    for x, phase in [(-0.22, 0.0), (0.22, 2.0), (0.0, 4.0)]:
        q = p.bent(p.x - x - 0.06 * torch.sin(p.y * 9 + phase), p.y)
        width = 0.24 + 0.08 * torch.sin(p.y * 26 + phase)
        shape = (q.x.abs() - width * (0.75 - p.y).clamp(0, 0.8)) * 0.8
        shape = s.both(shape, -0.2 - p.y, p.y - 0.72)
        p.paint(shape - 0.02, colour * 0.35)
        p.paint(shape + 0.01, (colour * (0.95 + 0.25 * torch.sin(p.y * 26 + phase))).clamp(0, 1))


def _bell(p: Pen, colour: Tensor) -> None:
    high = p.uniform(0.8, 0.95)
    dome = s.both(s.ellipse(p, 0.88, high, at=(0, -0.08)), p.y + 0.02 - 0.06 * torch.sin(p.x * 22).abs() - 0.1 * p.x.square())
    p.paint(dome, colour * 0.3)
    meridian = p.x / ((1 - ((p.y + 0.08) / high).square()).clamp(0.02, 1)).sqrt()
    ribs = _folded(meridian + 0.11 * meridian.abs() * meridian, 0.24).abs()
    tone = 0.65 + 0.45 * (-p.y).clamp(0, 1)
    p.paint(dome + 0.04, colour * tone, relief=0.6)
    p.paint(s.both(ribs - 0.025, dome + 0.05, p.y + 0.1), colour * 0.45, 0.85)
    p.paint(s.both((p.y + 0.2 - 0.1 * p.x.square()).abs() - 0.03, dome + 0.04), colour * 0.5)
    p.paint(s.ellipse(p, 0.16, 0.07, at=(-0.32, -0.65), turn=-0.6), WHITE, 0.8, soft=0.06)


@thing(tilt=3.15)
def starfish(p: Pen) -> None:
    colour = p.pick(p.colour(hue=(0.0, 0.1), saturation=(0.65, 0.95), value=(0.7, 1)),
                    p.colour(hue=(0.0, 0.1), saturation=(0.65, 0.95), value=(0.7, 1)),
                    p.colour(hue=(0.75, 1.0), saturation=(0.4, 0.75), value=(0.55, 0.9)),
                    p.colour(hue=(0.52, 0.65), saturation=(0.5, 0.8), value=(0.5, 0.9)))
    r, angle = s.length(p.x, p.y), torch.atan2(p.y, p.x) + p.uniform(-0.5, 0.5) * s.length(p.x, p.y).square()
    arm = p.bent(r * angle.cos(), r * angle.sin()).around(5, -math.pi / 2)
    thick = p.uniform(0.42, 0.56)
    shape = s.blend(s.stroke(arm, (0, 0), (0.86, 0), thick * 1.15, 0.2), s.disc(arm, 0.38), 0.25)
    p.paint(shape, colour * 0.25)
    p.paint(shape + 0.06, colour * (1.25 - 0.8 * (arm.y.abs() / 0.3).clamp(0, 1)), relief=0.3)
    pale = (colour * 0.5 + 0.5).clamp(0, 1)
    ridge = s.length(_folded(arm.x, 0.14), arm.y) - 0.05 + 0.025 * arm.x
    p.paint(s.both(ridge, shape + 0.06), pale)
    p.paint(s.both(s.length(_folded(arm.x + 0.07, 0.14), arm.y.abs() - 0.16 * (1.15 - arm.x)) - 0.034, shape + 0.04), pale * 0.95)
    p.paint(s.both(s.length(_folded(arm.x, 0.14), shape + 0.07) - 0.03, shape), colour * 0.35)


@thing(tilt=0.35)
def crab(p: Pen) -> None:
    m = p.mirrored()
    colour = p.pick(p.colour(hue=(-0.02, 0.07), saturation=(0.7, 0.95), value=(0.65, 1)),
                    p.colour(hue=(-0.02, 0.07), saturation=(0.7, 0.95), value=(0.65, 1)),
                    p.colour(hue=(0.05, 0.12), saturation=(0.4, 0.8), value=(0.5, 0.8)),
                    p.colour(hue=(0.5, 0.65), saturation=(0.3, 0.7), value=(0.5, 0.8)))
    for ky, fy in [(0.0, 0.35), (0.2, 0.58), (0.38, 0.78), (0.55, 0.95)]:
        reach = 0.84 - 0.25 * max(0.0, ky - 0.2)
        knee, foot = (reach, ky), (reach + 0.13 - 0.3 * max(0.0, ky - 0.1), fy)
        leg = s.union(s.stroke(m, (0.3, 0.2 + ky * 0.5), knee, 0.15, 0.1), s.stroke(m, knee, foot, 0.1, 0.02))
        _edged(m, leg, colour * 0.95, 0.025, 0.2)
    arm = s.union(s.stroke(m, (0.4, 0.1), (0.74, -0.12), 0.16), s.stroke(m, (0.74, -0.12), (0.68, -0.4), 0.17))
    _edged(m, arm, colour, 0.03, 0.2)
    _claw(m.at(0.64, -0.62, p.uniform(0.34, 0.4), p.uniform(-0.35, 0.1)), colour, p.uniform(0.25, 0.5))
    p.paint(s.stroke(m, (0.16, 0.0), (0.2, -0.36), 0.08), colour * 0.35)
    shell = s.ellipse(p.bent(p.x, p.y - 0.22 + 0.08 * p.x.square()), p.uniform(0.6, 0.68), p.uniform(0.38, 0.45))
    bumps = noise.soft_noise(p, 20).clamp(-1.2, 1.2)
    _edged(p, shell, colour * (1 + 0.12 * bumps), 0.05, 0.8)
    p.paint(s.both(s.length(_folded(p.x, 0.16), shell + 0.12) - 0.03, shell, -p.y), colour * 0.45)
    p.paint(s.arc(m.at(0.2, 0.1, 0.16), 1.0, 0.22, 0.9, 0.6), colour * 0.45)
    p.paint(s.arc(p.at(0, 0.22, 0.2), 1.0, 0.25, 0.9), colour * 0.2)
    eyes = m.at(0.2, -0.4, 0.12)
    eyes.paint(s.disc(eyes, 1.2), colour * 0.2)
    eyes.paint(s.disc(eyes, 0.95), WHITE)
    eyes.paint(s.disc(eyes, 0.55), BLACK)


def _claw(p: Pen, colour: Tensor, gap: Tensor) -> None:
    """A pincer that points up, its mouth a notch of teeth."""
    palm = s.ellipse(p, 0.75, 1.0)
    wedge = (p.x + 0.1).abs() - gap * (-p.y - 0.05) + 0.05 * _folded(p.y, 0.2).abs() / 0.1
    shape = s.cut(palm, s.both(wedge * 0.8, p.y + 0.05))
    _edged(p, shape, colour, 0.1, 0.7)
    p.paint(s.ellipse(p, 0.12, 0.25, at=(-0.35, 0.2), turn=0.3), colour * 0.4 + 0.6, 0.6, soft=0.1)


@thing(tilt=0.6)
def seashell(p: Pen) -> None:
    coiled = p.chance(0.35)
    colour = p.pick(p.colour(hue=(0.02, 0.11), saturation=(0.3, 0.7), value=(0.8, 1)),
                    p.colour(hue=(0.9, 1.02), saturation=(0.2, 0.6), value=(0.8, 1)),
                    p.colour(hue=(0.0, 1.0), saturation=(0.1, 0.4), value=(0.75, 0.95)))
    _scallop(_only(p, 1 - coiled).at(scale=0.92), colour)
    _nautilus(_facing(_only(p, coiled)), colour)


def _scallop(p: Pen, colour: Tensor) -> None:
    ears = s.polygon(p, [(-0.4, 0.55), (0.4, 0.55), (0.32, 0.95), (-0.32, 0.95)])
    _edged(p, ears, colour * (0.9 + 0.2 * torch.sin(p.x * 50)), 0.04, 0.2)
    q = p.at(0, 0.85)
    r, angle = s.length(q.x, q.y), torch.atan2(q.x, -q.y)
    n = p.integer(9, 13)
    spread = p.uniform(0.95, 1.15)
    rib = _folded(angle / spread * n / 2, 1.0).abs() * 2  # 0 on a rib, 1 in a furrow
    rim = 1.72 * (1 - 0.16 * (angle / spread).square()) + 0.05 * (1 - rib.square())
    shape = s.both(r - rim, (angle.abs() - spread) * r * 0.8)
    rings = 1 + 0.18 * torch.sin(r * p.uniform(18, 28)) + 0.25 * (r - 0.9)
    p.paint(shape - 0.02, colour * 0.3)
    p.paint(shape + 0.04, (colour * (1.2 - 0.75 * rib ** 2) * rings).clamp(0, 1), relief=0.2)
    p.paint(s.disc(p, 0.13, at=(0, 0.85)), colour * 0.7, relief=0.6)


def _nautilus(p: Pen, colour: Tensor) -> None:
    """A coil that grows: every turn about three times as wide as the last, with chambers or stripes."""
    q = p.at(-0.22, -0.08, 1.05)
    r, angle = s.length(q.x, q.y).clamp_min(0.02), torch.atan2(q.y, q.x) % (2 * math.pi)
    grow = 0.18
    lap = (r.log() / grow - angle) / (2 * math.pi)
    turn = torch.ceil(lap).clamp_max(-1)
    along = angle + 2 * math.pi * turn  # negative; 0 at the mouth
    outer = torch.exp(grow * along)
    across = ((r / outer) - 0.32) / 0.68
    shape = torch.maximum(r - outer, -(turn + 9.0)) * 0.9
    bow = along + 0.35 * (across - 0.5).square() * 3
    septum = _folded(bow, 0.36).abs() / 0.18
    p.paint(shape - 0.04, colour * 0.25)
    p.paint(shape, (colour * (0.45 + 0.85 * septum) * (0.75 + 0.5 * (across * math.pi).sin().clamp(0, 1))).clamp(0, 1))
    p.paint(across.abs() * outer * 0.6 - 0.025, colour * 0.25, p.coverage(shape))


# ---- fruit and frost


@thing(tilt=0.6)
def strawberry(p: Pen) -> None:
    red = p.colour(hue=(-0.03, 0.02), saturation=(0.8, 1), value=(0.75, 1))
    wide = p.uniform(0.7, 0.85)
    t = ((p.y + 0.62) / 1.6).clamp(0.001, 0.999)
    width = wide * (t ** 0.35) * (1 - t ** 2.2) ** 0.75 * 1.28
    body = s.both((p.x.abs() - width) * 0.75, (p.y - 0.19).abs() - 0.8)
    _edged(p, body, red, 0.04, 0.8)
    step = 0.21
    row = torch.round(p.y / step)
    bulge = p.x / (0.55 + 0.45 * (width / wide))
    dx, dy = _folded(bulge + step * 0.55 * (row % 2), step * 1.1), p.y - row * step
    seed = s.length(dx, dy * 0.62)
    p.paint(s.both(seed - 0.058, body + 0.06), red * 0.35)
    p.paint(s.both(seed - 0.036, body + 0.06), p.colour(hue=(0.11, 0.17), saturation=(0.4, 0.8), value=(0.9, 1)))
    p.paint(s.ellipse(p, 0.1, 0.2, at=(-0.38, -0.15), turn=0.3), WHITE, 0.55, soft=0.1)
    green = _green(p)
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
        q = _fan(top.bent(top.x * (1 + 0.3 * top.y), top.y), n, step)
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
    fa, fb = _folded(a, 1.0).abs(), _folded(b, 1.0).abs()
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
    p.paint(s.curve(p, (0, -0.4), (0.02, -0.75), (p.uniform(-0.15, 0.2), -1), 0.11, 0.09, steps=4), BROWN)
    vine = _facing(p)
    green = _green(p)
    _plain_leaf(vine.at(0.42, -0.75, 0.45, 0.25), green, 0.5)
    _plain_leaf(vine.at(-0.36, -0.8, 0.36, math.pi - 0.35), green * 0.85, 0.5)
    w = noise.warped(p, 0.02, cells=4)
    extra = p.chance(0.6)
    for i, n in enumerate([4, 5, 4, 3, 2, 1]):
        row = w.at(p.uniform(-0.04, 0.04), -0.48 + 0.26 * i, 1.0)
        _berries(_only(row, extra) if i == 0 else row, n, 0.34, colour)


def _berries(p: Pen, n: Number, step: float, colour: Tensor) -> None:
    which = _nearest(p.x / step, n)
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
    angle = _folded(angle, 2 * math.pi)
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
        off = _folded(angle + shift * size, step * (0.35 + 0.65 * size)) * radius
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
