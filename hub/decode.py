"""The only door for pictures: anything that claims to be one goes in, a clean RGB picture or a one-line error comes out.

Clean means: upright, sRGB, 8 bits, over white where it was transparent, the first frame where there were several, and nothing
but pixels (no place, camera or author). Checks come before work: the length of the file, its format by its first bytes, the size
that its header announces, and only then its pixels.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from hub.clean import check_finite, cleaned, eight_bits
from hub.errors import BadFile, BadPicture, HubError, OverLimit
from hub.files import read
from hub.policy import MEGA, Policy

SAMPLE = "sample:"
KEY = "netsee"  # of the text in a PNG that says how it was made
TITLES = {"WEBP": "WebP"}
STARTS = {
    b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF87a": "GIF", b"GIF89a": "GIF", b"BM": "BMP",
    b"II*\0": "TIFF", b"MM\0*": "TIFF", b"II+\0": "TIFF", b"MM\0+": "TIFF",
}
_turn = threading.RLock()
logging.getLogger("PIL").addHandler(logging.NullHandler())  # our error says what it would print about a damaged file


@dataclass(frozen=True)
class Decoded:
    """image: RGB, upright. notice: what a visitor should know about it, or "". format: Pillow's name, or "sample", "array".

    note: what a PNG says of how it was made, as it stands there, or "".
    """

    image: Image.Image
    notice: str
    format: str
    note: str = ""


def decode(source: Any, policy: Policy) -> Decoded:
    """A clean RGB picture from a path, bytes, a binary file, a PIL image, an array or "sample:NAME".

    An array is (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8 or floating point in [0, 1].
    Raises BadPicture, OverLimit (too large for `policy`) or UnknownSample; one line, without a folder name.

    >>> decode(np.zeros((2, 3), "uint8"), Policy.local()).image.size
    (3, 2)
    """
    if isinstance(source, str) and source.startswith(SAMPLE):
        from hub import samples

        return Decoded(samples.load(source.removeprefix(SAMPLE)), "", "sample")
    with _guarded(policy):
        if isinstance(source, np.ndarray):
            return _loaded(_from_array(source, policy), "array", policy)
        if isinstance(source, Image.Image):
            return _loaded(source, source.format or "image", policy)
        with _opened(_read(source, policy), policy) as image:
            note = image.info.get(KEY, "") if image.format == "PNG" else ""
            found = _loaded(image, "JPEG" if image.format == "MPO" else image.format or "", policy)
            return replace(found, note=note) if isinstance(note, str) else found


def png_text(source: Any, key: str, policy: Policy) -> str | None:
    """The text that a PNG keeps under `key`, or None. The same checks as in `decode`, but its pixels stay as they are.

    Raises BadPicture where `source` is not a PNG, OverLimit where it is too large.
    """
    png = policy.but(formats=frozenset({"PNG"}))
    with _guarded(png), _opened(_read(source, png), png) as image:
        text = image.info.get(key)
        return str(text) if isinstance(text, str) else None


def fit(image: Image.Image, side: int) -> Image.Image:
    """The picture with its longer side at most `side` pixels; never enlarged.

    >>> fit(Image.new("RGB", (400, 100)), 200).size
    (200, 50)
    """
    longer = max(image.size)
    if longer <= side:
        return image
    width, height = (max(1, round(length * side / longer)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def picture_hash(image: Image.Image) -> str:
    """SHA-256 of the size and the RGB pixels, in hexadecimal."""
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    return hashlib.sha256(b"RGB %d %d\n" % rgb.size + rgb.tobytes()).hexdigest()


@contextmanager
def _guarded(policy: Policy) -> Iterator[None]:
    """Whatever a decoder raises leaves as BadPicture, and its warnings do not leave at all.

    One picture at a time: warning filters belong to the whole process, and so does its memory.
    """
    with _turn, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except HubError:
            raise
        except Image.DecompressionBombError as error:  # Pillow's own limit speaks first where ours is looser
            most = min(policy.source_pixels, 2 * (Image.MAX_IMAGE_PIXELS or policy.source_pixels)) / MEGA
            raise OverLimit(f"This picture has too many pixels; {most:.4g} million are the limit. Try a smaller one.") from error
        except MemoryError as error:
            raise OverLimit("This picture needs more memory than there is. Try a smaller one.") from error
        except Exception as error:
            raise BadPicture(f"This picture is damaged or incomplete. {_accepted(policy)}") from error


# ---------------------------------------------------------------- the file

def _read(source: Any, policy: Policy) -> bytes:
    if not isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)) and not hasattr(source, "read"):
        raise BadPicture(f"A picture is a path, bytes, a file, a PIL image or a NumPy array, not {type(source).__name__}.")
    try:
        return read(source, policy)
    except BadFile as error:
        raise BadPicture(f"{error} A sample needs no file: {SAMPLE}clouds.") from error


# ---------------------------------------------------------------- the header

@contextmanager
def _opened(data: bytes, policy: Policy) -> Iterator[Image.Image]:
    """The picture with its header read and checked, its pixels not yet decoded."""
    name = _sniffed(data)
    if name is None:
        raise BadPicture(f"This file is {'not a picture of a known kind' if data else 'empty'}. {_accepted(policy)}")
    if name not in policy.formats:
        raise BadPicture(f"{TITLES.get(name, name)} pictures are not taken here. {_accepted(policy)}")
    if name == "WEBP":
        check_size(_webp_size(data), policy)  # its decoder sets memory aside for two canvases as soon as it is opened
    if name == "PNG":
        _check_chunks(data)
    with Image.open(io.BytesIO(data), formats=[name]) as image:
        check_size(image.size, policy)
        yield image


def _sniffed(data: bytes) -> str | None:
    """Pillow's name of the format that the first bytes announce; a file's name says nothing.

    >>> _sniffed(b"GIF89a..."), _sniffed(b"<svg/>")
    ('GIF', None)
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis", b"mif1", b"msf1"):
        return "AVIF"
    return next((name for start, name in STARTS.items() if data.startswith(start)), None)


def _webp_size(data: bytes) -> tuple[int, int]:
    """(width, height) of a WebP canvas, from its header: https://developers.google.com/speed/webp/docs/riff_container."""
    def number(start: int, length: int) -> int:
        return int.from_bytes(data[start:start + length], "little")

    if len(data) < 30:
        raise BadPicture("This WebP picture ends before it begins. Try another.")
    if data[12:16] == b"VP8X":
        return number(24, 3) + 1, number(27, 3) + 1
    if data[12:16] == b"VP8L":
        return (number(21, 4) & 0x3FFF) + 1, (number(21, 4) >> 14 & 0x3FFF) + 1
    return number(26, 2) & 0x3FFF, number(28, 2) & 0x3FFF


def _check_chunks(png: bytes) -> None:
    """Pillow unpacks every colour profile of a PNG and walks its chunks one by one; thousands of them would keep it busy."""
    at, chunks, profiles = 8, 0, 0
    while at + 8 <= len(png):
        chunks, profiles = chunks + 1, profiles + (png[at + 4:at + 8] == b"iCCP")
        if chunks > 100_000 or profiles > 1:
            raise BadPicture("This PNG is built as no picture should be (too many parts). Save it again with another program.")
        at += 12 + int.from_bytes(png[at:at + 4], "big")


def check_size(size: tuple[int, int], policy: Policy) -> None:
    """Raises BadPicture for no pixels, OverLimit for more than `policy` lets through."""
    width, height = size
    if width < 1 or height < 1:
        raise BadPicture("This picture has no pixels.")
    if max(size) > policy.source_side:
        allowed = f"its longer side may be {policy.source_side}"
    elif width * height > policy.source_pixels:
        allowed = f"{policy.source_pixels / MEGA:.4g} million are the limit"
    else:
        return
    raise OverLimit(f"This picture is {width} × {height} pixels; {allowed} here. Try a smaller one.")


def _accepted(policy: Policy) -> str:
    names = sorted(TITLES.get(name, name) for name in policy.formats)
    return f"Try another; accepted are {', '.join(names)}."


# ---------------------------------------------------------------- the pixels

def _loaded(image: Image.Image, format: str, policy: Policy) -> Decoded:
    """Decode the first frame, all of it, and clean it."""
    check_size(image.size, policy)
    image.load()
    check_size(image.size, policy)  # some decoders correct the size once they see the pixels
    picture, notice = cleaned(image)
    if _has_more_frames(image):
        notice = " ".join(filter(None, (notice, "It has several frames; the first one was taken.")))
    return Decoded(picture, notice, format)


def _has_more_frames(image: Image.Image) -> bool:
    """Whether it is an animation. A photograph with a second lens or a gain map beside it (MPO) is none."""
    try:
        return image.format != "MPO" and bool(getattr(image, "is_animated", False))
    except Exception:  # the first frame was good; what follows it is not asked for
        return False


def _from_array(array: np.ndarray, policy: Policy) -> Image.Image:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise BadPicture(f"An array of shape {array.shape} is not a picture; it must be (H, W), or (H, W, C) with C = 1, 3 or 4.")
    check_size((array.shape[1], array.shape[0]), policy)
    if array.dtype.kind == "f":
        check_finite(array)
        if array.min() < 0 or array.max() > 1:
            raise BadPicture("An array of floating point must lie in [0, 1]; divide by 255 where it is in [0, 255].")
        array = eight_bits(array, 0.0, 1.0)
    elif array.dtype != np.uint8:
        raise BadPicture(f"An array of {array.dtype} is not a picture; it must be uint8, or floating point in [0, 1].")
    flat = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
    return Image.fromarray(np.ascontiguousarray(flat))
