from __future__ import annotations

from typing import Literal

import gradio as gr
import pytest
from PIL import Image

import hub
from hub import backbones, entered, forms, links, menus
from hub.errors import BadParams, BrokenTechnique, OverLimit, UnknownBackbone
from hub.policy import Policy


class Params(hub.Params):
    steps: int = hub.Field(12, ge=1, le=60, description="How many.")
    strength: float = hub.Field(1.0, ge=0, le=4, description="How strong.", label="Force")
    rate: float = hub.Field(0.05, ge=1e-5, le=10, description="A wide range.")
    start: float = hub.Field(0.0, ge=0, description="No upper bound.")
    keep: bool = hub.Field(False, description="Whether.")
    mood: Literal["calm", "warm"] = hub.Field("calm", description="Two.")
    kind: Literal["a", "b", "c", "d", "e"] = hub.Field("a", description="Five.")
    title: str = hub.Field("x", description="Words.", max_length=20)
    most: int | None = hub.Field(None, ge=1, description="May be empty.")
    seed: hub.Seed = hub.Field(0, description="Chance.", more=True)
    guide: hub.Picture | None = hub.Field(None, description="A second picture.", more=True)
    units: hub.UnitNames = hub.Field("", description="Several.")
    networks: hub.BackboneNames = hub.Field("embedded, timm/resnet18.a1_in1k", description="Several networks.")
    model: hub.File | None = hub.Field(None, description="A <file>.")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("steps", gr.Slider),
        ("strength", gr.Slider),
        ("rate", gr.Number),
        ("start", gr.Number),
        ("keep", gr.Checkbox),
        ("mood", gr.Radio),
        ("kind", gr.Dropdown),
        ("title", gr.Textbox),
        ("most", gr.Number),
        ("seed", gr.Number),
        ("guide", gr.Image),
        ("units", gr.Dropdown),
        ("networks", gr.Dropdown),
        ("model", gr.File),
    ],
)
def test_each_kind_of_field_has_its_control(name, kind):
    with gr.Blocks(analytics_enabled=False):
        made = forms.component(Params, name, Policy.local())
    assert isinstance(made, kind)


def test_a_control_takes_label_hint_bounds_and_default_from_the_field():
    slider = forms.component(Params, "strength", Policy.local())
    assert (slider.label, slider.info, slider.minimum, slider.maximum, slider.value) == ("Force", "How strong.", 0, 4, 1.0)
    assert forms.label(Params, "steps") == "Steps"
    assert forms.is_more(Params, "seed") and not forms.is_more(Params, "steps")


def test_a_type_without_a_control_is_refused_by_name():
    class Odd(hub.Params):
        shape: dict = hub.Field({}, description="Anything.")

    with pytest.raises(BrokenTechnique, match="shape"):
        forms.component(Odd, "shape", Policy.local())


@pytest.mark.parametrize(
    ("low", "high", "default"), [(0.0, 4.0, 1.0), (0.1, 4, 1.0), (1.1, 2, 1.4), (0, 1, 0.07), (-3, 3, 0.123), (0, 1e-3, 5e-4)]
)
def test_the_default_lies_on_a_step_of_its_slider(low, high, default):
    step = forms.step_of(low, high, default)
    assert abs((default - low) / step - round((default - low) / step)) < 1e-4
    assert (high - low) / step >= 50


def values(**changes):
    return list({**dict(zip(Params.model_fields, entered.shown(Params()), strict=True)), **changes}.values())


def test_what_the_controls_show_reads_back_as_the_same_params():
    given = Params(steps=7, strength=2.5, keep=True, kind="c", most=3, units="eye, cat")
    assert entered.read(Params, entered.shown(given), Policy.local()) == given


def test_a_slider_may_give_an_int_for_a_float_and_a_float_for_an_int():
    read = entered.read(Params, values(steps=7.0, strength=2), Policy.local())
    assert (read.steps, read.strength) == (7, 2.0)
    assert type(read.steps) is int and type(read.strength) is float


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 0},
        {"steps": 7.5},
        {"steps": True},
        {"strength": float("nan")},
        {"strength": "2"},
        {"strength": True},
        {"keep": {"a": 1}},
        {"keep": 1},
        {"mood": ["calm"]},
        {"mood": "angry"},
        {"title": "x" * 21},
        {"seed": -1},
        {"units": {"a": 1}},
        {"networks": {"a": 1}},
    ],
)
def test_what_slips_past_the_page_is_refused_in_one_line(changes):
    with pytest.raises(BadParams) as refused:
        entered.read(Params, values(**changes), Policy.public())
    assert next(iter(changes)) in str(refused.value) and "\n" not in str(refused.value)


def test_an_empty_control_means_none_where_none_is_allowed():
    assert entered.read(Params, values(most=None), Policy.local()).most is None


def test_several_units_are_one_line_of_names():
    assert entered.read(Params, values(units=["eye", "cat"]), Policy.local()).units == "eye, cat"


