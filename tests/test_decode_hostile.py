"""Two thousand hostile, damaged and odd files: each becomes a clean RGB picture or one readable line, in bounded memory."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from hub.decode import decode, png_text
from hub.errors import BadPicture, HubError, OverLimit
from hub.policy import Policy
from tests import hostile


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return dict(hostile.pictures())


@pytest.fixture(scope="module")
def sound() -> dict[str, bytes]:
    return dict(hostile.sound())


def outcome(data: bytes, policy: Policy) -> Image.Image | Exception:
    try:
        return decode(data, policy).image
    except Exception as error:
        return error


def fault(result: Image.Image | Exception, policy: Policy) -> str:
    """What is wrong with an outcome, or nothing."""
    if isinstance(result, HubError):
        text = str(result)
        return "" if text.isprintable() and 10 < len(text) < 250 and re.search(r"[Tt]ry|Give|Save|no pixels|finite",
            text) else f"said {text!r}"
    if isinstance(result, Exception):
        return f"raised {result!r}"
    clean = type(result) is Image.Image and result.mode == "RGB" and result.info == {} and not result.getexif()
    return "" if clean and 0 < result.width * result.height <= policy.source_pixels else f"gave {result!r} with {result.info}"


def test_there_are_two_thousand_of_them_and_all_differ_in_name(files):
    assert len(files) >= 2000 == len(list(files)[:2000])


def test_each_is_a_clean_picture_or_one_readable_line(files):
    results = {name: outcome(data, Policy.local()) for name, data in files.items()}
    assert {name: said for name, result in results.items() if (said := fault(result, Policy.local()))} == {}
    decoded = sum(isinstance(result, Image.Image) for result in results.values())
    assert decoded > 300 and len(results) - decoded > 1000  # both are common enough to mean something


def test_so_it_is_under_the_public_policy(files):
    results = {name: outcome(data, Policy.public()) for name, data in list(files.items())[::2]}
    assert {name: said for name, result in results.items() if (said := fault(result, Policy.public()))} == {}


def test_the_undamaged_ones_all_decode_to_their_size(sound):
    sizes = {name: decode(data, Policy.local()).image.size for name, data in sound.items()}
    upright, turned = (hostile.WIDTH, hostile.HEIGHT), (hostile.HEIGHT, hostile.WIDTH)
    held_sideways = {"PNG RGB", "JPEG RGB", "WEBP lossy", "TIFF RGB", "AVIF RGB"}
    assert sizes == {name: turned if name in held_sideways else upright for name in sizes}


def test_a_public_page_takes_only_its_formats(sound):
    for name, data in sound.items():
        taken = name.split()[0] in ("PNG", "JPEG", "MPO", "WEBP")
        assert isinstance(outcome(data, Policy.public()), Image.Image if taken else BadPicture), name


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_what_is_cut_short_is_refused_not_filled_with_grey(format):
    whole = hostile.saved(Image.effect_noise((64, 64), 60).convert("RGB"), format)
    assert isinstance(outcome(whole, Policy.local()), Image.Image)
    assert isinstance(outcome(whole[:len(whole) * 2 // 3], Policy.local()), BadPicture)


def test_a_size_over_the_limit_is_told_from_the_header_alone():
    with pytest.raises(OverLimit, match="too many pixels; 100 million are the limit"):
        decode(hostile.png(60_000, 60_000, b""), Policy.local())
    with pytest.raises(OverLimit, match="11000 × 11000 pixels; 100 million are the limit here"):
        decode(hostile.png(11_000, 11_000, b""), Policy.local())
    with pytest.raises(OverLimit, match="40000 × 1 pixels; its longer side may be 30000 here"):
        decode(hostile.png(40_000, 1, b""), Policy.local())
    with pytest.raises(OverLimit, match="16384 × 16384"):
        decode(hostile.webp(16_384, 16_384), Policy.local())


def test_other_files_are_refused_whatever_their_name(tmp_path):
    for name, data in (("a.png", b"%PDF-1.7"), ("b.jpg", b"<svg/>"), ("c.webp", b"PK\3\4"), ("d", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadPicture, match="not a picture of a known kind|is empty"):
            decode(tmp_path / name, Policy.local())


def test_a_good_picture_with_a_wrong_extension_is_taken(tmp_path, sound):
    path = tmp_path / "really.gif"
    path.write_bytes(sound["PNG RGB"])
    assert decode(path, Policy.local()).format == "PNG"


def test_what_stands_behind_a_picture_does_not_come_along(files):
    clean = decode(files["PNG then HTML"], Policy.local()).image
    assert b"script" not in hostile.saved(clean, "PNG")


def test_profiles_by_the_thousand_are_not_unpacked(files):
    with pytest.raises(BadPicture, match="too many parts"):
        decode(files["PNG many iCCP"], Policy.local())


def test_texts_are_read_under_the_same_checks(files):
    for data in list(files.values())[::3]:
        try:
            assert png_text(data, "k", Policy.public()) is None or data.startswith(b"\x89PNG")
        except HubError as error:
            assert str(error).isprintable()


def test_all_of_them_in_a_process_of_its_own_neither_crash_it_nor_fill_its_memory():
    done = subprocess.run([sys.executable, "-W", "error", "-X", "faulthandler", "-m", "tests.hostile"], capture_output=True,
                          text=True,
                          cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["BadPicture", "Image", "OverLimit"]
