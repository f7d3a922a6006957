import pytest
import timm
import torch
import torchvision
from torch import nn

from hub.backbones.dissection import dissect
from hub.backbones.layers import landmarks
from hub.errors import UnsupportedBackbone
from tests.networks import one_thread, seeded, tiny_model  # noqa: F401


def layers_of(model: nn.Module, side: int):
    return list(dissect(model, side).layers)


def test_layers_are_in_the_order_in_which_they_compute():
    names = [layer.name for layer in layers_of(tiny_model(), 64)]
    assert (
        names.index("conv1")
        < names.index("maxpool")
        < names.index("layer1.0.conv1")
        < names.index("layer1")
        < names.index("layer4")
    )
    assert names[-1] == "layer4" and len(names) == len(set(names))


def test_a_layer_says_channels_size_and_stride():
    layer = {found.name: found for found in layers_of(tiny_model(), 64)}["layer2"]
    assert (layer.kind, layer.channels, layer.size, layer.stride) == ("Sequential", 12, (8, 8), 8)


def test_depth_rises_from_above_zero_to_one():
    depths = [layer.depth for layer in layers_of(tiny_model(), 64)]
    assert depths[0] > 0 and depths == sorted(depths) and depths[-1] == 1


def test_what_is_no_map_is_no_layer():
    names = [layer.name for layer in layers_of(tiny_model(), 64)]
    assert not {"fc", "global_pool", "global_pool.flatten", ""} & set(names)


def test_looking_leaves_no_hook_and_no_gradient():
    model = tiny_model()
    layers_of(model, 64)
    assert not any(module._forward_hooks for module in model.modules())
    assert all(p.grad is None for p in model.parameters())


def test_looking_leaves_no_hook_after_an_error():
    class Broken(nn.Module):
        def forward(self, x):
            raise RuntimeError("broken")

    model = nn.Sequential(nn.Conv2d(3, 2, 1), Broken())
    with pytest.raises(RuntimeError):
        layers_of(model, 16)
    assert not any(module._forward_hooks for module in model.modules())


def test_landmarks_of_a_residual_network_are_its_stages():
    names = [layer.name for layer in landmarks(layers_of(tiny_model(), 64))]
    assert names[-4:] == ["layer1", "layer2", "layer3", "layer4"] and len(names) <= 7


def test_landmarks_of_a_plain_stack_are_few_and_end_it():
    def build():
        blocks = [[nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)] for a, b in ((3, 8), (8, 16), (16, 24))]
        return nn.Sequential(*(module for block in blocks for module in block))

    found = landmarks(layers_of(seeded(build), 32))
    assert [layer.channels for layer in found] == sorted(layer.channels for layer in found)
    assert 3 <= len(found) <= 6 and found[-1].name == "8"


def test_layers_of_a_transformer_are_found_where_it_has_maps():
    model = seeded(
        lambda: timm.create_model("vit_tiny_patch16_224", pretrained=False, img_size=64, depth=1, embed_dim=24, num_heads=3)
    )
    assert [layer.name for layer in layers_of(model, 64)][0].startswith("patch_embed")


def test_landmarks_of_torchvisions_transformer_are_blocks_from_early_to_late():
    with torch.device("meta"):
        model = torchvision.models.vit_b_16().eval()
    blocks = [f"encoder.layers.encoder_layer_{i}" for i in (1, 3, 5, 7, 9, 11)]
    assert [layer.name for layer in landmarks(layers_of(model, 224))] == blocks


def test_an_oblong_map_keeps_height_and_width_apart():
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.AvgPool2d((4, 2)))
    assert [layer.size for layer in layers_of(model, 32)] == [(32, 32), (8, 16)]


def test_the_stages_of_a_convnext_are_landmarks_though_they_begin_with_conv():
    model = timm.create_model("convnext_atto", pretrained=False, depths=(1, 1, 1, 1), dims=(8, 12, 16, 20))
    assert [layer.name for layer in landmarks(layers_of(model.eval(), 64))][:3] == ["stages.0", "stages.1", "stages.2"]


@pytest.mark.parametrize("name", ["swin_tiny_patch4_window7_224", "hrnet_w18_small", "resnet18", "convnext_atto",
                                  "maxvit_pico_rw_256"])
def test_strides_are_what_sizes_say(name):
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False).eval()
    side = model.pretrained_cfg["input_size"][-1]
    for layer in dissect(model, side).layers:
        assert 0.6 < layer.stride * layer.size[-1] / side < 1.5, layer


@pytest.mark.parametrize(("name", "multiple"), [("resnet18", 1), ("vit_tiny_patch16_224", None), ("tresnet_m", 4), ("dla34", 32),
                                                ("hrnet_w18_small", 32)])
def test_what_sizes_a_network_takes_is_known(name, multiple):
    """As timm's layers have it: four pixels to one at the start of TResNet, branches of 1/32 of the picture in DLA and HRNet."""
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False).eval()
    assert dissect(model, 224).multiple == multiple


def test_what_is_no_picture_of_the_batch_is_no_layer():
    with torch.device("meta"):
        model = timm.create_model("swinv2_tiny_window8_256", pretrained=False).eval()
    assert not [layer.name for layer in dissect(model, 256).layers if "cpb_mlp" in layer.name]


def test_a_network_without_maps_is_refused_in_a_line():
    with pytest.raises(UnsupportedBackbone, match="no feature maps"):
        dissect(nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4)), 16)
