"""The menu of networks, held to what timm and torchvision say; and each of them, untrained, in every technique."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
import timm
import torch

import hub
from hub import backbones, files, registry, samples
from hub.backbones import CLASSES, catalogue
from hub.backbones.catalogue import CATALOGUE, Pin
from hub.backbones.loading import drawn
from hub.backbones.naming import parse
from hub.backbones.sources import blueprint
from hub.errors import BadOutput, UnknownBackbone
from hub.policy import Policy
from tests.networks import some_pictures

NAMES = [entry.name for entry in CATALOGUE]
LOOKERS = sorted(name for name, each in registry.techniques().items() if each.Params.fields_meaning("backbone")
                 or each.Params.fields_meaning("backbones"))
LONG = {"sparse_autoencoder", "style_transfer", "photo_style"}
ALIVE = {("torchvision/googlenet", "sparse_autoencoder"): {"layer": "early"}}  # untrained, its middle says the same of all
SETTINGS = {"sparse_autoencoder": {"source": "a layer of a network", "layer": "middle"}}


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_an_entry_is_what_the_network_is(entry):
    plan = drawn(entry.name)
    assert plan.side == entry.side
    parameters = sum(p.numel() for p in plan.bare.parameters()) / 1e6
    assert parameters == pytest.approx(entry.parameters, rel=0.03)
    layers = [layer.name for layer in backbones.layers(entry.name)]
    assert set(entry.layers.values()) <= set(layers) and set(entry.layers) <= set(registry.techniques())
    assert entry.licence == licence(entry.name)


def licence(name: str) -> str:
    if name == "embedded":
        return "apache-2.0"
    if name.startswith("torchvision/"):  # the licence of torchvision itself, which its weights come under
        return "bsd-3-clause"
    return timm.models.get_pretrained_cfg(name.removeprefix("timm/")).license


def test_the_menu_has_each_network_once_and_says_why_one_would_look():
    for distinct in ("name", "title", "about"):
        assert len({getattr(entry, distinct) for entry in CATALOGUE}) == len(CATALOGUE) >= 15
    assert NAMES[0] == "embedded"


def test_torchvision_still_has_the_file_whose_hash_is_in_its_name():
    url = drawn("torchvision/googlenet").url
    assert re.fullmatch(r"googlenet-[0-9a-f]{8}\.pth", url.rpartition("/")[2])


def test_every_network_of_the_hub_has_an_address_of_safetensors():
    for name in NAMES:
        if name.startswith("timm/"):
            wanted = drawn(name).weights
            assert wanted.repo == name and wanted.file == "model.safetensors"


# ---- what a hosted hub takes


def test_a_hosted_hub_takes_the_menu_and_its_untrained_selves_and_nothing_else():
    class Params(hub.Params):
        backbone: hub.BackboneName = hub.Field("embedded", description="x")
        others: hub.BackboneNames = hub.Field("", description="y")

    for name in (*NAMES, "timm/vgg19.tv_in1k?random"):
        Params.read({"backbone": name}, Policy.public())
    for name in ("timm/vgg19.tv_in1k?random=1", "timm/resnet34.a1_in1k", "hf-hub:timm/resnet18.a1_in1k", "local-dir:/etc", "http://x/y"):
        with pytest.raises(UnknownBackbone):
            Params.read({"backbone": name}, Policy.public())
        with pytest.raises(UnknownBackbone):
            Params.read({"others": f"embedded, {name}"}, Policy.public())


# ---- pins


def test_a_pin_decides_which_revision_is_fetched_and_what_it_must_be(monkeypatch, tmp_path):
    pins = tmp_path / "pins.json"
    pins.write_text("{}")
    monkeypatch.setattr(catalogue, "PINS", pins)
    catalogue._pins.cache_clear()
    name, pin = "timm/resnet18.a1_in1k", Pin("a" * 40, "b" * 64)
    assert catalogue.pin(name) is None
    catalogue.record(name, pin)
    assert catalogue.pin(name) == pin and json.loads(pins.read_text()) == {name: {"revision": "a" * 40, "sha256": "b" * 64}}
    wanted = blueprint(parse(name)).weights
    assert (wanted.revision, wanted.sha256) == ("a" * 40, "b" * 64)
    monkeypatch.undo()
    catalogue._pins.cache_clear()


def test_pins_that_cannot_be_written_are_said_in_one_line(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "pins.json").write_text("{}")
    monkeypatch.setattr(catalogue, "PINS", tmp_path / "pins.json")
    monkeypatch.setattr("hub.files.write_safely", full)
    with pytest.raises(BadOutput, match=r"pins.json cannot be written \(no space left on device\)"):
        catalogue.record("embedded", Pin(None, "b" * 64))


def test_two_who_pin_at_once_are_both_recorded(monkeypatch, tmp_path):
    pins, writing = tmp_path / "pins.json", files.write_safely
    pins.write_text("{}")
    monkeypatch.setattr(catalogue, "PINS", pins)
    monkeypatch.setattr("hub.files.write_safely", lambda *given: (sleep(0.1), writing(*given)))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: catalogue.record(name, Pin(None, "b" * 64)), "abc"))
    assert list(json.loads(pins.read_text())) == ["a", "b", "c"]
    monkeypatch.undo()
    catalogue._pins.cache_clear()


def test_what_ships_is_pinned_by_nothing_that_was_made_up():
    for name, pin in json.loads(catalogue.PINS.read_text()).items():
        revised = name.startswith("timm/")
        assert re.fullmatch("[0-9a-f]{40}", pin["revision"]) if revised else pin["revision"] is None
        assert re.fullmatch("[0-9a-f]{64}", pin["sha256"])


# ---- each of them, untrained


@pytest.mark.parametrize("name", NAMES)
def test_truncation_is_exact(name):
    """Features are those of a full pass, and, as far as folding BatchNorms rounds, those of the network as it was."""
    network = backbones.load(f"{name}?random")
    picture, words = some_pictures(1, network.side, network.side), ["early", "middle", "late"]
    maps = network.features(picture, words)
    with torch.no_grad():
        whole, _ = network._caught(network.normalised(picture), {network.layer(word) for word in words}, whole=True)
    for word in words:
        assert torch.equal(maps[word], whole[network.layer(word).name]), word


@pytest.mark.parametrize("name", NAMES)
def test_the_layers_told_without_weights_are_those_that_it_has(name):
    network = backbones.load(f"{name}?random")
    assert backbones.layers(name) == network.layers()
    assert backbones.units(name, "late") == network.units("late")
    late, size = network.layer("late"), network.side
    assert network.features(some_pictures(1, size, size), ["late"])["late"].shape[1:] == (late.channels, *late.size)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_the_picture_and_no_weight(name):
    network = backbones.load(f"{name}?random")
    for layer in ("middle", CLASSES):
        picture = some_pictures(1, 64, 64).requires_grad_()
        network.features(picture, [layer])[layer].float().square().mean().backward()
        assert picture.grad.abs().sum() > 0, layer
    assert all(parameter.grad is None for parameter in network.model.parameters())


@pytest.mark.parametrize("technique", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in LOOKERS])
@pytest.mark.parametrize("name", NAMES)
def test_every_technique_runs_on_every_network(name, technique):
    found, network = registry.technique(technique), f"{name}?random"
    photo = samples.load("cat").resize((64, 48)) if found.picture != "none" else None
    field = (found.Params.fields_meaning("backbone") or found.Params.fields_meaning("backbones"))[0]
    settings = {**found.Params.quick, **SETTINGS.get(technique, {}), **ALIVE.get((name, technique), {}), field: network}
    result = found(photo, settings)
    assert result.image is not None and result.recipe.params[field] == network
    hooks = sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in backbones.load(network).model.modules())
    assert hooks == 0
