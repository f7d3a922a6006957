"""How long runs are expected to take: who is turned down, and what a GPU is asked for."""

from __future__ import annotations

import math

import pytest
import torch
from PIL import Image
from torch.nn.modules import module

import hub
from hub import backbones, registry, runners
from hub.backbones import CLASSES
from hub.backbones.loading import RATE
from hub.backbones.work import counted
from hub.errors import BrokenTechnique, OverLimit, UnknownBackbone
from hub.policy import Policy
from hub.runners import expectation, zero

COSTLY = '''"""Says that it takes long, and does not."""
import hub
from collections.abc import Iterator

class Params(hub.Params):
    steps: int = hub.Field(10, ge=0, description="Seconds it says that it takes.")

@hub.technique(title="Costly", family="Dream", cost=lambda image, params: COST)
def run(image: hub.Image, params: Params) -> Iterator[hub.Result]:
    yield hub.Result(image=image, progress=1.0)
'''
TECHNIQUES = [record.name for record in registry.records() if record.technique]
LONGER = {"steps", "size", "octaves", "seeds", "filters", "count", "depth", "pretraining", "refine", "zoom_frames"}

WITH_STEPS = {"photo_style": {"method": "deep"}, "compare_networks": {"show": "a dream"}}


def costly(folder, cost="float(params.steps)"):
    folder.add("costly", COSTLY.replace("COST)", f"{cost})"))
    return registry.technique("costly")


def run(technique, policy, **values):
    return list(runners.run(technique, Image.new("RGB", (2, 2)), technique.Params.read(values, policy), policy))


@pytest.fixture(autouse=True)
def two_plain_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("hub.devices.has_fast_bf16", lambda: False)


def test_a_run_that_cannot_end_in_time_is_turned_down_before_it_begins(plugin_folder):
    technique, policy = costly(plugin_folder), Policy.public()
    with pytest.raises(OverLimit, match=r"^That would take about 50 min, and the limit here is 60 s\. Take fewer steps"):
        run(technique, policy, steps=3000)
    assert run(technique, policy, steps=239)[-1].progress == 1  # an estimate may be wrong by so much


def test_more_cores_and_a_gpu_do_more_in_the_same_time(plugin_folder, monkeypatch):
    technique, policy = costly(plugin_folder), Policy.public()
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert run(technique, policy, steps=900)[-1].progress == 1
    with pytest.raises(OverLimit):
        run(technique, policy, steps=1000)
    monkeypatch.setattr("hub.devices.device", lambda: torch.device("cuda"))
    expectation.check(technique, technique.Params(steps=1000), None, policy)


def test_a_processor_made_for_bfloat16_does_more_in_the_same_time(plugin_folder, monkeypatch):
    technique = costly(plugin_folder)
    monkeypatch.setattr("hub.devices.has_fast_bf16", lambda: True)
    assert run(technique, Policy.public(), steps=950)[-1].progress == 1
    with pytest.raises(OverLimit, match="about 5 min"):
        run(technique, Policy.public(), steps=1200)


def test_at_home_nothing_is_turned_down(plugin_folder):
    assert run(costly(plugin_folder), Policy.local(), steps=10**6)[-1].progress == 1


@pytest.mark.parametrize("cost", ["1 / 0", "float('nan')", "-1.0", "'long'"])
def test_a_cost_that_is_no_time_is_told_as_the_techniques_fault(plugin_folder, cost):
    with pytest.raises(BrokenTechnique, match="^costly: its cost ") as error:
        run(costly(plugin_folder, cost), Policy.public())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("steps", "asked"), [(3, zero.LEAST), (12, 24), (45, 60)])
def test_a_gpu_is_asked_for_twice_as_long_as_expected_within_the_deadline(plugin_folder, steps, asked):
    costly(plugin_folder)
    assert zero.seconds("costly", None, {"steps": steps}, Policy.public()) == asked + zero.GRACE


@pytest.mark.parametrize("name", TECHNIQUES)
def test_every_technique_tells_its_cost_and_what_makes_it_longer_never_lowers_it(name):
    technique = registry.technique(name)
    params, image = technique.Params(), None if technique.picture == "none" else Image.new("RGB", (512, 384))
    plain = expectation.expected(technique, params, image)
    assert plain is not None and 0 < plain < 120
    for field in LONGER & {name for name, value in params.model_dump().items() if isinstance(value, int)}:
        more = params.model_copy(update={field: 2 * getattr(params, field) or 1024})
        assert expectation.expected(technique, more, image) >= plain, field
    if "steps" in technique.Params.model_fields:
        params = params.model_copy(update=WITH_STEPS.get(name, {}))
        assert expectation.expected(technique, params.model_copy(update={"steps": 10**6}), image) > 600


def test_a_network_takes_as_long_as_its_operations():
    """Of ResNet-18 and ResNet-50, published as 1.8 and 4.1 thousand million multiplications with additions at 224 pixels."""
    small, large = (backbones.seconds(f"timm/{name}?random", 224 * 224) for name in ("resnet18", "resnet50"))
    assert math.isclose(large / small, 4.1 / 1.8, rel_tol=0.03)
    assert math.isclose(backbones.seconds("timm/resnet18?random", 448 * 448), 4 * small)


def test_what_comes_after_the_layer_that_is_looked_at_takes_no_time():
    """Two convolutions of VGG-19, from 3 to 64 and from 64 to 64 channels, 3 x 3 each, at every pixel."""
    expected = 2 * 2 * (3 * 64 + 64 * 64) * 9 * 1e6 / RATE
    whole, middle, first = (backbones.seconds("timm/vgg19?random", 1e6, layer) for layer in (CLASSES, "middle", "features.2"))
    assert math.isclose(first, expected) and 5 * first < middle < 0.7 * whole
    assert backbones.seconds("timm/vgg19?random", 1e6, "no_such") == whole


@pytest.mark.parametrize("name", ["deep_dream", "activation_maximization"])
def test_an_early_layer_of_a_large_network_is_not_turned_down_for_what_comes_after_it(name):
    technique, image = hub.find(name), Image.new("RGB", (512, 512))
    early, late = (technique.Params(backbone="timm/vgg19.tv_in1k", layer=layer, steps=60) for layer in ("early", "late"))
    assert 5 * expectation.expected(technique, early, image) < expectation.expected(technique, late, image)


def test_counting_operations_leaves_what_others_compute_alone():
    class Watching(torch.nn.Conv2d):
        def forward(self, picture):
            seen.append(len(module._global_forward_pre_hooks) + len(module._global_forward_hooks))
            return super().forward(picture)

    seen = []
    assert counted(Watching(3, 1, 1, device="meta"), 4)[""] == 2 * 3 * 16 and seen == [0]


def test_a_network_that_is_not_there_is_told_as_ever():
    technique = hub.find("deep_dream")
    with pytest.raises(UnknownBackbone):
        expectation.expected(technique, technique.Params.model_construct(backbone="timm/no_such"), Image.new("RGB", (8, 8)))
