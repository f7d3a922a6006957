"""Whole numbers to bytes and back.

The numbers of a quantised code lie in planes: one plane for each number of the code, one place in it for each tile of the
picture. Every number is predicted from its neighbours above and to the left, and what is left is told by a few yes-or-no
questions: "is it 0?", "is it above 0?", "is it 1?" … How likely a yes is, is counted apart for calm and for lively surroundings,
which writer and reader know alike, as in JPEG 2000 and H.264: by the neighbours in the plane, and by the planes before.
"""

from __future__ import annotations

import numpy as np

from plugins.autoencoders.compression.range_coder import Reader, Writer

LARGEST = (1 << 16) - 1
"""No number may be larger."""
UNARY = 14  # so many questions at most about a size; what is left is written by its bits
SHARES = 8  # the share of a prediction that is used is told in eighths
EARLIER = 6  # planes before, that a place's liveliness is read from
CLIP = 40  # sizes above that are as lively as that
LIMITS = np.array([1, 2, 3, 4, 6, 9, 14, 22, 36])  # of liveliness, from class to class
LIVELY = len(LIMITS) + 1  # classes
EMPTY = LIVELY * LIVELY  # the kind of "is the plane empty?"; those before it are of "is it 0?"
SIZES = EMPTY + 1  # from here on: "is it no more than n?", by liveliness
KINDS = SIZES + LIVELY * UNARY


def written(planes: np.ndarray) -> bytes:
    """planes: (k, h, w) whole numbers, none larger than LARGEST -> bytes."""
    writer, sizes = Writer(KINDS), []
    for plane in planes:
        empty = not plane.any()
        writer.bit(EMPTY, empty)
        sizes.append(np.zeros_like(plane) if empty else _write_plane(writer, plane, _before(sizes, plane.shape)))
    return writer.bytes()


def _write_plane(writer: Writer, plane: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Write what the prediction leaves; returns how large that is, (h, w)."""
    share = best_share(plane)
    writer.raw(share, 4)
    left = plane - predicted(plane, share)
    size = np.abs(left)
    near = _near(size)
    zero, more = near * LIVELY + before, SIZES + np.maximum(near, before) * UNARY
    for value, kind, kinds in zip(left.ravel().tolist(), zero.ravel().tolist(), more.ravel().tolist(), strict=True):
        _write(writer, value, kind, kinds)
    return size


def _write(writer: Writer, value: int, zero: int, sizes: int) -> None:
    writer.bit(zero, value == 0)
    if value == 0:
        return
    writer.raw(value < 0, 1)
    more = abs(value) - 1
    for n in range(min(more, UNARY)):
        writer.bit(sizes + n, 0)
    if more < UNARY:
        writer.bit(sizes + more, 1)
    else:
        rest = more - UNARY + 1
        writer.raw(rest.bit_length(), 5)
        writer.raw(rest, rest.bit_length())


def read(data: bytes, shape: tuple[int, int, int]) -> np.ndarray:
    """The planes that `written` made the bytes of: (k, h, w).

    Raises ValueError where the bytes end too early, or hold numbers that are too large.
    """
    reader, planes, sizes = Reader(data, KINDS), np.zeros(shape, dtype=np.int64), []
    for plane in planes:
        if reader.bit(EMPTY):
            sizes.append(np.zeros_like(plane))
            continue
        share = reader.raw(4)
        rows, size = _read_plane(reader, share, _before(sizes, plane.shape).tolist())
        plane[:] = rows
        sizes.append(np.array(size, dtype=np.int64))
    return planes


def _read_plane(reader: Reader, share: int, before: list[list[int]]) -> tuple[list[list[int]], list[list[int]]]:
    """(numbers, how much the prediction left of each)."""
    height, width = len(before), len(before[0])
    values = [[0] * width for _ in range(height)]
    sizes = [[0] * (width + 2) for _ in range(height + 1)]  # a border of zeros: above, left and right
    classes = _classes(np.arange(6 * CLIP + 1)).tolist()
    for y in range(height):
        row, above, size, size_above, old = values[y], values[y - 1], sizes[y + 1], sizes[y], before[y]
        for x in range(width):
            near = classes[2 * (size[x] + size_above[x + 1]) + size_above[x] + size_above[x + 2]]
            left = _read(reader, near * LIVELY + old[x], SIZES + max(near, old[x]) * UNARY)
            row[x] = left + _guess(row[x - 1] if x else 0, above[x] if y else 0, above[x - 1] if x and y else 0, x, y, share)
            if abs(row[x]) > LARGEST:
                raise ValueError("a number is too large")
            size[x + 1] = min(abs(left), CLIP)
    return values, [row[1:-1] for row in sizes[1:]]


def _read(reader: Reader, zero: int, sizes: int) -> int:
    if reader.bit(zero):
        return 0
    negative, more = reader.raw(1), 0
    while more < UNARY and not reader.bit(sizes + more):
        more += 1
    if more == UNARY:
        more += reader.raw(reader.raw(5)) - 1
    return -more - 1 if negative else more + 1


# ---------------------------------------------------------------- what is known beforehand


def _classes(lively: np.ndarray) -> np.ndarray:
    return np.searchsorted(LIMITS, lively, side="right")


def _near(sizes: np.ndarray) -> np.ndarray:
    """The liveliness class of each place by its neighbours in the plane that come before it."""
    s = np.pad(np.minimum(sizes, CLIP), ((1, 0), (1, 1)))
    return _classes(2 * (s[1:, :-2] + s[:-1, 1:-1]) + s[:-1, :-2] + s[:-1, 2:])


def _before(sizes: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """The liveliness class of each place by the planes before: that place, and the eight around it."""
    total = np.zeros((shape[0] + 2, shape[1] + 2), dtype=np.int64)
    for size in sizes[-EARLIER:]:
        total[1:-1, 1:-1] += np.minimum(size, CLIP)
    around = sum(total[i : i + shape[0], j : j + shape[1]] for i in range(3) for j in range(3))
    return _classes((around + 3 * total[1:-1, 1:-1]) // 2)


def best_share(plane: np.ndarray) -> int:
    """How many eighths of the prediction leave least over."""
    return min(range(SHARES + 1), key=lambda share: int(np.abs(plane - predicted(plane, share)).sum()))


def predicted(plane: np.ndarray, share: int) -> np.ndarray:
    """Each place from its neighbours to the west, north and north-west: the median edge detector (Weinberger et al. 2000)."""
    guess = np.zeros_like(plane)
    guess[0, 1:], guess[1:, 0] = plane[0, :-1], plane[:-1, 0]
    west, north, corner = plane[1:, :-1], plane[:-1, 1:], plane[:-1, :-1]
    low, high = np.minimum(west, north), np.maximum(west, north)
    guess[1:, 1:] = np.clip(west + north - corner, low, high)
    return (guess * share + SHARES // 2) // SHARES


def _guess(west: int, north: int, corner: int, x: int, y: int, share: int) -> int:
    """`predicted` for one place, whose neighbours alone are known yet."""
    if not x or not y:
        guess = north if y else west
    else:
        guess = max(min(west, north), min(max(west, north), west + north - corner))
    return (guess * share + SHARES // 2) // SHARES
