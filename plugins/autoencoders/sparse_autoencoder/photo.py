"""Sparse codes of a photograph: from its patches to atoms, and what is shown of them."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from hub import Curve, Image, Result
from hub.pixels import images
from plugins.autoencoders import _pages
from plugins.autoencoders._figures import decibels
from plugins.autoencoders._linear import PCA, mean_squared
from plugins.autoencoders._patches import Patches, in_parts
from plugins.autoencoders._pauses import Scene, Work, during
from plugins.autoencoders._training import Course, Log, Training
from plugins.autoencoders.sparse_autoencoder import codes, comparison, sheets
from plugins.autoencoders.sparse_autoencoder.codes import Settings, SparseAutoencoder
from plugins.autoencoders.sparse_autoencoder.patchwork import AT_ONCE, Subject

JUDGED = 2000  # held-out patches that anything is measured on
WATCHED = 500  # those of them that the loss is measured on as it learns
PLACES = 70_000  # patches that a map of where latents fire is made from, at most
SHOWN = 40  # latents in the gallery
DETAIL = slice(75, 195), slice(85, 265)  # rows and columns of the bundled photo that are shown in full
FEW = (1, 2, 4, 8)  # atoms of each patch that the photo is rebuilt from
Bases = dict[str, Tensor]


def coded(
    alone: bool, subject: Subject, settings: Settings, course: Course, latent: int, generator: torch.Generator
) -> Iterator[Result]:
    """What classical dictionaries do at once; then a network learns; then both side by side.

    alone: the visitor gave no picture, and is shown sheets. latent: the one to look at, or -1.
    """
    known = comparison.bases(subject.train, subject.shape)
    yield Result(image=lambda: first(subject, known, settings.k, alone), progress=0.01)
    data, held = subject.seen(subject.train), subject.seen(subject.held[:WATCHED])
    network = SparseAutoencoder.of(data, settings, generator)
    least = codes.least_cost(held, PCA.of(data).components, settings)
    log = Log("Loss while it learns", "loss", {"principal components, at their best": least})
    show = partial(preview, subject, network, alone)
    yield from Training(network, network.loss, data, course, generator, log, lambda: network.cost(held)).run(show, (0.02, 0.85))
    network.ordered(data)
    still, learning = cache(show), log.curves()

    def scene(share: float) -> Result:
        return Result(image=still, curves=learning, progress=0.85 + 0.15 * share)

    last = yield from told(subject, network, known, learning, latent, alone, scene)
    yield Result(**last, progress=1.0)


def first(subject: Subject, known: Bases, k: int, alone: bool) -> Image:
    """Before there is a network: the classical dictionaries, or the photo from its k best cosines."""
    if not alone:
        return images.to_image(subject.rebuilt(comparison.best_of(known["cosines (DCT)"], k)))
    return _pages.stacked({words(name): sheets.dictionary_sheet(basis, subject.shape) for name, basis in list(known.items())[:2]})


@torch.no_grad()
def preview(subject: Subject, network: SparseAutoencoder, alone: bool) -> Image:
    """While it learns: the atoms as they are, or the photo as the network codes it."""
    if not alone:
        return images.to_image(subject.rebuilt(subject.through(network)))
    return _pages.stacked({"Atoms, learning": sheets.dictionary_sheet(subject.atoms(network.dictionary), subject.shape)})


@torch.no_grad()
def told(
    subject: Subject,
    network: SparseAutoencoder,
    known: Bases,
    learning: dict[str, Curve],
    latent: int,
    alone: bool,
    scene: Scene,
) -> Generator[Result, None, dict[str, Any]]:
    """Parts of the last Result; meanwhile, scenes."""
    held, k = subject.held[:JUDGED], network.settings.k
    learnt = subject.atoms(network.dictionary)
    code = in_parts(network.encode, subject.seen(held))
    quality = decibels(mean_squared(subject.through(network)(held), held))
    rates = yield from during(firing_rates(subject, network), scene, 0.05)
    searched = {comparison.LEARNT: learnt, comparison.UNLEARNT: subject.atoms(network.begun)}
    found = yield from during(comparison.trade_off(held, searched, known, k), scene, 0.1)
    table = yield from during(comparison.at_equal_error(held, learnt, k), scene, 0.2)
    few = yield from during(by_few(subject, learnt, [n for n in FEW if n <= min(learnt.shape)]), scene, 0.4)
    pictures = yield from during(rebuilt(subject, network, known, few), scene, 0.6)
    pictures += dictionary_pages(subject, learnt, known)
    pictures += yield from during(told_latents(subject, network, rates), scene, 0.8)
    figures = {
        "latents": float(len(learnt)),
        "latents that fire for a patch, mean": codes.active(code),
        "latents that never fire, share": float((rates == 0).float().mean()),
        "variance explained of whitened patches": codes.explained(subject.seen(held), network(subject.seen(held))),
        "PSNR by the encoder, dB": quality,
    } | {f"PSNR of {k} {name}, dB": points[k] for name, points in found.items() if k in points}
    return {
        "image": main(subject, network, few, latent, alone, rates),
        "images": pictures,
        "curves": learning | comparison.curves(found, (codes.active(code), quality)) | sheets.firing(rates, "patches"),
        "table": table,
        "metrics": codes.known(figures),
        "caption": caption(subject, network, found, (codes.active(code), quality), rates),
    }


def caption(
    subject: Subject, network: SparseAutoencoder, found: dict[str, dict[int, float]], encoder: tuple[float, float], rates: Tensor
) -> str:
    """The result in a few sentences; the classical dictionaries are named where they do better."""
    k = min(network.settings.k, max(found[comparison.LEARNT]))
    ours, unlearnt, *_ = (points[k] for points in found.values())
    others = {name: points[k] for name, points in found.items() if name not in (comparison.LEARNT, comparison.UNLEARNT)}
    name, theirs = max(others.items(), key=lambda item: item[1])
    seen = "patches that it learnt from, as the picture is small," if subject.fitted else "patches it has never seen"
    against = (
        f"{ours - theirs:.1f} dB more than the best {k} {name}"
        if ours >= theirs + 0.05
        else f"the best {k} {name} reach {theirs - ours:.1f} dB more"
        if ours < theirs - 0.05
        else f"as much as the best {k} {name}"
    )
    less = f", less than the {name} do" if encoder[1] < theirs - 0.05 else ""
    return (
        f"{network.settings.latents} atoms learnt from {subject.what}. {k} of them, searched for, rebuild {seen} at "
        f"{ours:.1f} dB, {against}; {k} of as many patches, chosen by chance, not learnt, {unlearnt:.1f} dB. "
        f"The encoder alone, without a search, takes {encoder[0]:.1f} and reaches {encoder[1]:.1f} dB{less}. "
        f"{codes.silent(rates)}"
    )


# ---------------------------------------------------------------- pictures


def words(name: str) -> str:
    """A name as a heading."""
    return name[:1].upper() + name[1:]


def firing_rates(subject: Subject, network: SparseAutoencoder) -> Work[Tensor]:
    """The share of the patches learnt from that each latent fires for: (K,)."""
    fired = torch.zeros(network.settings.latents, device=subject.photo.device)
    for part in subject.train.split(AT_ONCE):
        fired += codes.firing_rates(network.encode(subject.seen(part))) * len(part)
        yield
    return fired / len(subject.train)


def by_few(subject: Subject, learnt: Tensor, counts: list[int]) -> Work[list[tuple[int, Tensor]]]:
    """The photo from the best few atoms of each patch, for each of some counts, by one pursuit: (count, (1, 3, H, W))."""
    found: dict[int, list[Tensor]] = {n: [] for n in counts}
    for part in subject.patches.all().split(AT_ONCE):
        for n, code in enumerate(codes.pursuit(subject.detail(part), learnt, max(counts)), start=1):
            if n in found:
                found[n].append(code @ learnt)
            yield
    return [(n, subject.joined(torch.cat(parts))) for n, parts in found.items()]


def main(
    subject: Subject,
    network: SparseAutoencoder,
    few: list[tuple[int, Tensor]],
    latent: int,
    alone: bool,
    rates: Tensor,
) -> Image:
    """The large picture: one latent where it was asked for; else the photo as coded, or photo and atoms on one sheet."""
    if latent >= 0:
        [(page, place, _)] = latents(subject, network, [latent], rates)
        return page if alone else place
    if not alone:
        return images.to_image(subject.rebuilt(subject.through(network)))
    atoms = sheets.dictionary_sheet(subject.atoms(network.dictionary), subject.shape)
    title = f"{network.settings.latents} atoms, learnt from {subject.what}, those that carry most first"
    row = {"Original": subject.photo} | {counted(n): picture for n, picture in few[:3]}
    cut = {name: images.to_image(picture[..., DETAIL[0], DETAIL[1]]) for name, picture in row.items()}
    return _pages.stacked({"A photo from the best few atoms of each patch": _pages.beside(cut, 14, 4), title: atoms})


def counted(n: int) -> str:
    """A number of atoms in words."""
    return f"{n} atom" + ("s" if n > 1 else "")


def rebuilt(
    subject: Subject, network: SparseAutoencoder, known: Bases, few: list[tuple[int, Tensor]]
) -> Work[list[tuple[Image, str]]]:
    """The photo as it is, as the encoder codes it, from few atoms, and from as many cosines."""
    whole = subject.rebuilt(subject.through(network))
    found = [(images.to_image(subject.photo), "Original"), (images.to_image(whole), said("By the encoder", subject, whole))]
    for n, picture in few:
        yield
        cosines = subject.rebuilt(comparison.best_of(known["cosines (DCT)"], n))
        found.append((images.to_image(picture), said(f"{counted(n)} a patch", subject, picture)))
        found.append((images.to_image(cosines), said(f"{n} cosine{'s' * (n > 1)} a patch", subject, cosines)))
    return found


def said(what: str, subject: Subject, picture: Tensor) -> str:
    """A caption with the quality, averaged over patches that overlap."""
    return f"{what} · {subject.quality(picture):.1f} dB"


def dictionary_pages(subject: Subject, learnt: Tensor, known: Bases) -> list[tuple[Image, str]]:
    """The learnt atoms and the classical ones, drawn alike."""
    named = {f"{len(learnt)} learnt atoms, those that carry most first": learnt} | {words(n): basis for n, basis in known.items()}
    return [(sheets.dictionary_sheet(atoms, subject.shape), name) for name, atoms in named.items()]


# ---------------------------------------------------------------- latents


def told_latents(subject: Subject, network: SparseAutoencoder, rates: Tensor) -> Work[list[tuple[Image, str]]]:
    """A page for each of the latents that carry most of the photo."""
    use = torch.zeros_like(rates)
    for part in subject.patches.all().split(AT_ONCE):
        use += network.encode(subject.seen(subject.detail(part))).square().sum(0)
        yield
    chosen = use.argsort(descending=True, stable=True)[: min(SHOWN, int((use > 0).sum()))].tolist()
    pages = []
    for page, _, caption in latents(subject, network, chosen, rates):
        pages.append((page, caption))
        yield
    return pages


def latents(
    subject: Subject, network: SparseAutoencoder, chosen: list[int], rates: Tensor
) -> Iterator[tuple[Image, Image, str]]:
    """(atom and map on one page, the map alone, a caption) for each of some latents."""
    if not chosen:
        return
    atoms = _pages.centred(subject.atoms(network.dictionary)[chosen].reshape(-1, *subject.shape))
    for latent, atom, code in zip(chosen, atoms, maps(subject, network, chosen), strict=True):
        place = sheets.fires(subject.photo, code)
        caption = f"latent {latent} · fires on {rates[latent]:.1%} of the patches"
        yield sheets.latent_page([_pages.picture(atom)], place), place, caption


def maps(subject: Subject, network: SparseAutoencoder, chosen: list[int]) -> Tensor:
    """The codes of some latents all over the photo: (J, H, W)."""
    height, width = subject.photo.shape[-2:]
    stride = max(2, subject.shape[-1] // 5, math.ceil((height * width / PLACES) ** 0.5))
    patches = Patches.of(subject.photo, subject.shape[-1], stride)
    rows, columns = ((n - patches.side) // stride + 1 for n in patches.padded.shape[-2:])
    code = in_parts(lambda part: network.encode(subject.seen(subject.detail(part)))[:, chosen], patches.all(), AT_ONCE)
    values = code.T.reshape(len(chosen), rows, columns)
    return sheets.laid_out(values, (height, width), patches.side, stride)
