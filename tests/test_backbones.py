import json

import pytest
import timm
import torch
from torch import nn

from hub import backbones
from hub.backbones import CLASSES
from hub.backbones.backbone import weights_hash
from hub.errors import ShapeError, UnknownBackbone, UnknownLayer, UnknownUnit
from tests.networks import (  # noqa: F401
    CONFIG,
    NARROW,
    as_backbone,
    one_thread,
    pointwise_network,
    seeded,
    some_pictures,
    tiny_model,
    tiny_network,
)


def hooks_on(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in model.modules())


class Trap(nn.Module):
    """Raises when it is run."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = False

    def forward(self, x):
        if self.armed:
            raise RuntimeError("ran past the layer that was wanted")
        return x * 1.0


# ---- features


def test_features_are_those_of_timm_on_the_network_as_it_was():
    model, pictures = tiny_model(), some_pictures(2, 64, 64)
    network = as_backbone(tiny_model())
    with torch.no_grad():
        _, maps = model.forward_intermediates((pictures - 0.5) / 0.25)
    ours = network.features(pictures, ["layer1", "layer2", "layer3", "layer4"])
    for name, theirs in zip(ours, maps[1:], strict=True):
        assert torch.allclose(ours[name], theirs, atol=1e-4, rtol=1e-4), name


def test_scores_are_those_of_the_network_as_it_was():
    pictures = some_pictures(2, 64, 64)
    with torch.no_grad():
        theirs = tiny_model()((pictures - 0.5) / 0.25)
    assert torch.allclose(tiny_network().scores(pictures), theirs, atol=1e-4, rtol=1e-4)


def test_features_of_several_layers_are_those_of_each_alone():
    network, pictures = tiny_network(), some_pictures()
    together = network.features(pictures, ["layer3", "layer1"])
    for name, maps in together.items():
        assert torch.equal(maps, network.features(pictures, [name])[name])


def test_features_have_the_channels_and_the_size_that_the_layer_promises():
    network = tiny_network()
    names = [layer.name for layer in network.layers()]
    maps = network.features(some_pictures(1, network.side, network.side), names)
    for layer in network.layers():
        assert tuple(maps[layer.name].shape[1:]) == (layer.channels, *layer.size), layer


def test_nothing_runs_past_the_deepest_layer_that_is_wanted():
    trap = Trap()
    network = as_backbone(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), trap, nn.Conv2d(4, 2, 1)), {**CONFIG, "classifier": None})
    assert [layer.name for layer in network.layers()] == ["0", "1", "2", "3"]
    trap.armed = True
    assert set(network.features(some_pictures(), ["0", "1"])) == {"0", "1"}
    with pytest.raises(RuntimeError, match="ran past"):
        network.features(some_pictures(), ["3"])


def test_a_picture_too_small_for_a_network_is_seen_enlarged():
    deep = nn.Sequential(*(nn.Conv2d(3, 3, 3, stride=2) for _ in range(4)))
    network, small = as_backbone(deep, {**CONFIG, "classifier": None}), some_pictures(1, 16, 20)
    maps = network.features(small, ["3"])["3"]
    larger = nn.functional.interpolate(small, scale_factor=2, mode="bilinear")
    assert torch.allclose(maps, network.features(larger, ["3"])["3"], atol=1e-5)


def test_pictures_for_which_no_size_will_do_are_refused_in_a_line():
    class Picky(nn.Module):
        def forward(self, x):
            if x.shape[-1] != 64:
                raise RuntimeError("Output size is too small")
            return x

    network = as_backbone(nn.Sequential(nn.Conv2d(3, 3, 1), Picky()), {**CONFIG, "classifier": None})
    network.anatomy.__dict__["multiple"] = 1
    with pytest.raises(ShapeError, match="tiny cannot look at .* pixels"):
        network.features(some_pictures(1, 24, 24), ["1"])


def test_nothing_runs_where_no_layer_is_wanted():
    trap = Trap()
    network = as_backbone(nn.Sequential(trap, nn.Conv2d(3, 2, 1)), {**CONFIG, "classifier": None})
    trap.armed = True
    assert network.features(some_pictures(), []) == {}


def test_no_hook_is_left_behind_even_after_an_error():
    trap = Trap()
    network = as_backbone(nn.Sequential(nn.Conv2d(3, 4, 1), trap, nn.Conv2d(4, 2, 1)), {**CONFIG, "classifier": None})
    network.features(some_pictures(), ["0", "2"])
    assert hooks_on(network.model) == 0
    trap.armed = True
    with pytest.raises(RuntimeError):
        network.features(some_pictures(), ["2"])
    assert hooks_on(network.model) == 0


def test_a_layer_may_be_asked_for_by_its_word_and_by_its_name_at_once():
    network, pictures = tiny_network(), some_pictures()
    name = network.layer("late").name
    maps = network.features(pictures, ["late", name])
    assert set(maps) == {"late", name} and torch.equal(maps["late"], maps[name])


def test_values_before_an_activation_are_not_overwritten_by_it():
    network = as_backbone(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True)), {**CONFIG, "classifier": None})
    maps = network.features(some_pictures(), ["0", "1"])
    assert maps["0"].min() < 0 and torch.equal(maps["0"].clamp_min(0), maps["1"])


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 1, 32, 32)])
def test_what_is_no_batch_of_pictures_is_refused(shape):
    with pytest.raises(ShapeError, match=r"\(B, 3, H, W\)"):
        tiny_network().features(torch.zeros(shape), ["layer1"])


@pytest.mark.parametrize("size", [(65, 130), (40, 33), (7, 301)])
def test_a_network_whose_branches_must_meet_sees_pictures_stretched_to_the_next_size(size):
    class Branches(nn.Module):
        def forward(self, x):
            return x + nn.functional.interpolate(nn.functional.avg_pool2d(x, 4), scale_factor=4)

    network = as_backbone(nn.Sequential(nn.Conv2d(3, 4, 1), Branches()), {**CONFIG, "classifier": None})
    picture, next_size = some_pictures(1, *size), [-(-side // 4) * 4 for side in size]
    stretched = nn.functional.interpolate(picture, next_size, mode="bilinear", antialias=True)
    assert torch.equal(network.features(picture, ["1"])["1"], network.features(stretched, ["1"])["1"])
    assert network.anatomy.multiple == 4


@pytest.mark.parametrize("size", [(301, 7), (301, 15), (301, 33), (160, 2), (7, 301), (15, 301), (64, 64)])
def test_slivers_are_seen_in_half_precision_as_in_full(size):
    """Where the processor computes bfloat16 by itself; it gives garbage or infinity for maps that are one value wide."""
    picture, names = some_pictures(1, *size), ["layer1", "layer3", "layer4", CLASSES]
    full, half = (tiny_network(dtype).features(picture, names) for dtype in (torch.float32, torch.bfloat16))
    for name in names:
        assert half[name].dtype == torch.bfloat16
        assert (half[name].float() - full[name]).abs().max() < 0.05 * full[name].abs().max(), name
    scores = [tiny_network(dtype).scores(picture) for dtype in (torch.float32, torch.bfloat16)]
    assert (scores[0] - scores[1]).abs().max() < 0.05 * scores[0].abs().max()


def test_patches_of_maps_are_seen_in_half_precision_as_in_full():
    model = seeded(lambda: nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 32, 4, 4)))
    picture, config = some_pictures(1, 64, 64), {**CONFIG, "classifier": None}
    half = as_backbone(model, config, dtype=torch.bfloat16).features(picture, ["1"])["1"]
    with torch.no_grad():
        full = model.float()((picture - 0.5) / 0.25)
    assert (half.float() - full).abs().max() < 0.05 * full.abs().max()


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (96, 40)])
def test_pictures_of_any_size_are_seen(size):
    maps = tiny_network().features(some_pictures(1, *size), ["layer2"])["layer2"]
    assert maps.shape[1] == 12 and abs(maps.shape[2] - size[0] / 8) < 1 and abs(maps.shape[3] - size[1] / 8) < 1


def test_the_network_is_frozen():
    model = tiny_network().model
    assert not model.training and not any(p.requires_grad for p in model.parameters())


# ---- the classifier as a layer


def test_the_mean_of_the_class_maps_is_the_answer_of_the_classifier():
    network, pictures = tiny_network(), some_pictures(3, 96, 64)
    maps = network.features(pictures, [CLASSES])[CLASSES]
    assert maps.shape[1] == 4 and maps.shape[2] > 1
    assert torch.allclose(maps.mean((2, 3)), network.scores(pictures), atol=1e-4)


@pytest.mark.parametrize(
    ("architecture", "model_args", "side"),
    [
        ("densenet121", {"growth_rate": 8, "block_config": (1, 1, 1, 1)}, 64),
        ("convnext_atto", {"depths": (1, 1, 1, 1), "dims": (8, 12, 16, 20)}, 64),
        ("vit_tiny_patch16_224", {"img_size": 64, "depth": 1, "embed_dim": 24, "num_heads": 3}, 64),
        ("mobilenetv3_small_050", {}, 64),
    ],
)
def test_a_class_layer_is_offered_only_where_it_is_what_the_classifier_says(architecture, model_args, side):
    model = seeded(lambda: timm.create_model(architecture, pretrained=False, num_classes=5, **model_args))
    network = as_backbone(model, {**CONFIG, "input_size": (3, side, side), "classifier": model.pretrained_cfg["classifier"]})
    if CLASSES in [layer.name for layer in network.layers()]:
        pictures = some_pictures(2, side, side)
        means = network.features(pictures, [CLASSES])[CLASSES].mean((2, 3))
        assert torch.allclose(means, network.scores(pictures), rtol=1e-3, atol=1e-4)
    else:
        assert architecture != "densenet121"


@pytest.mark.parametrize("name", ["torchvision/densenet121", "torchvision/resnet18", "torchvision/googlenet", "timm/resnet18",
                                  "timm/swin_tiny_patch4_window7_224", "timm/mobilenetv3_small_050"])
def test_class_maps_agree_with_the_classifier_on_networks_as_they_are_published(name):
    network = backbones.load(f"{name}?random")
    picture = some_pictures(1, network.side, network.side)
    means, scores = network.features(picture, [CLASSES])[CLASSES].float().mean((2, 3)), network.scores(picture)
    assert torch.allclose(means, scores, rtol=1e-3, atol=1e-3 * float(scores.abs().max()))


def test_classes_are_units_by_name_and_by_number():
    network = tiny_network()
    assert network.units(CLASSES) == ["ant", "bee", "cat", "dog"]
    assert network.unit(CLASSES, "cat") == network.unit(CLASSES, "2") == 2


def test_where_there_is_no_classifier_classes_are_the_late_layer_and_not_listed():
    network = pointwise_network()
    assert network.layer(CLASSES) == network.layer("late") and CLASSES not in [layer.name for layer in network.layers()]


# ---- names


def test_words_for_depth_go_from_early_to_late():
    network = tiny_network()
    depths = [network.layer(word).depth for word in ("early", "middle", "late")]
    assert depths == sorted(set(depths))


@pytest.mark.parametrize(("asked", "meant"), [("Layer_3", "layer3"), ("layer33", "layer3"), ("midle", "middle")])
def test_an_unknown_layer_suggests_the_one_that_was_meant(asked, meant):
    with pytest.raises(UnknownLayer, match=f"Did you mean '{meant}'.*netsee layers tiny"):
        tiny_network().layer(asked)


def test_an_unknown_class_suggests_the_one_that_was_meant():
    with pytest.raises(UnknownUnit, match="Did you mean 'bee'"):
        tiny_network().unit(CLASSES, "bees")


@pytest.mark.parametrize("unit", ["12", "-1", "1.5", "cat"])
def test_an_unknown_channel_says_which_there_are(unit):
    with pytest.raises(UnknownUnit, match=r"0 to 11\."):
        tiny_network().unit("layer2", unit)


def test_a_superscript_digit_is_no_channel():
    with pytest.raises(UnknownUnit):
        tiny_network().unit("layer2", "²")


def test_an_unknown_backbone_suggests_the_one_that_was_meant():
    with pytest.raises(UnknownBackbone, match="Did you mean 'embedded'"):
        backbones.load("embeded")
    with pytest.raises(UnknownBackbone, match="Did you mean 'timm/resnet50"):
        backbones.load("timm/resnet-50")


def test_a_folder_that_is_no_model_says_what_is_wanted(tmp_path):
    with pytest.raises(UnknownBackbone, match="no config.json"):
        backbones.load(f"local-dir:{tmp_path}")


def test_a_folder_written_by_timm_is_loaded_with_its_classes(tmp_path):
    from timm.models import save_for_hf

    model = tiny_model()
    data = {"input_size": (3, 64, 64), "mean": (0.5,) * 3, "std": (0.25,) * 3}
    save_for_hf(
        model,
        str(tmp_path),
        model_config={"label_names": ["a", "b", "c", "d"], "pretrained_cfg": data},
        model_args=NARROW,
        safe_serialization=True,
    )
    assert json.loads((tmp_path / "config.json").read_text())["architecture"] == "resnet18"
    network = backbones.load(f"local-dir:{tmp_path}")
    assert network.classes == ["a", "b", "c", "d"] and network.side == 64
    assert network.hash == weights_hash(model)


# ---- the hash


def test_the_hash_is_that_of_the_weights_and_of_nothing_else():
    assert (
        as_backbone(tiny_model()).hash == tiny_network().hash == weights_hash(tiny_model().to(memory_format=torch.channels_last))
    )
    changed = tiny_model()
    with torch.no_grad():
        changed.fc.bias[0] += 1e-6
    assert weights_hash(changed) != tiny_network().hash


def test_a_module_that_runs_more_than_once_gives_its_last_output_whatever_else_is_asked():
    network = backbones.load("torchvision/resnet18?random")
    pictures = some_pictures(1, 64, 64)
    layer = network.layer("layer2.0.relu")
    alone = network.features(pictures, [layer.name])[layer.name]
    beside = network.features(pictures, [layer.name, "layer4"])[layer.name]
    assert layer.runs == 2 and alone.shape[1] == layer.channels and torch.equal(alone, beside)
    assert torch.equal(alone, network.features(pictures, ["layer2.0"])["layer2.0"]), "a block ends with its second activation"


def test_a_sliver_is_enlarged_along_its_short_side_alone():
    network, seen = backbones.load("torchvision/inception_v3?random"), []
    handle = network.model.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape[-2:])))
    try:
        network.features(some_pictures(1, 4, 700), ["late"])
    finally:
        handle.remove()
    seen = [size for size in seen if size[1] not in (299, 363)]  # those that tell its layers
    assert len(seen) > 1 and {width for _, width in seen} == {700} and seen[-1][0] <= 2 * network.side
