"""Faces, eyes and animals."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.pen import BLACK, WHITE, Number, Pen, rgb

PINK, RED, GOLD = rgb(0.95, 0.62, 0.62), rgb(0.85, 0.1, 0.13), rgb(0.98, 0.76, 0.12)


# ---- helpers


def _part(p: Pen, shape: Tensor, colour: Tensor, relief: Number = 0.4, edge: float = 0.05, opacity: Number = 1.0) -> None:
    """A rounded part with a dark contour."""
    p.paint(shape, colour, opacity, relief=relief)
    p.line(shape, colour * 0.28, width=edge, opacity=opacity)


def _seeing(p: Pen, shape: Tensor, iris: Tensor, white: Tensor = WHITE, size: Number = 0.72, slit: Number = 1.0,
            edge: float = 0.16) -> None:
    """An eye about 1 in half-width whose opening is `shape`: white, iris of `size`, pupil (`slit` narrows it), highlights."""
    p.paint(shape, white, relief=0.2)
    q, inside = p.at(scale=size), shape / size
    q.paint(s.both(s.disc(q, 1.0), inside), iris * 0.4)
    q.paint(s.both(s.disc(q, 0.84), inside), (iris * (1.0 + 0.4 * q.y)).clamp(0, 1))
    q.paint(s.both(s.ellipse(q, 0.52 * slit, 0.56), inside), BLACK)
    p.line(shape, BLACK, width=edge)
    q.paint(s.disc(q, 0.25, at=(-0.28, -0.34)), WHITE)
    q.paint(s.disc(q, 0.11, at=(0.3, 0.34)), WHITE, opacity=0.75)


def _ball(p: Pen, iris: Tensor, white: Tensor = WHITE, size: Number = 0.72, slit: Number = 1.0) -> None:
    _seeing(p, s.disc(p, 1.0), iris, white, size, slit)


def _bead(p: Pen, colour: Tensor = BLACK) -> None:
    """A dark shiny eye."""
    p.paint(s.disc(p, 1.0), BLACK)
    p.paint(s.disc(p, 0.78), (colour * (1 + 0.6 * p.y)).clamp(0, 1))
    p.paint(s.disc(p, 0.5), BLACK)
    p.paint(s.disc(p, 0.32, at=(-0.3, -0.35)), WHITE)
    p.paint(s.disc(p, 0.15, at=(0.35, 0.38)), WHITE, opacity=0.7)


def _brown(p: Pen) -> Tensor:
    return p.colour(hue=(0.04, 0.09), saturation=(0.5, 0.9), value=(0.3, 0.6))


def _skin(p: Pen) -> Tensor:
    """Skin of people, from pale to dark."""
    return torch.lerp(rgb(0.98, 0.83, 0.72), rgb(0.42, 0.25, 0.16), p.uniform(0, 1).square()) * p.uniform(0.92, 1.02)


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
    _part(p, nose, colour, edge=0.07)
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
    middle = [sum(c) / 3 for c in zip(a, tip, b)]
    small = [tuple(0.58 * v + 0.42 * c for v, c in zip(point, middle)) for point in (a, tip, b)]
    _part(m, s.polygon(m, (a, tip, b)) - 0.04, colour, edge=0.06)
    m.paint(s.polygon(m, small) - 0.02, inner, relief=0.3)


# ---- eyes and people


@thing(tilt=0.35)
def eye(p: Pen) -> None:
    skin = p.colour(hue=(0.02, 0.1), saturation=(0.2, 0.6), value=(0.35, 0.95))
    opening = s.lens(p, 0.95, p.uniform(0.42, 0.62))
    p.paint(opening - 0.12, skin, relief=0.4)
    p.paint(opening, WHITE, relief=0.25)
    _iris(p.at(p.uniform(-0.15, 0.15), p.uniform(-0.05, 0.05), p.uniform(0.36, 0.44)), inside=opening)
    p.line(opening, skin * 0.25, width=0.07)
    for i in range(-3, 4):  # lashes
        x = i * 0.24
        y = -0.5 + 0.045 * i * i
        p.paint(s.curve(p, (x, y), (x * 1.2, y - 0.15), (x * 1.5, y - 0.3), 0.05, 0.015, steps=3), BLACK)
    p.paint(s.curve(p, (-0.85, -0.72), (0, -1.15), (0.85, -0.7), 0.08, 0.05), skin * 0.35)


def _iris(p: Pen, inside: Tensor) -> None:
    colour = p.colour(hue=(0.05, 0.65), saturation=(0.4, 0.9), value=(0.35, 0.85))
    clip = inside * 2.4
    p.paint(s.both(s.disc(p, 1.0), clip), colour * 0.45)
    p.paint(s.both(s.disc(p, 0.86), clip), colour, relief=0.5)
    rays = p.around(22)
    p.paint(s.both(s.stroke(rays, (0.5, 0), (0.84, 0), 0.03), clip), colour * 1.35, opacity=0.8)
    p.paint(s.both(s.disc(p, p.uniform(0.38, 0.52)), clip), BLACK)
    p.paint(s.disc(p, 0.16, at=(-0.3, -0.32)), WHITE)


@thing(tilt=0.2)
def face(p: Pen) -> None:
    skin = _skin(p)
    grey = p.chance(0.2)
    hair = torch.lerp(p.pick(rgb(0.12, 0.08, 0.06), rgb(0.35, 0.2, 0.1), rgb(0.85, 0.65, 0.3), rgb(0.6, 0.25, 0.1)),
                      rgb(0.82, 0.82, 0.82), grey)
    m = p.mirrored()
    width, long = p.uniform(0.56, 0.66), p.chance(0.5)
    waves = 0.03 * torch.sin(p.y * 9 + p.uniform(0, 6))
    strands = hair * (1 + 0.22 * torch.sin(p.x * 34 + 2 * torch.sin(p.y * 4)))
    p.paint(s.ellipse(p, width + 0.26, 0.72, at=(0, -0.22)) + waves, strands, 1.0)
    p.paint(s.box(p, width + 0.24, 0.55, at=(0, 0.35), round=0.2) + waves, strands, long)
    p.paint(s.box(p, 0.26, 0.3, at=(0, 0.8), round=0.1), skin * 0.75)
    p.paint(s.ellipse(p, 0.75, 0.22, at=(0, 1.1)), p.colour(), relief=0.4)
    _part(m, s.ellipse(m, 0.12, 0.18, at=(width + 0.02, 0.06)), skin * 0.92, edge=0.03)
    head = s.blend(s.ellipse(p, width, 0.62, at=(0, -0.1)), s.ellipse(p, width * 0.74, 0.5, at=(0, 0.38)), 0.25)
    p.paint(head, skin, relief=0.45)
    p.line(head, skin * 0.4, width=0.03)
    beard = p.chance(0.25) * (1 - long)
    p.paint(s.both(s.cut(head - 0.03, s.ellipse(p, width * 0.8, 0.62, at=(0, 0.02))), -p.y), strands, beard)
    _fringe(p, head, strands, width)
    _face_parts(p, m, skin, hair, beard)
    _glasses(m, p.chance(0.25), p.pick(BLACK, RED * 0.8, rgb(0.3, 0.2, 0.1)))


def _fringe(p: Pen, head: Tensor, hair: Tensor, width: Tensor) -> None:
    """The hair over the forehead: a straight edge, a parting to one side, or little of it."""
    side, height = p.uniform(-0.4, 0.4), p.uniform(-0.5, -0.36)
    line = p.pick(p.y - height, s.both(s.disc(p, 0.8, at=(side, 0.28)).neg(), p.y - 0.02), p.y + 0.6 - 0.25 * p.x.abs(),
                  p.y + 0.62)
    p.paint(s.both(head - 0.06, line), hair)
    p.line(s.both(head, line), hair * 0.5, width=0.025)


def _face_parts(p: Pen, m: Pen, skin: Tensor, hair: Tensor, beard: Tensor) -> None:
    gap, y = p.uniform(0.25, 0.29), p.uniform(-0.08, 0.0)
    blush = torch.lerp(skin, rgb(0.95, 0.3, 0.3), 0.35)
    m.paint(s.disc(m, 0.14, at=(0.34, 0.27)), blush, opacity=0.6, soft=0.15)
    e = m.at(gap, y, p.uniform(0.165, 0.2))
    iris = p.pick(rgb(0.3, 0.55, 0.8), rgb(0.42, 0.24, 0.1), rgb(0.35, 0.55, 0.3), rgb(0.25, 0.15, 0.08))
    _seeing(e, s.lens(e, 1.05, p.uniform(0.55, 0.75)), iris, size=0.56, edge=0.13)
    brow = p.uniform(-0.07, 0.05)
    m.paint(s.curve(m, (gap - 0.15, y - 0.17), (gap, y - 0.27 + brow), (gap + 0.2, y - 0.17), 0.065, 0.03, steps=3), hair * 0.6)
    dark = skin * rgb(0.62, 0.5, 0.48)
    p.paint(s.curve(p, (0.02, y), (0.06, 0.15), (0.1, 0.24), 0.03, 0.05, steps=3), dark, opacity=0.8)
    p.paint(s.ellipse(p, 0.1, 0.08, at=(0, 0.24)), (skin * 1.12).clamp(0, 1), relief=0.3)
    m.paint(s.ellipse(m, 0.035, 0.025, at=(0.06, 0.29)), skin * 0.35)
    _lips(p, m, skin)


def _lips(p: Pen, m: Pen, skin: Tensor) -> None:
    lip = torch.lerp(skin, rgb(0.8, 0.15, 0.2), p.uniform(0.35, 0.85)) * 0.9
    width, smile, open_ = p.uniform(0.18, 0.25), p.uniform(0.0, 0.07), p.chance(0.4)
    q = p.bent(p.x, p.y + smile * (p.x / width).square() - smile)
    p.paint(s.lens(q, width, 0.1, at=(0, 0.48)), lip, relief=0.2)
    p.paint(s.lens(q, width * 0.8, 0.045, at=(0, 0.475)), WHITE, opacity=open_)
    p.paint(s.lens(q, width, 0.016, at=(0, 0.47)), lip * 0.3, opacity=1 - open_)
    p.paint(s.ellipse(q, width * 0.3, 0.014, at=(0, 0.54)), (lip * 1.5).clamp(0, 1), opacity=0.7)


def _glasses(m: Pen, worn: Tensor, colour: Tensor) -> None:
    rim = m.pick(s.disc(m, 0.22, at=(0.27, -0.02)), s.box(m, 0.22, 0.17, at=(0.28, -0.02), round=0.07))
    m.line(rim, colour, width=0.05, opacity=worn)
    m.paint(s.union(s.stroke(m, (0, -0.06), (0.06, -0.05), 0.045), s.stroke(m, (0.49, -0.05), (0.64, -0.06), 0.045)), colour,
            opacity=worn)


@thing(tilt=0.3)
def mouth(p: Pen) -> None:
    lip = p.colour(hue=(-0.04, 0.02), saturation=(0.7, 0.95), value=(0.6, 0.95))
    gape, smile = p.uniform(0.13, 0.46), p.uniform(-0.05, 0.25)
    q = p.bent(p.x, p.y + smile * p.x.square() - smile * 0.4)
    m = q.mirrored()
    upper = s.both(s.lens(q, 0.98, gape + 0.24), q.y - 0.02) + 0.1 * torch.exp(-(q.x / 0.14).square())
    lower = s.lens(q, 0.98, gape + 0.3)
    _part(q, s.both(lower, -q.y - 0.03), lip, relief=0.5)
    _part(q, upper, lip * 0.9, relief=0.4)
    gap = s.lens(q, 0.8, gape)
    wrinkles = torch.sin(q.x * 42 / (1 + q.y.abs()))
    q.paint(s.both(s.union(upper, s.both(lower, -q.y)), -gap, 0.3 - wrinkles * 0.5) + 0.03, lip * 0.72, opacity=0.45)
    q.paint(gap, rgb(0.25, 0.02, 0.05))
    q.paint(s.both(gap, s.ellipse(q, 0.45, 0.28, at=(0, gape * 0.95))), rgb(0.9, 0.42, 0.45), relief=0.4)
    _teeth_row(q, gap, gape * 0.5 - 0.52, 0.5, p.uniform(0.17, 0.22))
    q.line(gap, lip * 0.35, width=0.05)
    m.paint(s.ellipse(m, 0.22, 0.035, at=(0.27, gape + 0.15), turn=-0.25), WHITE, opacity=0.75)
    m.paint(s.ellipse(m, 0.12, 0.025, at=(0.26, -gape - 0.1), turn=0.3), WHITE, opacity=0.6)


def _teeth_row(p: Pen, inside: Tensor, y: Number, half: float, width: Number) -> None:
    """Teeth side by side, clipped to `inside`; y is the row's middle."""
    x = p.x - torch.round(p.x / width - 0.5) * width - 0.5 * width
    tooth = s.box(p.bent(x, p.y), width * 0.47, half, at=(0, y), round=0.06)
    p.paint(s.both(tooth, inside + 0.02), WHITE, relief=0.15)
    p.line(s.both(tooth, inside + 0.02), rgb(0.55, 0.45, 0.42), width=0.02)


