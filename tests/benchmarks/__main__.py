"""Runs every job in a process of its own and prints the tables."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable

from tests import benchmarks
from tests.benchmarks import startup
from tests.benchmarks.jobs import DREAMS, FILTERS, QUICK, SLOW, WHOLES


def job(name: str, dtype: str, threads: int, *options: str) -> dict:
    """What a job printed, or {"error": its last line} where it failed."""
    env = {**os.environ, "NETSEE_DTYPE": dtype, "HF_HUB_OFFLINE": "1", **({"OMP_NUM_THREADS": str(threads)} if threads else {})}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.jobs", name, *options], env=env, capture_output=True, text=True
    )
    if ended.returncode:
        return {"error": (ended.stderr.strip().splitlines() or ["no message"])[-1][:120]}
    return json.loads(ended.stdout.strip().splitlines()[-1])


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    head = list(head)
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
    print()


def brief(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def measured(name: str, dtype: str, peak: float, threads: int, options: list[str]) -> list[str]:
    """One row of the table of jobs."""
    found = job(name, dtype, threads, *options)
    if "error" in found:
        return [name, dtype, found["error"], "", "", ""]
    first = brief(found["first"]) if "first" in found else ""
    return [
        name,
        dtype,
        brief(found["seconds"]),
        first,
        f"{found['flops'] / found['seconds'] / peak:.0%}",
        f"{found['peak'] / 2**20:.0f} MiB ({(found['peak'] - found['before']) / 2**20:+.0f})",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=benchmarks.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, small networks")
    parser.add_argument("--peers", action="store_true", help="the published tools too, where they are installed")
    parser.add_argument("--threads", type=int, default=0, help="threads of each job; 0 for what torch takes by itself")
    asked = parser.parse_args()
    options = ["--repetitions", "3" if asked.quick else "12"]
    print(
        f"# Benchmarks\n\n{platform.machine()}, {os.cpu_count()} cores seen, Python {platform.python_version()}, "
        f"threads: {asked.threads or 'as torch takes them'}.\n\n## What the machine can do\n\n3x3 convolutions, "
        "forward and backward to the "
        "input, channels_last, GFLOP/s (two operations a multiply-add)."
    )
    rates = job("machine", "float32", asked.threads, *options)
    if "error" in rates:
        sys.exit(rates["error"])
    table(
        ["channels @ px", *rates],
        [[shape, *(f"{rates[dtype][shape] / 1e9:.0f}" for dtype in rates)] for shape in rates["float32"]],
    )

    print(
        "## What the jobs take\n\nA step for filters and dreams, the whole run for techniques; "
        "share of the best throughput above "
        "(convolutions and products of matrices only); peak memory of the process (and above what it had after its imports)."
    )
    names = QUICK if asked.quick else SLOW
    table(
        ["job", "format", "time", "first preview", "share of peak", "peak memory"],
        (
            measured(
                name, dtype, max(rates[dtype].values()), asked.threads, ["--repetitions", "2"] if name in WHOLES else options
            )
            for name in names
            for dtype in rates
        ),
    )

    if not asked.quick:
        print("## Whether the pictures stay as good\n\nClass pictures that the judge, a second network, names first.")
        named = {dtype: job("quality", dtype, asked.threads) for dtype in rates}
        good = {dtype: found for dtype, found in named.items() if "error" not in found}
        head = next(iter(good.values()), {})
        table(["format", *head], [[dtype, *map(str, found.values())] for dtype, found in good.items()])
        print(*(f"{dtype}: {found['error']}" for dtype, found in named.items() if dtype not in good), sep="\n")

    print("## Start-up")
    table(
        ["what", "time"],
        (
            [label, brief(seconds())]
            for label, seconds in (
                ("netsee --help", lambda: startup.help_seconds(3 if asked.quick else 7)),
                ("web app, to its first answer", startup.app_seconds),
            )
        ),
    )

    print("## Against others\n\nSeconds a step at equal work, medians, in turns.")
    for name in [n for n in names if n in FILTERS or n in DREAMS]:
        found = job(name, "float32", asked.threads, "--compare", *options, *(["--peers"] if asked.peers else []))
        print(f"\n**{name}**")
        if "error" in found:
            print(f"\n{found['error']}\n")
            continue
        times = {label: seconds for label, seconds in found.items() if not isinstance(seconds, str)}
        best = min(seconds for label, seconds in times.items() if not label.startswith("Netsee"))
        table(
            ["who", "a step", "times faster than the fastest other"],
            [
                [label, brief(seconds), f"{best / seconds:.1f}" if label.startswith("Netsee") else ""]
                for label, seconds in times.items()
            ]
            + [[label, reason, ""] for label, reason in found.items() if label not in times],
        )


if __name__ == "__main__":
    main()
