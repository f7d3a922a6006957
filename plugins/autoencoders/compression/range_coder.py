"""Yes-or-no answers to bytes and back: an adaptive binary range coder (Martin 1979; Witten, Neal and Cleary 1987).

Every answer narrows an interval by the share that it was expected with, so that likely answers take far less than a bit. How
likely a yes is, is counted as one goes, for each kind of question by itself, and the reader counts along: no table is sent.
"""

from __future__ import annotations

ONE = 16  # bits of a probability
SURE = 64  # in 65536: no answer is expected with less
FULL = (1 << 32) - 1
RATES = tuple(65536 // (n + 2) for n in range(60))  # how fast an estimate moves after n answers


class Odds:
    """How likely yes is, for each kind of question; learnt as one goes: fast at first, then slowly."""

    def __init__(self, kinds: int) -> None:
        self.yes = [1 << (ONE - 1)] * kinds
        self.answers = [0] * kinds

    def learn(self, kind: int, bit: int) -> None:
        seen, p = self.answers[kind], self.yes[kind]
        if seen < len(RATES) - 1:
            self.answers[kind] = seen + 1
        p += (((1 << ONE) - p) * RATES[seen] >> 16) if bit else -(p * RATES[seen] >> 16)
        self.yes[kind] = min(max(p, SURE), (1 << ONE) - SURE)


class Writer:
    """Answers -> bytes. kinds: of questions."""

    def __init__(self, kinds: int) -> None:
        self.odds, self.out = Odds(kinds), bytearray()
        self.low, self.range = 0, FULL

    def bit(self, kind: int, bit: int) -> None:
        share = (self.range >> ONE) * self.odds.yes[kind]
        if bit:
            self.range = share
        else:
            self.low += share
            self.range -= share
        self.odds.learn(kind, bit)
        self._shift()

    def raw(self, value: int, bits: int) -> None:
        """Bits that are as likely one as the other."""
        for i in range(bits - 1, -1, -1):
            self.range >>= 1
            if value >> i & 1:
                self.low += self.range
            self._shift()

    def _shift(self) -> None:
        while self.range < 1 << 24:
            self._emit()
            self.range <<= 8

    def _emit(self) -> None:
        if self.low > FULL:  # carry
            self.low &= FULL
            at = len(self.out) - 1
            while self.out[at] == 255:
                self.out[at] = 0
                at -= 1
            self.out[at] += 1
        self.out.append(self.low >> 24)
        self.low = (self.low << 8) & FULL

    def bytes(self) -> bytes:
        """All of it. Any value of the interval will do: one that ends in zeros, which a reader takes for granted."""
        top = (self.low + (self.range >> 1)) >> 24 << 24
        self.low = top if top >= self.low else self.low + (self.range >> 1)
        for _ in range(4):
            self._emit()
        return bytes(self.out[:-4]) + bytes(self.out[-4:]).rstrip(b"\0")


class Reader:
    """Bytes -> the answers, for who asks the same questions. Raises ValueError where the bytes end too early."""

    def __init__(self, data: bytes, kinds: int) -> None:
        self.odds, self.data, self.at = Odds(kinds), data + bytes(4), 4
        self.code, self.range = int.from_bytes(self.data[:4], "big"), FULL

    def bit(self, kind: int) -> int:
        share = (self.range >> ONE) * self.odds.yes[kind]
        bit = self.code < share
        if bit:
            self.range = share
        else:
            self.code -= share
            self.range -= share
        self.odds.learn(kind, bit)
        self._shift()
        return bit

    def raw(self, bits: int) -> int:
        value = 0
        for _ in range(bits):
            self.range >>= 1
            bit = self.code >= self.range
            if bit:
                self.code -= self.range
            value = value << 1 | bit
            self._shift()
        return value

    def _shift(self) -> None:
        while self.range < 1 << 24:
            if self.at >= len(self.data):
                raise ValueError("the bytes end too early")
            self.code = (self.code << 8 | self.data[self.at]) & FULL
            self.at += 1
            self.range <<= 8
