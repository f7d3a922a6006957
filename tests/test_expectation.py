"""How long runs are expected to take: who is turned down, and what a GPU is asked for."""

from __future__ import annotations

import math

import pytest
import torch
from PIL import Image

import hub
from hub import backbones, registry, runners
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
def two_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)


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


def test_a_network_that_is_not_there_is_told_as_ever():
    technique = hub.find("deep_dream")
    with pytest.raises(UnknownBackbone):
        expectation.expected(technique, technique.Params.model_construct(backbone="timm/no_such"), Image.new("RGB", (8, 8)))
