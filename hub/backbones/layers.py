"""What is inside a network: its layers by name, found once by following a picture without contents through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor, nn

from hub.backbones import tokens
from hub.backbones.reach import Following, Reach
from hub.backbones.tokens import Grid
from hub.errors import UnsupportedBackbone

CLASSES = "classes"
"""The name of the classifier as a layer: one map for each class, the head applied at every position."""
DEPTHS = {"early": 0.15, "middle": 0.5, "late": 0.85}
"""Words for a layer by its share of the depth, which mean something in every network."""
MORE = 64  # pixels by which a second picture is larger: the dimensions of an output that grow with it are positions
NOTHING = ("Dropout", "Identity", "DropPath")  # kinds of modules that put out what went in
BATCH = 2  # pictures that are followed: what is no map has another number, such as of windows, in front
MOVES = {"view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "t",
         "expand", "clone", "alias", "detach", "contiguous"}
AVERAGES = {"mean", "avg_pool2d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d"}
PRODUCTS = {"addmm", "mm", "linear"}
Form = Literal["map", "channels last", "tokens", "class token", "heads"]


@dataclass(frozen=True)
class Layer:
    """A place in a network whose output is a feature map, or can be read as one.

    name: the module's name; after it ":class" for a transformer's class token, ":heads" for its attention to each patch.
    kind: the module's class. channels: how many maps. stride: input pixels between neighbouring values.
    size: height and width at the network's own input size. depth: share of the layers before it, 0 to 1.
    reach: its receptive field, in pixels of the longer side; None where it sees the whole picture.
    form: how the module's output is a map: as it is (B, C, H, W), with channels last, or as a transformer's tokens.
    """

    name: str
    kind: str
    channels: int
    stride: int
    size: tuple[int, int]
    depth: float
    reach: int | None = None
    form: Form = "map"

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
            return grid.fold(out, *picture)
        if self.form == "class token":
            return tokens.class_token(out)
        return tokens.attention_of_class(module, given, grid.prefix).unflatten(2, grid.size(*picture))


@dataclass(frozen=True)
class Anatomy:
    """What is inside a network.

    layers: all but the classifier, in the order in which they compute. grid: of a transformer. any_size: whether it takes
    pictures of other sizes than its own. tail: the operations after the last map.
    """

    layers: tuple[Layer, ...]
    grid: Grid | None
    any_size: bool
    tail: tuple[str, ...] = ()

    @property
    def last(self) -> Layer:
        """The last layer of more than one position."""
        return next(layer for layer in reversed(self.layers) if layer.size != (1, 1))

    @cached_property
    def landmarks(self) -> list[Layer]:
        """The few layers worth showing first, early to late."""
        return landmarks(list(self.layers))

    def deep(self, word: str) -> Layer:
        """The layer that early, middle or late means here."""
        return min(self.landmarks, key=lambda layer: abs(layer.depth - DEPTHS[word]))


@dataclass(frozen=True)
class _Noted:
    """What a module put out. reach: what its values have seen, None where that does not come from the picture alone.
    heads: how many, where it is attention whose weights can be told. before: how many operations there were by then."""

    name: str
    kind: str
    before: int
    shape: torch.Size
    reach: Reach | None
    heads: int


def dissect(model: nn.Module, side: int) -> Anatomy:
    """Find the layers of a network. It computes nothing: tensors without contents run through it, at two sizes.

    Modules that only pass on a map of the same shape and are nameless parts of an activation are kept too: the value before and
    after an activation are different questions.
    """
    grid = Grid.of(model)
    noted, operations = _notes(model, side)
    try:
        larger = {note.name: note.shape for note in _notes(model, side + MORE)[0]}
    except Exception:  # whatever it says: this network wants pictures of its own size
        larger = {}
    found = [layer for note in noted for layer in _readings(note, larger.get(note.name), side, grid, _has_class_token(model))]
    count = len(found)
    layers = tuple(make((i + 1) / count) for i, make in enumerate(found))
    if not layers:
        raise UnsupportedBackbone("It has no feature maps that could be looked at. Choose another.")
    maps = {layer.module for layer in layers if layer.size != (1, 1)}
    last = max(note.before for note in noted if note.name in maps)
    return Anatomy(layers, grid, bool(larger), tuple(operations[last:]))


def _has_class_token(model: nn.Module) -> bool:
    return getattr(model, "cls_token", None) is not None


def _readings(
    note: _Noted, larger: torch.Size | None, side: int, grid: Grid | None, classed: bool
) -> Iterator[Callable[[float], Layer]]:
    """How a module's output can be read as a map: in no way, in one, or in more; each but for its depth."""

    def layer(form: Form, channels: int, size: tuple[int, int], suffix: str = "") -> Any:
        apart = _apart(form, size[-1], larger, side)
        followed = abs(note.reach.step[-1] - apart) < 0.25 * apart + 1  # what slices or enlarges a map cannot be followed
        stride = note.reach.step[-1] if followed else max(1, round(apart))
        reach = note.reach.pixels if followed and not suffix else None
        return lambda depth: Layer(note.name + suffix, note.kind, channels, stride, size, depth, reach, form)

    shape = note.shape
    if note.kind in NOTHING or note.reach is None or shape[0] != BATCH:
        return
    if len(shape) == 4 and (form := _form(shape, larger)):
        positions, channels = (shape[2:], shape[1]) if form == "map" else (shape[1:3], shape[3])
        if positions[-1] > 1:
            yield layer(form, channels, tuple(positions))
    elif grid and len(shape) == 3 and shape[1] == grid.prefix + torch.Size(grid.size(side, side)).numel():
        yield layer("tokens", shape[2], grid.size(side, side))
        if classed and "Block" in note.kind:
            yield layer("class token", shape[2], (1, 1), tokens.CLASS_TOKEN)
        if classed and note.heads:
            yield layer("heads", note.heads, grid.size(side, side), tokens.HEADS)


