"""How well denoising restores photographs that it has never seen, beside the classical tools.

Run it with: python -m tests.benchmarks.denoising
"""

from __future__ import annotations

import sys
from typing import Any

import hub
from hub import samples

PHOTOS = ("cat", "astronaut", "coffee", "flower")
SPOILT: dict[str, dict[str, Any]] = {
    "noise 25": {"spoil": "noise"},
    "noise 50": {"spoil": "noise", "sigma": 50.0},
    "half of the pixels": {"spoil": "mask"},
    "30 % in squares": {"spoil": "mask", "shape": "squares", "masked": 0.3},
    "both": {"spoil": "both"},
}


def main(names: list[str]) -> None:
    """Print PSNR by photo, spoiling and method; names: of photos, all where empty."""
    for name in names or PHOTOS:
        for what, values in SPOILT.items():
            result = hub.run("denoising_autoencoder", samples.load(name), **values)
            figures = ", ".join(f"{row['method']} {row['PSNR, dB']:.2f}" for row in result.table)
            print(f"{name}, {what}: {figures}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