@thing(tilt=0.5)
def hand(p: Pen) -> None:
    skin = _skin(p)
    q = p.at(stretch=p.pick(-1.0, 1.0))
    spread = p.uniform(0.75, 1.2)
    palm = s.blend(s.box(q, 0.42, 0.4, at=(0, 0.32), round=0.2), s.box(q, 0.27, 0.4, at=(0, 0.68), round=0.1), 0.15)
    fingers = [((x, 0.1), (x + lean * spread, tip), width) for x, lean, tip, width in (
        (-0.32, -0.2, -0.5, 0.19), (-0.12, -0.08, -0.84, 0.21), (0.1, 0.06, -0.92, 0.22), (0.31, 0.2, -0.7, 0.21))]
    thumb = ((-0.2, 0.55), (-0.85, -0.02), 0.26)
    shape = palm
    for a, b, width in (*fingers, thumb):
        shape = s.blend(shape, s.stroke(q, a, b, width * 1.08, width * 0.86), 0.035)
    q.paint(shape, skin * 0.9)
    q.paint(shape + 0.09, (skin * 1.14).clamp(0, 1), soft=0.12)
    q.line(shape, skin * 0.28, width=0.05)
    _palm_lines(q, fingers, skin, shape)


def _palm_lines(q: Pen, fingers: list[tuple[s.Point, s.Point, float]], skin: Tensor, inside: Tensor) -> None:
    dark = skin * rgb(0.6, 0.45, 0.42)
    creases = [s.curve(q, (-0.12, 0.2), (-0.02, 0.5), (-0.18, 0.85), 0.035, 0.015, steps=4),
               s.curve(q, (-0.3, 0.26), (0.05, 0.3), (0.34, 0.48), 0.035, 0.015, steps=3),
               s.curve(q, (0.4, 0.2), (0.1, 0.26), (-0.1, 0.08), 0.035, 0.015, steps=3)]
    for (ax, ay), (bx, by), width in fingers:
        for t in (0.3, 0.62):
            x, y = ax + (bx - ax) * t, ay + (by - ay) * t
            creases.append(s.stroke(q, (x - width * 0.33, y), (x + width * 0.33, y), 0.028))
    q.paint(s.union(*creases), dark)
    q.paint(s.both(s.ellipse(q, 0.16, 0.22, at=(-0.2, 0.5), turn=0.4), inside + 0.12), (skin * 1.3).clamp(0, 1), opacity=0.5,
            soft=0.2)


@thing(tilt=0.2)
def clown(p: Pen) -> None:
    skin = torch.lerp(rgb(0.99, 0.9, 0.84), WHITE, p.uniform(0, 1))
    hair = p.colour(hue=(0, 1), saturation=(0.75, 1), value=(0.7, 1))
    m = p.mirrored()
    for x, y, r in ((0.72, 0.28, 0.22), (0.82, -0.02, 0.24), (0.72, -0.34, 0.26), (0.5, -0.52, 0.22)):
        curl = s.disc(m, r, at=(x, y))
        _part(m, curl, hair, relief=0.6)
        m.line(curl + r * 0.5, hair * 0.6, width=0.04)
    ruff = p.at(0, 0.88).around(14)
    _part(ruff, s.ellipse(ruff, 0.3, 0.14, at=(0.4, 0)), p.pick(WHITE, GOLD, rgb(0.3, 0.6, 0.95)))
    _part(p, s.ellipse(p, 0.64, 0.72, at=(0, 0.12)), skin)
    _clown_hat(p)
    paint = p.colour(hue=(0.35, 0.85), saturation=(0.6, 1), value=(0.6, 0.95))
    e = m.at(0.26, -0.1, 0.15)
    e.paint(s.box(e, 0.55, 2.1, round=0.5) * 0.9, paint)
    _ball(e, p.colour(hue=(0.3, 0.6), value=(0.4, 0.8)))
    m.paint(s.arc(m.at(0.27, -0.35), 0.16, 0.05, 1.0, -math.pi / 2), BLACK)
    m.paint(s.disc(m, 0.13, at=(0.42, 0.25)), rgb(1.0, 0.5, 0.5), opacity=0.8, soft=0.05)
    _painted_mouth(p, m)
    nose = s.disc(p, p.uniform(0.17, 0.22), at=(0, 0.15))
    _part(p, nose, RED, relief=0.5)
    p.paint(s.ellipse(p, 0.06, 0.045, at=(-0.07, 0.07)), WHITE)


