"""From a name to a network over a loopback hub, with the real timm, torchvision and huggingface_hub."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save
from timm.models import save_for_hf

import hub
from hub import backbones
from hub.backbones import bounds, catalogue, loading, settings
from hub.backbones.backbone import weights_hash
from hub.errors import BadFile, FetchFailed, NotOffline, OverLimit, UnknownBackbone, UnknownLayer, UnsupportedBackbone
from tests.loopback import Loopback
from tests.networks import NARROW, one_thread, some_pictures, tiny_model  # noqa: F401

TIMM, REPO = "timm/test_resnet.r160_in1k", "hf-hub:somebody/tiny"
DATA = {"input_size": (3, 64, 64), "mean": (0.5,) * 3, "std": (0.25,) * 3}


def stranger(folder: Path, **changes) -> dict[str, bytes]:
    """A repository of a small network as timm pushes it, with some settings changed."""
    told = {"label_names": ["ant", "bee", "cat", "dog"], "pretrained_cfg": DATA}
    save_for_hf(tiny_model(), str(folder), model_config=told, model_args=NARROW, safe_serialization=True)
    config = json.loads((folder / "config.json").read_text()) | changes
    return {"config.json": json.dumps(config).encode(), "model.safetensors": (folder / "model.safetensors").read_bytes()}


def trained(architecture: str = "test_resnet") -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        return timm.create_model(architecture, pretrained=False).eval()


@pytest.fixture
def there(monkeypatch, tmp_path) -> Iterator[Loopback]:
    """A hub with a network of timm's and one of a stranger's; nothing is cached, on disk or in memory."""
    googlenet = torchvision.models.googlenet(weights=None, init_weights=False, aux_logits=True)
    memory = io.BytesIO()
    torch.save(googlenet.state_dict(), memory)
    pth = f"googlenet-{hashlib.sha256(memory.getvalue()).hexdigest()[:8]}.pth"
    repos = {TIMM: {"model.safetensors": save(trained().state_dict())}, "somebody/tiny": stranger(tmp_path / "made")}
    with Loopback(repos, {pth: memory.getvalue()}) as server:
        server.here(monkeypatch, str(tmp_path))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        weights = torchvision.models.GoogLeNet_Weights.DEFAULT.value
        monkeypatch.setattr(weights, "url", f"{server.address}/files/{pth}")
        forget()
        yield server
    forget()


def forget() -> None:
    """As in a new process: what lies on disk is all there is."""
    loading._drawn.cache_clear()
    loading._shelf._kept.clear()
    loading._shelf._lent.clear()


def weights_sent(there: Loopback) -> int:
    """How often a large file was asked for: the hub sends those from another place."""
    return sum(each.method == "GET" and each.path.startswith(("/cdn/", "/files/")) for each in there.asked)


# ---- the way here, and again without a network


@pytest.mark.parametrize("name", [TIMM, REPO, "torchvision/googlenet"])
def test_a_network_is_downloaded_once_and_then_taken_from_the_cache_without_a_hub(there, name):
    assert not backbones.is_here(name)
    first = backbones.load(name)
    assert weights_sent(there) == 1 and backbones.is_here(name)
    there.server.shutdown()
    there.server.server_close()
    forget()
    again = backbones.load(name)
    assert again is not first and again.hash == first.hash and weights_sent(there) == 1


def test_the_weights_are_those_of_the_file(there):
    assert backbones.load(TIMM).hash == weights_hash(trained())
    stranger_there = backbones.load(REPO)
    assert stranger_there.hash == weights_hash(tiny_model())
    assert stranger_there.classes == ["ant", "bee", "cat", "dog"] and stranger_there.side == 64
    with torch.no_grad():
        theirs = tiny_model()((some_pictures(1, 64, 64) - 0.5) / 0.25)
    ours = stranger_there.scores(some_pictures(1, 64, 64))
    assert torch.allclose(ours, theirs, atol=0.05 if stranger_there.dtype == torch.bfloat16 else 1e-4)


def test_a_network_that_was_published_as_arrays_is_read_from_its_safetensors(there):
    """Timm's `custom_load` tells of the .npz that it once came as."""
    published = "vit_tiny_patch16_224.augreg_in21k_ft_in1k"
    assert timm.models.get_pretrained_cfg(published).custom_load
    model = trained(published.partition(".")[0])
    there.repos[f"timm/{published}"] = {"model.safetensors": save(model.state_dict())}
    assert backbones.load(f"timm/{published}").hash == weights_hash(model)


