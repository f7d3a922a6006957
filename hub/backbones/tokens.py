"""Vision transformers: their tokens as feature maps.

A transformer cuts the picture into patches and works on one vector for each, a token, with a few tokens beside them that stand
for no place: the class token, registers. Folded back to the grid of the patches, tokens are a feature map like any other
(Dosovitskiy et al. 2021, "An image is worth 16x16 words"). Two more things can be looked at: the class token, as a map of one
position; and how much the class token attends to each patch in each head (Caron et al. 2021, "Emerging properties in
self-supervised vision transformers", figure 1), a map with a channel for each head.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

CLASS_TOKEN = ":class"
HEADS = ":heads"


@dataclass(frozen=True)
class Grid:
    """How a transformer, or a mixer of patches, cuts pictures. patch: sides of a patch in pixels. prefix: tokens before the
    patches. padded: whether pictures that no whole number of patches fills are padded to one."""

    patch: tuple[int, int]
    prefix: int
    padded: bool = True

    @classmethod
    def of(cls, model: nn.Module) -> Grid | None:
        """The grid of one of timm's or torchvision's networks; None where the network has no tokens."""
        embed, prefix = None, 0
        if hasattr(model, "num_prefix_tokens"):
            embed, prefix = getattr(model, "patch_embed", getattr(model, "embeds", None)), model.num_prefix_tokens
        elif hasattr(model, "reroll"):
            return Unrolled(tuple(model.patch_stride), 0, False, model.reroll)
        elif getattr(getattr(model, "stem", None), "flatten", False) is True:  # of timm's mixers
            embed = model.stem
        elif hasattr(model, "conv_proj"):  # of torchvision's transformers
            embed, prefix = model, 1
        patch = getattr(embed, "patch_size", None)
        if hasattr(embed, "feat_ratio"):  # where convolutions come first, patch_size is of their map, and this of the picture
            patch = embed.feat_ratio(as_scalar=False)
        if patch is None:
            return None
        sides = (patch, patch) if isinstance(patch, int) else tuple(patch)
        return cls(sides, prefix, getattr(embed, "dynamic_img_pad", False))

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Patches down and across a picture of that many pixels."""
        more = [side - 1 if self.padded else 0 for side in self.patch]
        return (height + more[0]) // self.patch[0], (width + more[1]) // self.patch[1]

    def places(self, module: str, count: int, height: int, width: int) -> tuple[int, int] | None:
        """(h, w) of the map that so many tokens are, put out by a module for a picture of that size; None where they are none."""
        rows, columns = self.size(height, width)
        return (rows, columns) if count - rows * columns in (0, self.prefix) else None

    def fold(self, module: str, tokens: Tensor, height: int, width: int) -> Tensor:
        """(B, h w, C) -> (B, C, h, w), without the tokens before those, which stand for no place."""
        rows, columns = self.size(height, width)
        return tokens[:, tokens.shape[1] - rows * columns :].transpose(1, 2).unflatten(2, (rows, columns))


@dataclass(frozen=True)
class Unrolled(Grid):
    """The grid of a Hiera, which has the tokens that it will pool stand together, and fewer of them after each pooling.

    reroll: its own module that puts them back in their places.
    """

    reroll: nn.Module | None = None

    def places(self, module: str, count: int, height: int, width: int) -> tuple[int, int] | None:
        if module.startswith("patch_embed"):  # before they are unrolled
            return None
        return next((tuple(size) for _, size in self.reroll.schedule.values() if math.prod(size) == count), None)

    def fold(self, module: str, tokens: Tensor, height: int, width: int) -> Tensor:
        block = next(i for i, (_, size) in self.reroll.schedule.items() if math.prod(size) == tokens.shape[1])
        return self.reroll(tokens, block).permute(0, 3, 1, 2)


def class_token(tokens: Tensor) -> Tensor:
    """(B, N, C) -> (B, C, 1, 1)."""
    return tokens[:, 0, :, None, None]


def tells_heads(module: nn.Module) -> bool:
    """Whether a module is attention whose weights can be computed again from its input: timm's plain kind, without rotations."""
    has = all(hasattr(module, name) for name in ("qkv", "num_heads", "head_dim", "scale", "q_norm", "k_norm"))
    return has and isinstance(module.qkv, nn.Linear) and not hasattr(module, "rope") and type(module).__name__ == "Attention"


def attention_of_class(module: nn.Module, tokens: Tensor, prefix: int) -> Tensor:
    """How much the class token attends to each patch, (B, heads, patches), from the tokens that go into the attention."""
    batch, count, _ = tokens.shape
    split = module.qkv(tokens).view(batch, count, 3, module.num_heads, module.head_dim).permute(2, 0, 3, 1, 4)
    queries, keys = module.q_norm(split[0][:, :, :1]), module.k_norm(split[1])
    return (module.scale * queries @ keys.transpose(-2, -1)).softmax(-1)[:, :, 0, prefix:]
