"""Animals that are best known by their heads."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.creatures import parts
from hub.world.pen import BLACK, WHITE, Pen, rgb


def _fur(p: Pen, colour: Tensor, strength: float = 0.13) -> Tensor:
    """`colour` with hairs that run outwards from the frame's centre."""
    angle = torch.atan2(p.x, -p.y) / math.pi
    radius = s.length(p.x, p.y)
    hairs = noise.stretched_noise(p.bent(angle, radius * 1.4 - 1), (56, 5))
    return colour * (1 + strength * hairs * (2 * radius).clamp_max(1))


def _snub(p: Pen, colour: Tensor, dark: Tensor = BLACK) -> None:
    """An animal's nose, about 0.4 in half-width, and the split lip below it."""
    p.paint(s.stroke(p, (0, 0.1), (0, 0.48), 0.1), dark)
    m = p.mirrored()
    m.paint(s.arc(m.at(0.3, 0.42), 0.3, 0.1, 1.3), dark)
    nose = s.blend(s.ellipse(p, 0.4, 0.2, at=(0, -0.08)), s.ellipse(p, 0.16, 0.26, at=(0, 0.02)), 0.14)
    parts.part(p, nose, colour, edge=0.07)
    p.paint(s.ellipse(p, 0.16, 0.06, at=(-0.1, -0.18)), WHITE, opacity=0.8)


def _whiskers(p: Pen, y: float, colour: Tensor, reach: float = 1.0) -> None:
    m = p.mirrored()
    for i in (-1, 0, 1):
        hair = s.stroke(m, (0.26, y + 0.06 * i), (reach, y + 0.2 * i - 0.06), 0.035, 0.015)
        m.paint(hair, colour, opacity=0.95)


def _muzzle(p: Pen, y: float, radius: float, colour: Tensor) -> None:
    """Two cheeks and a chin, centred on height y."""
    m = p.mirrored()
    p.paint(s.disc(p, radius * 0.72, at=(0, y + radius * 0.85)), colour * 0.86, relief=0.4)
    m.paint(s.ellipse(m, radius, radius * 0.85, at=(radius * 0.8, y)), colour, relief=0.3)


def _pointed_ear(m: Pen, colour: Tensor, inner: Tensor, a: s.Point, tip: s.Point, b: s.Point) -> None:
    middle = [sum(c) / 3 for c in zip(a, tip, b, strict=False)]
    small = [tuple(0.58 * v + 0.42 * c for v, c in zip(point, middle, strict=False)) for point in (a, tip, b)]
    parts.part(m, s.polygon(m, (a, tip, b)) - 0.04, colour, edge=0.06)
    m.paint(s.polygon(m, small) - 0.02, inner, relief=0.3)


@thing(tilt=0.3)
def cat(p: Pen) -> None:
    coat = p.pick(
        rgb(0.9, 0.55, 0.2), rgb(0.55, 0.55, 0.58), rgb(0.2, 0.19, 0.2), rgb(0.62, 0.46, 0.3), rgb(0.95, 0.92, 0.88)
    ) * p.uniform(0.85, 1.05)
    pale = torch.lerp(coat, WHITE, p.uniform(0.35, 0.9))
    m = p.mirrored()
    tip = p.uniform(0.58, 0.74)
    _pointed_ear(m, coat, parts.PINK * p.uniform(0.75, 1), (0.14, -0.38), (tip, -0.94), (0.76, -0.0))
    fur = _fur(p.at(0, 0.2), coat)
    head = s.blend(s.ellipse(p, p.uniform(0.74, 0.82), 0.6, at=(0, 0.12)), s.ellipse(p, 0.5, 0.3, at=(0, 0.55)), 0.2)
    parts.part(p, head, fur, relief=0.5)
    _tabby(p, m, coat * 0.42, p.chance(0.65))
    _muzzle(p, 0.46, 0.21, pale)
    iris = p.pick(
        p.colour(hue=(0.1, 0.16), value=(0.85, 1)),
        p.colour(hue=(0.22, 0.38), value=(0.7, 0.95)),
        p.colour(hue=(0.5, 0.6), value=(0.8, 1)),
    )
    e = m.at(0.36, p.uniform(0.02, 0.08), p.uniform(0.2, 0.24), -0.25)
    parts.seeing(e, s.lens(e, 1.0, p.uniform(0.75, 0.95)), iris, white=iris, size=0.9, slit=p.uniform(0.25, 0.8))
    _whiskers(p, 0.47, torch.where(coat.mean(1, keepdim=True) > 0.7, BLACK, WHITE), 1.02)
    _snub(p.at(0, 0.33, 0.3), p.pick(parts.PINK, parts.PINK * 0.85, BLACK))


