#!/usr/bin/env python3
"""How much faster a search is with two workers than with one.

    cargo build --release -p bartune-cli
    benches/workers/compare.py target/release/bartune [BARS.parquet [ROUNDS]]

`examples/large.toml` without its verdict, the whole process timed, with 500 and 2,000 trials. A round is a run with one worker, one with
two, and two runs with one worker side by side, which have nothing in common but the machine: twice their number over
their time says what the machine itself gives. The machine must be otherwise idle. With BARS the study
runs on those instead of synthetic ones.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

STUDY = Path(__file__).resolve().parents[2] / "examples/large.toml"


def seconds(command: list[str], workers: int, processes: int = 1) -> float:
    """Until the last of so many runs has ended, each with a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        stores = [f"sqlite:///{folder}/{number}.db" for number in range(processes)]
        began = time.perf_counter()
        runs = [
            subprocess.Popen([*command, "--workers", str(workers), "--storage", store], stdout=subprocess.DEVNULL)
            for store in stores
        ]
        codes = [run.wait() for run in runs]
        took = time.perf_counter() - began
    if any(codes):
        sys.exit(f"{' '.join(command)} ended with {codes}")
    return took


def main() -> None:
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 9
    print(f"{'trials':>6} {'one':>6} {'two':>6} {'gain':>6} {'quartiles':>12} {'side by side':>13}")
    for trials in (500, 2_000):
        command = [sys.argv[1], "run", str(STUDY), "--trials", str(trials), "--no-validate", "--json"]
        if len(sys.argv) > 2:
            command += ["--set", f"data.path={Path(sys.argv[2]).resolve()}"]
        seconds(command, 2)
        rows = [(seconds(command, 1), seconds(command, 2), seconds(command, 1, processes=2)) for _ in range(rounds)]
        gains = sorted(one / two for one, two, _ in rows)
        one, two, beside = (median(column) for column in zip(*rows))
        spread = f"{gains[rounds // 4]:.2f} to {gains[-1 - rounds // 4]:.2f}"
        print(f"{trials:>6} {one:>6.2f} {two:>6.2f} {median(gains):>6.2f} {spread:>12} {2 * one / beside:>13.2f}")


if __name__ == "__main__":
    main()
