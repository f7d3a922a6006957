"""A picture made again from the recipe in its PNG: one technique, or a chain of them, each given what the one before made."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PIL.Image import Image

from hub.attached import MARK, marked, taken
from hub.decode import Decoded, decode, fit, picture_hash
from hub.errors import BadRecipe, HubError
from hub.params import Params
from hub.policy import Policy
from hub.recipe import LOCAL, Link, Recipe, chained, networks_in, png_bytes, read_recipe, versions, weights_of
from hub.results import Result
from hub.technique import Technique


def replay(png: Any, image: Any = None, *, pictures: Mapping[str, Any] | None = None, policy: Policy | None = None) -> Result:
    """Make a picture again from the recipe in its PNG: the same bytes, as long as the versions are the same.

    image: the picture it was made from; not needed where it was made from none, or from a sample. Of a chain, what any of its
        links was given may be given: it is made again from there.
    pictures: second pictures (style, mask, guide) and files by the name of their parameter, or as "2.style" for the second link
        alone; samples are found without.
    Where something else is installed than was then, the caption says so.
    Raises BadRecipe where the recipe or a picture does not fit, and what a run raises.
    """
    policy, pictures = policy or Policy.local(), pictures or {}
    recipe = read_recipe(png, policy)
    links = recipe.links()
    _check_named(links, pictures)
    start, given = _start(links, image, policy)
    prepared = [(link, *prepare(link, _for_link(number, link, pictures), policy))
                for number, link in enumerate(links[start:], start)]
    for link, technique, _ in prepared:
        _check_networks(link, technique)
    notice = _differences(recipe, [(link, technique) for link, technique, _ in prepared])
    result: Result | None = None
    for link, technique, params in prepared:
        if result is not None:
            given = _handed_on(result, link, notice, policy)
        result = technique(given, params, policy=policy)
    return replace(result, caption=" ".join(filter(None, (result.caption, notice))))


# ---------------------------------------------------------------- the picture

def _start(links: Sequence[Link], image: Any, policy: Policy) -> tuple[int, Decoded | None]:
    """The link to begin with, and the picture for it just as it was then."""
    sides = [link.input and max(link.input.width, link.input.height) for link in links]
    if max(side or 0 for side in sides) > policy.working_side:
        raise BadRecipe(f"It was made at {max(filter(None, sides))} pixels; {policy.working_side} are the limit here.")
    if image is None:
        return 0, _without(links[0], sides[0])
    if not any(sides):
        raise BadRecipe("This picture was made from nothing; leave the other picture out.")
    given = decode(image, policy).image
    for number in reversed(range(len(links))):
        if sides[number] and picture_hash(scaled := fit(given, sides[number])) == links[number].input.hash:
            return number, Decoded(scaled, "", "", chained(links[:number]))
    raise BadRecipe("The picture given is not the one that this was made from. Give that one, unchanged.")


def _without(link: Link, side: int | None) -> Decoded | None:
    """What the first link was given where nobody gives it: nothing, or a sample."""
    if link.input is None:
        return None
    image = _sample(link.input.hash, lambda picture: fit(picture, side))
    if image is None:
        raise BadRecipe("Give the picture it was made from: the recipe keeps only its hash, and no sample has that.")
    return Decoded(image, "", "sample")


def _handed_on(result: Result, link: Link, notice: str, policy: Policy) -> Decoded:
    """What one link made, as the next one was given it. Raises BadRecipe where that was given another picture.

    notice: what is not as it was then, which may be why the pixels are others; their number may not.
    """
    made, source = decode(png_bytes(result), policy), link.input
    scaled = source and fit(made.image, max(source.width, source.height))
    if not scaled or scaled.size != (source.width, source.height) or not (notice or picture_hash(scaled) == source.hash):
        maker = result.recipe.technique if result.recipe else ""
        raise BadRecipe(f"{link.technique} was given another picture than {maker} makes here: that was changed in between, or "
                        "the recipe was. Give the picture that it was given.")
    return replace(made, image=scaled)


def _sample(wanted: str, scaled: Callable[[Image], Image]) -> Image | None:
    from hub import samples

    pictures = (scaled(samples.load(name)) for name in samples.names())
    return next((picture for picture in pictures if picture_hash(picture) == wanted), None)


# ---------------------------------------------------------------- the parameters

def _check_named(links: Sequence[Link], pictures: Mapping[str, Any]) -> None:
    """Raise BadRecipe for a second picture that no link has."""
    here = {key for number, link in enumerate(links) for name in _technique(link).Params.attached()
            for key in (name, f"{number + 1}.{name}")}
    for name in sorted(pictures.keys() - here):
        techniques = " and ".join(dict.fromkeys(link.technique for link in links))
        raise BadRecipe(f"{name!r} is not a picture or a file among the parameters of {techniques}.")


def _for_link(number: int, link: Link, pictures: Mapping[str, Any]) -> dict[str, Any]:
    """The second pictures of one link, the second one's also given as "2.style"."""
    named = {name: pictures.get(f"{number + 1}.{name}", pictures.get(name)) for name in _technique(link).Params.attached()}
    return {name: given for name, given in named.items() if given is not None}


def _technique(link: Link) -> Technique:
    return importlib.import_module("hub.registry").technique(link.technique)


def prepare(link: Link, pictures: Mapping[str, Any], policy: Policy) -> tuple[Technique, Params]:
    """The technique of a link and its parameters, checked as any others. Raises BadRecipe, UnknownTechnique, BadParams."""
    technique = _technique(link)
    values, kind = link.params, technique.Params.meaning
    found = {name: _attached(name, kind(name), values[name], pictures.get(name), policy)
             for name in technique.Params.attached() if values.get(name) is not None}
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


# ---------------------------------------------------------------- what is not as it was

def _check_networks(link: Link, technique: Technique) -> None:
    """A stranger's file does not make us load what its own parameters, which were checked, do not name."""
    named = {name for names in networks_in(technique.Params, link.params).values() for name in names}
    named |= set(technique.weights())
    if not link.weights.keys() <= named:
        raise BadRecipe("The recipe in this PNG was altered (weights of a network that it does not use). Give one saved here.")


def _weights_here(backbone: str) -> str:
    try:
        return weights_of(backbone)
    except HubError as error:
        where = " Start in the folder that holds it." if backbone.startswith(LOCAL) else ""
        raise BadRecipe(f"Its network cannot be loaded: {error}{where}") from error


def _differences(recipe: Recipe, links: Sequence[tuple[Link, Technique]]) -> str:
    """A sentence about what is not as it was then, or "". Raises BadRecipe where the weights are not here at all."""
    then, here, changed = {}, {}, []
    for link, technique in links:
        own = technique.weights()
        here_now = {name: own.get(name) or _weights_here(name) for name in link.weights}
        changed += [f"other weights of {name}" for name, hash in link.weights.items() if here_now[name] != hash]
        then[link.technique], here[link.technique] = link.version, technique.version
    then |= recipe.versions | recipe.device
    here |= versions() | importlib.import_module("hub.devices").facts()
    changed += [f"{name} {was} then, {here.get(name, 'none')} now" for name, was in then.items() if here.get(name) != was]
    return f"It may differ a little from the original: {'; '.join(dict.fromkeys(changed))}." if changed else ""
