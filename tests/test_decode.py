"""Whatever a picture was, it comes out upright, RGB, over white and bare; and what cannot come out says why in one line."""

import io
import os
import re
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from hub.decode import Decoded, decode, fit, picture_hash, png_text
from hub.errors import BadPicture, OverLimit, UnknownSample
from hub.policy import Policy
from tests.hostile import chunk, png, saved

LOCAL = Policy.local()
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def corner(source: object) -> tuple[int, int, int]:
    """The colour at the upper left of a decoded picture."""
    return decode(source, LOCAL).image.getpixel((0, 0))


def near(colour: tuple[int, ...], wanted: tuple[int, ...], by: int = 6) -> bool:
    return max(abs(a - b) for a, b in zip(colour, wanted, strict=True)) <= by


# ---------------------------------------------------------------- sources

@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    Image.new("RGB", (5, 3), RED).save(path)
    return path


def test_every_kind_of_source_gives_the_same_picture(file):
    image = Image.open(file)
    data = file.read_bytes()
    sources = [file, str(file), data, bytearray(data), memoryview(data), io.BytesIO(data), file.open("rb"), image,
               np.asarray(image),
               np.asarray(image) / 255, np.asarray(image, np.float32) / 255]
    assert {picture_hash(decode(source, LOCAL).image) for source in sources} == {picture_hash(Image.new("RGB", (5, 3), RED))}
    image.close()
    sources[6].close()


def test_the_format_is_told_by_the_bytes(file):
    assert [decode(s, LOCAL).format for s in (file, Image.new("L", (1, 1)), np.zeros((1, 1), np.uint8))] == ["PNG", "image",
        "array"]


def test_the_callers_picture_stays_its_own():
    mine = Image.new("RGB", (2, 2), RED)
    decode(mine, LOCAL).image.putpixel((0, 0), BLUE)
    assert mine.getpixel((0, 0)) == RED


def test_a_file_that_was_opened_stays_open(file):
    with file.open("rb") as opened:
        decode(opened, LOCAL)
        assert not opened.closed


@pytest.mark.parametrize("source, said", [
    (None, "NoneType"), (3, "int"), ([[1]], "list"), (io.StringIO("text"), "binary mode"), ("https://example.org/a.png",
    "web addresses"),
    ("data:image/png;base64,AAAA", "web addresses"), ("file:///etc/passwd", "web addresses"), ("", "folder"), ("a\0b",
    "not a valid file name"),
    ("x" * 5000, "cannot be read"),
])
def test_what_is_no_source_is_refused(source, said):
    with pytest.raises(BadPicture, match=said) as refused:
        decode(source, LOCAL)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 200


def test_a_sample_that_is_not_there_is_said_so():
    with pytest.raises(UnknownSample):
        decode("sample:", LOCAL)


def test_paths_are_refused_where_the_policy_says_so_whether_or_not_they_exist(file):
    said = set()
    for path in (file, str(file), "/nowhere/a.png", "/etc/passwd", ""):
        with pytest.raises(BadPicture, match="by path") as refused:
            decode(path, Policy.public())
        said.add(str(refused.value))
    assert len(said) == 1


def test_a_message_names_the_file_and_never_its_folder(tmp_path):
    (tmp_path / "text.png").write_text("text")
    for name, said in (("gone.png", "There is no file 'gone.png'"), ("", "is a folder"), ("text.png", "known kind"),
                       ("text.png/more.png", "cannot be read"), ("line\nbreak", "no file")):
        with pytest.raises(BadPicture, match=said) as refused:
            decode(tmp_path / name, LOCAL)
        assert str(tmp_path.parent) not in str(refused.value) and str(refused.value).isprintable()


def test_what_may_never_end_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(BadPicture, match="no regular file"):
            decode(path, LOCAL)