def test_layers_and_untrained_networks_need_no_weights(there):
    assert [layer.name for layer in backbones.layers(TIMM)][-1] == "classes" and there.asked == []
    backbones.load(f"{TIMM}?random")
    assert there.asked == []
    assert backbones.units(REPO, "classes") == ["ant", "bee", "cat", "dog"]
    assert there.asked and not weights_sent(there)


def test_a_run_shows_how_far_the_download_is(there):
    results = list(hub.stream("activation_maximization", backbone=TIMM, steps=1, size=48))
    said = [result.caption for result in results if result.progress == 0 and result.caption]
    assert said[0].startswith(f"Downloading {TIMM}, once") and results[-1].image is not None
    again = hub.stream("activation_maximization", backbone=TIMM, steps=1, size=48)
    assert not any("Downloading" in result.caption for result in again)


def test_a_run_that_is_stopped_while_it_downloads_can_be_made_again(there):
    there.faults.add("drip")
    results = hub.stream("activation_maximization", backbone=TIMM, steps=1, size=48)
    assert "Downloading" in next(results).caption
    results.close()
    assert not backbones.is_here(TIMM)
    there.faults.clear()
    assert list(hub.stream("activation_maximization", backbone=TIMM, steps=1, size=48))[-1].image is not None


def test_two_runs_that_want_one_network_load_it_once(there):
    found, both = [], threading.Barrier(2)

    def ask() -> None:
        both.wait()
        found.append(backbones.load(TIMM))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found[0] is found[1] and weights_sent(there) == 1


# ---- what goes wrong


FAULTS = {"429": FetchFailed, "500": FetchFailed, "gated": FetchFailed, "circle": FetchFailed, "no repository": UnknownBackbone,
          "truncate": FetchFailed, "wrong hash": FetchFailed, "huge": OverLimit}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", [TIMM, REPO])
def test_a_fault_of_the_hub_is_one_line_and_the_retry_succeeds(there, name, fault):
    there.faults.add(fault)
    with pytest.raises(FAULTS[fault]) as error:
        backbones.load(name)
    assert "\n" not in str(error.value) and not backbones.is_here(name)
    there.faults.clear()
    assert backbones.load(name).layers()


