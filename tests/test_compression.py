"""A picture as real bytes: the coder against entropy, the untrained network against PCA, files against strangers."""

import io
import json
import lzma
import math
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load, save

import hub
from hub.errors import BadFile
from hub.pixels import images
from plugins.autoencoders._examples import photograph
from plugins.autoencoders._figures import psnr
from plugins.autoencoders._linear import PCA
from plugins.autoencoders.compression import codec as codecs
from plugins.autoencoders.compression import container, learning, planes, report
from plugins.autoencoders.compression.codec import Shape, as_pca, quantised, step_size, tiles
from plugins.autoencoders.compression.range_coder import Reader, Writer
from plugins.autoencoders.compression.rivals import Coded, Jpeg, Network, Scale, SmallColour, WebP, WholeColour, front
from tests.networks import one_thread  # noqa: F401

QUICK = {"steps": 2, "size": 64, "width": 8}
WHOLE = "compressed-with-decoder.safetensors"


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def untrained(code: int = 12, picture: torch.Tensor | None = None) -> codecs.Codec:
    pca = learning.components([photograph("cat", 128) if picture is None else picture])
    return as_pca(Shape(code, 8), pca, torch.Generator().manual_seed(0))


# ---------------------------------------------------------------- the range coder


def test_answers_come_back_and_take_about_their_entropy():
    share, count = 0.1, 20_000
    answers = (noise(count) < share).tolist()
    writer = Writer(1)
    for answer in answers:
        writer.bit(0, answer)
    data = writer.bytes()
    reader = Reader(data, 1)
    assert [reader.bit(0) for _ in answers] == answers
    entropy = -count * (share * math.log2(share) + (1 - share) * math.log2(1 - share)) / 8
    assert 0.97 * entropy < len(data) < 1.03 * entropy


def test_a_carry_runs_through_bytes_that_are_full():
    writer, answers = Writer(1), []

    def answer(bit: bool) -> None:
        writer.bit(0, bit), answers.append(bit)

    def lower() -> bool:  # whether the point 0x80000000… lies in the lower part of the interval
        middle = (int.from_bytes(writer.out, "big") << 32) + writer.low + (writer.range >> 16) * writer.odds.yes[0]
        return 0x80 << 24 + 8 * len(writer.out) < middle

    while len(writer.out) < 4:
        answer(lower())
    assert writer.out == b"\x7f\xff\xff\xff"  # full, and what follows may still pass the point
    while not lower():
        answer(False)
    answer(False)
    for i in range(40):
        answer(i % 3 == 0)
    data = writer.bytes()
    assert data[:4] == b"\x80\0\0\0"
    reader = Reader(data, 1)
    assert [reader.bit(0) for _ in answers] == answers


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 7), (4, 9, 1), (5, 12, 17)])
@pytest.mark.parametrize("largest", [0, 1, 5, 300, planes.LARGEST])
def test_whole_numbers_come_back(shape, largest):
    numbers = (((noise(*shape) * 2 - 1) ** 3) * largest).round().long().numpy()
    assert (planes.read(planes.written(numbers), shape) == numbers).all()


def test_nothing_but_zeros_is_next_to_nothing():
    assert len(planes.written(np.zeros((48, 64, 64), dtype=np.int64))) <= 4


def test_the_coder_takes_fewer_bytes_than_lzma_for_the_code_of_a_photo():
    numbers = untrained(24).numbers(photograph("cat", 256), step_size(120))
    alone = lzma.compress(numbers.astype(np.int8).tobytes(), format=lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}])
    assert np.abs(numbers).max() < 128
    assert len(planes.written(numbers)) < 0.8 * len(alone)


