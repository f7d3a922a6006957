"""Shapes as signed distances: negative inside, zero on the edge, in the units of the pen's frame.

Each takes `p`, anything with x and y of (B, 1, H, W) (a `Pen`), and returns (B, 1, H, W). Numbers may be floats or
(B, 1, 1, 1) tensors. Some are bounds rather than exact distances; near the edge, where it matters, they are close.
Source of the formulas: the elementary geometry of distance functions (Hart 1996, "Sphere tracing").
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hub.world.pen import Number, Pen

Point = tuple[Number, Number]


def _t(value: Number) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float32)


def length(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean length, with a slope at the origin."""
    return (x.square() + y.square() + 1e-12).sqrt()


def disc(p: Pen, radius: Number, at: Point = (0.0, 0.0)) -> Tensor:
    """All within `radius` of `at`."""
    return length(p.x - at[0], p.y - at[1]) - radius


def ellipse(p: Pen, rx: Number, ry: Number, at: Point = (0.0, 0.0), turn: Number = 0.0) -> Tensor:
    """First-order distance: f / |grad f|."""
    x, y = _turned(p.x - at[0], p.y - at[1], turn)
    k = length(x / rx, y / ry)
    return k * (k - 1) / length(x / _t(rx) ** 2, y / _t(ry) ** 2).clamp_min(1e-4)


def box(p: Pen, half_width: Number, half_height: Number, at: Point = (0.0, 0.0), turn: Number = 0.0,
        round: Number = 0.0) -> Tensor:
    """A rectangle; `round` is the radius of its corners, inside the given size."""
    x, y = _turned(p.x - at[0], p.y - at[1], turn)
    dx, dy = x.abs() - half_width + round, y.abs() - half_height + round
    return length(dx.clamp_min(0), dy.clamp_min(0)) + torch.maximum(dx, dy).clamp_max(0) - round


def stroke(p: Pen, a: Point, b: Point, width: Number, end: Number | None = None) -> Tensor:
    """A straight stroke with round ends from a to b; `width` at a, `end` at b (the same where not given)."""
    ax, ay = p.x - a[0], p.y - a[1]
    bx, by = _t(b[0]) - a[0], _t(b[1]) - a[1]
    along = ((ax * bx + ay * by) / (bx * bx + by * by + 1e-9)).clamp(0, 1)
    half = _t(width) / 2 if end is None else _t(width) / 2 + (_t(end) - width) / 2 * along
    return length(ax - bx * along, ay - by * along) - half


def curve(p: Pen, a: Point, b: Point, c: Point, width: Number, end: Number | None = None, steps: int = 8) -> Tensor:
    """A stroke along the quadratic Bezier curve from a towards b to c."""
    end = width if end is None else end
    widths = [_t(width) + (_t(end) - width) * i / steps for i in range(steps + 1)]
    knots = []
    for i in range(steps + 1):
        t = i / steps
        u, v, w = (1 - t) ** 2, 2 * t * (1 - t), t * t
        knots.append((u * _t(a[0]) + v * b[0] + w * c[0], u * _t(a[1]) + v * b[1] + w * c[1]))
    return union(*(stroke(p, knots[i], knots[i + 1], widths[i], widths[i + 1]) for i in range(steps)))


def polygon(p: Pen, points: Sequence[Point]) -> Tensor:
    """Any simple polygon, its corners in order."""
    nearest, sign = None, torch.ones_like(p.x)
    for (ax, ay), (bx, by) in zip(points, [points[-1], *points[:-1]], strict=False):
        ex, ey, wx, wy = _t(bx) - ax, _t(by) - ay, p.x - ax, p.y - ay
        along = ((wx * ex + wy * ey) / (ex * ex + ey * ey + 1e-9)).clamp(0, 1)
        d = (wx - ex * along).square() + (wy - ey * along).square()
        nearest = d if nearest is None else torch.minimum(nearest, d)
        above, below, left = p.y >= ay, p.y < by, ex * wy > ey * wx
        sign = torch.where((above & below & left) | ~(above | below | left), -sign, sign)
    return sign * (nearest + 1e-12).sqrt()


