"""Sparse codes: the autoencoder that learns them, the searches that find them, and what is counted in them.

All data is (N, D), one example a row; a dictionary is (K, D), one atom of length 1 a row; a code is (N, K).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from plugins.autoencoders._linear import exact

Penalty = Literal["top-k", "L1", "L2"]
SILENT = 20  # batches without firing after which a latent counts as dead while it learns
REVIVAL = 1 / 16  # how much the error that dead latents are to explain counts
SAMPLED = 2048  # examples that the size of the first codes is taken from
VARIES = 1e-6  # a variance per number, below which there is none to explain; what is coded has one of about 1
COUNTED = 1e-6  # what is nearer to 0 than that is 0 to a search that only comes near it


@dataclass(frozen=True)
class Settings:
    """A code: how many latents, and what keeps them sparse.

    penalty: "top-k" keeps the k largest (Makhzani and Frey 2014); "L1" lets through what exceeds a learnt threshold; "L2" lets
    everything through. signed: a latent may be negative, as a wavelet's coefficient; else it is at least 0, as a neuron's.
    """

    latents: int
    penalty: Penalty = "top-k"
    k: int = 4
    strength: float = 1.0
    signed: bool = True


class SparseAutoencoder(nn.Module):
    """One linear layer to a code that may be wider than the data, a penalty that keeps it sparse, one linear layer back.

    The decoder's rows have length 1 whatever its weights are, or large atoms with small codes would cheat the penalty. Its bias
    is taken away before the encoder (Bricken et al. 2023).
    """

    def __init__(self, numbers: int, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = nn.Linear(numbers, settings.latents)
        self.atoms = nn.Parameter(torch.empty(settings.latents, numbers))
        self.bias = nn.Parameter(torch.empty(numbers))
        self.register_buffer("silence", torch.empty(settings.latents))
        self.begun = self.dictionary.detach()  # the atoms before any training, examples chosen by chance

    @classmethod
    def of(cls, data: Tensor, settings: Settings, generator: torch.Generator) -> SparseAutoencoder:
        """One that begins with examples as atoms and the encoder as its transpose. Its chance comes from `generator` alone."""
        with torch.device("meta"):
            made = cls(data.shape[1], settings)
        made.to_empty(device=data.device)
        threshold = {"top-k": 0.0, "L1": settings.strength, "L2": 0.0}[settings.penalty]
        with torch.no_grad():
            made.bias.copy_(torch.zeros_like(data[0]) if settings.signed else data.mean(0))
            made.atoms.copy_(_some(data - made.bias, settings.latents, generator))
            made.encoder.weight.copy_(made.atoms)
            made.encoder.bias.fill_(threshold if settings.signed else -threshold)
            made.silence.zero_()
            wanted, got = data[:SAMPLED] - made.bias, made(data[:SAMPLED]) - made.bias
            size = (wanted * got).sum() / got.square().sum().clamp_min(1e-9)  # atoms that overlap say the same several times
            made.encoder.weight.mul_(size.clamp(0.05, 1))
            made.begun = made.dictionary.clone()
        return made

    @property
    def dictionary(self) -> Tensor:
        """(K, D), rows of length 1."""
        return F.normalize(self.atoms, dim=1)

    def before(self, data: Tensor) -> Tensor:
        """The code before anything is set to 0: (N, K)."""
        code = F.linear(data - self.bias, self.encoder.weight)
        return code if self.settings.signed else (code + self.encoder.bias).relu()

    def encode(self, data: Tensor) -> Tensor:
        """(N, D) -> (N, K)."""
        return self.kept(self.before(data))

    def kept(self, code: Tensor) -> Tensor:
        """What the penalty leaves of a code as of `before`."""
        if self.settings.penalty == "top-k":
            return largest(code, self.settings.k)
        return soft(code, self.encoder.bias.abs()) if self.settings.penalty == "L1" and self.settings.signed else code

    def decode(self, code: Tensor) -> Tensor:
        """(N, K) -> (N, D)."""
        return code @ self.dictionary + self.bias

    def forward(self, data: Tensor) -> Tensor:
        return self.decode(self.encode(data))

    def loss(self, data: Tensor) -> Tensor:
        """`cost` of the data, plus what dead latents are to explain."""
        before = self.before(data)
        code = self.kept(before)
        missing = data - self.decode(code)
        return cost(missing, code, self.settings) + self._revival(before, missing.detach(), code)

    @torch.no_grad()
    def cost(self, data: Tensor) -> float:
        """`cost` of some data, which nothing is learnt from."""
        code = self.encode(data)
        return float(cost(data - self.decode(code), code, self.settings))

    def _revival(self, before: Tensor, missing: Tensor, code: Tensor) -> Tensor | float:
        """What the dead latents leave of the error if they alone explain it (AuxK of Gao et al. 2024)."""
        if self.settings.penalty == "L2":
            return 0.0
        with torch.no_grad():
            self.silence.add_(1).masked_fill_((code != 0).any(0), 0)
        dead = self.silence > SILENT
        if not bool(dead.any()):
            return 0.0
        wanted = largest(before.masked_fill(~dead, 0), 2 * self.settings.k)
        return REVIVAL * (wanted @ self.dictionary - missing).square().mean()

    @torch.no_grad()
    def ordered(self, data: Tensor) -> None:
        """Number the latents by how much they carry: latent 0 has the largest sum of squares over the data."""
        use = sum(self.encode(part).square().sum(0) for part in data.split(4096))
        order = use.argsort(descending=True, stable=True)
        for values in (self.atoms, self.encoder.weight, self.encoder.bias, self.silence):
            values.copy_(values[order])


def cost(missing: Tensor, code: Tensor, settings: Settings) -> Tensor:
    """Squared error per number plus the penalty on the code in the same unit: (N, D) and (N, K) -> one number.

    For L1 it is (|x - x̂|² + 2 s |h|₁) / D and for L2 (|x - x̂|² + s |h|²) / D, with s the strength: with an orthonormal
    dictionary s is then the threshold that coefficients are softened by, and 1 / (1 + s) what they are shrunk to.
    """
    error = missing.square().mean()
    if settings.penalty == "top-k":
        return error
    size = 2 * code.abs().sum(1) if settings.penalty == "L1" else code.square().sum(1)
    return error + settings.strength / missing.shape[1] * size.mean()


def best(coefficients: Tensor, settings: Settings) -> Tensor:
    """The code of least `cost` in an orthonormal dictionary, in closed form, from the data's coefficients in it: (N, K)."""
    if settings.penalty == "top-k":
        return largest(coefficients, settings.k)
    if settings.penalty == "L1":
        return soft(coefficients, settings.strength)
    return coefficients / (1 + settings.strength)


