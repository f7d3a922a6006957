"""Netsee: see what neural networks see.

>>> import hub
>>> picture = hub.run("deep_dream", "sample:clouds", layer="late").image        # doctest: +SKIP

`run` and `stream` call a technique by name, `map` does it for many pictures, `pipeline` makes a chain of techniques; `techniques`
lists them, `replay` makes a saved picture again.
Importing this imports neither torch nor Gradio.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hub import errors
from hub.errors import HubError
from hub.params import (
    BackboneName,
    BackboneNames,
    Field,
    File,
    LayerName,
    Params,
    Picture,
    Seed,
    UnitName,
    UnitNames,
)
from hub.policy import Policy
from hub.registry import technique as find
from hub.registry import techniques
from hub.results import Curve, Image, Result
from hub.technique import Technique, technique

if TYPE_CHECKING:
    from hub.batch import Done
    from hub.chain import Pipeline

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
    "map",
    "pipeline",
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


def map(name: str, pictures: Iterable[Any], out: str | os.PathLike[str], *, jobs: int = 1, policy: Policy | None = None,
        **params: Any) -> Iterator[Done]:
    """Run a technique on each of `pictures`, as they come, and keep what it makes in the folder `out`; yields a `Done` for each.

    What is there already, made from the same pixels with the same parameters, version and weights, is not made again: give the
    same call after it was stopped or killed, and it goes on. A picture that cannot be done has its reason in `error`, and the
    rest goes on. Files are named after the picture's, if it has one, and a hash of all that they depend on.
    pictures: anything that `run` takes, any number. jobs: processes at once; with 1 it all happens in this one.
    Raises UnknownTechnique, BadParams, BadOutput at once.

        for done in hub.map("deep_dream", Path("photos").glob("*.jpg"), "dreams", jobs=2):
            print(done.name, done.error or done.path)
    """
    return importlib.import_module("hub.batch").map_pictures(name, pictures, out, jobs=jobs, policy=policy, **params)


def pipeline(links: Iterable[str | tuple[str, Mapping[str, Any]]], *, policy: Policy | None = None) -> Pipeline:
    """Techniques one after the other, each given what the one before made: an object with `run(image)` and `stream(image)`.

    links: names, or (name, parameters). The last result's recipe holds the whole chain, and `replay` makes it again.
    Raises UnknownTechnique, BadParams, before any work.

        hub.pipeline(["deep_dream", ("style_transfer", {"style": "wave"})]).run("photo.jpg").save("out.png")
    """
    return importlib.import_module("hub.chain").pipeline(links, policy)


def replay(png: Any, image: Any = None, *, pictures: Mapping[str, Any] | None = None, policy: Policy | None = None) -> Result:
    """Make a picture again from the recipe in its PNG; `image` is the picture it was made from, where it was made from one.

    pictures: second pictures and files by the name of their parameter, or as "2.style" for that of a chain's second link.
        Samples are found without being given.
    Raises BadRecipe where there is no recipe, it was altered, or the picture given is another.
    """
    return importlib.import_module("hub.again").replay(png, image, pictures=pictures, policy=policy)
