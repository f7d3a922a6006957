"""Two thousand files that claim to be pictures: good ones of every kind, damaged, cut, spliced and lying ones, and other things.

The same ones every time. `python -m tests.hostile` decodes them all under a limit of memory and prints which outcomes there were.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image, ImageCms

WIDTH, HEIGHT = 37, 29


def pictures() -> Iterator[tuple[str, bytes]]:
    """(what it is, its bytes)."""
    good = dict(sound())
    yield from good.items()
    chance = random.Random(2024)
    for name, data in good.items():
        yield from ((f"{name} cut at {at}", data[:at]) for at in cuts(len(data)))
        yield from ((f"{name} damaged {i}", damaged(data, chance)) for i in range(24))
    for i in range(250):
        (one, head), (other, tail) = chance.sample(sorted(good.items()), 2)
        at, to = chance.randrange(len(head)), chance.randrange(len(tail))
        yield f"{one} into {other} {i}", head[:at] + tail[to:]
    yield from ((f"png chunk {i}", damaged_chunk(good["PNG P"], chance)) for i in range(150))
    yield from lies()
    yield from strangers(chance)


# ---------------------------------------------------------------- good ones

def sound() -> Iterator[tuple[str, bytes]]:
    """Pictures of every format and mode, each of which decodes."""
    colours = Image.fromarray(np.random.RandomState(5).randint(0, 256, (HEIGHT, WIDTH, 3), np.uint8)).resize((WIDTH, HEIGHT), 2)
    clear = colours.copy()
    clear.putalpha(Image.linear_gradient("L").resize(colours.size))
    deep = Image.fromarray((np.arange(WIDTH * HEIGHT, dtype=np.uint16) * 60).reshape(HEIGHT, WIDTH))
    real = Image.fromarray(np.linspace(0, 1, WIDTH * HEIGHT, dtype=np.float32).reshape(HEIGHT, WIDTH))
    palette = colours.quantize(20)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kinds = [
        ("PNG 1", colours.convert("1"), {}), ("PNG L", colours.convert("L"), {}), ("PNG LA", clear.convert("LA"), {}),
        ("PNG P", palette, {"transparency": bytes(range(0, 200, 10))}),
        ("PNG RGB", colours, {"icc_profile": profile, "exif": exif}), ("PNG RGBA", clear, {}), ("PNG I;16", deep, {}),
        ("PNG several", colours, {"save_all": True, "append_images": [clear.convert("RGB")] * 3}),
        ("JPEG L", colours.convert("L"), {}), ("JPEG RGB", colours, {"exif": exif}), ("JPEG CMYK", colours.convert("CMYK"), {}),
        ("JPEG progressive", colours, {"progressive": True, "icc_profile": profile}),
        ("MPO", colours, {"save_all": True, "append_images": [colours]}),
        ("WEBP lossy", colours, {"exif": exif}), ("WEBP lossless", clear, {"lossless": True}),
        ("WEBP several", clear, {"save_all": True, "append_images": [colours.convert("RGBA")]}),
        ("GIF one", palette, {"transparency": 3}),
        ("GIF several", palette, {"save_all": True, "append_images": [colours.quantize(9)] * 4}),
        ("BMP 1", colours.convert("1"), {}), ("BMP P", palette, {}), ("BMP RGB", colours, {}), ("BMP RGBA", clear, {}),
        ("TIFF RGB", colours, {"exif": exif}), ("TIFF lzw", clear, {"compression": "tiff_lzw"}), ("TIFF F", real, {}),
        ("TIFF I;16", deep, {}),
        ("TIFF deflate", colours, {"compression": "tiff_adobe_deflate"}), ("TIFF jpeg", colours, {"compression": "jpeg"}),
        ("TIFF fax", colours.convert("1"), {"compression": "group4"}),
        ("TIFF CMYK", colours.convert("CMYK"), {"compression": "packbits"}),
        ("TIFF I", deep.convert("I"), {}), ("TIFF several", colours, {"save_all": True, "append_images": [clear]}),
        ("AVIF RGB", colours, {"speed": 10, "exif": exif}), ("AVIF RGBA", clear, {"speed": 10}),
    ]
    for name, image, options in kinds:
        yield name, saved(image, name.split()[0], **options)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


# ---------------------------------------------------------------- damage

def cuts(length: int) -> list[int]:
    """Places to cut a file at: close together in its header, then all over it."""
    return sorted({*range(1, min(length, 60), 6), *(length * i // 14 for i in range(1, 14)), length - 1})


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One to four wounds: single bytes, runs, holes, repetitions; half of them in the header, where they lie about sizes."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(min(len(out), 80)) if chance.random() < 0.5 else chance.randrange(len(out))
        length = chance.choice([1, 1, 2, 4, 16])
        wound = chance.randrange(5)
        if wound < 2:
            out[at] = chance.randrange(256)
        elif wound == 2:
            out[at:at + length] = bytes([chance.choice([0, 0x7F, 0x80, 0xFF])]) * length
        elif wound == 3 and len(out) > length + 1:
            del out[at:at + length]
        else:
            out[at:at] = out[at:at + length]
    return bytes(out)


def damaged_chunk(png: bytes, chance: random.Random) -> bytes:
    """A PNG with a wound inside one chunk whose checksum is right again, so that the wound is looked at."""
    found, at = [], 8
    while at < len(png):
        length, = struct.unpack(">I", png[at:at + 4])
        found.append((png[at + 4:at + 8], png[at + 8:at + 8 + length]))
        at += 12 + length
    i = chance.randrange(len(found))
    kind, body = found[i]
    found[i] = (kind, damaged(body, chance) if body else bytes(chance.randrange(20)))
    if chance.random() < 0.3:
        found.insert(chance.randrange(len(found)), found[i])
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in found)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


# ---------------------------------------------------------------- lies

def png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 2, extra: bytes = b"") -> bytes:
    """A PNG with any header. rows: unpacked, each with its filter byte."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def webp(width: int, height: int) -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def gif(frames: int, width: int = 16, height: int = 16) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return head + frame * frames + b";"


