"""How far a picture is from being locally affine in another: the energy of the closed-form matting Laplacian, without the matrix.

Levin's Laplacian M of a photo is made so that VᵀMV is what is left of V when, in every 3 x 3 window, the best affine map of the
photo's colours is taken from it. That can be computed as it is said, window by window; nothing sparse is built, it runs wherever
torch does, and the gradient, 2MV, comes with it.

Source: Levin, Lischinski and Weiss 2008, "A closed-form solution to natural image matting".
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from hub.errors import ShapeError

EPS = 1e-7
WINDOW = 9  # pixels in a window of 3 x 3


class Matting:
    """The energy of pictures against one photo, (1, 3, H, W) in [0, 1]; what only the photo decides is computed once.

    eps: weight of the maps' slopes. Raises ShapeError where the photo is smaller than a window.
    """

    def __init__(self, photo: Tensor, eps: float = EPS) -> None:
        if min(photo.shape[-2:]) < 3:
            raise ShapeError(f"A photo of {photo.shape[-1]} × {photo.shape[-2]} is too small; 3 × 3 pixels are the least.")
        self.eps, self.photo = eps, deviations(photo)  # (1, 3, 9, N)
        exact = self.photo.double() if photo.device.type != "mps" else self.photo
        spread = torch.einsum("bikn,bjkn->bnij", exact, exact) + eps * torch.eye(3, dtype=exact.dtype, device=photo.device)
        self.inverse = torch.linalg.inv(spread).to(photo.dtype)  # (1, N, 3, 3)

    def __call__(self, pictures: Tensor) -> Tensor:
        """VᵀMV over all channels of each picture, (B, C, H, W) of the photo's size -> (B,)."""
        seen = deviations(pictures)
        cross = torch.einsum("bikn,bckn->bnic", self.photo.expand(len(seen), -1, -1, -1), seen)
        slope = self.inverse @ cross  # (B, N, 3, C): of the best affine map in each window
        left = seen - torch.einsum("bikn,bnic->bckn", self.photo.expand(len(seen), -1, -1, -1), slope)
        return left.square().sum((1, 2, 3)) + self.eps * slope.square().sum((1, 2, 3))


def deviations(pictures: Tensor) -> Tensor:
    """Every 3 x 3 window against its own mean: (B, C, H, W) -> (B, C, 9, windows)."""
    windows = F.unfold(pictures, 3).view(len(pictures), pictures.shape[1], WINDOW, -1)
    return windows - windows.mean(2, keepdim=True)
