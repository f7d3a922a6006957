"""How a picture was made, kept inside its PNG, and made again from there.

The recipe is one line of JSON under the key `netsee`: the technique, its parameters, the weights, the pictures that went in (as
hashes) and the versions that came together. It holds no path, no user name, no token and no time, so that the same result is the
same file, byte for byte. What is read back is a stranger's file like any other.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from PIL.Image import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from hub.attached import MARK, marked, taken
from hub.decode import decode, fit, picture_hash, png_text
from hub.errors import BadPicture, BadRecipe, BrokenTechnique, HubError
from hub.files import write_safely
from hub.policy import Policy

if TYPE_CHECKING:
    from hub.technique import Params, Result, Technique

KEY = "netsee"
MOST_BYTES = 64 * 1024
MOST_DEPTH = 8
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


class Recipe(BaseModel):
    """All that a result depends on.

    params: by name, as JSON, every one of them; second pictures and files as "sha256:" and a hash, of pixels or of bytes.
    weights: backbone name, or the technique's name for what it ships -> hash of its weights.
    input: the picture that went in, None where none did.
    versions, device: what is promised to give the same bytes again, only while it stays the same.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
    technique: Name
    version: Name
    params: Annotated[dict[Name, JsonValue], Field(max_length=200)]
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    weights: Annotated[dict[Name, Hash], Field(max_length=8)] = {}
    input: Source | None = None
    versions: Facts = {}
    device: Facts = {}

    @field_validator("params")
    @classmethod
    def _is_finite(cls, params: dict[str, JsonValue]) -> dict[str, JsonValue]:
        json.dumps(params, allow_nan=False)
        return params

    def text(self) -> str:
        """As JSON in one fixed spelling."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def key(self) -> str:
        """SHA-256 of what the result depends on: technique, version, parameters, weights, the picture that went in. Where it was
        made, and by which versions of libraries, is left out."""
        said = self.model_dump(mode="json", include={"technique", "version", "params", "weights", "input"})
        return hashlib.sha256(json.dumps(said, sort_keys=True, allow_nan=False).encode()).hexdigest()


# ---------------------------------------------------------------- out

def recipe_of(technique: Technique, image: Image | None, params: Params) -> Recipe:
    """The recipe of a run. image: the RGB picture that the technique was given, None where it was given none."""
    backbones = {name: getattr(params, name) for name in technique.Params.fields_meaning("backbone")}
    seeds = technique.Params.fields_meaning("seed")
    values = params.model_dump(mode="json") | {field: _portable(name) for field, name in backbones.items() if name is not None}
    return Recipe(
        technique=technique.name, version=technique.version, params=values, seed=getattr(params, seeds[0]) if seeds else None,
        weights={_portable(name): _weights(name) for name in backbones.values() if name is not None} | dict(technique.weights()),
        input=None if image is None else Source(hash=picture_hash(image), width=image.width, height=image.height),
        versions=_versions(), device=importlib.import_module("hub.devices").facts())


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


def _weights(backbone: str) -> str:
    return importlib.import_module("hub.backbones").load(backbone).hash


@cache
def _versions() -> dict[str, str]:
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


# ---------------------------------------------------------------- again

def replay(png: Any, image: Any = None, *, pictures: Mapping[str, Any] | None = None, policy: Policy | None = None) -> Result:
    """Make a picture again from the recipe in its PNG: the same bytes, as long as the versions are the same.

    image: the picture it was made from; not needed where it was made from none, or from a sample.
    pictures: second pictures (style, mask, guide) and files by the name of their parameter; samples are found without.
    Where something else is installed than was then, the caption says so.
    Raises BadRecipe where the recipe or a picture does not fit, and what a run raises.
    """
    policy = policy or Policy.local()
    recipe = read_recipe(png, policy)
    technique, params = prepare(recipe, pictures or {}, policy)
    _check_networks(recipe, technique)
    given = _input(recipe, image, policy)
    notice = _differences(recipe, technique)
    result = technique(given, params, policy=policy)
    return replace(result, caption=" ".join(filter(None, (result.caption, notice))))


def prepare(recipe: Recipe, pictures: Mapping[str, Any], policy: Policy) -> tuple[Technique, Params]:
    """The technique of a recipe and its parameters, checked as any others. Raises BadRecipe, UnknownTechnique, BadParams."""
    technique = importlib.import_module("hub.registry").technique(recipe.technique)
    fields = technique.Params.attached()
    stray = sorted(pictures.keys() - set(fields))
    if stray:
        raise BadRecipe(f"{stray[0]!r} is not a picture or a file among the parameters of {technique.name}.")
    values, kind = recipe.params, technique.Params.meaning
    found = {name: _attached(name, kind(name), values[name], pictures.get(name), policy)
             for name in fields if values.get(name) is not None}
    return technique, technique.Params.read_json(values, policy, pictures=found)


def _attached(name: str, kind: Any, wanted: Any, given: Any, policy: Policy) -> Image | bytes:
    """A second picture or a file: what is given, or the sample that has its hash."""
    if given is not None:
        held = taken(kind, given, policy)
        if marked(held) != wanted:
            raise BadRecipe(f"The {kind} given for {name} is not the one that was used. Give that one, unchanged.")
        return held
    image = _sample(str(wanted).removeprefix(MARK), lambda picture: picture) if kind == "picture" else None
    if image is None:
        raise BadRecipe(f"Give the {kind} that was used for {name} too: its parameter keeps only a hash.")
    return image


def _input(recipe: Recipe, given: Any, policy: Policy) -> Image | None:
    """The picture to start from, just as it was then."""
    source = recipe.input
    if source is None:
        if given is not None:
            raise BadRecipe("This picture was made from nothing; leave the other picture out.")
        return None
    side = max(source.width, source.height)
    if side > policy.working_side:
        raise BadRecipe(f"It was made at {side} pixels; {policy.working_side} are the limit here.")
    if given is None:
        image = _sample(source.hash, lambda picture: fit(picture, side))
        if image is None:
            raise BadRecipe("Give the picture it was made from: the recipe keeps only its hash, and no sample has that.")
        return image
    image = fit(decode(given, policy).image, side)
    if picture_hash(image) != source.hash:
        raise BadRecipe("The picture given is not the one that this was made from. Give that one, unchanged.")
    return image


def _sample(wanted: str, scaled: Callable[[Image], Image]) -> Image | None:
    from hub import samples

    pictures = (scaled(samples.load(name)) for name in samples.names())
    return next((picture for picture in pictures if picture_hash(picture) == wanted), None)


def _check_networks(recipe: Recipe, technique: Technique) -> None:
    """A stranger's file does not make us load what its own parameters, which were checked, do not name."""
    named = {recipe.params.get(field) for field in technique.Params.fields_meaning("backbone")} - {None}
    named |= set(technique.weights())
    if not recipe.weights.keys() <= named:
        raise BadRecipe("The recipe in this PNG was altered (weights of a network that it does not use). Give one saved here.")


def _weights_here(backbone: str) -> str:
    try:
        return _weights(backbone)
    except HubError as error:
        where = " Start in the folder that holds it." if backbone.startswith(LOCAL) else ""
        raise BadRecipe(f"Its network cannot be loaded: {error}{where}") from error


def _differences(recipe: Recipe, technique: Technique) -> str:
    """A sentence about what is not as it was then, or "". Raises BadRecipe where the weights are not here at all."""
    own = technique.weights()
    here_now = {name: own.get(name) or _weights_here(name) for name in recipe.weights}
    changed = [f"other weights of {name}" for name, then in recipe.weights.items() if here_now[name] != then]
    then = {recipe.technique: recipe.version} | recipe.versions | recipe.device
    here = {recipe.technique: technique.version} | _versions() | importlib.import_module("hub.devices").facts()
    changed += [f"{name} {was} then, {here.get(name, 'none')} now" for name, was in then.items() if here.get(name) != was]
    return f"It may differ a little from the original: {'; '.join(changed)}." if changed else ""
