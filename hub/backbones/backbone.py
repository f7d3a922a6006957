"""A network as the techniques see it: pictures in, feature maps of named layers out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence, Set
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from hub import devices
from hub.backbones.folding import fold_batch_norms, without_in_place
from hub.backbones.layers import CLASSES, DEPTHS, Layer, find_layers, landmarks
from hub.errors import ShapeError, UnknownLayer, UnknownUnit

TOO_SMALL = ("Kernel size can't be greater than actual input size", "Output size is too small")
"""What torch says where a picture shrinks to nothing inside a network."""


class _Enough(Exception):
    """Raised from a hook to end the forward pass at the deepest layer that is wanted."""


class Backbone:
    """A frozen network with its own normalisation, ready to be looked into.

    name: as it was asked for. model: a timm model; it is frozen, its BatchNorms folded, laid out channels_last.
    classes: names of its classes where they are known. side: the input size it was trained at, in pixels.
    showpieces: classes that it draws and dreams best, to begin with where nobody asked for any; as its config.json says.

    Threads may share it: looking in hangs hooks on the one model, so they take turns.
    """

    def __init__(self, name: str, model: nn.Module, config: dict[str, Any], classes: Sequence[str] | None = None) -> None:
        devices.settle()
        self._turn = threading.RLock()
        self.showpieces: list[str] = list(config.get("showpieces") or ())
        self.name, self.classes = name, list(classes) if classes else None
        self.hash = weights_hash(model)
        self.side = config["input_size"][-1]
        self.dtype = devices.compute_dtype()
        model = without_in_place(fold_batch_norms(model.eval()))
        self.model = model.requires_grad_(False).to(devices.device(), self.dtype, memory_format=torch.channels_last)
        self._mean = torch.tensor(config["mean"], device=devices.device()).view(1, 3, 1, 1)
        self._std = torch.tensor(config["std"], device=devices.device()).view(1, 3, 1, 1)
        self.head_name = config.get("classifier") or ""

    # ---- what there is

    @cached_property
    def all_layers(self) -> list[Layer]:
        """Every layer but the classifier, found once."""
        with self._turn:
            return find_layers(self.model, self.side)

    def layers(self) -> list[Layer]:
        """Every layer that can be asked for, in the order in which they compute, `classes` last where there is a classifier."""
        return [*self.all_layers, *([self._class_layer] if self._head is not None else [])]

    def landmarks(self) -> list[Layer]:
        """The few layers worth showing first, early to late."""
        return landmarks(self.all_layers)

    def layer(self, name: str) -> Layer:
        """A layer by its name, or by a word that fits every network: early, middle, late, classes.

        Raises UnknownLayer, with a suggestion.
        """
        if name in DEPTHS:
            return min(self.landmarks(), key=lambda layer: abs(layer.depth - DEPTHS[name]))
        for layer in self.layers():
            if layer.name == name:
                return layer
        raise UnknownLayer(
            name, [*DEPTHS, *(a.name for a in self.layers())], of=self.name, hint=f"List them: netsee layers {self.name}"
        )

    def units(self, layer: str) -> list[str]:
        """The names of a layer's channels: class names for `classes` where they are known, else "0", "1", …"""
        found = self.layer(layer)
        if found.name == CLASSES and self.classes:
            return self.classes
        return [str(i) for i in range(found.channels)]

    def unit(self, layer: str, unit: str) -> int:
        """The index of a channel given by number or by class name. Raises UnknownUnit."""
        found = self.layer(layer)
        if unit.isdecimal() and int(unit) < found.channels:
            return int(unit)
        names = self.units(layer)
        if unit in names:
            return names.index(unit)
        if unit.isdecimal():
            raise UnknownUnit(unit, of=f"{found.name} of {self.name}", hint=f"It has channels 0 to {found.channels - 1}.")
        hint = (
            f"List them: netsee layers {self.name} --units {found.name}"
            if found.name == CLASSES
            else f"Give a number from 0 to {found.channels - 1}."
        )
        raise UnknownUnit(unit, names if found.name == CLASSES else (), of=f"{found.name} of {self.name}", hint=hint)

    # ---- looking in

    def features(self, pictures: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """The feature maps of some layers, and not a step of work past the deepest of them.

        pictures: (B, 3, H, W) in [0, 1]; any size that the network can take. Returns name -> (B, C, h, w), in the network's
        own format.
        Raises ShapeError, UnknownLayer.
        """
        if pictures.dim() != 4 or pictures.shape[1] != 3:
            raise ShapeError(f"pictures must be (B, 3, H, W), not {tuple(pictures.shape)}.")
        wanted = {asked: self.layer(asked).name for asked in layers}
        modules = {self._last_map.name if name == CLASSES else name for name in wanted.values()}
        caught = self._caught(self.normalised(pictures), modules) if modules else {}
        return {
            asked: at_every_position(self._head, caught[self._last_map.name]) if name == CLASSES else caught[name]
            for asked, name in wanted.items()
        }

    def normalised(self, pictures: Tensor) -> Tensor:
        """Pictures in [0, 1] as the network wants them."""
        return ((pictures - self._mean) / self._std).to(self.dtype).contiguous(memory_format=torch.channels_last)

    def _caught(self, inputs: Tensor, modules: Set[str]) -> dict[str, Tensor]:
        caught: dict[str, Tensor] = {}

        def catch(name: str) -> Any:
            def hook(_module: nn.Module, _inputs: Any, out: Tensor) -> None:
                caught[name] = out
                if len(caught) == len(modules):
                    raise _Enough

            return hook

        with self._turn:
            handles = [self.model.get_submodule(name).register_forward_hook(catch(name)) for name in modules]
            try:
                self.model(inputs)
            except _Enough:
                pass
            except RuntimeError as error:
                if not any(words in str(error) for words in TOO_SMALL):
                    raise
                asked = f"{inputs.shape[-1]} x {inputs.shape[-2]}"
                raise ShapeError(f"{self.name} cannot look at {asked} pixels. Give a larger picture or size.") from error
            finally:
                for handle in handles:
                    handle.remove()
        return caught

    @torch.no_grad()
    def scores(self, pictures: Tensor) -> Tensor:
        """The classifier's own answer, (B, classes), before any softmax."""
        with self._turn:
            return self.model(self.normalised(pictures)).float()

    # ---- the classifier as a layer

    @cached_property
    def _head(self) -> nn.Linear | None:
        """The classifier, where it is one linear map of the last features' mean; what stands between (a norm, tokens) is
        found by trying."""
        module = dict(self.model.named_modules()).get(self.head_name)
        if not isinstance(module, nn.Linear) or module.in_features != self._last_map.channels:
            return None
        pictures = torch.rand(2, 3, self.side, self.side, generator=torch.Generator().manual_seed(0)).to(devices.device())
        with torch.no_grad():
            maps = at_every_position(module, self._caught(self.normalised(pictures), {self._last_map.name})[self._last_map.name])
            answer = self.scores(pictures)
        return module if (maps.float().mean((2, 3)) - answer).norm() <= 0.05 * answer.norm() else None

    @cached_property
    def _last_map(self) -> Layer:
        return self.all_layers[-1]

    @cached_property
    def _class_layer(self) -> Layer:
        assert self._head is not None
        return Layer(CLASSES, "Classifier", self._head.out_features, self._last_map.stride, self._last_map.size, 1.0)


def at_every_position(head: nn.Linear, features: Tensor) -> Tensor:
    """A linear head at every position of a map, (B, C, h, w) -> (B, classes, h, w): its mean over positions is what the
    classifier answers."""
    return nn.functional.conv2d(features, head.weight[:, :, None, None], head.bias)


def weights_hash(model: nn.Module) -> str:
    """SHA-256 of all weights and statistics, with their names, independent of how they were stored."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(
            tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
            if tensor.dim()
            else str(tensor.item()).encode()
        )
    return digest.hexdigest()