def _clown_hat(p: Pen) -> None:
    hat = p.colour(saturation=(0.7, 1), value=(0.5, 1))
    q = p.at(p.uniform(-0.12, 0.12), -0.62, 0.42)
    cone = s.polygon(q, ((-0.75, 0.35), (0, -1.0), (0.75, 0.35)))
    _part(q, cone - 0.04, hat, edge=0.1)
    dots = q.pick(s.disc(q.bent((q.x + 0.3) % 0.6 - 0.3, (q.y + 0.9) % 0.6 - 0.3), 0.13), torch.sin(q.y * 9 + 1.5) * 0.1)
    q.paint(s.both(dots, cone), q.pick(WHITE, GOLD, rgb(0.95, 0.3, 0.5)))
    _part(q, s.disc(q, 0.24, at=(0, -0.95)), q.pick(RED, WHITE, GOLD), edge=0.08)


def _painted_mouth(p: Pen, m: Pen) -> None:
    smile = p.bent(p.x, p.y + 0.35 * p.x.square())
    _part(p, s.lens(smile, 0.5, 0.22, at=(0, 0.52)), RED, edge=0.04)
    p.paint(s.lens(smile, 0.38, 0.11, at=(0, 0.52)), WHITE)
    p.paint(s.lens(smile, 0.36, 0.02, at=(0, 0.52)), BLACK)


@thing(tilt=0.25)
def skull(p: Pen) -> None:
    bone = p.colour(hue=(0.09, 0.15), saturation=(0.05, 0.3), value=(0.8, 1))
    m = p.mirrored()
    jaw = s.box(p, 0.42, 0.32, at=(0, 0.62), round=0.14)
    _part(p, jaw, bone * 0.9, relief=0.3)
    head = s.blend(s.ellipse(p, p.uniform(0.74, 0.82), 0.68, at=(0, -0.28)), s.box(p, 0.5, 0.28, at=(0, 0.3), round=0.16), 0.2)
    _part(p, head, bone, relief=0.55)
    for size, colour in ((1.2, bone * 0.66), (1.0, BLACK)):
        m.paint(s.ellipse(m, 0.25 * size, 0.23 * size, at=(0.32, -0.06), turn=p.uniform(0.2, 0.5)), colour)
    glow = p.colour(hue=(-0.02, 0.1), saturation=(0.8, 1), value=(0.8, 1))
    m.paint(s.disc(m, 0.09, at=(0.3, -0.04)), glow, opacity=p.chance(0.2), soft=0.08)
    nose = p.at(0, 0.27, 0.2)
    nose.paint(s.union(s.stroke(nose.mirrored(), (0.05, -0.6), (0.3, 0.3), 0.3, 0.45)), BLACK)
    m.paint(s.curve(m, (0.52, 0.22), (0.52, 0.42), (0.36, 0.46), 0.05, steps=3), bone * 0.5)
    _skull_teeth(p, p.uniform(0.12, 0.16))
    crack = p.at(p.uniform(-0.4, 0.4), -0.65, 0.25)
    zigzag = s.union(s.stroke(crack, (0, -0.9), (0.3, -0.3), 0.09), s.stroke(crack, (0.3, -0.3), (-0.2, 0), 0.09),
                     s.stroke(crack, (-0.2, 0), (0.2, 0.7), 0.09, 0.03))
    crack.paint(zigzag, bone * 0.3, opacity=p.chance(0.5))
    p.paint(s.ellipse(p, 0.2, 0.1, at=(-0.3, -0.68), turn=-0.4), WHITE, opacity=0.7, soft=0.08)


def _skull_teeth(p: Pen, width: Number) -> None:
    inside = s.box(p, 0.37, 0.2, at=(0, 0.6), round=0.08)
    p.paint(inside - 0.02, BLACK)
    _teeth_row(p, inside, 0.5, 0.1, width)
    _teeth_row(p, inside, 0.7, 0.1, width)


@thing(tilt=0.2)
def robot(p: Pen) -> None:
    metal = p.pick(p.colour(hue=(0.5, 0.65), saturation=(0.03, 0.25), value=(0.6, 0.9)),
                   p.colour(saturation=(0.5, 0.85), value=(0.6, 0.95)))
    lamp = p.colour(hue=(0, 1), saturation=(0.8, 1), value=(0.9, 1))
    m = p.mirrored()
    p.paint(s.box(p, 0.05, 0.25, at=(0, -0.7)), metal * 0.45)
    _part(p, s.disc(p, 0.13, at=(0, -0.88)), lamp, relief=0.5)
    p.paint(s.disc(p, 0.035, at=(-0.04, -0.93)), WHITE)
    _part(m, s.box(m, 0.14, 0.2, at=(0.82, 0.1), round=0.05), metal * 0.7)
    m.paint(s.box(m, 0.16, 0.025, at=(0.83, 0.1)), metal * 0.3)
    p.paint(s.box(p, 0.3, 0.2, at=(0, 0.9)), metal * 0.4)
    for y in (0.87, 0.96):
        p.paint(s.box(p, 0.32, 0.02, at=(0, y)), metal * 0.8)
    width, round_ = p.uniform(0.68, 0.76), p.uniform(0.06, 0.3)
    head = s.box(p, width, 0.68, at=(0, 0.14), round=round_)
    _part(p, head, metal, relief=0.35, edge=0.07)
    p.line(head + 0.09, metal * 0.62, width=0.03)
    bolts = m.bent(m.x, (m.y - 0.14).abs())
    _part(bolts, s.disc(bolts, 0.06, at=(width - 0.2, 0.48)), (metal * 1.25).clamp(0, 1), edge=0.03)
    _lamps(p, m, lamp, metal)
    _grille(p, metal, lamp)


def _lamps(p: Pen, m: Pen, lamp: Tensor, metal: Tensor) -> None:
    """A robot's eyes: round or square lights."""
    e = m.at(0.32, -0.1, p.uniform(0.2, 0.25))
    shape = p.pick(s.disc(e, 1.0), s.disc(e, 1.0), s.box(e, 0.95, 0.85, round=0.2))
    e.paint(shape - 0.22, metal * 0.35)
    e.paint(shape, lamp * 0.55)
    e.paint(shape + 0.22, lamp, relief=0.3)
    e.paint(s.disc(e, 0.36), p.pick(BLACK, WHITE))
    e.paint(s.disc(e, 0.2, at=(-0.3, -0.35)), WHITE)
    p.paint(s.box(p, 0.05, 0.1, at=(0, 0.18), round=0.03), metal * 0.45)


def _grille(p: Pen, metal: Tensor, lamp: Tensor) -> None:
    plate = s.box(p, 0.44, 0.17, at=(0, 0.49), round=0.06)
    p.paint(plate - 0.03, metal * 0.3)
    step = p.uniform(0.11, 0.18)
    bar = (p.x - torch.round(p.x / step) * step).abs() - step * 0.27
    p.paint(s.both(bar, plate), p.pick((metal * 1.3).clamp(0, 1), lamp))
    p.paint(s.both((p.y - 0.49).abs() - 0.018, plate), metal * 0.3)