def test_without_a_network_what_can_be_had_is_said_at_once(there, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for name in (TIMM, REPO, "torchvision/googlenet"):
        with pytest.raises(NotOffline, match="'embedded'"):
            backbones.load(name)
    assert there.asked == []


def test_without_a_network_what_was_downloaded_before_is_named(there, monkeypatch, tmp_path):
    from huggingface_hub import constants

    backbones.load(TIMM)
    backbones.load(REPO)
    (tmp_path / "hub/models--timm--no_such_network/snapshots").mkdir(parents=True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for name in ("timm/resnet18.a1_in1k", "hf-hub:somebody/else", "torchvision/googlenet"):
        with pytest.raises(NotOffline, match=f"use 'embedded'. Here already: {TIMM}.$"):
            backbones.load(name)
    monkeypatch.setattr(loading, "is_here", lambda name: True)
    with pytest.raises(NotOffline) as error:
        backbones.load("timm/resnet18.a1_in1k")
    named = str(error.value).partition("Here already: ")[2].removesuffix(".").split(", ")
    assert named == catalogue.names()[1:6] and "\n" not in str(error.value)


def test_a_folder_whose_files_change_is_another_network(there, tmp_path):
    files, folder = stranger(tmp_path / "folder"), tmp_path / "folder"
    first = backbones.load(f"local-dir:{folder}")
    assert backbones.load(f"local-dir:{folder}") is first and backbones.hash_of(f"local-dir:{folder}") == first.hash
    other = {name: tensor + 1 for name, tensor in tiny_model().state_dict().items()}
    (folder / "model.safetensors").write_bytes(save(other))
    changed = backbones.load(f"local-dir:{folder}")
    assert changed.hash == backbones.hash_of(f"local-dir:{folder}") != first.hash
    config = json.loads(files["config.json"]) | {"label_names": ["one", "two", "three", "four"]}
    (folder / "config.json").write_text(json.dumps(config))
    assert backbones.units(f"local-dir:{folder}", "classes") == config["label_names"]
    assert backbones.load(f"local-dir:{folder}").classes == config["label_names"]


def test_classes_of_a_network_without_a_classifier_are_refused_in_a_line():
    name = "timm/vit_small_patch16_224.dino"
    with pytest.raises(UnknownLayer) as error:
        backbones.units(name, "classes")
    assert str(error.value) == f"'classes' is not a layer of {name}. It has no classifier. List its layers: netsee layers {name}"


def test_weights_that_are_larger_than_the_network_are_not_downloaded(there):
    there.repos["somebody/tiny"]["model.safetensors"] = bytes(40_000_000)
    with pytest.raises(OverLimit, match="40.0 MB"):
        backbones.load(REPO)
    assert not weights_sent(there)


def test_another_file_under_a_pinned_name_is_refused(there, monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "pin", lambda name: catalogue.Pin("main", "0" * 64))
    with pytest.raises(BadFile, match="pinned"):
        backbones.load(TIMM)


HOSTILE = {
    "a memory bomb": ({"model_args": {"channels": [60_000] * 4}}, OverLimit, "GB, half of this machine"),
    "an endless network": ({"model_args": {"layers": [60_000] * 4}}, OverLimit, "parts|GB"),
    "an impossible number": ({"model_args": {"stem_width": 10**12}}, OverLimit, "number beyond 65,536"),
    "a nested number": ({"model_args": {"channels": [1, [2, {"x": 10**9}]]}}, OverLimit, "number beyond 65,536"),
    "a number without end": ({"model_args": {"stem_width": 10**400}}, OverLimit, "number beyond 65,536"),
    "no number at all": ({"model_args": {"stem_width": float("nan")}}, OverLimit, "number beyond 65,536"),
    "a long list": ({"model_args": {"channels": [1] * 2000}}, OverLimit, "1000 values"),
    "a file from elsewhere": ({"model_args": {"pretrained": True, "cache_dir": "/tmp", "pretrained_cfg_overlay": {"url": "x"}}},
                              UnsupportedBackbone, "not taken from strangers"),
    "a pickle of this machine": ({"model_args": {"checkpoint_path": "/tmp/x.pth"}}, UnsupportedBackbone, "not taken from"),
    "pictures in grey": ({"model_args": {"in_chans": 1}}, UnsupportedBackbone, "cannot be"),
    "half a pixel": ({"pretrained_cfg": {"input_size": [3, 64, 64.5], "mean": [0.5] * 3, "std": [0.5] * 3}},
                     UnsupportedBackbone, "64.5"),
    "an unknown setting": ({"model_args": {"rm": "-rf"}}, UnsupportedBackbone, "not taken from strangers"),
    "a setting of another network": ({"model_args": {"window_size": 7}}, UnsupportedBackbone, "cannot be built"),
    "another library": ({"architecture": None}, UnsupportedBackbone, "no timm model"),
    "an unknown architecture": ({"architecture": "evilnet"}, UnsupportedBackbone, "'evilnet'"),
    "tables without end": ({"architecture": "swin_tiny_patch4_window7_224", "model_args": {
        "img_size": 760, "window_size": 190, "depths": [1, 1], "embed_dim": 12, "num_heads": [1, 1]}},
                           OverLimit, "besides its weights"),
    "an unknown tag": ({"architecture": "resnet18.evil"}, UnsupportedBackbone, "evil"),
    "pictures without end": ({"pretrained_cfg": {"input_size": [3, 60000, 60000], "mean": [0.5] * 3, "std": [0.5] * 3}},
                             UnsupportedBackbone, "60000 pixels"),
    "a word for a number": ({"pretrained_cfg": {"mean": "grey"}}, UnsupportedBackbone, "mean"),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_config_is_refused_before_memory_is_taken_or_weights_come(there, tmp_path, attack):
    changes, kind, said = HOSTILE[attack]
    there.repos["somebody/tiny"] |= stranger(tmp_path / "hostile", **changes)
    with pytest.raises(kind, match=said) as error:
        backbones.load(REPO)
    assert "\n" not in str(error.value) and not weights_sent(there)


def test_weights_of_another_network_are_refused_in_a_line(there):
    there.repos["somebody/tiny"]["model.safetensors"] = save({"other": torch.zeros(3)})
    with pytest.raises(UnsupportedBackbone, match="cannot be filled") as error:
        backbones.load(REPO)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["timm/resnet50.a1_in2k", "timm/resnet50.nope", "timm/resnet50."])
def test_a_misspelt_tag_is_an_unknown_name(name):
    with pytest.raises(UnknownBackbone):
        backbones.load(name)


@pytest.mark.parametrize(("content", "kind"), [(b"{", UnsupportedBackbone), (b"[1]", UnsupportedBackbone),
                                               (b"[" * 100_000, UnsupportedBackbone), (b"null", UnsupportedBackbone),
                                               (b" " * (settings.CONFIG_BYTES + 1), OverLimit)])
def test_a_config_that_is_none_is_refused(there, content, kind):
    there.repos["somebody/tiny"]["config.json"] = content
    with pytest.raises(kind):
        backbones.load(REPO)


def test_a_repository_with_only_a_pickle_is_refused(there):
    files = there.repos["somebody/tiny"]
    files["pytorch_model.bin"] = files.pop("model.safetensors")
    with pytest.raises(UnknownBackbone, match="no file 'model.safetensors'"):
        backbones.load(REPO)
    assert not weights_sent(there)


def test_a_folder_with_only_a_pickle_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "resnet18", "model_args": NARROW}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"whatever")
    with pytest.raises(UnsupportedBackbone, match="run code"):
        backbones.load(f"local-dir:{tmp_path}")


