"""A network before it is built: how it is made, what is known of it, and which file it needs.

It can be drawn without contents, so that its layers are told at once and offline, and so that one which would not fit into this
machine is refused before memory is taken or a byte of weights comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hub.backbones.bounds import bounded, room
from hub.backbones.dissection import dissect
from hub.backbones.folding import prepared
from hub.backbones.layers import Anatomy, Layer, class_layer
from hub.backbones.naming import Name
from hub.backbones.work import counted
from hub.errors import InputError, OverLimit, UnsupportedBackbone
from hub.fetching import Wanted

TABLES = 1 << 30  # bytes of what is no weight, such as the places in a window; several times as much is taken while it is made


@dataclass(frozen=True)
class Blueprint:
    """How to get a network.

    build: makes it untrained, on torch's default device. fill: makes it with its weights, given where its file lies.
    config: timm's keys: input_size, mean, std, classifier; and showpieces. classes: their names, where they are known.
    weights: the file of the Hub that it needs; url: the file of the web; neither where its weights are here.
    described: the config.json that it is built by, where that is one of a folder or a repository.
    """

    name: Name
    build: Callable[[], nn.Module]
    fill: Callable[[Path | None], nn.Module]
    config: dict[str, Any]
    classes: list[str] | None = None
    weights: Wanted | None = None
    url: str | None = None
    here: bool = False
    described: dict[str, Any] | None = None

    @cached_property
    def bare(self) -> nn.Module:
        """The network without contents. Raises OverLimit where it would not fit, UnsupportedBackbone where it cannot be made."""
        with self._in_a_line("be built"), bounded(), torch.device("meta"):
            model = prepared(self.build(), self.side)
        weights, tables = (sum(t.numel() * t.element_size() for t in each) for each in (model.parameters(), model.buffers()))
        if weights + tables > room():
            raise OverLimit(f"{self.name} would take more than half of this machine's memory. Choose a smaller one.")
        if tables > TABLES:
            raise OverLimit(f"{self.name} would take more than {TABLES >> 30} GiB besides its weights. Choose a smaller one.")
        return model

    def filled(self, path: Path | None) -> nn.Module:
        """The network with its weights, from the file where they lie. Raises UnsupportedBackbone where they are not its own."""
        with self._in_a_line("be filled with its weights"):
            return self.fill(path)

    @contextmanager
    def _in_a_line(self, what: str) -> Iterator[None]:
        """Whatever a library says against a network becomes UnsupportedBackbone."""
        try:
            yield
        except InputError:
            raise
        except Exception as error:
            why = " ".join(f"{type(error).__name__}: {error}".split())[:120]
            raise UnsupportedBackbone(f"{self.name} cannot {what} ({why}). Choose another, or check its config.json.") from error

    @property
    def bytes(self) -> int:
        """What its weights take in memory, in float32."""
        return sum(t.numel() * t.element_size() for t in (*self.bare.parameters(), *self.bare.buffers()))

    @property
    def side(self) -> int:
        """The input size it was trained at, in pixels."""
        return self.config["input_size"][-1]

    @cached_property
    def anatomy(self) -> Anatomy:
        """What is inside. Raises UnsupportedBackbone where nothing can be looked at."""
        bare = self.bare
        with self._in_a_line("be looked into"):
            return dissect(bare, self.side)

    @cached_property
    def work(self) -> dict[str, float]:
        """Module -> floating-point operations of a pass that ends with it, for each pixel of the picture; "" is the whole one."""
        bare = self.bare
        with self._in_a_line("be looked into"):
            return {name: done / self.side**2 for name, done in counted(bare, self.side).items()}

    def layers(self) -> list[Layer]:
        """Every layer that can be asked for, `classes` last where there is a classifier."""
        head = class_layer(self.bare, self.config.get("classifier") or "", self.anatomy)
        return [*self.anatomy.layers, *([head] if head else [])]