def tiff(tags: list[tuple[int, int, int, int]], tail: bytes = b"", following: int = 0) -> bytes:
    """A little-endian TIFF of (tag, type, count, value) with `following` as the place of the next directory."""
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
            + struct.pack("<I", following) + tail)


def lies() -> Iterator[tuple[str, bytes]]:
    """Headers that promise too much, files that grow, files that go round in circles."""
    for width, height in ((60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1), (0, 10), (10, 0), (2**32 - 1, 2**32 - 1), (30_001,
        1), (1, 30_001)):
        yield f"PNG {width}x{height}", png(width, height, b"\0" * 1000)
    yield "PNG bomb", png(20_000, 20_000, bytes(60_001 * 200))
    yield "PNG one pixel", png(1, 1, b"\0abc")
    yield "PNG 1x3000", png(1, 3000, b"\0abc" * 3000)
    yield "PNG 3000x1", png(3000, 1, b"\0" + b"abc" * 3000)
    yield "PNG more rows than it says", png(2, 2, bytes(7 * 1_000_000))
    yield "PNG fewer rows than it says", png(20, 20, bytes(61 * 3))
    for kind, body in (("zTXt", b"k\0\0"), ("iTXt", b"k\0\1\0\0\0"), ("iCCP", b"k\0\0")):
        bomb = chunk(kind.encode(), body + zlib.compress(bytes(5_000_000), 9))
        yield f"PNG {kind} bomb", png(2, 2, bytes(14), extra=bomb)
        yield f"PNG many {kind}", png(2, 2, bytes(14), extra=chunk(kind.encode(), body + zlib.compress(bytes(900_000), 9)) * 75)
    for depth, colour in ((16, 2), (16, 6), (16, 0), (16, 4), (1, 3), (4, 3), (3, 2), (8, 7), (255, 255), (16, 3)):
        yield f"PNG depth {depth} colour {colour}", png(3, 3, bytes(3 * 25), depth=depth, colour=colour, extra=chunk(b"PLTE",
            bytes(6)))
    yield "PNG 16 bits with a transparent colour", png(3, 3, bytes(3 * 19), depth=16, extra=chunk(b"tRNS", b"\xff\xff" * 3))
    yield "PNG 16 bits grey with a transparent level", png(3, 3, bytes(3 * 7), depth=16, colour=0, extra=chunk(b"tRNS", b"\0\0"))
    yield "PNG with a million frames", png(2, 2, bytes(14), extra=chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)))
    yield "PNG with frames of no number", png(2, 2, bytes(14), extra=chunk(b"acTL", b"\0"))
    for width, height in ((16_384, 16_384), (2**24, 2**24), (1, 2**24)):
        yield f"WEBP {width}x{height}", webp(width, height)
    yield "GIF of a thousand frames", gif(1000)
    yield "GIF of no frame", gif(0)
    yield "GIF 65535x65535", gif(1, 65_535, 65_535)
    yield "GIF 0x0", gif(1, 0, 0)
    yield "BMP huge", b"BM" + struct.pack("<IIIIiiHHIIiiII", 100, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0)
    yield "BMP upside down and huge", b"BM" + struct.pack("<IIIIiiHHIIiiII", 100, 0, 54, 40, 10_000, -(2**31), 1, 24, 0, 0, 0,
                                                          0, 0, 0)
    yield "BMP run lengths for ever", (b"BM" + struct.pack("<IIIIiiHHIIiiII", 99, 0, 54, 40, 5000, 5000, 1, 8, 1, 0, 0, 0, 0,
                                                           0) + b"\0\2\0\0" * 99)
    size = [(256, 4, 1, 20), (257, 4, 1, 20)]
    yield "TIFF that is its own next page", tiff(size, following=8)
    yield "TIFF of nothing", tiff([])
    yield "TIFF tag of four billion values", tiff([*size, (273, 4, 2**32 - 1, 8), (270, 2, 2**32 - 1, 0)])
    yield "TIFF 60000x60000", tiff([(256, 4, 1, 60_000), (257, 4, 1, 60_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
                                    (273, 4, 1, 8)])
    yield "TIFF strange compression", tiff([*size, (258, 3, 1, 8), (259, 3, 1, 34_712), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4,
        1, 400)], bytes(400))
    yield "TIFF 1000 samples", tiff([*size, (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 8), (277, 3, 1, 1000)],
                                    bytes(4000))
    yield "TIFF NaN", saved(Image.fromarray(np.full((3, 3), np.nan, np.float32)), "TIFF")
    good = saved(Image.new("RGB", (20, 20), "red"), "JPEG")
    for name, body in (("EXIF", b"Exif\0\0II*\0\xff\xff\xff\xff"),
                       ("EXIF in circles", b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0"),
                       ("EXIF orientation of text", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04abcd\0\0\0\0"),
                       ("nothing", b"")):
        yield f"JPEG damaged {name}", good[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + good[2:]
    for name, profile in (("noise", b"x" * 400), ("nothing", b""), ("no tags", struct.pack(">I",
        132) + b"lcms" + bytes(28) + b"acsp" + bytes(92))):
        yield f"JPEG profile of {name}", saved(Image.new("RGB", (20, 20)), "JPEG", icc_profile=profile)
    yield "JPEG 65535x65535", good.replace(b"\x08\0\x14\0\x14\x03", b"\x08\xff\xff\xff\xff\x03")
    yield "JPEG of restarts", good[:-2] + b"\xff\xd0" * 100_000
    yield "JPEG of comments", good[:2] + (b"\xff\xfe\xff\xff" + bytes(65_533)) * 50 + good[2:]
    yield "JPEG without end", good[:-2]
    yield "AVIF of a header", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(100)


# ---------------------------------------------------------------- no pictures

def strangers(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Other files, and files that are two things at once."""
    page = b"<html><script>alert(1)</script></html>"
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    red = Image.new("RGB", (8, 8), "red")
    yield from {
        "empty": b"", "one byte": b"\x89", "text": b"hello", "zeros": bytes(5000), "HTML": page, "SVG": drawing,
        "SVG with a header": b'<?xml version="1.0"?>' + drawing,
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "PDF": b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF", "zip": b"PK\x03\x04" + bytes(60), "gzip": b"\x1f\x8b\x08" + bytes(30),
        "ELF": b"\x7fELF" + bytes(60),
        "MP4": b"\0\0\0\x18ftypmp42" + bytes(40), "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
        "pickle": b"\x80\x04\x95." * 9,
        "PNG then HTML": saved(red, "PNG") + page, "JPEG then zip": saved(red, "JPEG") + b"PK\x03\x04" + bytes(60),
        "GIF or script": b"GIF89a=1;/*" + page,
        "HTML then PNG": page + saved(red, "PNG"), "BMP in name": b"BM" + page,
        "RIFF sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(30),
    }.items()
    for format in ("PPM", "TGA", "ICO", "PCX", "SGI", "ICNS", "JPEG2000", "DDS", "IM", "XBM", "PDF", "EPS", "MSP"):
        yield f"a sound {format}", saved(red.convert("1") if format in ("XBM", "MSP") else red, format)
    for i in range(60):
        start = chance.choice([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0*",
                               b"RIFF\x99\0\0\0WEBPVP8 ", b"\0\0\0\x20ftypavif", b""])
        yield f"noise {i}", start + chance.randbytes(chance.randrange(2000))


# ---------------------------------------------------------------- what becomes of them

def outcomes(policy: object, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, object]]:
    """(what it is, the picture or the error that came of it)."""
    from hub.decode import decode

    for name, data in files:
        try:
            yield name, decode(data, policy).image
        except Exception as error:
            yield name, error


ALLOWED = 400 * 2**20


def main() -> None:
    """Decode them all with 400 MiB to spare; where a picture asks for more, its outcome is OutOfMemory."""
    import collections
    import resource
    from pathlib import Path

    from hub.policy import Policy

    files = list(pictures())
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ALLOWED,) * 2)
    counts = collections.Counter("OutOfMemory" if "more memory" in str(outcome) else type(outcome).__name__
                                 for _, outcome in outcomes(Policy.local(), files))
    try:
        bytearray(2 * ALLOWED)  # that the limit holds; there may be a little more room than at first
    except MemoryError:
        print(*sorted(counts))


if __name__ == "__main__":
    main()
