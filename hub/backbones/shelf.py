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

    capacity: bytes that are kept at most. One that had to leave, or is larger by itself, is found as long as somebody has it.
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
        with self._lock:
            found, turn = self._lent.get(name), self._making.setdefault(name, threading.Lock())
        if found is None:
            with turn:
                with self._lock:
                    found = self._lent.get(name)
                if found is None:
                    found = make()
                self._keep(name, found)
        else:
            self._keep(name, found)
        return found

    def _keep(self, name: str, thing: Kept) -> None:
        """Put it where what leaves last is."""
        weight = self._weigh(thing)
        with self._lock:
            self._lent[name] = thing
            if weight > self.capacity:
                return
            self._kept[name] = (thing, weight)
            self._kept.move_to_end(name)
            while sum(weight for _, weight in self._kept.values()) > self.capacity:
                self._kept.popitem(last=False)
