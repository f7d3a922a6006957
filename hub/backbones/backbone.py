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
from hub.backbones.dissection import dissect
from hub.backbones.folding import prepared
from hub.backbones.layers import CLASSES, DEPTHS, Anatomy, Layer, class_layer, linear_head, unit_names
from hub.errors import ShapeError, UnknownLayer, UnknownUnit
from hub.resampling import resize

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
        self._copied: set[str] = set()
        self.showpieces: list[str] = list(config.get("showpieces") or ())
        self.name, self.classes = name, list(classes) if classes else None
        self.hash = weights_hash(model)
        self.side = config["input_size"][-1]
        self.dtype = devices.dtype_for(model)
        model = prepared(model, self.side)
        self.model = model.requires_grad_(False).to(devices.device(), self.dtype, memory_format=torch.channels_last)
        self._mean = torch.tensor(config["mean"], device=devices.device()).view(1, 3, 1, 1)
        self._std = torch.tensor(config["std"], device=devices.device()).view(1, 3, 1, 1)
        self.head_name = config.get("classifier") or ""

    @property
    def bytes(self) -> int:
        """What its weights take in memory."""
        return sum(t.numel() * t.element_size() for t in (*self.model.parameters(), *self.model.buffers()))

    # ---- what there is

    @cached_property
    def anatomy(self) -> Anatomy:
        """What is inside, found once."""
        with self._turn:
            return dissect(self.model, self.side)

    def layers(self) -> list[Layer]:
        """Every layer that can be asked for, in the order in which they compute, `classes` last where there is a classifier."""
        return [*self.anatomy.layers, *([self._class_layer] if self._class_layer else [])]

    def landmarks(self) -> list[Layer]:
        """The few layers worth showing first, early to late."""
        return self.anatomy.landmarks

    def layer(self, name: str) -> Layer:
        """A layer by its name, or by a word that fits every network: early, middle, late, classes; of a network without a
        classifier, classes are late.

        Raises UnknownLayer, with a suggestion.
        """
        if name in DEPTHS:
            return self.anatomy.deep(name)
        if name == CLASSES and self._class_layer is None:
            return self.anatomy.deep("late")
        for layer in self.layers():
            if layer.name == name:
                return layer
        raise UnknownLayer(
            name, [*DEPTHS, *(a.name for a in self.layers())], of=self.name, hint=f"List them: netsee layers {self.name}"
        )

    def units(self, layer: str) -> list[str]:
        """The names of a layer's channels: class names for `classes` where they are known, else "0", "1", …"""
        return unit_names(self.layer(layer), self.classes)

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

        pictures: (B, 3, H, W) in [0, 1], of any size: a network sees those that are too small for it enlarged, and others that it
        does not take stretched to the next size, or to its own where there is no other.
        Returns name -> (B, C, h, w), in the network's own format.
        Raises ShapeError, UnknownLayer.
        """
        if pictures.dim() != 4 or pictures.shape[1] != 3:
            raise ShapeError(f"pictures must be (B, 3, H, W), not {tuple(pictures.shape)}.")
        if not layers:
            return {}
        wanted = {asked: self.layer(asked) for asked in layers}
        classes = any(layer.name == CLASSES for layer in wanted.values())
        maps = {layer for layer in wanted.values() if layer.name != CLASSES}
        if classes and self._head is not None:
            maps.add(self.anatomy.last)
        caught, answer = self._caught(self.normalised(pictures), maps, whole=classes and self._head is None)
        if self._head is not None and classes:
            answer = at_every_position(self._head, caught[self.anatomy.last.name])
        return {asked: answer if layer.name == CLASSES else caught[layer.name] for asked, layer in wanted.items()}

    def normalised(self, pictures: Tensor) -> Tensor:
        """Pictures in [0, 1] as the network wants them: of its own size, or stretched to the next that it takes."""
        multiple, seen = self.anatomy.multiple, tuple(pictures.shape[-2:])
        wanted = tuple(-(-side // multiple) * multiple if multiple else self.side for side in seen)
        if wanted != seen:
            pictures = resize(pictures, wanted, "bilinear")
        return ((pictures - self._mean) / self._std).to(self.dtype).contiguous(memory_format=torch.channels_last)

    def _caught(self, inputs: Tensor, layers: Set[Layer], whole: bool = False) -> tuple[dict[str, Tensor], Tensor | None]:
        """(layer's name -> feature map, the classifier's answer, (B, classes, 1, 1), where the whole network ran). whole: it
        runs to its end.

        An activation may overwrite what a hook has seen. Such a value shows by its version; its layer is remembered, copied
        from then on, and the pass is made again.
        """
        with self._turn:
            while True:
                try:
                    caught, versions, answer = self._passed(inputs, layers, whole)
                except ShapeError:
                    seen = tuple(inputs.shape[-2:])
                    larger = tuple(2 * side if side < 2 * self.side else side for side in seen)  # a long side stays as it is
                    if larger == seen:
                        raise
                    inputs = nn.functional.interpolate(inputs, larger, mode="bilinear")
                    continue
                changed = {name for name, tensor in caught.items() if tensor._version != versions[name]}
                if not changed:
                    return caught, answer
                self._copied |= changed

    def _passed(self, inputs: Tensor, layers: Set[Layer], whole: bool) -> tuple[dict[str, Tensor], dict[str, int], Tensor | None]:
        caught: dict[str, Tensor] = {}
        versions: dict[str, int] = {}
        picture = (inputs.shape[-2], inputs.shape[-1])
        left = {layer.name: layer.runs for layer in layers}

        def catch(layer: Layer) -> Any:
            def hook(module: nn.Module, given: Any, out: Tensor) -> None:
                read = layer.read(module, given[0], out, picture, self.anatomy.grid).to(self.dtype)
                caught[layer.name] = read.clone() if layer.name in self._copied else read
                versions[layer.name] = caught[layer.name]._version
                left[layer.name] -= 1
                if not whole and max(left.values()) <= 0:
                    raise _Enough

            return hook

        handles = [self.model.get_submodule(layer.module).register_forward_hook(catch(layer)) for layer in layers]
        try:
            deepest = self.anatomy.coarsest if whole else max(layer.stride for layer in layers)
            answer = self._run(inputs, min(deepest, self.anatomy.coarsest))
            return caught, versions, answer[:, :, None, None] if whole else None
        except _Enough:
            return caught, versions, None
        except RuntimeError as error:
            if not any(words in str(error) for words in TOO_SMALL):
                raise
            asked = f"{inputs.shape[-1]} x {inputs.shape[-2]}"
            raise ShapeError(f"{self.name} cannot look at {asked} pixels. Give a larger picture or size.") from error
        finally:
            for handle in handles:
                handle.remove()

    def _run(self, inputs: Tensor, stride: int) -> Tensor:
        """The network's answer; in float32 where its own format would go wrong. stride: of the deepest map on the way."""
        if self.dtype is torch.float32 or not devices.is_sliver(*inputs.shape[-2:], stride):
            return self.model(inputs)
        tensors = (*self.model.named_parameters(), *self.model.named_buffers())
        held = {name: tensor.float() for name, tensor in tensors if tensor.is_floating_point()}
        return torch.func.functional_call(self.model, held, (inputs.float(),)).to(self.dtype)

    @torch.no_grad()
    def scores(self, pictures: Tensor) -> Tensor:
        """The classifier's own answer, (B, classes), before any softmax."""
        return self._caught(self.normalised(pictures), set(), whole=True)[1].flatten(1).float()

    # ---- the classifier as a layer

    @cached_property
    def _class_layer(self) -> Layer | None:
        return class_layer(self.model, self.head_name, self.anatomy)

    @cached_property
    def _head(self) -> nn.Linear | None:
        """The classifier, where it is one linear map of the last map's mean. Elsewhere the class layer is the whole network's
        answer, a map of one position."""
        return linear_head(self.model, self.head_name, self.anatomy)


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
