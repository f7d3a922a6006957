"""From a name to a network. Grammar: `embedded` · `timm/NAME[.TAG]` · `hf-hub:OWNER/NAME[@REVISION]` · `local-dir:FOLDER`.

timm is imported by the first network that is loaded: with torchvision, which it brings, that takes two seconds, and a page that
opens need not wait for them.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import torch
from torch import nn

from hub.backbones.backbone import Backbone
from hub.errors import NotOffline, UnknownBackbone, UnsupportedBackbone

HERE = Path(__file__).parent
_turn = threading.RLock()
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


def load(name: str) -> Backbone:
    """A network by name, frozen. The last few are kept, and two who ask for one at once get the same.

    Raises UnknownBackbone where nothing answers to the name, UnsupportedBackbone where its layers are not feature maps,
    NotOffline where its weights would have to be downloaded and cannot.
    """
    with _turn:
        return _load(name)


def judge() -> Backbone:
    """The second network of this project, which no technique ever optimises against: it says what another network sees."""
    with _turn:
        return _judge()


@lru_cache(maxsize=4)
def _load(name: str) -> Backbone:
    if name == "embedded":
        return _from_folder("embedded", HERE / "embedded")
    if name.startswith("local-dir:"):
        folder = Path(name.removeprefix("local-dir:"))
        if not (folder / "config.json").is_file():
            raise UnknownBackbone(name, hint="That folder has no config.json; a timm or Hugging Face model folder is wanted.")
        return _from_folder(name, folder)
    if name.startswith("hf-hub:"):
        return _pretrained(name, name)
    import timm

    architecture = name.removeprefix("timm/")
    if not timm.is_model(architecture.partition(".")[0]):
        known = [*CATALOGUE, *(f"timm/{n}" for n in timm.list_models())]
        raise UnknownBackbone(name, known, hint="List some: netsee list --backbones")
    if architecture not in _with_weights():
        raise UnknownBackbone(name, [f"timm/{n}" for n in _with_weights()], hint="There are no trained weights of that name.")
    return _pretrained(name, architecture)


@cache
def _with_weights() -> frozenset[str]:
    """Every timm name that has weights, with its tag and without."""
    import timm

    tagged = timm.list_pretrained()
    return frozenset(tagged) | {name.partition(".")[0] for name in tagged}


@cache
def _judge() -> Backbone:
    return _from_folder("judge", HERE / "judge")


def _from_folder(name: str, folder: Path) -> Backbone:
    """Through timm's own door for local folders, exactly as a Hub model would be."""
    import timm

    with torch.random.fork_rng(devices=[]):  # building draws initial weights, and the global state is not ours to move
        model = timm.create_model(f"local-dir:{folder}", pretrained=True)
    config = json.loads((folder / "config.json").read_text())
    return _checked(name, model, {**model.pretrained_cfg, "showpieces": config.get("showpieces")}, config.get("label_names"))


def _pretrained(name: str, timm_name: str) -> Backbone:
    import timm

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries are not the visitor's concern; our one line is
    try:
        with impatient(), torch.random.fork_rng(devices=[]):
            model = timm.create_model(timm_name, pretrained=True)
    except Exception as error:
        raise NotOffline(
            f"{name} must be downloaded once and that failed ({type(error).__name__}). Connect to the network, or use 'embedded'."
        ) from error
    return _checked(name, model, model.pretrained_cfg, model.pretrained_cfg.get("label_names") or _imagenet_names(model))


@contextmanager
def impatient() -> Iterator[None]:
    """Where the hub cannot be reached, only what was downloaded before is looked for; its client would try for a minute."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not reachable(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def reachable(address: str, patience: float = 3.0) -> bool:
    """Whether somebody takes a connection at the host of a web address, within `patience` seconds for each of its numbers;
    a proxy is trusted to."""
    parts = urlsplit(address)
    if parts.scheme in getproxies():
        return True
    try:
        socket.create_connection((parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)), patience).close()
    except OSError:
        return False
    return True


def _checked(name: str, model: nn.Module, config: dict[str, Any], classes: list[str] | None) -> Backbone:
    if hasattr(model, "patch_embed"):
        raise UnsupportedBackbone(f"{name} is a transformer, whose layers are tokens. Choose a convolutional network.")
    return Backbone(name, model, config, classes)


def _imagenet_names(model: nn.Module) -> list[str] | None:
    """The names of the thousand classes of ImageNet, which timm knows, where the model has as many."""
    from timm.data import ImageNetInfo

    if model.num_classes != 1000:
        return None
    known = ImageNetInfo()
    names = [known.index_to_description(i).partition(",")[0] for i in range(1000)]
    seen = Counter(names)
    return [n if seen[n] == 1 else f"{n} {i}" for i, n in enumerate(names)]
