"""Animals drawn whole."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.creatures import parts
from hub.world.pen import BLACK, WHITE, Pen, rgb


@thing(tilt=0.25)
def bird(p: Pen) -> None:
    coat = p.pick(p.colour(hue=(0.52, 0.64), saturation=(0.6, 0.9), value=(0.55, 0.95)),
                  p.colour(hue=(-0.02, 0.05), saturation=(0.7, 0.95), value=(0.65, 0.95)),
                  p.colour(hue=(0.11, 0.15), saturation=(0.7, 0.95), value=(0.85, 1)), parts.brown(p), p.colour(hue=(0.25, 0.4),
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
        parts.part(tail, s.box(tail, 0.34, 0.09, at=(0.3, 0), round=0.06), coat * shade)
    body = s.blend(s.ellipse(q, 0.58, 0.44, at=(0.02, 0.16), turn=0.35), s.disc(q, q.uniform(0.33, 0.38), at=(-0.42, -0.4)), 0.28)
    parts.part(q, body, coat, relief=0.5, edge=0.055)
    belly = s.both(s.ellipse(q, 0.42, 0.52, at=(-0.36, 0.26), turn=-0.35), body + 0.035)
    q.paint(belly, breast, relief=0.2)
    _wing(q, coat)
    beak = s.polygon(q, ((-0.72, -0.52), (-1.02, -0.36), (-0.72, -0.26)))
    parts.part(q, beak - 0.02, rgb(0.98, 0.65, 0.12) * p.uniform(0.5, 1.0))
    q.paint(s.stroke(q, (-0.72, -0.38), (-0.98, -0.36), 0.025), BLACK)
    crest = s.union(*(s.stroke(q, (-0.4, -0.7), (-0.4 + x, -0.98), 0.1, 0.02) for x in (0.08, 0.24)))
    q.paint(crest, coat * 0.75, opacity=p.chance(0.35))
    e = q.at(-0.5, -0.45, 0.115)
    e.paint(s.disc(e, 1.35), WHITE)
    parts.bead(e, p.pick(parts.brown(p), parts.GOLD))


def _wing(q: Pen, colour: Tensor) -> None:
    w = q.at(0.18, 0.1, 1.0, 0.42 + q.uniform(-0.15, 0.15))
    shape = s.lens(w, 0.56, 0.27)
    parts.part(w, shape, colour * 0.72, relief=0.4)
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
    parts.part(m, foot, orange, edge=0.04)
    wave = p.uniform(-0.1, 0.35)
    flipper = m.at(0.46, -0.05, 1.0, -0.35 - wave)
    parts.part(flipper, s.lens(flipper.at(0, 0.3, turn=math.pi / 2), 0.44, 0.15), black, relief=0.5)
    body = s.blend(s.ellipse(p, p.uniform(0.52, 0.6), 0.56, at=(0, 0.36)), s.ellipse(p, 0.4, 0.4, at=(0, -0.52)), 0.3)
    parts.part(p, body, black, relief=0.6)
    p.paint(s.ellipse(p, 0.42, 0.5, at=(0, 0.4)), white, relief=0.35)
    style = p.chance(0.5)
    m.paint(s.disc(m, 0.21, at=(0.16, -0.52)), white, style)
    p.paint(s.disc(p, 0.24, at=(0, -0.38)), white, style)
    m.paint(s.ellipse(m, 0.1, 0.2, at=(0.3, -0.32), turn=-0.4), parts.GOLD, 1 - style, soft=0.04)
    e = m.at(0.18, -0.58, p.uniform(0.1, 0.13))
    e.paint(s.disc(e, 1.3), white)
    parts.ball(e, parts.brown(p), size=0.8)
    beak = s.polygon(p, ((-0.15, -0.42), (0, -0.5), (0.15, -0.42), (0, -0.2)))
    parts.part(p, beak - 0.02, orange, edge=0.04)
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
    parts.part(q, s.blend(foot, stalks, 0.05), flesh, relief=0.5)
    q.paint(s.both(foot + 0.04, torch.sin(q.x * 40) * 0.02, 0.74 - q.y), flesh * 0.65)
    for x, y in ((-0.9, -0.4), (-0.56, -0.45)):
        parts.ball(q.at(x, y, 0.11), parts.brown(p), size=0.75)
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
    parts.part(m, limbs, skin, relief=0.3)
    spots = noise.cells(m.at(scale=0.12))[1]
    m.paint(s.both(limbs + 0.04, (spots - 0.32) * 0.12), skin * 0.55)
    p.paint(s.polygon(p, ((-0.1, 0.75), (0.1, 0.75), (0, 1.0))), skin * 0.8)
    parts.part(p, s.blend(s.ellipse(p, 0.22, 0.25, at=(0, -0.74)), s.box(p, 0.14, 0.15, at=(0, -0.5)), 0.08), skin, relief=0.5)
    e = m.at(0.12, -0.8, 0.085)
    parts.bead(e, parts.GOLD)
    m.paint(s.ellipse(m, 0.015, 0.02, at=(0.04, -0.95)), BLACK)
    _carapace(p.at(0, 0.14, p.uniform(0.94, 1.02)), shell)


def _carapace(p: Pen, colour: Tensor) -> None:
    outline = s.ellipse(p, 0.6, 0.68)
    parts.part(p, outline, colour * 0.8, relief=0.4, edge=0.07)
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
