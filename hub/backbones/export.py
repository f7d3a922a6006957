"""Write a trained network as a folder that timm loads: config.json and model.safetensors, in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import save_file
from timm.models import save_for_hf
from torch import nn

from hub.world import CLASSES

if TYPE_CHECKING:
    from hub.backbones.train import Recipe


def export(network: nn.Module, recipe: Recipe, folder: Path) -> None:
    """Any timm can read it back: timm.create_model(f"local-dir:{folder}", pretrained=True)."""
    from hub.backbones.train import MEAN, STD

    folder.mkdir(parents=True, exist_ok=True)
    network = network.cpu().to(memory_format=torch.contiguous_format)
    data = {
        "input_size": (3, recipe.drawn, recipe.drawn),
        "mean": (MEAN,) * 3,
        "std": (STD,) * 3,
        "interpolation": "bilinear",
        "crop_pct": 1.0,
        "test_input_size": None,  # what the architecture's own weights are tried at
        "test_crop_pct": None,
    }
    save_for_hf(
        network,
        str(folder),
        model_config={
            "label_names": list(CLASSES),
            "showpieces": list(recipe.showpieces),
            "pretrained_cfg": {**data, "license": "apache-2.0"},
        },
        model_args=recipe.model_args,
        safe_serialization=True,
    )
    halves = {name: t.half() if t.is_floating_point() else t for name, t in network.state_dict().items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
