"""Transformers as feature maps, held to timm's own way of folding tokens and to attention as it is written down."""

import pytest
import timm
import torch
import torchvision
from torch import nn

from hub.backbones import CLASSES
from hub.backbones.dissection import dissect
from hub.backbones.pyramids import Pyramid
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
    assert network.anatomy.multiple is None
    assert network.features(some_pictures(1, 40, 100), ["blocks.0"])["blocks.0"].shape == (1, 24, 4, 4)


@pytest.mark.parametrize(("architecture", "settings"), [
    ("mixer_s32_224", {}),
    ("gmlp_ti16_224", {}),
    ("resmlp_12_224", {}),
    ("cait_xxs24_224", {"depth": 2, "embed_dim": 24, "num_heads": 3}),
    ("hiera_tiny_224", {"embed_dim": 12, "num_heads": 1, "stages": (1, 1, 1, 1)}),
    ("xcit_nano_12_p16_224", {"depth": 2, "embed_dim": 24, "num_heads": 3}),
])  # fmt: skip
def test_tokens_of_other_kinds_of_networks_stand_where_timm_has_them(architecture, settings):
    side = 224 if architecture.startswith("hiera") else 64
    model = seeded(lambda: timm.create_model(architecture, pretrained=False, num_classes=5, img_size=side, **settings))
    pictures = some_pictures(2, side, side)
    with torch.no_grad():
        theirs = model.forward_intermediates(normalised(pictures), norm=False, intermediates_only=True)
    network = as_backbone(model, {**CONFIG, "input_size": (3, side, side), "classifier": "head"})
    ours = network.features(pictures, [f"blocks.{i}" for i in range(len(theirs))])
    for name, maps in zip(ours, theirs, strict=True):
        assert torch.allclose(ours[name], maps, atol=1e-4, rtol=1e-4), name
        assert ours[name].shape[1:] == (network.layer(name).channels, *network.layer(name).size)


@pytest.mark.parametrize(("architecture", "settings", "block"), [
    ("vit_tiny_r_s16_p8_224", {"embed_dim": 24, "depth": 3, "num_heads": 3}, "blocks.2"),
    ("vitamin_small_224", {"depth": 3}, "blocks.2"),
])  # fmt: skip
def test_patches_of_the_map_of_a_convolutional_network_stand_where_timm_has_them(architecture, settings, block):
    more = {"dynamic_img_size": True, "dynamic_img_pad": True}
    model = seeded(lambda: timm.create_model(architecture, pretrained=False, num_classes=5, **settings, **more))
    network = as_backbone(model, {**CONFIG, "input_size": (3, 224, 224), "classifier": "head"})
    for height, width in ((224, 224), (224, 288)):
        pictures = some_pictures(1, height, width)
        with torch.no_grad():
            theirs = model.forward_intermediates(normalised(pictures), norm=False, intermediates_only=True)[-1]
        assert torch.allclose(network.features(pictures, [block])[block], theirs, atol=1e-4, rtol=1e-3)
    assert network.features(some_pictures(1, 225, 289), [block])[block].shape[2] in (8, 15)
    assert network.layer("late").name.startswith("blocks.")


PYRAMIDS = {  # small ones: (architecture, its settings, side, where the stages of timm's own folding are put out)
    "twins": ("twins_svt_small", {"img_size": 64, "embed_dims": (8, 12, 16, 20), "num_heads": (1,) * 4, "depths": (1,) * 4}, 64,
              ["pos_block.0", "pos_block.1", "pos_block.2", "pos_block.3"]),
    "levit": ("levit_128s", {"num_heads": (1, 1, 1), "depth": (1, 1, 1)}, 224, ["stages.0", "stages.1", "stages.2"]),
    "pit": ("pit_ti_224", {}, 224, ["transformers.1.blocks", "transformers.2.blocks"]),
    "naflexvit": ("naflexvit_base_patch16_gap", {"embed_dim": 24, "num_heads": 3, "depth": 2}, 64, ["blocks.0", "blocks.1"]),
}


