"""How the picture is restored, by the network and by what stands beside it; all of it can be stopped on the way."""

from __future__ import annotations

import torch
from torch import Tensor

from plugins.autoencoders._pauses import Work
from plugins.autoencoders.denoising_autoencoder import classical
from plugins.autoencoders.denoising_autoencoder.lessons import Lessons
from plugins.autoencoders.denoising_autoencoder.report import Made
from plugins.autoencoders.denoising_autoencoder.shrinkage import Shrinkage
from plugins.autoencoders.denoising_autoencoder.subject import Subject

LAST_PASSES = 3
"""Times that what is missing is guessed anew at the end."""


def restored(
    network: Shrinkage, subject: Subject, taught: Lessons, stride: int = 1, passes: int = LAST_PASSES, given: Tensor | None = None
) -> Work[Tensor]:
    """The subject restored, by patches `stride` apart, on the way there by fewer. given: what to begin from, if not its guess."""
    guessed = subject.guessed if given is None else given
    for left in reversed(range(1 if taught.spoiling.sigma else passes)):
        made = yield from network.restore(guessed, subject.missing, max(2, stride) if left else stride)
        guessed = taught.kept(made, guessed, subject.missing)
    return guessed


def rivals(subject: Subject, taught: Lessons) -> Work[list[Made]]:
    """What the network began as, and what restores it without one, the strongest setting of each."""
    began = yield from untrained(subject, taught)
    linear = yield from taught.linear(subject.guessed, subject.missing)
    components, k = yield from classical.principal_components(subject.guessed, taught.pca, taught.shape[-1], taught.noise)
    made = [
        began,
        Made("the best linear map of patches", linear, "Wiener's filter, closed form"),
        Made("PCA", taught.kept(components, subject.guessed, subject.missing), f"{k} of {len(taught.wiener)} components"),
    ]
    if subject.spoiling.darkens:
        made.append(inpainting(subject))
        yield
    for name in classical.denoisers(subject.spoiling.sigma) if subject.spoiling.sigma else ():
        made.append((yield from denoised(name, subject)))
    return made


def inpainting(subject: Subject) -> Made:
    """Biharmonic inpainting, where it can be; diffusion where there is noise, which that equation would run after."""
    each = zip(subject.spoiled.split(1), subject.missing.split(1), strict=True)
    found = [None] if subject.spoiling.sigma else [classical.biharmonic(a, b) for a, b in each]
    if any(made is None for made in found):
        return Made("diffusion", subject.guessed, "nothing to choose; where the network begins")
    return Made("biharmonic inpainting", torch.cat(found), "nothing to choose")


def untrained(subject: Subject, taught: Lessons) -> Work[Made]:
    """What the network began as; none of the chance that it began with shows yet."""
    network = Shrinkage(taught.pca, taught.shape, taught.noise, torch.Generator(), taught.alone)
    pictures = yield from restored(network, subject, taught)
    return Made("the network before training", pictures, "the closed form that it begins as")


def denoised(name: str, subject: Subject) -> Work[Made]:
    """A classical denoiser, tuned against the clean picture, or, where there is none, by what it foretells."""
    tool, strengths = classical.denoisers(subject.spoiling.sigma)[name]
    if subject.clean is None:
        found, strength = yield from classical.calibrated(tool, strengths, subject.guessed)
        return Made(name, found, f"strength {strength:.3f}, by J-invariance")
    pairs = []
    for noisy, clean in zip(subject.guessed.split(1), subject.clean.split(1), strict=True):
        pairs.append((yield from classical.tuned(tool, strengths, noisy, clean)))
    strength = sum(s for _, s in pairs) / len(pairs)
    return Made(name, torch.cat([made for made, _ in pairs]), f"strength {strength:.3f}, tuned against the clean picture")
