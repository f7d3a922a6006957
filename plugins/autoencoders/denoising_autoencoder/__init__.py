"""A picture is spoiled, by noise on every pixel or by darkening parts of it, and a network learns to give the clean one back.

A denoising autoencoder (Vincent et al. 2010) sees spoiled pictures and is asked for the clean ones. It cannot copy, so it has to
learn what pictures look like. Here the code is larger than the picture: every 8 × 8 patch, at every pixel, is written as
192 numbers, a learnt gate makes most of them nearly nothing, and the decoder draws the patches again and averages them where
they overlap. Encoder and decoder begin as principal components and the gate as a classical rule of shrinkage, so that the first
picture that it makes is a restoration already; then all of it is trained.

It learns from photographs that come along, without yours or any like it. So your picture is one that it has never seen, and
the figures are fair: beside it stand the best linear map of patches (Wiener's filter, whose error is the dashed line), PCA, total
variation, non-local means and wavelets. The first two take a patch at every pixel too. The strengths of the last three are tuned
against the clean picture, which helps them and not the network. PSNR is the error on a scale of decibels: 6 more is half the
deviation. The held-out line lies below that of training, since grass and gravel, which it learns from, are harder than the cat
and the astronaut, which it does not. Of all the weights on the way those with the least held-out error are kept; your picture has
no part in that either.

Something that is missing is first guessed by the smoothest surface through what is left (the biharmonic equation), or by
diffusion where there is noise too; the network improves that guess, three times over. Give a mask, white where a picture is
damaged, to have that part filled in. It continues what is at the rim, and invents nothing: large holes come out smooth.

Of a picture that is noisy already nobody has the clean one: the noise is estimated from its finest wavelets, the classical
tools are tuned by how well they foretell hidden pixels (J-invariance), and the error that is left is estimated (SURE), not
measured. All of this takes the noise to be independent from pixel to pixel, as that of a shrunk or compressed photo is not.

Sources: Vincent et al. 2010, "Stacked denoising autoencoders"; Chang et al. 2000, "Adaptive wavelet thresholding" (BayesShrink),
for wavelets and the network's beginning; Coifman and Donoho 1995, "Translation-invariant de-noising", for the mean over their
shifts; Hel-Or and Shaked 2008, "A discriminative approach for wavelet denoising"; Batson and Royer 2019, "Noise2Self"; Ramani
et al. 2008, "Monte-Carlo SURE".
Departures: the code is convolutional and over-complete; its gain is learnt, and depends on the rest of the patch's code.
Noise is added without clipping, as the literature does; pictures are clipped where they are shown and measured.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import cache, partial
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

import hub
from hub import Curve, Image
from plugins.autoencoders._figures import decibels, psnr, ssim
from plugins.autoencoders._pauses import Scene, Work, during, finished
from plugins.autoencoders._training import Course, Log, Training
from plugins.autoencoders.denoising_autoencoder import report
from plugins.autoencoders.denoising_autoencoder.lessons import Lessons, lessons
from plugins.autoencoders.denoising_autoencoder.report import Made, Show
from plugins.autoencoders.denoising_autoencoder.restoring import restored, rivals
from plugins.autoencoders.denoising_autoencoder.shrinkage import STRIDE, Shrinkage
from plugins.autoencoders.denoising_autoencoder.spoiling import Shape
from plugins.autoencoders.denoising_autoencoder.subject import Spoil, Subject, spoilt

BATCH, RATE = 32, 6e-3
BATCH_ALONE, RATE_ALONE = 256, 2e-2
"""Of pictures as small as a patch, as digits are: cheap, and with less to average over."""
NUDGE = 0.1  # of the noise, for the divergence
LOOKS = 60
"""So many times the held-out error is measured and a picture offered while it learns: either takes as long as some steps."""
PASSES = 2
"""Times that what is missing is guessed anew while it learns."""


class Params(hub.Params):
    """What can be set."""

    quick: ClassVar[dict] = {"steps": 2}

    spoil: Spoil = hub.Field(
        "noise", label="Spoil it by", description="Noise on every pixel, or darkening parts of it (masking), or both."
    )
    sigma: float = hub.Field(25.0, ge=0, le=100, label="Noise", description="Deviation of the noise (sigma), of 255.")
    masked: float = hub.Field(0.5, ge=0, le=0.95, label="Masked", description="Share of the picture that is darkened.")
    shape: Shape = hub.Field("pixels", label="Shape of the mask", description="What is darkened: pixels, squares or strokes.")
    learn_from: Literal["photographs", "itself"] = hub.Field(
        "photographs",
        label="Learn from",
        description="Other photographs, a fair test; or your picture itself, spoiled, which flatters the figures.",
    )
    mask: hub.Picture | None = hub.Field(
        None,
        label="Your own mask",
        description="White where your picture is damaged: that part is filled in, and nothing else is spoiled.",
    )
    show: Show = hub.Field(
        "a quarter left spoiled",
        label="Show",
        description="Leave a quarter of the picture, at the right, as spoiled as it was, to see the difference; or restore all.",
        more=True,
    )
    data: Literal["photographs", "digits", "faces"] = hub.Field(
        "photographs", label="Pictures", description="Bundled pictures, where you give none of your own.", more=True
    )
    steps: int = hub.Field(
        240, ge=0, le=5000, label="Steps", description="Steps of training; 0 for the closed form that it begins as.", more=True
    )
    size: int = hub.Field(
        512, ge=16, le=2048, label="Size", description="Longer side that your picture is worked on at, in pixels.", more=True
    )
    seed: hub.Seed = hub.Field(0, label="Seed", description="What chance starts from: noise, masks, training.", more=True)


def cost(image: Image | None, params: Params) -> float:
    """Seconds: the training, and the classical methods beside it."""
    return 8 + 0.035 * params.steps + 3e-6 * params.size**2


@hub.technique(
    title="Denoising",
    family="Compress & restore",
    cost=cost,
    paper="Vincent et al. 2010, Stacked denoising autoencoders; Hel-Or and Shaked 2008",
)
def run(image: Image | None, params: Params) -> Iterator[hub.Result]:
    """See the module's page."""
    generator = torch.Generator().manual_seed(params.seed)
    subject = spoilt(image, params, generator)
    if not subject.spoiling.sigma and not subject.spoiling.darkens:
        yield report.untouched(subject)
        return
    said = "A first guess, from what is left." if subject.spoiling.darkens else "What the network is given."
    begun = hub.Result(image=report.stage(subject, subject.guessed, params.show), progress=0.005, caption=said)
    yield begun
    own = subject.clean if image is not None and params.learn_from == "itself" else None
    taught = yield from during(lessons(own, image, params.data, subject.spoiling, generator), lambda _: begun, 0.0)
    network = Shrinkage(taught.pca, taught.shape, taught.noise, generator, taught.alone)
    log = yield from learn(network, subject, taught, params, generator)
    yield (yield from told(network, subject, taught, report.curves(log), params.show))


