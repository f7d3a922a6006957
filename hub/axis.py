"""An axis of a chart: where a number lies on it, and which round numbers stand beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST = 1e300
"""Numbers beyond it, and on a logarithmic axis those below 1 / LARGEST, cannot be placed: their spans would not be finite."""
UNITS = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))  # from what number on, what it stands for, how it is written


@dataclass(frozen=True)
class Axis:
    """From numbers to per cents of the plot. low, high: where `inset` and 100 - `inset` lie; their log10 where `log`."""

    low: float
    high: float
    inset: float = 0
    log: bool = False

    @classmethod
    def over(cls, values: Sequence[float], inset: float, log: bool) -> Axis:
        """An axis that holds all `values`, but for those that are not positive where it is logarithmic. Where all are the same,
        they lie in its middle.

        >>> Axis.over([1, 100], 0, log=True).at(10), Axis.over([7, 7], 0, log=False).at(7)
        (50.0, 50.0)
        """
        shown = [math.log10(value) for value in values if value > 1 / LARGEST] if log else values
        low, high = min(shown), max(shown)
        size = max(abs(low), abs(high))
        if high - low <= max(1e-9 * size, 1 / LARGEST):
            room = 0.3 if log else size / 10 if size > 1 / LARGEST else 0.5
            low, high = (low + high) / 2 - room, (low + high) / 2 + room
        return cls(low, high, inset, log)

    def at(self, value: float) -> float:
        """Where a number lies, in per cent; on a logarithmic axis what is not positive lies at its end."""
        if self.log and value <= 1 / LARGEST:
            return 0.0
        share = ((math.log10(value) if self.log else value) - self.low) / (self.high - self.low)
        return self.inset + (100 - 2 * self.inset) * share

    def ticks(self) -> dict[float, str]:
        """Some round numbers that lie on the axis: where, and how they are written.

        >>> Axis(0, 4).ticks()
        {0.0: '0', 25.0: '1', 50.0: '2', 75.0: '3', 100.0: '4'}
        >>> list(Axis(-3, 0, log=True).ticks().values())
        ['0.001', '0.01', '0.1', '1']
        """
        beyond = (self.high - self.low) * self.inset / (100 - 2 * self.inset)
        low, high = self.low - beyond, self.high + beyond
        if not self.log:
            return {self.at(value): written(value, step) for value, step in _even(low, high)}
        most = math.log10(LARGEST)
        low, high = 10 ** max(low, -most), 10 ** min(high, most)
        return {self.at(value): written(value, step) for value, step in _decades(low, high) or _even(low, high)}


def _even(low: float, high: float, most: int = 5) -> list[tuple[float, float]]:
    """Two to six multiples of 1, 2 or 5 times a power of ten, with their step."""
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9))
    return [(k * step, step) for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[tuple[float, float]]:
    """Powers of ten, each with itself for a step: some of them where there are many, their multiples too where there are few.
    Empty where even so there are fewer than three."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)

    def times(*factors: int) -> list[tuple[float, float]]:
        values = [factor * 10.0**exponent for exponent in exponents for factor in factors]
        return [(value, value) for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]

    powers = times(1)
    if len(powers) >= 3:
        return powers[:: math.ceil(len(powers) / 6)]
    return next((held for held in (times(1, 2, 5), times(1, 3)) if 3 <= len(held) <= 7), [])


def written(value: float, step: float) -> str:
    """A tick, with the digits that tell it from the next.

    >>> written(0.30000000000000004, 0.1), written(40000, 10000), written(1000000.1, 0.1), written(-1e-05, 1e-05)
    ('0.3', '40k', '1000000.1', '−1e−5')
    """
    unit, name = next(((u, n) for start, u, n in UNITS if start <= abs(value) < 1e12 and step >= u / 10), (1.0, ""))
    digits = max(6, 2 + math.floor(math.log10(abs(value) / step or 1)))
    number = f"{value / unit:.{digits}g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return number.replace("-", "−") + name