def _tabby(p: Pen, m: Pen, dark: Tensor, there: Tensor) -> None:
    p.paint(s.stroke(p, (0, -0.45), (0, -0.12), 0.09, 0.03), dark, opacity=there)
    m.paint(s.stroke(m, (0.17, -0.44), (0.13, -0.18), 0.08, 0.03), dark, opacity=there)
    for y in (0.12, 0.3):
        m.paint(s.stroke(m, (0.8, y - 0.05), (0.56, y + 0.02), 0.08, 0.02), dark, opacity=there)


@thing(tilt=0.3)
def dog(p: Pen) -> None:
    coat = p.pick(
        rgb(0.82, 0.58, 0.3), rgb(0.55, 0.34, 0.18), rgb(0.93, 0.88, 0.8), rgb(0.7, 0.45, 0.25), rgb(0.25, 0.2, 0.19)
    ) * p.uniform(0.85, 1.05)
    ear = coat * p.pick(0.5, 0.65, 0.8)
    pale = torch.lerp(coat, WHITE, p.uniform(0.3, 0.9))
    m = p.mirrored()
    head = s.blend(s.ellipse(p, p.uniform(0.58, 0.64), 0.62, at=(0, -0.2)), s.ellipse(p, 0.44, 0.42, at=(0, 0.4)), 0.2)
    parts.part(p, head, _fur(p.at(0, 0.1), coat), relief=0.5)
    patch = s.both(s.disc(p, 0.27, at=(0.28, -0.2)), head)
    p.paint(patch, ear * 0.8, opacity=p.chance(0.4))
    p.paint(s.both(s.stroke(p, (0, -0.9), (0, 0.1), 0.12, 0.3), head), pale, opacity=p.chance(0.6))
    _floppy_ear(m, ear)
    _tongue(p)
    _muzzle(p, 0.42, 0.27, pale)
    spots = s.union(*(s.disc(m, 0.022, at=at) for at in ((0.22, 0.46), (0.32, 0.4), (0.3, 0.52))))
    m.paint(spots, pale * 0.45)
    e = m.at(0.27, -0.16, p.uniform(0.15, 0.18))
    parts.ball(e, parts.brown(p), size=p.uniform(0.8, 0.9))
    m.paint(s.curve(m, (0.14, -0.42), (0.28, -0.5), (0.42, -0.38), 0.07, 0.03, steps=3), coat * 0.5)
    _snub(p.at(0, 0.26, 0.55), p.pick(BLACK, rgb(0.2, 0.13, 0.12)))


def _floppy_ear(m: Pen, colour: Tensor) -> None:
    drop, out = m.uniform(0.3, 0.62), m.uniform(0.68, 0.8)
    ear = s.blend(
        s.stroke(m, (0.42, -0.66), (out, -0.2), 0.24, 0.38), s.stroke(m, (out, -0.2), (out, drop - 0.1), 0.36, 0.44), 0.1
    )
    parts.part(m, ear, colour, relief=0.6, edge=0.06)
    m.paint(s.stroke(m, (out - 0.04, -0.2), (out - 0.02, drop - 0.15), 0.05, 0.1), colour * 0.65, soft=0.1)


def _tongue(p: Pen) -> None:
    out, length = p.chance(0.65), p.uniform(0.84, 0.96)
    tongue = s.stroke(p, (0, 0.6), (0, length), 0.24, 0.26)
    parts.part(p, tongue, rgb(0.95, 0.4, 0.45), opacity=out)
    p.paint(s.stroke(p, (0, 0.6), (0, length), 0.03), rgb(0.7, 0.2, 0.28), opacity=out)


