"""What is said of a compressed picture: curves, pictures at as many bytes, the bill for the decoder."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor

from hub import Curve
from hub.pixels import images
from plugins.autoencoders._figures import decibels
from plugins.autoencoders._linear import PCA
from plugins.autoencoders.compression import views
from plugins.autoencoders.compression.codec import NUMBERS, SIDE, tiles
from plugins.autoencoders.compression.container import NAME, packed, weights
from plugins.autoencoders.compression.rivals import Coded, Network, Rival

CHART, BILL = "Rate and distortion", "Who pays for the decoder"
AXES = {"label_x": "bits per pixel", "label_y": "PSNR, dB", "chart": CHART, "log": "x"}


@dataclass(frozen=True)
class Outcome:
    """All methods on one picture.

    rivals: by name, "network" and "PCA" among them. quality: the network's, at the rate that was asked for. own: the network
    learnt from this very picture.
    """

    rivals: Mapping[str, Rival]
    quality: int
    rate: float
    own: bool

    @property
    def network(self) -> Network:
        return self.rivals["network"]  # type: ignore[return-value]

    @property
    def chosen(self) -> Coded:
        return self.network.at(self.quality)

    @cached_property
    def equal(self) -> dict[str, Coded]:
        """Each method at as many bytes as the network takes, or a few more."""
        size = self.chosen.size
        return {name: self.chosen if name == "network" else rival.with_as_many(size) for name, rival in self.rivals.items()}

    @cached_property
    def needed(self) -> dict[str, Coded | None]:
        """Each method at the network's PSNR; None where it has no quality that is good enough."""
        psnr = self.chosen.psnr
        return {name: self.chosen if name == "network" else rival.as_good_as(psnr) for name, rival in self.rivals.items()}

    @cached_property
    def bill(self) -> int:
        """Bytes of the network's decoder."""
        return len(weights(self.network.decoder))

    @property
    def map(self) -> int:
        """Bytes of PCA's decoder: components and mean, of 16 bits a number."""
        return 2 * NUMBERS * (self.network.decoder.shape.code + 1)

    def ends(self, name: str) -> bool:
        """Whether the method has no quality that takes as many bytes as the network does."""
        return name in self.equal and self.rivals[name].most() < self.chosen.size

    def steps(self) -> Iterator[None]:
        """Compress at one quality after another, until all that is asked for here is known."""
        for name, rival in self.rivals.items():
            if name != "network":
                yield from rival.towards(self.chosen)

    @property
    def pays(self) -> int | None:
        """How many such pictures pay for the decoder by what they save against JPEG; None where they save nothing."""
        jpeg = self.needed["JPEG"]
        saved = jpeg.size - self.chosen.size if jpeg else 0
        return math.ceil(self.bill / saved) if saved > 0 else None


def told(outcome: Outcome, given: bool) -> dict[str, Any]:
    """Parts of the last Result. given: whether the picture is the visitor's."""
    chosen = outcome.chosen
    return {
        "image": images.to_image(chosen.picture) if given else views.sheet(outcome.equal),
        "images": views.gallery(outcome.network, outcome.quality, outcome.equal),
        "curves": curves(outcome),
        "table": [row(name, outcome) for name in outcome.rivals],
        "metrics": figures(outcome),
        "caption": caption(outcome),
        "files": {"compressed.bin": chosen.data, NAME: packed(chosen.data, outcome.network.decoder)},
    }


# ---------------------------------------------------------------- curves


def curves(outcome: Outcome) -> dict[str, Curve]:
    """PSNR over rate of each method, of the network with its decoder, and of theory; and the price over the pictures."""
    found = {name: rival.curve() for name, rival in outcome.rivals.items()}
    whole, plain = (
        [(c.rate * (c.size + bill) / c.size, c.psnr) for c in found[name]]
        for name, bill in (("network", outcome.bill), ("PCA", outcome.map))
    )
    return {
        **lines(found),
        "network and its decoder": Curve(*_columns(whole), **AXES),
        "PCA and its map": Curve(*_columns(plain), **AXES),
        "Gaussian tiles, in theory": Curve(*_columns(shannon(outcome.network.original)), **AXES, kind="reference"),
        **gains(found),
        **prices(outcome),
    }


def gains(found: Mapping[str, list[Coded]]) -> dict[str, Curve]:
    """How far each method is above PCA in as many bytes, where PCA's curve reaches. found: by rising rate."""
    rates, psnrs = [math.log(c.rate) for c in found["PCA"]], [c.psnr for c in found["PCA"]]
    axes = {"label_x": "bits per pixel", "label_y": "dB", "chart": "Gain over PCA in as many bytes", "log": "x"}
    drawn = {}
    for name, coded in found.items():
        over = [(c.rate, c.psnr - float(np.interp(math.log(c.rate), rates, psnrs))) for c in coded]
        over = [(rate, gain) for rate, gain in over if rates[0] <= math.log(rate) <= rates[-1]]
        if name != "PCA" and over:
            drawn[f"{name} over PCA"] = Curve(*_columns(over), **axes)
    return drawn | ({"PCA itself": Curve([found["PCA"][0].rate], [0.0], **axes, kind="reference")} if drawn else {})


