"""The networks to offer in a menu: what each is, and which of its layers show best.

What stands here was read off the networks themselves and off what timm and torchvision say of them; a test holds it to that.
Revisions and hashes of weights are in `pins.json`, written by `netsee fetch --pin` from what was really downloaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from hub.backbones.naming import parse
from hub.errors import BadOutput, UnknownBackbone

PINS = Path(__file__).with_name("pins.json")
PATIENCE = 10.0  # seconds for others who write to it


@dataclass(frozen=True)
class Entry:
    """A network of the menu.

    name: as `load` takes it. title: as people call it. about: why one would look into it. parameters: how many, in millions; each
    is four bytes to download. licence: of the weights, as their publisher says. side: input size that it was trained at,
    in pixels. layers: technique -> the layer that shows best there.
    """

    name: str
    title: str
    about: str
    parameters: float
    licence: str
    side: int
    layers: Mapping[str, str] = field(default_factory=dict)

    @property
    def megabytes(self) -> float:
        """What its weights take, in memory and on the way here."""
        return 4 * self.parameters


@dataclass(frozen=True)
class Pin:
    """Which weights a name stands for: the commit of the repository, None where there is none, and the SHA-256 of the file."""

    revision: str | None
    sha256: str


def _layers(draw: str, dream: str) -> dict[str, str]:
    return {"activation_maximization": draw, "deep_dream": dream, "sparse_autoencoder": dream}


CATALOGUE = (
    Entry("embedded", "Netsee's own", "Comes along; trained against attacks, so what it draws can be known at sight.",
          3.0, "apache-2.0", 96),
    Entry("torchvision/googlenet", "GoogLeNet", "The network of the first deep dreams (2015).",
          13.0, "bsd-3-clause", 224, _layers("inception4d", "inception4c")),
    Entry("timm/inception_v3.tv_in1k", "Inception v3", "Wide branches side by side; dreams as the tutorials have them.",
          23.8, "apache-2.0", 299, _layers("Mixed_6d", "Mixed_6c")),
    Entry("timm/vgg16.tv_in1k", "VGG-16", "A plain stack of 3 x 3 convolutions.",
          138.4, "bsd-3-clause", 224, _layers("features.28", "features.28")),
    Entry("timm/vgg19.tv_in1k", "VGG-19", "The network of the first style transfer (2015).",
          143.7, "bsd-3-clause", 224, _layers("features.26", "features.26")),
    Entry("timm/resnet18.a1_in1k", "ResNet-18", "Residual connections, small.",
          11.7, "apache-2.0", 224, _layers("layer3", "layer3")),
    Entry("timm/resnet50.a1_in1k", "ResNet-50", "The yardstick of the field.",
          25.6, "apache-2.0", 224, _layers("layer3", "layer3")),
    Entry("timm/densenet121.tv_in1k", "DenseNet-121", "Every layer sees all before it.",
          8.0, "apache-2.0", 224, _layers("features.denseblock3", "features.denseblock3")),
    Entry("timm/efficientnet_b0.ra_in1k", "EfficientNet-B0", "Found by search, with gates on its channels.",
          5.3, "apache-2.0", 224, _layers("blocks.4", "blocks.4")),
    Entry("timm/mobilenetv3_small_100.lamb_in1k", "MobileNet v3 small", "Made for phones; the smallest to download.",
          2.5, "apache-2.0", 224, _layers("blocks.3", "blocks.3")),
    Entry("timm/convnext_tiny.fb_in22k_ft_in1k", "ConvNeXt tiny", "A convolutional network as made after transformers.",
          28.6, "apache-2.0", 224, _layers("stages.2", "stages.2")),
    Entry("timm/vit_small_patch16_224.augreg_in21k_ft_in1k", "ViT small", "A vision transformer: patches as words.",
          22.1, "apache-2.0", 224, _layers("blocks.8", "blocks.7")),
    Entry("timm/vit_small_patch16_224.dino", "DINO ViT small", "Taught without labels; its heads find things by themselves.",
          21.7, "apache-2.0", 224, _layers("blocks.8", "blocks.7")),
    Entry("timm/vit_base_patch32_clip_224.openai", "CLIP ViT-B/32", "Taught by what people write under pictures.",
          87.8, "apache-2.0", 224, _layers("blocks.8", "blocks.7")),
    Entry("timm/swin_tiny_patch4_window7_224.ms_in1k", "Swin tiny", "A transformer that looks through shifting windows.",
          28.3, "mit", 224, _layers("layers.2", "layers.2")),
)
_BY_NAME = {entry.name: entry for entry in CATALOGUE}


def names() -> list[str]:
    """The networks to offer in a menu, the embedded one first. `load` takes others too."""
    return list(_BY_NAME)


def entry(name: str) -> Entry | None:
    """What is known of a network of the menu, trained or not; None for others."""
    try:
        return _BY_NAME.get(parse(name).trained)
    except UnknownBackbone:
        return None


def check_offered(name: str) -> None:
    """Raise UnknownBackbone where a network is not in the menu, or is untrained by a seed of its own: a hosted hub takes the menu
    and one untrained self of each, as others would fill its memory."""
    if entry(name) is None or parse(name).seed not in (None, 0):
        raise UnknownBackbone(name, [*names(), parse(name).trained + "?random"] if entry(name) else names())


def best_layer(name: str, technique: str) -> str | None:
    """The layer of a network that shows best in a technique, where it is known."""
    found = entry(name)
    return found.layers.get(technique) if found else None


@cache
def _pins() -> dict[str, Pin]:
    return {name: Pin(**pin) for name, pin in json.loads(PINS.read_text()).items()}


def pin(name: str) -> Pin | None:
    """The weights that a name stands for, where they were once recorded."""
    return _pins().get(name)


def record(name: str, pin: Pin) -> None:
    """Add to `pins.json`, one process at a time. Raises BadOutput where that cannot be written."""
    from huggingface_hub import constants
    from huggingface_hub.utils import WeakFileLock

    from hub.files import write_safely

    lock = Path(constants.HF_HUB_CACHE, ".locks", "netsee-pins.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(lock, timeout=PATIENCE):
            known = json.loads(PINS.read_text()) | {name: {"revision": pin.revision, "sha256": pin.sha256}}
            write_safely(PINS, (json.dumps(dict(sorted(known.items())), indent=1) + "\n").encode())
    except OSError as error:
        why = (error.strerror or "unknown").lower()
        raise BadOutput(f"{name} is not pinned: pins.json cannot be written ({why}). Do it in a checkout of yours.") from error
    _pins.cache_clear()
