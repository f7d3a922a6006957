"""The contract: `@technique` makes a function of checked parameters and shown results what every front end can run.

A technique is one function. Its annotations say whether it wants a picture, its `Params` say what can be set, and what it yields
is what is seen:

    class Params(hub.Params):
        strength: float = hub.Field(1.0, ge=0, le=4, description="How strongly the dream takes over.")

    @hub.technique(title="Deep dream", family="Dream", paper="Mordvintsev et al. 2015")
    def run(image: Image, params: Params) -> Iterator[hub.Result]:
        ...

`hub.params` has what can be set, `hub.results` what can be shown.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from hub.api import API, check_api
from hub.errors import BadPicture, BrokenTechnique
from hub.params import Params
from hub.policy import Policy
from hub.results import Image, Result

if TYPE_CHECKING:
    from hub.decode import Decoded

RESERVED = frozenset({"help", "image", "jobs", "json", "name", "out", "picture", "pictures", "policy"})
"""Names that no parameter may have: `hub.run`, `hub.map` and `netsee run` use them."""
Body = Callable[[Any, Any], Iterator[Result]]


@dataclass(frozen=True)
class Technique:
    """A decorated `run`. Calling it gives the last `Result`; `stream` gives them all.

    picture: whether a picture is "needed", "welcome" or "none" (not asked for), as the annotation says.
    example: what the app shows before anyone runs it: parameters, and under "image" a sample ("sample:NAME").
    weights: name -> SHA-256 of what it brings along and depends on besides its backbones, asked for when a recipe is written.
    cost: (image, params), as `run` takes them -> seconds on two processor cores, roughly; None where it does not say.
    sheet: whether its result is a sheet of pictures, which never lies over the picture that it was made from.
    """

    name: str
    title: str
    family: str
    paper: str
    version: str
    body: Body
    Params: type[Params]
    picture: Literal["needed", "welcome", "none"]
    example: Mapping[str, Any] = field(default_factory=dict)
    weights: Callable[[], Mapping[str, str]] = dict
    cost: Callable[[Any, Any], float] | None = None
    sheet: bool = False

    def __call__(self, image: Any = None, params: Any = None, *, policy: Policy | None = None) -> Result:
        """Run to the end. `image`: path, bytes, PIL image or array; `params`: `Params`, a mapping, or None for defaults.

        Raises InputError (BadPicture, BadParams, …) before any work, NotFinite where numbers ran away.
        """
        for result in self.stream(image, params, policy=policy):  # noqa: B007  (the last one is wanted)
            pass
        return result

    def stream(self, image: Any = None, params: Any = None, *, policy: Policy | None = None) -> Iterator[Result]:
        """Yield every `Result`; input is checked at once, before the first one is asked for. Close the generator to cancel."""
        policy = policy or Policy.local()
        checked = self.Params.read(params, policy)
        return self._results(self._picture(image, policy), checked)

    def _picture(self, image: Any, policy: Policy) -> Decoded | None:
        if image is None or self.picture == "none":
            if image is None and self.picture == "needed":
                raise BadPicture(f"{self.title} needs a picture. Give one, or a sample by name: sample:clouds.")
            return None
        from hub.decode import Decoded, decode, fit

        decoded = image if isinstance(image, Decoded) else decode(image, policy)
        return replace(decoded, image=fit(decoded.image, policy.working_side))

    def _results(self, given: Decoded | None, params: Params) -> Iterator[Result]:
        from hub.recipe import recipe_of

        yield from fetching(params)
        image, notice, note = (given.image, given.notice, given.note) if given else (None, "", "")
        results = self.body(image.copy() if image is not None else None, params)
        result = Result()
        try:
            for result in results:
                if not isinstance(result, Result):
                    raise BrokenTechnique(f"{self.name} yielded {type(result).__name__}; a technique yields hub.Result.")
                if result.progress >= 1:
                    result = replace(
                        result,
                        recipe=recipe_of(self, image, params, note),
                        caption=" ".join(filter(None, (result.caption, notice))),
                    )
                yield result
            if result.progress < 1:
                raise BrokenTechnique(f"{self.name} ended without a result of progress 1, the one that carries its recipe.")
        finally:
            results.close()

    @cached_property
    def summary(self) -> str:
        """The first paragraph of the documentation: what a visitor reads above the tab."""
        return self.documentation.partition("\n\n")[0].replace("\n", " ")

    @cached_property
    def documentation(self) -> str:
        """The module's docstring, which is the technique's page; the function's own where there is none."""
        module = sys.modules.get(self.body.__module__)
        return inspect.cleandoc((module and module.__doc__) or self.body.__doc__ or "")


