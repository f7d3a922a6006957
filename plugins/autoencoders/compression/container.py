"""A compressed picture as bytes, and as a file that brings its decoder along: safetensors with JSON in its head."""

from __future__ import annotations

import hashlib
import json
import math
import struct

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor

from hub import devices
from hub.errors import BadFile
from plugins.autoencoders._file import UNREADABLE, head_of
from plugins.autoencoders.compression import planes
from plugins.autoencoders.compression.codec import NUMBERS, SIDE, STRENGTHS, Decoder, Shape, joined, step_size

FORMAT = "netsee compression 1"
NAME = "compressed-with-decoder.safetensors"
HEAD = ">HHBBB"  # width, height, numbers for a tile, which step, which strength
LONGEST, DEEPEST, WIDEST = 1024, NUMBERS, 512
"""The largest side, code and width that are decoded: what the parameters allow."""


def compressed(numbers: np.ndarray, index: int, strength: int, size: tuple[int, int]) -> bytes:
    """(k, rows, columns) whole numbers -> all bytes that are counted: seven of a head, and the coded numbers.

    index: of the quantiser's step. strength: index of it. size: (height, width) of the picture.
    """
    height, width = size
    return struct.pack(HEAD, width, height, len(numbers), index, strength) + planes.written(numbers)


def decompressed(data: bytes, decoder: Decoder) -> Tensor:
    """The picture that bytes hold: (1, 3, height, width) in [0, 1]. Raises ValueError where they name what cannot be."""
    if len(data) < struct.calcsize(HEAD):
        raise ValueError("too short")
    width, height, k, index, strength = struct.unpack_from(HEAD, data)
    shape = k, math.ceil(height / SIDE), math.ceil(width / SIDE)
    if k != decoder.shape.code or not (1 <= width <= LONGEST and 1 <= height <= LONGEST):
        raise ValueError("another size")
    numbers = planes.read(data[struct.calcsize(HEAD) :], shape)
    made = decoder.made(numbers, step_size(index), STRENGTHS[strength])
    if not bool(torch.isfinite(made).all()):
        raise ValueError("not finite")
    return joined(made, height, width)


def strength_of(data: bytes) -> int:
    """Which strength compressed bytes name."""
    return struct.unpack_from(HEAD, data)[-1]


def weights(decoder: Decoder) -> bytes:
    """The decoder alone, as the bytes of a safetensors file."""
    return save(_tensors(decoder))


def packed(data: bytes, decoder: Decoder) -> bytes:
    """The compressed bytes and the decoder in one file, the same every time."""
    tensors = {"code": torch.frombuffer(bytearray(data), dtype=torch.uint8), **_tensors(decoder)}
    head = {"format": FORMAT, "code": decoder.shape.code, "width": decoder.shape.width, "sha256": _digest(tensors)}
    return save(tensors, {"netsee": json.dumps(head, sort_keys=True)})


def unpacked(data: bytes) -> tuple[Tensor, int]:
    """(picture, compressed bytes that it took) from such a file. It is checked like any other input.

    Raises BadFile, one line, for whatever is not a whole file of that kind.
    """
    try:
        tensors = load(data)
        head = json.loads(head_of(data))
        if head["format"] != FORMAT or head["sha256"] != _digest(tensors):
            raise ValueError("another format, or changed on the way")
        shape = Shape(int(head["code"]), int(head["width"]))
        if not (1 <= shape.code <= DEEPEST and 1 <= shape.width <= WIDEST):
            raise ValueError("too large")
        code = tensors.pop("code").contiguous().numpy().tobytes()
        return decompressed(code, _decoder(shape, tensors)), len(code)
    except UNREADABLE as error:
        raise BadFile(
            "This is not a whole file of a picture that was compressed here. "
            f"Give {NAME}, which brings its decoder along, as it was downloaded."
        ) from error


def _decoder(shape: Shape, tensors: dict[str, Tensor]) -> Decoder:
    with torch.device("meta"):
        made = Decoder(shape)
    made.load_state_dict({name: value.float() for name, value in tensors.items()}, assign=True)
    if not all(bool(torch.isfinite(value).all()) for value in made.state_dict().values()):
        raise ValueError("not finite")
    if not bool((made.deviations > 0).all()):
        raise ValueError("codes are divided by deviations")
    return made.to(devices.device()).requires_grad_(False)


def _tensors(decoder: Decoder) -> dict[str, Tensor]:
    return {name: value.detach().half().cpu().contiguous() for name, value in sorted(decoder.state_dict().items())}


def _digest(tensors: dict[str, Tensor]) -> str:
    """Tells a file that was cut or changed by accident; it is no signature."""
    found = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        found.update(name.encode() + b"\0" + value.contiguous().numpy().tobytes())
    return found.hexdigest()
