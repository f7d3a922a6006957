"""Eyes, ears, noses and fur, for all who have them."""

from __future__ import annotations

from torch import Tensor

from hub.world import shapes as s
from hub.world.pen import BLACK, WHITE, Number, Pen, rgb

PINK, RED, GOLD = rgb(0.95, 0.62, 0.62), rgb(0.85, 0.1, 0.13), rgb(0.98, 0.76, 0.12)


def part(p: Pen, shape: Tensor, colour: Tensor, relief: Number = 0.4, edge: float = 0.05, opacity: Number = 1.0) -> None:
    """A rounded part with a dark contour."""
    p.paint(shape, colour, opacity, relief=relief)
    p.line(shape, colour * 0.28, width=edge, opacity=opacity)


def seeing(p: Pen, shape: Tensor, iris: Tensor, white: Tensor = WHITE, size: Number = 0.72, slit: Number = 1.0,
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


def ball(p: Pen, iris: Tensor, white: Tensor = WHITE, size: Number = 0.72, slit: Number = 1.0) -> None:
    """A round eye, about 1 in radius."""
    seeing(p, s.disc(p, 1.0), iris, white, size, slit)


def bead(p: Pen, colour: Tensor = BLACK) -> None:
    """A dark shiny eye."""
    p.paint(s.disc(p, 1.0), BLACK)
    p.paint(s.disc(p, 0.78), (colour * (1 + 0.6 * p.y)).clamp(0, 1))
    p.paint(s.disc(p, 0.5), BLACK)
    p.paint(s.disc(p, 0.32, at=(-0.3, -0.35)), WHITE)
    p.paint(s.disc(p, 0.15, at=(0.35, 0.38)), WHITE, opacity=0.7)


def brown(p: Pen) -> Tensor:
    """A brown of fur or bark, another on every sheet."""
    return p.colour(hue=(0.04, 0.09), saturation=(0.5, 0.9), value=(0.3, 0.6))