# ---------------------------------------------------------------- the method


def learn(
    network: Shrinkage, subject: Subject, taught: Lessons, params: Params, generator: torch.Generator
) -> Generator[hub.Result, None, Log]:
    """Train it, the closed form that it begins as being the first preview."""

    show = partial(preview, network, subject, taught, params.show)

    def held() -> float:
        return float(taught.error(passed(network, taught.guessed, taught.missing, taught, PASSES), taught.clean))

    def objective(batch: Tensor) -> Tensor:
        clean, guessed, missing = taught.example(batch, generator)
        return taught.error(passed(network, guessed, missing, taught, PASSES), clean)

    yield hub.Result(image=show, progress=0.01, caption="Before any training: principal components, shrunk by a classical rule.")
    linear = float(taught.error(finished(taught.linear(taught.guessed, taught.missing)), taught.clean))
    log = Log(references={"the best linear map, held out": linear})
    course = Course(params.steps, *((BATCH_ALONE, RATE_ALONE) if taught.alone else (BATCH, RATE)))
    training = Training(network, objective, taught.train, course, generator, log, held, keep_best=True)
    yield from training.run(show, (0.02, 0.7), curves=partial(report.curves, log), looks=LOOKS)
    return log


def preview(network: Shrinkage, subject: Subject, taught: Lessons, show: Show) -> Image:
    """The subject as the network restores it now, by fewer patches."""
    return report.stage(subject, finished(restored(network, subject, taught, STRIDE, 1)), show)


