"""Eyes, faces, hands, and those who look like people."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.creatures import parts
from hub.world.pen import BLACK, WHITE, Number, Pen, rgb


def _skin(p: Pen) -> Tensor:
    """Skin of people, from pale to dark."""
    return torch.lerp(rgb(0.98, 0.83, 0.72), rgb(0.42, 0.25, 0.16), p.uniform(0, 1).square()) * p.uniform(0.92, 1.02)


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
    parts.part(m, s.ellipse(m, 0.12, 0.18, at=(width + 0.02, 0.06)), skin * 0.92, edge=0.03)
    head = s.blend(s.ellipse(p, width, 0.62, at=(0, -0.1)), s.ellipse(p, width * 0.74, 0.5, at=(0, 0.38)), 0.25)
    p.paint(head, skin, relief=0.45)
    p.line(head, skin * 0.4, width=0.03)
    beard = p.chance(0.25) * (1 - long)
    p.paint(s.both(s.cut(head - 0.03, s.ellipse(p, width * 0.8, 0.62, at=(0, 0.02))), -p.y), strands, beard)
    _fringe(p, head, strands, width)
    _face_parts(p, m, skin, hair, beard)
    _glasses(m, p.chance(0.25), p.pick(BLACK, parts.RED * 0.8, rgb(0.3, 0.2, 0.1)))


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
    parts.seeing(e, s.lens(e, 1.05, p.uniform(0.55, 0.75)), iris, size=0.56, edge=0.13)
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
    parts.part(q, s.both(lower, -q.y - 0.03), lip, relief=0.5)
    parts.part(q, upper, lip * 0.9, relief=0.4)
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
        parts.part(m, curl, hair, relief=0.6)
        m.line(curl + r * 0.5, hair * 0.6, width=0.04)
    ruff = p.at(0, 0.88).around(14)
    parts.part(ruff, s.ellipse(ruff, 0.3, 0.14, at=(0.4, 0)), p.pick(WHITE, parts.GOLD, rgb(0.3, 0.6, 0.95)))
    parts.part(p, s.ellipse(p, 0.64, 0.72, at=(0, 0.12)), skin)
    _clown_hat(p)
    paint = p.colour(hue=(0.35, 0.85), saturation=(0.6, 1), value=(0.6, 0.95))
    e = m.at(0.26, -0.1, 0.15)
    e.paint(s.box(e, 0.55, 2.1, round=0.5) * 0.9, paint)
    parts.ball(e, p.colour(hue=(0.3, 0.6), value=(0.4, 0.8)))
    m.paint(s.arc(m.at(0.27, -0.35), 0.16, 0.05, 1.0, -math.pi / 2), BLACK)
    m.paint(s.disc(m, 0.13, at=(0.42, 0.25)), rgb(1.0, 0.5, 0.5), opacity=0.8, soft=0.05)
    _painted_mouth(p, m)
    nose = s.disc(p, p.uniform(0.17, 0.22), at=(0, 0.15))
    parts.part(p, nose, parts.RED, relief=0.5)
    p.paint(s.ellipse(p, 0.06, 0.045, at=(-0.07, 0.07)), WHITE)


def _clown_hat(p: Pen) -> None:
    hat = p.colour(saturation=(0.7, 1), value=(0.5, 1))
    q = p.at(p.uniform(-0.12, 0.12), -0.62, 0.42)
    cone = s.polygon(q, ((-0.75, 0.35), (0, -1.0), (0.75, 0.35)))
    parts.part(q, cone - 0.04, hat, edge=0.1)
    dots = q.pick(s.disc(q.bent((q.x + 0.3) % 0.6 - 0.3, (q.y + 0.9) % 0.6 - 0.3), 0.13), torch.sin(q.y * 9 + 1.5) * 0.1)
    q.paint(s.both(dots, cone), q.pick(WHITE, parts.GOLD, rgb(0.95, 0.3, 0.5)))
    parts.part(q, s.disc(q, 0.24, at=(0, -0.95)), q.pick(parts.RED, WHITE, parts.GOLD), edge=0.08)


def _painted_mouth(p: Pen, m: Pen) -> None:
    smile = p.bent(p.x, p.y + 0.35 * p.x.square())
    parts.part(p, s.lens(smile, 0.5, 0.22, at=(0, 0.52)), parts.RED, edge=0.04)
    p.paint(s.lens(smile, 0.38, 0.11, at=(0, 0.52)), WHITE)
    p.paint(s.lens(smile, 0.36, 0.02, at=(0, 0.52)), BLACK)


@thing(tilt=0.25)
def skull(p: Pen) -> None:
    bone = p.colour(hue=(0.09, 0.15), saturation=(0.05, 0.3), value=(0.8, 1))
    m = p.mirrored()
    jaw = s.box(p, 0.42, 0.32, at=(0, 0.62), round=0.14)
    parts.part(p, jaw, bone * 0.9, relief=0.3)
    head = s.blend(s.ellipse(p, p.uniform(0.74, 0.82), 0.68, at=(0, -0.28)), s.box(p, 0.5, 0.28, at=(0, 0.3), round=0.16), 0.2)
    parts.part(p, head, bone, relief=0.55)
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
    parts.part(p, s.disc(p, 0.13, at=(0, -0.88)), lamp, relief=0.5)
    p.paint(s.disc(p, 0.035, at=(-0.04, -0.93)), WHITE)
    parts.part(m, s.box(m, 0.14, 0.2, at=(0.82, 0.1), round=0.05), metal * 0.7)
    m.paint(s.box(m, 0.16, 0.025, at=(0.83, 0.1)), metal * 0.3)
    p.paint(s.box(p, 0.3, 0.2, at=(0, 0.9)), metal * 0.4)
    for y in (0.87, 0.96):
        p.paint(s.box(p, 0.32, 0.02, at=(0, y)), metal * 0.8)
    width, round_ = p.uniform(0.68, 0.76), p.uniform(0.06, 0.3)
    head = s.box(p, width, 0.68, at=(0, 0.14), round=round_)
    parts.part(p, head, metal, relief=0.35, edge=0.07)
    p.line(head + 0.09, metal * 0.62, width=0.03)
    bolts = m.bent(m.x, (m.y - 0.14).abs())
    parts.part(bolts, s.disc(bolts, 0.06, at=(width - 0.2, 0.48)), (metal * 1.25).clamp(0, 1), edge=0.03)
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
    pale, bold = p.pick(rgb(0.95, 0.88, 0.7), WHITE), p.pick(parts.RED, p.colour(hue=(0.05, 0.14), value=(0.9, 1)),
                                                             p.colour(hue=(0.45, 0.6), value=(0.5, 0.8)))
    m = p.mirrored()
    _crest(p, bold, pale)
    head = s.blend(s.ellipse(p, p.uniform(0.58, 0.68), 0.6, at=(0, -0.1)), s.ellipse(p, p.uniform(0.4, 0.54), 0.6, at=(0, 0.38)),
                   0.25)
    parts.part(p, head, wood, relief=0.5, edge=0.07)
    bands = torch.sin(p.y * p.uniform(24, 34) + 6 * m.x) * 0.03
    p.paint(s.both(head + 0.07, bands, 0.36 - m.x + 0.1 * p.y), pale)
    chevron = p.y + 0.62 - 0.5 * m.x
    stripes = s.both(head + 0.07, torch.sin(chevron * 34 + 1.6) * 0.03, p.y + 0.32 - 0.3 * m.x, m.x - 0.42)
    p.paint(stripes, bold)
    _mask_eyes(p, m, pale, bold)
    nose = s.polygon(p, ((-0.06, -0.3), (0.06, -0.3), (0.15, 0.22), (-0.15, 0.22)))
    parts.part(p, nose - 0.02, wood * 1.2, edge=0.05)
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
    parts.part(p, s.both(s.ellipse(fan, 0.5, 0.09, at=(0.42, 0)), upper), bold, edge=0.035)
    p.paint(s.both(s.ellipse(fan, 0.09, 0.05, at=(0.76, 0)), upper, tip), pale)
    m = p.mirrored()
    horn = s.curve(m, (0.5, -0.4), (1.05, -0.45), (0.85, -0.98), 0.22, 0.03, steps=5)
    parts.part(m, horn, pale, opacity=p.chance(0.4))


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
    parts.part(p, s.box(p, 0.16, 0.3, at=(0, 0.85), round=0.08), skin * 0.7)
    p.paint(s.ellipse(p, 0.6, 0.16, at=(0, 1.06)), skin * 0.75)
    head = s.blend(s.ellipse(p, p.uniform(0.74, 0.84), 0.66, at=(0, -0.28)), s.ellipse(p, 0.3, 0.42, at=(0, 0.42)), 0.4)
    parts.part(p, head, skin, relief=0.6)
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
    m.paint(s.ellipse(m, 0.08, 0.05, at=(0.38, -0.16)), parts.PINK, opacity=0.8, soft=0.04)