@thing(tilt=0.2)
def tribal_mask(p: Pen) -> None:
    wood = p.colour(hue=(0.01, 0.09), saturation=(0.55, 0.9), value=(0.3, 0.65))
    pale, bold = p.pick(rgb(0.95, 0.88, 0.7), WHITE), p.pick(RED, p.colour(hue=(0.05, 0.14), value=(0.9, 1)),
                                                             p.colour(hue=(0.45, 0.6), value=(0.5, 0.8)))
    m = p.mirrored()
    _crest(p, bold, pale)
    head = s.blend(s.ellipse(p, p.uniform(0.58, 0.68), 0.6, at=(0, -0.1)), s.ellipse(p, p.uniform(0.4, 0.54), 0.6, at=(0, 0.38)),
                   0.25)
    _part(p, head, wood, relief=0.5, edge=0.07)
    bands = torch.sin(p.y * p.uniform(24, 34) + 6 * m.x) * 0.03
    p.paint(s.both(head + 0.07, bands, 0.36 - m.x + 0.1 * p.y), pale)
    chevron = p.y + 0.62 - 0.5 * m.x
    stripes = s.both(head + 0.07, torch.sin(chevron * 34 + 1.6) * 0.03, p.y + 0.32 - 0.3 * m.x, m.x - 0.42)
    p.paint(stripes, bold)
    _mask_eyes(p, m, pale, bold)
    nose = s.polygon(p, ((-0.06, -0.3), (0.06, -0.3), (0.15, 0.22), (-0.15, 0.22)))
    _part(p, nose - 0.02, wood * 1.2, edge=0.05)
    p.paint(s.box(p, 0.02, 0.2, at=(0, -0.05)), pale)
    lips = p.pick(s.ellipse(p, 0.26, 0.16, at=(0, 0.52)), s.box(p, 0.26, 0.13, at=(0, 0.52), round=0.03))
    p.paint(lips - 0.06, bold)
    p.paint(lips, BLACK)
    _teeth_row(p, lips, 0.42, 0.08, 0.13)
    _teeth_row(p, lips, 0.64, 0.08, 0.13)
    m.paint(s.both(s.disc(m.bent(m.x, (p.y - 0.75) % 0.14 - 0.07), 0.04, at=(0.12, 0)), head + 0.06, 0.74 - p.y), pale)


def _crest(p: Pen, bold: Tensor, pale: Tensor) -> None:
    """Feathers in a fan, or horns."""
    fan = p.at(0, -0.2).around(p.integer(16, 22), math.pi / 2)
    upper = 0.1 + p.y
    tip = fan.y.abs() - 0.085
    _part(p, s.both(s.ellipse(fan, 0.5, 0.09, at=(0.42, 0)), upper), bold, edge=0.035)
    p.paint(s.both(s.ellipse(fan, 0.09, 0.05, at=(0.76, 0)), upper, tip), pale)
    m = p.mirrored()
    horn = s.curve(m, (0.5, -0.4), (1.05, -0.45), (0.85, -0.98), 0.22, 0.03, steps=5)
    _part(m, horn, pale, opacity=p.chance(0.4))


def _mask_eyes(p: Pen, m: Pen, pale: Tensor, bold: Tensor) -> None:
    e = m.at(0.28, -0.12, p.uniform(0.2, 0.24))
    shape = p.pick(s.lens(e, 1.05, 0.62, turn=p.uniform(-0.3, 0.3)), s.disc(e, 0.85), s.box(e, 0.95, 0.5, turn=-0.15))
    e.paint(shape - 0.3, BLACK)
    e.paint(shape - 0.16, pale)
    e.paint(shape, bold * 0.5)
    e.paint(s.disc(e, 0.42), BLACK)
    e.paint(s.disc(e, 0.15, at=(-0.12, -0.14)), WHITE)
    m.paint(s.curve(m, (0.06, -0.36), (0.28, -0.55), (0.54, -0.3), 0.07, 0.05, steps=3), BLACK)


@thing(tilt=0.25)
def alien(p: Pen) -> None:
    skin = p.pick(p.colour(hue=(0.22, 0.4), saturation=(0.2, 0.65), value=(0.55, 0.9)),
                  p.colour(hue=(0.3, 0.6), saturation=(0.03, 0.2), value=(0.55, 0.85)))
    m = p.mirrored()
    _part(p, s.box(p, 0.16, 0.3, at=(0, 0.85), round=0.08), skin * 0.7)
    p.paint(s.ellipse(p, 0.6, 0.16, at=(0, 1.06)), skin * 0.75)
    head = s.blend(s.ellipse(p, p.uniform(0.74, 0.84), 0.66, at=(0, -0.28)), s.ellipse(p, 0.3, 0.42, at=(0, 0.42)), 0.4)
    _part(p, head, skin, relief=0.6)
    for y in (-0.72, -0.6):
        p.paint(s.arc(p.at(0, y + 0.5), 0.5, 0.025, 0.55, -math.pi / 2), skin * 0.65)
    p.paint(s.ellipse(p, 0.16, 0.08, at=(-0.3, -0.7), turn=-0.45), WHITE, opacity=0.6, soft=0.08)
    e = m.at(p.uniform(0.33, 0.38), p.uniform(-0.08, 0.02), p.uniform(0.34, 0.4), -p.uniform(0.45, 0.8))
    shape = p.pick(s.ellipse(e, 1.0, 0.58), s.lens(e, 1.05, 0.55) - 0.04)
    e.paint(shape - 0.13, skin * 0.5)
    e.paint(shape, BLACK)
    e.paint(shape + 0.12, p.colour(hue=(0.55, 0.8), saturation=(0.5, 0.9), value=(0.12, 0.4)) * (0.6 + 0.9 * e.y).clamp(0, 2),
            soft=0.1)
    e.paint(s.ellipse(e, 0.24, 0.14, at=(0.28, -0.22), turn=0.3), WHITE, opacity=0.95)
    e.paint(s.disc(e, 0.07, at=(-0.45, 0.2)), WHITE, opacity=0.8)
    m.paint(s.ellipse(m, 0.022, 0.045, at=(0.06, 0.38), turn=0.3), skin * 0.25)
    p.paint(s.lens(p, p.uniform(0.1, 0.17), p.uniform(0.02, 0.05), at=(0, 0.62)), skin * 0.2)
    m.paint(s.curve(m, (0.46, 0.28), (0.4, 0.42), (0.3, 0.48), 0.03, steps=3), skin * 0.6)


@thing(tilt=0.25)
def ghost(p: Pen) -> None:
    sheet = p.colour(hue=(0.5, 0.75), saturation=(0.0, 0.14), value=(0.9, 1))
    shade = torch.lerp(sheet, rgb(0.45, 0.5, 0.75), 0.5)
    m = p.mirrored()
    waves = p.integer(3, 4)
    hem = p.y - 0.84 + 0.12 * torch.cos(p.x * waves * 4.1 + p.uniform(-0.8, 0.8))
    flare = 0.52 + 0.16 * (p.y + 0.3).clamp_min(0)
    body = s.union(s.disc(p, 0.54, at=(0, -0.4)), s.both(p.x.abs() - flare, -p.y - 0.4))
    arms = s.curve(m, (0.45, 0.05), (0.75, 0.1), (0.88, p.uniform(-0.35, 0.2)), 0.3, 0.16, steps=3)
    shape = s.both(s.blend(body, arms, 0.12), hem * 0.8)
    p.paint(shape, sheet)
    folds = torch.sin(p.x * 13 + 1.5 * torch.sin(p.y * 2 + 1)) * 0.5 + 0.45 - 0.6 * p.y
    p.paint(s.both(shape, folds * 0.3, -p.y - 0.0), shade, opacity=0.6, soft=0.12)
    p.paint(s.both(shape, -shape - 0.13, -p.x), shade, opacity=0.7, soft=0.12)
    p.line(shape, shade * 0.5, width=0.055)
    e = m.at(p.uniform(0.19, 0.24), p.uniform(-0.46, -0.36), p.uniform(0.15, 0.19))
    e.paint(s.ellipse(e, 0.8, p.uniform(0.95, 1.3)), BLACK)
    e.paint(s.disc(e, 0.26, at=(-0.2, -0.4)), WHITE)
    e.paint(s.disc(e, 0.12, at=(0.25, 0.35)), WHITE, opacity=0.8)
    grin = p.pick(s.ellipse(p, 0.13, 0.19, at=(0, 0.02)), s.lens(p, 0.26, 0.12, at=(0, 0.0)), s.disc(p, 0.11, at=(0, -0.04)))
    p.paint(grin, BLACK)
    p.paint(s.both(grin + 0.02, s.disc(p, 0.12, at=(0, 0.17))), rgb(0.9, 0.35, 0.4))
    m.paint(s.ellipse(m, 0.08, 0.05, at=(0.38, -0.16)), PINK, opacity=0.8, soft=0.04)


# ---- heads of animals


