"""Transformers as feature maps, held to timm's own way of folding tokens and to attention as it is written down."""

import timm
import torch
from torch import nn

from hub.backbones import CLASSES
from hub.backbones.tokens import Grid
from tests.networks import CONFIG, as_backbone, one_thread, seeded, some_pictures  # noqa: F401

SMALL = {"img_size": 64, "depth": 3, "embed_dim": 24, "num_heads": 3}


def transformer(**more) -> nn.Module:
    settings = {**SMALL, "dynamic_img_size": True, "dynamic_img_pad": True, "num_classes": 5, **more}
    return seeded(lambda: timm.create_model("vit_tiny_patch16_224", pretrained=False, **settings))


def looked_into(**more):
    return as_backbone(transformer(**more), {**CONFIG, "classifier": "head"})


def normalised(pictures):
    return (pictures - 0.5) / 0.25


def test_blocks_are_folded_as_timm_folds_them():
    pictures = some_pictures(2, 64, 64)
    with torch.no_grad():
        theirs = transformer().forward_intermediates(normalised(pictures), norm=False, intermediates_only=True)
    ours = looked_into().features(pictures, ["blocks.0", "blocks.1", "blocks.2"])
    for name, maps in zip(ours, theirs, strict=True):
        assert torch.allclose(ours[name], maps, atol=1e-5), name


def test_the_class_token_is_a_map_of_one_position():
    pictures = some_pictures(2, 64, 64)
    with torch.no_grad():
        told = transformer().forward_intermediates(normalised(pictures), indices=[2], return_prefix_tokens=True, norm=False)
        prefix = told[1][0][1]
    ours = looked_into().features(pictures, ["blocks.2:class"])["blocks.2:class"]
    assert ours.shape == (2, 24, 1, 1) and torch.allclose(ours[:, :, 0, 0], prefix[:, 0], atol=1e-5)


def test_heads_are_the_attention_of_the_class_token():
    model, pictures = transformer(), some_pictures(1, 64, 64)
    attention, given = model.blocks[1].attn, {}
    attention.register_forward_hook(lambda _m, inputs, _out: given.update(tokens=inputs[0]))
    with torch.no_grad():
        model(normalised(pictures))
        projected = nn.functional.linear(given["tokens"], attention.qkv.weight, attention.qkv.bias)[0]
    ours = looked_into().features(pictures, ["blocks.1.attn:heads"])["blocks.1.attn:heads"]
    assert ours.shape == (1, 3, 4, 4)
    for head in range(3):
        query = projected[0, 8 * head : 8 * head + 8]
        keys = projected[:, 24 + 8 * head : 24 + 8 * head + 8]
        weights = torch.softmax(keys @ query / 8**0.5, 0)[1:]
        assert torch.allclose(ours[0, head].flatten(), weights, atol=1e-6)


def test_pictures_of_any_size_are_cut_into_patches():
    network = looked_into()
    for height, width in ((64, 64), (80, 48), (70, 33), (200, 120)):
        maps = network.features(some_pictures(1, height, width), ["blocks.2"])["blocks.2"]
        assert maps.shape[2:] == (-(-height // 16), -(-width // 16))


def test_tokens_beside_the_patches_are_left_out_of_the_map():
    network = looked_into(reg_tokens=4)
    assert network.anatomy.grid == Grid((16, 16), 5)
    assert network.features(some_pictures(1, 64, 64), ["blocks.2"])["blocks.2"].shape == (1, 24, 4, 4)


def test_a_transformer_answers_for_the_whole_picture():
    network, pictures = looked_into(), some_pictures(2, 64, 64)
    maps = network.features(pictures, [CLASSES, "blocks.1"])
    with torch.no_grad():
        assert torch.allclose(maps[CLASSES][:, :, 0, 0], transformer()(normalised(pictures)), atol=1e-5)
    assert maps["blocks.1"].shape == (2, 24, 4, 4)


def test_gradients_flow_from_every_kind_of_map():
    network = looked_into()
    for name in ("blocks.1", "blocks.1:class", "blocks.1.attn:heads", CLASSES):
        pictures = some_pictures(1, 64, 64).requires_grad_()
        network.features(pictures, [name])[name].square().sum().backward()
        assert pictures.grad.abs().sum() > 0, name


def test_channels_that_stand_last_are_brought_forward():
    small = {"img_size": 56, "depths": (1, 1), "num_heads": (1, 2), "embed_dim": 12, "num_classes": 3}
    model = seeded(lambda: timm.create_model("swin_tiny_patch4_window7_224", pretrained=False, **small))
    with torch.no_grad():
        theirs = model.forward_intermediates(normalised(some_pictures(1, 56, 56)), intermediates_only=True, norm=False)
    network = as_backbone(model, {**CONFIG, "input_size": (3, 56, 56), "classifier": "head.fc"})
    ours = network.features(some_pictures(1, 56, 56), ["layers.0", "layers.1"])
    for maps, expected in zip(ours.values(), theirs, strict=True):
        assert torch.allclose(maps, expected, atol=1e-5)


def test_a_network_that_takes_only_its_own_size_sees_pictures_stretched_to_it():
    model = seeded(lambda: timm.create_model("vit_tiny_patch16_224", pretrained=False, **SMALL))
    network = as_backbone(model, {**CONFIG, "classifier": None})
    assert not network.anatomy.any_size
    assert network.features(some_pictures(1, 40, 100), ["blocks.0"])["blocks.0"].shape == (1, 24, 4, 4)
