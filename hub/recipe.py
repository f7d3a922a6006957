"""How a picture was made, kept inside its PNG and read back from there; `again` makes it again.

The recipe is one line of JSON under the key `netsee`: the technique, its parameters, the weights, the pictures that went in (as
hashes) and the versions that came together; where the picture that went in was made here too, how it was made stands before. It
holds no path, no user name, no token and no time, so that the same result is the same file, byte for byte. What is read back is a
stranger's file like any other.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from PIL.Image import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from hub.decode import KEY, picture_hash, png_text
from hub.errors import BadPicture, BadRecipe, BrokenTechnique
from hub.files import write_safely
from hub.params import between_commas
from hub.policy import Policy

if TYPE_CHECKING:
    from hub.params import Params
    from hub.results import Result
    from hub.technique import Technique

MOST_BYTES = 64 * 1024
MOST_DEPTH = 8
MOST_LINKS = 16
LIBRARIES = ("torch", "timm", "numpy", "pillow")
LOCAL = "local-dir:"

Name = Annotated[str, Field(min_length=1, max_length=200)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Facts = Annotated[dict[Name, Annotated[str, Field(max_length=200)]], Field(max_length=32)]


class Source(BaseModel):
    """The picture that a technique was given, after it was scaled down. hash: of its RGB pixels."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    hash: Hash
    width: Annotated[int, Field(ge=1, le=100_000)]
    height: Annotated[int, Field(ge=1, le=100_000)]


class Link(BaseModel):
    """One technique at work: a link of a chain, or all of it.

    params: by name, as JSON, every one of them; second pictures and files as "sha256:" and a hash, of pixels or of bytes.
    weights: backbone name, or the technique's name for what it ships -> hash of its weights.
    input: the picture that went in, None where none did.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
    technique: Name
    version: Name
    params: Annotated[dict[Name, JsonValue], Field(max_length=200)]
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    weights: Annotated[dict[Name, Hash], Field(max_length=8)] = {}
    input: Source | None = None

    @field_validator("params")
    @classmethod
    def _is_finite(cls, params: dict[str, JsonValue]) -> dict[str, JsonValue]:
        json.dumps(params, allow_nan=False)
        return params

    def key(self) -> str:
        """SHA-256 of what the result depends on: technique, version, parameters, weights, the picture that went in. Where it was
        made, and by which versions of libraries, is left out."""
        said = self.model_dump(mode="json", include={"technique", "version", "params", "weights", "input"})
        return hashlib.sha256(json.dumps(said, sort_keys=True, allow_nan=False).encode()).hexdigest()


class Recipe(Link):
    """All that a result depends on: its own link, and those that made the picture it was made from.

    before: the links before, first to last; none where the picture came from elsewhere.
    versions, device: what is promised to give the same bytes again, only while it stays the same.
    """

    before: Annotated[tuple[Link, ...], Field(max_length=MOST_LINKS - 1)] = ()
    versions: Facts = {}
    device: Facts = {}

    def key(self) -> str:
        """As that of its own link; of a chain, the SHA-256 of the keys of all its links."""
        own = super().key()
        chain = "".join([*(link.key() for link in self.before), own])
        return hashlib.sha256(chain.encode()).hexdigest() if self.before else own

    def links(self) -> list[Link]:
        """The whole chain, first to last."""
        return [*self.before, Link(**{name: value for name, value in self if name in Link.model_fields})]

    def text(self) -> str:
        """As JSON in one fixed spelling."""
        said = self.model_dump(mode="json", exclude=None if self.before else {"before"})
        return json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)


# ---------------------------------------------------------------- out

def recipe_of(technique: Technique, image: Image | None, params: Params, note: str = "") -> Recipe:
    """The recipe of a run.

    image: the RGB picture that the technique was given, None where it was given none. note: the recipe that came with it, as text
        of whoever gave it.
    """
    seeds = technique.Params.fields_meaning("seed")
    values = params.model_dump(mode="json")
    values |= {field: ", ".join(map(_portable, names)) for field, names in networks_in(technique.Params, values).items()}
    return Recipe(
        technique=technique.name, version=technique.version, params=values, seed=getattr(params, seeds[0]) if seeds else None,
        weights={_portable(name): weights_of(name) for name in params.backbones_named()} | dict(technique.weights()),
        input=None if image is None else Source(hash=picture_hash(image), width=image.width, height=image.height),
        before=links_in(note), versions=versions(), device=importlib.import_module("hub.devices").facts())


def png_bytes(result: Result) -> bytes:
    """The picture of a result as a PNG file with its recipe inside. The same result gives the same bytes.

    Raises BrokenTechnique where there is no picture, or parameters too long to be kept.
    """
    image = result.image
    if image is None:
        raise BrokenTechnique("This result has no picture to save.")
    text = result.recipe.text() if result.recipe else ""
    if len(text) > MOST_BYTES:
        raise BrokenTechnique(f"The parameters are too long to be kept in a PNG: {len(text)} bytes; {MOST_BYTES} are the limit.")
    notes = PngInfo()
    if text:
        notes.add_text(KEY, text)
    bare = (image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGB")).copy()
    bare.info = {}  # Pillow would write what it finds here into the file
    file = io.BytesIO()
    bare.save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def save_png(result: Result, path: str | os.PathLike[str]) -> None:
    """Write the PNG whole or not at all. Raises OSError."""
    write_safely(path, png_bytes(result))


def _portable(backbone: str) -> str:
    """A backbone's name without the folders that a local one lies in: they would tell whose machine it was.

    >>> _portable("local-dir:/home/ada/nets/tiny"), _portable("timm/resnet50")
    ('local-dir:tiny', 'timm/resnet50')
    """
    if not backbone.startswith(LOCAL):
        return backbone
    return LOCAL + Path(backbone.removeprefix(LOCAL)).resolve().name


def networks_in(params: type[Params], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names of networks in each field that has any. values: of the parameters, as JSON has them."""
    one = {field: [values[field]] for field in params.fields_meaning("backbone") if values.get(field) is not None}
    return one | {field: names for field in params.fields_meaning("backbones") if (names := between_commas(values.get(field)))}


