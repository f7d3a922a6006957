"""The shared engine: pictures as things to optimise.

A technique says what is varied (`canvas`), what is wanted (`objectives`), and what must not matter (`transforms`), and passes the
previews of `maximise` on:

    dream = yield from pixels.maximise(energy("layer3"), Pixels(photo), network, steps=10, rule=Climb(0.01), generator=generator)
"""

from hub.pixels import affine, ascent, canvas, colour, gradients, images, matting, objectives, style, transforms
from hub.pixels.ascent import LBFGS, Adam, Averaged, Climb, Terms, Trace, maximise
from hub.pixels.canvas import Enlarged, Fourier, Phases, Pixels, Pyramid
from hub.pixels.octaves import octaves, shares
from hub.pixels.transforms import Mirrored, Robustness

__all__ = [
    "LBFGS",
    "Adam",
    "Averaged",
    "Climb",
    "Enlarged",
    "Fourier",
    "Mirrored",
    "Phases",
    "Pixels",
    "Pyramid",
    "Robustness",
    "Terms",
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
    "style",
    "transforms",
]
