"""Curves as drawings: each chart one figure, with its axes, a key, and the same in words for those who do not see it.

The drawing is as wide as the page lets it be and its text as large as any other, so positions are per cents of the plot. Lines
are told apart by colour and, where colours are not seen, by the shape of their marks; references by their dashes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from hub.axis import LARGEST, Axis
from hub.results import Curve

MOST_POINTS = 300  # of a line that are drawn
ALL_MARKED = 24  # up to so many points each has its mark; longer lines have a few, for the eye to follow
SOME_MARKED = 6
ACROSS, UP = 2, 6  # per cent of the plot left free at both ends of its axes, so that a line at the very bottom is seen
SHAPES = (  # marks about the point 0, 0: circle, square, triangle, diamond, triangle down, plus, cross, ring
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "M-3.2-3.2h6.4v6.4h-6.4z",
    "M0-4.6L4.3 3.2H-4.3z",
    "M0-4.8L4.8 0L0 4.8L-4.8 0z",
    "M0 4.6L4.3-3.2H-4.3z",
    "M-1.4-4.6h2.8v3.2h3.2v2.8h-3.2v3.2h-2.8v-3.2h-3.2v-2.8h3.2z",
    "M0-2L2.6-4.6L4.6-2.6L2 0L4.6 2.6L2.6 4.6L0 2L-2.6 4.6L-4.6 2.6L-2 0L-4.6-2.6L-2.6-4.6z",
    "M-4.4 0a4.4 4.4 0 1 0 8.8 0a4.4 4.4 0 1 0-8.8 0zM-2.2 0a2.2 2.2 0 1 1 4.4 0a2.2 2.2 0 1 1-4.4 0z",
)
DASHES = 3  # patterns of reference lines
Point = tuple[float, float, float]
"""x, y, and how far y may lie above or below."""


def drawings(curves: Mapping[str, Curve]) -> str:
    """One figure for each chart, in the order of their first curves; those with nothing to show yet are left out."""
    charts: dict[tuple[str, str], dict[str, Curve]] = {}
    for name, curve in curves.items():
        charts.setdefault((curve.chart, "" if curve.chart else name), {})[name] = curve
    return "".join(_drawing(chart or name, held) for (chart, name), held in charts.items())


def words(name: str) -> str:
    """A name as a heading.

    >>> words("held_out loss")
    'Held out loss'
    """
    spaced = name.replace("_", " ")
    return spaced[:1].upper() + spaced[1:]


# ---------------------------------------------------------------- lines


@dataclass(frozen=True)
class Line:
    """A curve as it is drawn.

    level: whether it is one height across the whole chart. style: which colour and shape, or which dashes, among its own kind.
    """

    name: str
    kind: str
    points: list[Point]
    level: bool
    style: int

    @property
    def look(self) -> str:
        """Its class in the style sheet."""
        if self.kind == "reference":
            return f"reference dashes-{self.style % DASHES + 1}"
        return f"ink-{self.style % len(SHAPES) + 1}"

    def mark(self, x: float, y: float, unit: str = "%") -> str:
        """Its shape at a place; past as many lines as there are colours, a colour comes with another shape."""
        shape = SHAPES[(self.style + self.style // len(SHAPES)) % len(SHAPES)]
        return f'<svg x="{x:.2f}{unit}" y="{y:.2f}{unit}" class="mark {self.look}"><path d="{shape}"/></svg>'

    def key(self) -> str:
        """What it looks like, its name, and its height where it has one."""
        stroke = "" if self.kind == "points" else f'<line x1="0" x2="28" y1="6" y2="6" class="{self.look}"/>'
        mark = "" if self.kind == "reference" else self.mark(14, 6, "")
        height = f" <span>{self.points[0][1]:.3g}</span>" if self.level else ""
        return f'<li><svg width="28" height="12" aria-hidden="true">{stroke}{mark}</svg>{escape(self.name)}{height}</li>'

    def said(self) -> str:
        """Its course in words."""
        first, last = self.points[0][1], self.points[-1][1]
        return f"at {first:.3g}" if len(self.points) == 1 else f"from {first:.3g} to {last:.3g}"


def _lines(curves: Mapping[str, Curve], log: str) -> list[Line]:
    """Those that have something to show. A style belongs to a curve's place in the chart, whether or not it has begun."""
    lines, styles = [], {True: 0, False: 0}
    for name, curve in curves.items():
        reference = curve.kind == "reference"
        level = reference and len(curve.y) == 1
        points = _thinned(_points(curve, log.replace("x", "") if level else log))
        lines.append(Line(words(name), curve.kind, points, level, styles[reference]))
        styles[reference] += 1
    return [line for line in lines if line.points]


def _points(curve: Curve, log: str) -> list[Point]:
    """The points that can be drawn: finite, and positive on the axes that are logarithmic."""
    spread = [*curve.spread, *[0.0] * len(curve.y)]
    return [
        (x, y, s if 0 < s < LARGEST else 0.0)
        for x, y, s in zip(curve.x, curve.y, spread, strict=False)
        if ("x" not in log and abs(x) < LARGEST or 1 / LARGEST < x < LARGEST)
        and ("y" not in log and abs(y) < LARGEST or 1 / LARGEST < y < LARGEST)
    ]


