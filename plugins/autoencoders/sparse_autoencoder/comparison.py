"""Error against sparsity: the learnt atoms beside cosines, Haar wavelets and principal components; and penalty beside penalty."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from hub import Curve
from plugins.autoencoders._figures import decibels
from plugins.autoencoders._linear import PCA, mean_squared
from plugins.autoencoders._pauses import Work
from plugins.autoencoders.sparse_autoencoder import codes, dictionaries

LEARNT, UNLEARNT = "learnt atoms", "unlearnt atoms, examples by chance"
SEARCHED = 128  # examples whose best codes under each penalty are searched for
KEPT = (1, 2, 4, 8, 16, 32)  # atoms kept of each patch, along the curve


def bases(train: Tensor, shape: tuple[int, int, int]) -> dict[str, Tensor]:
    """Name -> an orthonormal dictionary of patches of that shape, (D, D). train: (N, D), for the principal components."""
    named = {"cosines (DCT)": dictionaries.dct(shape[-1]), "Haar wavelets": dictionaries.haar(shape[-1])}
    made = {name: dictionaries.of_patches(basis, shape[0]).to(train.device) for name, basis in named.items()}
    return made | {"principal components": PCA.of(train).components}


def best_of(basis: Tensor, k: int) -> Callable[[Tensor], Tensor]:
    """Data through the k largest coefficients of each example in an orthonormal basis: no k others are nearer."""
    return lambda data: codes.largest(data @ basis.T, k) @ basis


def quality(data: Tensor, restored: Tensor) -> float:
    """PSNR in decibels of values in the unit of a picture."""
    return decibels(mean_squared(restored, data))


def trade_off(
    data: Tensor,
    searched: dict[str, Tensor],
    known: dict[str, Tensor],
    k: int,
    measure: Callable[[Tensor, Tensor], float] = quality,
) -> Work[dict[str, dict[int, float]]]:
    """How near one comes over the atoms kept of each example: name -> atoms -> measure of (data, restored).

    searched: name -> a dictionary of any kind, whose atoms are searched for by pursuit. known: orthonormal dictionaries.
    k: a further count that is measured. Yields now and then, so that it can be stopped.
    """
    most = min(max(k, KEPT[-1]), data.shape[1], *map(len, searched.values()))
    kept = sorted({n for n in (*KEPT, k) if n <= most})
    found: dict[str, dict[int, float]] = {name: {} for name in searched}
    for name, dictionary in searched.items():
        for n, code in enumerate(codes.pursuit(data, dictionary, most), start=1):
            if n in kept:
                found[name][n] = measure(data, code @ dictionary)
            yield
    return found | {name: {n: measure(data, best_of(b, n)(data)) for n in kept} for name, b in known.items()}


def curves(
    found: dict[str, dict[int, float]],
    encoder: tuple[float, float],
    across: str = "atoms kept of each patch",
    up: str = "PSNR, dB",
) -> dict[str, Curve]:
    """One chart; encoder: how many atoms the network's own encoder takes, and the quality it reaches."""
    chart = {"label_x": across, "label_y": up, "chart": "Quality over sparsity", "log": "x"}
    lines = {name: Curve([float(n) for n in points], list(points.values()), **chart) for name, points in found.items()}
    return lines | {f"{LEARNT}, by the encoder": Curve([encoder[0]], [encoder[1]], **chart, kind="points")}


def at_equal_error(data: Tensor, learnt: Tensor, k: int) -> Work[list[dict[str, object]]]:
    """How many latents each penalty leaves to come as near as `k` atoms found by pursuit, in one dictionary: rows of a table.

    Yields now and then, so that it can be stopped.
    """
    data = data[:SEARCHED]
    level = data.square().mean().sqrt().clamp_min(1e-9)
    data = data / level
    *_, chosen = codes.pursuit(data, learnt, k)
    aim = mean_squared(chosen @ learnt, data)
    searches = {"L1": lambda s: codes.lasso(data, learnt, s, 100), "L2": lambda s: codes.ridge(data, learnt, s)}
    found = {"top-k": chosen}
    for name, search in searches.items():
        found[name] = yield from _strongest(search, data, learnt, aim)
    return [
        {
            "penalty, on the same atoms": name,
            "latents not 0": round(codes.active(code), 1),
            "exactly 0": round(len(learnt) - codes.active(code), 1),
            "PSNR, dB": round(decibels(mean_squared(code @ learnt, data) * float(level) ** 2), 2),
        }
        for name, code in found.items()
    ]


def _strongest(
    search: Callable[[float], Tensor], data: Tensor, learnt: Tensor, aim: float
) -> Work[Tensor]:
    """The code of the strongest penalty that still reaches the error, by halving the interval of its logarithm."""
    low, high = 1e-3, 1e2
    for _ in range(10):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if mean_squared(search(middle) @ learnt, data) < aim else (low, middle)
        yield
    return search(low)
