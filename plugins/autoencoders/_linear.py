"""What can be known without training: principal components, and the best that any linear autoencoder, encoder or denoiser can do.

All data is (N, D), one example a row. Errors are mean squares per number, so that they can stand on one scale with a loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

DUST = 1e-12  # of the largest variance: less is rounding
SETTLED = 0.98
SPARE, ITERATIONS = 32, 6
"""Of the leading components: directions beyond those asked for, and how often all of them are turned towards the data."""


@dataclass(frozen=True)
class PCA:
    """Principal components of some data (Pearson 1901).

    mean: (D,). components: (D, D), orthonormal rows, the most telling first. variances: (D,), of the data along each, in float64
    on the processor.
    """

    mean: Tensor
    components: Tensor
    variances: Tensor

    @classmethod
    def of(cls, data: Tensor) -> PCA:
        """data: (N, ...), flattened to (N, D). In float64, so that small variances are right."""
        variances, vectors = torch.linalg.eigh(covariance(data))
        variances, components = variances.flip(0), vectors.flip(1).T
        variances = variances.where(variances > DUST * variances[0], torch.zeros_like(variances))
        largest = components.abs().argmax(1, keepdim=True)  # a sign is not determined: the largest entry is positive
        components = components * components.gather(1, largest).sign()
        mean = exact(data).mean(0)
        return cls(*(t.float().contiguous().to(data.device) for t in (mean, components)), variances)

    @classmethod
    def leading(cls, data: Tensor, count: int) -> PCA:
        """The first `count` components alone, (count, D), in a fraction of the time where D is in the thousands.

        data: (N, ...). Their variances are right to better than a thousandth. Of the rest of the data, which `error` and
        `covariance` need, nothing is known. By subspace iteration (Halko et al. 2011), from the same chance every time.
        """
        flat = data.flatten(1)
        mean, more = flat.mean(0), min(count + SPARE, *flat.shape)
        basis = torch.randn(flat.shape[1], more, generator=torch.Generator().manual_seed(0)).to(flat)
        for _ in range(ITERATIONS):
            seen = flat @ basis - mean @ basis
            basis = torch.linalg.qr(flat.T @ seen - mean[:, None] * seen.sum(0)).Q
        small = cls.of(flat @ basis - mean @ basis)
        components = (small.components @ basis.T)[:count]
        largest = components.abs().argmax(1, keepdim=True)
        return cls(mean, components * components.gather(1, largest).sign(), small.variances[:count])

    def encode(self, data: Tensor, k: int) -> Tensor:
        """(N, ...) -> (N, k)."""
        return (data.flatten(1) - self.mean) @ self.components[:k].T

    def decode(self, code: Tensor, shape: tuple[int, ...]) -> Tensor:
        """(N, k) -> (N, *shape)."""
        return (code @ self.components[: code.shape[1]] + self.mean).reshape(-1, *shape)

    def through(self, data: Tensor, k: int) -> Tensor:
        """The data as k components keep it, in its own shape."""
        return self.decode(self.encode(data, k), data.shape[1:])

    def covariance(self) -> Tensor:
        """(D, D), of the data, in float64 on the processor."""
        rows = self.components.cpu().double()
        return rows.T * self.variances @ rows

    def span(self) -> Tensor:
        """The components along which the data varies at all: (rank, D)."""
        return self.components[: int((self.variances > 0).sum())]

    def settled(self, k: int) -> bool:
        """Whether the first k components are a space of their own: the next one tells clearly less than the last of them."""
        last, following = self.variances[k - 1], self.variances[k] if k < len(self.variances) else 0.0
        return bool(last > 0 and following < SETTLED * last)

    def error(self, k: int) -> float:
        """Mean squared error per number of the data through k components: no linear autoencoder has less.

        Source: Eckart and Young 1936; Baldi and Hornik 1989, for the linear autoencoder.
        """
        return float(self.variances[k:].sum()) / len(self.variances)


def mean_squared(one: Tensor, other: Tensor) -> float:
    """Mean squared difference per number."""
    return float((exact(one) - exact(other)).square().mean())


def angle(one: Tensor, other: Tensor) -> float:
    """The largest principal angle between the spaces that the rows of two (k, D) matrices span, in degrees, 0 to 90.

    0 where they span the same space, whatever the rows (Björck and Golub 1973).
    """
    a, b = (torch.linalg.qr(m.cpu().double().T).Q for m in (one, other))
    outside = b - a @ (a.T @ b)  # the sine, which is exact where the angle is small
    return float(torch.rad2deg(torch.asin(torch.linalg.matrix_norm(outside, 2).clamp(0, 1))))


def exact(data: Tensor) -> Tensor:
    """(N, ...) -> (N, D) in float64, on the processor: not every device has that."""
    return data.flatten(1).cpu().double()


def covariance(data: Tensor) -> Tensor:
    """(D, D), about the mean, in float64 on the processor."""
    flat = exact(data)
    centred = flat - flat.mean(0)
    return centred.T @ centred / len(flat)


def denoiser(covariance: Tensor, sigma: float) -> Tensor:
    """The best linear map from centred data with Gaussian noise of that deviation back to the data: (D, D), symmetric (Wiener).

    W = S (S + sigma^2 I)^-1. Its error is `denoising_error`.
    """
    noisy = covariance + sigma**2 * torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
    return torch.linalg.solve(noisy, covariance)  # S and its inverse commute


def denoising_error(variances: Tensor, sigma: float) -> float:
    """Mean squared error per number of `denoiser`: the mean of v s^2 / (v + s^2) over the variances v; 0 without noise."""
    return float((variances * sigma**2 / (variances + sigma**2).clamp_min(1e-30)).mean())


def masked(covariance: Tensor, keep: float) -> Tensor:
    """The covariance of centred data of which each number is kept with probability `keep` and 0 else: q^2 S off the diagonal, q S
    on it."""
    spoiled = keep**2 * covariance
    spoiled.diagonal().copy_(keep * covariance.diagonal())
    return spoiled


def unmasker(covariance: Tensor, keep: float) -> Tensor:
    """The best linear map from centred data, each number kept with probability `keep` and 0 else, back to the data: (D, D).

    Rows map: restored = W @ masked. W = (q S) Q^-1, where Q is `masked`.
    """
    spoiled = masked(covariance, keep)  # positive definite but for numbers that never vary
    spoiled.diagonal().add_(1e-12 * spoiled.diagonal().mean().clamp_min(1e-30))
    return torch.linalg.solve(spoiled, keep * covariance).T


def of_rank(best: Tensor, spoiled: Tensor, k: int) -> Tensor:
    """The best linear map of rank k, the narrow place of an autoencoder, from the best one of any rank: (D, D).

    best: maps what was spoiled to what it was. spoiled: the covariance of what was spoiled. Without noise (the identity, and
    the covariance of the data) it is the projection of PCA. Source: Izenman 1975, reduced-rank regression.
    """
    vectors = torch.linalg.eigh(best @ spoiled @ best.T).eigenvectors[:, -min(k, len(best)) :]
    return vectors @ vectors.T @ best


def variational_loss(variances: Tensor, k: int, noise: float) -> float:
    """The least that a linear variational autoencoder with k numbers can reach, squared error plus 2 noise times the distance of
    its code from the standard Gaussian, per number of the data; `noise` is the variance of a pixel given the code.

    variances: (D,), falling. Source: Tipping and Bishop 1999, the likelihood of probabilistic PCA, which a linear variational
    autoencoder reaches (Lucas et al. 2019). Only components with more variance than `noise` are worth a number.
    """
    kept = variances[:k][variances[:k] > noise]
    return float(noise * ((kept / noise).log() + 1).sum() + variances[len(kept) :].sum()) / len(variances)


def shrunk(singular_values: Tensor, penalty: float) -> Tensor:
    """Squared singular values of encoder and decoder at the optimum of the linear autoencoder with an L2 penalty on both.

    For the loss ||X - D E X||^2 + penalty (||E||^2 + ||D||^2): (1 - penalty / s^2)+ for each singular value s of X; the
    encoder is the decoder's transpose. Source: Kunin et al. 2019, theorem 2.
    """
    return (1 - penalty / singular_values.square().clamp_min(1e-30)).clamp_min(0)


def restorer(covariance: Tensor, kept: Tensor, sigma: float) -> Tensor:
    """The best linear map from centred data that is noisy, then masked, back to the data: (D, D), restored = W @ spoiled.

    kept: (D, D), how often two numbers are kept together; on its diagonal, how often one is.
    W = (S K) (S . kept + sigma^2 K)^-1, where K is kept's diagonal and . is entry by entry: `denoiser` where all is kept,
    `unmasker` where numbers are masked one by one.
    """
    alone = kept.diagonal()
    spoiled = covariance * kept + sigma**2 * torch.diag(alone)
    return torch.linalg.lstsq(spoiled.cpu(), (covariance * alone).T.cpu(), driver="gelsd").solution.T.to(covariance.device)
