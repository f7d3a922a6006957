"""A field of `Params` -> a control of the page, and what the control gives -> a value that `Params` takes.

One table, by what a field means and by its type; nothing here knows a technique. The browser's word is never taken: every value
goes through `Params.read` again, whether it came from the page, a link, a saved picture or the API.
"""

from __future__ import annotations

import math
import types
from abc import ABCMeta
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import gradio as gr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from hub.attached import KINDS
from hub.errors import BadParams, BrokenTechnique, InputError, OverLimit
from hub.params import Params, between_commas
from hub.policy import Policy

WIDE_RATIO = 1000  # a positive range wider than this is typed, not dragged: a linear slider cannot reach its small end
WIDE_COUNT = 20_000
SEVERAL = ("units", "backbones")  # what is a list on the page, and one line of names in `Params`
DICE = "() => Math.floor(Math.random() * 2 ** 31)"


def _as_sent(self: gr.components.Component, payload: Any) -> Any:
    return payload


def _upload_path(self: gr.components.Component, payload: Any) -> str | None:
    return payload.path if payload is not None and payload.path else None


def _handing_on(control: type[gr.components.Component], take: Callable[..., Any] = _as_sent) -> Any:
    """The same control, handing on what it is sent as it is: so that `Params` says what is wrong, as by every other door.

    It is not made by a class statement because Gradio's metaclass writes a stub file beside the source of every subclass, which
    fails in a read-only installation.
    """
    name = control.__name__
    changed = {"preprocess": take, "get_block_name": lambda self: name.lower(), "__module__": __name__}
    return ABCMeta.__new__(type(control), f"{name}Input", (control,), changed)


PictureInput: type[gr.Image] = _handing_on(gr.Image, _upload_path)
"""A picture from a visitor, decoded nowhere but in `hub.decode`.

Gradio's own would open what it is sent in any of Pillow's formats, and take other bytes than an image by their name.
"""
FileInput: type[gr.File] = _handing_on(gr.File, _upload_path)
"""A file from a visitor. Gradio's own would leave an open temporary file behind for each."""
Checkbox: type[gr.Checkbox] = _handing_on(gr.Checkbox)
Dropdown: type[gr.Dropdown] = _handing_on(gr.Dropdown)
Number: type[gr.Number] = _handing_on(gr.Number)
Radio: type[gr.Radio] = _handing_on(gr.Radio)
Slider: type[gr.Slider] = _handing_on(gr.Slider)
Textbox: type[gr.Textbox] = _handing_on(gr.Textbox)


def picture_input(**options: Any) -> gr.Image:
    """A control that takes a picture by upload, paste or camera."""
    return PictureInput(
        **{"sources": ["upload", "clipboard", "webcam"], "type": "filepath", "format": "png", "buttons": [], **options}
    )


# ---------------------------------------------------------------- field -> control


def label(params: type[Params], name: str) -> str:
    """What a field is called on the page.

    >>> class P(Params):
    ...     step_size: float = 1.0
    >>> label(P, "step_size")
    'Step size'
    """
    return params.model_fields[name].title or name.replace("_", " ").capitalize()


def is_more(params: type[Params], name: str) -> bool:
    """Whether a field is folded away until asked for."""
    extra = params.model_fields[name].json_schema_extra
    return bool(extra.get("more")) if isinstance(extra, Mapping) else False


def pictures(params: type[Params], name: str) -> tuple[str, str | None] | None:
    """Which small pictures a choice is shown by too, "samples" or "manners", and the field that a click on one empties."""
    extra = params.model_fields[name].json_schema_extra
    return (extra["pictures"], extra.get("instead_of")) if isinstance(extra, Mapping) and extra.get("pictures") else None


def choices(params: type[Params], name: str) -> list[Any]:
    """What a choice lies between, but for "none"."""
    return [choice for choice in get_args(plain_type(params.model_fields[name])) if choice != "none"]


def component(params: type[Params], name: str, policy: Policy, value: Any = None) -> gr.components.Component:
    """The control for one field. value: what it shows at first, the default where None.

    Raises BrokenTechnique for a type that has none.
    """
    field = params.model_fields[name]
    common = {
        "label": label(params, name),
        "info": field.description,
        "value": default(field) if value is None else value,
        "elem_classes": ["field", f"field-{name}"],
    }
    meant = params.meaning(name)
    if meant:
        return _BY_MEANING[meant](field, common, policy)
    kind = plain_type(field)
    if get_origin(kind) is Literal:
        choices = [(str(c).replace("_", " "), c) for c in get_args(kind)]
        return Radio(choices, **common) if len(choices) <= 4 else Dropdown(choices, filterable=len(choices) > 12, **common)
    if kind in _BY_TYPE:
        return _BY_TYPE[kind](field, common, policy)
    raise BrokenTechnique(f"{name}: there is no control for the type {getattr(kind, '__name__', kind)}.")


