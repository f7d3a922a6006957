"""Finding the layers of a network: a picture without contents is followed through it, at some sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hub.backbones import tokens
from hub.backbones.layers import Anatomy, Form, Layer
from hub.backbones.pyramids import Pyramid
from hub.backbones.reach import Following, Reach
from hub.backbones.tokens import Grid
from hub.errors import UnsupportedBackbone

MORE = 64  # pixels by which a second picture is larger: the dimensions of an output that grow with it are positions
NOTHING = ("Dropout", "Identity", "DropPath")  # kinds of modules that put out what went in
MULTIPLES = (1, 4, 8, 16, 32, 64)  # pixels that the sides of a picture may have to be a multiple of
BATCH = 2  # pictures that are followed: what is no map has another number, such as of windows, in front


@dataclass(frozen=True)
class _Noted:
    """What a module put out. reach: what its values have seen, None where that does not come from the picture alone.
    heads: how many, where it is attention whose weights can be told. before: how many operations there were by then.
    runs: how often it has run by then."""

    name: str
    kind: str
    before: int
    shape: torch.Size
    reach: Reach | None
    heads: int
    runs: int


def dissect(model: nn.Module, side: int) -> Anatomy:
    """Find the layers of a network. It computes nothing: tensors without contents run through it, at three sizes.

    Modules that only pass on a map of the same shape and are nameless parts of an activation are kept too: the value before and
    after an activation are different questions.
    """
    noted, operations = _notes(model, side)
    try:
        larger = {note.name: note.shape for note in _notes(model, side + MORE)[0]}
        multiple = _multiple(model, side)
    except Exception:  # whatever it says: this network wants pictures of its own size
        larger, multiple = {}, None
    shapes = {note.name: note.shape for note in noted if note.shape[0] == BATCH and not _is_run(note)}
    grid = Grid.of(model) or Pyramid.seen(shapes, side, larger, side + MORE)
    found = [layer for note in noted for layer in _readings(note, larger.get(note.name), side, grid, _has_class_token(model))]
    count = len(found)
    layers = tuple(make((i + 1) / count) for i, make in enumerate(found))
    if not layers:
        raise UnsupportedBackbone("It has no feature maps that could be looked at. Choose another.")
    maps = {layer.module for layer in layers if layer.size != (1, 1)}
    last = max(note.before for note in noted if note.name in maps)
    return Anatomy(layers, grid, multiple, tuple(operations[last:]))


def _is_run(note: _Noted) -> bool:
    """Whether values are farther apart across the picture than down, as where runs of tokens in a row, of no shape, were pooled:
    then nothing of them stands in a grid, whatever their number."""
    return note.reach is not None and note.reach.step[0] != note.reach.step[1]


def _multiple(model: nn.Module, side: int) -> int:
    """What the sides of its pictures must be a multiple of. Raises what the network says where nothing will do."""
    for multiple in MULTIPLES:
        try:
            _notes(model, multiple * (2 * (side // (2 * multiple)) + 1))  # an odd number of times
            return multiple
        except Exception as error:
            refusal = error
    raise refusal


def _has_class_token(model: nn.Module) -> bool:
    return any(getattr(model, name, None) is not None for name in ("cls_token", "class_token"))


def _readings(
    note: _Noted, larger: torch.Size | None, side: int, grid: Grid | None, classed: bool
) -> Iterator[Callable[[float], Layer]]:
    """How a module's output can be read as a map: in no way, in one, or in more; each but for its depth."""

    def layer(form: Form, channels: int, size: tuple[int, int], suffix: str = "") -> Any:
        apart = _apart(form, size[-1], larger, side)
        followed = abs(note.reach.step[-1] - apart) < 0.25 * apart + 1  # what slices or enlarges a map cannot be followed
        stride = note.reach.step[-1] if followed else max(1, round(apart))
        reach = note.reach.pixels if followed and not suffix else None
        return lambda depth: Layer(note.name + suffix, note.kind, channels, stride, size, depth, reach, form, note.runs)

    shape = note.shape
    if note.kind in NOTHING or note.reach is None or shape[0] != BATCH:
        return
    if len(shape) == 4 and (form := _form(shape, larger, note.reach, side)):
        positions, channels = (shape[2:], shape[1]) if form == "map" else (shape[1:3], shape[3])
        if positions[-1] > 1:
            yield layer(form, channels, tuple(positions))
    elif grid and len(shape) == 3 and (places := grid.places(note.name, shape[1], side, side)):
        yield layer("tokens", shape[2], places)
        if classed and note.kind.endswith("Block") and note.kind != "MLPBlock" and shape[1] > math.prod(places):
            yield layer("class token", shape[2], (1, 1), tokens.CLASS_TOKEN)
        if classed and note.heads and grid.prefix:
            yield layer("heads", note.heads, places, tokens.HEADS)


def _apart(form: Form, wide: int, larger: torch.Size | None, side: int) -> float:
    """Pixels between neighbours of a map, as sizes tell: what the larger picture has more, by what its map has more."""
    grown = 0 if larger is None or form not in ("map", "channels last") else larger[3 if form == "map" else 2] - wide
    return MORE / grown if grown > 0 else side / wide


def _form(shape: torch.Size, larger: torch.Size | None, reach: Reach, side: int) -> Form | None:
    """Where the channels of a four-dimensional output are: before or after the two dimensions that grow with the picture, or,
    where none can grow, before or after two that are as wide as positions are."""
    if larger is not None:
        axes = {i for i, (a, b) in enumerate(zip(shape, larger, strict=True)) if a != b} or {2, 3}
        return "map" if axes == {2, 3} else "channels last" if axes == {1, 2} else None
    for form, (a, b) in (("map", (2, 3)), ("channels last", (1, 2))):
        if shape[a] == shape[b] and (side % shape[a] == 0 or abs(side / shape[a] - reach.step[-1]) < 1):
            return form
    return None


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
        before = seen.pop(name, None)
        runs = before.runs + 1 if before else 1
        seen[name] = _Noted(name, type(module).__name__, len(following.operations), out.shape, following.of(out), heads, runs)
