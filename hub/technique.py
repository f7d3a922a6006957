"""The contract: parameters that are checked, results that every front end can show, and `@technique`.

A technique is one function. Its annotations say whether it wants a picture, its `Params` say what can be set, and what it yields
is what is seen:

    class Params(hub.Params):
        strength: float = hub.Field(1.0, ge=0, le=4, description="How strongly the dream takes over.")

    @hub.technique(title="Deep dream", family="Dream", paper="Mordvintsev et al. 2015")
    def run(image: Image, params: Params) -> Iterator[hub.Result]:
        ...
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_type_hints

import pydantic
from PIL import Image as PILImage
from pydantic import BaseModel, ConfigDict, ValidationError

from hub.api import API, check_api
from hub.attached import KINDS, Attached
from hub.errors import BadParams, BadPicture, BrokenTechnique, nearest
from hub.policy import Policy

if TYPE_CHECKING:
    from hub.decode import Decoded
    from hub.recipe import Recipe

Image = PILImage.Image
RESERVED = frozenset({"help", "image", "jobs", "json", "name", "out", "picture", "pictures", "policy"})
"""Names that no parameter may have: `hub.run`, `hub.map` and `netsee run` use them."""
Kind = Literal["backbone", "backbones", "layer", "unit", "units", "seed", "picture", "file"]


# ---------------------------------------------------------------- parameters


@dataclass(frozen=True)
class Means:
    """What a field means beyond its Python type, so that front ends can choose a control for it."""

    kind: Kind


BackboneName = Annotated[str, Means("backbone"), pydantic.Field(max_length=200)]
"""The name of a network; see `netsee list --backbones`."""
BackboneNames = Annotated[str, Means("backbones"), pydantic.Field(max_length=2000)]
"""Several networks, separated by commas; `Params.backbones_named` has them one by one."""
LayerName = Annotated[str, Means("layer"), pydantic.Field(max_length=200)]
"""A layer of the backbone chosen beside it, by its module name, or `early`, `middle`, `late`, `classes`."""
UnitName = Annotated[str, Means("unit"), pydantic.Field(max_length=200)]
"""A channel of the layer chosen beside it, by number, or a class by name."""
UnitNames = Annotated[str, Means("units"), pydantic.Field(max_length=2000)]
"""Several units of the layer chosen beside it, separated by commas; empty for all of it."""
Seed = Annotated[int, Means("seed"), pydantic.Field(ge=0, lt=2**31)]
"""What chance starts from: the same seed gives the same picture."""
Picture = Annotated[PILImage.Image, Attached("picture"), Means("picture")]
"""A second picture (style, mask, guide), given as a path, bytes, a PIL image, an array or "sample:NAME"; held clean, as RGB."""
File = Annotated[bytes, Attached("file"), Means("file")]
"""A file that is no picture (a trained model, say), given as a path, bytes or a binary file; held as bytes, at least one and no
more than the policy allows. What is in them is the technique's to check."""


def Field(
    default: Any = ...,
    *,
    description: str,
    label: str | None = None,
    more: bool = False,
    pictures: Literal["samples", "manners"] | None = None,
    instead_of: str | None = None,
    **limits: Any,
) -> Any:
    """A parameter of a technique: pydantic's `Field` with what the front ends need.

    description: one sentence for a visitor; the paper's term may stand in it.
    label: a short name for the control; the field's own name where it is not given.
    more: true for what is folded away until asked for.
    pictures: of a choice between sample pictures, or between the manners of `hub.world.paintings`: it is shown as small pictures
        too, and a click on one runs it.
    instead_of: the field of a second picture that such a click takes away, since it would come first.
    limits: `ge`, `le`, `gt`, `lt`, `multiple_of`, `max_length` … as in pydantic.
    """
    extra = {"more": more} | ({"pictures": pictures, "instead_of": instead_of} if pictures else {})
    return pydantic.Field(default, title=label, description=description, json_schema_extra=extra, **limits)


