"""What is said of the trained networks: figures against PCA, pictures for the gallery, the curve over the size of the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hub import Curve
from plugins.autoencoders._examples import Examples
from plugins.autoencoders._figures import psnr, ssim
from plugins.autoencoders._linear import PCA, angle, mean_squared
from plugins.autoencoders._networks import Autoencoder
from plugins.autoencoders._patches import in_parts
from plugins.autoencoders._pauses import Work
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
) -> Work[dict[str, Any]]:
    """Parts of the last Result: picture, gallery, figures, table, curves, caption, film. curves: of the training.

    Pauses on the way, so that it can be stopped.
    """
    made, rows = trained[k], table(data, pca, trained)
    yield
    strip, film = maps.walk(data, made, pca, ends)
    yield
    pictures, labels = maps.mapped(data)
    found = maps.places(pictures, trained.get(2, made), pca, seed)
    yield
    gallery = views.lost(data, pca, k, made) if data.patches else []
    yield
    if found:
        gallery += [(maps.drawn(found, pictures, labels), f"{len(pictures)} examples by two numbers each")]
    gallery += [(strip, f"A walk from example {ends[0]} to example {ends[1]}"), *views.atoms(data, pca, k, made)]
    if data.patches:
        gallery.append((views.compared(data, pca, k, made), "Patches" if data.fitted else "Patches that were held out"))
    yield
    quality = figures(data, pca, k, made)
    yield
    return {
        "image": views.sheet(data, pca, k, made),
        "images": gallery,
        "table": rows,
        "curves": dict(curves) | rates(rows),
        "metrics": quality | maps.kinds(found, labels),
        "caption": caption(data, pca, k, made, quality),
        "files": {"walk.webp": film},
    }


def figures(data: Examples, pca: PCA, k: int, made: Autoencoder) -> dict[str, float]:
    """Quality on held-out examples, and for a linear network how far it is from PCA."""
    rebuilt, by_pca = in_parts(made, data.held), pca.through(data.held, k)
    found = {"PSNR of the autoencoder, dB": psnr(rebuilt, data.held), "PSNR of PCA, dB": psnr(by_pca, data.held)}
    if made.design.kind != "linear":
        return found
    ratio = over_the_optimum(data, pca, k, made)
    found |= {} if ratio is None else {"error over the exact optimum": ratio}
    if pca.settled(k):
        found["angle to PCA's space, degrees"] = angle(views.principal_axes(made), pca.components[:k])
    return found


def over_the_optimum(data: Examples, pca: PCA, k: int, made: Autoencoder) -> float | None:
    """Error on what was learnt from over the least that a linear autoencoder can have there: 1 where both are nothing, None where
    only the least is."""
    reached, least = mean_squared(in_parts(made, data.train), data.train), pca.error(k)
    return reached / least if least > 1e-9 else 1.0 if reached < 1e-6 else None


def caption(data: Examples, pca: PCA, k: int, made: Autoencoder, quality: Mapping[str, float]) -> str:
    """The result in one or two sentences. quality: its `figures`."""
    said = f"{linear(pca, k, quality)}." if made.design.kind == "linear" else f"{deep(data, k, quality)}."
    return said + (" It learnt from what it is tested on: the picture is too small to part." if data.fitted else "")


def linear(pca: PCA, k: int, quality: Mapping[str, float]) -> str:
    """How near a linear network has come to PCA."""
    ratio = quality.get("error over the exact optimum")
    verdict = (
        f"Its error is {f'{ratio:.3g} times the exact optimum' if ratio else 'not nothing, as it could be'}: "
        "it is not there yet. Give it more steps"
        if ratio is None or ratio > NEAR
        else "Within 1 % of the exact optimum: one linear layer each way, trained step by step, does what PCA does"
    )
    apart = quality.get("angle to PCA's space, degrees")
    if apart is not None:
        return f"{verdict}. Its space and PCA's lie {apart:.1f}° apart"
    if pca.error(k) <= 1e-9:
        return f"{verdict}. The data has no more than {len(pca.span())} directions, so nothing is lost"
    return f"{verdict}. Components {k} and {k + 1} tell about the same, so there are many spaces as good as PCA's"


def deep(data: Examples, k: int, quality: Mapping[str, float]) -> str:
    """How a deep network does beside PCA."""
    what, who = ("what it has learnt", "both have learnt") if data.fitted else ("what it has never seen", "neither has seen")
    gain = quality["PSNR of the autoencoder, dB"] - quality["PSNR of PCA, dB"]
    beats = (
        f"it rebuilds {what} {gain:.1f} dB better than PCA does"
        if gain >= 0.05
        else f"it rebuilds {what} just as PCA does"
        if gain > -0.05
        else f"PCA rebuilds what {who} {-gain:.1f} dB better"
    )
    return f"From {k} number{'s' if k > 1 else ''} instead of {data.numbers}, {beats}"


# ---------------------------------------------------------------- over the size of the code


def errors(data: Examples, pca: PCA, trained: Mapping[int, Autoencoder]) -> dict[int, tuple[Tensor, Tensor]]:
    """Held-out examples as (PCA, the network) rebuild them, by the size of the code."""
    return {k: (pca.through(data.held, k), in_parts(trained[k], data.held)) for k in sorted(trained)}


def table(data: Examples, pca: PCA, trained: Mapping[int, Autoencoder]) -> list[dict[str, Any]]:
    """PSNR and SSIM on held-out examples for each size of code, and what the network is made of."""
    return [
        {
            "numbers in the code": k,
            "PSNR of PCA": round(psnr(by_pca, data.held), 2),
            "PSNR of the autoencoder": round(psnr(rebuilt, data.held), 2),
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
