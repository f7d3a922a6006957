"""How much came from whom lately: the disk is for all, and what one sends stays on it until it is old."""

from __future__ import annotations

from collections import Counter, deque
from time import monotonic

HOUR = 3600.0  # seconds that files stay, as in `building`
SMALL = 64 * 1024  # bytes that the least of them counts as: it takes a name and a place as well


class Lately:
    """Bytes from each sender within the last hour. most: what one of them may send."""

    def __init__(self, most: int) -> None:
        self.most, self.of = most, Counter[str]()
        self._came: deque[tuple[float, str, int]] = deque()

    def is_too_much_from(self, sender: str) -> bool:
        """Whether a sender sent that much."""
        while self._came and monotonic() - self._came[0][0] > HOUR:
            _, old, length = self._came.popleft()
            self.of[old] -= length
            if not self.of[old]:
                del self.of[old]
        return self.of[sender] >= self.most

    def add(self, sender: str, length: int) -> None:
        """Note that so many bytes came."""
        length = max(length, SMALL)
        self._came.append((monotonic(), sender, length))
        self.of[sender] += length