@thing(tilt=0.2)
def owl(p: Pen) -> None:
    coat = p.pick(
        parts.brown(p),
        p.colour(hue=(0.05, 0.1), saturation=(0.1, 0.35), value=(0.4, 0.75)),
        p.colour(hue=(0.07, 0.1), saturation=(0.6, 0.8), value=(0.6, 0.8)),
    )
    pale = torch.lerp(coat, rgb(1.0, 0.93, 0.8), 0.7)
    m = p.mirrored()
    m.paint(s.polygon(m, ((0.1, -0.62), (p.uniform(0.55, 0.68), -1.02), (0.68, -0.3))) - 0.03, coat * 0.7)
    body = s.blend(s.ellipse(p, 0.7, 0.56, at=(0, -0.32)), s.ellipse(p, 0.68, 0.7, at=(0, 0.26)), 0.15)
    parts.part(p, body, coat, relief=0.4, edge=0.06)
    _breast(p, s.ellipse(p, 0.48, 0.6, at=(0, 0.38)), pale, coat * 0.5)
    wing = s.ellipse(m, 0.2, 0.56, at=(0.62, 0.32), turn=0.12)
    parts.part(m, wing, coat * 0.72, relief=0.5)
    m.paint(s.both(wing + 0.04, torch.sin(m.y * 22 - 8 * m.x) * 0.04), coat * 1.15, opacity=0.7)
    e = m.at(0.31, -0.34, p.uniform(0.29, 0.33))
    rays = 1 + 0.16 * torch.cos(torch.atan2(e.y, e.x) * 22)
    e.paint(s.disc(e, 1.22), coat * 0.45)
    e.paint(s.disc(e, 1.12), pale * rays)
    iris = p.pick(
        p.colour(hue=(0.11, 0.15), saturation=(0.8, 1), value=(0.95, 1)),
        p.colour(hue=(0.05, 0.09), saturation=(0.9, 1), value=(0.9, 1)),
    )
    ball = e.at(scale=0.72)
    parts.ball(ball, iris, size=0.92, slit=p.uniform(0.85, 1.25))
    beak = s.polygon(p, ((-0.12, -0.26), (0.12, -0.26), (0, 0.06))) - 0.02
    parts.part(p, beak, rgb(0.95, 0.65, 0.15) * p.uniform(0.6, 1.0))
    claws = m.at(0.24, 0.92).bent(m.x - 0.24 - torch.round((m.x - 0.24) / 0.11).clamp(-1, 1) * 0.11, m.y - 0.92)
    parts.part(claws, s.ellipse(claws, 0.05, 0.09), rgb(0.9, 0.6, 0.15), edge=0.03)


def _breast(p: Pen, shape: Tensor, pale: Tensor, dark: Tensor) -> None:
    """Rows of rounded feathers."""
    p.paint(shape, pale)
    size = p.uniform(0.18, 0.24)
    row = torch.round(p.y / size)
    x = p.x / size + 0.5 * (row % 2)
    q = p.bent((x - torch.round(x)) * size, p.y - row * size)
    scallop = s.disc(q, size * 0.5, at=(0, -size * 0.2)).abs() - 0.022
    p.paint(s.both(scallop, shape + 0.03, -q.y - size * 0.25), dark)


@thing(tilt=0.2)
def lion(p: Pen) -> None:
    coat = p.colour(hue=(0.085, 0.12), saturation=(0.45, 0.75), value=(0.8, 1))
    mane = p.colour(hue=(0.03, 0.085), saturation=(0.65, 0.95), value=(0.35, 0.75))
    n, centre = p.integer(17, 22), p.at(0, 0.02)
    for i, (inner, outer, shade) in enumerate(((0.6, 1.0, 0.55), (0.5, 0.88, 0.85), (0.4, 0.75, 1.15))):
        tuft = centre.around(n - 2 * i, 0.3 * i)
        lock = s.lens(tuft, (outer - inner) / 2 + 0.15, 0.16, at=((inner + outer) / 2 - 0.12, 0))
        centre.paint(s.disc(centre, inner + 0.1), mane * shade)
        parts.part(tuft, lock, mane * shade, relief=0.0, edge=0.03)
    m = p.mirrored()
    parts.part(m, s.disc(m, 0.17, at=(0.46, -0.42)), coat * 0.9)
    m.paint(s.disc(m, 0.09, at=(0.45, -0.41)), coat * 0.5)
    head = s.blend(s.ellipse(p, 0.5, 0.5, at=(0, -0.06)), s.ellipse(p, 0.38, 0.34, at=(0, 0.32)), 0.2)
    parts.part(p, head, _fur(p.at(0, 0.1), coat, 0.07), relief=0.4)
    pale = torch.lerp(coat, WHITE, 0.65)
    p.paint(s.stroke(p, (0, -0.3), (0, 0.15), 0.16, 0.26), torch.lerp(coat, WHITE, 0.2), soft=0.05)
    _muzzle(p, 0.34, 0.2, pale)
    e = m.at(0.245, -0.1, p.uniform(0.145, 0.17), 0.2)
    parts.seeing(e, s.lens(e, 1.05, 0.92), p.colour(hue=(0.08, 0.14), saturation=(0.7, 1), value=(0.75, 1)), size=0.82, edge=0.22)
    m.paint(s.stroke(m, (0.1, -0.27), (0.38, -0.31), 0.07, 0.03), coat * 0.45)
    _whiskers(p, 0.36, WHITE, 0.66)
    _snub(p.at(0, 0.2, 0.42), rgb(0.35, 0.18, 0.15))