def _thinned(points: list[Point]) -> list[Point]:
    stride = max(1, math.ceil((len(points) - 1) / (MOST_POINTS - 1)))
    return [*points[:-1:stride], *points[-1:]]


def _marked(line: Line, across: Axis) -> list[Point]:
    """Which points have a mark: all of a few, else some evenly over the plot, each line's beside the others'."""
    if line.kind == "points" or len(line.points) <= ALL_MARKED:
        return line.points
    places = [(k + (line.style % 4 + 0.5) / 4) * 100 / SOME_MARKED for k in range(SOME_MARKED)]
    return list(dict.fromkeys(min(line.points, key=lambda point: abs(across.at(point[0]) - place)) for place in places))


# ---------------------------------------------------------------- a chart


def _drawing(title: str, curves: Mapping[str, Curve]) -> str:
    first = next(iter(curves.values()))
    every = _lines(curves, first.log)
    free = [point for line in every if not line.level for point in line.points]
    if len(free) < 2:
        return ""
    across = Axis.over([x for x, _, _ in free], ACROSS, "x" in first.log)
    heights = [height for line in every for _, y, s in line.points for height in (y - s, y, y + s)]
    up = Axis.over(heights, UP, "y" in first.log)
    drawn = _grid(across, up) + _strokes(every, across, up) + _bars(every, across, up)
    plain = not first.chart and first.kind == "line" and not first.spread
    drawn += "" if plain else _marks(every, across, up)
    key = "".join(line.key() for line in every) if first.chart else ""
    unit = f" <span>{escape(first.label_y)}</span>" if first.label_y not in ("", title) else ""
    return (
        f'<figure class="curve{" several" if first.chart else ""}"><figcaption>{escape(words(title))}{unit}</figcaption>'
        f"{f'<ul>{key}</ul>' if key else ''}"
        f'<svg class="plot" role="img" aria-label="{escape(_said(title, first, every, free))}">{drawn}'
        f'<text x="50%" y="100%" dy="34" class="middle">{escape(first.label_x)}</text></svg></figure>'
    )


def _said(title: str, first: Curve, lines: Sequence[Line], free: Sequence[Point]) -> str:
    left, right = min(x for x, _, _ in free), max(x for x, _, _ in free)
    over = f"over {first.label_x} {left:.3g} to {right:.3g}"
    if not first.chart:
        return f"{words(title)}: {lines[0].said()} {over}."
    return f"{words(title)} {over}. " + " ".join(f"{line.name}: {line.said()}." for line in lines)


def _grid(across: Axis, up: Axis) -> str:
    rows = "".join(
        f'<line class="grid" x1="0" x2="100%" y1="{100 - at:.2f}%" y2="{100 - at:.2f}%"/>'
        f'<text x="0" y="{100 - at:.2f}%" dx="-8" dy="4" class="end">{text}</text>'
        for at, text in up.ticks().items()
    )
    columns = "".join(
        f'<svg x="{at:.2f}%" y="100%"><path class="axis" d="M0 0V4"/><text y="17" class="middle">{text}</text></svg>'
        for at, text in across.ticks().items()
    )
    return f'{rows}{columns}<line class="axis" x1="0" x2="100%" y1="100%" y2="100%"/>'


def _strokes(lines: Sequence[Line], across: Axis, up: Axis) -> str:
    def path(line: Line) -> str:
        ends = [(0.0, line.points[0][1]), (100.0, line.points[0][1])]
        places = ends if line.level else [(across.at(x), y) for x, y, _ in line.points]
        return " ".join(f"{x:.2f},{100 - up.at(y):.2f}" for x, y in places)

    drawn = "".join(f'<polyline class="{line.look}" points="{path(line)}"/>' for line in lines if line.kind != "points")
    return f'<svg viewBox="0 0 100 100" preserveAspectRatio="none">{drawn}</svg>'


def _bars(lines: Sequence[Line], across: Axis, up: Axis) -> str:
    def bar(line: Line, x: float, low: float, high: float) -> str:
        at, ends = f"{across.at(x):.2f}%", [f"{100 - up.at(y):.2f}%" for y in (low, high)]
        caps = "".join(f'<svg x="{at}" y="{end}"><path class="bar {line.look}" d="M-4 0H4"/></svg>' for end in ends)
        return f'<line class="bar {line.look}" x1="{at}" x2="{at}" y1="{ends[0]}" y2="{ends[1]}"/>{caps}'

    return "".join(bar(line, x, y - s, y + s) for line in lines for x, y, s in line.points if s and not line.level)


def _marks(lines: Sequence[Line], across: Axis, up: Axis) -> str:
    return "".join(
        line.mark(across.at(x), 100 - up.at(y))
        for line in lines if line.kind != "reference" for x, y, _ in _marked(line, across)
    )
