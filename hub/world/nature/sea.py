"""What lives in the sea, and what it leaves on the beach."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.nature import parts
from hub.world.pen import BLACK, WHITE, Number, Pen, rgb


def _row(p: Pen, n: Number, step: Number) -> Pen:
    """A pen that draws n copies side by side."""
    return p.bent(p.x - step * parts.nearest(p.x / step, n), p.y)


@thing(tilt=0.35)
def fish(p: Pen) -> None:
    p = parts.facing(p)
    colour = p.pick(
        p.colour(hue=(0.02, 0.15), saturation=(0.6, 1), value=(0.75, 1)),
        p.colour(hue=(0.5, 0.65), saturation=(0.3, 0.8), value=(0.5, 0.9)),
        p.colour(hue=(0.9, 1.1), saturation=(0.4, 0.9), value=(0.7, 1)),
        p.colour(saturation=(0.2, 0.6), value=(0.6, 0.85)),
    )
    fin = p.pick(colour * 0.8, colour.flip(1), colour * rgb(1.0, 0.6, 0.4))
    deep = p.uniform(0.34, 0.6)
    tail = s.cut(_fin(p.at(0.42, 0, 0.56), 0.0, 0.75), s.disc(p, 0.26, at=(1.12, 0)))
    _rayed(p, tail, torch.atan2(p.y, p.x - 0.4) * 14, fin)
    _rayed(p, s.ellipse(p, 0.45, 0.3, at=(0.0, -deep), turn=0.1), p.x * 26 - p.y * 12, fin)
    _rayed(p, s.ellipse(p, 0.22, 0.22, at=(0.12, deep), turn=-0.3), p.x * 26 + p.y * 12, fin)
    body = s.lens(p, 0.85, deep, at=(-0.15, 0)) - 0.03
    parts.edged(p, body, _scaled(p, colour), 0.045, 0.5)
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
    y = parts.folded(p.y + size / 2 * (row % 2), size)
    rim = s.length((p.x - row * size - 0.06) * 0.9, y * 1.1)
    pale = 1 + 0.5 * (p.y * 1.6).clamp(-0.6, 0.8)
    return colour * pale * (1.15 - 0.65 * ((rim - 0.05) / 0.07).clamp(0, 1))


def _bands(p: Pen, body: Tensor, colour: Tensor) -> None:
    paint = p.pick(WHITE, BLACK, colour * 0.35)
    wave = p.x + 0.12 - 0.5 * p.y.square()
    p.paint(s.both(parts.folded(wave, 0.42).abs() - 0.07, body, -0.35 - p.x), paint, p.chance(0.55) * 0.9)


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
    colour = p.pick(
        p.colour(hue=(-0.04, 0.08), saturation=(0.55, 0.9), value=(0.6, 0.95)),
        p.colour(hue=(0.7, 0.95), saturation=(0.3, 0.7), value=(0.5, 0.9)),
        p.colour(hue=(0.0, 1.0), saturation=(0.3, 0.7), value=(0.5, 0.85)),
    )
    p = p.at(0, 0.1, 1.08)
    m = p.mirrored()
    for x, y, size, turn in [
        (0.1, -0.12, 0.46, -1.4),
        (0.14, -0.05, 0.52, -0.85),
        (0.12, 0.08, 0.46, -0.3),
        (0.0, 0.15, 0.36, 0.2),
    ]:
        _arm(m, x, y, size * p.uniform(0.92, 1.06), turn + p.uniform(-0.12, 0.12), colour)
    head = s.blend(s.ellipse(p, p.uniform(0.38, 0.46), 0.42, at=(0, -0.57)), s.ellipse(p, 0.33, 0.3, at=(0, -0.1)), 0.2)
    blotch = noise.soft_noise(p, 12).clamp(-1, 1)
    parts.edged(p, head, colour * (1 + 0.14 * blotch), 0.05, 0.7)
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
    dots = s.length(parts.folded(along, 0.34), inner) - 0.1
    hook.paint(s.both(dots, shape + 0.05), colour * 0.35 + 0.65)


@thing(tilt=0.5)
def jellyfish(p: Pen) -> None:
    sea = p.colour(hue=(0.52, 0.7), saturation=(0.5, 0.95), value=(0.08, 0.45)) * (1 - 0.35 * p.y)
    p.paint(s.disc(p, 9.0), sea.clamp(0, 1), p.chance(0.4))
    colour = p.pick(
        p.colour(hue=(0.8, 1.0), saturation=(0.2, 0.6), value=(0.8, 1)),
        p.colour(hue=(0.5, 0.72), saturation=(0.2, 0.6), value=(0.8, 1)),
        p.colour(hue=(0.02, 0.12), saturation=(0.4, 0.8), value=(0.8, 1)),
    )
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
    ribs = parts.folded(meridian + 0.11 * meridian.abs() * meridian, 0.24).abs()
    tone = 0.65 + 0.45 * (-p.y).clamp(0, 1)
    p.paint(dome + 0.04, colour * tone, relief=0.6)
    p.paint(s.both(ribs - 0.025, dome + 0.05, p.y + 0.1), colour * 0.45, 0.85)
    p.paint(s.both((p.y + 0.2 - 0.1 * p.x.square()).abs() - 0.03, dome + 0.04), colour * 0.5)
    p.paint(s.ellipse(p, 0.16, 0.07, at=(-0.32, -0.65), turn=-0.6), WHITE, 0.8, soft=0.06)


@thing(tilt=3.15)
def starfish(p: Pen) -> None:
    colour = p.pick(
        p.colour(hue=(0.0, 0.1), saturation=(0.65, 0.95), value=(0.7, 1)),
        p.colour(hue=(0.0, 0.1), saturation=(0.65, 0.95), value=(0.7, 1)),
        p.colour(hue=(0.75, 1.0), saturation=(0.4, 0.75), value=(0.55, 0.9)),
        p.colour(hue=(0.52, 0.65), saturation=(0.5, 0.8), value=(0.5, 0.9)),
    )
    r, angle = s.length(p.x, p.y), torch.atan2(p.y, p.x) + p.uniform(-0.5, 0.5) * s.length(p.x, p.y).square()
    arm = p.bent(r * angle.cos(), r * angle.sin()).around(5, -math.pi / 2)
    thick = p.uniform(0.42, 0.56)
    shape = s.blend(s.stroke(arm, (0, 0), (0.86, 0), thick * 1.15, 0.2), s.disc(arm, 0.38), 0.25)
    p.paint(shape, colour * 0.25)
    p.paint(shape + 0.06, colour * (1.25 - 0.8 * (arm.y.abs() / 0.3).clamp(0, 1)), relief=0.3)
    pale = (colour * 0.5 + 0.5).clamp(0, 1)
    ridge = s.length(parts.folded(arm.x, 0.14), arm.y) - 0.05 + 0.025 * arm.x
    p.paint(s.both(ridge, shape + 0.06), pale)
    p.paint(
        s.both(s.length(parts.folded(arm.x + 0.07, 0.14), arm.y.abs() - 0.16 * (1.15 - arm.x)) - 0.034, shape + 0.04), pale * 0.95
    )
    p.paint(s.both(s.length(parts.folded(arm.x, 0.14), shape + 0.07) - 0.03, shape), colour * 0.35)


@thing(tilt=0.35)
def crab(p: Pen) -> None:
    m = p.mirrored()
    colour = p.pick(
        p.colour(hue=(-0.02, 0.07), saturation=(0.7, 0.95), value=(0.65, 1)),
        p.colour(hue=(-0.02, 0.07), saturation=(0.7, 0.95), value=(0.65, 1)),
        p.colour(hue=(0.05, 0.12), saturation=(0.4, 0.8), value=(0.5, 0.8)),
        p.colour(hue=(0.5, 0.65), saturation=(0.3, 0.7), value=(0.5, 0.8)),
    )
    for ky, fy in [(0.0, 0.35), (0.2, 0.58), (0.38, 0.78), (0.55, 0.95)]:
        reach = 0.84 - 0.25 * max(0.0, ky - 0.2)
        knee, foot = (reach, ky), (reach + 0.13 - 0.3 * max(0.0, ky - 0.1), fy)
        leg = s.union(s.stroke(m, (0.3, 0.2 + ky * 0.5), knee, 0.15, 0.1), s.stroke(m, knee, foot, 0.1, 0.02))
        parts.edged(m, leg, colour * 0.95, 0.025, 0.2)
    arm = s.union(s.stroke(m, (0.4, 0.1), (0.74, -0.12), 0.16), s.stroke(m, (0.74, -0.12), (0.68, -0.4), 0.17))
    parts.edged(m, arm, colour, 0.03, 0.2)
    _claw(m.at(0.64, -0.62, p.uniform(0.34, 0.4), p.uniform(-0.35, 0.1)), colour, p.uniform(0.25, 0.5))
    p.paint(s.stroke(m, (0.16, 0.0), (0.2, -0.36), 0.08), colour * 0.35)
    shell = s.ellipse(p.bent(p.x, p.y - 0.22 + 0.08 * p.x.square()), p.uniform(0.6, 0.68), p.uniform(0.38, 0.45))
    bumps = noise.soft_noise(p, 20).clamp(-1.2, 1.2)
    parts.edged(p, shell, colour * (1 + 0.12 * bumps), 0.05, 0.8)
    p.paint(s.both(s.length(parts.folded(p.x, 0.16), shell + 0.12) - 0.03, shell, -p.y), colour * 0.45)
    p.paint(s.arc(m.at(0.2, 0.1, 0.16), 1.0, 0.22, 0.9, 0.6), colour * 0.45)
    p.paint(s.arc(p.at(0, 0.22, 0.2), 1.0, 0.25, 0.9), colour * 0.2)
    eyes = m.at(0.2, -0.4, 0.12)
    eyes.paint(s.disc(eyes, 1.2), colour * 0.2)
    eyes.paint(s.disc(eyes, 0.95), WHITE)
    eyes.paint(s.disc(eyes, 0.55), BLACK)


def _claw(p: Pen, colour: Tensor, gap: Tensor) -> None:
    """A pincer that points up, its mouth a notch of teeth."""
    palm = s.ellipse(p, 0.75, 1.0)
    wedge = (p.x + 0.1).abs() - gap * (-p.y - 0.05) + 0.05 * parts.folded(p.y, 0.2).abs() / 0.1
    shape = s.cut(palm, s.both(wedge * 0.8, p.y + 0.05))
    parts.edged(p, shape, colour, 0.1, 0.7)
    p.paint(s.ellipse(p, 0.12, 0.25, at=(-0.35, 0.2), turn=0.3), colour * 0.4 + 0.6, 0.6, soft=0.1)


@thing(tilt=0.6)
def seashell(p: Pen) -> None:
    coiled = p.chance(0.35)
    colour = p.pick(
        p.colour(hue=(0.02, 0.11), saturation=(0.3, 0.7), value=(0.8, 1)),
        p.colour(hue=(0.9, 1.02), saturation=(0.2, 0.6), value=(0.8, 1)),
        p.colour(hue=(0.0, 1.0), saturation=(0.1, 0.4), value=(0.75, 0.95)),
    )
    _scallop(parts.only(p, 1 - coiled).at(scale=0.92), colour)
    _nautilus(parts.facing(parts.only(p, coiled)), colour)


def _scallop(p: Pen, colour: Tensor) -> None:
    ears = s.polygon(p, [(-0.4, 0.55), (0.4, 0.55), (0.32, 0.95), (-0.32, 0.95)])
    parts.edged(p, ears, colour * (0.9 + 0.2 * torch.sin(p.x * 50)), 0.04, 0.2)
    q = p.at(0, 0.85)
    r, angle = s.length(q.x, q.y), torch.atan2(q.x, -q.y)
    n = p.integer(9, 13)
    spread = p.uniform(0.95, 1.15)
    rib = parts.folded(angle / spread * n / 2, 1.0).abs() * 2  # 0 on a rib, 1 in a furrow
    rim = 1.72 * (1 - 0.16 * (angle / spread).square()) + 0.05 * (1 - rib.square())
    shape = s.both(r - rim, (angle.abs() - spread) * r * 0.8)
    rings = 1 + 0.18 * torch.sin(r * p.uniform(18, 28)) + 0.25 * (r - 0.9)
    p.paint(shape - 0.02, colour * 0.3)
    p.paint(shape + 0.04, (colour * (1.2 - 0.75 * rib**2) * rings).clamp(0, 1), relief=0.2)
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
    septum = parts.folded(bow, 0.36).abs() / 0.18
    p.paint(shape - 0.04, colour * 0.25)
    p.paint(shape, (colour * (0.45 + 0.85 * septum) * (0.75 + 0.5 * (across * math.pi).sin().clamp(0, 1))).clamp(0, 1))
    p.paint(across.abs() * outer * 0.6 - 0.025, colour * 0.25, p.coverage(shape))