def _apart(form: Form, wide: int, larger: torch.Size | None, side: int) -> float:
    """Pixels between neighbours of a map, as sizes tell: what the larger picture has more, by what its map has more."""
    grown = 0 if larger is None or form not in ("map", "channels last") else larger[3 if form == "map" else 2] - wide
    return MORE / grown if grown > 0 else side / wide


def _form(shape: torch.Size, larger: torch.Size | None) -> Form | None:
    """Where the channels of a four-dimensional output are: not among the dimensions that grow with the picture, or, where none
    can grow, not among the two that are equal."""
    if larger is None:
        return "channels last" if shape[1] == shape[2] != shape[3] else "map"
    grown = {i for i, (a, b) in enumerate(zip(shape, larger, strict=True)) if a != b}
    if 1 in grown and 2 in grown and 3 not in grown:
        return "channels last"
    return "map" if grown <= {2, 3} else None


def _notes(model: nn.Module, side: int) -> tuple[list[_Noted], list[str]]:
    """(every module's output for square pictures, in the order in which they compute, the last of one that runs twice; all
    operations)."""
    try:
        return _followed(model, side, torch.device("meta"))
    except (NotImplementedError, RuntimeError):  # an operation that needs contents: then with some
        return _followed(model, side, next(model.parameters()).device)


def _followed(model: nn.Module, side: int, device: torch.device) -> tuple[list[_Noted], list[str]]:
    held = {name: tensor.to(device) for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    dtype = next(model.parameters()).dtype
    picture = torch.zeros(BATCH, 3, side, side, device=device, dtype=dtype).contiguous(memory_format=torch.channels_last)
    seen: dict[str, _Noted] = {}
    handles = [
        module.register_forward_hook(lambda m, _, out, name=name: _note(seen, name, m, out, following))
        for name, module in model.named_modules()
        if name
    ]
    try:
        with torch.no_grad(), Following(picture) as following:
            torch.func.functional_call(model, held, (picture,))
    finally:
        for handle in handles:
            handle.remove()
    return list(seen.values()), following.operations


def _note(seen: dict[str, _Noted], name: str, module: nn.Module, out: object, following: Following) -> None:
    if isinstance(out, Tensor):
        heads = module.num_heads if tokens.tells_heads(module) else 0
        seen.pop(name, None)
        seen[name] = _Noted(name, type(module).__name__, len(following.operations), out.shape, following.of(out), heads)


def landmarks(layers: list[Layer], most: int = 6) -> list[Layer]:
    """The few layers worth showing first, early to late: the last one at each depth of block, at most one to a change of
    shape; of a network that never changes its shape, such as a transformer, some of its blocks, spread evenly."""
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
    if len(kept) < 3 and len(alike) >= 3:
        count = min(most, len(alike))
        return [alike[round((i + 1) * len(alike) / count) - 1] for i in range(count)]
    return kept


def _is_block(layer: Layer, kinds: dict[str, str]) -> bool:
    """Whether a layer is a stage of its network, no single convolution or norm, and no branch of another layer."""
    within = kinds.get(layer.name.rpartition(".")[0], "Sequential")
    single = layer.kind.startswith(("Conv", "BatchNorm", "FrozenBatchNorm", "Identity"))
    return within == "Sequential" and (layer.kind.startswith("ConvNeXt") or not single)


def linear_head(model: nn.Module, head: str, anatomy: Anatomy) -> nn.Linear | None:
    """The classifier, where it is a linear map of the mean of the last map: where nothing else is done to that. None elsewhere,
    and for transformers, which judge by a token."""
    module = dict(model.named_modules()).get(head)
    fits = anatomy.grid is None and isinstance(module, nn.Linear) and module.in_features == anatomy.last.channels
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
