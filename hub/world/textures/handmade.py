"""Patterns that hands make."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.world import noise
from hub.world import shapes as s
from hub.world.classes import texture, thing
from hub.world.noise import hashed
from hub.world.pen import BLACK, Pen, hsv, rgb
from hub.world.textures import parts


@texture()
def bricks(p: Pen) -> None:
    clay = p.colour(hue=(-0.01, 0.07), saturation=(0.45, 0.8), value=(0.5, 0.8))
    mortar = p.colour(hue=(0.05, 0.15), saturation=(0, 0.2), value=(0.75, 1)) * p.pick(1.0, 1.0, 0.25)
    q = p.at(scale=p.uniform(0.13, 0.19))
    t, column, row = parts.tiled(q, 4.4, 2.0, shift=0.5)
    p.fill(mortar * parts.fine(p))
    age = hashed(column, row, p.uniform(0, 9))
    burnt = clay * (0.6 + 0.6 * age) * parts.fine(p, 0.1) + 0.08 * (hashed(column, row, 5.5) - 0.5) * rgb(0, 1, 1)
    brick = s.box(t, 2.0, 0.82, round=0.15)
    bevel = 1 + 0.3 * parts.smooth(-0.25, 0, brick) * torch.tanh(3 * (t.x * t.light[:, :1] * 0.4 + t.y * t.light[:, 1:]))
    t.paint(brick, burnt * bevel)


@texture()
def basket_weave(p: Pen) -> None:
    straw = p.colour(hue=(0.06, 0.13), saturation=(0.35, 0.75), value=(0.7, 1))
    q = p.at(scale=p.uniform(0.2, 0.28))
    t, column, row = parts.tiled(q)
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
    for t, column, row in parts.rows(q, 2.0, 1.35, shift=0.0, upward=False):
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
    lit = 0.7 + 0.7 * edge + 0.12 * noise.soft_noise(p, 12, octaves=2) + 0.25 * parts.smooth(0.45, 0.1, centre)
    rim = 0.25 * parts.smooth(0.045, 0.02, edge)
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
""".split("\n")[1:-1]  # noqa: SIM905


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
    p.fill(torch.lerp(paper, ink, swap) * parts.fine(p, 0.03))
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
    t, column, row = parts.tiled(q, 1.0, 1.0)
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
    t, column, row = parts.tiled(q, 8.0, 6.0)
    there = (hashed(column, row, salt + 5) < 0.7).float()
    half = 2.2 + 1.3 * hashed(column, row, salt + 6).mul(2).floor()
    pins = s.both(s.box(t.bent(parts.to_multiple(t.x, 0.9), t.y), 0.2, 2.1), t.x.abs() - half)
    t.paint(pins, rgb(0.82, 0.82, 0.8), there)
    body = s.box(t, half, 1.5, round=0.2)
    t.paint(body, BLACK * 2.5, there, relief=0.5)
    t.paint(s.disc(t.bent(t.x + half - 0.6, t.y - 0.8), 0.25), rgb(0.6, 0.6, 0.6), there)
    t.paint(s.both(s.box(t, half * 0.55, 0.1, at=(0, -0.1)), (t.x * 9).sin() * 0.1), rgb(0.75, 0.75, 0.75), there)


@texture()
def maze(p: Pen) -> None:
    light, dark = parts.contrast(p)
    hedge = p.chance(0.25) > 0
    wall = torch.where(hedge, p.colour(hue=(0.25, 0.38), saturation=(0.6, 0.9), value=(0.25, 0.5)), dark)
    p.fill(torch.where(hedge, p.colour(hue=(0.09, 0.14), saturation=(0.2, 0.4), value=(0.8, 0.95)), light))
    q = p.at(scale=p.uniform(0.2, 0.28))
    t, column, row = parts.tiled(q, 1.0, 1.0)
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
    for pen, colour in ((on, a), (between, b)):
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
