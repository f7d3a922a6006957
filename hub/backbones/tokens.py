"""Vision transformers: their tokens as feature maps.

A transformer cuts the picture into patches and works on one vector for each, a token, with a few tokens beside them that stand
for no place: the class token, registers. Folded back to the grid of the patches, tokens are a feature map like any other
(Dosovitskiy et al. 2021, "An image is worth 16x16 words"). Two more things can be looked at: the class token, as a map of one
position; and how much the class token attends to each patch in each head (Caron et al. 2021, "Emerging properties in
self-supervised vision transformers", figure 1), a map with a channel for each head.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

CLASS_TOKEN = ":class"
HEADS = ":heads"


@dataclass(frozen=True)
class Grid:
    """How a transformer cuts pictures. patch: sides of a patch in pixels. prefix: tokens before the patches. padded: whether
    pictures that no whole number of patches fills are padded to one."""

    patch: tuple[int, int]
    prefix: int
    padded: bool = True

    @classmethod
    def of(cls, model: nn.Module) -> Grid | None:
        """The grid of a timm transformer; None where the network has no tokens."""
        embed = getattr(model, "patch_embed", None)
        patch = getattr(embed, "patch_size", None)
        if patch is None or not hasattr(model, "num_prefix_tokens"):
            return None
        sides = (patch, patch) if isinstance(patch, int) else tuple(patch)
        return cls(sides, model.num_prefix_tokens, getattr(embed, "dynamic_img_pad", False))

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Patches down and across a picture of that many pixels."""
        more = [side - 1 if self.padded else 0 for side in self.patch]
        return (height + more[0]) // self.patch[0], (width + more[1]) // self.patch[1]

    def folds(self, out: object, height: int, width: int) -> bool:
        """Whether a module's output is the tokens of a picture of that size, (B, prefix + patches, C)."""
        rows, columns = self.size(height, width)
        return isinstance(out, Tensor) and out.dim() == 3 and out.shape[1] == self.prefix + rows * columns

    def fold(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """(B, prefix + h w, C) -> (B, C, h, w), without the tokens that stand for no place."""
        return tokens[:, self.prefix :].transpose(1, 2).unflatten(2, self.size(height, width))


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