@thing(tilt=0.3)
def cat(p: Pen) -> None:
    coat = p.pick(rgb(0.9, 0.55, 0.2), rgb(0.55, 0.55, 0.58), rgb(0.2, 0.19, 0.2), rgb(0.62, 0.46, 0.3),
                  rgb(0.95, 0.92, 0.88)) * p.uniform(0.85, 1.05)
    pale = torch.lerp(coat, WHITE, p.uniform(0.35, 0.9))
    m = p.mirrored()
    tip = p.uniform(0.58, 0.74)
    _pointed_ear(m, coat, PINK * p.uniform(0.75, 1), (0.14, -0.38), (tip, -0.94), (0.76, -0.0))
    fur = _fur(p.at(0, 0.2), coat)
    head = s.blend(s.ellipse(p, p.uniform(0.74, 0.82), 0.6, at=(0, 0.12)), s.ellipse(p, 0.5, 0.3, at=(0, 0.55)), 0.2)
    _part(p, head, fur, relief=0.5)
    _tabby(p, m, coat * 0.42, p.chance(0.65))
    _muzzle(p, 0.46, 0.21, pale)
    iris = p.pick(p.colour(hue=(0.1, 0.16), value=(0.85, 1)), p.colour(hue=(0.22, 0.38), value=(0.7, 0.95)),
                  p.colour(hue=(0.5, 0.6), value=(0.8, 1)))
    e = m.at(0.36, p.uniform(0.02, 0.08), p.uniform(0.2, 0.24), -0.25)
    _seeing(e, s.lens(e, 1.0, p.uniform(0.75, 0.95)), iris, white=iris, size=0.9, slit=p.uniform(0.25, 0.8))
    _whiskers(p, 0.47, torch.where(coat.mean(1, keepdim=True) > 0.7, BLACK, WHITE), 1.02)
    _snub(p.at(0, 0.33, 0.3), p.pick(PINK, PINK * 0.85, BLACK))


def _tabby(p: Pen, m: Pen, dark: Tensor, there: Tensor) -> None:
    p.paint(s.stroke(p, (0, -0.45), (0, -0.12), 0.09, 0.03), dark, opacity=there)
    m.paint(s.stroke(m, (0.17, -0.44), (0.13, -0.18), 0.08, 0.03), dark, opacity=there)
    for y in (0.12, 0.3):
        m.paint(s.stroke(m, (0.8, y - 0.05), (0.56, y + 0.02), 0.08, 0.02), dark, opacity=there)


@thing(tilt=0.3)
def dog(p: Pen) -> None:
    coat = p.pick(rgb(0.82, 0.58, 0.3), rgb(0.55, 0.34, 0.18), rgb(0.93, 0.88, 0.8), rgb(0.7, 0.45, 0.25),
                  rgb(0.25, 0.2, 0.19)) * p.uniform(0.85, 1.05)
    ear = coat * p.pick(0.5, 0.65, 0.8)
    pale = torch.lerp(coat, WHITE, p.uniform(0.3, 0.9))
    m = p.mirrored()
    head = s.blend(s.ellipse(p, p.uniform(0.58, 0.64), 0.62, at=(0, -0.2)), s.ellipse(p, 0.44, 0.42, at=(0, 0.4)), 0.2)
    _part(p, head, _fur(p.at(0, 0.1), coat), relief=0.5)
    patch = s.both(s.disc(p, 0.27, at=(0.28, -0.2)), head)
    p.paint(patch, ear * 0.8, opacity=p.chance(0.4))
    p.paint(s.both(s.stroke(p, (0, -0.9), (0, 0.1), 0.12, 0.3), head), pale, opacity=p.chance(0.6))
    _floppy_ear(m, ear)
    _tongue(p)
    _muzzle(p, 0.42, 0.27, pale)
    spots = s.union(*(s.disc(m, 0.022, at=at) for at in ((0.22, 0.46), (0.32, 0.4), (0.3, 0.52))))
    m.paint(spots, pale * 0.45)
    e = m.at(0.27, -0.16, p.uniform(0.15, 0.18))
    _ball(e, _brown(p), size=p.uniform(0.8, 0.9))
    m.paint(s.curve(m, (0.14, -0.42), (0.28, -0.5), (0.42, -0.38), 0.07, 0.03, steps=3), coat * 0.5)
    _snub(p.at(0, 0.26, 0.55), p.pick(BLACK, rgb(0.2, 0.13, 0.12)))


def _floppy_ear(m: Pen, colour: Tensor) -> None:
    drop, out = m.uniform(0.3, 0.62), m.uniform(0.68, 0.8)
    ear = s.blend(s.stroke(m, (0.42, -0.66), (out, -0.2), 0.24, 0.38), s.stroke(m, (out, -0.2), (out, drop - 0.1), 0.36, 0.44),
                  0.1)
    _part(m, ear, colour, relief=0.6, edge=0.06)
    m.paint(s.stroke(m, (out - 0.04, -0.2), (out - 0.02, drop - 0.15), 0.05, 0.1), colour * 0.65, soft=0.1)


def _tongue(p: Pen) -> None:
    out, length = p.chance(0.65), p.uniform(0.84, 0.96)
    tongue = s.stroke(p, (0, 0.6), (0, length), 0.24, 0.26)
    _part(p, tongue, rgb(0.95, 0.4, 0.45), opacity=out)
    p.paint(s.stroke(p, (0, 0.6), (0, length), 0.03), rgb(0.7, 0.2, 0.28), opacity=out)


@thing(tilt=0.2)
def owl(p: Pen) -> None:
    coat = p.pick(_brown(p), p.colour(hue=(0.05, 0.1), saturation=(0.1, 0.35), value=(0.4, 0.75)),
                  p.colour(hue=(0.07, 0.1), saturation=(0.6, 0.8), value=(0.6, 0.8)))
    pale = torch.lerp(coat, rgb(1.0, 0.93, 0.8), 0.7)
    m = p.mirrored()
    m.paint(s.polygon(m, ((0.1, -0.62), (p.uniform(0.55, 0.68), -1.02), (0.68, -0.3))) - 0.03, coat * 0.7)
    body = s.blend(s.ellipse(p, 0.7, 0.56, at=(0, -0.32)), s.ellipse(p, 0.68, 0.7, at=(0, 0.26)), 0.15)
    _part(p, body, coat, relief=0.4, edge=0.06)
    _breast(p, s.ellipse(p, 0.48, 0.6, at=(0, 0.38)), pale, coat * 0.5)
    wing = s.ellipse(m, 0.2, 0.56, at=(0.62, 0.32), turn=0.12)
    _part(m, wing, coat * 0.72, relief=0.5)
    m.paint(s.both(wing + 0.04, torch.sin(m.y * 22 - 8 * m.x) * 0.04), coat * 1.15, opacity=0.7)
    e = m.at(0.31, -0.34, p.uniform(0.29, 0.33))
    rays = 1 + 0.16 * torch.cos(torch.atan2(e.y, e.x) * 22)
    e.paint(s.disc(e, 1.22), coat * 0.45)
    e.paint(s.disc(e, 1.12), pale * rays)
    iris = p.pick(p.colour(hue=(0.11, 0.15), saturation=(0.8, 1), value=(0.95, 1)),
                  p.colour(hue=(0.05, 0.09), saturation=(0.9, 1), value=(0.9, 1)))
    ball = e.at(scale=0.72)
    _ball(ball, iris, size=0.92, slit=p.uniform(0.85, 1.25))
    beak = s.polygon(p, ((-0.12, -0.26), (0.12, -0.26), (0, 0.06))) - 0.02
    _part(p, beak, rgb(0.95, 0.65, 0.15) * p.uniform(0.6, 1.0))
    claws = m.at(0.24, 0.92).bent(m.x - 0.24 - torch.round((m.x - 0.24) / 0.11).clamp(-1, 1) * 0.11, m.y - 0.92)
    _part(claws, s.ellipse(claws, 0.05, 0.09), rgb(0.9, 0.6, 0.15), edge=0.03)


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
        _part(tuft, lock, mane * shade, relief=0.0, edge=0.03)
    m = p.mirrored()
    _part(m, s.disc(m, 0.17, at=(0.46, -0.42)), coat * 0.9)
    m.paint(s.disc(m, 0.09, at=(0.45, -0.41)), coat * 0.5)
    head = s.blend(s.ellipse(p, 0.5, 0.5, at=(0, -0.06)), s.ellipse(p, 0.38, 0.34, at=(0, 0.32)), 0.2)
    _part(p, head, _fur(p.at(0, 0.1), coat, 0.07), relief=0.4)
    pale = torch.lerp(coat, WHITE, 0.65)
    p.paint(s.stroke(p, (0, -0.3), (0, 0.15), 0.16, 0.26), torch.lerp(coat, WHITE, 0.2), soft=0.05)
    _muzzle(p, 0.34, 0.2, pale)
    e = m.at(0.245, -0.1, p.uniform(0.145, 0.17), 0.2)
    _seeing(e, s.lens(e, 1.05, 0.92), p.colour(hue=(0.08, 0.14), saturation=(0.7, 1), value=(0.75, 1)), size=0.82, edge=0.22)
    m.paint(s.stroke(m, (0.1, -0.27), (0.38, -0.31), 0.07, 0.03), coat * 0.45)
    _whiskers(p, 0.36, WHITE, 0.66)
    _snub(p.at(0, 0.2, 0.42), rgb(0.35, 0.18, 0.15))


