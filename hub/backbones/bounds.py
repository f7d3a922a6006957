"""What a network may take here, held before it has contents: a stranger's settings may ask for any amount of memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.modules import module as registration

from hub.errors import OverLimit

MODULES = 20_000
_drawing = threading.RLock()


def room() -> int:
    """The most bytes of weights that a network may have: half of this machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 8 << 30


@contextmanager
def bounded() -> Iterator[None]:
    """While it is entered, a network that grows past `room()` or MODULES raises OverLimit, at the first part too many.

    torch tells of new parts to everybody in the process, so one network is drawn at a time.
    """
    taken, modules, limit, drawer = 0, 0, room(), threading.get_ident()

    def on_parameter(_module: nn.Module, _name: str, parameter: Any) -> None:
        nonlocal taken
        if parameter is None or threading.get_ident() != drawer:
            return
        taken += parameter.numel() * parameter.element_size()
        if taken > limit:
            allowed = f"{limit / 1e9:.0f} GB, half of this machine's memory"
            raise OverLimit(f"Its weights would take more than {allowed}. Choose a smaller one.")

    def on_module(_module: nn.Module, _name: str, _part: Any) -> None:
        nonlocal modules
        modules += threading.get_ident() == drawer
        if modules > MODULES:
            raise OverLimit(f"It has more than {MODULES:,} parts. Choose a smaller one.")

    with _drawing:
        handles = [registration.register_module_parameter_registration_hook(on_parameter),
                   registration.register_module_module_registration_hook(on_module)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
