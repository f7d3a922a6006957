"""Receptive fields, held to the published ones, to a hand-worked case, and to the gradients of networks."""

import pytest
import timm
import torch
from torch import nn

from hub.backbones.dissection import dissect
from tests.networks import one_thread, seeded  # noqa: F401


def reaches(model: nn.Module, side: int) -> dict[str, int | None]:
    return {layer.name: layer.reach for layer in dissect(model.eval(), side).layers}


def test_a_stack_is_as_worked_by_hand():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3),  # 3
        nn.Conv2d(4, 4, 3, stride=2),  # 3 + 2 = 5, stride 2
        nn.MaxPool2d(2),  # 5 + 1 * 2 = 7, stride 4
        nn.Conv2d(4, 4, 3, dilation=2),  # 7 + 2 * 2 * 4 = 23
        nn.AvgPool2d(3, 1),  # 23 + 2 * 4 = 31
    )
    assert list(reaches(model, 64).values()) == [3, 5, 7, 23, 31]


def test_the_longer_side_counts_where_kernels_are_oblong():
    assert reaches(nn.Sequential(nn.Conv2d(3, 4, (1, 7)), nn.Conv2d(4, 4, (3, 1))), 32) == {"0": 7, "1": 7}


@pytest.mark.parametrize(
    ("name", "layer", "published"),
    [("vgg16", "features", 212), ("vgg19", "features", 268), ("resnet18", "layer4", 435), ("inception_v3", "Mixed_7c", 1311)],
)
def test_networks_see_as_far_as_is_published(name, layer, published):
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False)
    assert reaches(model, model.pretrained_cfg["input_size"][-1])[layer] == published


@pytest.mark.parametrize(
    ("name", "layer", "side"),
    [("resnet18", "layer2", 160), ("convnext_atto", "stages.0", 96), ("densenet121", "features.denseblock1", 96)],
)
def test_a_value_depends_on_just_that_much_of_the_picture(name, layer, side):
    model = seeded(lambda: timm.create_model(name, pretrained=False)).double()
    for module in model.modules():  # so that no path is switched off, and none cancels another
        for parameter in module.parameters(recurse=False):
            parameter.data = parameter.data.abs() + 0.01
    caught = {}
    model.get_submodule(layer).register_forward_hook(lambda _m, _i, out: caught.update(out=out))
    picture = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    model(picture)
    middle = caught["out"][0, :, caught["out"].shape[2] // 2, caught["out"].shape[3] // 2].sum()
    touched = torch.autograd.grad(middle, picture)[0].abs().amax((0, 1)).nonzero()
    extent = touched.amax(0) - touched.amin(0) + 1
    expected = reaches(seeded(lambda: timm.create_model(name, pretrained=False)), side)[layer]
    assert extent.tolist() == [expected, expected]


def test_gates_and_attention_see_the_whole_picture():
    with torch.device("meta"):
        gated, attentive = timm.create_model("mobilenetv3_small_100"), timm.create_model("vit_tiny_patch16_224")
    gates, tokens = reaches(gated, 224), reaches(attentive, 224)
    assert gates["conv_stem"] == 3 and gates["blocks.0.0.conv_dw"] == 7 and gates["blocks.0"] is None
    assert tokens["patch_embed.proj"] == 16 and tokens["blocks.0.norm1"] == 16 and tokens["blocks.0.attn"] is None


def test_a_mixer_sees_the_whole_picture_where_it_mixes_places_and_a_patch_where_it_mixes_channels():
    with torch.device("meta"):
        mixer = timm.create_model("mixer_s16_224")
    seen = reaches(mixer, 224)
    assert seen["stem"] == seen["blocks.0.norm1"] == 16 and seen["blocks.0.norm2"] is None and seen["blocks.0"] is None


def test_a_linear_map_of_channels_does_not_widen_it():
    class Channels(nn.Module):
        def forward(self, x):
            return nn.functional.linear(x.permute(0, 2, 3, 1), torch.ones(2, 3, device=x.device)).permute(0, 3, 1, 2)

    assert reaches(nn.Sequential(nn.Conv2d(3, 3, 3), Channels()), 32) == {"0": 3, "1": 3}


def test_a_norm_over_channels_does_not_widen_it():
    with torch.device("meta"):
        model = timm.create_model("convnext_atto")
    assert reaches(model, 224)["stages.0.blocks.0.norm"] == 28  # 4 of the stem, and (7 - 1) * 4
