"""Patterns and materials that fill the whole picture."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import texture, thing
from hub.world.noise import hashed
from hub.world.pen import BLACK, WHITE, Pen, hsv, rgb

TURN = 2 * math.pi


# ---- helpers


def _tiled(p: Pen, width: float = 2.0, height: float = 2.0, shift: float = 0.0) -> tuple[Pen, Tensor, Tensor]:
    """The plane cut into tiles: (a pen centred in each tile, the tile's column, its row). Odd rows move by `shift` tiles."""
    row = (p.y / height + 0.5).floor()
    x = p.x / width + shift * (row % 2)
    column = (x + 0.5).floor()
    return p.bent((x - column) * width, p.y - row * height), column, row


def _rows(p: Pen, width: float, height: float, shift: float, upward: bool = True) -> Iterator[tuple[Pen, Tensor, Tensor]]:
    """Tiles that may reach over one row up and down, back to front; the upper rows lie over the lower ones, or the reverse."""
    middle = (p.y / height + 0.5).floor()
    for step in (1, 0, -1) if upward else (-1, 0, 1):
        row = middle + step
        x = p.x / width + shift * (row % 2)
        column = (x + 0.5).floor()
        yield p.bent((x - column) * width, p.y - row * height), column, row


def _bands(p: Pen, phase: Tensor, per_unit: float | Tensor, share: float | Tensor = 0.5) -> Tensor:
    """1 in the first `share` of every period of `phase`, else 0, with soft edges; per_unit: periods in one unit of the frame."""
    t = phase - phase.floor()
    inside = torch.minimum(t, share - t)
    inside = torch.maximum(inside, t - 1)
    return (0.5 + inside / (per_unit * p.pixel)).clamp(0, 1)


def _smooth(low: float, high: float, t: Tensor) -> Tensor:
    t = ((t - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _contrast(p: Pen) -> tuple[Tensor, Tensor]:
    """A light and a dark colour that go together; black and white now and then."""
    light, dark = p.colour(saturation=(0, 0.7), value=(0.8, 1)), p.colour(saturation=(0.3, 1), value=(0.08, 0.5))
    plain = p.chance(0.3) > 0
    return torch.where(plain, WHITE, light), torch.where(plain, BLACK, dark)


def _round_or_whole(p: Pen) -> Tensor:
    return torch.where(p.chance(0.4) > 0, s.disc(p, 1.0), torch.full_like(p.x, -1.0))


def _fine(p: Pen, strength: float = 0.06, cells: int = 40) -> Tensor:
    """A factor close to 1 that gives a surface some grain."""
    return 1 + strength * noise.soft_noise(p, cells, octaves=2)


# ---- plain patterns


@texture()
def stripes(p: Pen) -> None:
    first, second = _contrast(p)
    per_unit = p.uniform(1.2, 2.6)
    phase = p.x * per_unit
    p.fill(torch.lerp(second, first, _bands(p, phase, per_unit)))
    thin = _bands(p, phase - 0.2, per_unit, 0.1) * p.chance(0.35)
    p.paint(0.5 - thin, p.colour(saturation=(0.5, 1)), soft=1.0)


@texture()
def checkerboard(p: Pen) -> None:
    light, dark = _contrast(p)
    cell = p.uniform(0.32, 0.5)
    board = torch.sin(p.x * math.pi / cell), torch.sin(p.y * math.pi / cell)
    edge = p.pixel * math.pi / cell / 2
    sign = (board[0] / edge).clamp(-1, 1) * (board[1] / edge).clamp(-1, 1)
    gloss = 0.92 + 0.08 * (board[0] * board[1]).abs()
    p.fill(torch.lerp(dark, light, 0.5 + 0.5 * sign) * gloss)


@texture()
def polka_dots(p: Pen) -> None:
    light, dark = _contrast(p)
    swap = p.chance(0.4)
    ground, dot = torch.lerp(dark, light, swap), torch.lerp(light, dark, swap)
    p.fill(ground)
    t, _, _ = _tiled(p.at(scale=p.uniform(0.22, 0.32)), 2, 1.8, shift=0.5)
    p.paint(s.disc(t, p.uniform(0.5, 0.68)), dot)


@thing(tilt=3.15, fills=1.25)
def rings(p: Pen) -> None:
    light, dark = _contrast(p)
    per_unit = p.uniform(2.5, 5)
    radius = s.length(p.x, p.y)
    wave = _bands(p, radius * per_unit + 0.25, per_unit)
    third = _bands(p, radius * per_unit / 2, per_unit / 2) * p.chance(0.3)
    colour = torch.lerp(torch.lerp(dark, light, wave), p.colour(saturation=(0.6, 1)), third * (1 - wave))
    p.paint(_round_or_whole(p), colour)


@thing(tilt=3.15, fills=1.25)
def spiral(p: Pen) -> None:
    light, dark = _contrast(p)
    radius, angle = s.length(p.x, p.y), torch.atan2(p.y, p.x) / TURN
    per_unit = p.uniform(2.2, 4)
    way = p.pick(-1.0, 1.0) * p.pick(1.0, 1.0, 2.0)
    phase = radius.pow(p.uniform(0.6, 1.0)) * per_unit + angle * way
    p.paint(_round_or_whole(p), torch.lerp(dark, light, _bands(p, phase, per_unit, p.uniform(0.35, 0.6))))


@thing(tilt=3.15, fills=1.25)
def sunburst(p: Pen) -> None:
    light = p.colour(hue=(0.08, 0.17), saturation=(0.2, 0.7), value=(0.9, 1))
    red = p.colour(hue=(-0.03, 0.09), saturation=(0.8, 1), value=(0.7, 1))
    other = p.colour(saturation=(0.6, 1), value=(0.35, 0.9))
    dark = p.pick(red, other)
    radius, turn = s.length(p.x, p.y), torch.atan2(p.y, p.x) / TURN
    rays = p.integer(8, 16)
    beams = _bands(p, turn * rays, rays / (TURN * radius + 0.02))
    glow = _smooth(1.3, 0, radius)
    p.paint(_round_or_whole(p), torch.lerp(dark, light, beams) * (0.85 + 0.2 * glow))
    sun = s.disc(p, p.uniform(0.14, 0.26))
    p.paint(sun, light, p.chance(0.7), relief=0.15)


@texture()
def zigzag(p: Pen) -> None:
    light, dark = _contrast(p)
    width, height = p.uniform(0.45, 0.7), p.uniform(0.3, 0.55)
    across = p.x / width
    teeth = (across - (across + 0.5).floor()).abs() * 2
    per_unit = p.uniform(1.5, 2.4)
    phase = (p.y + teeth * height) * per_unit
    slope = (1 + (2 * height / width).square()).sqrt()
    p.fill(torch.lerp(dark, light, _bands(p, phase, per_unit * slope)))
    third = _bands(p, phase / 2 - 0.25, per_unit * slope / 2, 0.25) * p.chance(0.4)
    p.paint(0.5 - third, p.colour(saturation=(0.6, 1), value=(0.5, 1)), soft=1.0)


@texture()
def grid(p: Pen) -> None:
    light, dark = p.colour(saturation=(0, 0.12), value=(0.88, 1)), p.colour(saturation=(0.4, 1), value=(0.1, 0.5))
    swap = p.chance(0.35)
    p.fill(torch.lerp(light, dark, swap))
    ink = torch.lerp(dark, light, swap)
    q = p.at(scale=p.uniform(0.15, 0.21))
    t, _, _ = _tiled(q)
    edge = 1 - torch.maximum(t.x.abs(), t.y.abs())
    q.paint(edge - p.uniform(0.1, 0.18), ink)
    strong = torch.minimum(_to_multiple(q.x - 1, 8), _to_multiple(q.y - 1, 8))
    q.paint(strong - 0.3, ink, p.chance(0.5))


def _to_multiple(t: Tensor, period: float) -> Tensor:
    return (t - period * torch.round(t / period)).abs()


@texture()
def plaid(p: Pen) -> None:
    ground = p.colour(saturation=(0.6, 1), value=(0.3, 0.85))
    wide, line = p.colour(saturation=(0.4, 1), value=(0.08, 0.4)), p.colour(hue=(0.08, 0.2), saturation=(0, 0.8), value=(0.85, 1))
    threads = p.uniform(0.7, 1.1)
    place = p.uniform(0.02, 0.1)
    warp, weft = (_tartan(p, t * threads, threads, ground, wide, line, place) for t in (p.x, p.y))
    twill = 0.5 + 0.25 * torch.sin((p.x + p.y) * 40)
    p.fill(torch.lerp(warp, weft, twill))


def _tartan(p: Pen, t: Tensor, per_unit: Tensor, ground: Tensor, wide: Tensor, line: Tensor, place: Tensor) -> Tensor:
    colour = torch.lerp(ground, wide, _bands(p, t, per_unit, 0.45))
    colour = torch.lerp(colour, line, _bands(p, t - 0.72 + place, per_unit, 0.05))
    return torch.lerp(colour, ground * 1.2, _bands(p, t - 0.2, per_unit, 0.06))


# ---- things made by hand


@texture()
def bricks(p: Pen) -> None:
    clay = p.colour(hue=(-0.01, 0.07), saturation=(0.45, 0.8), value=(0.5, 0.8))
    mortar = p.colour(hue=(0.05, 0.15), saturation=(0, 0.2), value=(0.75, 1)) * p.pick(1.0, 1.0, 0.25)
    q = p.at(scale=p.uniform(0.13, 0.19))
    t, column, row = _tiled(q, 4.4, 2.0, shift=0.5)
    p.fill(mortar * _fine(p))
    age = hashed(column, row, p.uniform(0, 9))
    burnt = clay * (0.6 + 0.6 * age) * _fine(p, 0.1) + 0.08 * (hashed(column, row, 5.5) - 0.5) * rgb(0, 1, 1)
    brick = s.box(t, 2.0, 0.82, round=0.15)
    bevel = 1 + 0.3 * _smooth(-0.25, 0, brick) * torch.tanh(3 * (t.x * t.light[:, :1] * 0.4 + t.y * t.light[:, 1:]))
    t.paint(brick, burnt * bevel)


@texture()
def basket_weave(p: Pen) -> None:
    straw = p.colour(hue=(0.06, 0.13), saturation=(0.35, 0.75), value=(0.7, 1))
    q = p.at(scale=p.uniform(0.2, 0.28))
    t, column, row = _tiled(q)
    over = (column + row) % 2 > 0
    along, across = torch.where(over, t.x, t.y), torch.where(over, t.y, t.x)
    strip = torch.where(over, row, column)
    canes = p.pick(2.0, 2.0, 3.0)
    cane = across * canes / 2 + canes / 2
    inner = (cane - cane.floor() - 0.5) * 2
    body = (1 - inner.abs().pow(3)) * (0.35 + 0.65 * (along * 1.35).cos().clamp(0, 1))
    shade = 0.14 + 1.0 * body
    fibre = 1 + 0.1 * torch.sin(across * 40 + 3 * hashed(strip, cane.floor(), 1.7))
    tint = 0.85 + 0.25 * hashed(strip * 3 + cane.floor(), over.float(), p.uniform(0, 9))
    p.fill(straw * shade * fibre * tint)


@texture(tilt=0.5)
def knitting(p: Pen) -> None:
    wool = p.colour(saturation=(0.25, 0.95), value=(0.5, 0.95))
    other = p.colour(saturation=(0, 0.9), value=(0.3, 1))
    motif = p.pick(0.0, 0.0, 1.0, 2.0)
    p.fill(wool * 0.15)
    q = p.at(scale=p.uniform(0.17, 0.24))
    for t, column, row in _rows(q, 2.0, 1.35, shift=0.0, upward=False):
        banded = (row % 6 < 2).float()
        diamonds = ((column % 6 - 3).abs() + (row % 6 - 3).abs() < 2.5).float()
        second = torch.where(motif == 1, banded, torch.where(motif == 2, diamonds, torch.zeros_like(banded)))
        half = t.mirrored()
        leg = half.bent(half.x - 0.47, half.y + 0.1).at(turn=-1.12)
        stitch = s.ellipse(leg, 1.05, 0.41)
        strands = 1 + 0.14 * torch.sin((leg.x + leg.y * 2.2) * 8)
        t.line(stitch, wool * 0.12, width=0.12)
        t.paint(stitch, torch.lerp(wool, other, second) * (0.45 + 0.85 * (-stitch * 2.4).clamp(0, 1).sqrt()) * strands)


@texture(tilt=0.4)
def stained_glass(p: Pen) -> None:
    edge, centre, name = noise.cells(p.at(scale=p.uniform(0.3, 0.5)))
    glass = noise.palette(name, *(p.colour(saturation=(0.7, 1), value=(0.5, 1)) for _ in range(6)))
    lead = p.coverage((edge - 0.07) * 0.4)
    lit = 0.7 + 0.7 * edge + 0.12 * noise.soft_noise(p, 12, octaves=2) + 0.25 * _smooth(0.45, 0.1, centre)
    rim = 0.25 * _smooth(0.045, 0.02, edge)
    p.fill(torch.lerp(glass * lit, torch.full_like(glass, 0.05) + rim, lead))


LETTERS = {
    "A": "0E11111F111111", "B": "1E11111E11111E", "C": "0E11101010110E", "D": "1E11111111111E", "E": "1F10101E10101F",
    "F": "1F10101E101010", "G": "0E11101711110E", "H": "1111111F111111", "I": "0E04040404040E", "J": "0702020202120C",
    "K": "11121418141211", "L": "1010101010101F", "M": "111B1515111111", "N": "11111915131111", "O": "0E11111111110E",
    "P": "1E11111E101010", "Q": "0E11111115120D", "R": "1E11111E141211", "S": "0F10100E01011E", "T": "1F040404040404",
    "U": "1111111111110E", "V": "11111111110A04", "W": "1111111515150A", "X": "11110A040A1111", "Y": "11110A04040404",
    "Z": "1F01020408101F", " ": "00000000000000",
}  # 5 x 7 dots: two hexadecimal digits a row
PAGE = """
THE QUICK BROWN FOX JUMPS OVER
A LAZY DOG WHILE SIX JOLLY CATS
WATCH FROM THE WARM STONE WALL
BY THE RIVER AND NOBODY KNOWS
HOW MANY BIRDS WILL SING WHEN
EVENING COMES WITH RED CLOUDS
SO WE READ EVERY WORD OF THIS
PAGE AND TURN TO THE NEXT ONE
WITH A CUP OF TEA IN THE GREEN
GARDEN OF MY OLD HOUSE WHERE
ZEBRAS AND QUEENS PLAY CHESS
UNTIL THE KING GIVES UP HIS
GOLD AND SAILS AWAY TO FIND
A BOX OF FINE LETTERS MADE
FOR PRINTING BOOKS IN HEAVY
INK ON WHITE PAPER AT NIGHT
""".split("\n")[1:-1]


def _printed(lines: list[str]) -> Tensor:
    """The page as dots, (1, 1, 10 per line, 6 per letter)."""
    columns = max(map(len, lines)) + 1
    page = torch.zeros(len(lines) * 10, columns * 6)
    for i, text_line in enumerate(lines):
        for j, letter in enumerate(text_line):
            for y in range(7):
                bits = int(LETTERS[letter][2 * y:2 * y + 2], 16)
                page[i * 10 + 1 + y, j * 6:j * 6 + 5] = torch.tensor([(bits >> (4 - x)) & 1 for x in range(5)])
    return page[None, None]


PRINTED = _printed(PAGE)


@texture(tilt=0.2)
def text(p: Pen) -> None:
    paper = p.colour(hue=(0.08, 0.16), saturation=(0, 0.3), value=(0.82, 1))
    ink = p.colour(saturation=(0, 0.9), value=(0.02, 0.3))
    swap = p.chance(0.15)
    p.fill(torch.lerp(paper, ink, swap) * _fine(p, 0.03))
    dot = p.uniform(0.042, 0.06)
    height, width = PRINTED.shape[-2:]
    x = (p.x / dot + p.uniform(0, width)) % width / width * 2 - 1
    y = (p.y / dot + p.integer(0, 15) * 10) % height / height * 2 - 1
    where = torch.cat([x, y], 1).permute(0, 2, 3, 1)
    dots = F.grid_sample(PRINTED.expand(p.batch, -1, -1, -1), where, mode="bilinear", align_corners=False)
    p.paint((p.uniform(0.3, 0.5) - dots) * dot, torch.lerp(ink, paper, swap))


@texture()
def circuit_board(p: Pen) -> None:
    board = hsv(p.pick(p.uniform(0.33, 0.45), p.uniform(0.33, 0.62)), p.uniform(0.7, 1), p.uniform(0.2, 0.45))
    metal = p.pick(p.colour(hue=(0.1, 0.14), saturation=(0.4, 0.8), value=(0.8, 1)), board * 1.3 + 0.25)
    p.fill(board)
    q = p.at(scale=p.uniform(0.17, 0.22))
    t, column, row = _tiled(q, 1.0, 1.0)
    salt = p.uniform(0, 9)
    q.paint(_traces(t, column, row, salt) - 0.13, metal)
    pad = (hashed(column, row, salt + 3) < 0.34).float()
    q.paint(s.disc(t, 0.34), metal * 1.1, pad)
    q.paint(s.disc(t, 0.14), BLACK, pad)
    _chips(q, salt)


def _traces(t: Pen, column: Tensor, row: Tensor, salt: Tensor) -> Tensor:
    """How far the nearest trace between neighbouring nodes is; regions prefer one direction."""
    def edge(dx: int, dy: int, kind: float, share: float) -> Tensor:
        x, y = column + dx, row + dy
        bias = hashed((x / 5).floor(), (y / 5).floor(), salt + 1)
        share = share + 0.4 * torch.where(bias * 3 >= kind, (bias * 3 < kind + 1).float(), torch.zeros_like(bias))
        return hashed(x, y, salt + 11 * kind) < share
    a, b = (t.x - t.y) * 0.7071, (t.x + t.y) * 0.7071
    far = torch.full_like(t.x, 9.0)
    return s.union(*(torch.where(there, s.length((-along).clamp_min(0), across), far) for there, along, across in (
        (edge(0, 0, 0, 0.2), t.x, t.y), (edge(-1, 0, 0, 0.2), -t.x, t.y),
        (edge(0, 0, 1, 0.2), t.y, t.x), (edge(0, -1, 1, 0.2), -t.y, t.x),
        (edge(0, 0, 2, 0.16), b, a), (edge(-1, -1, 2, 0.16), -b, a))))


def _chips(q: Pen, salt: Tensor) -> None:
    t, column, row = _tiled(q, 8.0, 6.0)
    there = (hashed(column, row, salt + 5) < 0.7).float()
    half = 2.2 + 1.3 * hashed(column, row, salt + 6).mul(2).floor()
    pins = s.both(s.box(t.bent(_to_multiple(t.x, 0.9), t.y), 0.2, 2.1), t.x.abs() - half)
    t.paint(pins, rgb(0.82, 0.82, 0.8), there)
    body = s.box(t, half, 1.5, round=0.2)
    t.paint(body, BLACK * 2.5, there, relief=0.5)
    t.paint(s.disc(t.bent(t.x + half - 0.6, t.y - 0.8), 0.25), rgb(0.6, 0.6, 0.6), there)
    t.paint(s.both(s.box(t, half * 0.55, 0.1, at=(0, -0.1)), (t.x * 9).sin() * 0.1), rgb(0.75, 0.75, 0.75), there)


@texture()
def maze(p: Pen) -> None:
    light, dark = _contrast(p)
    hedge = p.chance(0.25) > 0
    wall = torch.where(hedge, p.colour(hue=(0.25, 0.38), saturation=(0.6, 0.9), value=(0.25, 0.5)), dark)
    p.fill(torch.where(hedge, p.colour(hue=(0.09, 0.14), saturation=(0.2, 0.4), value=(0.8, 0.95)), light))
    q = p.at(scale=p.uniform(0.2, 0.28))
    t, column, row = _tiled(q, 1.0, 1.0)
    salt = p.uniform(0, 9)

    def falls(dx: int, dy: int, way: int) -> Tensor:
        return (hashed(column + dx, row + dy, salt) * 4).floor() == way
    east, west = falls(0, 0, 0) | falls(1, 0, 1), falls(0, 0, 1) | falls(-1, 0, 0)
    south, north = falls(0, 0, 2) | falls(0, 1, 3), falls(0, 0, 3) | falls(0, -1, 2)
    arms = (torch.where(there, torch.maximum(-along, across.abs()), torch.full_like(t.x, 9.0))
            for there, along, across in ((east, t.x, t.y), (west, -t.x, t.y), (south, t.y, t.x), (north, -t.y, t.x)))
    q.paint(s.union(*arms) - p.uniform(0.13, 0.24), wall)


@thing(tilt=3.15, fills=1.2)
def mandala(p: Pen) -> None:
    n = p.pick(6.0, 8.0, 10.0, 12.0)
    a, b, c, d = (p.colour(saturation=(0.5, 1), value=(0.45, 1)) for _ in range(4))
    dark = p.colour(saturation=(0.6, 1), value=(0.1, 0.35))
    pale = p.colour(hue=(0.05, 0.2), saturation=(0.1, 0.5), value=(0.9, 1))
    between, on, many = p.around(n, math.pi / n), p.around(n), p.around(n * 3)
    p.paint(s.disc(p, 0.84), dark)
    for pen, reach, colour in ((on, 0.8, a), (between, 0.76, b)):
        _petal(pen, 0.5, 1.0, 0.34 * 6 / n, colour, pale)
    p.paint(s.disc(p, 0.64), pale)
    p.paint(s.disc(p, 0.6), c)
    many.paint(s.disc(many, 0.035, at=(0.62, 0)), dark)
    _petal(between, 0.2, 0.6, 0.24 * 6 / n, d, dark)
    _petal(on, 0.15, 0.52, 0.2 * 6 / n, pale, a)
    p.paint(s.disc(p, 0.27), dark)
    _petal(on, 0.02, 0.25, 0.1 * 6 / n, b, pale)
    p.paint(s.disc(p, 0.09), pale)
    p.paint(s.disc(p, 0.05), a)


def _petal(p: Pen, start: float, end: float, half_width: Tensor, colour: Tensor, inner: Tensor) -> None:
    """A pointed petal along the x axis with a rim and a heart of another colour."""
    at, half = ((start + end) / 2, 0.0), (end - start) / 2
    shape = s.lens(p, half, half_width, at=at)
    p.paint(shape, colour)
    p.line(shape, inner, width=0.025)
    p.paint(s.lens(p, half * 0.5, half_width * 0.45, at=at), inner)
    p.paint(s.disc(p, half_width * 0.18, at=at), colour * 0.6)


# ---- nature


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
    for t, column, row in _rows(q, 2.0, 1.0, shift=0.5):
        scale = s.disc(t.bent(t.x, t.y + 0.1), 1.12)
        tint = 0.7 + 0.5 * hashed(column, row, salt)
        shade = 0.45 + 0.65 * _smooth(-0.6, 1.0, t.y) + 0.3 * _smooth(0.5, 0, s.length(t.x + 0.3, t.y - 0.45))
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
        phase = (p.x + 1.1 * lean * rise.clamp(0, 0.4)) * length + TURN * chance
        phase = phase + lean * phase.cos()
        crest = torch.lerp(0.5 + 0.5 * phase.sin(), 1 - (phase / 2 - 0.785).sin().abs(), pointed)
        _wave(p, height * (0.45 + 0.35 * chance) * crest - rise, crest, height, sea, foam)


def _wave(p: Pen, below: Tensor, crest: Tensor, height: Tensor, sea: Tensor, foam: Tensor) -> None:
    """One row of waves; below: how far under its surface each point lies."""
    body = sea * (1.35 - 0.95 * _smooth(0, 0.95, below / height))
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
    t, column, row = _tiled(p, 5.0, 0.9, shift=0.37)
    salt = p.uniform(0, 9)
    tint = hashed(column, row, salt)
    slow = noise.stretched_noise(p.at(tint, 3 * tint, scale=4), (8, 40))
    knot_x, knot_y = (hashed(column, row, salt + 1) - 0.5) * 3.4, (hashed(column, row, salt + 2) - 0.5) * 0.5
    knot = s.length((t.x - knot_x) / 2.6, t.y - knot_y)
    bulge = torch.exp(-(knot / 0.13).square())
    height = t.y + 0.06 * slow + 0.55 * bulge + tint * 7
    grain = 0.5 + 0.5 * torch.sin(height * TURN * p.uniform(6, 9))
    fibres = noise.stretched_noise(p.at(scale=4), (12, 300))
    colour = torch.lerp(dark, pale, _smooth(0, 0.75, grain)) * (0.8 + 0.35 * tint) * (1 + 0.07 * fibres)
    p.fill(torch.lerp(colour, dark * 0.5, _smooth(0.085, 0.04, knot)))
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
        p.paint(0.5 - _smooth(0.14, 0.02, ridge) * (0.4 + 0.6 * strength), colour, soft=1.0)


@texture(tilt=0.25)
def clouds(p: Pen) -> None:
    blue = p.colour(hue=(0.54, 0.62), saturation=(0.5, 0.9), value=(0.65, 1))
    p.fill(torch.where(p.chance(0.12) > 0, p.colour(hue=(-0.04, 0.09), saturation=(0.4, 0.7), value=(0.8, 1)), blue))
    puff = noise.soft_noise(p, 6, octaves=4, gain=0.7)
    q = p.at(scale=p.uniform(0.42, 0.56))
    salt = p.uniform(0, 9)
    for t, column, row in _rows(q, 2.9, 1.35, shift=0.5, upward=False):
        there = (hashed(column, row, salt) < 0.85).float()
        body, height = _cumulus(t, column, row, salt)
        shade = 0.86 + 0.26 * (height + 0.25 * puff).clamp(-1.3, 0.6) - 0.16 * _smooth(0.1, 0.5, t.y)
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
    curl = _smooth(0.04, 0.16, edge)
    plate = mud * (0.75 + 0.3 * name) * (1.25 - 0.3 * curl) * _fine(p, 0.07)
    p.fill(torch.lerp(plate, mud * 0.4, _smooth(0.05, 0.02, fine) * 0.7))
    p.paint(0.5 - _smooth(0.075, 0.03, edge), mud * 0.12, soft=1.0)


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
    for layer, (scale, share) in enumerate(((0.17, 0.6), (0.3, 0.65), (0.42, 0.75))):
        q = p.at(p.uniform(-1, 1), p.uniform(-1, 1), scale * p.uniform(0.85, 1.15), p.uniform(-3, 3))
        _bubble_layer(q, share, p.uniform(0, 9))


def _bubble_layer(q: Pen, share: float, salt: Tensor) -> None:
    t, column, row = _tiled(q, shift=0.5)
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
    for t, _, _ in _rows(q, 2.0, 1.4, shift=0.5, upward=False):
        _feather(t, green, gold, teal, blue)


def _feather(t: Pen, green: Tensor, gold: Tensor, teal: Tensor, blue: Tensor) -> None:
    barbs = 0.75 + 0.4 * torch.sin(torch.atan2(t.x.abs(), 1.4 - t.y) * 60 + 6 * s.length(t.x, t.y))
    plume = s.ellipse(t, 1.0, 1.12, at=(0, 0.05))
    t.paint(plume, green * barbs * (1 - 0.6 * _smooth(-0.25, 0, plume)))
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
    for layer, (height, width, hue, saturation, value) in enumerate((
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
    size, grain = p.uniform(0.2, 0.28), _fine(p, 0.07)
    for layer in range(4):
        q = p.at(p.uniform(-1, 1), p.uniform(-1, 1), size * (1.0, 1.0, 0.9, 0.75)[layer], p.uniform(-3, 3))
        t, column, row = _tiled(q, shift=0.5)
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
