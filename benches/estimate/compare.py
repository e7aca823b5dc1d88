#!/usr/bin/env python3
"""What `bartune check` says a run will take, beside what it takes.

    cargo build --release -p bartune-cli
    benches/estimate/compare.py target/release/bartune [BARS.parquet] [--repeat 3] [--parts] [--only large ...]

Five studies of different cost: daily bars and ten-minute ones, cheap and dear strategies, account rules, stages. Each is
checked, run into a database of its own and removed. An estimate is of wall time, on a machine as busy as it is: check and
run follow each other at once. With BARS the studies of ten-minute bars run on those instead of synthetic ones. `--parts`
says what was told and taken of proposals and of each stage of the verdict.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Study file, changes, whether it takes BARS.
STUDIES = [
    ("examples/sp500_trend.toml", ["search.trials=5000"], False),
    ("examples/funded_account.toml", ["search.trials=1500"], False),
    ("examples/bollinger_squeeze.toml", ["search.trials=3000"], True),
    ("examples/large.toml", ["search.trials=3000"], True),
    ("benches/ten_thousand.toml", ["search.sampler=tpe", "search.large_data=auto"], True),
]
HEAD = (
    f"{'study':<20} {'search':>7} {'said':>6} {'ratio':>5} {'verdict':>8} {'said':>6} {'ratio':>5} {'both':>5}"
    f" {'MB':>5} {'said':>5} {'ratio':>5} {'db MB':>6} {'said':>6} {'check':>6}"
)


def output(command: list[str]) -> dict:
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")


def compared(binary: str, study: str, sets: list[str], parts: bool) -> list[float]:
    """The ratios of time and of memory, of one check and the run after it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "study.db"
        began = time.monotonic()
        said = output([binary, "check", str(REPOSITORY / study), "--json", *sets])["preflight"]["estimate"]
        checked = time.monotonic() - began
        run = output(
            [binary, "run", str(REPOSITORY / study), "--json", "--storage", f"sqlite:///{database}", *sets]
        )
        size = database.stat().st_size / 1e6
    took, expected = (run["seconds"], run["verdict_seconds"]), (said["seconds"], said["verdict_seconds"])
    whole, used = sum(expected) / sum(took), run["peak_rss_mb"] * 1.048576
    memory = said["memory_bytes"] / 1e6 / used
    print(
        f"{Path(study).stem:<20} {took[0]:>7.2f} {expected[0]:>6.2f} {expected[0] / took[0]:>5.2f}"
        f" {took[1]:>8.2f} {expected[1]:>6.2f} {expected[1] / took[1]:>5.2f} {whole:>5.2f}"
        f" {used:>5.0f} {said['memory_bytes'] / 1e6:>5.0f} {memory:>5.2f}"
        f" {size:>6.1f} {said['database_bytes'] / 1e6:>6.1f} {checked:>6.2f}",
        flush=True,
    )
    if parts:
        stages = {"proposals": run["proposing_seconds"], **run["verdict_stages"]}
        told = {"proposals": said["proposing_seconds"], **said["verdict_stages"]}
        for name, seconds in stages.items():
            ratio = f"{told[name] / max(seconds, 1e-9):>5.2f}" if name in told else "    -"
            print(f"    {name:<32} {seconds:>7.3f} {told.get(name, 0.0):>7.3f} {ratio}")
    return [whole, memory]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("binary")
    parser.add_argument("bars", nargs="?", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    bars = [f"data.path={given.bars.resolve()}"] if given.bars else []
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n{HEAD}")
    ratios: list[float] = []
    for study, changes, takes_bars in STUDIES:
        if given.only and Path(study).stem not in given.only:
            continue
        sets = [word for change in changes + (bars if takes_bars else []) for word in ("--set", change)]
        for _ in range(given.repeat):
            ratios += compared(given.binary, study, sets, given.parts)
    worst = max(max(ratio, 1 / ratio) for ratio in ratios)
    print(f"the worst is {worst:.2f} times off")
    return 0 if worst <= 1.25 else 1


if __name__ == "__main__":
    sys.exit(main())
