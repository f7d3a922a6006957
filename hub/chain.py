"""Techniques one after the other: each is given what the one before made, and the recipe of the last holds them all.

Piping does the same: `netsee run deep_dream photo.jpg -o - | netsee run style_transfer - -o out.png`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub import registry
from hub.errors import BadParams, BadPicture
from hub.params import Params
from hub.policy import Policy
from hub.recipe import MOST_LINKS, png_bytes
from hub.results import Result
from hub.technique import Technique


@dataclass(frozen=True)
class Pipeline:
    """A chain of techniques with their parameters, checked. `run` and `stream` are as those of one technique."""

    links: tuple[tuple[Technique, Params], ...]
    policy: Policy

    def run(self, image: Any = None) -> Result:
        """Run all links and return the last one's `Result`. image: what the first one is given, as in `hub.run`."""
        for result in self.stream(image):  # noqa: B007  (the last one is wanted)
            pass
        return result

    def stream(self, image: Any = None) -> Iterator[Result]:
        """As `run`, but yield every `Result` of every link as it comes; what is not the end has a progress below 1.

        Raises BadPicture and others at once where the first link does not take `image`. Close the generator to cancel.
        """
        technique, params = self.links[0]
        return self._results(technique.stream(image, params, policy=self.policy))

    def _results(self, results: Iterator[Result]) -> Iterator[Result]:
        result = Result()
        for number, (technique, params) in enumerate(self.links):
            if number:
                results = technique.stream(self._handed_on(number, result), params, policy=self.policy)
            try:
                for result in results:
                    yield self._placed(number, result)
            finally:
                results.close()

    def _handed_on(self, number: int, result: Result) -> bytes:
        """What the link before made, as a file with its recipe: nothing else would be exactly what piping hands on."""
        if result.image is None:
            before, after = self.links[number - 1][0].title, self.links[number][0].title
            raise BadPicture(f"{before} made no single picture that {after} could go on from.")
        return png_bytes(result)

    def _placed(self, number: int, result: Result) -> Result:
        """A result of one link as one of the whole."""
        if len(self.links) == 1 or number == len(self.links) - 1 and result.progress >= 1:
            return result
        placed = copy.copy(result)  # not `replace`, which would draw previews that nobody looks at
        placed.progress = min((number + result.progress) / len(self.links), 1 - 1e-9)
        placed.caption = f"{number + 1} of {len(self.links)}, {self.links[number][0].title}: {result.caption}".rstrip(": ")
        return placed


def pipeline(links: Iterable[str | tuple[str, Mapping[str, Any]]], policy: Policy | None = None) -> Pipeline:
    """What `hub.pipeline` gives; see there."""
    policy = policy or Policy.local()
    named = [(link, {}) if isinstance(link, str) else link for link in links]
    fit = (isinstance(link, tuple | list) and len(link) == 2 and isinstance(link[1], Mapping) for link in named)
    if isinstance(links, str) or not all(fit):
        raise BadParams('links: a list of names, or of names with parameters: ["deep_dream", ("instant_style", {"grain": 0})].')
    found = [(technique := registry.technique(name), technique.Params.read(params, policy)) for name, params in named]
    if not 0 < len(found) <= MOST_LINKS:
        raise BadParams(f"A pipeline has from 1 to {MOST_LINKS} links, not {len(found)}.")
    for technique, _ in found[1:]:
        if technique.picture == "none":
            raise BadParams(f"{technique.title} takes no picture, so it can only come first.")
    return Pipeline(tuple(found), policy)
