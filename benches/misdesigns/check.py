#!/usr/bin/env python3
"""How soon `bartune check` names what is wrong with a study of 262,782 bars.

    cargo build --release -p bartune-cli
    benches/misdesigns/check.py target/release/bartune [BARS.parquet]

examples/large.toml with one mistake at a time; `check --no-estimate`, wall time of the whole command. Exit status 1 if one is
not named, or not within two seconds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LARGE = REPOSITORY / "examples" / "large.toml"
LIMIT_S = 2.0
# What, what is replaced by what in the file, and the words that name it.
MISDESIGNS = [
    ("a dead parameter", ("\"target * atr(14)\"", "\"(target + 100000) * atr(14)\""), "parameter `target` is dead"),
    ("an impossible condition", ("and rsi(close, rsi_period) < rsi_max\"", "and rsi(close, rsi_period) > 100\""), "`rsi(close, rsi_period) > 100` is true on none"),
    ("a misspelt key", ("commission =", "comission ="), "did you mean `commission`?"),
    ("an empty region", ("\"fast < slow\"", "\"fast > slow + 100\""), "no point"),
    ("a segment that is too short", ("train = 0.6", "train = 0.001"), "bars to warm up"),
    ("a champion outside the space", None, "champion-outside"),
    ("nothing wrong", ("", ""), "nothing speaks against"),
]
CHAMPION = ("fast = { int = [5, 100] }", "fast = { int = [200, 300] }")


def study(folder: Path, change: tuple[str, str]) -> Path:
    text = LARGE.read_text().replace("data/large.parquet", str(LARGE.parent / "data" / "large.parquet"))
    if change[0] and change[0] not in text:
        sys.exit(f"{LARGE} has no {change[0]!r}")
    path = folder / "study.toml"
    path.write_text(text.replace(*change) if change[0] else text)
    return path


def main() -> int:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    bars = ["--set", f"data.path={Path(sys.argv[2]).resolve()}"] if len(sys.argv) == 3 else []
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        champion = folder / "champion.toml"
        champion.write_text(study(folder, CHAMPION).read_text().replace("slow = { int = [20, 400], log = true }", "slow = { int = [301, 400] }"))
        subprocess.run([sys.argv[1], "check", str(study(folder, ("", ""))), "--no-estimate", *bars], capture_output=True)
        for what, change, words in MISDESIGNS:
            more = [] if change else ["--baseline", str(champion)]
            path = study(folder, change or ("", ""))
            began = time.monotonic()
            done = subprocess.run([sys.argv[1], "check", str(path), "--no-estimate", *bars, *more], capture_output=True, text=True)
            seconds = time.monotonic() - began
            is_named = words in done.stdout + done.stderr
            failed |= not is_named or seconds > LIMIT_S
            print(f"{what:<30} {seconds:6.2f} s  {'named' if is_named else 'NOT NAMED'}  exit {done.returncode}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
