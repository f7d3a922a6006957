"""What a technique has to show: `Result`, every part of it optional, with `Curve` for its charts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image as PILImage

if TYPE_CHECKING:
    from hub.recipe import Recipe

Image = PILImage.Image


@dataclass(frozen=True)
class Curve:
    """A line on a chart: y over x. `label_x` and `label_y` name the axes with their units.

    chart: curves of one chart stand in one drawing, each under its own name, on the axes of the first; alone where "".
    kind: "line"; "points", marks that nothing joins; "reference", dashed and quiet, for an exact optimum or a baseline: where it
        has one point, it runs across the whole chart at that height.
    spread: how far each point may lie above or below, in the unit of y, drawn as error bars; none where empty.
    log: which axes are logarithmic. Points that are not positive are left out of those.
    """

    x: list[float]
    y: list[float]
    label_x: str = "step"
    label_y: str = ""
    chart: str = ""
    kind: Literal["line", "reference", "points"] = "line"
    spread: list[float] = field(default_factory=list)
    log: Literal["", "x", "y", "xy"] = ""


@dataclass
class Result:
    """What a technique has to show, at the end or on the way. Every field is optional; front ends show those present.

    image: the picture; on the way it may be given as a function, which is called when somebody first looks.
        Look at a preview before asking for the next.
    images: further pictures with captions.
    curves: name -> Curve; on the way it may be given as a function too.
    table: rows of one mapping each, column name -> value.
    metrics: name -> number, figures of quality.
    caption: one or two sentences about this very result.
    files: file name -> bytes, for download. On the way, what there is so far, to go on from where the run is stopped or killed;
        then it had better be a function, which is called every few seconds at most.
    progress: share of the work done, in [0, 1]; the last result has 1.
    recipe: how the result was made; filled in by the hub.
    """

    image: Any = None
    images: list[tuple[Image, str]] = field(default_factory=list)
    curves: Any = field(default_factory=dict)
    table: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    caption: str = ""
    files: Any = field(default_factory=dict)
    progress: float = 0.0
    recipe: Recipe | None = None

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name in ("image", "curves", "files") and callable(value):
            value = value()
            setattr(self, name, value)
        return value

    def save(self, path: str) -> None:
        """Write the picture as a PNG that carries its recipe. Nothing half-written: a temporary file, then a rename."""
        from hub.recipe import save_png

        save_png(self, path)