def test_a_file_over_the_limit_is_not_read_to_its_end(file):
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 101
            self.given += size
            return bytes(size)

    small, endless = LOCAL.but(upload_bytes=100), Endless()
    for source in (endless, bytes(101), memoryview(bytes(101)), file.write_bytes(bytes(101)) and file):
        with pytest.raises(OverLimit, match="MiB, the limit here"):
            decode(source, small)
    assert endless.given == 101


# ---------------------------------------------------------------- colours and depths

@pytest.mark.parametrize("image, wanted", [
    (Image.new("1", (2, 2), 1), WHITE), (Image.new("L", (2, 2), 77), (77, 77, 77)), (Image.new("LA", (2, 2), (50, 255)), (50,
    50, 50)),
    (Image.new("RGB", (2, 2), RED).quantize(4), RED), (Image.new("RGBA", (2, 2), (255, 0, 0, 255)), RED),
    (Image.new("CMYK", (2, 2), (0, 255, 255, 0)), RED), (Image.new("YCbCr", (2, 2), (255, 128, 128)), WHITE),
    (Image.new("HSV", (2, 2), (0, 255, 255)), RED), (Image.new("LAB", (2, 2), (255, 128, 128)), WHITE), (Image.new("RGBX", (2,
    2), RED), RED),
    (Image.new("La", (2, 2), (50, 255)), (50, 50, 50)), (Image.new("RGBa", (2, 2), (0, 0, 255, 255)), BLUE),
    (Image.new("RGBA", (2, 2), RED).convert("PA"), RED), (Image.new("I", (2, 2), 65535), WHITE), (Image.new("I;16", (2, 2),
    65535), WHITE),
    (Image.new("I;16B", (2, 2), 0x8000), (128,) * 3), (Image.new("F", (2, 2), 0.5), (128,) * 3), (Image.new("F", (2, 2), 200.0),
    (200,) * 3),
], ids=lambda value: value.mode if isinstance(value, Image.Image) else "")
def test_every_mode_becomes_rgb(image, wanted):
    assert near(corner(image), wanted, 2)


@pytest.mark.parametrize("image", [Image.new("LA", (2, 2), (0, 0)), Image.new("RGBA", (2, 2), (255, 0, 0, 0)), Image.new("PA",
    (2, 2), (0, 0))])
def test_what_is_transparent_becomes_white(image):
    assert corner(image) == WHITE


def test_what_is_half_transparent_is_mixed_with_white():
    assert near(corner(saved(Image.new("RGBA", (2, 2), (255, 0, 0, 128)), "PNG")), (255, 127, 127), 1)


def test_a_transparent_palette_entry_becomes_white():
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    assert corner(saved(image, "PNG")) == RED
    assert corner(saved(image, "PNG", transparency=1)) == WHITE
    assert corner(saved(image, "PNG", transparency=bytes([0, 128]))) == (255, 127, 127)
    assert corner(saved(image, "GIF", transparency=1)) == WHITE


def test_a_transparent_colour_becomes_white_and_others_do_not():
    rows = b"\0" + bytes(RED) + bytes(BLUE)
    clear = png(2, 1, rows, extra=chunk(b"tRNS", struct.pack(">HHH", *RED)))
    assert [decode(clear, LOCAL).image.getpixel((x, 0)) for x in (0, 1)] == [WHITE, BLUE]


def test_a_transparent_level_of_16_bits_becomes_white():
    rows = b"\0" + struct.pack(">HH", 1000, 2000)
    clear = png(2, 1, rows, depth=16, colour=0, extra=chunk(b"tRNS", struct.pack(">H", 1000)))
    assert [decode(clear, LOCAL).image.getpixel((x, 0)) for x in (0, 1)] == [WHITE, (8, 8, 8)]


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bits_are_scaled_not_clipped(format):
    levels = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    out = np.asarray(decode(saved(Image.fromarray(levels), format), LOCAL).image)
    assert (out[..., 0] == np.arange(256).reshape(16, 16)).all()