class Params(BaseModel):
    """The base of every technique's parameters: strict types, no unknown names, no NaN, immutable.

    quick: values that make a run short; `netsee check` and the tests run with them.
    """

    quick: ClassVar[dict[str, Any]] = {}
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, arbitrary_types_allowed=True, validate_default=True
    )

    @classmethod
    def read(cls, values: Mapping[str, Any] | Params | None, policy: Policy | None = None) -> Params:
        """Check `values` and fill in defaults.

        Raises BadParams, one line, with a suggestion for a misspelt name; UnknownBackbone for a network that `policy` does
        not offer.
        """
        if isinstance(values, Params):
            values = {name: getattr(values, name) for name in values.model_fields_set}
        return cls._checked(lambda: cls.model_validate(dict(values or {}), context={"policy": policy}), policy)

    @classmethod
    def read_json(cls, values: Mapping[str, Any], policy: Policy | None = None, *, pictures: Mapping[str, Any]) -> Params:
        """As `read`, from values that came out of JSON, where a tuple is a list and an enumeration its value.

        pictures: what the fields of second pictures and of files hold, which JSON cannot.
        """
        context = {"policy": policy, "attached": pictures}
        return cls._checked(lambda: cls.model_validate_json(json.dumps(dict(values)), context=context), policy)

    @classmethod
    def _checked(cls, validate: Callable[[], Params], policy: Policy | None) -> Params:
        try:
            return validate()._offered(policy)
        except ValidationError as error:
            raise BadParams("; ".join(cls._said(e) for e in error.errors(include_url=False)[:3])) from error

    def _offered(self, policy: Policy | None) -> Params:
        """Itself, where its networks may be used. A hosted hub loads only what is in its catalogue, whichever door a name
        comes by."""
        if policy and not policy.any_model:
            from hub import backbones

            for name in self.backbones_named():
                backbones.check_offered(name)
        return self

    def backbones_named(self) -> list[str]:
        """The names of the backbones that are asked for, as often as they are."""
        one, several = ([getattr(self, field) for field in self.fields_meaning(kind)] for kind in ("backbone", "backbones"))
        return [name for name in one if name is not None] + [name for names in several for name in between_commas(names)]

    @classmethod
    def _said(cls, error: Any) -> str:
        name = ".".join(str(part) for part in error["loc"]) or "parameters"
        if error["type"] == "extra_forbidden":
            near = nearest(name, cls.model_fields)
            return f"{name!r} is not a parameter. " + (
                f"Did you mean {near!r}?" if near else f"There are: {', '.join(cls.model_fields)}."
            )
        given = "" if error["type"] in ("missing", "value_error") else repr(error["input"])  # it may be all of a large file
        shown = f" (given: {given})" if 0 < len(given) <= 60 else ""
        return f"{name}: {error['msg'].removeprefix('Value error, ').rstrip('.')}{shown}"

    @classmethod
    def meaning(cls, name: str) -> Kind | None:
        """Which of the special kinds a field is, or None for a plain value."""
        field = cls.model_fields[name]
        return next((m.kind for m in (*field.metadata, *_nested_metadata(field.annotation)) if isinstance(m, Means)), None)

    @classmethod
    def fields_meaning(cls, kind: Kind) -> list[str]:
        return [name for name in cls.model_fields if cls.meaning(name) == kind]

    @classmethod
    def attached(cls) -> list[str]:
        """The fields of second pictures and of files: what neither JSON nor an address nor the words of the shell can hold."""
        return [name for name in cls.model_fields if cls.meaning(name) in KINDS]


def between_commas(text: str | None) -> list[str]:
    """What a field of several names holds, one by one.

    >>> between_commas("embedded, timm/resnet18, ")
    ['embedded', 'timm/resnet18']
    """
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _nested_metadata(annotation: Any) -> Iterator[Any]:
    """What `Annotated` says anywhere inside an annotation such as `Picture | None`."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _nested_metadata(part)


# ---------------------------------------------------------------- results


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


# ---------------------------------------------------------------- techniques

Body = Callable[[Any, Any], Iterator[Result]]


@dataclass(frozen=True)
class Technique:
    """A decorated `run`. Calling it gives the last `Result`; `stream` gives them all.

    picture: whether a picture is "needed", "welcome" or "none" (not asked for), as the annotation says.
    example: what the app shows before anyone runs it: parameters, and under "image" a sample ("sample:NAME").
    weights: name -> SHA-256 of what it brings along and depends on besides its backbones, asked for when a recipe is written.
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
    sheet: bool = False,
    api: str = API,
) -> Callable[[Body], Technique]:
    """Make a generator function `run(image, params)` a technique.

    title, family: how it is called in the app, and under which heading. paper: its source, for the page.
    version: change it when the same parameters no longer give the same picture.
    example: parameters (and "image": "sample:NAME") of the finished result that the app opens with; the defaults where not given.
    weights: gives the SHA-256 of the weights that it ships itself, by a name, so that recipes tell one training from another.
    sheet: true where the result is a sheet of pictures, which is not to be compared with the picture given by a divider.
    api: the version of the contract that it is written for, as in `hub.api`.
    Raises BrokenTechnique where the function does not keep the contract, IncompatibleTechnique where that is of another version.
    """
    check_api(api)

    def decorate(body: Body) -> Technique:
        label = name or body.__module__.rpartition(".")[2]
        return Technique(label, title, family, paper, version, body, *_signature(body, label), example or {}, weights, sheet)

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