@thing(tilt=0.25)
def monkey(p: Pen) -> None:
    coat = p.pick(parts.brown(p), rgb(0.22, 0.16, 0.14), p.colour(hue=(0.06, 0.1), saturation=(0.4, 0.7), value=(0.5, 0.75)))
    skin = p.colour(hue=(0.04, 0.09), saturation=(0.25, 0.5), value=(0.8, 1))
    m = p.mirrored()
    ear = m.at(0.76, p.uniform(-0.15, 0.0), p.uniform(0.22, 0.27))
    parts.part(ear, s.disc(ear, 1.0), coat, edge=0.16)
    parts.part(ear, s.disc(ear, 0.62, at=(-0.05, 0)), skin * 0.88, edge=0.08)
    head = s.blend(s.ellipse(p, 0.66, 0.62, at=(0, -0.2)), s.ellipse(p, 0.56, 0.48, at=(0, 0.38)), 0.15)
    tuft = p.at(0, -0.72).around(9)
    p.paint(s.both(s.lens(tuft, 0.25, 0.07, at=(0.12, 0)), p.y + 0.7), coat * 0.8)
    parts.part(p, head, _fur(p.at(0, 0.1), coat, 0.18), relief=0.4)
    mask = s.blend(s.disc(m, 0.29, at=(0.22, -0.14)), s.ellipse(p, 0.48, 0.36, at=(0, 0.42)), 0.12)
    parts.part(p, mask, skin, relief=0.3, edge=0.035)
    e = m.at(0.21, -0.1, p.uniform(0.13, 0.16))
    parts.ball(e, parts.brown(p), size=0.74)
    m.paint(s.arc(m.at(0.22, -0.14), 0.22, 0.05, 0.7, -math.pi / 2), coat * 0.6)
    m.paint(s.ellipse(m, 0.035, 0.055, at=(0.07, 0.24), turn=0.5), skin * 0.3)
    p.paint(s.arc(p.at(0, 0.2), 0.17, 0.025, 0.9, -math.pi / 2), skin * 0.6)
    smile, open_ = p.uniform(0.6, 1.0), p.chance(0.5)
    grin = s.both(s.disc(p, 0.32, at=(0, 0.36)), 0.46 - p.y)
    p.paint(grin, rgb(0.45, 0.08, 0.1), open_)
    p.paint(s.both(grin + 0.02, p.y - 0.53), WHITE, open_)
    p.paint(s.arc(p.at(0, 0.14), 0.4, 0.045, smile), skin * 0.3, opacity=1 - open_)


@thing(tilt=0.25)
def panda(p: Pen) -> None:
    white = p.colour(hue=(0.08, 0.15), saturation=(0.0, 0.12), value=(0.9, 1))
    black = p.colour(hue=(0.6, 0.75), saturation=(0, 0.25), value=(0.08, 0.18))
    m = p.mirrored()
    ear = m.at(p.uniform(0.58, 0.66), -0.6, p.uniform(0.26, 0.32))
    parts.part(ear, s.disc(ear, 1.0), black, relief=0.8)
    ear.paint(s.disc(ear, 0.55, at=(-0.1, 0.1)), black * 2.6, soft=0.2)
    head = s.blend(s.ellipse(p, 0.8, 0.64, at=(0, 0.02)), s.ellipse(p, 0.66, 0.45, at=(0, 0.42)), 0.2)
    parts.part(p, head, _fur(p.at(0, 0.1), white, 0.06), relief=0.42)
    patch = m.at(0.35, p.uniform(-0.02, 0.06), p.uniform(0.26, 0.3), p.uniform(-0.9, -0.5))
    patch.paint(s.ellipse(patch, 1.12, 0.82), black)
    e = m.at(0.32, p.uniform(-0.04, 0.02), p.uniform(0.13, 0.16))
    parts.ball(e, parts.brown(p), size=0.8)
    p.paint(s.ellipse(p, 0.3, 0.22, at=(0, 0.46)), WHITE, relief=0.3)
    m.paint(s.disc(m, 0.12, at=(0.52, 0.42)), parts.PINK, opacity=p.chance(0.3) * 0.7, soft=0.08)
    _snub(p.at(0, 0.38, 0.42), BLACK)


