"""Small networks with known weights, for tests that need a network and not a good one. They compute in float32, or as asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from unittest.mock import patch

import pytest
import timm
import torch
from torch import nn

from hub import devices
from hub.backbones import Backbone

CONFIG = {"input_size": (3, 64, 64), "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25), "classifier": "fc"}
NARROW = {
    "layers": [1, 1, 1, 1],
    "channels": [8, 12, 16, 20],
    "stem_type": "deep",
    "stem_width": 8,
    "avg_down": True,
    "act_layer": "silu",
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """For the module that imports it: on tensors this small, threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def as_backbone(
    model: nn.Module, config: dict = CONFIG, classes: Sequence[str] | None = None, dtype: torch.dtype = torch.float32
) -> Backbone:
    """The network as techniques get it, in a format that does not depend on the processor."""
    with patch.object(devices, "compute_dtype", lambda: dtype):
        return Backbone("tiny", model, config, classes)


def seeded(build, seed: int = 0) -> nn.Module:
    """A model in evaluation mode whose BatchNorms have statistics and weights as if it had been trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build().eval()
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                for tensor, low, high in (
                    (module.running_mean, -0.3, 0.3),
                    (module.running_var, 0.5, 2.0),
                    (module.bias, -0.3, 0.3),
                    (module.weight, 0.5, 1.5),
                ):
                    nn.init.uniform_(tensor, low, high)
    return model


def tiny_model(classes: int = 4, **model_args) -> nn.Module:
    return seeded(lambda: timm.create_model("resnet18", pretrained=False, num_classes=classes, **{**NARROW, **model_args}))


@cache
def tiny_network(dtype: torch.dtype = torch.float32) -> Backbone:
    """A residual network as the embedded one is, a few channels wide, with four classes."""
    return as_backbone(tiny_model(), classes=["ant", "bee", "cat", "dog"], dtype=dtype)


@cache
def pointwise_network() -> Backbone:
    """Every pixel by itself: two 1x1 convolutions with a smooth activation between. Layers "0", "1", "2"."""
    model = seeded(lambda: nn.Sequential(nn.Conv2d(3, 5, 1), nn.SiLU(), nn.Conv2d(5, 4, 1)))
    return as_backbone(model, {**CONFIG, "classifier": None})


def some_pictures(batch: int = 1, height: int = 32, width: int = 32, seed: int = 0) -> torch.Tensor:
    """(B, 3, H, W) in [0.1, 0.9], smooth enough to have edges and areas."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(batch, 3, max(2, height // 4), max(2, width // 4), generator=generator)
    smooth = nn.functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
    return 0.1 + 0.8 * smooth
