"""From a name to a network. Grammar: `embedded` · `timm/NAME[.TAG]` · `hf-hub:OWNER/NAME[@REVISION]` · `local-dir:FOLDER`."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import timm
import torch

from hub.backbones.backbone import Backbone
from hub.errors import NotOffline, UnknownBackbone

HERE = Path(__file__).parent
CATALOGUE = (
    "embedded",
    "timm/resnet50.a1_in1k",
    "timm/vgg19.tv_in1k",
    "timm/convnext_tiny.fb_in22k_ft_in1k",
    "timm/inception_v3.tv_in1k",
    "timm/densenet121.tv_in1k",
    "timm/mobilenetv3_small_100.lamb_in1k",
)


def names() -> list[str]:
    """The networks to offer in a menu, the embedded one first. `load` takes others too."""
    return list(CATALOGUE)


@lru_cache(maxsize=4)
def load(name: str) -> Backbone:
    """A network by name, frozen. The last few are kept.

    Raises UnknownBackbone where nothing answers to the name, NotOffline where its weights would have to be downloaded and cannot.
    """
    if name == "embedded":
        return _from_folder("embedded", HERE / "embedded")
    if name.startswith("local-dir:"):
        folder = Path(name.removeprefix("local-dir:"))
        if not (folder / "config.json").is_file():
            raise UnknownBackbone(name, hint="That folder has no config.json; a timm or Hugging Face model folder is wanted.")
        return _from_folder(name, folder)
    if name.startswith("hf-hub:"):
        return _pretrained(name, name)
    architecture = name.removeprefix("timm/")
    if timm.is_model(architecture.partition(".")[0]):
        return _pretrained(name, architecture)
    raise UnknownBackbone(
        name, [*CATALOGUE, *(f"timm/{n}" for n in timm.list_models())], hint="List some: netsee list --backbones"
    )


def judge() -> Backbone:
    """The second network of this project, which no technique ever optimises against: it says what another network sees."""
    return _judge()


@lru_cache(maxsize=1)
def _judge() -> Backbone:
    return _from_folder("judge", HERE / "judge")


def _from_folder(name: str, folder: Path) -> Backbone:
    """Through timm's own door for local folders, exactly as a Hub model would be."""
    with torch.random.fork_rng(devices=[]):  # building draws initial weights, and the global state is not ours to move
        model = timm.create_model(f"local-dir:{folder}", pretrained=True)
    classes = json.loads((folder / "config.json").read_text()).get("label_names")
    return Backbone(name, model, model.pretrained_cfg, classes)


def _pretrained(name: str, timm_name: str) -> Backbone:
    try:
        with torch.random.fork_rng(devices=[]):
            model = timm.create_model(timm_name, pretrained=True)
    except Exception as error:
        raise NotOffline(
            f"{name} must be downloaded once and that failed ({type(error).__name__}). Connect to the network, or use 'embedded'."
        ) from error
    return Backbone(name, model, model.pretrained_cfg, model.pretrained_cfg.get("label_names"))
