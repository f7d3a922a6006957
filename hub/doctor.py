"""What `netsee doctor` says: one fact a line, and whether the hub can do without it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


@dataclass(frozen=True)
class Fact:
    """One finding. good: nothing is wrong; essential: the hub does not work without it."""

    name: str
    text: str
    good: bool = True
    essential: bool = False


def facts() -> Iterator[Fact]:
    """Look at this machine and this installation, the cheap questions first. Nothing is downloaded and nothing is written."""
    version = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Fact("python", version, sys.version_info >= (3, 11), essential=True)
    yield _tried("torch", _torch)
    yield _tried("compute", _compute)
    yield _tried("embedded network", _embedded)
    yield from _techniques()
    yield _tried("model cache", _cache)
    yield Fact("offline", ", ".join(f"{name}={os.environ[name]}" for name in OFFLINE if name in os.environ) or "no flag is set")


def _tried(name: str, ask: Callable[[], str]) -> Fact:
    """The answer as a fact; whatever goes wrong is the finding itself."""
    try:
        return Fact(name, ask(), essential=True)
    except Exception as error:
        return Fact(name, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}", good=False, essential=True)


def _torch() -> str:
    import torch

    return f"{torch.__version__}, {torch.get_num_threads()} threads"


def _compute() -> str:
    from hub import devices

    bfloat16 = "fast bfloat16" if devices.has_fast_bf16() else "no fast bfloat16"
    return f"{devices.device()}, {bfloat16}, networks run in {devices.compute_dtype()}"


def _embedded() -> str:
    from hub import backbones

    network = backbones.load("embedded")
    return f"loads; {len(network.layers())} layers, {len(network.classes or ())} classes, weights {network.hash[:12]}"


def _techniques() -> Iterator[Fact]:
    """How many work, then each that failed. What comes with the hub must load; a stranger's file need not."""
    from hub import registry

    working = registry.techniques()
    yield Fact("techniques", ", ".join(working) or "none", good=bool(working), essential=True)
    for record in registry.failures():
        ours = record.source == "built in"
        yield Fact(f"technique {record.name}", f"{record.error} ({record.source})", good=False, essential=ours)
    for record in registry.left_out():
        yield Fact(f"technique {record.name}", f"{record.error} ({record.source})")


def _cache() -> str:
    from huggingface_hub.constants import HF_HUB_CACHE

    folder = Path(HF_HUB_CACHE)
    home = Path.home()
    shown = f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
    return f"{shown} ({'exists' if folder.is_dir() else 'empty so far'})"
