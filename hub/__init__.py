"""Netsee: see what neural networks see.

>>> import hub
>>> picture = hub.run("deep_dream", "sample:clouds", layer="late").image        # doctest: +SKIP

`run` and `stream` call a technique by name, `techniques` lists them, `replay` makes a saved picture again.
Importing this imports neither torch nor Gradio.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from hub import errors
from hub.errors import HubError
from hub.policy import Policy
from hub.registry import technique as find
from hub.registry import techniques
from hub.technique import (
    BackboneName,
    BackboneNames,
    Curve,
    Field,
    File,
    Image,
    LayerName,
    Params,
    Picture,
    Result,
    Seed,
    Technique,
    UnitName,
    UnitNames,
    technique,
)

__version__ = "0.1.0"
__all__ = [
    "BackboneName",
    "BackboneNames",
    "Curve",
    "Field",
    "File",
    "HubError",
    "Image",
    "LayerName",
    "Params",
    "Picture",
    "Policy",
    "Result",
    "Seed",
    "Technique",
    "UnitName",
    "UnitNames",
    "errors",
    "find",
    "replay",
    "run",
    "stream",
    "technique",
    "techniques",
]


def run(name: str, image: Any = None, *, policy: Policy | None = None, **params: Any) -> Result:
    """Run the technique called `name` to its end and return its last `Result`.

    image: a path, bytes, a PIL image, an array, or "sample:NAME"; None where none is needed.
    Raises UnknownTechnique, BadPicture, BadParams and others of `hub.errors`, one readable line each.
    """
    return find(name)(image, params, policy=policy)


def stream(name: str, image: Any = None, *, policy: Policy | None = None, **params: Any) -> Iterator[Result]:
    """As `run`, but yield every `Result` as it comes. Close the generator to cancel."""
    return find(name).stream(image, params, policy=policy)


def replay(png: Any, image: Any = None, *, pictures: Mapping[str, Any] | None = None, policy: Policy | None = None) -> Result:
    """Make a picture again from the recipe in its PNG; `image` is the picture it was made from, where it was made from one.

    pictures: second pictures and files by the name of their parameter. Samples are found without being given.
    Raises BadRecipe where there is no recipe, it was altered, or the picture given is another.
    """
    return importlib.import_module("hub.recipe").replay(png, image, pictures=pictures, policy=policy)
