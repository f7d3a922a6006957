"""From whatever mode, colour space and depth a picture has to upright 8-bit sRGB over white, without metadata."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from hub.errors import BadPicture

ORIENTATION = 0x0112  # the EXIF tag that says how the camera was held
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}


def cleaned(image: Image.Image) -> tuple[Image.Image, str]:
    """(a new RGB picture, a sentence about what could not be kept or ""), from a picture whose pixels are loaded.

    Raises BadPicture where the numbers are not finite, and whatever Pillow raises.

    >>> cleaned(Image.new("LA", (1, 1), (0, 0)))[0].getpixel((0, 0))
    (255, 255, 255)
    """
    colours, opacity = _parts(image)
    notice = ""
    try:
        picture = _in_srgb(colours, image.info.get("icc_profile"))
    except Exception:  # a profile is an aid; without it the picture can still be seen
        picture = _in_srgb(colours, None)
        notice = "Its colour profile could not be used, so its colours may differ a little."
    page = Image.new("RGB", picture.size, "white")
    page.paste(picture, mask=opacity)
    turn = UPRIGHT.get(_orientation(image))
    return page if turn is None else page.transpose(turn), notice


def eight_bits(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """`values` as uint8, `low` at 0 and `high` at 255; some rows at a time, so that no second large copy is needed.

    >>> eight_bits(np.array([[0.0, 0.5, 1.0]]), 0, 1).tolist()
    [[0, 128, 255]]
    """
    out = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), 256):
        part = values[top:top + 256].astype(np.float64)
        out[top:top + 256] = np.rint((part - low) * (255.0 / ((high - low) or 1.0))).clip(0, 255)
    return out


def check_finite(values: np.ndarray) -> None:
    """Raises BadPicture where a number is NaN or infinite."""
    if not np.isfinite(values).all():
        raise BadPicture("This picture holds numbers that are not finite (NaN or infinity).")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # EXIF is written by everybody in every way; where it cannot be read, the picture stays as it is stored
        return 1


def _parts(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours in a mode that a colour profile may speak of (L, RGB, CMYK, LAB), and how opaque they are (L; None: fully)."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _of_many_bits(image)
    if image.mode in ("CMYK", "LAB"):
        return image, None
    if image.has_transparency_data:
        whole = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
        return whole.convert("RGB"), whole.getchannel("A")
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB"), None


def _in_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Through the colour profile where there is one. Without one the numbers are taken for sRGB."""
    if image.mode == "LAB":
        given = ImageCms.createProfile("LAB")
    elif profile:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode == "L" and given.profile.xcolor_space == "RGB ":
            image = image.convert("RGB")
        if image.mode == "RGB" and "sRGB" in (given.profile.profile_description or ""):
            return image
    else:
        return image.convert("RGB")
    return ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")


def _of_many_bits(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """(L, opacity) of a picture of 16 or 32 bits. Where its mode does not say what is white, the largest number does."""
    values = np.asarray(image)
    if values.dtype.kind == "f":
        check_finite(values)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    elif low >= 0:
        usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        low, high = 0.0, next((white for white in usual if high <= white), high)
    clear = image.info.get("transparency")
    opacity = Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)) if isinstance(clear, int) else None
    return Image.fromarray(eight_bits(values, low, high)), opacity
