"""A field of `Params` -> a control of the page: one table, by what a field means and by its type; nothing here knows a technique.

What a control gives is a value for `Params` again in `hub.entered`.
"""

from __future__ import annotations

import math
from abc import ABCMeta
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Literal, get_args, get_origin

import gradio as gr
from pydantic.fields import FieldInfo

from hub import entered, menus
from hub.errors import BrokenTechnique
from hub.params import Params, between_commas
from hub.policy import Policy

WIDE_RATIO = 1000  # a positive range wider than this is typed, not dragged: a linear slider cannot reach its small end
WIDE_COUNT = 20_000
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
    return [choice for choice in get_args(entered.plain_type(params.model_fields[name])) if choice != "none"]


def component(params: type[Params], name: str, policy: Policy, value: Any = None) -> gr.components.Component:
    """The control for one field. value: what it shows at first, the default where None.

    Raises BrokenTechnique for a type that has none.
    """
    field = params.model_fields[name]
    common = {
        "label": label(params, name),
        "info": field.description,
        "value": entered.default(field) if value is None else value,
        "elem_classes": ["field", f"field-{name}"],
    }
    meant = params.meaning(name)
    if meant:
        return _BY_MEANING[meant](field, common, policy)
    kind = entered.plain_type(field)
    if get_origin(kind) is Literal:
        choices = [(str(c).replace("_", " "), c) for c in get_args(kind)]
        return Radio(choices, **common) if len(choices) <= 4 else Dropdown(choices, filterable=len(choices) > 12, **common)
    if kind in _BY_TYPE:
        return _BY_TYPE[kind](field, common, policy)
    raise BrokenTechnique(f"{name}: there is no control for the type {getattr(kind, '__name__', kind)}.")


def bounds(field: FieldInfo) -> tuple[float | None, float | None, float | None]:
    """(lowest, highest, multiple of) of a number field, None where there is no limit; exclusive ones as they stand."""
    found: dict[str, Any] = {}
    for limit in field.metadata:
        for name in ("ge", "gt", "le", "lt", "multiple_of"):
            value = getattr(limit, name, None)
            found.update({name: value} if value is not None else {})
    low, high = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
    if entered.plain_type(field) is int:
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
    whole = entered.plain_type(field) is int
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
    return Dropdown([*menus.network_choices(), *other], allow_custom_value=policy.any_model, **common)


def _backbones(field: FieldInfo, common: dict[str, Any], policy: Policy) -> gr.components.Component:
    common["value"] = between_commas(common["value"])
    ours, *others = menus.network_choices()
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
