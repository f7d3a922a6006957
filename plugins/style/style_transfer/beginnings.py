"""What a painting starts from: the styles, where each belongs, and their colours."""

from __future__ import annotations

import torch
from torch import Tensor

from hub import Image, Params
from hub.errors import BadParams
from hub.pixels import colour, images
from plugins.style._pages import manner_page, style_page
from plugins.style._painting import Style


def chosen_styles(photo: Tensor, params: Params) -> tuple[list[Style], Tensor | None]:
    """The styles and where each belongs; and, where a mask leaves out what no style takes, the mask.

    Raises BadParams for pictures that hold no style, or a mask that leaves no place for it.
    """
    side = round(max(photo.shape[-2:]) * params.brush)
    first = style_picture("style", params.style, params.manner, side)
    second = style_picture("style_2", params.style_2, params.manner_2, side)
    share = torch.ones_like(photo[:, :1])
    if params.mask is not None:
        share = images.to_tensor(params.mask.resize((photo.shape[-1], photo.shape[-2]))).mean(1, keepdim=True)
    elif second is not None:
        share = share * (1 - params.mix)
    styles = [Style(p, s) for p, s in ((first, share), (second, 1 - share)) if p is not None and float(s.max()) > 0.01]
    if not styles:
        raise BadParams(
            "mask: it is black all over, so your picture would stay as it was. Paint white where the style belongs, or give a "
            "second style, which takes what is black."
        )
    return styles, share if params.mask is not None and second is None else None


def style_picture(field: str, given: Image | None, name: str, side: int) -> Tensor | None:
    """The picture to take a style from: the one given, or one drawn by its name, or None. Raises BadParams."""
    if given is not None:
        return style_page(field, given, max(side, 192))
    return None if name == "none" else manner_page(name, min(max(side, 192), 1024))


def with_colours(photo: Tensor, styles: list[Style], colours: str, strength: float) -> tuple[Tensor, list[Style]]:
    """The photo in the styles' colours, each in its place, or the styles in the photo's, or all as they are.

    strength: how far the photo's colours go, 0 to 1.
    """
    if colours == "of the picture":
        return photo, [Style(colour.recoloured(each.picture, photo), each.share) for each in styles]
    if colours == "of the style":
        changes = [each.share * (colour.recoloured(photo, each.picture) - photo) for each in styles]
        return photo + strength * torch.stack(changes).sum(0), styles
    return photo, styles
