"""A summer sky with clouds to find things in: the picture that dreams begin with.

Clouds are fractal noise (Perlin 1985), bent by itself so that it billows, cut off at a level so that blue remains, and lit from
one side: where the way to the sun leads through more cloud, it is darker. Only sums, products and quotients are used, which
every processor rounds alike, so that the picture has the same bytes everywhere.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray

ZENITH = (0.16, 0.37, 0.69)
HORIZON = (0.72, 0.84, 0.93)
LIT = (1.0, 0.985, 0.955)
SHADE = (0.47, 0.54, 0.65)
SUN_WAY = (0.02, 0.05, 0.09, 0.14)  # how far towards the sun, up and left, is looked for cloud; 1 is the height of the picture


def sky(width: int = 640, height: int = 448, seed: int = 3) -> Array:
    """(height, width, 3) uint8. The same arguments give the same bytes.

    >>> sky(8, 6).shape
    (6, 8, 3)
    """
    margin = 1 + round(SUN_WAY[-1] * height)  # above and to the left, where the sun comes from
    y, x = (np.mgrid[-margin:height, -margin:width] + 0.5) / height
    cover = _cover((x - 0.5 * width / height) * (0.75 + 0.45 * y), y * (1 + 0.9 * y), seed)  # far clouds are seen from the side
    cloud, height_up = cover[margin:, margin:], y[margin:, margin:]
    air = _mixed(ZENITH, HORIZON, _smooth(-0.15, 1.15, height_up))
    body = _mixed(SHADE, LIT, _light(cover, margin, height))
    haze = (0.35 * _smooth(0.45, 1.05, height_up))[..., None]
    opacity = _smooth(0.0, 0.42, cloud)[..., None]
    picture = air * (1 - opacity) + (body * (1 - haze) + air * haze) * opacity
    return np.rint(picture.clip(0, 1) * 255).astype(np.uint8)


def _cover(x: Array, y: Array, seed: int) -> Array:
    """How much cloud there is: below 0 none, 1 thick."""
    lattice = np.random.RandomState(seed).random_sample((64, 64, 2)) * 2 - 1  # RandomState: a stream that numpy never changes
    bent_x = x + 0.10 * _fractal(x * 2 + 7.3, y * 2 + 1.7, lattice, 2)
    bent_y = y + 0.10 * _fractal(x * 2 + 3.1, y * 2 + 9.2, lattice, 2)
    heaps = _fractal(bent_x * 1.5, bent_y * 1.9, lattice, 3)
    return 1.3 * heaps + 0.75 * _billows(bent_x * 3.4 + 2.0, bent_y * 4.0 + 5.0, lattice, 6) + 0.36


def _light(cover: Array, margin: int, height: int) -> Array:
    """In [0, 1]: how much sun arrives, after the cloud that lies on a short way towards it."""
    def towards_sun(way: float) -> Array:
        up, left = margin - round(way * height), margin - round(0.8 * way * height)
        return cover[up:up + height, left:left + cover.shape[1] - margin]

    in_the_way = sum(towards_sun(way).clip(0, None) for way in SUN_WAY) / len(SUN_WAY)
    relief = towards_sun(0) - towards_sun(0.012)
    return (1.04 - 0.8 * _smooth(0.1, 1.05, in_the_way) + 1.3 * relief).clip(0, 1)


def _fractal(x: Array, y: Array, lattice: Array, octaves: int) -> Array:
    """Noise over noise of half the size and half the height, about in [-1, 1]."""
    return sum(_perlin(x * 2**i + 11.7 * i, y * 2**i + 5.3 * i, lattice) * 0.5**i for i in range(octaves))


def _billows(x: Array, y: Array, lattice: Array, octaves: int) -> Array:
    """Round heaps with sharp creases between them, about in [-1, 1]."""
    return sum((3.6 * abs(_perlin(x * 2**i + 3.9 * i, y * 2**i + 8.1 * i, lattice)) - 0.7) * 0.5**i for i in range(octaves)) * 0.5


def _perlin(x: Array, y: Array, lattice: Array) -> Array:
    """Gradient noise: slopes at the corners of a square grid, blended by a curve that is flat at both ends."""
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = x - left, y - top
    size = len(lattice)

    def corner(i: int, j: int) -> Array:
        slope = lattice[(top + j) % size, (left + i) % size]
        return slope[..., 0] * (u - i) + slope[..., 1] * (v - j)

    across, down = (t * t * t * (t * (t * 6 - 15) + 10) for t in (u, v))
    upper = corner(0, 0) * (1 - across) + corner(1, 0) * across
    lower = corner(0, 1) * (1 - across) + corner(1, 1) * across
    return upper * (1 - down) + lower * down


def _smooth(low: float, high: float, t: Array) -> Array:
    t = ((t - low) / (high - low)).clip(0, 1)
    return t * t * (3 - 2 * t)


def _mixed(a: tuple[float, ...], b: tuple[float, ...], share: Array) -> Array:
    return np.array(a) * (1 - share[..., None]) + np.array(b) * share[..., None]
