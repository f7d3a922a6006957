"""A Space of the Hugging Face Hub, from this installation: its pages, its files, and the way there.

`pages` writes what is a Space's own, `belongings` finds what its techniques are made of, `libraries` what it installs for them,
`staging` puts all beside the hub's code, `proof` loads the tree by itself, `uploading` brings it to the Hub.
`python -m hub.deploy FOLDER` writes the pages of every Space of ours, as they lie in `spaces/`.
"""

CPU, ZERO = "cpu-basic", "zero-a10g"
HARDWARE = (CPU, "cpu-upgrade", ZERO, "t4-small", "t4-medium", "l4x1", "l40sx1", "a10g-small", "a10g-large", "a100-large")
"""What a Space may run on, as the Hub calls it; ZERO lends a GPU for the time of a run."""
PYTHON = "3.12"  # a Space has 3.10 where it is not told, and neither torch nor numpy of today runs there