@thing(tilt=0.3)
def rabbit(p: Pen) -> None:
    coat = p.pick(
        rgb(0.95, 0.94, 0.92), rgb(0.62, 0.5, 0.4), rgb(0.6, 0.6, 0.62), rgb(0.85, 0.7, 0.5), rgb(0.38, 0.3, 0.27)
    ) * p.uniform(0.9, 1.03)
    pale = torch.lerp(coat, WHITE, 0.7)
    m = p.mirrored()
    ear = m.at(p.uniform(0.2, 0.28), -0.3, 1.0, p.uniform(0.05, 0.35))
    parts.part(ear, s.ellipse(ear, p.uniform(0.16, 0.2), 0.54, at=(0, -0.2)), coat, relief=0.5)
    ear.paint(s.ellipse(ear, 0.1, 0.4, at=(0, -0.19)), parts.PINK, relief=0.3)
    head = s.blend(s.ellipse(p, 0.5, 0.5, at=(0, 0.3)), s.ellipse(m, 0.3, 0.26, at=(0.3, 0.58)), 0.15)
    parts.part(p, head, _fur(p.at(0, 0.4), coat, 0.09), relief=0.5)
    p.paint(s.box(p, 0.09, 0.11, at=(0, 0.8), round=0.03), WHITE)
    p.line(s.box(p, 0.09, 0.11, at=(0, 0.8), round=0.03), BLACK, width=0.03)
    p.paint(s.box(p, 0.008, 0.1, at=(0, 0.82)), BLACK)
    _muzzle(p, 0.6, 0.17, pale)
    e = m.at(0.28, p.uniform(0.2, 0.26), p.uniform(0.13, 0.16))
    e.paint(s.ellipse(e, 1.2, 1.35), pale)
    parts.bead(e, p.pick(parts.brown(p), parts.brown(p), rgb(0.85, 0.2, 0.25), rgb(0.3, 0.45, 0.7)))
    _whiskers(p, 0.6, torch.where(coat.mean(1, keepdim=True) > 0.8, BLACK * 5, WHITE), 0.95)
    _snub(p.at(0, 0.5, 0.3), parts.PINK * p.uniform(0.75, 1))


@thing(tilt=0.25)
def fox(p: Pen) -> None:
    coat = p.colour(hue=(0.035, 0.075), saturation=(0.75, 0.95), value=(0.75, 0.98))
    white = p.colour(hue=(0.08, 0.12), saturation=(0, 0.15), value=(0.93, 1))
    m = p.mirrored()
    tip = p.uniform(0.6, 0.74)
    _pointed_ear(m, coat, p.pick(BLACK * 3, white), (0.16, -0.38), (tip, -0.98), (0.82, -0.1))
    m.paint(s.polygon(m, ((tip - 0.16, -0.8), (tip, -0.98), (tip + 0.05, -0.75))) - 0.04, BLACK)
    corner = p.uniform(0.88, 0.98)
    head = s.polygon(m, ((0, -0.46), (0.42, -0.42), (0.74, -0.1), (corner, 0.3), (0.5, 0.52), (0.16, 0.86), (0, 0.9))) - 0.03
    fur = _fur(p.at(0, 0.3), coat)
    parts.part(m, head, fur, relief=0.3)
    cheek = s.both(
        s.polygon(m, ((0.0, 0.86), (0.13, 0.4), (0.3, 0.2), (0.62, 0.16), (corner, 0.31), (0.5, 0.53), (0.16, 0.86))), head + 0.05
    )
    m.paint(cheek, white, relief=0.3)
    p.paint(s.stroke(p, (0, -0.1), (0, 0.7), 0.2, 0.24), fur * 1.1)
    m.paint(s.stroke(m, (0.1, 0.05), (0.12, 0.6), 0.03), coat * 0.6)
    e = m.at(0.36, p.uniform(0.0, 0.06), p.uniform(0.18, 0.21), -p.uniform(0.35, 0.6))
    iris = p.colour(hue=(0.08, 0.16), saturation=(0.6, 1), value=(0.7, 1))
    parts.seeing(e, s.lens(e, 1.05, 0.66), iris, white=iris, size=0.75, slit=0.6, edge=0.24)
    m.paint(s.ellipse(m, 0.07, 0.05, at=(0.2, -0.2), turn=0.4), white, opacity=p.chance(0.5))
    p.paint(s.arc(p.at(0, 0.64), 0.2, 0.035, 0.8), BLACK)
    parts.part(p, s.ellipse(p, 0.14, 0.11, at=(0, 0.72)), BLACK * 2)
    p.paint(s.ellipse(p, 0.05, 0.03, at=(-0.04, 0.68)), WHITE, opacity=0.85)