def test_16_bits_of_colour_are_scaled_too():
    assert corner(png(1, 1, b"\0" + struct.pack(">HHH", 65535, 32896, 0), depth=16)) == (255, 128, 0)


@pytest.mark.parametrize("low, high", [(0, 1), (0, 255), (0, 65535), (-5, 5), (0, 1e6)])
def test_real_numbers_are_scaled_by_their_range(low, high):
    ramp = np.linspace(low, high, 256, dtype=np.float32).reshape(16, 16)
    out = np.asarray(decode(saved(Image.fromarray(ramp), "TIFF"), LOCAL).image)[..., 0].ravel()
    assert (np.abs(out.astype(int) - np.arange(256)) <= 1).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(bad):
    values = np.full((2, 2), bad, np.float32)
    for source in (values, Image.fromarray(values), saved(Image.fromarray(values), "TIFF")):
        with pytest.raises(BadPicture, match="not finite"):
            decode(source, LOCAL)


def test_cmyk_from_a_jpeg_is_not_inverted():
    assert near(corner(saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)), RED)


def test_ycck_from_a_jpeg_is_understood():
    cmyk = saved(Image.new("CMYK", (16, 16), (100, 128, 128, 100)), "JPEG", quality=95)  # kept inverted: 155, 127, 127, 155
    marker = cmyk.index(b"Adobe") + 11
    assert cmyk[marker] == 0
    ycck = cmyk[:marker] + b"\2" + cmyk[marker + 1:]  # Y = 155, no colour: grey 100, under ink 100 * 155/255
    assert near(corner(ycck), (61, 61, 61), 3)


# ---------------------------------------------------------------- colour profiles

