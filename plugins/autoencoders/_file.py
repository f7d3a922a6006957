"""Trained networks as files: safetensors, with what they are as JSON in its head. Nothing in them is ever executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from hub import devices
from hub.errors import BadFile, BadParams
from plugins.autoencoders._networks import Autoencoder, Design

FORMAT = "netsee autoencoder 1"
UNREADABLE = (
    SafetensorError, ValueError, LookupError, ArithmeticError, TypeError, AttributeError, RuntimeError, RecursionError, BadParams,
)  # fmt: skip
"""What reading a file that is not whole, or not such a file at all, can raise."""
LIMITS = {"code": (1, 4096), "depth": (1, 8), "width": (1, 4096), "decoder_width": (0, 4096)}


def packed(made: Autoencoder, facts: Mapping[str, Any] | None = None, tensors: Mapping[str, Tensor] | None = None) -> bytes:
    """A network as the bytes of a safetensors file, the same every time.

    facts: plain values to keep beside it (JSON). tensors: further ones, such as an optimiser's.
    """
    kept = {f"network.{name}": value for name, value in made.state_dict().items()} | dict(tensors or {})
    head = {"format": FORMAT, "design": made.design.values(), "facts": dict(facts or {})}
    plain = {name: value.detach().cpu().contiguous() for name, value in sorted(kept.items())}
    return save(plain, {"netsee": json.dumps(head, sort_keys=True)})  # one entry: the order of several is not kept


def unpacked(data: bytes, field: str = "model") -> tuple[Autoencoder, dict[str, Any], dict[str, Tensor]]:
    """(network, facts, further tensors) from the bytes of a file. It is checked like any other input.

    field: the parameter it came by, for the message. Raises BadFile, one line, for whatever is not such a file.
    """
    try:
        tensors = load(data)
        head = json.loads(head_of(data))
        if head["format"] != FORMAT:
            raise ValueError("another format")
        design = _design(head["design"])
        if any(value.is_floating_point() and not bool(torch.isfinite(value).all()) for value in tensors.values()):
            raise ValueError("not finite")
        made = Autoencoder.meta(design)
        made.load_state_dict(
            {name.removeprefix("network."): _real(tensors.pop(name)) for name in list(tensors) if name.startswith("network.")},
            assign=True,
        )
        return made.to(devices.device()).requires_grad_(True), dict(head["facts"]), tensors
    except UNREADABLE as error:
        raise spoiled(field) from error


def spoiled(field: str = "model") -> BadFile:
    """What is said of a file that is none of ours, or not whole. field: the parameter it came by."""
    return BadFile(
        f"{field}: this is not a whole file of an autoencoder that was trained here. Give one that was downloaded from here."
    )


def _design(values: Mapping[str, Any]) -> Design:
    """Raises ValueError where a number is none or too large, BadParams for words that mean nothing."""
    shape = tuple(values["shape"])
    sizes = [(values[name], least, most) for name, (least, most) in LIMITS.items()] + [(n, 1, 1024) for n in shape]
    if any(type(value) is not int or not least <= value <= most for value, least, most in sizes):
        raise ValueError("no number, or too large")
    if len(shape) != 3 or shape[0] not in (1, 3) or any(type(values[name]) is not bool for name in ("principal", "variational")):
        raise ValueError("another shape")
    return Design(**{**values, "shape": shape})


def _real(value: Tensor) -> Tensor:
    if not value.is_floating_point():
        raise ValueError("weights are real numbers")
    return value.float()


def head_of(data: bytes) -> str:
    """The JSON that stands in a safetensors file's head: 8 bytes of length, little-endian, then JSON."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])["__metadata__"]["netsee"]
