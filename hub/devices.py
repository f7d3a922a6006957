"""The one place that picks a device, a number format, threads, and how memory is handed back."""

from __future__ import annotations

import ctypes
import os
import platform
import warnings
from functools import cache

import torch
from torch import nn


@cache
def device() -> torch.device:
    """Where tensors live: a CUDA GPU, Apple's GPU, or the processor. NETSEE_DEVICE overrides it."""
    asked = os.environ.get("NETSEE_DEVICE")
    gpu = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""
    found = torch.device(asked or gpu or "cpu")
    if found.type == "cuda":
        _repeatable()
    return found


def _repeatable() -> None:
    """Have a GPU do the same work in the same order, so that one seed gives one picture.

    An operation of somebody's network that cannot is done as it is. `hub.resampling` stands in for those used here.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first product is made
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation", category=UserWarning)


@cache
def has_fast_bf16() -> bool:
    """True where bfloat16 convolutions truly run faster: a processor with AMX tiles or AVX-512 BF16, or a GPU from Ampere on."""
    if device().type == "cuda":
        return torch.cuda.get_device_capability()[0] >= 8
    return device().type == "cpu" and any(
        getattr(torch.cpu, ask, bool)() for ask in ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    )


@cache
def compute_dtype() -> torch.dtype:
    """The format that frozen networks run in: bfloat16 where it is fast, float32 elsewhere. NETSEE_DTYPE=float32 turns it off."""
    asked = os.environ.get("NETSEE_DTYPE")
    if asked:
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[asked]
    return torch.bfloat16 if has_fast_bf16() else torch.float32


# In torch 2.14 on processors with AMX, oneDNN's bfloat16 convolution answers with what lay in memory: Conv2d(16, 16, 3, stride=2,
# padding=1) for maps of 10 x 1 or 10 x 2 and higher ones, whatever their layout, and Conv2d(16, 32, 4, stride=4) for all.
# Compared with float32, it is wrong where the stride is above 1 and what comes out is one value wide and five or more high; and
# where it is 4 or more and what goes in has 8 to 24 channels. Transposed maps, strides of 1 and gradients are right.


def dtype_for(model: nn.Module) -> torch.dtype:
    """The format that a frozen network runs in: `compute_dtype`, but where a processor is known to get its convolutions wrong."""
    if compute_dtype() is torch.float32 or device().type != "cpu":
        return compute_dtype()
    wrong = any(min(m.stride) >= 4 and 8 <= m.in_channels // m.groups <= 24 for m in model.modules() if isinstance(m, nn.Conv2d))
    return torch.float32 if wrong else compute_dtype()


def is_sliver(height: int, width: int, stride: int) -> bool:
    """Whether a picture may be one value wide, and high, on its way through a network: such are wrong in bfloat16 on processors.

    stride: pixels between neighbouring values of the deepest map.
    """
    return device().type == "cpu" and width < 2 * stride and height > 2 * width


@cache
def settle() -> None:
    """Once a process: keep freed memory instead of returning it page by page to the system.

    glibc maps and unmaps every tensor above 128 KiB, and the page faults cost more than the arithmetic: two to three times
    on element-wise work, measured. Elsewhere than on glibc this does nothing.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for option, value in ((-3, 1 << 30), (-1, (1 << 31) - 1), (-2, 256 << 20)):  # MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD
            libc.mallopt(option, value)


def facts() -> dict[str, str]:
    """What the bytes of a result depend on besides its inputs: where, in which format and on how many threads it was computed."""
    where = device()
    name = (
        torch.cuda.get_device_name()
        if where.type == "cuda"
        else torch.backends.cpu.get_cpu_capability()
        if where.type == "cpu"
        else where.type
    )
    return {
        "device": where.type,
        "processor": name,
        "dtype": str(compute_dtype()).removeprefix("torch."),
        "threads": str(torch.get_num_threads()),
    }