def swapped_profile() -> bytes:
    """An sRGB profile in which red and green have changed places, under another name: its red is our green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(profile[at:at + 4]): at for at in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12)}
    red, green = tags[b"rXYZ"] + 4, tags[b"gXYZ"] + 4
    profile[red:red + 8], profile[green:green + 8] = profile[green:green + 8], profile[red:red + 8]
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be")).replace(b"sRGB built", b"swap built")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_colour_profile_is_applied(format):
    decoded = decode(saved(Image.new("RGB", (16, 16), RED), format, icc_profile=swapped_profile(), quality=95), LOCAL)
    assert near(decoded.image.getpixel((8, 8)), GREEN, 12) and decoded.notice == ""


def test_a_colour_profile_is_applied_to_a_palette_and_under_transparency():
    red = Image.new("RGB", (4, 4), RED)
    for image in (red.quantize(2), red.convert("RGBA")):
        assert near(corner(saved(image, "PNG", icc_profile=swapped_profile())), GREEN)


def test_grey_under_a_profile_for_colours_stays_grey():
    decoded = decode(saved(Image.new("L", (4, 4), 100), "PNG", icc_profile=swapped_profile()), LOCAL)
    assert near(decoded.image.getpixel((0, 0)), (100, 100, 100), 2) and decoded.notice == ""


def test_an_srgb_profile_changes_nothing():
    noise = Image.effect_noise((20, 20), 90).convert("RGB")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert decode(saved(noise, "PNG", icc_profile=profile), LOCAL).image.tobytes() == noise.tobytes()


@pytest.mark.parametrize("profile", [b"noise" * 50, swapped_profile()[:200], swapped_profile()[:132] + bytes(300)],
                         ids=["noise", "cut short", "hollow"])
def test_a_broken_profile_is_ignored_and_said_so(profile):
    decoded = decode(saved(Image.new("RGB", (4, 4), RED), "PNG", icc_profile=profile), LOCAL)
    assert decoded.image.getpixel((0, 0)) == RED and "colour profile" in decoded.notice


# ---------------------------------------------------------------- upright, first, bare

@pytest.mark.parametrize("orientation, transposed", [
    (1, None), (2, Image.Transpose.FLIP_LEFT_RIGHT), (3, Image.Transpose.ROTATE_180), (4, Image.Transpose.FLIP_TOP_BOTTOM),
    (5, Image.Transpose.TRANSPOSE), (6, Image.Transpose.ROTATE_90), (7, Image.Transpose.TRANSVERSE), (8,
    Image.Transpose.ROTATE_270)])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_picture_held_any_way_comes_out_upright(format, orientation, transposed):
    upright = Image.new("RGB", (32, 16), BLUE)
    upright.paste(RED, (0, 0, 16, 8))
    stored = upright if transposed is None else upright.transpose(transposed)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode(saved(stored, format, exif=exif, quality=95), LOCAL).image
    assert image.size == (32, 16)
    assert near(image.getpixel((3, 3)), RED, 20) and near(image.getpixel((28, 12)), BLUE, 20) and near(image.getpixel((28, 3)),
        BLUE, 20)


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_an_orientation_that_does_not_exist_is_none(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert decode(saved(Image.new("RGB", (4, 2)), "JPEG", exif=exif), LOCAL).image.size == (4, 2)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_of_several_frames_the_first_is_taken_and_said_so(format):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    decoded = decode(saved(frames[0], format, save_all=True, append_images=frames[1:], quality=95), LOCAL)
    assert near(decoded.image.getpixel((0, 0)), RED, 12) and decoded.notice == "It has several frames; the first one was taken."


def test_a_photograph_with_a_second_lens_is_one_picture():
    two = saved(Image.new("RGB", (8, 8), RED), "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8), BLUE)])
    decoded = decode(two, LOCAL)
    assert near(decoded.image.getpixel((0, 0)), RED) and (decoded.format, decoded.notice) == ("JPEG", "")


def test_place_camera_and_comments_are_left_behind():
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    notes = PngInfo()
    notes.add_text("Author", "Ada")
    for data in (saved(Image.new("RGB", (4, 4)), "JPEG", exif=exif, comment=b"Ada"), saved(Image.new("RGB", (4, 4)), "PNG",
        exif=exif, pnginfo=notes)):
        image = decode(data, LOCAL).image
        assert image.info == {} and not image.getexif()
        assert b"Camera" not in saved(image, "PNG") and b"Ada" not in saved(image, "PNG")


def test_one_pixel_is_a_picture():
    for format in sorted(LOCAL.formats):
        assert near(corner(saved(Image.new("RGB", (1, 1), RED), format)), RED, 12)


# ---------------------------------------------------------------- arrays and limits

@pytest.mark.parametrize("array, said", [
    (np.zeros(4, np.uint8), "shape"), (np.zeros((2, 2, 2), np.uint8), "shape"), (np.zeros((3, 8, 8), np.uint8), "shape"),
    (np.zeros((1, 2, 2, 3), np.uint8), "shape"), (np.zeros((), np.uint8), "shape"), (np.zeros((0, 4, 3), np.uint8), "no pixels"),
    (np.zeros((2, 2), np.int64), "int64"), (np.zeros((2, 2), np.uint16), "uint16"), (np.zeros((2, 2), bool), "bool"),
    (np.full((2, 2), "a"), "<U1"), (np.full((2, 2), 1.5), r"\[0, 1\]"), (np.full((2, 2), -0.1), r"\[0, 1\]"), (np.zeros((2, 2),
    complex), "complex"),
])
def test_an_array_that_is_no_picture_is_told_why(array, said):
    with pytest.raises(BadPicture, match=said):
        decode(array, LOCAL)


def test_an_array_may_have_one_three_or_four_channels_and_any_layout():
    assert corner(np.full((2, 2, 1), 9, np.uint8)) == (9, 9, 9)
    assert corner(np.full((2, 2, 4), (255, 0, 0, 0), np.uint8)) == WHITE
    assert corner(np.full((2, 2, 3), (1, 0, 0), np.float16)) == RED
    assert corner(np.full((4, 4, 3), RED, np.uint8)[::2, ::-1]) == RED


@pytest.mark.parametrize("source", [Image.new("RGB", (30, 20)), np.zeros((20, 30), np.uint8), saved(Image.new("RGB", (30, 20)),
    "PNG"),
                                    saved(Image.new("RGB", (30, 20)), "WEBP"), saved(Image.new("RGB", (30, 20)), "WEBP",
                                        lossless=True)],
                         ids=["image", "array", "png", "webp", "lossless webp"])
def test_the_limits_of_size_hold_exactly_for_every_source(source):
    assert decode(source, LOCAL.but(source_side=30, source_pixels=600)).image.size == (30, 20)
    with pytest.raises(OverLimit, match="30 × 20 pixels; its longer side may be 29 here"):
        decode(source, LOCAL.but(source_side=29))
    with pytest.raises(OverLimit, match="30 × 20 pixels; 0.000599 million"):
        decode(source, LOCAL.but(source_pixels=599))


def test_an_image_of_no_pixels_is_refused():
    with pytest.raises(BadPicture, match="no pixels"):
        decode(Image.new("RGB", (0, 5)), LOCAL)


def test_an_image_whose_file_is_closed_is_refused(file):
    image = Image.open(file)
    image.close()
    with pytest.raises(BadPicture):
        decode(image, LOCAL)


def test_many_threads_may_decode_at_once():
    pictures = {name: saved(Image.new("RGB", (9, 9), name), "PNG") for name in ("red", "lime", "blue", "white")}
    wrong: list[str] = []

    def work(name: str) -> None:
        wrong.extend(name for _ in range(20) if decode(pictures[name], LOCAL).image.tobytes() != Image.new("RGB", (9, 9),
            name).tobytes())

    threads = [threading.Thread(target=work, args=(name,)) for name in pictures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---------------------------------------------------------------- the rest

def test_fit_keeps_the_shape_and_never_enlarges():
    assert fit(Image.new("RGB", (1000, 500)), 100).size == (100, 50)
    assert fit(Image.new("RGB", (1000, 1)), 100).size == (100, 1)
    small = Image.new("RGB", (10, 20))
    assert fit(small, 20) is small


def test_the_hash_depends_on_the_pixels_and_the_size_alone():
    tall, wide = Image.new("RGB", (2, 8)), Image.new("RGB", (8, 2))
    assert picture_hash(tall) != picture_hash(wide) != picture_hash(Image.new("RGB", (8, 2), (0, 0, 1)))
    wide.info["comment"] = "no matter"
    assert picture_hash(wide) == picture_hash(Image.new("L", (8, 2)))


def test_text_of_a_png_is_read_and_of_nothing_else():
    notes = PngInfo()
    notes.add_text("netsee", "yes")
    assert png_text(saved(Image.new("L", (1, 1)), "PNG", pnginfo=notes), "netsee", LOCAL) == "yes"
    assert png_text(saved(Image.new("L", (1, 1)), "PNG"), "netsee", LOCAL) is None
    assert png_text(saved(Image.new("L", (1, 1)), "PNG", dpi=(1, 1)), "dpi", LOCAL) is None
    with pytest.raises(BadPicture, match="accepted are PNG"):
        png_text(saved(Image.new("L", (1, 1)), "GIF"), "netsee", LOCAL)


def test_decoded_is_a_record():
    assert decode(Image.new("L", (1, 1)), LOCAL) != Decoded(Image.new("L", (1, 1)), "", "image")


def test_pictures_are_opened_in_one_place_only():
    root = Path(__file__).parents[1]
    files = [path for folder in ("hub", "plugins", "spaces") for path in (root / folder).rglob("*.py")]
    opening = re.compile(r"\b(Image|PILImage|pillow)\.open\(|imread\(|cv2\.imdecode|read_image\(|decode_image\(")
    assert [str(path.relative_to(root)) for path in files if opening.search(path.read_text())] == ["hub/decode.py"]
