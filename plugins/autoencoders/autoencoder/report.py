"""What is said of the trained networks: figures against PCA, pictures for the gallery, the curve over the size of the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hub import Curve
from plugins.autoencoders._examples import Examples
from plugins.autoencoders._figures import decibels, ssim
from plugins.autoencoders._linear import PCA, angle, mean_squared
from plugins.autoencoders._networks import Autoencoder
from plugins.autoencoders._patches import in_parts
from plugins.autoencoders.autoencoder import maps, views

NEAR = 1.01  # times the optimum, at most, to count as PCA
LIKENESS = 300  # examples that SSIM is taken on, at most


def told(
    data: Examples,
    pca: PCA,
    trained: Mapping[int, Autoencoder],
    k: int,
    seed: int,
    ends: tuple[int, int],
    curves: Mapping[str, Curve],
) -> dict[str, Any]:
    """Parts of the last Result: picture, gallery, figures, table, curves, caption, film. curves: of the training."""
    made, rows = trained[k], table(data, pca, trained)
    strip, film = maps.walk(data, made, pca, ends)
    pictures, labels = maps.mapped(data)
    found = maps.places(pictures, trained.get(2, made), pca, seed)
    gallery = views.lost(data, pca, k, made) if data.patches else []
    if found:
        gallery += [(maps.drawn(found, pictures, labels), f"{len(pictures)} examples by two numbers each")]
    gallery += [(strip, f"A walk from example {ends[0]} to example {ends[1]}"), *views.atoms(data, pca, k, made)]
    if data.patches:
        gallery.append((views.compared(data, pca, k, made), "Patches that were held out"))
    kinds = (
        {f"{name}, share of neighbours of a kind": maps.of_a_kind(p, labels) for name, p in found.items()}
        if labels is not None
        else {}
    )
    return {
        "image": views.sheet(data, pca, k, made),
        "images": gallery,
        "table": rows,
        "curves": dict(curves) | rates(rows),
        "metrics": figures(data, pca, k, made) | kinds,
        "caption": caption(data, pca, k, made),
        "files": {"walk.webp": film},
    }


def figures(data: Examples, pca: PCA, k: int, made: Autoencoder) -> dict[str, float]:
    """Quality on held-out examples, and for a linear network how far it is from PCA."""
    rebuilt, by_pca = in_parts(made, data.held), pca.through(data.held, k)
    found = {
        "PSNR of the autoencoder, dB": decibels(mean_squared(rebuilt, data.held)),
        "PSNR of PCA, dB": decibels(mean_squared(by_pca, data.held)),
    }
    if made.design.kind == "linear":
        found |= {
            "error over the exact optimum": over_the_optimum(data, pca, k, made),
            "angle to PCA's space, degrees": angle(views.principal_axes(made), pca.components[:k]),
        }
    return found


def over_the_optimum(data: Examples, pca: PCA, k: int, made: Autoencoder) -> float:
    """Error on what was learnt from over the least that a linear autoencoder can have there; 1 where both are nothing."""
    reached, least = mean_squared(in_parts(made, data.train), data.train), pca.error(k)
    return reached / least if least > 1e-9 else 1.0 if reached < 1e-6 else float("1e9")


def caption(data: Examples, pca: PCA, k: int, made: Autoencoder) -> str:
    """The result in one or two sentences."""
    numbers = f"{k} number" + ("s" if k > 1 else "")
    if made.design.kind == "linear":
        ratio = over_the_optimum(data, pca, k, made)
        verdict = (
            "Within 1 % of the exact optimum: one linear layer each way, trained by gradient descent, does what PCA does"
            if ratio <= NEAR
            else f"Its error is {ratio:.3g} times the exact optimum: it is not there yet. Give it more steps"
        )
        return f"{verdict}. Its space and PCA's lie {angle(views.principal_axes(made), pca.components[:k]):.1f}° apart."
    gain = figures(data, pca, k, made)
    gain = gain["PSNR of the autoencoder, dB"] - gain["PSNR of PCA, dB"]
    beats = (
        f"it rebuilds what it has never seen {gain:.1f} dB better than PCA does"
        if gain >= 0.05
        else "it rebuilds what it has never seen just as PCA does"
        if gain > -0.05
        else f"PCA rebuilds what neither has seen {-gain:.1f} dB better"
    )
    where = "It learnt from the picture that it is tested on, which is too small to part." if data.fitted else ""
    return " ".join(filter(None, (f"From {numbers} instead of {data.numbers}, {beats}.", where)))


# ---------------------------------------------------------------- over the size of the code


def errors(data: Examples, pca: PCA, trained: Mapping[int, Autoencoder]) -> dict[int, tuple[Tensor, Tensor]]:
    """Held-out examples as (PCA, the network) rebuild them, by the size of the code."""
    return {k: (pca.through(data.held, k), in_parts(trained[k], data.held)) for k in sorted(trained)}


def table(data: Examples, pca: PCA, trained: Mapping[int, Autoencoder]) -> list[dict[str, Any]]:
    """PSNR and SSIM on held-out examples for each size of code, and what the network is made of."""
    return [
        {
            "numbers in the code": k,
            "PSNR of PCA": round(decibels(mean_squared(by_pca, data.held)), 2),
            "PSNR of the autoencoder": round(decibels(mean_squared(rebuilt, data.held)), 2),
            "SSIM of PCA": round(ssim(by_pca[:LIKENESS], data.held[:LIKENESS]), 3),
            "SSIM of the autoencoder": round(ssim(rebuilt[:LIKENESS], data.held[:LIKENESS]), 3),
            "weights": trained[k].parameter_count,
        }
        for k, (by_pca, rebuilt) in errors(data, pca, trained).items()
    ]


def rates(rows: list[dict[str, Any]]) -> dict[str, Curve]:
    """PSNR over the size of the code, from the rows of the table, where there are several."""
    if len(rows) < 2:
        return {}
    sizes = [float(row["numbers in the code"]) for row in rows]
    chart = {"label_x": "numbers in the code", "label_y": "dB", "chart": "Quality over the size of the code", "log": "x"}
    return {
        who: Curve(sizes, [row[f"PSNR of {who}"] for row in rows], **chart) for who in ("the autoencoder", "PCA")
    }
