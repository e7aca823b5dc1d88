#!/usr/bin/env python3
"""What `bartune check` says a run will take, beside what it takes.

    cargo build --release -p bartune-cli
    benches/estimate/compare.py target/release/bartune [BARS.parquet]

Five studies of different cost: daily bars and ten-minute ones, cheap and dear strategies, account rules, stages. Each is
checked, run into a database of its own and removed. The machine must be otherwise idle: an estimate is of wall time. With
BARS the studies of ten-minute bars run on those instead of synthetic ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
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


def output(command: list[str]) -> dict:
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")


def main() -> int:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    binary = sys.argv[1]
    bars = [f"data.path={Path(sys.argv[2]).resolve()}"] if len(sys.argv) == 3 else []
    head = f"{'study':<20} {'trials':>7} {'search':>8} {'said':>7} {'ratio':>6} {'verdict':>8} {'said':>7} {'ratio':>6}"
    print(f"{head} {'both':>6} {'MB':>6} {'said':>6} {'ratio':>6} {'db MB':>6} {'said':>6}")
    worst = 1.0
    for study, changes, takes_bars in STUDIES:
        sets = [word for change in changes + (bars if takes_bars else []) for word in ("--set", change)]
        with tempfile.TemporaryDirectory() as folder:
            database = Path(folder) / "study.db"
            said = output([binary, "check", str(REPOSITORY / study), "--json", *sets])["preflight"]["estimate"]
            run = output([binary, "run", str(REPOSITORY / study), "--json", "--storage", f"sqlite:///{database}", *sets])
            size = database.stat().st_size / 1e6
        took, expected = (run["seconds"], run["verdict_seconds"]), (said["seconds"], said["verdict_seconds"])
        time, used = sum(expected) / sum(took), run["peak_rss_mb"] * 1.048576
        memory = said["memory_bytes"] / 1e6 / used
        worst = max(worst, time, 1 / time, memory, 1 / memory)
        print(
            f"{Path(study).stem:<20} {run['trials']['total']:>7}"
            f" {took[0]:>8.2f} {expected[0]:>7.2f} {expected[0] / took[0]:>6.2f}"
            f" {took[1]:>8.2f} {expected[1]:>7.2f} {expected[1] / took[1]:>6.2f}"
            f" {time:>6.2f} {used:>6.0f} {said['memory_bytes'] / 1e6:>6.0f} {memory:>6.2f}"
            f" {size:>6.1f} {said['database_bytes'] / 1e6:>6.1f}",
            flush=True,
        )
    print(f"the worst is {worst:.2f} times off")
    return 0 if worst <= 1.25 else 1


if __name__ == "__main__":
    sys.exit(main())