def test_several_networks_are_chosen_from_the_menu_and_the_embedded_one_untrained():
    dropdown = forms.component(Params, "networks", Policy.public(), "embedded, timm/resnet34.a1_in1k")
    offered = [value for _, value in dropdown.choices]
    assert dropdown.value == ["embedded", "timm/resnet34.a1_in1k"] and dropdown.multiselect and not dropdown.allow_custom_value
    assert offered == ["embedded", "embedded?random", *backbones.names()[1:], "timm/resnet34.a1_in1k"]
    assert dict(map(reversed, dropdown.choices))["embedded?random"] == "Netsee's own, untrained"
    assert forms.component(Params, "networks", Policy.local()).allow_custom_value
    read = entered.read(Params, values(networks=["embedded?random", "timm/vgg16.tv_in1k"]), Policy.public())
    assert read.networks == "embedded?random, timm/vgg16.tv_in1k"
    with pytest.raises(UnknownBackbone, match="local-dir:/etc"):
        entered.read(Params, values(networks=["embedded", "local-dir:/etc"]), Policy.public())


def test_a_picture_goes_through_our_own_decoder(tmp_path):
    file = tmp_path / "guide.png"
    Image.new("RGBA", (3, 2), (255, 0, 0, 0)).save(file)
    guide = entered.read(Params, values(guide=str(file)), Policy.public()).guide
    assert guide.mode == "RGB" and guide.size == (3, 2) and guide.getpixel((0, 0)) == (255, 255, 255)
    file.write_bytes(b"<svg/>")
    with pytest.raises(BadParams, match="guide"):
        entered.read(Params, values(guide=str(file)), Policy.public())


def test_a_file_arrives_as_the_bytes_that_were_uploaded(tmp_path):
    file = tmp_path / "model.bin"
    file.write_bytes(b"\0weights")
    assert entered.read(Params, values(model=str(file)), Policy.public()).model == b"\0weights"
    file.write_bytes(b"")
    with pytest.raises(BadParams, match="model: This file is empty"):
        entered.read(Params, values(model=str(file)), Policy.public())
    file.unlink()
    with pytest.raises(BadParams, match="no longer there"):
        entered.read(Params, values(model=str(file)), Policy.public())


def test_the_file_control_gives_a_path_and_leaves_nothing_behind(tmp_path):
    with gr.Blocks(analytics_enabled=False) as blocks:
        control = forms.component(Params, "model", Policy.local(), "not shown")
    control.GRADIO_CACHE = str(tmp_path)
    assert control.value is None and control.preprocess(None) is None
    assert control.preprocess(gr.FileData(path="/uploads/model.bin")) == "/uploads/model.bin" and list(tmp_path.iterdir()) == []
    assert "A &lt;file&gt;." in str(blocks.config["components"])


def test_a_large_upload_is_refused_unread(tmp_path):
    file = tmp_path / "large.png"
    file.write_bytes(b"x" * 100)
    with pytest.raises(OverLimit):
        entered.uploaded(str(file), Policy.public().but(upload_bytes=99))


def test_a_public_page_loads_no_network_outside_the_catalogue(monkeypatch):
    class Looks(hub.Params):
        backbone: hub.BackboneName = hub.Field("embedded", description="Which.")

    for name in ("local-dir:/etc", "hf-hub:someone/thing", ["embedded"]):
        with pytest.raises((UnknownBackbone, BadParams)):
            entered.read(Looks, [name], Policy.public())
    assert entered.read(Looks, ["local-dir:/etc"], Policy.local()).backbone == "local-dir:/etc"


def test_a_link_carries_only_what_was_changed():
    given = Params(steps=7, guide=Image.new("RGB", (2, 2)), model=b"secret")
    assert entered.shown(given)[-1] is None
    assert links.unpacked(links.packed(links.changed(given))) == {"steps": 7}


@pytest.mark.parametrize("text", ["", "!!!", "bm90IGpzb24", "WzFd", "A" * 5000, "W" * 3999])
def test_a_damaged_link_is_one_readable_line(text):
    with pytest.raises(BadParams, match="cannot be read"):
        links.unpacked(text)


def test_importing_the_picture_control_writes_nothing_beside_the_source():
    from pathlib import Path

    assert not Path(forms.__file__).with_suffix(".pyi").exists()


def test_a_choice_between_samples_is_shown_as_pictures():
    class Chosen(hub.Params):
        like: Literal["cat", "china"] = hub.Field("cat", description="Which.", pictures="samples", instead_of="own")
        own: hub.Picture | None = hub.Field(None, description="Another.")

    assert forms.pictures(Chosen, "like") == ("samples", "own") and forms.pictures(Chosen, "own") is None
    assert forms.choices(Chosen, "like") == ["cat", "china"]


def test_lists_of_layers_are_told_of_no_network_that_a_hosted_hub_does_not_take():
    assert menus.layer_choices("embedded", Policy.public())[:3] == menus.layer_choices("embedded", Policy.local())[:3]
    for name in ("timm/test_resnet?random", "hf-hub:somebody/else", "local-dir:/etc", "embedded?random=5"):
        with pytest.raises(UnknownBackbone):
            menus.layer_choices(name, Policy.public())
