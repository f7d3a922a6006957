"""Patterns that grow, flow or burn."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import texture, thing
from hub.world.noise import hashed
from hub.world.pen import BLACK, WHITE, Pen, hsv, rgb
from hub.world.textures import parts


@texture()
def honeycomb(p: Pen) -> None:
    wax = p.colour(hue=(0.09, 0.14), saturation=(0.55, 0.95), value=(0.85, 1))
    q = p.at(scale=p.uniform(0.38, 0.52))
    x, y, name = _hexagons(q)
    edge = 0.5 - torch.maximum(x.abs(), x.abs() * 0.5 + y.abs() * 0.866)
    filled = hashed((name * 40).floor(), torch.zeros_like(name), 2.2)
    honey = wax * torch.lerp(rgb(0.9, 0.62, 0.25), rgb(0.45, 0.28, 0.12), filled)
    depth = 0.55 + 1.3 * (x * q.light[:, :1] + y * q.light[:, 1:]).neg() + 0.5 * s.length(x, y)
    p.fill(honey * depth.clamp(0.3, 1.5))
    wall = 0.09 - edge.clamp(0, 0.09)
    q.paint(edge - 0.09, wax * (0.75 + 3.0 * wall))
    gleam = s.disc(q.bent(x - q.light[:, :1] * 0.18, y - q.light[:, 1:] * 0.18), 0.08)
    q.paint(gleam, WHITE, 0.8 * (filled < 0.6).float())


def _hexagons(p: Pen) -> tuple[Tensor, Tensor, Tensor]:
    """Hexagonal cells one unit wide: coordinates in the cell and a number in [0, 1) for the cell."""
    tall = math.sqrt(3)
    ax, ay = torch.round(p.x), torch.round(p.y / tall) * tall
    bx, by = torch.round(p.x - 0.5) + 0.5, torch.round(p.y / tall - 0.5) * tall + tall / 2
    first = (p.x - ax).square() + (p.y - ay).square() < (p.x - bx).square() + (p.y - by).square()
    cx, cy = torch.where(first, ax, bx), torch.where(first, ay, by)
    return p.x - cx, p.y - cy, hashed(cx * 2, torch.round(cy / tall * 2), 0.3)


@texture(tilt=0.6)
def scales(p: Pen) -> None:
    skin = p.colour(saturation=(0.3, 0.9), value=(0.45, 0.9))
    rim = p.pick(skin * 0.25, skin * 0.25, skin * 0.4 + 0.6)
    p.fill(skin * 0.2)
    q = p.at(scale=p.uniform(0.2, 0.3))
    salt = p.uniform(0, 9)
    for t, column, row in parts.rows(q, 2.0, 1.0, shift=0.5):
        scale = s.disc(t.bent(t.x, t.y + 0.1), 1.12)
        tint = 0.7 + 0.5 * hashed(column, row, salt)
        shade = 0.45 + 0.65 * parts.smooth(-0.6, 1.0, t.y) + 0.3 * parts.smooth(0.5, 0, s.length(t.x + 0.3, t.y - 0.45))
        t.paint(scale, skin * tint * shade)
        t.line(scale + 0.08, rim, width=0.16)
        fan = (torch.atan2(t.x, t.y + 1.2) * 22).sin() * 0.12
        t.paint(s.both(fan, scale + 0.3), skin * 0.3, 0.25)


@texture(tilt=0.35)
def waves(p: Pen) -> None:
    sea = p.colour(hue=(0.5, 0.63), saturation=(0.65, 0.95), value=(0.5, 0.85))
    foam = p.colour(hue=(0.5, 0.6), saturation=(0, 0.12), value=(0.93, 1))
    p.fill(sea)
    height, length, salt = p.uniform(0.42, 0.6), p.uniform(3.2, 4.6), p.uniform(0, 9)
    lean, pointed = p.uniform(0.5, 0.95) * p.pick(-1.0, 1.0), p.uniform(0, 0.6)
    middle = (p.y / height + 0.5).floor()
    for step in (-1, 0, 1, 2):
        row = middle + step
        rise = row * height - p.y
        chance = hashed(row, torch.zeros_like(row), salt)
        phase = (p.x + 1.1 * lean * rise.clamp(0, 0.4)) * length + parts.TURN * chance
        phase = phase + lean * phase.cos()
        crest = torch.lerp(0.5 + 0.5 * phase.sin(), 1 - (phase / 2 - 0.785).sin().abs(), pointed)
        _wave(p, height * (0.45 + 0.35 * chance) * crest - rise, crest, height, sea, foam)


def _wave(p: Pen, below: Tensor, crest: Tensor, height: Tensor, sea: Tensor, foam: Tensor) -> None:
    """One row of waves; below: how far under its surface each point lies."""
    body = sea * (1.35 - 0.95 * parts.smooth(0, 0.95, below / height))
    p.paint(-below * 0.6, body)
    p.line(below * 0.6 - 0.13, foam, width=0.02, opacity=0.5)
    p.line(below * 0.6 - 0.2, foam, width=0.015, opacity=0.35)
    ragged = 0.03 * torch.sin(p.x * 21) * crest
    cap = 0.025 + 0.13 * crest.pow(2) + ragged
    p.paint(torch.maximum(-below, below - cap) * 0.6, foam)


@texture()
def wood(p: Pen) -> None:
    pale = p.colour(hue=(0.05, 0.11), saturation=(0.4, 0.75), value=(0.5, 0.95))
    dark = pale * p.uniform(0.35, 0.55)
    t, column, row = parts.tiled(p, 5.0, 0.9, shift=0.37)
    salt = p.uniform(0, 9)
    tint = hashed(column, row, salt)
    slow = noise.stretched_noise(p.at(tint, 3 * tint, scale=4), (8, 40))
    knot_x, knot_y = (hashed(column, row, salt + 1) - 0.5) * 3.4, (hashed(column, row, salt + 2) - 0.5) * 0.5
    knot = s.length((t.x - knot_x) / 2.6, t.y - knot_y)
    bulge = torch.exp(-(knot / 0.13).square())
    height = t.y + 0.06 * slow + 0.55 * bulge + tint * 7
    grain = 0.5 + 0.5 * torch.sin(height * parts.TURN * p.uniform(6, 9))
    fibres = noise.stretched_noise(p.at(scale=4), (12, 300))
    colour = torch.lerp(dark, pale, parts.smooth(0, 0.75, grain)) * (0.8 + 0.35 * tint) * (1 + 0.07 * fibres)
    p.fill(torch.lerp(colour, dark * 0.5, parts.smooth(0.085, 0.04, knot)))
    p.paint(s.box(t, 2.49, 0.44).neg() - 0.012, dark * 0.3)


@texture()
def marble(p: Pen) -> None:
    pale = p.colour(hue=(0.02, 0.14), saturation=(0, 0.16), value=(0.88, 1))
    deep = p.colour(saturation=(0.3, 0.8), value=(0.08, 0.35))
    swap = p.chance(0.25)
    stone, vein = torch.lerp(pale, deep, swap), torch.lerp(deep.lerp(BLACK, 0.3), pale, swap)
    gold = p.colour(hue=(0.08, 0.12), saturation=(0.6, 0.8), value=(0.6, 0.9))
    bend = noise.soft_noise(p, 3, octaves=4, channels=2, gain=0.6)
    q = p.bent(p.x + 0.2 * bend[:, :1], p.y + 0.2 * bend[:, 1:]).at(scale=4)
    field = noise.stretched_noise(q, (7, 19), channels=3)
    cloud = field[:, :1] * 0.5 + 0.3 * bend[:, :1]
    p.fill(torch.lerp(stone, vein, 0.18 + 0.18 * torch.tanh(cloud)))
    strength = 0.55 + 0.45 * torch.tanh(bend[:, 1:])
    wide, narrow = torch.lerp(stone, vein, 0.75), p.pick(vein, gold, gold)
    for ridge, width, colour in ((field[:, 1:2], 0.4, wide), (field[:, 2:], 0.2, narrow)):
        ridge = ridge.abs()
        p.paint(0.5 - torch.exp(-ridge / width) * 0.6 * strength, torch.lerp(stone, colour, 0.8), soft=1.0)
        p.paint(0.5 - parts.smooth(0.14, 0.02, ridge) * (0.4 + 0.6 * strength), colour, soft=1.0)


@texture(tilt=0.25)
def clouds(p: Pen) -> None:
    blue = p.colour(hue=(0.54, 0.62), saturation=(0.5, 0.9), value=(0.65, 1))
    p.fill(torch.where(p.chance(0.12) > 0, p.colour(hue=(-0.04, 0.09), saturation=(0.4, 0.7), value=(0.8, 1)), blue))
    puff = noise.soft_noise(p, 6, octaves=4, gain=0.7)
    q = p.at(scale=p.uniform(0.42, 0.56))
    salt = p.uniform(0, 9)
    for t, column, row in parts.rows(q, 2.9, 1.35, shift=0.5, upward=False):
        there = (hashed(column, row, salt) < 0.85).float()
        body, height = _cumulus(t, column, row, salt)
        shade = 0.86 + 0.26 * (height + 0.25 * puff).clamp(-1.3, 0.6) - 0.16 * parts.smooth(0.1, 0.5, t.y)
        tint = torch.lerp(blue * 0.55 + 0.2, WHITE, shade.clamp(0, 1))
        t.paint(body + 0.055 * puff, tint, there, soft=0.05)


def _cumulus(t: Pen, column: Tensor, row: Tensor, salt: Tensor) -> tuple[Tensor, Tensor]:
    """Round heads on a flat base: the distance, and how high a point lies in its head, from -1 to 1."""
    body, height = torch.full_like(t.x, 9.0), torch.zeros_like(t.x)
    for i, (x, y, radius) in enumerate((
            (-0.9, 0.2, 0.32), (-0.45, -0.1, 0.44), (0.1, -0.28, 0.52), (0.62, 0.0, 0.42), (0.98, 0.22, 0.26), (0.1, 0.2, 0.4))):
        x = x + 0.3 * (hashed(column, row, salt + i) - 0.5)
        head = s.disc(t, radius, at=(x, y))
        height = torch.where(head < body, (y - t.y + 0.4 * (x - t.x)) / radius, height)
        body = torch.minimum(body, head)
    return s.both(body, t.y - 0.46), height


@texture()
def cracks(p: Pen) -> None:
    mud = p.colour(hue=(0.04, 0.13), saturation=(0.15, 0.55), value=(0.5, 0.9))
    bend = noise.soft_noise(p, 6, octaves=3, channels=2)
    q = p.bent(p.x + 0.03 * bend[:, :1], p.y + 0.03 * bend[:, 1:])
    edge, _, name = noise.cells(q.at(scale=p.uniform(0.42, 0.6)), jitter=1.0)
    fine, _, _ = noise.cells(q.at(scale=p.uniform(0.16, 0.22)), jitter=1.0)
    curl = parts.smooth(0.04, 0.16, edge)
    plate = mud * (0.75 + 0.3 * name) * (1.25 - 0.3 * curl) * parts.fine(p, 0.07)
    p.fill(torch.lerp(plate, mud * 0.4, parts.smooth(0.05, 0.02, fine) * 0.7))
    p.paint(0.5 - parts.smooth(0.075, 0.03, edge), mud * 0.12, soft=1.0)


@texture()
def fur(p: Pen) -> None:
    coat = p.pick(p.colour(hue=(0.04, 0.11), saturation=(0.5, 0.85), value=(0.6, 0.95)),
                  p.colour(saturation=(0, 0.12), value=(0.35, 0.8)),
                  p.colour(hue=(0.02, 0.1), saturation=(0.5, 0.8), value=(0.35, 0.6)))
    tip = coat * 0.75 + 0.35
    bend = noise.soft_noise(p, 2, octaves=2, channels=2)
    x = p.x + 0.14 * bend[:, :1] + 0.12 * torch.sin(p.y * 2.4 + p.uniform(0, 6))
    y = p.y + 0.15 * bend[:, 1:]
    p.fill(coat * 0.2)
    for layer, (width, length) in enumerate(((0.16, 0.9), (0.1, 0.75), (0.12, 0.85), (0.07, 0.6))):
        salt = p.uniform(0, 9) + layer
        along = y / length + hashed((x / width + 0.37 * layer).floor(), torch.zeros_like(x), salt)
        column = (x / width + 0.37 * layer + 0.3 * torch.sin(along * 3)).floor()
        across = (x / width + 0.37 * layer + 0.3 * torch.sin(along * 3) - column - 0.5).abs() * 2
        t = along - along.floor()
        hair = across - (1 - t * t) * 0.95
        tint = 0.65 + 0.5 * hashed(column, along.floor(), salt)
        colour = torch.lerp(coat * 0.35, tip, t.pow(1.3)) * tint * (1.05 - 0.5 * across)
        p.paint(hair * width * 0.5, colour, 0.95)


@texture()
def bubbles(p: Pen) -> None:
    water = p.colour(hue=(0.45, 0.85), saturation=(0.5, 0.95), value=(0.15, 0.75))
    p.fill(water * (1 + 0.15 * noise.soft_noise(p, 2)))
    for _layer, (scale, share) in enumerate(((0.17, 0.6), (0.3, 0.65), (0.42, 0.75))):
        q = p.at(p.uniform(-1, 1), p.uniform(-1, 1), scale * p.uniform(0.85, 1.15), p.uniform(-3, 3))
        _bubble_layer(q, share, p.uniform(0, 9))


def _bubble_layer(q: Pen, share: float, salt: Tensor) -> None:
    t, column, row = parts.tiled(q, shift=0.5)
    size, there = 0.55 + 0.4 * hashed(column, row, salt), (hashed(column, row, salt + 1) < share).float()
    dx, dy = ((1 - size) * (2 * hashed(column, row, salt + i) - 1) for i in (2, 3))
    x, y = (t.x - dx) / size, (t.y - dy) / size
    b = t.bent(x, y)
    radius = s.length(x, y)
    film = hsv(0.55 + 0.25 * torch.sin(x * 2 + y * 3), torch.full_like(x, 0.35), torch.ones_like(x))
    b.paint(radius - 1, film, there * (0.08 + 0.75 * radius.clamp(0, 1).pow(5)))
    b.line(radius - 0.97, WHITE, width=0.06, opacity=0.7 * there)
    lx, ly = b.light[:, :1], b.light[:, 1:]
    towards, aside = x * lx + y * ly, x * ly - y * lx
    gleam = b.bent(towards, aside)
    b.paint(s.ellipse(gleam, 0.12, 0.3, at=(0.62, 0.0)), WHITE, there)
    b.paint(s.both((radius - 0.8).abs() - 0.05, towards + 0.55), WHITE, 0.6 * there)


@texture()
def leopard(p: Pen) -> None:
    coat = p.colour(hue=(0.07, 0.12), saturation=(0.4, 0.75), value=(0.75, 1))
    spot = p.colour(hue=(0.03, 0.09), saturation=(0.5, 0.9), value=(0.04, 0.18))
    q = noise.warped(p, 0.05, cells=7).at(scale=p.uniform(0.34, 0.46))
    _, centre, name = noise.cells(q, jitter=0.55)
    gaps = noise.soft_noise(p, 9)
    hair = noise.stretched_noise(p.at(scale=4), (60, 200))
    p.fill(coat * (1 + 0.07 * hair))
    radius = 0.26 + 0.1 * name
    q.paint(centre - radius, coat * rgb(0.78, 0.62, 0.45))
    ring = (centre - radius).abs() - 0.1 + 0.07 * (gaps - 0.3).clamp(-0.6, 2)
    q.paint(ring, spot)
    second, small, _ = noise.cells(q.at(0.5, 0.5, scale=0.5), jitter=0.5)
    q.paint(s.both(small * 0.5 - 0.12, radius + 0.13 - centre), spot)


@texture(tilt=0.5)
def peacock_feather(p: Pen) -> None:
    green = p.colour(hue=(0.28, 0.45), saturation=(0.6, 0.95), value=(0.3, 0.6))
    gold = p.colour(hue=(0.08, 0.15), saturation=(0.6, 0.9), value=(0.7, 0.95))
    teal = p.colour(hue=(0.45, 0.53), saturation=(0.7, 1), value=(0.65, 0.95))
    blue = p.colour(hue=(0.58, 0.68), saturation=(0.8, 1), value=(0.35, 0.6))
    p.fill(green * 0.3)
    q = p.at(scale=p.uniform(0.34, 0.46))
    for t, _, _ in parts.rows(q, 2.0, 1.4, shift=0.5, upward=False):
        _feather(t, green, gold, teal, blue)


def _feather(t: Pen, green: Tensor, gold: Tensor, teal: Tensor, blue: Tensor) -> None:
    barbs = 0.75 + 0.4 * torch.sin(torch.atan2(t.x.abs(), 1.4 - t.y) * 60 + 6 * s.length(t.x, t.y))
    plume = s.ellipse(t, 1.0, 1.12, at=(0, 0.05))
    t.paint(plume, green * barbs * (1 - 0.6 * parts.smooth(-0.25, 0, plume)))
    t.paint(s.stroke(t, (0, 0.3), (0, 1.3), 0.06), gold * 0.9)
    for rx, ry, y, colour in ((0.74, 0.82, -0.06, gold * barbs), (0.62, 0.68, -0.06, green * 1.3),
                              (0.52, 0.57, -0.04, gold * rgb(0.85, 0.55, 0.3)),
                              (0.38, 0.42, 0.02, teal), (0.24, 0.26, 0.08, blue * 0.6)):
        t.paint(s.ellipse(t, rx, ry, at=(0, y)), colour)
    t.paint(s.disc(t, 0.08, at=(0, 0.34)), teal)


@thing(tilt=0.15, fills=1.25)
def flames(p: Pen) -> None:
    night = p.colour(hue=(-0.05, 0.1), saturation=(0.3, 1), value=(0.02, 0.16))
    p.paint(torch.full_like(p.x, -1.0), night, p.chance(0.85))
    sway = noise.soft_noise(p, 4, octaves=2)
    hot = p.uniform(-0.02, 0.02)
    for _layer, (height, width, hue, saturation, value) in enumerate((
            (2.2, 0.62, 0.0, 1.0, 0.7), (1.8, 0.5, 0.035, 1.0, 0.95), (1.35, 0.42, 0.085, 0.95, 1.0),
            (0.95, 0.34, 0.13, 0.85, 1.0), (0.5, 0.28, 0.15, 0.4, 1.0))):
        up = (1.05 - p.y).clamp(0, 3)
        x = p.x + (0.1 * torch.sin(up * 3.6 + p.uniform(0, 6)) + 0.06 * sway) * up.clamp(0, 1)
        salt = p.uniform(0, 9)
        column = (x / width).floor()
        middle = 1 - (x / width - column - 0.5).abs() * 2
        tip = height * (0.45 + 0.55 * hashed(column, torch.zeros_like(x), salt))
        top = 0.12 + tip * middle.pow(0.8)
        colour = hsv(p.uniform(hue, hue + 0.02) + hot, torch.full((1, 1, 1, 1), saturation), torch.full((1, 1, 1, 1), value))
        p.paint((up - top) * 0.22, colour, soft=0.04)


@texture()
def pebbles(p: Pen) -> None:
    base = p.colour(hue=(0.04, 0.14), saturation=(0.05, 0.4), value=(0.6, 0.95))
    colours = (base, base * 0.5, p.colour(saturation=(0, 0.1), value=(0.5, 1)), base * rgb(1.05, 0.78, 0.62),
               base * rgb(0.65, 0.72, 0.8))
    p.fill(base * 0.1)
    size, grain = p.uniform(0.2, 0.28), parts.fine(p, 0.07)
    for layer in range(4):
        q = p.at(p.uniform(-1, 1), p.uniform(-1, 1), size * (1.0, 1.0, 0.9, 0.75)[layer], p.uniform(-3, 3))
        t, column, row = parts.tiled(q, shift=0.5)
        salt = p.uniform(0, 9)
        there = (hashed(column, row, salt) < (1.0, 1.0, 0.7, 0.5)[layer]).float()
        angle = 3 * hashed(column, row, salt + 2)
        turned = t.bent(t.x * angle.cos() + t.y * angle.sin(), t.y * angle.cos() - t.x * angle.sin())
        side = (t.x * t.light[:, :1] + t.y * t.light[:, 1:]) * 0.95
        colour = noise.palette(hashed(column, row, salt + 4), *colours) * grain
        _pebble(turned, side, colour, 0.58 + 0.25 * hashed(column, row, salt + 3), there)


def _pebble(p: Pen, side: Tensor, colour: Tensor, height: Tensor, there: Tensor) -> None:
    """side: how far a point lies towards the light."""
    outline = s.ellipse(p, 0.92, height)
    p.paint(outline - 0.08, BLACK, 0.6 * there, soft=0.25)
    dome = (1 - (p.x / 0.92).square() - (p.y / height).square()).clamp(0, 1).sqrt()
    p.paint(outline, colour * (0.4 + 0.55 * dome + 0.4 * side), there)
    p.paint(0.93 - dome * (0.82 + 0.4 * side), WHITE, 0.4 * there, soft=0.2)