def least_cost(data: Tensor, basis: Tensor, settings: Settings) -> float:
    """`cost` of that code: what no other code in this orthonormal basis, (D, D), comes below."""
    code = best(data @ basis.T, settings)
    return float(cost(data - code @ basis, code, settings))


def soft(code: Tensor, threshold: Tensor | float) -> Tensor:
    """Everything nearer to 0 by the threshold, and 0 where that would change its sign."""
    return code.sign() * (code.abs() - threshold).relu()


def largest(code: Tensor, k: int) -> Tensor:
    """Each row's k entries of largest magnitude; zeros elsewhere."""
    places = code.abs().topk(min(k, code.shape[1]), dim=1).indices
    return torch.zeros_like(code).scatter(1, places, code.gather(1, places))


def _some(data: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Examples from the louder half of the data, at length 1, with a little noise, some twice where there are too few."""
    length = data.norm(dim=1)
    loud = (length >= length.median()).nonzero()[:, 0].cpu()
    chosen = loud[torch.randperm(len(loud), generator=generator)].repeat(-(-count // len(loud)))[:count]
    noise = 0.05 * torch.randn(count, data.shape[1], generator=generator)
    return F.normalize(F.normalize(data[chosen.to(data.device)], dim=1) + noise.to(data.device), dim=1)


# ---------------------------------------------------------------- codes of a given dictionary


def pursuit(data: Tensor, dictionary: Tensor, most: int) -> Iterator[Tensor]:
    """Orthogonal matching pursuit (Pati et al. 1993): codes of 1, 2, … `most` atoms, one atom more each time.

    Each time the atom that points most in the direction of what is still missing, then the best weights for all those chosen.
    """
    gram, like = dictionary @ dictionary.T, data @ dictionary.T
    chosen = torch.zeros(len(data), 0, dtype=torch.long, device=data.device)
    code = torch.zeros_like(like)
    for _ in range(min(most, len(dictionary))):
        missing = ((data - code @ dictionary) @ dictionary.T).abs().scatter(1, chosen, -1.0)
        chosen = torch.cat([chosen, missing.argmax(1, keepdim=True)], 1)
        system = gram[chosen[:, :, None], chosen[:, None]] + 1e-6 * torch.eye(chosen.shape[1], device=data.device)
        weights = torch.linalg.solve(system, like.gather(1, chosen)[..., None])[..., 0]
        code = torch.zeros_like(like).scatter(1, chosen, weights)
        yield code


def lasso(data: Tensor, dictionary: Tensor, strength: float, steps: int = 200) -> Tensor:
    """The code that makes |x - h D|² / 2 + strength |h|₁ least, by FISTA (Beck and Teboulle 2009)."""
    size = 1 / float(torch.linalg.matrix_norm(dictionary, 2)) ** 2
    code = ahead = torch.zeros(len(data), len(dictionary), device=data.device)
    pace = 1.0
    for _ in range(steps):
        moved = soft(ahead + size * (data - ahead @ dictionary) @ dictionary.T, strength * size)
        faster = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
        ahead, code, pace = moved + (pace - 1) / faster * (moved - code), moved, faster
    return code


def ridge(data: Tensor, dictionary: Tensor, strength: float) -> Tensor:
    """The code that makes |x - h D|² + strength |h|² least, in closed form, of the size of the data; strength above 0."""
    spread = dictionary.T @ dictionary
    return torch.linalg.solve(spread + strength * torch.eye(len(spread), device=spread.device), data.T).T @ dictionary.T


# ---------------------------------------------------------------- what is counted


def firing_rates(code: Tensor) -> Tensor:
    """The share of examples that each latent is not 0 for: (N, K) -> (K,)."""
    return (code != 0).float().mean(0)


def silent(rates: Tensor) -> str:
    """How many latents never fire, as a sentence: a share, or a count where that would round to nothing. rates: (K,)."""
    dead = int((rates == 0).sum())
    if not dead:
        return "No latent is dead."
    if dead / len(rates) >= 0.01:
        return f"{dead / len(rates):.0%} of the latents never fire."
    return f"{dead} of the latents never fire." if dead > 1 else "One latent never fires."


def counts(code: Tensor) -> Tensor:
    """Latents that are not 0 for each example, L0: (N, K) -> (N,)."""
    return (code.abs() > COUNTED).float().sum(1)


def active(code: Tensor) -> float:
    """The mean of `counts`."""
    return float(counts(code).mean())


def explained(data: Tensor, restored: Tensor) -> float:
    """The share of the variance about the mean that is explained: 1 for all of it; below 0 where the mean alone is nearer.

    NaN where there is next to no variance.
    """
    wanted, found = exact(data), exact(restored)
    variance = float((wanted - wanted.mean(0)).square().mean())
    return 1 - float((wanted - found).square().mean()) / variance if variance > VARIES else math.nan


def known(figures: dict[str, float]) -> dict[str, float]:
    """The figures without those that are not defined."""
    return {name: value for name, value in figures.items() if not math.isnan(value)}
