"""How fast it is, on this machine, against what the machine can do and against what others do.

    python -m tests.benchmarks               # about ten minutes
    python -m tests.benchmarks --quick       # about two: fewer repetitions, smaller networks only
    python -m tests.benchmarks --peers       # the published tools beside it, where they are installed

Prints Markdown tables: the convolution throughput of the machine, measured; seconds for a step of each job, the share of
that throughput it reaches, and peak memory, each job in a process of its own; whole techniques with the time to their
first preview; start-up; and a comparison at equal work: the same weights, pictures that reach the network at the same size,
batch 1, the same layer and channel, one step of the optimiser, set-up left out. Contenders take turns in one process, and
medians are compared.

Nothing here is collected by pytest; times are never tested.

The peers: torch-lucent, dreamlens and horama from PyPI. Their declared dependencies are partly dead, so install them
without, into an environment that has Netsee (or beside it: a virtual environment whose site-packages holds a .pth file
that names the other's):

    pip install --no-deps torch-lucent dreamlens horama kornia==0.4.1 decorator future einops matplotlib contourpy cycler \\
        fonttools kiwisolver pyparsing python-dateutil

torch-lucent also puts a folder called `tests` into site-packages; run from the root of this repository, whose own comes first.
"""
