"""Instruments and things of the household."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hub.world import shapes as s
from hub.world.classes import thing
from hub.world.pen import BLACK, WHITE, Pen, rgb
from hub.world.things import parts


@thing(tilt=0.4)
def guitar(p: Pen) -> None:
    wood = p.pick(p.colour(hue=(0.04, 0.11), saturation=(0.6, 0.95), value=(0.6, 0.95)), parts.vivid(p))
    dark = p.colour(hue=(0.03, 0.08), saturation=(0.4, 0.8), value=(0.15, 0.32))
    q = p.at(0, 0.02, turn=p.uniform(-0.7, 0.7))
    waist = p.uniform(0.08, 0.15)
    body = s.blend(s.ellipse(q, 0.5, 0.42, at=(0, 0.57)), s.ellipse(q, 0.37, 0.3, at=(0, 0.07)), waist)
    p.paint(body - 0.02, wood * 0.3)
    p.paint(body + 0.03, WHITE * 0.9)
    p.paint(body + 0.06, wood * (1.12 - body.abs() * 0.1), relief=0.4)
    for radius, colour in ((0.21, dark), (0.185, WHITE * 0.9), (0.165, dark * 0.6), (0.14, BLACK)):
        p.paint(s.disc(q, radius, at=(0, 0.24)), colour)
    p.paint(s.box(q, 0.23, 0.045, at=(0, 0.68)), dark)
    neck = s.box(q, 0.07, 0.47, at=(0, -0.3))
    p.paint(neck - 0.02, BLACK)
    p.paint(neck, dark * 1.5)
    p.paint(s.both(parts.repeated(q, 0, 0.1).y.abs() - 0.014, neck), WHITE * 0.85)
    p.paint(s.disc(parts.repeated(q.mirrored(), 0, 0.1), 0.035, at=(0.145, 0)) + 9 * ((q.y + 0.86).abs() > 0.15), parts.STEEL)
    parts.solid(p, parts.taper(q, -0.99, 0.13, -0.74, 0.09), wood * 0.6, relief=0.1)
    strings = parts.repeated(q, 0.036)
    p.paint(s.both(strings.x.abs() - 0.006, q.x.abs() - 0.058, (q.y + 0.11).abs() - 0.79), WHITE, 0.75)


@thing(tilt=0.12)
def piano(p: Pen) -> None:
    wood = p.pick(BLACK * 2, p.colour(hue=(0.02, 0.08), saturation=(0.5, 0.9), value=(0.25, 0.55)),
                  p.colour(saturation=(0, 0.2), value=(0.7, 0.95)))
    gold = rgb(0.9, 0.72, 0.3)
    case = s.box(p, 0.95, 0.93, round=0.04)
    parts.solid(p, case, wood, relief=0.25, width=0.05)
    p.paint(s.box(p, 0.98, 0.05, at=(0, -0.9)), wood * 1.3)
    p.line(s.box(p.mirrored(), 0.26, 0.24, at=(0.62, -0.5)), gold, 0.03)
    sheet = s.box(p, 0.28, 0.25, at=(0, -0.48))
    p.paint(sheet, WHITE)
    p.paint(s.both(parts.repeated(p, 0, 0.1).y.abs() - 0.014, sheet + 0.05), BLACK)
    p.paint(s.box(p, 0.012, 0.25, at=(0, -0.48)), BLACK)
    _keys(p.at(0, 0.17, 0.9))
    p.paint(s.box(p, 0.98, 0.055, at=(0, 0.57)), wood * 0.7 + 0.05)
    p.paint(s.box(p, 0.66, 0.16, at=(0, 0.79)), wood * 0.45)
    p.paint(s.ellipse(parts.repeated(p, 0.2), 0.06, 0.035, at=(0, 0.86)) + 9 * (p.x.abs() > 0.3), gold)


def _keys(p: Pen) -> None:
    """A keyboard 2 wide and 0.8 high: black keys in twos and threes."""
    wide = 2 / p.integer(10, 15)
    bed = s.box(p, 1.0, 0.4)
    p.paint(bed, WHITE * (0.95 + 0.1 * p.y))
    gap = torch.round(p.x / wide)
    near = (p.x - gap * wide).abs()
    p.paint(s.both(near - 0.01, bed), BLACK)
    place = (gap + p.integer(0, 6)) % 7
    sharp = (place != 0) & (place != 3)
    key = s.both(near - wide * 0.29, p.y - 0.1, bed)
    p.paint(torch.where(sharp, key, 1.0), BLACK)
    p.paint(torch.where(sharp, s.both(near - wide * 0.12, p.y - 0.02, bed), 1.0), parts.STEEL * 0.5)
    p.line(bed, BLACK, 0.05)
    p.paint(s.box(p, 1.0, 0.03, at=(0, -0.38)), rgb(0.7, 0.1, 0.12))


@thing(tilt=0.2)
def clock(p: Pen) -> None:
    frame = p.pick(parts.vivid(p), p.colour(hue=(0.05, 0.12), saturation=(0.5, 0.8), value=(0.35, 0.85)), BLACK * 2.5)
    face = p.pick(WHITE, WHITE, rgb(0.96, 0.9, 0.74), BLACK * 2)
    ink = torch.where(face.mean(1, keepdim=True) > 0.5, BLACK, WHITE)
    alarm = p.chance(0.3)
    q = p.at(0, 0.1 * alarm, 0.97 - 0.17 * alarm)
    _bells(q.mirrored(), frame, alarm)
    p.paint(s.disc(q, 1.0), frame, relief=0.6)
    p.line(s.disc(q, 1.0), frame * 0.2, 0.04)
    p.paint(s.disc(q, 0.83), frame * 0.3)
    p.paint(s.disc(q, 0.79), face * (1 - 0.1 * q.y))
    numerals = p.chance(0.55)
    _ticks(q, ink, numerals)
    _numerals(q, ink, numerals)
    _hands(q, ink)


def _bells(p: Pen, colour: Tensor, there: Tensor) -> None:
    p.paint(s.stroke(p, (0.5, 0.8), (0.66, 1.05), 0.14), BLACK, there)
    bell = p.at(0.62, -0.92, 0.36, turn=0.6)
    shape = s.both(s.disc(bell, 1.0), bell.y - 0.15)
    p.paint(shape, colour, there, relief=0.5)
    p.line(shape, colour * 0.25, 0.1, there)


def _ticks(p: Pen, ink: Tensor, numerals: Tensor) -> None:
    p.paint(s.box(p.around(60), 0.03, 0.008, at=(0.74, 0)), ink, 0.8)
    p.paint(s.box(p.around(12), 0.055, 0.022, at=(0.72, 0)), ink)
    p.paint(s.box(p.around(4), 0.09, 0.04, at=(0.68, 0)), ink, 1 - numerals)
    p.paint(s.disc(p.around(12), 0.035, at=(0.55, 0)), ink, numerals * (p.around(4).y.abs() > 0.2))


def _numerals(p: Pen, ink: Tensor, there: Tensor) -> None:
    one = s.stroke(p, (-0.1, -0.66), (-0.1, -0.44), 0.055)
    two = s.union(s.arc(p.at(0.06, -0.6), 0.06, 0.05, 1.6, -math.pi / 2),
                  s.stroke(p, (0.12, -0.6), (0.0, -0.43), 0.05), s.stroke(p, (0.0, -0.43), (0.13, -0.43), 0.05))
    three = s.union(*(s.arc(p.at(0.52, y), 0.06, 0.05, 2.0, 0.0) for y in (-0.06, 0.06)))
    six = s.union(s.ring(s.disc(p, 0.07, at=(0, 0.59)), 0.05), s.stroke(p, (-0.065, 0.58), (0.03, 0.43), 0.05))
    nine = s.union(s.ring(s.disc(p, 0.07, at=(-0.54, -0.04)), 0.05), s.stroke(p, (-0.475, -0.03), (-0.57, 0.12), 0.05))
    p.paint(s.union(one, two, three, six, nine), ink, there)


def _hands(p: Pen, ink: Tensor) -> None:
    hour, minute = p.uniform(0, 12), p.uniform(0, 1)
    short, long = p.at(turn=(hour.floor() + minute) * math.pi / 6), p.at(turn=minute * 2 * math.pi)
    thin = p.at(turn=p.uniform(0, 6.28))
    p.paint(s.stroke(short, (0, 0.08), (0, -0.42), 0.13, 0.06), ink)
    p.paint(s.stroke(long, (0, 0.1), (0, -0.64), 0.1, 0.04), ink)
    p.paint(s.stroke(thin, (0, 0.18), (0, -0.66), 0.025), rgb(0.85, 0.1, 0.1), p.chance(0.6))
    p.paint(s.disc(p, 0.075), rgb(0.8, 0.6, 0.25))


@thing(tilt=0.45)
def umbrella(p: Pen) -> None:
    first, second = parts.vivid(p), p.pick(WHITE, parts.vivid(p))
    second = torch.where(p.chance(0.35) > 0, first * 0.72, second)
    shaft = p.uniform(0.66, 0.76)
    p.paint(s.stroke(p, (0, -0.98), (0, shaft), 0.055), parts.STEEL * 0.8)
    hook = s.arc(parts.either_way(p).at(0.14, shaft), 0.14, 0.09, 1.75, 1.75)
    parts.solid(p, hook, rgb(0.45, 0.25, 0.12), relief=0, width=0.025)
    radius, panels = 0.97, p.pick(3.0, 4.0, 3.5)
    q = p.at(0, 0.06, stretch=1.0)
    half = radius * (1 - (q.y / 0.95).clamp(-1, 0).square()).clamp_min(1e-4).sqrt()
    across = (q.x / half).clamp(-1, 1).asin() / math.pi * 2
    place = (across + 1) * panels
    scallop = 0.13 * (place * math.pi).sin().abs() * (1 - 0.4 * across.square())
    canopy = s.both(s.ellipse(q, radius, 0.95), q.y + scallop - 0.04)
    cloth = torch.lerp(first, second, parts.stripe(place, p.pixel * 2))
    p.paint(canopy, cloth * (0.85 + 0.35 * (q.x * p.light[:, :1] + q.y * p.light[:, 1:])))
    rib = (place - torch.round(place)).abs() / panels * half * 0.9 - 0.013
    p.paint(s.both(rib, canopy), first * 0.25)
    p.line(canopy, first * 0.22, 0.045)
    p.paint(s.disc(p, 0.05, at=(0, -0.92)), BLACK)


@thing(tilt=0.15)
def teacup(p: Pen) -> None:
    china, decor = p.pick(WHITE, p.colour(saturation=(0.05, 0.3), value=(0.85, 1)), parts.vivid(p)), parts.vivid(p)
    q = parts.either_way(p)
    for shift in (-0.25, 0.22):
        wave = (q.x - shift - 0.07 * (q.y * p.uniform(8, 12) + p.uniform(0, 6)).sin()).abs() - 0.035
        p.paint(s.both(wave, (q.y + 0.68).abs() - 0.28), WHITE, 0.8, soft=0.06)
    plate = s.ellipse(q, 0.96, 0.2, at=(0, 0.72))
    parts.solid(p, plate, china, relief=0.2)
    p.line(s.ellipse(q, 0.84, 0.15, at=(0, 0.71)), decor, 0.04)
    p.paint(s.ellipse(q, 0.5, 0.1, at=(0, 0.72)), china * 0.55, soft=0.06)
    handle = s.ring(s.ellipse(q, 0.24, 0.25, at=(0.64, 0.04)), 0.12)
    parts.solid(p, handle, china * 0.92, relief=0.1)
    bowl = s.both(s.ellipse(q, p.uniform(0.62, 0.7), p.uniform(0.9, 1.0), at=(0, -0.22)), -0.22 - q.y, q.y - 0.68)
    p.paint(bowl, china * (0.95 + 0.35 * q.x * p.light[:, :1] - 0.5 * q.x.square()))
    _china_decor(p, q, bowl, decor)
    p.line(bowl, china * 0.25)
    rim = s.ellipse(q, 0.66, 0.17, at=(0, -0.22))
    parts.solid(p, rim, china, relief=0)
    tea = s.ellipse(q, 0.57, 0.12, at=(0, -0.2))
    p.paint(tea, p.colour(hue=(0.03, 0.1), saturation=(0.7, 1), value=(0.3, 0.65)))
    p.line(s.ellipse(q, 0.4, 0.07, at=(0, -0.2)), rgb(0.85, 0.6, 0.3), 0.025)


def _china_decor(p: Pen, q: Pen, bowl: Tensor, colour: Tensor) -> None:
    """Dots, flutes or bands on a cup."""
    dots = s.petals(parts.repeated(q.at(0, 0.12), 0.3, 0.3), 5, 0.11, 0.05)
    flutes = parts.repeated(q, 0.16).x.abs() - 0.03
    bands = torch.minimum((q.y - 0.05).abs(), (q.y - 0.36).abs()) - 0.05
    p.paint(s.both(p.pick(dots, flutes, bands), bowl + 0.05), colour)