def weights_of(backbone: str) -> str:
    """The hash of a network's weights, which are loaded for it where they were not yet."""
    return importlib.import_module("hub.backbones").hash_of(backbone)


@cache
def versions() -> dict[str, str]:
    """Installed versions; read from the packages' records, so that nothing large is imported for it."""
    from hub import __version__

    found = {"netsee": __version__}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


# ---------------------------------------------------------------- in

def read_recipe(png: Any, policy: Policy | None = None) -> Recipe:
    """The recipe in a PNG (path, bytes or file). Raises BadRecipe where there is none, or none that can be trusted."""
    try:
        text = png_text(png, KEY, policy or Policy.local())
    except BadPicture as error:
        raise BadRecipe(f"No recipe can be read: {error}") from error
    if text is None:
        raise BadRecipe("This PNG holds no recipe. Give one that was saved here; other programs drop the recipe when they save.")
    return _read(text)


def links_in(note: str) -> tuple[Link, ...]:
    """The chain that a picture came by, from the text that came with it; none where that is no recipe that can be trusted.

    Of one that is too long to be kept once more, the end.
    """
    try:
        links = _read(note).links() if note else []
    except BadRecipe:
        return ()
    links = links[1 - MOST_LINKS:]
    while sum(len(link.model_dump_json()) for link in links) > MOST_BYTES // 2:
        del links[0]
    return tuple(links)


def chained(links: Sequence[Link]) -> str:
    """Links as the text that comes with a picture; "" for none."""
    return Recipe(**dict(links[-1]), before=tuple(links[:-1])).text() if links else ""


def _read(text: str) -> Recipe:
    if len(text) > MOST_BYTES:
        raise BadRecipe(f"The recipe in this PNG is longer than {MOST_BYTES // 1024} KiB, so it was not made here.")
    if _depth(text) > MOST_DEPTH:
        raise BadRecipe(f"The recipe in this PNG is nested more than {MOST_DEPTH} deep, so it was not made here.")
    try:
        return Recipe.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = re.sub(r"[^\w.]", "?", ".".join(map(str, first["loc"])))[:60] or "recipe"
        what = " ".join(first["msg"].split())[:120].rstrip(".")
        raise BadRecipe(f"The recipe in this PNG was altered ({where}: {what}). Give one saved here.") from error


def _depth(text: str) -> int:
    """How deep brackets are nested, at most; those inside strings do not count.

    >>> _depth('{"a": [1, "[[["]}')
    2
    """
    now = most = 0
    for mark in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        now += (mark in "[{") - (mark in "]}")
        most = max(most, now)
    return most