@thing(tilt=0.2)
def elephant(p: Pen) -> None:
    grey = p.pick(
        p.colour(hue=(0.55, 0.68), saturation=(0.05, 0.25), value=(0.5, 0.75)),
        p.colour(hue=(0.04, 0.1), saturation=(0.05, 0.25), value=(0.45, 0.7)),
    )
    m = p.mirrored()
    ear = s.blend(s.ellipse(m, 0.38, 0.5, at=(0.64, -0.32), turn=-0.2), s.ellipse(m, 0.26, 0.34, at=(0.62, 0.16)), 0.15)
    parts.part(m, ear, grey * 0.85, relief=0.4, edge=0.06)
    m.paint(ear + 0.13, torch.lerp(grey, parts.PINK, p.uniform(0.25, 0.6)), soft=0.04)
    for y in (-0.36, -0.12):
        m.paint(s.curve(m, (0.5, y), (0.62, y - 0.06), (0.74, y + 0.04), 0.025, 0.01, steps=3), grey * 0.5)
    head = s.blend(s.ellipse(p, 0.46, 0.46, at=(0, -0.4)), s.ellipse(p, 0.36, 0.3, at=(0, 0.0)), 0.15)
    parts.part(p, head, grey, relief=0.5)
    tusk = s.curve(m, (0.24, 0.12), (0.34, 0.45), (p.uniform(0.48, 0.6), p.uniform(0.4, 0.55)), 0.14, 0.03, steps=4)
    parts.part(m, tusk, rgb(0.98, 0.94, 0.82))
    _trunk(p, grey)
    e = m.at(0.28, -0.26, p.uniform(0.105, 0.13))
    e.paint(s.disc(e, 1.5), grey * 0.6)
    parts.ball(e, parts.brown(p), size=0.85)
    m.paint(s.arc(m.at(0.27, -0.22), 0.17, 0.03, 0.8, -math.pi / 2), grey * 0.5)


def _trunk(p: Pen, grey: Tensor) -> None:
    """From between the eyes down and to one side, with wrinkles across it."""
    q = p.at(stretch=p.pick(-1.0, 1.0))
    swing, top = q.uniform(0.2, 0.5), -0.3
    upper = s.stroke(q, (0, top), (0, 0.55), 0.36, 0.26)
    lower = s.curve(q, (0, 0.5), (0.0, 0.98), (swing, q.uniform(0.7, 0.9)), 0.26, 0.18, steps=5)
    trunk = s.blend(upper, lower, 0.05)
    parts.part(q, trunk, grey * 1.05, relief=0.7, edge=0.055)
    q.paint(s.stroke(q, (0, top - 0.05), (0, top + 0.1), 0.34, 0.34), grey * 1.05, soft=0.1)
    wrinkle = torch.sin(q.y * 38 + 3 * (q.x / 0.16).square().clamp_max(2)) * 0.03 + 0.017
    q.paint(s.both(trunk + 0.03, wrinkle, -0.05 - q.y), grey * 0.5)


