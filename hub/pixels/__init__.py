"""The shared engine: pictures as things to optimise.

A technique says what is varied (`canvas`), what is wanted (`objectives`), and what must not matter (`transforms`), and passes the
previews of `maximise` on:

    dream = yield from pixels.maximise(energy("layer3"), Pixels(photo), network, steps=10, rule=Climb(0.01), generator=generator)
"""

from hub.pixels import affine, ascent, canvas, colour, gradients, images, matting, objectives, transforms
from hub.pixels.ascent import Adam, Climb, Trace, maximise
from hub.pixels.canvas import Enlarged, Fourier, Phases, Pixels
from hub.pixels.octaves import octaves, shares
from hub.pixels.transforms import Robustness

__all__ = [
    "Adam",
    "Climb",
    "Enlarged",
    "Fourier",
    "Phases",
    "Pixels",
    "Robustness",
    "Trace",
    "affine",
    "ascent",
    "canvas",
    "colour",
    "gradients",
    "images",
    "matting",
    "maximise",
    "objectives",
    "octaves",
    "shares",
    "transforms",
]