@thing(tilt=0.25)
def monkey(p: Pen) -> None:
    coat = p.pick(_brown(p), rgb(0.22, 0.16, 0.14), p.colour(hue=(0.06, 0.1), saturation=(0.4, 0.7), value=(0.5, 0.75)))
    skin = p.colour(hue=(0.04, 0.09), saturation=(0.25, 0.5), value=(0.8, 1))
    m = p.mirrored()
    ear = m.at(0.76, p.uniform(-0.15, 0.0), p.uniform(0.22, 0.27))
    _part(ear, s.disc(ear, 1.0), coat, edge=0.16)
    _part(ear, s.disc(ear, 0.62, at=(-0.05, 0)), skin * 0.88, edge=0.08)
    head = s.blend(s.ellipse(p, 0.66, 0.62, at=(0, -0.2)), s.ellipse(p, 0.56, 0.48, at=(0, 0.38)), 0.15)
    tuft = p.at(0, -0.72).around(9)
    p.paint(s.both(s.lens(tuft, 0.25, 0.07, at=(0.12, 0)), p.y + 0.7), coat * 0.8)
    _part(p, head, _fur(p.at(0, 0.1), coat, 0.18), relief=0.4)
    mask = s.blend(s.disc(m, 0.29, at=(0.22, -0.14)), s.ellipse(p, 0.48, 0.36, at=(0, 0.42)), 0.12)
    _part(p, mask, skin, relief=0.3, edge=0.035)
    e = m.at(0.21, -0.1, p.uniform(0.13, 0.16))
    _ball(e, _brown(p), size=0.74)
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
    _part(ear, s.disc(ear, 1.0), black, relief=0.8)
    ear.paint(s.disc(ear, 0.55, at=(-0.1, 0.1)), black * 2.6, soft=0.2)
    head = s.blend(s.ellipse(p, 0.8, 0.64, at=(0, 0.02)), s.ellipse(p, 0.66, 0.45, at=(0, 0.42)), 0.2)
    _part(p, head, _fur(p.at(0, 0.1), white, 0.06), relief=0.42)
    patch = m.at(0.35, p.uniform(-0.02, 0.06), p.uniform(0.26, 0.3), p.uniform(-0.9, -0.5))
    patch.paint(s.ellipse(patch, 1.12, 0.82), black)
    e = m.at(0.32, p.uniform(-0.04, 0.02), p.uniform(0.13, 0.16))
    _ball(e, _brown(p), size=0.8)
    p.paint(s.ellipse(p, 0.3, 0.22, at=(0, 0.46)), WHITE, relief=0.3)
    m.paint(s.disc(m, 0.12, at=(0.52, 0.42)), PINK, opacity=p.chance(0.3) * 0.7, soft=0.08)
    _snub(p.at(0, 0.38, 0.42), BLACK)


@thing(tilt=0.3)
def rabbit(p: Pen) -> None:
    coat = p.pick(rgb(0.95, 0.94, 0.92), rgb(0.62, 0.5, 0.4), rgb(0.6, 0.6, 0.62), rgb(0.85, 0.7, 0.5),
                  rgb(0.38, 0.3, 0.27)) * p.uniform(0.9, 1.03)
    pale = torch.lerp(coat, WHITE, 0.7)
    m = p.mirrored()
    ear = m.at(p.uniform(0.2, 0.28), -0.3, 1.0, p.uniform(0.05, 0.35))
    _part(ear, s.ellipse(ear, p.uniform(0.16, 0.2), 0.54, at=(0, -0.2)), coat, relief=0.5)
    ear.paint(s.ellipse(ear, 0.1, 0.4, at=(0, -0.19)), PINK, relief=0.3)
    head = s.blend(s.ellipse(p, 0.5, 0.5, at=(0, 0.3)), s.ellipse(m, 0.3, 0.26, at=(0.3, 0.58)), 0.15)
    _part(p, head, _fur(p.at(0, 0.4), coat, 0.09), relief=0.5)
    p.paint(s.box(p, 0.09, 0.11, at=(0, 0.8), round=0.03), WHITE)
    p.line(s.box(p, 0.09, 0.11, at=(0, 0.8), round=0.03), BLACK, width=0.03)
    p.paint(s.box(p, 0.008, 0.1, at=(0, 0.82)), BLACK)
    _muzzle(p, 0.6, 0.17, pale)
    e = m.at(0.28, p.uniform(0.2, 0.26), p.uniform(0.13, 0.16))
    e.paint(s.ellipse(e, 1.2, 1.35), pale)
    _bead(e, p.pick(_brown(p), _brown(p), rgb(0.85, 0.2, 0.25), rgb(0.3, 0.45, 0.7)))
    _whiskers(p, 0.6, torch.where(coat.mean(1, keepdim=True) > 0.8, BLACK * 5, WHITE), 0.95)
    _snub(p.at(0, 0.5, 0.3), PINK * p.uniform(0.75, 1))


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
    _part(m, head, fur, relief=0.3)
    cheek = s.both(s.polygon(m, ((0.0, 0.86), (0.13, 0.4), (0.3, 0.2), (0.62, 0.16), (corner, 0.31), (0.5, 0.53), (0.16, 0.86))),
                   head + 0.05)
    m.paint(cheek, white, relief=0.3)
    p.paint(s.stroke(p, (0, -0.1), (0, 0.7), 0.2, 0.24), fur * 1.1)
    m.paint(s.stroke(m, (0.1, 0.05), (0.12, 0.6), 0.03), coat * 0.6)
    e = m.at(0.36, p.uniform(0.0, 0.06), p.uniform(0.18, 0.21), -p.uniform(0.35, 0.6))
    iris = p.colour(hue=(0.08, 0.16), saturation=(0.6, 1), value=(0.7, 1))
    _seeing(e, s.lens(e, 1.05, 0.66), iris, white=iris, size=0.75, slit=0.6, edge=0.24)
    m.paint(s.ellipse(m, 0.07, 0.05, at=(0.2, -0.2), turn=0.4), white, opacity=p.chance(0.5))
    p.paint(s.arc(p.at(0, 0.64), 0.2, 0.035, 0.8), BLACK)
    _part(p, s.ellipse(p, 0.14, 0.11, at=(0, 0.72)), BLACK * 2)
    p.paint(s.ellipse(p, 0.05, 0.03, at=(-0.04, 0.68)), WHITE, opacity=0.85)


@thing(tilt=0.2)
def elephant(p: Pen) -> None:
    grey = p.pick(p.colour(hue=(0.55, 0.68), saturation=(0.05, 0.25), value=(0.5, 0.75)),
                  p.colour(hue=(0.04, 0.1), saturation=(0.05, 0.25), value=(0.45, 0.7)))
    m = p.mirrored()
    ear = s.blend(s.ellipse(m, 0.38, 0.5, at=(0.64, -0.32), turn=-0.2), s.ellipse(m, 0.26, 0.34, at=(0.62, 0.16)), 0.15)
    _part(m, ear, grey * 0.85, relief=0.4, edge=0.06)
    m.paint(ear + 0.13, torch.lerp(grey, PINK, p.uniform(0.25, 0.6)), soft=0.04)
    for y in (-0.36, -0.12):
        m.paint(s.curve(m, (0.5, y), (0.62, y - 0.06), (0.74, y + 0.04), 0.025, 0.01, steps=3), grey * 0.5)
    head = s.blend(s.ellipse(p, 0.46, 0.46, at=(0, -0.4)), s.ellipse(p, 0.36, 0.3, at=(0, 0.0)), 0.15)
    _part(p, head, grey, relief=0.5)
    tusk = s.curve(m, (0.24, 0.12), (0.34, 0.45), (p.uniform(0.48, 0.6), p.uniform(0.4, 0.55)), 0.14, 0.03, steps=4)
    _part(m, tusk, rgb(0.98, 0.94, 0.82))
    _trunk(p, grey)
    e = m.at(0.28, -0.26, p.uniform(0.105, 0.13))
    e.paint(s.disc(e, 1.5), grey * 0.6)
    _ball(e, _brown(p), size=0.85)
    m.paint(s.arc(m.at(0.27, -0.22), 0.17, 0.03, 0.8, -math.pi / 2), grey * 0.5)


