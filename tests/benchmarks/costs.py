"""What techniques say that they take, and what they take: `python -m tests.benchmarks.costs`, with names of techniques for some.

Each runs with its defaults on a sample, on two threads; the ratio is what was told by what was measured.
"""

from __future__ import annotations

import sys
from time import perf_counter

import torch

from hub import registry
from hub.decode import decode
from hub.policy import Policy
from hub.runners.expectation import expected

SAMPLE = "sample:astronaut"


def main() -> None:
    """Print a row for each technique."""
    torch.set_num_threads(2)
    print("| technique | told, s | measured, s | ratio |\n|---|---|---|---|")
    for name in sys.argv[1:] or [record.name for record in registry.records() if record.technique]:
        technique = registry.technique(name)
        image = None if technique.picture == "none" else decode(SAMPLE, Policy.public()).image
        told = expected(technique, technique.Params(), image)
        began = perf_counter()
        technique(image)
        took = perf_counter() - began
        print(f"| {name} | {told:.1f} | {took:.1f} | {told / took:.2f} |", flush=True)


if __name__ == "__main__":
    main()