def plain_type(field: FieldInfo) -> Any:
    """A field's type without `| None` and without annotations."""
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next((k for k in get_args(kind) if k is not type(None)), kind)
    return get_args(kind)[0] if hasattr(kind, "__metadata__") else kind


def bounds(field: FieldInfo) -> tuple[float | None, float | None, float | None]:
    """(lowest, highest, multiple of) of a number field, None where there is no limit; exclusive ones as they stand."""
    found: dict[str, Any] = {}
    for limit in field.metadata:
        for name in ("ge", "gt", "le", "lt", "multiple_of"):
            value = getattr(limit, name, None)
            found.update({name: value} if value is not None else {})
    low, high = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
    if plain_type(field) is int:
        low = low + 1 if "gt" in found and "ge" not in found else low
        high = high - 1 if "lt" in found and "le" not in found else high
    return low, high, found.get("multiple_of")


def step_of(low: float, high: float, default: float | None) -> float:
    """About a hundredth of a range, round, and fine enough that the default lies on it: a browser snaps a slider to steps.

    >>> step_of(0.0, 4.0, 1.0), step_of(0.0, 1.0, 0.07), step_of(0, 1, 0.125)
    (0.05, 0.01, 0.005)
    """
    exponent = math.floor(math.log10((high - low) / 100))
    rounds = [r * 10.0**e for e in range(exponent + 1, exponent - 4, -1) for r in (5, 2, 1)]
    fine = [
        r
        for r in rounds
        if r <= (high - low) / 60 and (default is None or abs((default - low) / r - round((default - low) / r)) < 1e-6)
    ]
    return float(f"{(fine or rounds[-1:])[0]:.3g}")