def test_bytes_that_end_too_early_are_told():
    numbers = untrained(24).numbers(photograph("cat", 128), step_size(140))
    data = planes.written(numbers)
    with pytest.raises(ValueError, match="too early"):
        planes.read(data[: len(data) // 2], numbers.shape)


# ---------------------------------------------------------------- the codec


@pytest.mark.parametrize("size", [(64, 64), (7, 301), (1, 1)])
def test_tiles_put_together_are_the_picture(size):
    picture = noise(1, 3, *size)
    assert torch.equal(codecs.joined(tiles(picture), *size), picture)


def test_numbers_are_rounded_towards_zero_in_the_dead_zone():
    assert quantised(torch.tensor([0.59, -0.59, 0.61, -0.61, 1.59, 1.61]), 1.0).tolist() == [0, 0, 1, -1, 1, 2]


def test_untrained_it_is_pca():
    picture, step = photograph("astronaut", 128), step_size(100)
    rows = tiles(picture)[0].flatten(1).T
    pca = PCA.of(rows)
    codec = as_pca(Shape(12, 8), pca, torch.Generator().manual_seed(0))
    numbers = quantised(pca.encode(rows, 12), step)
    found = torch.from_numpy(codec.numbers(picture, step)).flatten(1).T
    assert (found != numbers).float().mean() < 1e-3  # but for ties, by another order of sums
    height, width = picture.shape[-2:]
    grid = [n // 8 for n in (height, width)]
    expected = pca.decode(found * step, (3 * 64,)).T.reshape(1, 192, *grid)
    made = codec.decoder.picture(codec.numbers(picture, step), step, 1.0, height, width)
    assert torch.allclose(made, codecs.joined(expected, height, width), atol=1e-5)


def test_with_fine_steps_it_is_as_exact_as_rounding_allows_whatever_was_learnt(monkeypatch):
    picture = 0.1 + 0.8 * noise(1, 3, 64, 64)
    codec, step = untrained(192, picture), step_size(255)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for part in (codec.tilt, codec.decoder.tilt, codec.decoder.correction):
            part.weight.normal_(0, 0.003, generator=generator)

    def error() -> float:
        made = codec.decoder.picture(codec.numbers(picture, step), step, 1.0, 64, 64)
        return float((made - picture).square().mean())

    rounding = (0.6**3 + 0.4**3) / 3 * step**2  # of what is rounded up from 0.6 on, in an orthonormal base
    assert error() < rounding
    monkeypatch.setattr(codecs, "FINE", 1e-9)  # without its fading
    assert error() > 2 * rounding


def test_the_bits_that_training_counts_are_about_those_of_the_coder():
    codec, picture = untrained(24), photograph("cat", 256)
    for quality in (70, 100, 130):
        step = step_size(quality)
        code = codec.encode(tiles(picture), torch.full((1, 1, 1, 1), step)).detach()
        counted = float(codecs.bits(code / step).sum()) * code.shape[2] * code.shape[3]
        assert counted == pytest.approx(8 * len(planes.written(codec.numbers(picture, step))), rel=0.25)


def trained(steps: int, width: int = 32) -> tuple[codecs.Codec, codecs.Codec, learning.Log]:
    """(PCA, the network, what happened), from a few photographs."""
    teachers = [photograph(name, 256) for name in ("flower", "coffee", "china")]
    pca = learning.components(teachers)
    plain, codec = (as_pca(Shape(24, width), pca, torch.Generator().manual_seed(0)) for _ in range(2))
    going = learning.learn(codec, teachers, steps, torch.Generator().manual_seed(0), lambda: None, (0.0, 1.0), {})
    while True:
        try:
            next(going)
        except StopIteration as end:
            return plain, codec, end.value


def test_on_a_photo_that_it_never_saw_the_network_beats_pca_at_a_low_rate_and_loses_nothing_at_a_high_one():
    plain, codec, _ = trained(100)
    picture = photograph("cat", 256)
    one, other = Network(picture, plain), Network(picture, codec)
    low = [rival.at(rival.within(500)).psnr for rival in (one, other)]
    high = [rival.at(255).psnr for rival in (one, other)]
    assert low[1] > low[0] + 0.1
    assert high[1] > high[0] - 0.02


def test_recoloured_crops_keep_their_light_and_turn_red_to_green():
    generator = torch.Generator().manual_seed(0)
    grey = noise(20, 1, 8, 8).expand(-1, 3, -1, -1)
    assert torch.allclose(learning.recoloured(grey, generator), grey, atol=1e-6)
    red = torch.tensor([0.6, 0.4, 0.5]).reshape(1, 3, 1, 1).expand(200, -1, 8, 8)
    found = learning.recoloured(red, generator)
    assert torch.allclose(found.mean(1), red.mean(1), atol=1e-6)
    assert {int(n) for n in found[:, :, 0, 0].argmax(1)} == {0, 1} and found.max() > 0.7


def test_of_all_weights_those_that_cost_least_on_held_out_crops_are_kept(monkeypatch):
    monkeypatch.setattr(learning, "RATE", 0.05)  # so that training does harm
    plain, codec, log = trained(6, width=8)
    assert log.held[-1][1] > log.references["PCA, held out"]
    picture = photograph("cat", 128)
    assert (plain.numbers(picture, 0.3) == codec.numbers(picture, 0.3)).all()


def test_what_was_learnt_is_left_away_where_it_does_a_picture_harm():
    picture, plain, codec = photograph("cat", 128), untrained(), untrained()
    with torch.no_grad():
        codec.tilt.weight.normal_(0, 1.0, generator=torch.Generator().manual_seed(1))
    assert Network(picture, codec).at(90).data == Network(picture, plain).at(90).data


def test_what_was_learnt_is_left_away_where_the_true_bytes_speak_against_it_whatever_was_estimated(monkeypatch):
    monkeypatch.setattr(codecs.Codec, "strength", lambda *_: 2)
    picture, plain, codec = photograph("cat", 128), untrained(), untrained()
    with torch.no_grad():
        codec.tilt.weight.normal_(0, 0.05, generator=torch.Generator().manual_seed(1))
    pca = Network(picture, plain)
    assert Network(picture, codec, pca).at(90) is pca.at(90)
    assert Network(picture, codec).at(90).psnr < pca.at(90).psnr - 0.3


# ---------------------------------------------------------------- rivals


class Doubling(Scale):
    """Quality q takes 2^q bytes and errs by 4^-q."""

    finest, marks = 10, (2, 5)

    def coded(self, quality: int) -> Coded:
        return Coded(bytes(2**quality), self.original + 2.0**-quality, self.original)


def test_what_fits_what_is_as_large_and_what_is_as_good_are_found():
    rival = Doubling(torch.zeros(1, 3, 4, 4))
    assert rival.within(33) == rival.within(32) == 5 and rival.within(31) == 4 and rival.within(0) == 0
    assert rival.with_as_many(33).size == 64 and rival.with_as_many(32).size == 32 and rival.with_as_many(5000).size == 1024
    assert rival.as_good_as(12.0).size == 4  # 20 log10(4) = 12.04 dB
    assert rival.as_good_as(99.0) is None


class Winding(Scale):
    """Bytes that fall back on the way, while the error goes on falling."""

    finest, marks = 7, (0, 2, 4, 6)

    def coded(self, quality: int) -> Coded:
        size = (189, 300, 447, 569, 544, 511, 500, 637)[quality]
        return Coded(bytes(size), self.original + 2.0**-quality, self.original)


def test_where_bytes_fall_with_quality_the_best_of_all_that_fit_is_taken():
    rival = Winding(torch.zeros(1, 3, 4, 4))
    assert rival.within(530) == 6 and rival.within(460) == 2
    assert [c.size for c in rival.curve()] == [189, 447, 500]
    assert rival.with_as_many(520) is rival.at(6)  # 544 bytes are worth less
    assert rival.with_as_many(600) is rival.at(7)
    assert rival.as_good_as(rival.at(3).psnr).size == 500


def test_the_front_rises_in_bytes_and_in_decibels():
    original = torch.zeros(1, 3, 2, 2)
    made = [Coded(bytes(size), original + error, original) for size, error in ((9, 0.1), (5, 0.2), (7, 0.3), (9, 0.2), (12, 0.1))]
    assert [c.size for c in front(made)] == [5, 9]


def test_a_gain_is_what_is_between_points_that_rise_whatever_the_order_of_qualities():
    found = {name: Winding(torch.zeros(1, 3, 4, 4)).curve() for name in ("PCA", "network")}
    assert np.abs(report.gains(found)["network over PCA"].y).max() < 1e-9


def test_few_qualities_are_tried_between_two_marks():
    rival = WebP(photograph("cat", 128))
    rival.curve()
    before = len(rival.tried)
    steps = list(rival.steps(lambda c: math.log(c.size), math.log(1500)))
    assert 1 <= len(steps) == len(rival.tried) - before <= 5
    rival.with_as_many(1500)
    assert len(rival.tried) == before + len(steps)


def test_at_a_high_rate_jpeg_keeps_its_colours_whole_and_gets_its_bytes():
    rival = Jpeg(photograph("astronaut", 256))
    small, whole = rival.kinds
    size = whole.at(97).size
    found = rival.with_as_many(size)
    assert found.size >= size and found.psnr > small.with_as_many(size).psnr + 1
    low = small.at(10).size
    assert rival.with_as_many(low).psnr >= max(kind.with_as_many(low).psnr for kind in rival.kinds)
    needed = rival.as_good_as(30.0)
    assert needed.size == min(kind.as_good_as(30.0).size for kind in rival.kinds)


def test_jpeg_and_webp_are_whole_files_that_others_read_alike():
    picture = photograph("cat", 64)
    for rival, kind in ((SmallColour(picture), "JPEG"), (WholeColour(picture), "JPEG"), (WebP(picture), "WEBP")):
        coded = rival.at(30)
        with Image.open(io.BytesIO(coded.data)) as opened:
            assert opened.format == kind
            assert images.to_image(coded.picture).tobytes() == opened.convert("RGB").tobytes()


def test_water_filling_by_hand():
    assert report.water_filling([4.0, 1.0, 0.25], 1.0) == (1.0, 0.75)
    assert report.water_filling([16.0, 4.0], 1.0) == (3.0, 1.0)


# ---------------------------------------------------------------- files


@cache
def shown() -> hub.Result:
    return hub.run("compression", "sample:cat", **QUICK)


@pytest.fixture
def result() -> hub.Result:
    return shown()


def test_the_file_becomes_the_very_picture_that_was_shown(result):
    back = hub.run("compression", file=result.files[WHOLE])
    assert back.image.tobytes() == result.image.tobytes() and back.image.size == result.image.size
    assert back.metrics["bytes"] == result.metrics["bytes"] == len(result.files["compressed.bin"])


def changed(data: bytes, head: dict | None = None, code: bytes | None = None, weights: dict | None = None) -> bytes:
    """The file with other contents, whose digest is right again."""
    tensors = load(data) | (weights or {})
    if code is not None:
        tensors["code"] = torch.frombuffer(bytearray(code), dtype=torch.uint8)
    told = json.loads(container.head_of(data)) | {"sha256": container._digest(tensors)} | (head or {})
    return save(tensors, {"netsee": json.dumps(told)})


def test_foreign_and_damaged_files_are_refused_in_one_line(result):
    whole, code = result.files[WHOLE], result.files["compressed.bin"]
    assert hub.run("compression", file=changed(whole)).image.tobytes() == result.image.tobytes()
    large = b"\xff\xff\xff\xff" + code[4:]
    spoiled = [b"x", code, whole[:-1], whole[:200], whole[:-5] + b"\1" + whole[-4:], save({"a": torch.zeros(2)})]
    wrong = [large, code[:3], code[: len(code) // 2], b"\0\0" + code[2:], code[:6] + b"\3" + code[7:]]
    spoiled += [changed(whole, code=c) for c in wrong]
    spoiled += [changed(whole, head) for head in ({"width": 10**9}, {"code": 0}, {"format": "another"}, {"code": "x"})]
    for data in spoiled:
        with pytest.raises(BadFile, match="as it was downloaded") as caught:
            hub.run("compression", file=data)
        assert "\n" not in str(caught.value)


def test_decoders_that_divide_by_nothing_or_run_away_are_refused(result):
    whole = result.files[WHOLE]
    tensors = load(whole)
    huge = torch.full_like(tensors["straight.weight"], 1e38, dtype=torch.float32)
    for name, value in (("deviations", torch.zeros_like(tensors["deviations"])), ("straight.weight", huge)):
        with pytest.raises(BadFile, match="as it was downloaded"):
            hub.run("compression", file=changed(whole, weights={name: value}))


# ---------------------------------------------------------------- the technique


def test_no_steps_of_training_leave_pca():
    found = hub.run("compression", "sample:cat", **QUICK | {"steps": 0})
    one, other, *_ = found.table
    assert (one["PSNR, dB"], one["bytes"]) == (other["PSNR, dB"], other["bytes"])
    assert np.abs(found.curves["network over PCA"].y).max() < 1e-9
    assert "the same as PCA" in found.caption


def test_every_byte_that_is_told_is_there_and_rivals_get_no_fewer(result):
    network, *others = result.table
    assert network["bytes"] == len(result.files["compressed.bin"]) <= 0.25 * np.prod(result.image.size) / 8
    assert all(row["bytes"] >= network["bytes"] for row in others)
    assert network["PSNR, dB"] == pytest.approx(
        psnr(images.to_tensor(result.image), images.to_tensor(result.images[-4][0])), abs=0.01
    )


def test_the_decoder_is_in_the_bill(result):
    network, jpeg = result.table[0], result.table[2]
    bill = network["decoder, bytes"]
    decoder = {name: value for name, value in load(result.files[WHOLE]).items() if name != "code"}
    assert bill > sum(value.numel() * 2 for value in decoder.values())
    pays = math.ceil(bill / (jpeg["bytes for the network's PSNR"] - network["bytes"]))
    assert f"which {pays} such pictures would pay for" in result.caption
    with_it = result.curves["network and its decoder"]
    assert with_it.x[0] == pytest.approx(result.curves["network"].x[0] + 8 * bill / np.prod(result.image.size))
    own = hub.run("compression", "sample:cat", learn_from="this picture", **QUICK)
    assert "belongs to this picture alone" in own.caption


def test_the_map_of_pca_is_in_the_bill_too():
    own = hub.run("compression", "sample:cat", learn_from="this picture", **QUICK | {"code": 20})
    expected = (20 * 192 + 192) * 2
    assert own.table[1]["decoder, bytes"] == expected and "PCA's map, of this picture too, is 8.1 kB" in own.caption
    with_it, without = own.curves["PCA and its map"], own.curves["PCA"]
    assert with_it.y == without.y
    assert np.subtract(with_it.x, without.x) == pytest.approx(8 * expected / np.prod(own.image.size))


def test_at_four_bits_for_a_pixel_rivals_get_as_many_bytes_or_it_is_said_that_they_end():
    found = hub.run("compression", "sample:flower", rate=4, **QUICK | {"code": 192, "size": 192})
    network, _, jpeg, webp = found.table
    assert network["bits per pixel"] > 3.6
    assert jpeg["method"] == "JPEG" and jpeg["bytes"] >= network["bytes"]
    assert webp["method"] == "WebP, its finest" and webp["bytes"] < network["bytes"]
    assert "WebP ends at" in found.caption and "JPEG ends at" not in found.caption


def test_one_can_stop_between_any_two_qualities(monkeypatch):
    tried = []
    coded = Network._coded
    monkeypatch.setattr(Network, "_coded", lambda self, *args: tried.append(args) or coded(self, *args))
    counts = [len(tried) for _ in hub.stream("compression", "sample:cat", **QUICK)]
    assert max(np.diff([0, *counts])) <= 2  # with what was learnt, and without
    assert len(tried) < 40


@pytest.mark.parametrize("size", [(1, 1), (301, 7), (9, 8)])
@pytest.mark.parametrize("learn_from", ["other photographs", "this picture"])
def test_one_colour_and_the_smallest_pictures_come_out_about_right(size, learn_from):
    found = hub.run("compression", Image.new("RGB", size, (200, 40, 90)), learn_from=learn_from, **QUICK)
    assert found.image.size == (size if max(size) < 64 else (64, 1))
    assert found.metrics["PSNR, dB"] > 30
    assert found.metrics["bytes"] <= 66
