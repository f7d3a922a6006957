"""A stranger's settings: what is published passes, what could fetch, open or rewrite anything does not."""

import importlib
import inspect
import json
import os
import pkgutil
from pathlib import Path

import pytest
import timm
import torch
from timm.models import _builder, _factory
from torch import nn

from hub.backbones import settings
from hub.backbones.naming import Name
from hub.backbones.sources import from_folder
from hub.errors import UnsupportedBackbone
from tests.networks import one_thread  # noqa: F401

PUBLISHED = {  # architectures and model_args of the kind that well-known repositories on the Hub have
    "UNI": ("vit_large_patch16_224", {"img_size": 224, "init_values": 1.0, "num_classes": 0, "dynamic_img_size": True}),
    "Prov-GigaPath": ("vit_giant_patch14_dinov2", {
        "img_size": 224, "in_chans": 3, "patch_size": 16, "embed_dim": 1536, "depth": 40, "num_heads": 24, "init_values": 1e-05,
        "mlp_ratio": 5.33334, "num_classes": 0}),
    "Virchow2": ("vit_huge_patch14_224", {
        "img_size": 224, "init_values": 1e-5, "num_classes": 0, "reg_tokens": 4, "mlp_ratio": 5.3375, "global_pool": "",
        "dynamic_img_size": True}),
    "WD tagger, ViT": ("vit_base_patch16_224", {
        "img_size": 448, "class_token": False, "global_pool": "avg", "fc_norm": False, "act_layer": "gelu_tanh"}),
    "WD tagger, Swin": ("swinv2_base_window8_256", {"img_size": 448, "window_size": 14, "act_layer": "gelu_tanh"}),
    "DINOv2": ("vit_small_patch14_dinov2", {"img_size": 518, "num_classes": 0}),
}  # fmt: skip


def folder_of(path: Path, architecture: str, model_args: object) -> Path:
    config = {"architecture": architecture, "model_args": model_args, "num_classes": 10}
    (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.mark.parametrize("published", PUBLISHED)
def test_settings_that_are_published_pass(tmp_path, published):
    architecture, model_args = PUBLISHED[published]
    plan = from_folder(Name("local-dir", published), folder_of(tmp_path, architecture, model_args))
    with torch.device("meta"):
        expected = timm.create_model(architecture, **{"num_classes": 10, **model_args})
    shapes = {name: tensor.shape for name, tensor in plan.bare.named_parameters()}
    assert shapes == {name: tensor.shape for name, tensor in expected.named_parameters()}


def test_every_name_that_passes_is_a_setting_of_a_network_of_timm():
    known = set()
    for module in pkgutil.iter_modules(timm.models.__path__):
        if module.name.startswith("_") or not module.name.islower() or module.name in ("factory", "features", "fx_features",
                                                                                       "helpers", "hub", "layers", "registry"):
            continue
        for kind in vars(importlib.import_module(f"timm.models.{module.name}")).values():
            if inspect.isclass(kind) and issubclass(kind, nn.Module):
                known |= inspect.signature(kind.__init__).parameters.keys()
    assert known >= settings.SETTINGS


def test_nothing_passes_that_timm_takes_for_itself():
    makers = (_factory.create_model, _factory.load_model_config_from_hf, _builder.build_model_with_cfg, _builder.load_pretrained)
    own = {name for maker in makers for name in inspect.signature(maker).parameters} - {"num_classes", "in_chans"}
    assert {"checkpoint_path", "cache_dir", "pretrained_cfg"} <= own and not own & settings.SETTINGS


@pytest.mark.parametrize("key", ["checkpoint_path", "pretrained_cfg_overlay", "features_only", "use_naflex", "block_args",
                                 "device", "hybrid_backbone", "", "a" * 10_000, "__class__"])
def test_any_other_setting_is_a_line_that_says_which(tmp_path, key):
    with pytest.raises(UnsupportedBackbone, match="not taken from strangers") as error:
        settings.read(folder_of(tmp_path, "resnet18", {key: "/tmp/x.pth"}) / "config.json", "hf-hub:a/b")
    assert repr(key[:40]) in str(error.value) and len(str(error.value)) < 250 and "\n" not in str(error.value)


@pytest.mark.parametrize("value", [{"type": "relu"}, "/etc/passwd", "https://x", "x" * 41, [["a b"]], "relu\n"])
def test_a_value_that_is_no_number_or_word_is_refused(tmp_path, value):
    with pytest.raises(UnsupportedBackbone, match="'act_layer' to what is no number, word or list"):
        settings.read(folder_of(tmp_path, "resnet18", {"act_layer": value}) / "config.json", "hf-hub:a/b")


@pytest.mark.parametrize("levels", [settings.LEVELS, 400, 990, 100_000])
@pytest.mark.parametrize("key", ["model_args", "pretrained_cfg", "whatever"])
def test_settings_in_settings_without_end_are_refused_in_a_line(tmp_path, key, levels):
    nested = '{"x":' * (levels - 1) + "[]" + "}" * (levels - 1)
    (tmp_path / "config.json").write_text(f'{{"architecture": "resnet18", "{key}": {nested}}}')
    with pytest.raises(UnsupportedBackbone, match="hf-hub:a/b nests more than 8 levels") as error:
        settings.read(tmp_path / "config.json", "hf-hub:a/b")
    assert "\n" not in str(error.value)


def test_as_many_levels_as_may_be_are_read(tmp_path):
    written = {"architecture": "resnet18", "whatever": json.loads("[" * (settings.LEVELS - 1) + "]" * (settings.LEVELS - 1))}
    (tmp_path / "config.json").write_text(json.dumps(written))
    assert settings.read(tmp_path / "config.json", "hf-hub:a/b") == written


def test_no_more_of_a_file_is_read_than_settings_may_be_long(tmp_path, monkeypatch):
    (tmp_path / "config.json").write_bytes(b'{"architecture": "resnet18"}' + b" " * settings.CONFIG_BYTES)
    os.truncate(tmp_path / "config.json", 1 << 40)  # a hole: it takes no room on the disk, and none could read it into memory
    with pytest.raises(UnsupportedBackbone, match="no JSON of at most 1 MiB"):
        settings.read(tmp_path / "config.json", "hf-hub:a/b")


@pytest.mark.parametrize("model_args", [["img_size"], "img_size", 3])
def test_settings_without_names_are_refused(tmp_path, model_args):
    with pytest.raises(UnsupportedBackbone, match="no settings by name"):
        settings.read(folder_of(tmp_path, "resnet18", model_args) / "config.json", "hf-hub:a/b")
