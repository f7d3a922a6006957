"""Pictures to start with, by name: photographs that scikit-image and scikit-learn bring along, and pictures drawn by `hub.world`.

Nothing is downloaded. Loading a photograph imports neither of the two libraries, only reads their file.

>>> names()[0], title("clouds"), load("cat").size
('clouds', 'Clouds', (451, 300))
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from hub.decode import decode
from hub.errors import UnknownSample
from hub.policy import Policy


@dataclass(frozen=True)
class Sample:
    """A picture with a title for people; `make` gives it as RGB."""

    title: str
    make: Callable[[], Image.Image]


def names() -> list[str]:
    """What there is, in the order in which it is best shown."""
    return list(_SAMPLES)


def title(name: str) -> str:
    """What a person calls it. Raises UnknownSample."""
    return _sample(name).title


def load(name: str) -> Image.Image:
    """The picture as RGB; a copy of its own for every caller. Raises UnknownSample."""
    _sample(name)
    return _picture(name).copy()


def _sample(name: str) -> Sample:
    if name not in _SAMPLES:
        raise UnknownSample(name, _SAMPLES, hint="Give one as sample:NAME.")
    return _SAMPLES[name]


@cache
def _picture(name: str) -> Image.Image:
    return _SAMPLES[name].make()


def _photo(package: str, file: str) -> Callable[[], Image.Image]:
    """A photograph from a folder of an installed package, found without importing the package."""
    def make() -> Image.Image:
        top, *folders = package.split(".")
        spec = importlib.util.find_spec(top)
        if spec is None or not spec.submodule_search_locations:
            raise UnknownSample(file, hint=f"It comes with the package {top}, which is not installed.")
        return decode(Path(spec.submodule_search_locations[0], *folders, file), Policy.local()).image
    return make


def _sky() -> Image.Image:
    from hub.world.sky import sky

    return Image.fromarray(sky())


def _drawn(name: str, seed: int) -> Callable[[], Image.Image]:
    """A picture of the picture world, large and alone."""
    def make() -> Image.Image:
        from hub.world import draw

        pixels = draw(name, 1, 384, seed, plain=True)[0]  # (3, H, W) in [0, 1]
        return Image.fromarray((pixels * 255).round().byte().permute(1, 2, 0).contiguous().numpy())
    return make


_SAMPLES: dict[str, Sample] = {
    "clouds": Sample("Clouds", _sky),
    "cat": Sample("Cat", _photo("skimage.data", "chelsea.png")),
    "flower": Sample("Flower", _photo("sklearn.datasets.images", "flower.jpg")),
    "astronaut": Sample("Astronaut", _photo("skimage.data", "astronaut.png")),
    "china": Sample("Temple in China", _photo("sklearn.datasets.images", "china.jpg")),
    "coffee": Sample("Coffee", _photo("skimage.data", "coffee.png")),
    "galaxies": Sample("Galaxies", _photo("skimage.data", "hubble_deep_field.jpg")),
    "rocket": Sample("Rocket", _photo("skimage.data", "rocket.jpg")),
    "motorcycle": Sample("Motorcycle", _photo("skimage.data", "motorcycle_left.png")),
    "marble": Sample("Marble (drawn)", _drawn("marble", 3)),
    "gravel": Sample("Gravel", _photo("skimage.data", "gravel.png")),
    "grass": Sample("Grass", _photo("skimage.data", "grass.png")),
    "stained_glass": Sample("Stained glass (drawn)", _drawn("stained_glass", 5)),
    "butterfly": Sample("Butterfly (drawn)", _drawn("butterfly", 2)),
}
