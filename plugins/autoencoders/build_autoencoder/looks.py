"""What is seen of a network: pictures before and after, what its numbers look at and draw, samples, walks through codes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hub import Image
from hub.pixels import images
from plugins.autoencoders import _pages
from plugins.autoencoders._figures import decibels
from plugins.autoencoders._linear import mean_squared
from plugins.autoencoders.build_autoencoder.bench import Bench
from plugins.autoencoders.build_autoencoder.measures import NOTHING

COLUMNS = 12
ATOMS = 32
FRAMES, WALKS = 12, 6
SIDE = 96  # pixels, about what a small picture alone is shown at

Way = Callable[[Tensor], Tensor]


def picture(bench: Bench, way: Way) -> Image:
    """The visitor's picture by one of the bench's ways, or a sheet of held-out examples."""
    return images.to_image(bench.whole(way)) if bench.photo is not None else sheet(bench, way)


def sheet(bench: Bench, way: Way) -> Image:
    """Held-out examples in rows: as they are, spoiled if they are, by the network (or what stands for it), the error, by PCA."""
    some = _pages.spread(len(bench.held_seen), COLUMNS)
    clean, seen = bench.pictures.held[some], bench.held_seen[some]
    rebuilt, linear = way(seen), bench.by_best(seen)
    numbers, network = f"{bench.design.code} numbers", way == bench.by_network
    rows = {"Held-out originals": clean}
    if bench.task.noise != "none":
        rows["As the network sees them"] = seen
    rows |= {
        f"{'Rebuilt from' if network else 'PCA with'} {numbers} · {_db(rebuilt, clean)}": rebuilt,
        "Error: grey is none": _pages.errors(rebuilt, clean),
    }
    if network:
        rows[f"{'PCA with' if bench.best is None else 'Best linear map through'} {numbers} · {_db(linear, clean)}"] = linear
    return _pages.rows(rows, _pages.scale_for(clean.shape[-1] * COLUMNS, _pages.WIDE))


def _db(rebuilt: Tensor, clean: Tensor) -> str:
    error = mean_squared(rebuilt.clamp(0, 1), clean)
    return f"{decibels(error):.1f} dB on these" if error > NOTHING else "nothing lost"


def gallery(bench: Bench, walked: Tensor) -> list[tuple[Image, str]]:
    """What stands under the result, each with a caption."""
    shown = []
    if bench.photo is not None:
        if bench.task.noise != "none":
            shown.append((images.to_image(bench.photo_seen.clamp(0, 1)), "Your picture as the network sees it"))
        linear = "PCA" if bench.best is None else "The best linear map"
        error = _pages.errors(bench.whole(bench.by_network), bench.photo)
        apart = not bench.pictures.fitted
        shown += [
            (images.to_image(bench.whole(bench.by_best)), f"{linear} with {bench.design.code} numbers for each patch"),
            (images.to_image(error), "The error of the network: grey is none"),
            (sheet(bench, bench.by_network), "Patches of parts that nothing was learnt from" if apart else "Its patches"),
        ]
    scale = _pages.scale_for(bench.pictures.shape[-1], SIDE)
    if bench.design.variational:
        with torch.no_grad():
            drawn = bench.made.decode(bench.prior.to(bench.seen.device))
        shown.append((_pages.grid(drawn, 8, scale), "New pictures: codes drawn from a standard Gaussian, decoded"))
    numbers = min(ATOMS, bench.design.code)
    which = "Every number" if numbers == bench.design.code else f"The {numbers} busiest numbers"
    order = busiest(bench)[:numbers]
    columns = min(8, numbers)
    drawn, looked = (_pages.grid(_pages.centred(way(bench, order)), columns, scale) for way in (drawn_by, looked_at))
    shown += [
        (drawn, f"{which} of the code: what the decoder adds for it"),
        (looked, f"{which} of the code: what the encoder looks for"),
        (_pages.grid(walked.flatten(0, 1), FRAMES, scale), "Walks: each row from the code of one held-out example to another's"),
    ]
    return shown


@torch.no_grad()
def codes(bench: Bench) -> Tensor:
    """(M, code) of the held-out examples."""
    return bench.made.encode(bench.held_seen[_pages.spread(len(bench.held_seen), 4096)])


def busiest(bench: Bench) -> Tensor:
    """Numbers of the code, those that vary most over the held-out examples first."""
    return codes(bench).var(0, unbiased=False).argsort(descending=True, stable=True)


@torch.no_grad()
def drawn_by(bench: Bench, order: Tensor) -> Tensor:
    """(k, C, h, w): how the decoded mean code changes where one number does, by its deviation to either side."""
    found = codes(bench)
    middle = found.mean(0)
    steps = torch.diag(found.std(0, unbiased=False).clamp_min(1e-3))[order]
    return bench.made.decode(middle + steps) - bench.made.decode(middle - steps)


def looked_at(bench: Bench, order: Tensor) -> Tensor:
    """(k, C, h, w): the gradient of each number by the picture, averaged over some held-out examples."""
    some = bench.held_seen[_pages.spread(len(bench.held_seen), 64)].clone().requires_grad_()
    with torch.enable_grad():
        found = bench.made.encode(some)
        slopes = [torch.autograd.grad(found[:, i].sum(), some, retain_graph=True)[0].mean(0) for i in order.tolist()]
    return torch.stack(slopes).detach()


@torch.no_grad()
def walks(bench: Bench) -> Tensor:
    """(at most WALKS, FRAMES, C, h, w): decoded codes on straight lines, each between those of two held-out examples."""
    some = bench.held_seen[_pages.spread(len(bench.held_seen), 64)]
    share = torch.linspace(0, 1, FRAMES, device=some.device)[:, None]
    codes = bench.made.encode(some)
    return torch.stack([bench.made.decode(torch.lerp(codes[one], codes[other], share)) for one, other in far_apart(some)])


def far_apart(pictures: Tensor) -> list[tuple[int, int]]:
    """At most WALKS pairs of them, no picture in two: the two that differ most, then those that do of what is left."""
    apart, pairs = torch.cdist(pictures.flatten(1), pictures.flatten(1)), []
    while not pairs or len(pairs) < min(WALKS, len(pictures) // 2):
        one, other = divmod(int(apart.argmax()), len(pictures))
        pairs.append((one, other))
        apart[[one, other]] = apart[:, [one, other]] = -1.0
    return pairs


def animated(walked: Tensor) -> bytes:
    """An endless animated WebP of walks side by side, there and back."""
    scale = _pages.scale_for(walked.shape[-1], SIDE)
    return images.animation([_pages.grid(each, len(walked), scale) for each in walked.transpose(0, 1)], 120, lossless=True)