def fetching(params: Params) -> Iterator[Result]:
    """How far the files of the backbones are, where they have to be downloaded first; nothing where all are here."""
    for name in params.backbones_named():
        if name != "embedded":
            from hub import backbones

            for part in backbones.fetched(name):
                much = f": {part.done / 1e6:.0f} of {part.total / 1e6:.0f} MB" if part.total else " …"
                yield Result(caption=f"Downloading {name}, once{much}")


def technique(
    *,
    title: str,
    family: str,
    paper: str = "",
    version: str = "1",
    name: str | None = None,
    example: Mapping[str, Any] | None = None,
    weights: Callable[[], Mapping[str, str]] = dict,
    cost: Callable[[Any, Any], float] | None = None,
    sheet: bool = False,
    api: str = API,
) -> Callable[[Body], Technique]:
    """Make a generator function `run(image, params)` a technique.

    title, family: how it is called in the app, and under which heading. paper: its source, for the page.
    version: change it when the same parameters no longer give the same picture.
    example: parameters (and "image": "sample:NAME") of the finished result that the app opens with; the defaults where not given.
    weights: gives the SHA-256 of the weights that it ships itself, by a name, so that recipes tell one training from another.
    cost: takes (image, params) as `run` does, and tells roughly how many seconds that takes on two processor cores. A hosted hub
    turns down at once what cannot end in time, and borrows a GPU for no longer than needed; without it, a run is cut when its
    time is up. `hub.backbones.seconds` tells a network's share.
    sheet: true where the result is a sheet of pictures, which is not to be compared with the picture given by a divider.
    api: the version of the contract that it is written for, as in `hub.api`.
    Raises BrokenTechnique where the function does not keep the contract, IncompatibleTechnique where that is of another version.
    """
    check_api(api)

    def decorate(body: Body) -> Technique:
        label = name or body.__module__.rpartition(".")[2]
        wanted = _signature(body, label)
        return Technique(label, title, family, paper, version, body, *wanted, example or {}, weights, cost, sheet)

    return decorate


def _signature(body: Body, name: str) -> tuple[type[Params], Literal["needed", "welcome", "none"]]:
    if not inspect.isgeneratorfunction(body):
        raise BrokenTechnique(f"{name}: run must be a generator function: it yields hub.Result, the last one with progress=1.")
    if list(inspect.signature(body).parameters) != ["image", "params"]:
        raise BrokenTechnique(f"{name}: run takes exactly (image, params).")
    try:
        hints = get_type_hints(body)
    except Exception as error:
        raise BrokenTechnique(f"{name}: the annotations of run cannot be read: {error}") from error
    wanted = hints.get("params")
    if not (inspect.isclass(wanted) and issubclass(wanted, Params)):
        raise BrokenTechnique(f"{name}: annotate params with a subclass of hub.Params.")
    taken = sorted(RESERVED & wanted.model_fields.keys())
    if taken:
        raise BrokenTechnique(f"{name}: a parameter cannot be called {taken[0]!r}; every command or call has one of that name.")
    kinds = {Image: "needed", Image | None: "welcome", type(None): "none"}
    if hints.get("image") not in kinds:
        raise BrokenTechnique(f"{name}: annotate image as Image (needed), Image | None (welcome) or None (not asked for).")
    return wanted, kinds[hints["image"]]