def star(p: Pen, points: Number, radius: Number = 1.0, inner: Number = 0.5, phase: Number = -math.pi / 2) -> Tensor:
    """A star of `points` rays, from `inner` to `radius`; one ray points up."""
    sector = math.pi / _t(points)
    angle = torch.atan2(p.y, p.x) - phase
    angle = (angle - 2 * sector * torch.round(angle / (2 * sector))).abs()
    r = length(p.x, p.y)
    x, y = r * angle.cos(), r * angle.sin()
    ix, iy = inner * sector.cos(), inner * sector.sin()
    nx, ny = iy, radius - ix
    return ((x - radius) * nx + y * ny) / (nx * nx + ny * ny).sqrt()


def petals(p: Pen, n: Number, radius: Number = 1.0, inner: Number = 0.55, phase: Number = 0.0) -> Tensor:
    """A flower outline: its edge waves n times between `inner` and `radius`."""
    r, angle = length(p.x, p.y), torch.atan2(p.y, p.x) - phase
    edge = inner + (_t(radius) - inner) * (0.5 + 0.5 * (angle * n).cos()).sqrt()
    return (r - edge) * 0.7


def heart(p: Pen, size: Number = 1.0) -> Tensor:
    """An upright heart, about `size` in half-width, its point down: two discs and a wedge under them."""
    x, y = (p.x / size).abs(), p.y / size
    lobe = length(x - 0.46, y + 0.34) - 0.53
    wedge = torch.maximum(x * 0.76 + (y - 0.93) * 0.65, -0.2 - y)
    return torch.minimum(lobe, wedge) * size


def lens(p: Pen, half_width: Number, half_height: Number, at: Point = (0.0, 0.0), turn: Number = 0.0) -> Tensor:
    """Two arcs that meet in points left and right: an eye, a leaf, a petal."""
    x, y = _turned(p.x - at[0], p.y - at[1], turn)
    w, h = _t(half_width), _t(half_height)
    radius = (w * w + h * h) / (2 * h)
    return length(x, y.abs() + radius - h) - radius


def crescent(p: Pen, radius: Number = 1.0, bite: Number = 0.9, offset: Number = 0.45) -> Tensor:
    """A disc less another disc shifted to the right."""
    return cut(disc(p, radius), disc(p, bite, at=(offset, 0.0)))


def arc(p: Pen, radius: Number, width: Number, spread: Number, phase: Number = math.pi / 2) -> Tensor:
    """Part of a ring, round-ended: `spread` radians to each side of the direction `phase` (pi/2 is down)."""
    angle = torch.atan2(p.y, p.x) - phase
    angle = (angle - 2 * math.pi * torch.round(angle / (2 * math.pi))).abs()
    r, spread = length(p.x, p.y), _t(spread)
    near = torch.minimum(angle, spread)
    x, y = r * angle.cos(), r * angle.sin()
    return length(x - radius * near.cos(), y - radius * near.sin()) - _t(width) / 2


def ring(distance: Tensor, width: Number) -> Tensor:
    """The contour of a shape as a shape."""
    return distance.abs() - _t(width) / 2


def union(*distances: Tensor) -> Tensor:
    """What is inside any of the shapes."""
    out = distances[0]
    for d in distances[1:]:
        out = torch.minimum(out, d)
    return out


def both(*distances: Tensor) -> Tensor:
    """What is inside all of the shapes."""
    out = distances[0]
    for d in distances[1:]:
        out = torch.maximum(out, d)
    return out


def cut(shape: Tensor, hole: Tensor) -> Tensor:
    """A shape without what lies inside the hole."""
    return torch.maximum(shape, -hole)


def blend(a: Tensor, b: Tensor, radius: Number = 0.1) -> Tensor:
    """A union whose seam is rounded, as of soft bodies."""
    k = _t(radius)
    h = (0.5 + 0.5 * (b - a) / k).clamp(0, 1)
    return torch.lerp(b, a, h) - k * h * (1 - h)


def _turned(x: Tensor, y: Tensor, turn: Number) -> tuple[Tensor, Tensor]:
    if not isinstance(turn, Tensor) and not turn:
        return x, y
    cos, sin = _t(turn).cos(), _t(turn).sin()
    return x * cos + y * sin, y * cos - x * sin