def _trunk(p: Pen, grey: Tensor) -> None:
    """From between the eyes down and to one side, with wrinkles across it."""
    q = p.at(stretch=p.pick(-1.0, 1.0))
    swing, top = q.uniform(0.2, 0.5), -0.3
    upper = s.stroke(q, (0, top), (0, 0.55), 0.36, 0.26)
    lower = s.curve(q, (0, 0.5), (0.0, 0.98), (swing, q.uniform(0.7, 0.9)), 0.26, 0.18, steps=5)
    trunk = s.blend(upper, lower, 0.05)
    _part(q, trunk, grey * 1.05, relief=0.7, edge=0.055)
    q.paint(s.stroke(q, (0, top - 0.05), (0, top + 0.1), 0.34, 0.34), grey * 1.05, soft=0.1)
    wrinkle = torch.sin(q.y * 38 + 3 * (q.x / 0.16).square().clamp_max(2)) * 0.03 + 0.017
    q.paint(s.both(trunk + 0.03, wrinkle, -0.05 - q.y), grey * 0.5)


@thing(tilt=0.25)
def pig(p: Pen) -> None:
    pink = p.pick(p.colour(hue=(-0.04, 0.03), saturation=(0.2, 0.42), value=(0.9, 1)),
                  p.colour(hue=(0.0, 0.06), saturation=(0.25, 0.45), value=(0.75, 0.95)))
    m = p.mirrored()
    head = s.blend(s.ellipse(p, p.uniform(0.74, 0.82), 0.66, at=(0, 0.1)), s.ellipse(p, 0.6, 0.4, at=(0, 0.45)), 0.15)
    _part(p, head, pink, relief=0.5, edge=0.06)
    p.paint(s.both(s.disc(p, 0.3, at=(p.pick(-0.35, 0.35), -0.25)), head + 0.04), pink * 0.45, opacity=p.chance(0.25))
    flop = p.uniform(0.0, 0.3)
    _pointed_ear(m, pink, pink * rgb(0.9, 0.66, 0.68), (0.22, -0.5), (0.72, -0.9 + flop), (0.8, -0.16))
    m.paint(s.disc(m, 0.15, at=(0.54, 0.36)), pink * rgb(1, 0.72, 0.74), soft=0.15)
    snout = s.ellipse(p, p.uniform(0.32, 0.38), p.uniform(0.24, 0.28), at=(0, 0.26))
    p.paint(s.arc(p.at(0, 0.4), 0.28, 0.05, 0.8), pink * 0.35)
    _part(p, snout, pink * rgb(0.98, 0.78, 0.8), relief=0.5, edge=0.06)
    p.line(snout + 0.05, (pink * 1.15).clamp(0, 1), width=0.03)
    m.paint(s.ellipse(m, 0.06, 0.1, at=(0.13, 0.27), turn=0.12), pink * rgb(0.4, 0.22, 0.25))
    e = m.at(0.33, -0.14, p.uniform(0.12, 0.15))
    _ball(e, p.pick(_brown(p), _brown(p), rgb(0.25, 0.45, 0.75)), size=p.uniform(0.7, 0.85))
    m.paint(s.arc(m.at(0.34, -0.14), 0.21, 0.04, 0.6, -math.pi / 2), pink * 0.5)


@thing(tilt=0.25)
def frog(p: Pen) -> None:
    skin = p.pick(p.colour(hue=(0.24, 0.36), saturation=(0.55, 0.9), value=(0.5, 0.85)),
                  p.colour(hue=(0.24, 0.36), saturation=(0.55, 0.9), value=(0.5, 0.85)),
                  p.colour(hue=(0.15, 0.22), saturation=(0.5, 0.8), value=(0.5, 0.8)))
    pale = torch.lerp(skin, rgb(1.0, 1.0, 0.75), 0.65)
    m = p.mirrored()
    _part(m, s.ellipse(m, 0.26, 0.42, at=(0.66, 0.6), turn=0.5), skin * 0.8)
    _part(p, s.ellipse(p, 0.56, 0.45, at=(0, 0.56)), pale, relief=0.3)
    _part(m, s.blend(s.stroke(m, (0.5, 0.4), (0.42, 0.86), 0.18, 0.14), s.stroke(m, (0.3, 0.92), (0.56, 0.92), 0.12), 0.05), skin)
    eye_x, eye_r = p.uniform(0.4, 0.48), p.uniform(0.25, 0.3)
    bump = s.disc(m, eye_r + 0.06, at=(eye_x, -0.56))
    head = s.blend(s.ellipse(p, p.uniform(0.82, 0.92), 0.5, at=(0, -0.06)), bump, 0.12)
    _part(p, head, skin, relief=0.45, edge=0.06)
    _, centre, name = noise.cells(p.at(scale=0.28))
    p.paint(s.both((centre - 0.3) * 0.28, head + 0.06, 0.05 + p.y + 0.02, torch.where(name > 0.5, -1.0, 1.0)), skin * 0.6,
            opacity=p.chance(0.6))
    jaw = p.y - 0.1 + 0.28 * p.x.square()
    p.paint(s.both(head + 0.03, -jaw), pale)
    p.paint(s.both(jaw.abs() - 0.028, p.x.abs() - 0.74), skin * 0.22)
    m.paint(s.ellipse(m, 0.03, 0.02, at=(0.1, -0.12)), skin * 0.2)
    e = m.at(eye_x, -0.56, eye_r * 0.86)
    gold = p.pick(p.colour(hue=(0.09, 0.15), value=(0.85, 1)), WHITE, p.colour(hue=(0.0, 0.03), value=(0.8, 1)))
    flat = p.chance(0.5)
    _seeing(e, s.disc(e, 1.0), gold, white=gold, size=0.88, slit=0.9 + 0.5 * flat)


# ---- whole animals


@thing(tilt=0.25)
def bird(p: Pen) -> None:
    coat = p.pick(p.colour(hue=(0.52, 0.64), saturation=(0.6, 0.9), value=(0.55, 0.95)),
                  p.colour(hue=(-0.02, 0.05), saturation=(0.7, 0.95), value=(0.65, 0.95)),
                  p.colour(hue=(0.11, 0.15), saturation=(0.7, 0.95), value=(0.85, 1)), _brown(p), p.colour(hue=(0.25, 0.4),
                                                                                                           saturation=(0.5, 0.9),
                                                                                                           value=(0.5, 0.8)))
    breast = p.pick(rgb(0.95, 0.9, 0.78), rgb(0.92, 0.45, 0.18), rgb(0.98, 0.85, 0.35))
    q = p.at(stretch=p.pick(-1.0, 1.0))
    q.paint(s.stroke(q, (-1.0, 0.84), (1.0, q.uniform(0.74, 0.86)), 0.13, 0.08), rgb(0.38, 0.25, 0.15), relief=0.3)
    for x in (-0.08, 0.16):
        q.paint(s.stroke(q, (x, 0.5), (x - 0.03, 0.78), 0.05), rgb(0.75, 0.45, 0.2))
        q.paint(s.stroke(q, (x - 0.12, 0.78), (x + 0.06, 0.78), 0.06), rgb(0.75, 0.45, 0.2))
    for turn, shade in ((0.12, 0.5), (0.0, 0.65)):
        tail = q.at(0.45, 0.2, 1.0, turn + 0.35)
        _part(tail, s.box(tail, 0.34, 0.09, at=(0.3, 0), round=0.06), coat * shade)
    body = s.blend(s.ellipse(q, 0.58, 0.44, at=(0.02, 0.16), turn=0.35), s.disc(q, q.uniform(0.33, 0.38), at=(-0.42, -0.4)), 0.28)
    _part(q, body, coat, relief=0.5, edge=0.055)
    belly = s.both(s.ellipse(q, 0.42, 0.52, at=(-0.36, 0.26), turn=-0.35), body + 0.035)
    q.paint(belly, breast, relief=0.2)
    _wing(q, coat)
    beak = s.polygon(q, ((-0.72, -0.52), (-1.02, -0.36), (-0.72, -0.26)))
    _part(q, beak - 0.02, rgb(0.98, 0.65, 0.12) * p.uniform(0.5, 1.0))
    q.paint(s.stroke(q, (-0.72, -0.38), (-0.98, -0.36), 0.025), BLACK)
    crest = s.union(*(s.stroke(q, (-0.4, -0.7), (-0.4 + x, -0.98), 0.1, 0.02) for x in (0.08, 0.24)))
    q.paint(crest, coat * 0.75, opacity=p.chance(0.35))
    e = q.at(-0.5, -0.45, 0.115)
    e.paint(s.disc(e, 1.35), WHITE)
    _bead(e, p.pick(_brown(p), GOLD))


