"""What is shown of a restoration: the photo, sheets, a gallery and a table of all tools, an honest sentence."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from PIL import ImageDraw
from torch import Tensor

from hub import Curve, Image, Result
from hub.pixels import images
from plugins.autoencoders import _pages
from plugins.autoencoders._figures import psnr, ssim
from plugins.autoencoders._training import Log
from plugins.autoencoders.denoising_autoencoder.subject import Subject

Show = Literal["a quarter left spoiled", "all restored"]
WIDE_ENOUGH = 200  # pixels, for words on a picture
ATOMS = 64
TOGETHER = 3  # looks, of four steps each in a short training
THIRD = 300  # pixels


@dataclass(frozen=True)
class Made:
    """One restoration. how: how its strength was chosen, or what it is."""

    name: str
    pictures: Tensor
    how: str = ""

    def row(self, clean: Tensor | None) -> dict[str, Any]:
        """Its line of the table; without a clean picture no figures."""
        if clean is None:
            return {"method": self.name, "how": self.how}
        figures = {"PSNR, dB": round(psnr(self.pictures, clean), 2), "SSIM": round(ssim(self.pictures, clean), 3)}
        return {"method": self.name, **figures, "how": self.how}


def untouched(subject: Subject) -> Result:
    """Nothing is wrong with it, so nothing is done."""
    picture = subject.image.copy() if subject.image is not None else small(subject.spoiled)
    known = subject.clean is not None
    told = "It is not spoiled" if known else "No noise is found in it"
    metrics = {"PSNR, dB": 99.0} if known else {}
    return Result(image=picture, caption=f"{told}, so nothing is changed.", progress=1.0, metrics=metrics)


def stage(subject: Subject, found: Tensor, show: Show) -> Image:
    """The picture: a photo restored, but for a quarter of it perhaps; of bundled data a sheet."""
    if subject.image is None:
        return sheet(subject.spoiled, found, subject.clean)
    if subject.damaged is not None:
        return mended(subject.image, found, subject.damaged)
    if subject.clean is None or show == "all restored":
        return whole(found, subject.image.size)
    return quarter_left(subject.spoiled, found, subject.image.size)


def gallery(subject: Subject, after: Made, others: list[Made], atoms: Tensor) -> list[tuple[Image, str]]:
    """Spoiled, restored, what is still wrong, every other tool, the atoms."""
    shown = [captioned(made, subject.clean) for made in (Made("spoiled", subject.spoiled), after)]
    if subject.clean is not None:
        shown.append(wrong(after.pictures, subject.clean))
    return [*shown, *(captioned(made, subject.clean) for made in others), learnt(atoms)]


def files(subject: Subject, after: Made, show: Show) -> dict[str, bytes]:
    """All of the photo restored, where the picture itself shows less."""
    if subject.image is None or subject.clean is None or show == "all restored":
        return {}
    return {"restored.png": png(whole(after.pictures, subject.image.size))}


def curves(log: Log) -> dict[str, Curve]:
    """The course of training. One batch is much harder than the next, so its own error is drawn as the mean over some."""
    drawn = log.curves()
    if "training" in drawn:
        x, y = (np.array_split(v, -(-len(v) // TOGETHER)) for v in (drawn["training"].x, drawn["training"].y))
        means = ([float(part.mean()) for part in parts] for parts in (x, y))
        line = replace(drawn["training"], **dict(zip("xy", means, strict=True)))
        drawn = {f"training, mean of {TOGETHER} looks": line} | {k: v for k, v in drawn.items() if k != "training"}
    return drawn


def captioned(made: Made, clean: Tensor | None) -> tuple[Image, str]:
    """A picture for the gallery, with its figures."""
    figures = "" if clean is None else f": {psnr(made.pictures, clean):.2f} dB, SSIM {ssim(made.pictures, clean):.3f}"
    return small(made.pictures), f"{made.name[0].upper()}{made.name[1:]}{figures}"


def small(pictures: Tensor) -> Image:
    """One picture as it is, several in a row, enlarged."""
    if len(pictures) == 1:
        return _pages.picture(pictures[0], 1 if min(pictures.shape[-2:]) >= 16 else 4)
    return _pages.grid(pictures, len(pictures), _pages.scale_for(pictures.shape[-1] * len(pictures), _pages.WIDE))


def quarter_left(spoiled: Tensor, restored: Tensor, size: tuple[int, int]) -> Image:
    """A restored photo of which the quarter at the right is left spoiled, at (width, height).

    The words stand at the top, clear of those that the app lays over a picture's lower corners.
    """
    left, made = (whole(t, size) for t in (spoiled, restored))
    edge = max(1, round(size[0] * 3 / 4))
    made.paste(left.crop((edge, 0, *size)), (edge, 0))
    if size[0] >= WIDE_ENOUGH and size[1] >= WIDE_ENOUGH // 4:
        pen, letters = ImageDraw.Draw(made), max(13, size[0] // 36)
        pen.line((edge, 0, edge, size[1]), fill="white", width=max(2, size[0] // 256))
        for x, anchor, word in ((edge - letters // 2, "ra", "restored"), (edge + letters // 2, "la", "spoiled")):
            pen.text((x, letters // 2), word, fill="white", font=_pages.font(letters), anchor=anchor,
                     stroke_width=max(1, letters // 9), stroke_fill=(0, 0, 0))  # fmt: skip
    return made


def whole(pictures: Tensor, size: tuple[int, int]) -> Image:
    """A photo at (width, height)."""
    return images.to_image(images.resize(pictures, size[::-1]).clamp(0, 1))


def mended(image: Image, restored: Tensor, damaged: Tensor) -> Image:
    """A photo at its own size, other only where it was damaged, however small it was worked on."""
    found = images.resize(restored, (image.height, image.width))
    return images.to_image(torch.where(damaged > 0, found, images.to_tensor(image)).clamp(0, 1))


def sheet(spoiled: Tensor, restored: Tensor, clean: Tensor) -> Image:
    """Spoiled, restored and original: the middle of one photo beside one another, so that no pixel is lost; else in rows."""
    spoiled, restored, clean = (middle(t) for t in (spoiled, restored, clean))
    named = {"spoiled": spoiled, "restored": restored, "original": clean}
    return _pages.beside({name: small(t) for name, t in named.items()}) if len(clean) == 1 else _pages.rows(named)


def middle(pictures: Tensor) -> Tensor:
    """The middle of pictures, no side longer than fits three times on a page."""
    top, left = (max(0, n - THIRD) // 2 for n in pictures.shape[-2:])
    return pictures[..., top : top + THIRD, left : left + THIRD]


def wrong(restored: Tensor, clean: Tensor) -> tuple[Image, str]:
    """What is still wrong, for the gallery."""
    return small(_pages.errors(restored, clean)), "What is still wrong: grey where nothing is, white or black at a quarter"


def learnt(atoms: Tensor) -> tuple[Image, str]:
    """What some numbers of the code stand for."""
    chosen = atoms[:ATOMS]
    return _pages.atoms(chosen.flatten(1), tuple(atoms.shape[1:]), columns=16 if len(chosen) > 16 else None), (  # type: ignore[arg-type]
        f"What the first {len(chosen)} of {len(atoms)} numbers of the code draw; they began as principal components"
    )


def verdict(best: Made, spoiled: Made, others: list[Made], clean: Tensor, learnt_from: str, own: bool) -> str:
    """One or two sentences with the figures that matter, the network's loss included where it loses."""
    ours, before = psnr(best.pictures, clean), psnr(spoiled.pictures, clean)
    rival = max(others, key=lambda made: psnr(made.pictures, clean))
    theirs = psnr(rival.pictures, clean)
    seen = "fitted to this very picture, so its figure flatters it" if own else f"trained on {learnt_from} only"
    chosen = " (tuned against the clean picture)" if "tuned" in rival.how else ""
    comparison = "more than" if ours > theirs + 0.005 else "less than" if ours < theirs - 0.005 else "as much as"
    return (
        f"From {before:.1f} dB to {ours:.2f} dB PSNR, by a network {seen}: "
        f"{comparison} the best other tool here, {rival.name}{chosen}, at {theirs:.2f} dB."
    )


def png(picture: Image) -> bytes:
    """As a file."""
    memory = io.BytesIO()
    picture.save(memory, "PNG")
    return memory.getvalue()


@torch.no_grad()
def sure(given: Tensor, restored: Tensor, nudged: Tensor, probe: Tensor, reach: float, sigma: float) -> float:
    """Stein's unbiased estimate of the mean squared error, for Gaussian noise of a known deviation, without a clean picture.

    nudged: what is restored from given + reach probe, of a probe of -1 and 1.
    |y - f(y)|^2 / N - sigma^2 + 2 sigma^2 div f / N. Source: Stein 1981; Ramani et al. 2008 for the divergence by a probe.
    """
    divergence = float((probe * (nudged - restored)).cpu().double().mean()) / reach
    return float((given - restored).cpu().double().square().mean()) - sigma**2 + 2 * sigma**2 * divergence
