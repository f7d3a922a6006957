"""Autoencoders: an encoder, a code of a few numbers, a decoder, built from a description and a seed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hub import devices
from hub.errors import BadParams
from plugins.autoencoders._enlarging import ENLARGE, Shuffle

Kind = Literal["linear", "dense", "convolutional"]
Activation = Literal["relu", "gelu", "tanh", "sigmoid"]
Enlarging = Literal[
    "nearest neighbour",
    "max unpooling",
    "transposed convolution 3×3",
    "transposed convolution 4×4",
    "pixel shuffle",
]
OnCode = Literal["nothing", "relu", "sigmoid"]
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


@dataclass(frozen=True)
class Design:
    """What an autoencoder is made of; plain values, so that it can stand in a file.

    shape: (C, h, w) of a picture. kind: of encoder and decoder. code: numbers in the code.
    depth: layers of the encoder, and of the decoder: halvings where it is convolutional; 1 where it is linear.
    width: units of hidden layers, or channels at full size, doubled at each halving.
    activation: between layers. on_code: what the code passes through.
    enlarging: how a convolutional decoder grows. decoder_width: channels of its smallest map, halved at each enlarging; 0 for as
    many as the encoder has. principal: whether a dense one is a linear autoencoder plus a correction, which can begin as PCA.
    variational: whether the code is drawn from a Gaussian that the encoder gives.
    """

    shape: tuple[int, int, int]
    kind: Kind = "dense"
    code: int = 16
    depth: int = 2
    width: int = 128
    activation: Activation = "relu"
    on_code: OnCode = "nothing"
    enlarging: Enlarging = "nearest neighbour"
    decoder_width: int = 0
    principal: bool = False
    variational: bool = False

    def __post_init__(self) -> None:
        """Raises BadParams for what cannot be built, one line with what can."""
        for name, choices in (("kind", Kind), ("activation", Activation), ("on_code", OnCode), ("enlarging", Enlarging)):
            if getattr(self, name) not in get_args(choices):
                raise BadParams(f"{name}: there is {', '.join(get_args(choices))}.")
        least = 2**self.depth
        if self.kind == "convolutional" and any(n % least for n in self.shape[1:]):
            most = max(d for d in range(9) if all(n % 2**d == 0 for n in self.shape[1:]))
            raise BadParams(
                f"depth: {self.shape[1]} × {self.shape[2]} pixels can be halved {most} times, not {self.depth}. "
                + ("Take a smaller depth, or larger patches." if most else "Take a dense network, or patches of an even side.")
            )
        if self.decoder_width and self.enlarging == "max unpooling":
            raise BadParams("decoder_width: max unpooling needs as many channels as the encoder has, each with its positions.")
        if self.principal and (self.kind != "dense" or self.variational or self.on_code != "nothing"):
            raise BadParams("principal: only a dense network with a free code can begin as PCA.")

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)

    def values(self) -> dict[str, Any]:
        """Itself as JSON holds it."""
        return {**asdict(self), "shape": list(self.shape)}


class Autoencoder(nn.Module):
    """`decode(encode(pictures))`: pictures (N, C, h, w) in [0, 1] -> (N, C, h, w), about that range.

    mean: (C, h, w), taken away before the encoder and added after the decoder, as PCA does.
    """

    def __init__(self, design: Design) -> None:
        super().__init__()
        self.design = design
        self.register_buffer("mean", torch.zeros(design.shape))
        numbers = 2 * design.code if design.variational else design.code
        parts = _convolutional if design.kind == "convolutional" else _dense
        self.encoder, self.decoder = parts(design, numbers)

    def encode(self, pictures: Tensor) -> Tensor:
        """(N, code). Of a variational one, the middle of the Gaussian."""
        return self.gaussian(pictures)[0]

    def gaussian(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the code, (N, code) each; without a variance, it is 0 everywhere."""
        return self._parted(self.encoder(pictures - self.mean))

    def _parted(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """What the encoder gives, as mean and log variance."""
        if not self.design.variational:
            return self._on_code(numbers), torch.zeros_like(numbers)
        middle, spread = numbers.chunk(2, 1)
        return self._on_code(middle), spread.clamp(-12, 6)

    def decode(self, code: Tensor) -> Tensor:
        """(N, code) -> (N, C, h, w). Max unpooling knows positions only where it has just encoded: see `forward`."""
        return self.decoder(code).reshape(-1, *self.design.shape) + self.mean

    def forward(self, pictures: Tensor) -> Tensor:
        return self.through(pictures)[0]

    def through(self, pictures: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """(pictures as they come back, mean of the code, its log variance); by way of a drawn code where a generator is given."""
        places = None
        if self.design.enlarging == "max unpooling" and self.design.kind == "convolutional":
            numbers, places = self.encoder.seen(pictures - self.mean)
        else:
            numbers = self.encoder(pictures - self.mean)
        middle, spread = self._parted(numbers)
        code = middle
        if generator is not None:
            code = middle + torch.randn(middle.shape, generator=generator).to(middle.device) * (0.5 * spread).exp()
        rebuilt = self.decode(code) if places is None else self.decoder.put_back(code, places) + self.mean
        return rebuilt, middle, spread

    def _on_code(self, code: Tensor) -> Tensor:
        return {"nothing": lambda t: t, "relu": F.relu, "sigmoid": torch.sigmoid}[self.design.on_code](code)

    def sampled(self, pictures: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures by way of a drawn code (Kingma and Welling 2014), and how far its Gaussian is from the standard, (N,) nats."""
        rebuilt, middle, spread = self.through(pictures, generator)
        return rebuilt, distance(middle, spread).sum(1)

    @classmethod
    def meta(cls, design: Design) -> Autoencoder:
        """One without weights, which takes no memory and no chance."""
        with torch.device("meta"):
            return cls(design)

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


def distance(middle: Tensor, spread: Tensor) -> Tensor:
    """Kullback-Leibler divergence of a Gaussian from the standard one, in nats, for each number; `spread` is its log variance."""
    return 0.5 * (middle.square() + spread.exp() - 1 - spread)


def network(design: Design, generator: torch.Generator, mean: Tensor | None = None) -> Autoencoder:
    """An untrained network on the device. Its weights come from `generator` alone: global chance is left as it was found.

    mean: of the pictures it will see, (C, h, w).
    """
    made = Autoencoder.meta(design)
    made.to_empty(device="cpu")
    begin(made, generator)
    made.mean.zero_()
    if mean is not None:
        made.mean.copy_(mean)
    return made.to(devices.device())


def begin(module: nn.Module, generator: torch.Generator) -> None:
    """Fresh weights: normal, with a variance of 1 over the inputs; biases 0; pixel shuffles without checkerboards."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            fan = part.weight[0].numel() if not isinstance(part, nn.ConvTranspose2d) else part.weight[:, 0].numel() / 4
            part.weight.data.normal_(0, 1 / math.sqrt(fan), generator=generator)
            if part.bias is not None:
                part.bias.data.zero_()
    for part in module.modules():
        if isinstance(part, Shuffle):
            part.begin()
        if isinstance(part, Corrected):
            part.begin()


def begin_as_pca(made: Autoencoder, components: Tensor) -> Autoencoder:
    """Set a linear or a `principal` network to PCA, exactly. components: (k, D), orthonormal rows, k the size of the code."""
    ends = made.encoder[-1], made.decoder if isinstance(made.decoder, Corrected) else made.decoder[-1]
    encoder, decoder = (part.straight if isinstance(part, Corrected) else part for part in ends)
    with torch.no_grad():
        for part in (encoder, decoder):
            part.bias.zero_()
        encoder.weight.copy_(components)
        decoder.weight.copy_(components.T)
    return made


# ---------------------------------------------------------------- dense


def _dense(design: Design, numbers: int) -> tuple[nn.Module, nn.Module]:
    hidden = [design.width] * (0 if design.kind == "linear" else design.depth - 1)
    down, up = (
        _layers([design.numbers, *hidden, numbers], design.activation),
        _layers([design.code, *hidden, design.numbers], design.activation),
    )
    if design.principal:
        return nn.Sequential(nn.Flatten(), Corrected(down)), Corrected(up)
    return nn.Sequential(nn.Flatten(), *down), up


def _layers(sizes: list[int], activation: Activation) -> nn.Sequential:
    parts: list[nn.Module] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        parts += [nn.Linear(before, after), ACTIVATIONS[activation]()]
    return nn.Sequential(*parts[:-1])


class Corrected(nn.Module):
    """A linear map plus a correction that begins as nothing."""

    def __init__(self, correction: nn.Sequential) -> None:
        super().__init__()
        self.straight = nn.Linear(correction[0].in_features, correction[-1].out_features)
        self.correction = correction

    def begin(self) -> None:
        self.correction[-1].weight.data.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.straight(x) + self.correction(x)


# ---------------------------------------------------------------- convolutional


def _convolutional(design: Design, numbers: int) -> tuple[nn.Module, nn.Module]:
    channels = [min(design.width * 2**level, 256) for level in range(design.depth)]
    small = tuple(n // 2**design.depth for n in design.shape[1:])
    back = [max(1, design.decoder_width // 2**level) for level in reversed(range(design.depth))]
    decoder = ConvDecoder(design, back if design.decoder_width else channels, small)
    return ConvEncoder(design, channels, small, numbers), decoder


class ConvEncoder(nn.Module):
    """At each level a 3 × 3 convolution and 2 × 2 max pooling; at the end one linear layer to the code."""

    def __init__(self, design: Design, channels: list[int], small: tuple[int, ...], numbers: int) -> None:
        super().__init__()
        sizes = [design.shape[0], *channels]
        self.levels = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(sizes, sizes[1:], strict=False))
        self.between = ACTIVATIONS[design.activation]()
        self.to_code = nn.Linear(channels[-1] * math.prod(small), numbers)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.seen(pictures)[0]

    def seen(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The code, and at each level the positions of the maxima, for max unpooling."""
        small, positions = self.features(pictures)
        return self.to_code(small.flatten(1)), positions

    def features(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The smallest map, and at each level the positions of the maxima."""
        positions = []
        for convolution in self.levels:
            pictures, places = F.max_pool2d(self.between(convolution(pictures)), 2, return_indices=True)
            positions.append(places)
        return pictures, positions


class ConvDecoder(nn.Module):
    """One linear layer from the code to a small map; at each level an enlarging to twice the size."""

    def __init__(self, design: Design, channels: list[int], small: tuple[int, ...]) -> None:
        super().__init__()
        self.small = (channels[-1], *small)
        self.from_code = nn.Linear(design.code, math.prod(self.small))
        self.between = ACTIVATIONS[design.activation]()
        sizes = [*channels[::-1], channels[0]]
        self.levels = nn.ModuleList(
            ENLARGE[design.enlarging](a, b) for a, b in zip(sizes, sizes[1:], strict=False)
        )
        self.to_picture = nn.Conv2d(channels[0], design.shape[0], 3, padding=1)

    def forward(self, code: Tensor) -> Tensor:
        return self.put_back(code, [None] * len(self.levels))

    def put_back(self, code: Tensor, positions: list[Tensor] | list[None]) -> Tensor:
        """positions: of the maxima at each level of the encoder, for max unpooling; else not looked at."""
        picture = self.between(self.from_code(code)).reshape(-1, *self.small)
        for enlarge, places in zip(self.levels, positions[::-1], strict=True):
            picture = self.between(enlarge(picture, places))
        return self.to_picture(picture)