def _number(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    whole = plain_type(field) is int
    low, high, multiple = bounds(field)
    if low is None or high is None or common["value"] is None or _wide(low, high, whole):
        return Number(precision=0 if whole else None, minimum=low, maximum=high, **common)
    step = multiple or (1 if whole else step_of(low, high, common["value"]))
    return Slider(low, high, step=step, buttons=[], **common)


def _wide(low: float, high: float, whole: bool) -> bool:
    return high - low > WIDE_COUNT if whole else low > 0 and high / low > WIDE_RATIO


def _checkbox(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    return Checkbox(**common)


def _text(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    longest = next((m.max_length for m in field.metadata if getattr(m, "max_length", None)), 1000)
    return Textbox(max_length=longest, **common)


def _backbone(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    from hub import backbones

    other = [(common["value"],) * 2] if common["value"] and backbones.entry(common["value"]) is None else []
    return Dropdown([*network_choices(), *other], allow_custom_value=policy.any_model, **common)


def _backbones(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    common["value"] = between_commas(common["value"])
    ours, *others = network_choices()
    known = [ours, (f"{ours[0].partition(' · ')[0]}, untrained", f"{ours[1]}?random"), *others]
    other = [(name, name) for name in common["value"] if name not in dict(map(reversed, known))]
    return Dropdown([*known, *other], multiselect=True, allow_custom_value=policy.any_model, **common)


def _listed_later(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    """A layer or unit: the network is asked for its list when the tab opens; other names are the technique's to refuse."""
    return Dropdown([c for c in [common["value"]] if c], allow_custom_value=True, **common)


def _several(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    common["value"] = between_commas(common["value"])
    return Dropdown(common["value"], multiselect=True, allow_custom_value=True, **common)


def _seed(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    dice = gr.Button("New", size="sm", min_width=0, elem_classes=["dice"])
    number = Number(precision=0, minimum=0, maximum=2**31 - 1, buttons=[dice], **common)
    dice.click(None, None, number, js=DICE, api_visibility="private", queue=False)
    return number


def _picture(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    hint = common.pop("info")
    return picture_input(height=160, placeholder=hint, **{**common, "value": None})


def _file(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    hint = common.pop("info")
    with gr.Group(elem_classes=["field"]):
        control = FileInput(height=110, **{**common, "value": None, "elem_classes": [*common["elem_classes"], "upload"]})
        gr.HTML(f'<p class="info">{escape(hint or "")}</p>')
    return control


_Make = Callable[[FieldInfo, dict[str, Any], Policy], gr.components.Component]
_BY_MEANING: dict[str, _Make] = {
    "backbone": _backbone,
    "backbones": _backbones,
    "layer": _listed_later,
    "unit": _listed_later,
    "units": _several,
    "seed": _seed,
    "picture": _picture,
    "file": _file,
}
_BY_TYPE: dict[Any, _Make] = {int: _number, float: _number, bool: _checkbox, str: _text}


def default(field: FieldInfo) -> Any:
    """What a field holds when nobody sets it; None where it must be given."""
    value = field.get_default(call_default_factory=True)
    return None if value is PydanticUndefined else value


def initial(params: type[Params], name: str) -> Any:
    """What the control of a field holds when nobody sets it."""
    return held(params.meaning(name), default(params.model_fields[name]))


# ---------------------------------------------------------------- control -> value


def read(params: type[Params], given: Sequence[Any], policy: Policy) -> Params:
    """What the controls hold, in the order of the fields -> checked `Params`. Raises BadParams, UnknownBackbone, OverLimit."""
    if len(given) != len(params.model_fields):
        raise BadParams(f"{len(params.model_fields)} values are wanted, {len(given)} were given.")
    values = {name: converted(params, name, value, policy) for name, value in zip(params.model_fields, given, strict=True)}
    return params.read({name: value for name, value in values.items() if value is not None or accepts_none(params, name)}, policy)


def converted(params: type[Params], name: str, value: Any, policy: Policy) -> Any:
    """One control's value as its field's type: a slider gives 1 for 1.0 and 1.0 for 1.

    What does not fit is left for `Params` to refuse.
    """
    field, meant = params.model_fields[name], params.meaning(name)
    kind = plain_type(field)
    if meant in KINDS:
        return uploaded(value, policy) if value else None
    if meant in SEVERAL and isinstance(value, list):
        return ", ".join(map(str, value))
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if value == "" and accepts_none(params, name):
        return None
    return str(value) if meant == "unit" and isinstance(value, int) else value


def accepts_none(params: type[Params], name: str) -> bool:
    """Whether a field may be left empty."""
    return type(None) in get_args(params.model_fields[name].annotation)


def uploaded(path: str, policy: Policy) -> bytes:
    """The bytes of an uploaded file. Raises OverLimit before reading one that is too large."""
    file = Path(path)
    if not file.is_file():
        raise BadParams("That upload is no longer there. Choose it again.")
    if file.stat().st_size > policy.upload_bytes:
        raise OverLimit(f"That file is larger than {policy.upload_bytes // 2**20} MiB, the most that is taken here.")
    return file.read_bytes()


# ---------------------------------------------------------------- values -> controls


def shown(params: Params) -> list[Any]:
    """The value for each control, in the order of the fields; pictures and files are left empty."""
    return [held(type(params).meaning(name), getattr(params, name)) for name in type(params).model_fields]


def held(meant: str | None, value: Any) -> Any:
    """A value as the control of such a field holds it."""
    if meant in SEVERAL:
        return value if isinstance(value, list) else between_commas(value)
    return None if meant in KINDS else value


# ---------------------------------------------------------------- lists that follow the network


def network_choices() -> list[tuple[str, str]]:
    """(what is read, value) for each network of the menu, the embedded one first."""
    from hub import backbones

    return [(f"{each.title} · {each.megabytes:.0f} MB", each.name) for each in backbones.CATALOGUE]


def layer_choices(backbone: str, policy: Policy) -> list[tuple[str, str]]:
    """(what is read, value) for each layer of a network, the words that fit every network first.

    Raises UnknownBackbone for a network that the policy does not offer.
    """
    from hub import backbones

    if not policy.any_model:
        backbones.check_offered(backbone)
    layers = [(f"{layer.name} · {layer.channels} channels", layer.name) for layer in backbones.layers(backbone)]
    return [("early", "early"), ("middle", "middle"), ("late", "late"), *layers]


def unit_choices(backbone: str, layer: str) -> list[str]:
    """The units of a layer: class names, or channel numbers; none where the layer is not there."""
    from hub import backbones

    try:
        return backbones.units(backbone, layer)
    except InputError:
        return []


def best_layer(backbone: str, technique: str) -> str | None:
    """The layer of a network to begin with in a technique, where one is known to show well."""
    from hub import backbones

    return backbones.best_layer(backbone, technique)