def _wing(q: Pen, colour: Tensor) -> None:
    w = q.at(0.18, 0.1, 1.0, 0.42 + q.uniform(-0.15, 0.15))
    shape = s.lens(w, 0.56, 0.27)
    _part(w, shape, colour * 0.72, relief=0.4)
    quills = torch.sin((w.y - 0.2 * w.x) * 34) * 0.03 + 0.012
    w.paint(s.both(shape + 0.04, quills, -w.x), colour * 0.32)
    for x in (-0.3, -0.14, 0.02):
        scallop = s.disc(w, 0.19, at=(x - 0.06, 0)).abs() - 0.018
        w.paint(s.both(scallop, shape + 0.04, x - w.x), (colour * 1.3).clamp(0, 1))


@thing(tilt=0.25)
def penguin(p: Pen) -> None:
    black = p.colour(hue=(0.55, 0.7), saturation=(0.1, 0.6), value=(0.1, 0.28))
    white = p.colour(hue=(0.1, 0.6), saturation=(0, 0.06), value=(0.94, 1))
    orange = p.colour(hue=(0.06, 0.12), saturation=(0.8, 1), value=(0.9, 1))
    m = p.mirrored()
    foot = s.union(*(s.ellipse(m, 0.09, 0.13, at=(0.24 + x, 0.92), turn=-x * 4) for x in (-0.11, 0.0, 0.11)))
    _part(m, foot, orange, edge=0.04)
    wave = p.uniform(-0.1, 0.35)
    flipper = m.at(0.46, -0.05, 1.0, -0.35 - wave)
    _part(flipper, s.lens(flipper.at(0, 0.3, turn=math.pi / 2), 0.44, 0.15), black, relief=0.5)
    body = s.blend(s.ellipse(p, p.uniform(0.52, 0.6), 0.56, at=(0, 0.36)), s.ellipse(p, 0.4, 0.4, at=(0, -0.52)), 0.3)
    _part(p, body, black, relief=0.6)
    p.paint(s.ellipse(p, 0.42, 0.5, at=(0, 0.4)), white, relief=0.35)
    style = p.chance(0.5)
    m.paint(s.disc(m, 0.21, at=(0.16, -0.52)), white, style)
    p.paint(s.disc(p, 0.24, at=(0, -0.38)), white, style)
    m.paint(s.ellipse(m, 0.1, 0.2, at=(0.3, -0.32), turn=-0.4), GOLD, 1 - style, soft=0.04)
    e = m.at(0.18, -0.58, p.uniform(0.1, 0.13))
    e.paint(s.disc(e, 1.3), white)
    _ball(e, _brown(p), size=0.8)
    beak = s.polygon(p, ((-0.15, -0.42), (0, -0.5), (0.15, -0.42), (0, -0.2)))
    _part(p, beak - 0.02, orange, edge=0.04)
    p.paint(s.stroke(m, (0, -0.38), (0.13, -0.41), 0.025), orange * 0.4)


@thing(tilt=0.25)
def snail(p: Pen) -> None:
    flesh = p.pick(p.colour(hue=(0.06, 0.12), saturation=(0.25, 0.6), value=(0.65, 0.95)),
                   p.colour(hue=(0.15, 0.3), saturation=(0.2, 0.5), value=(0.6, 0.85)))
    shell = p.pick(p.colour(hue=(0.03, 0.11), saturation=(0.5, 0.85), value=(0.55, 0.9)),
                   p.colour(saturation=(0.4, 0.8), value=(0.55, 0.9)))
    q = p.at(stretch=p.pick(-1.0, 1.0))
    stalks = s.union(s.curve(q, (-0.66, 0.2), (-0.72, -0.2), (-0.9, -0.38), 0.1, 0.06, steps=3),
                     s.curve(q, (-0.56, 0.2), (-0.5, -0.2), (-0.56, -0.42), 0.1, 0.06, steps=3))
    foot = s.blend(s.stroke(q, (-0.6, 0.74), (0.95, 0.82), 0.32, 0.08), s.stroke(q, (-0.6, 0.25), (-0.55, 0.7), 0.32, 0.34), 0.15)
    _part(q, s.blend(foot, stalks, 0.05), flesh, relief=0.5)
    q.paint(s.both(foot + 0.04, torch.sin(q.x * 40) * 0.02, 0.74 - q.y), flesh * 0.65)
    for x, y in ((-0.9, -0.4), (-0.56, -0.45)):
        _ball(q.at(x, y, 0.11), _brown(p), size=0.75)
    q.paint(s.arc(q.at(-0.66, 0.34), 0.13, 0.035, 0.8), flesh * 0.3)
    _shell(q.at(0.22, 0.1, p.uniform(0.62, 0.7), p.uniform(-0.4, 0.4)), shell)


def _shell(p: Pen, colour: Tensor) -> None:
    """A spiral of about three turns that widens outwards."""
    r, angle = s.length(p.x, p.y), torch.atan2(p.y, p.x)
    outline = s.disc(p, 1.0)
    turns = torch.log(r.clamp_min(0.02)) / p.uniform(0.72, 0.95) - angle / (2 * math.pi)
    t = turns - turns.floor()
    tint = torch.lerp(colour * 0.55, torch.lerp(colour, WHITE, 0.45), (math.pi * t).sin().clamp(0, 1))
    ribs = 1 + 0.1 * torch.sin(angle * p.integer(18, 26))
    p.paint(outline, tint * ribs, relief=0.35)
    band = torch.minimum(t, 1 - t) * r * 0.7 - 0.035
    p.paint(s.both(band, outline), colour * 0.25)
    p.line(outline, colour * 0.22, width=0.08)
    p.paint(s.ellipse(p, 0.16, 0.07, at=(-0.35, -0.68), turn=-0.5), WHITE, opacity=0.7, soft=0.05)


@thing(tilt=0.6)
def turtle(p: Pen) -> None:
    skin = p.colour(hue=(0.2, 0.38), saturation=(0.4, 0.75), value=(0.5, 0.85))
    shell = p.pick(p.colour(hue=(0.06, 0.12), saturation=(0.5, 0.8), value=(0.4, 0.7)),
                   p.colour(hue=(0.25, 0.4), saturation=(0.4, 0.8), value=(0.3, 0.55)))
    m = p.mirrored()
    sweep = p.uniform(-0.15, 0.2)
    front = s.curve(m, (0.42, -0.25), (0.75, -0.55), (0.94, -0.25 + sweep), 0.34, 0.16, steps=3)
    back = s.curve(m, (0.4, 0.55), (0.58, 0.75), (0.68, 0.92), 0.28, 0.2, steps=2)
    limbs = s.union(front, back)
    _part(m, limbs, skin, relief=0.3)
    spots = noise.cells(m.at(scale=0.12))[1]
    m.paint(s.both(limbs + 0.04, (spots - 0.32) * 0.12), skin * 0.55)
    p.paint(s.polygon(p, ((-0.1, 0.75), (0.1, 0.75), (0, 1.0))), skin * 0.8)
    _part(p, s.blend(s.ellipse(p, 0.22, 0.25, at=(0, -0.74)), s.box(p, 0.14, 0.15, at=(0, -0.5)), 0.08), skin, relief=0.5)
    e = m.at(0.12, -0.8, 0.085)
    _bead(e, GOLD)
    m.paint(s.ellipse(m, 0.015, 0.02, at=(0.04, -0.95)), BLACK)
    _carapace(p.at(0, 0.14, p.uniform(0.94, 1.02)), shell)


def _carapace(p: Pen, colour: Tensor) -> None:
    outline = s.ellipse(p, 0.6, 0.68)
    _part(p, outline, colour * 0.8, relief=0.4, edge=0.07)
    rim = p.around(20)
    p.paint(s.both(outline, s.stroke(rim, (0.4, 0), (0.8, 0), 0.03)), colour * 0.3)
    pale = torch.lerp(colour, rgb(0.95, 0.85, 0.4), 0.5)
    inner = outline + 0.12
    p.paint(inner, colour * 0.3)
    m = p.mirrored()
    for y in (-0.42, 0.0, 0.42):
        _scute(p, m.at(0, y, 0.23), inner, colour, pale)
    for y in (-0.24, 0.22):
        _scute(p, m.at(0.4, y, 0.25), inner, colour, pale)
    p.paint(s.ellipse(p, 0.16, 0.08, at=(-0.2, -0.45), turn=-0.5), WHITE, opacity=0.4, soft=0.08)


def _scute(p: Pen, q: Pen, inside: Tensor, colour: Tensor, pale: Tensor) -> None:
    x, y = q.x.abs(), q.y.abs()
    plate = torch.maximum(y - 0.8, x * 0.866 + y * 0.5 - 0.82)
    q.paint(s.both(plate, inside * 4), colour)
    q.paint(s.both(plate + 0.2, inside * 4 + 0.3), pale)
    q.paint(s.both(plate + 0.45, inside * 4 + 0.5), colour * 0.7)
