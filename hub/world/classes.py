"""The list of named pictures: every drawing function enters here, and its name is its class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hub.world.pen import Pen

Draw = Callable[[Pen], None]


@dataclass(frozen=True)
class PictureClass:
    """One kind of picture. `whole` textures fill the sheet; things stand on a background."""

    name: str
    draw: Draw
    whole: bool
    tilt: float  # how far it may lean, in radians
    fills: float  # how much of the sheet it may fill: 1 is edge to edge


CLASSES: dict[str, PictureClass] = {}


def thing(tilt: float = 0.3, fills: float = 1.0) -> Callable[[Draw], Draw]:
    """Register a drawing of a thing: it draws within [-1, 1] x [-1, 1] of its pen and leaves the rest blank."""
    return _register(False, tilt, fills)


def texture(tilt: float = 3.15) -> Callable[[Draw], Draw]:
    """Register a drawing that covers the whole sheet with `pen.fill`; [-1, 1] holds a few periods of it."""
    return _register(True, tilt, 1.0)


def _register(whole: bool, tilt: float, fills: float) -> Callable[[Draw], Draw]:
    def enter(draw: Draw) -> Draw:
        name = draw.__name__
        if name in CLASSES:
            raise ValueError(f"two drawings are called {name!r}")
        CLASSES[name] = PictureClass(name, draw, whole, tilt, fills)
        return draw
    return enter
