"""Which units to show, how their pictures stand side by side, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image as Pillow
from torch import Tensor

from hub import Image, backbones, metrics
from hub.backbones import Backbone
from hub.pixels import images


def enlarged(still: Image, times: int) -> Image:
    """A small picture, so that one can look at it."""
    return still.resize((still.width * times, still.height * times), Pillow.Resampling.LANCZOS)


def laid_on(image: Image, picture: Tensor) -> Image:
    """What was drawn onto a small copy of the photo, laid on the photo itself, whose detail stays."""
    photo = images.to_tensor(image)
    change = picture - images.resize(photo, picture.shape[-2:]).clamp(0, 1)
    return images.to_image(photo + images.resize(change, photo.shape[-2:]))


def aligned(rows: Sequence[Sequence[Image]]) -> list[Image | None]:
    """Rows one after the other, the shorter ones filled up with gaps."""
    longest = max(map(len, rows))
    return [still for row in rows for still in (*row, *[None] * (longest - len(row)))]


def mosaic(stills: Sequence[Image | None], columns: int | None) -> Image:
    """Pictures of one size side by side, gaps left white, about as wide as tall where the number of columns is not given."""
    if len(stills) == 1:
        return stills[0]
    columns = columns or max(1, round(len(stills) ** 0.5 + 0.49))
    width, height = stills[0].size
    page = Pillow.new("RGB", (columns * (width + 2) - 2, -(-len(stills) // columns) * (height + 2) - 2), "white")
    for i, still in enumerate(stills):
        if still is None:
            continue
        page.paste(still, (i % columns * (width + 2), i // columns * (height + 2)))
    return page


def favourite(network: Backbone, layer: str) -> str:
    """The unit to show where none was asked for: what the network draws best, as far as it says, else its first."""
    return network.showpieces[0] if layer == backbones.CLASSES and network.showpieces else network.units(layer)[0]


def spread_units(network: Backbone, layer: str, count: int) -> list[str]:
    """`count` units of a layer, evenly over all of them."""
    units = network.units(layer)
    count = min(count, len(units))
    return [units[i * len(units) // count] for i in range(count)]


def named(network: Backbone, layer: str, unit: int) -> str:
    """What to call a unit: its class, or its layer and number."""
    return network.units(layer)[unit].replace("_", " ") if layer == backbones.CLASSES else f"{layer} {unit}"


def figures(network: Backbone, picture: Tensor, layer: str, unit: int) -> dict[str, float]:
    """Against natural pictures, and under transforms that were not used; none where the unit never rose above zero."""
    if metrics.activation(network, picture, layer, unit).item() <= 0:
        return {}
    return {
        "activation, over the largest on natural pictures": metrics.rise(network, picture, layer, unit),
        "activation left under transforms never used": metrics.robustness(network, picture, layer, unit),
    }


def seen_by_judge(network: Backbone, picture: Tensor, layer: str, unit: int, image: Image | None) -> str:
    """One sentence with what the judge, a network that was not optimised against, sees in the picture; where a class was
    drawn onto a photo, in how much of it."""
    if image is not None and layer == backbones.CLASSES:
        return metrics.testimony(images.to_tensor(image), picture, [network.units(layer)[unit]], network.side)
    name, share = metrics.second_opinion(picture)
    return f"A second network, which had no part in it, sees: {name.replace('_', ' ')}, {share:.0%}."