def passed(network: Shrinkage, guessed: Tensor, missing: Tensor, taught: Lessons, passes: int) -> Tensor:
    """Through the autoencoder; what is missing and has no noise, several times, each from the guess of the one before.

    Only the last one is learnt from: it has the better guess, and the time is a third less.
    """
    for left in reversed(range(1 if taught.spoiling.sigma else passes)):
        with torch.set_grad_enabled(torch.is_grad_enabled() and not left):
            guessed = taught.kept(network(guessed, missing), guessed, missing)
    return guessed


# ---------------------------------------------------------------- what is said of it


def told(
    network: Shrinkage, subject: Subject, taught: Lessons, curves: dict[str, Curve], show: Show
) -> Generator[hub.Result, None, hub.Result]:
    """The last result; meanwhile what is there of it."""

    def scene(image: Image | Callable[[], Image], said: str) -> Scene:
        return lambda share: hub.Result(image=image, curves=curves, progress=0.7 + 0.3 * share, caption=said)

    learnt = scene(cache(partial(preview, network, subject, taught, show)), "Learnt; now every pixel is restored.")
    pictures = yield from during(restored(network, subject, taught), learnt, 0.0)
    after = Made("denoising autoencoder", pictures, f"trained on {taught.what}")
    stage = report.stage(subject, after.pictures, show)
    done = scene(stage, "Restored; now the other tools.")
    others = yield from during(rivals(subject, taught), done, 0.4)
    if subject.clean is not None:
        facts = measured(subject, after, others, taught)
    else:
        facts = yield from during(estimated(subject, after, network, taught), done, 0.9)
    return hub.Result(
        image=stage,
        curves=curves,
        images=report.gallery(subject, after, others, network.atoms()),
        table=[made.row(subject.clean) for made in (Made("spoiled", subject.spoiled), after, *others)],
        files=report.files(subject, after, show),
        progress=1.0,
        **facts,
    )


def measured(subject: Subject, after: Made, others: list[Made], taught: Lessons) -> dict[str, Any]:
    """Figures against the clean picture, and a sentence."""
    clean, spoiled = subject.clean, Made("spoiled", subject.spoiled)
    rival = max(psnr(made.pictures, clean) for made in others[1:])
    own = taught.what == "this very picture"
    return {
        "caption": report.verdict(after, spoiled, others[1:], clean, taught.what, own),
        "metrics": {
            "PSNR, dB": psnr(after.pictures, clean),
            "PSNR spoiled, dB": psnr(spoiled.pictures, clean),
            "SSIM": ssim(after.pictures, clean),
            "gain over the best other tool, dB": psnr(after.pictures, clean) - rival,
        },
    }


def estimated(subject: Subject, after: Made, network: Shrinkage, taught: Lessons) -> Work[dict[str, Any]]:
    """What can be said without a clean picture."""
    if subject.spoiling.stencil is not None:
        share = float(subject.missing.mean())
        return {"caption": f"{share:.0%} of the picture is filled in from what is around it. Nobody knows what was there, so "
                "there are no figures.", "metrics": {"share filled in": share}}  # fmt: skip
    sigma = subject.spoiling.sigma
    chance = torch.Generator().manual_seed(0)
    probe = torch.randint(0, 2, subject.guessed.shape, generator=chance).to(subject.guessed) * 2 - 1
    nudged = yield from restored(network, subject, taught, given=subject.guessed + NUDGE * sigma * probe)
    error = report.sure(subject.guessed, after.pictures, nudged, probe, NUDGE * sigma, sigma)
    said = (
        f"if the noise is Gaussian and independent, Stein's estimate is about {decibels(error):.0f} dB PSNR."
        if error > 0
        else "and too little of it is seen for an estimate."
    )
    return {
        "caption": f"The noise is estimated at {sigma * 255:.1f} of 255, fine texture included. There is no clean picture to "
        f"measure against; {said}",
        "metrics": {"noise, of 255": sigma * 255} | ({"estimated PSNR, dB": decibels(error)} if error > 0 else {}),
    }