def test_a_pickle_of_torchvisions_that_would_run_code_is_not_run(there, tmp_path):
    """torch.hub checks eight digits of a hash, which somebody can hit."""
    class Code:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    memory = io.BytesIO()
    torch.save({"conv1.conv.weight": Code()}, memory)
    evil = memory.getvalue()
    weights, pth = torchvision.models.GoogLeNet_Weights.DEFAULT.value, f"googlenet-{hashlib.sha256(evil).hexdigest()[:8]}.pth"
    weights.url = f"{there.address}/files/{pth}"
    there.files[pth] = evil
    with pytest.raises(UnsupportedBackbone, match="cannot be filled with its weights") as error:
        backbones.load("torchvision/googlenet")
    assert "\n" not in str(error.value) and weights_sent(there) == 1 and not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("name", "side"), [("torchvision/regnet_y_400mf", 224), ("torchvision/vit_h_14", 518)])
def test_torchvisions_networks_that_are_built_in_a_way_of_their_own_can_be_drawn(name, side):
    plan = loading.drawn(name)
    found = {layer.name: layer for layer in backbones.layers(name)}
    weights = torchvision.models.get_model_weights(name.removeprefix("torchvision/")).DEFAULT
    parameters = sum(p.numel() for p in plan.bare.parameters())  # fewer than there were before BatchNorms were folded
    assert parameters == pytest.approx(weights.meta["num_params"], rel=0.01) and plan.side == side
    assert len(found) > 100 and found["classes"].channels == 1000


def test_a_network_too_large_to_keep_is_loaded_once_for_a_run(monkeypatch):
    made, make = [], loading._made
    monkeypatch.setattr(loading._shelf, "capacity", 1000)
    monkeypatch.setattr(loading, "_made", lambda asked: made.append(asked) or make(asked))
    result = hub.run("activation_maximization", backbone="timm/test_resnet?random=9", steps=1, size=48)
    assert made == ["timm/test_resnet?random=9"] and result.recipe.weights == {made[0]: backbones.hash_of(made[0])}


# ---- limits


def test_what_is_drawn_is_stopped_at_the_first_part_too_many(monkeypatch):
    monkeypatch.setattr(bounds, "room", lambda: 1000)
    built = []
    with pytest.raises(OverLimit), bounds.bounded(), torch.device("meta"):
        for _ in range(10):
            built.append(torch.nn.Linear(10, 10))
    assert len(built) == 2  # 440 bytes each


def test_untrained_weights_are_those_of_their_seed_and_leave_chance_as_it_was():
    before = torch.random.get_rng_state()
    first, second, other = (backbones.load(f"timm/test_resnet?random{seed}").hash for seed in ("", "=0", "=1"))
    assert first == second != other and torch.equal(torch.random.get_rng_state(), before)


def test_untrained_weights_do_not_depend_on_what_other_threads_draw():
    alone = backbones.load("timm/test_resnet?random=5").hash
    ended = threading.Event()

    def disturb() -> None:
        while not ended.is_set():
            loading._drawn.cache_clear()
            backbones.layers("timm/test_vit")

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for _ in range(5):
            loading._shelf._kept.clear()
            loading._shelf._lent.clear()
            assert backbones.load("timm/test_resnet?random=5").hash == alone
    finally:
        ended.set()
        thread.join()


def test_weights_are_of_the_commit_that_the_settings_are_of(there, tmp_path):
    backbones.layers(REPO)
    there.repos["somebody/tiny"] |= stranger(tmp_path / "later", description="pushed since")
    with pytest.raises((UnknownBackbone, FetchFailed)):  # this hub keeps no old commits, and the new one's are not taken instead
        backbones.load(REPO)
