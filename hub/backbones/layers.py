"""What is inside a network: its layers by name, and the classifier as one of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from torch import Tensor, nn

from hub.backbones import tokens
from hub.backbones.tokens import Grid

CLASSES = "classes"
"""The name of the classifier as a layer: one map for each class, the head applied at every position."""
DEPTHS = {"early": 0.15, "middle": 0.5, "late": 0.85}
"""Words for a layer by its share of the depth, which mean something in every network."""
MOVES = {"view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "t",
         "expand", "clone", "alias", "detach", "contiguous"}
AVERAGES = {"mean", "avg_pool2d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d"}
PRODUCTS = {"addmm", "mm", "linear"}
BLOCKS = 6  # of a transformer that are worth showing first
Form = Literal["map", "channels last", "tokens", "class token", "heads"]


@dataclass(frozen=True)
class Layer:
    """A place in a network whose output is a feature map, or can be read as one.

    name: the module's name; after it ":class" for a transformer's class token, ":heads" for its attention to each patch.
    kind: the module's class. channels: how many maps. stride: input pixels between neighbouring values.
    size: height and width at the network's own input size. depth: share of the layers before it, 0 to 1.
    reach: its receptive field, in pixels of the longer side; None where it sees the whole picture.
    form: how the module's output is a map: as it is (B, C, H, W), with channels last, or as a transformer's tokens.
    runs: how often the module runs in one pass, such as an activation that several places share; its last output is the layer.
    """

    name: str
    kind: str
    channels: int
    stride: int
    size: tuple[int, int]
    depth: float
    reach: int | None = None
    form: Form = "map"
    runs: int = 1

    @property
    def module(self) -> str:
        """The name of the module whose output it is."""
        return self.name.partition(":")[0]

    def read(self, module: nn.Module, given: Tensor, out: Tensor, picture: tuple[int, int], grid: Grid | None) -> Tensor:
        """The feature map, (B, C, h, w). given, out: what went into the module and came out. picture: height and width."""
        if self.form == "map":
            return out
        if self.form == "channels last":
            return out.permute(0, 3, 1, 2)
        assert grid is not None
        if self.form == "tokens":
            return grid.fold(self.module, out, *picture)
        if self.form == "class token":
            return tokens.class_token(out)
        return tokens.attention_of_class(module, given, grid.prefix).unflatten(2, grid.size(*picture))


@dataclass(frozen=True)
class Anatomy:
    """What is inside a network.

    layers: all but the classifier, in the order in which they compute. grid: of a transformer. multiple: what the sides of its
    pictures must be a multiple of, in pixels; None where it takes only its own size. tail: the operations after the last map.
    """

    layers: tuple[Layer, ...]
    grid: Grid | None
    multiple: int | None
    tail: tuple[str, ...] = ()

    @property
    def last(self) -> Layer:
        """The last layer of more than one position."""
        return next(layer for layer in reversed(self.layers) if layer.size != (1, 1))

    @cached_property
    def coarsest(self) -> int:
        """The largest stride of a map of more than one position, in pixels."""
        return max(layer.stride for layer in self.layers if layer.size != (1, 1))

    @cached_property
    def landmarks(self) -> list[Layer]:
        """The few layers worth showing first, early to late."""
        return landmarks(list(self.layers))

    def deep(self, word: str) -> Layer:
        """The layer that early, middle or late means here."""
        return min(self.landmarks, key=lambda layer: abs(layer.depth - DEPTHS[word]))


def landmarks(layers: list[Layer]) -> list[Layer]:
    """The few layers worth showing first, early to late: the last one at each depth of block, at most one to a change of shape.

    Of a network that never changes its shape, such as a transformer, some of its blocks, spread evenly; or, where those put out
    several things at once, of the small networks in them.
    """
    plain = [layer for layer in layers if layer.form in ("map", "channels last", "tokens")]
    kinds = {layer.name: layer.kind for layer in plain}
    blocks = [layer for layer in plain if layer.name.count(".") <= 1 and _is_block(layer, kinds)]
    kept: list[Layer] = []
    for layer in blocks or plain:
        if kept and (kept[-1].channels, kept[-1].size) == (layer.channels, layer.size):
            kept[-1] = layer
        else:
            kept.append(layer)
    alike = [layer for layer in blocks if "Block" in layer.kind]
    for word in ("EncoderBlock", "Block", "Mlp"):
        alike = alike or [layer for layer in plain if layer.kind.endswith(word)]
    if (not blocks or len(kept) < 3) and len(alike) >= 3:
        count = min(BLOCKS, len(alike))
        return [alike[round((i + 1) * len(alike) / count) - 1] for i in range(count)]
    return kept


def _is_block(layer: Layer, kinds: dict[str, str]) -> bool:
    """Whether a layer is a stage of its network, no single convolution or norm, and no branch of another layer."""
    within = kinds.get(layer.name.rpartition(".")[0], "Sequential")
    single = layer.kind.startswith(("Conv", "BatchNorm", "FrozenBatchNorm", "Identity"))
    return within == "Sequential" and (layer.kind.startswith("ConvNeXt") or not single)


def linear_head(model: nn.Module, head: str, anatomy: Anatomy) -> nn.Linear | None:
    """The classifier, where it is a linear map of the mean of the last map: where nothing else is done to that. None elsewhere,
    and where tokens come last, as transformers judge by one of them."""
    module = dict(model.named_modules()).get(head)
    plain = anatomy.last.form in ("map", "channels last")
    fits = plain and isinstance(module, nn.Linear) and module.in_features == anatomy.last.channels
    straight = set(anatomy.tail) <= MOVES | AVERAGES | PRODUCTS and sum(name in PRODUCTS for name in anatomy.tail) == 1
    return module if fits and straight else None


def class_layer(model: nn.Module, head: str, anatomy: Anatomy) -> Layer | None:
    """The classifier as a layer; None where there is none. Where it judges the mean of the last map, it has an answer at every
    position of that; elsewhere one for the whole picture."""
    module = dict(model.named_modules()).get(head)
    channels = getattr(module, "out_features", None) or getattr(module, "out_channels", None)
    if not channels:
        return None
    last, side = anatomy.last, anatomy.last.stride * anatomy.last.size[-1]
    everywhere = linear_head(model, head, anatomy) is not None
    stride, size = (last.stride, last.size) if everywhere else (side, (1, 1))
    return Layer(CLASSES, "Classifier", channels, stride, size, 1.0)


def unit_names(layer: Layer, classes: list[str] | None) -> list[str]:
    """Class names for the classifier, where they are known; else "0", "1", …"""
    if layer.name == CLASSES and classes and len(classes) == layer.channels:
        return classes
    return [str(i) for i in range(layer.channels)]
