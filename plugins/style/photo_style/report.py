"""Figures beside a restyled photo, in numbers, curves and words."""

from __future__ import annotations

from torch import Tensor

import hub
from hub import Image, metrics
from plugins.style.photo_style.regions import KEEP, Regions, small

SIDE = 512  # longer side that pictures are measured at
STRENGTHS = (0.25, 0.5, 0.75, 1.0)


def figures(result: Image, image: Image, style: Tensor) -> dict[str, float]:
    """Edge SSIM, style distance as the judge sees it, and affine residual."""
    made, photo = (small(picture, SIDE) for picture in (result, image))
    return {
        "edge SSIM": metrics.edge_ssim(made, photo),
        "style distance": metrics.style_distance(made, style),
        "affine residual": metrics.affine_residual(made, photo),
    }


def curves(method: str, measured: dict[float, dict[str, float]]) -> dict[str, hub.Curve]:
    """Edge SSIM and style distance over strength."""
    strengths = list(measured)
    return {
        f"{name}, {method}": hub.Curve(strengths, [measured[s][name] for s in strengths], "strength", name)
        for name in ("edge SSIM", "style distance")
    }


def rounded(values: dict[str, float]) -> dict[str, float]:
    """Figures as a table shows them."""
    return {name: round(value, 3) for name, value in values.items()}


def caption(method: str, found: Regions, figures: dict[str, float]) -> str:
    """What was done, in a sentence or two."""
    kept, count = sum(partner == KEEP for partner in found.partner), len(found.partner)
    regional = method in ("by region", "deep")
    stand = f"Edges stand where they stood: {figures['edge SSIM']:.2f} of 1."
    if regional and kept == count:
        return f"Every region was kept as it is, so nothing changed. {stand}"
    taken = f"{count - kept} of {count} regions took the look of their partners"
    said = {
        "by region": taken if count > 1 else "The whole photo took the look of the reference",
        "deep": "A network saw to the style, the matting Laplacian to the photo",
        "reinhard": "Every channel of colour took the reference's mean and spread",
        "monge-kantorovich": "The colours took the reference's mean and covariance",
    }[method]
    return f"{said}{', the rest was kept as it is' if kept and regional else ''}. {stand}"