def lines(found: Mapping[str, list[Coded]]) -> dict[str, Curve]:
    """PSNR over bits per pixel, for each method."""
    return {name: Curve(*_columns([(c.rate, c.psnr) for c in coded]), **AXES) for name, coded in found.items()}


def _columns(points: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def shannon(picture: Tensor) -> list[tuple[float, float]]:
    """(bits per pixel, PSNR) that no code can beat for Gaussian tiles, each for itself, that vary as those of this picture do."""
    variances = PCA.of(tiles(picture)[0].flatten(1).T).variances.tolist()
    filled = [water_filling(variances, 2.0 ** (-n / 2)) for n in range(28)]
    return [(rate / SIDE**2, decibels(error)) for rate, error in filled if 0.02 < rate / SIDE**2 < 2]


def water_filling(variances: Sequence[float], level: float) -> tuple[float, float]:
    """(bits, mean squared error) of Gaussian numbers at the optimum that a water level stands for.

    Those that vary more than the level are told to an error of the level, the others not at all. Sources: Kolmogorov 1956;
    Shannon 1959; Cover and Thomas, theorem 10.3.3.

    >>> water_filling([4.0, 1.0, 0.25], 1.0)
    (1.0, 0.75)
    """
    bits = sum(math.log2(v / level) / 2 for v in variances if v > level)
    return bits, sum(min(v, level) for v in variances) / len(variances)


def prices(outcome: Outcome) -> dict[str, Curve]:
    """Bytes for one picture over the number of pictures that share a decoder, all methods as good as the network."""
    counts = [float(10 ** (n / 4)) for n in range(0, 17)]
    axes = {"label_x": "pictures that share the decoder", "label_y": "bytes for each", "chart": BILL, "log": "xy"}
    share = Curve(counts, [outcome.chosen.size + outcome.bill / n for n in counts], **axes)
    others = {name: coded for name, coded in outcome.needed.items() if name in ("JPEG", "WebP") and coded}
    return {
        "network and its share of the decoder": share,
        **{f"{name}, as good": Curve([1.0], [float(c.size)], **axes, kind="reference") for name, c in others.items()},
    }


# ---------------------------------------------------------------- words and figures


def row(name: str, outcome: Outcome) -> dict[str, Any]:
    """A line of the table."""
    coded, needed = outcome.equal[name], outcome.needed[name]
    return {
        "method": f"{name}, its finest" if outcome.ends(name) else name,
        "bytes": coded.size,
        "bits per pixel": round(coded.rate, 3),
        "PSNR, dB": round(coded.psnr, 2),
        "SSIM": round(coded.ssim, 3),
        "bytes for the network's PSNR": needed.size if needed else "–",
        "decoder, bytes": {"network": outcome.bill, "PCA": outcome.map}.get(name, "–"),
    }


def figures(outcome: Outcome) -> dict[str, float]:
    """The numbers by name."""
    chosen = outcome.chosen
    return {
        "bytes": chosen.size,
        "bits per pixel": chosen.rate,
        "PSNR, dB": chosen.psnr,
        "SSIM": chosen.ssim,
        "dB above PCA": chosen.psnr - outcome.equal["PCA"].psnr,
        "bytes of the decoder": outcome.bill,
    }


def caption(outcome: Outcome) -> str:
    """The result in a few sentences."""
    chosen = outcome.chosen
    more = chosen.psnr - outcome.equal["PCA"].psnr
    pca = f"{abs(more):.1f} dB {'more' if more >= 0 else 'less'} than PCA" if abs(more) >= 0.05 else "the same as PCA"
    said = [f"{kilobytes(chosen.size)}, {chosen.rate:.2f} bits per pixel: PSNR {chosen.psnr:.1f} dB, {pca} in as many bytes."]
    if chosen.rate > outcome.rate * 1.05:
        said.append(f"So small a picture takes more than the {outcome.rate:g} bits per pixel that were asked for.")
    said.append(f"For that PSNR, {' and '.join(_needs(name, outcome.needed[name]) for name in ('JPEG', 'WebP'))}.")
    said += [f"{name} ends at {kilobytes(outcome.rivals[name].most())}." for name in outcome.rivals if outcome.ends(name)]
    return " ".join([*said, _bill(outcome)])


def _needs(name: str, coded: Coded | None) -> str:
    return f"{name} needs {kilobytes(coded.size)}" if coded else f"{name} has no quality that is good enough"


def _bill(outcome: Outcome) -> str:
    decoder = f"The decoder itself is {kilobytes(outcome.bill)}"
    if outcome.own:
        whole = kilobytes(outcome.bill + outcome.chosen.size)
        return f"{decoder} and belongs to this picture alone: together {whole} have to be sent. " + (
            f"PCA's map, of this picture too, is {kilobytes(outcome.map)}."
        )
    if outcome.needed["JPEG"] is None:
        return f"{decoder}."
    if outcome.pays is None:
        return f"{decoder}, and since JPEG takes no more, no number of pictures would pay for it."
    return f"{decoder}, which {outcome.pays} such pictures would pay for by what they save against JPEG."


def kilobytes(size: int) -> str:
    """A number of bytes in words: kB are 1000."""
    return f"{size} bytes" if size < 1000 else f"{size / 1000:.1f} kB" if size < 99_950 else f"{size / 1000:.0f} kB"