@thing(tilt=0.25)
def pig(p: Pen) -> None:
    pink = p.pick(
        p.colour(hue=(-0.04, 0.03), saturation=(0.2, 0.42), value=(0.9, 1)),
        p.colour(hue=(0.0, 0.06), saturation=(0.25, 0.45), value=(0.75, 0.95)),
    )
    m = p.mirrored()
    head = s.blend(s.ellipse(p, p.uniform(0.74, 0.82), 0.66, at=(0, 0.1)), s.ellipse(p, 0.6, 0.4, at=(0, 0.45)), 0.15)
    parts.part(p, head, pink, relief=0.5, edge=0.06)
    p.paint(s.both(s.disc(p, 0.3, at=(p.pick(-0.35, 0.35), -0.25)), head + 0.04), pink * 0.45, opacity=p.chance(0.25))
    flop = p.uniform(0.0, 0.3)
    _pointed_ear(m, pink, pink * rgb(0.9, 0.66, 0.68), (0.22, -0.5), (0.72, -0.9 + flop), (0.8, -0.16))
    m.paint(s.disc(m, 0.15, at=(0.54, 0.36)), pink * rgb(1, 0.72, 0.74), soft=0.15)
    snout = s.ellipse(p, p.uniform(0.32, 0.38), p.uniform(0.24, 0.28), at=(0, 0.26))
    p.paint(s.arc(p.at(0, 0.4), 0.28, 0.05, 0.8), pink * 0.35)
    parts.part(p, snout, pink * rgb(0.98, 0.78, 0.8), relief=0.5, edge=0.06)
    p.line(snout + 0.05, (pink * 1.15).clamp(0, 1), width=0.03)
    m.paint(s.ellipse(m, 0.06, 0.1, at=(0.13, 0.27), turn=0.12), pink * rgb(0.4, 0.22, 0.25))
    e = m.at(0.33, -0.14, p.uniform(0.12, 0.15))
    parts.ball(e, p.pick(parts.brown(p), parts.brown(p), rgb(0.25, 0.45, 0.75)), size=p.uniform(0.7, 0.85))
    m.paint(s.arc(m.at(0.34, -0.14), 0.21, 0.04, 0.6, -math.pi / 2), pink * 0.5)


@thing(tilt=0.25)
def frog(p: Pen) -> None:
    skin = p.pick(
        p.colour(hue=(0.24, 0.36), saturation=(0.55, 0.9), value=(0.5, 0.85)),
        p.colour(hue=(0.24, 0.36), saturation=(0.55, 0.9), value=(0.5, 0.85)),
        p.colour(hue=(0.15, 0.22), saturation=(0.5, 0.8), value=(0.5, 0.8)),
    )
    pale = torch.lerp(skin, rgb(1.0, 1.0, 0.75), 0.65)
    m = p.mirrored()
    parts.part(m, s.ellipse(m, 0.26, 0.42, at=(0.66, 0.6), turn=0.5), skin * 0.8)
    parts.part(p, s.ellipse(p, 0.56, 0.45, at=(0, 0.56)), pale, relief=0.3)
    parts.part(
        m, s.blend(s.stroke(m, (0.5, 0.4), (0.42, 0.86), 0.18, 0.14), s.stroke(m, (0.3, 0.92), (0.56, 0.92), 0.12), 0.05), skin
    )
    eye_x, eye_r = p.uniform(0.4, 0.48), p.uniform(0.25, 0.3)
    bump = s.disc(m, eye_r + 0.06, at=(eye_x, -0.56))
    head = s.blend(s.ellipse(p, p.uniform(0.82, 0.92), 0.5, at=(0, -0.06)), bump, 0.12)
    parts.part(p, head, skin, relief=0.45, edge=0.06)
    _, centre, name = noise.cells(p.at(scale=0.28))
    p.paint(
        s.both((centre - 0.3) * 0.28, head + 0.06, 0.05 + p.y + 0.02, torch.where(name > 0.5, -1.0, 1.0)),
        skin * 0.6,
        opacity=p.chance(0.6),
    )
    jaw = p.y - 0.1 + 0.28 * p.x.square()
    p.paint(s.both(head + 0.03, -jaw), pale)
    p.paint(s.both(jaw.abs() - 0.028, p.x.abs() - 0.74), skin * 0.22)
    m.paint(s.ellipse(m, 0.03, 0.02, at=(0.1, -0.12)), skin * 0.2)
    e = m.at(eye_x, -0.56, eye_r * 0.86)
    gold = p.pick(p.colour(hue=(0.09, 0.15), value=(0.85, 1)), WHITE, p.colour(hue=(0.0, 0.03), value=(0.8, 1)))
    flat = p.chance(0.5)
    parts.seeing(e, s.disc(e, 1.0), gold, white=gold, size=0.88, slit=0.9 + 0.5 * flat)
