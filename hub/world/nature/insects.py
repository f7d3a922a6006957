"""Insects, and the web of one that is none."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.nature import parts
from hub.world.pen import BLACK, WHITE, Pen, rgb


def _dots_along(p: Pen, shape: Tensor, depth: float, step: float, radius: float) -> Tensor:
    """Dots in a row inside the edge of a shape, a step of the angle about the centre apart."""
    angle = parts.folded(torch.atan2(p.y, p.x), step)
    return s.length(angle * s.length(p.x, p.y), shape + depth) - radius


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
    p.paint(s.both((parts.folded(angle, 1.5 / veins).abs() * r - 0.017), inner + 0.01), dark)
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
    _bee_above(parts.only(p, above).at(turn=p.uniform(-2, 2)), yellow)
    _bee_aside(parts.facing(parts.only(p, 1 - above)), yellow)


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
    band = p.coverage(parts.folded(along, 0.62).abs() - 0.155)
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
    parts.edged(chest, fuzz, yellow * (0.85 + 0.2 * noise.soft_noise(p, 24)), 0.1, 0.7)
    _bee_wing(p.at(-0.02, -0.5, 0.58, -1.3))
    head = p.at(-0.62, 0.16, 0.26)
    head.paint(s.union(s.curve(head, (-0.2, -0.8), (-0.4, -1.6), (-1.1, -1.9), 0.18, steps=3),
                       s.curve(head, (-0.5, -0.7), (-1.0, -1.3), (-1.5, -1.2), 0.18, steps=3)), BLACK)
    parts.edged(head, s.disc(head, 1.0), yellow * 0.35, 0.1, 0.8)
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
    parts.edged(head, s.ellipse(head, 1.15, 0.9), yellow * 0.35, 0.1, 0.8)
    head.paint(s.ellipse(head.mirrored(), 0.35, 0.6, at=(0.75, -0.1)), BLACK)
    chest = p.at(0, -0.22, 0.3)
    fuzz = s.disc(chest, 1.0) + 0.06 * torch.sin(22 * torch.atan2(chest.y, chest.x))
    parts.edged(chest, fuzz, yellow * (0.85 + 0.2 * noise.soft_noise(p, 24)), 0.1, 0.7)


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
    parts.edged(p, back, red, 0.05, 0.9, 0.12)
    p.paint(s.stroke(p, (0, -0.42), (0, 0.98), 0.06), BLACK)
    p.paint(s.disc(p, 0.12, at=(0, -0.32)), BLACK)
    size, seven = p.uniform(0.11, 0.17), p.chance(0.5)
    for pen, x, y in [(m, 0.32, -0.12), (m, 0.3, 0.58), (m, 0.52, 0.24), (parts.only(m, 1 - seven), 0.22, 0.24)]:
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
    off = parts.folded(angle, sector)
    spokes = off.abs() * r - 0.016
    step = p.uniform(0.1, 0.15)
    hang = r * (1 + p.uniform(0.2, 0.34) * (1 - (1 - 2 * off.abs() / sector).square())) + step * torch.round(angle / sector) / n
    rings = s.both(parts.folded(hang, step).abs() - 0.012, r - 0.98, 0.1 - r)
    for spread, colour in [(0.012, silk * 0.15), (0.0, silk)]:
        p.paint(s.both(s.union(spokes, rings, r - 0.04) - spread, r - 1.02), colour)
    _spider(parts.only(p, p.chance(0.4)).at(p.uniform(-0.3, 0.3), p.uniform(-0.3, 0.3), p.uniform(0.25, 0.35), p.uniform(-3, 3)))


def _spider(p: Pen) -> None:
    m = p.mirrored()
    dark = p.colour(hue=(0.02, 0.12), saturation=(0.2, 0.8), value=(0.1, 0.4))
    for kx, ky, fx, fy in [(0.5, -0.6, 0.6, -1.1), (0.65, -0.35, 1.0, -0.5), (0.65, 0.05, 1.0, 0.35), (0.5, 0.3, 0.65, 1.0)]:
        p.paint(s.union(s.stroke(m, (0.1, -0.15), (kx, ky), 0.12), s.stroke(m, (kx, ky), (fx, fy), 0.1, 0.06)), dark * 0.6)
    parts.edged(p, s.ellipse(p, 0.36, 0.46, at=(0, 0.35)), dark * 1.5, 0.08, 0.7)
    parts.edged(p, s.disc(p, 0.24, at=(0, -0.25)), dark * 1.2, 0.06, 0.6)
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
    segment = parts.folded(p.y, 0.15).abs() / 0.075
    parts.edged(p, tail, colour * (1.2 - 0.75 * (segment > 0.7)), 0.025, 0.3)
    chest = p.at(0, -0.42, 0.27)
    shape = s.ellipse(chest, 0.68, 1.05)
    parts.edged(chest, shape, colour * (1 - 0.5 * (torch.sin(chest.x.abs() * 12 - chest.y * 3) > 0.3)), 0.12, 0.7)
    eyes = p.mirrored().at(0.12, -0.76, 0.16)
    p.paint(s.disc(p, 0.12, at=(0, -0.74)), colour * 0.4)
    parts.edged(eyes, s.ellipse(eyes, 0.95, 1.05), colour * rgb(0.8, 0.6, 0.5), 0.15, 1.0)
    eyes.paint(s.disc(eyes, 0.25, at=(0.1, -0.4)), WHITE)


def _veined_wing(p: Pen, width: float) -> None:
    """A narrow wing of glass from (-1, 0) to (1, 0), its front edge at -y."""
    glass = rgb(0.8, 0.9, 0.95)
    shape = s.ellipse(p.bent(p.x, p.y * (1.35 - 0.45 * p.x) / 1.2), 1.0, width)
    net = s.union(parts.folded(p.x + 0.5 * p.y, 0.2).abs() - 0.02, parts.folded(p.y * (1.3 - 0.3 * p.x), 0.12).abs() - 0.02)
    p.paint(shape, BLACK)
    p.paint(shape + 0.045, glass, 0.93)
    p.paint(s.both(net, shape + 0.04), glass * 0.3)
    p.paint(s.both(s.box(p, 0.1, 0.05, at=(0.68, -width * 0.75)), shape), BLACK)
