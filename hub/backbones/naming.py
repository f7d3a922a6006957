"""The grammar of a network's name.

    embedded                        the network that comes along
    timm/NAME[.TAG]                 a timm architecture with its trained weights: timm/resnet50.a1_in1k
    torchvision/NAME                torchvision's own: torchvision/googlenet
    hf-hub:OWNER/NAME[@REVISION]    a timm model of anybody's on the Hugging Face Hub
    local-dir:FOLDER                a folder with config.json and model.safetensors
    …?random[=SEED]                 the same network before any training

>>> parse("hf-hub:timm/vit_small_patch16_224.dino@main")
Name(scheme='hf-hub', model='timm/vit_small_patch16_224.dino', revision='main', seed=None)
>>> str(parse("timm/resnet18?random"))
'timm/resnet18?random'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from hub.errors import UnknownBackbone

Scheme = Literal["embedded", "timm", "torchvision", "hf-hub", "local-dir"]
_PATTERNS: dict[Scheme, str] = {
    "embedded": r"embedded(?P<model>)",
    "timm": r"timm/(?P<model>[\w.-]+)",
    "torchvision": r"torchvision/(?P<model>\w+)",
    "hf-hub": r"hf-hub:(?P<model>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?",
    "local-dir": r"local-dir:(?P<model>.+?)",
}
_UNTRAINED = r"(?P<random>\?random(=(?P<seed>\d{1,9}))?)?"
GRAMMAR = ("Names are: embedded, timm/NAME, torchvision/NAME, hf-hub:OWNER/NAME, local-dir:FOLDER; each with ?random for its "
           "untrained self.")


@dataclass(frozen=True)
class Name:
    """A network's name in parts. revision: a branch, tag or commit of the Hub. seed: of untrained weights, None for trained."""

    scheme: Scheme
    model: str
    revision: str | None = None
    seed: int | None = None

    @property
    def trained(self) -> str:
        """The name of the same network with its trained weights."""
        separator = {"embedded": "", "timm": "/", "torchvision": "/", "hf-hub": ":", "local-dir": ":"}[self.scheme]
        return f"{self.scheme}{separator}{self.model}" + (f"@{self.revision}" if self.revision else "")

    def __str__(self) -> str:
        random = {None: "", 0: "?random"}.get(self.seed, f"?random={self.seed}")
        return self.trained + random


def parse(text: str) -> Name:
    """A name as it is written -> its parts. Raises UnknownBackbone, with the grammar, where it follows none of the rules."""
    for scheme, pattern in _PATTERNS.items():
        if found := re.fullmatch(pattern + _UNTRAINED, text):
            parts = found.groupdict()
            seed = int(parts["seed"] or 0) if parts["random"] else None
            return Name(scheme, parts["model"], parts.get("revision"), seed)
    raise UnknownBackbone(text, ["embedded"], hint=GRAMMAR)