@pytest.mark.parametrize("name", PYRAMIDS)
def test_tokens_of_a_pyramid_stand_where_timm_has_them(name):
    architecture, settings, side, stages = PYRAMIDS[name]
    model = seeded(lambda: timm.create_model(architecture, pretrained=False, num_classes=5, **settings))
    network = as_backbone(model, {**CONFIG, "input_size": (3, side, side), "classifier": "head"})
    for height, width in ((side, side), *(((2 * side, 3 * side),) if network.anatomy.multiple else ())):
        pictures = some_pictures(2, height, width)
        with torch.no_grad():
            theirs = model.forward_intermediates(normalised(pictures), norm=False, intermediates_only=True)
        ours = network.features(pictures, stages)
        for stage, maps in zip(stages, theirs[-len(stages):], strict=True):
            assert torch.allclose(ours[stage], maps, atol=1e-4, rtol=1e-3), (stage, height, width)


def test_a_layer_of_tokens_of_a_pyramid_follows_the_shape_of_the_picture():
    architecture, settings, _, stages = PYRAMIDS["twins"]
    network = as_backbone(seeded(lambda: timm.create_model(architecture, pretrained=False, num_classes=5, **settings)), CONFIG)
    for height, width in ((66, 70), (70, 66), (61, 127), (200, 33)):
        for maps in network.features(some_pictures(1, height, width), stages).values():
            stride = round(height / maps.shape[2])
            assert abs(maps.shape[2] - height / stride) <= 1 and abs(maps.shape[3] / maps.shape[2] - width / height) < 1


@pytest.mark.parametrize("name", ["mvitv2_tiny", "pit_ti_224", "tnt_s_legacy_patch16_224", "coat_tiny", "twins_pcpvt_small"])
def test_a_pyramid_has_some_layers_worth_showing(name):
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False).eval()
    anatomy = dissect(model, 224)
    assert 3 <= len(anatomy.landmarks) <= 8 and len({anatomy.deep(word) for word in ("early", "middle", "late")}) == 3


def test_what_has_as_many_values_as_there_could_be_places_but_does_not_grow_is_no_map():
    shapes = {"queries": (2, 49, 8), "tokens": (2, 50, 8), "map": (2, 49, 7, 7)}
    assert Pyramid.seen(shapes, 224, {"queries": (2, 49, 8), "tokens": (2, 82, 8)}, 288).steps == {"tokens": (32, 1)}
    assert Pyramid.seen({"map": (2, 49, 7, 7)}, 224, {}, 288) is None
    assert Pyramid.seen({"queries": (2, 16, 8)}, 224, {"queries": (2, 16, 8)}, 288) is None, "4 x 4 places of 64 pixels in both"


def test_tokens_that_were_pooled_along_rows_are_no_map_though_their_number_is_a_square():
    with torch.device("meta"):
        model = timm.create_model("nextvit_small", pretrained=False).eval()
    layers = {layer.name: layer for layer in dissect(model, 224).layers}
    assert layers["stages.1.blocks.3.e_mhsa.q"].size == (28, 28) and layers["stages.1.blocks.3"].size == (28, 28)
    assert "stages.1.blocks.3.e_mhsa.k" not in layers, "16 neighbours in a row went into each of its 49 tokens"


def test_torchvisions_transformer_has_tokens_and_a_class_token():
    small = {"image_size": 64, "patch_size": 16, "num_layers": 2, "num_heads": 2, "hidden_dim": 12, "mlp_dim": 24}
    model, given = seeded(lambda: torchvision.models.VisionTransformer(num_classes=5, **small)), {}
    model.encoder.layers[1].register_forward_hook(lambda _m, _given, out: given.update(out=out))
    network, picture = as_backbone(model, {**CONFIG, "classifier": "heads.head"}), some_pictures(1, 64, 64)
    name = "encoder.layers.encoder_layer_1"
    ours = network.features(picture, [name, f"{name}:class", CLASSES])
    assert torch.equal(ours[f"{name}:class"].flatten(), given["out"][0, 0])
    for row, column in ((0, 0), (1, 3), (3, 2)):
        assert torch.equal(ours[name][0, :, row, column], given["out"][0, 1 + 4 * row + column])
    with torch.no_grad():
        assert torch.allclose(ours[CLASSES].flatten(), model(normalised(picture))[0], atol=1e-5)


@pytest.mark.parametrize("name", ["mvitv2_tiny", "nest_tiny", "cait_xxs24_224", "mobilevitv2_050"])
def test_heads_and_windows_are_no_maps(name):
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False).eval()
    assert not [layer for layer in dissect(model, 224).layers if layer.size[0] != layer.size[1] or layer.size == (196, 196)]
