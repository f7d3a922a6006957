"""Loaded networks, kept as long as they fit: so many bytes, the one that was longest not asked for leaves first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

Kept = TypeVar("Kept")


class Shelf(Generic[Kept]):
    """Things by name, made when first asked for. Two who ask for one at once get the same, made once; others do not wait.

    capacity: bytes that are kept at most; one that is larger by itself is kept only while somebody has it.
    """

    def __init__(self, capacity: int, weigh: Callable[[Kept], int]) -> None:
        self.capacity, self._weigh = capacity, weigh
        self._kept: OrderedDict[str, tuple[Kept, int]] = OrderedDict()
        self._lent: WeakValueDictionary[str, Kept] = WeakValueDictionary()
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """What is kept now."""
        with self._lock:
            return sum(weight for _, weight in self._kept.values())

    def names(self) -> list[str]:
        """What is kept now, the one that leaves next first."""
        with self._lock:
            return list(self._kept)

    def get(self, name: str, make: Callable[[], Kept]) -> Kept:
        """The thing of that name; `make` is called where it is not here. What it raises is passed on, and nothing is kept."""
        if (found := self._found(name)) is not None:
            return found
        with self._lock:
            turn = self._making.setdefault(name, threading.Lock())
        with turn:
            if (found := self._found(name)) is None:
                found = make()
                self._keep(name, found)
        return found

    def _found(self, name: str) -> Kept | None:
        with self._lock:
            if name not in self._kept:
                return self._lent.get(name)
            self._kept.move_to_end(name)
            return self._kept[name][0]

    def _keep(self, name: str, thing: Kept) -> None:
        weight = self._weigh(thing)
        with self._lock:
            if weight > self.capacity:
                self._lent[name] = thing
                return
            self._kept[name] = (thing, weight)
            while sum(weight for _, weight in self._kept.values()) > self.capacity:
                self._kept.popitem(last=False)
