"""Importing the package is light."""

from __future__ import annotations

import subprocess
import sys

import bartune

HEAVY = ("numpy", "pandas", "polars", "pyarrow", "optuna")


def test_importing_brings_nothing_heavy_and_takes_no_time() -> None:
    code = (
        "import sys, time; began = time.perf_counter(); import bartune; "
        "print(time.perf_counter() - began); bartune.load; bartune.Table; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    seconds, heavy = min(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")[:2]
        for _ in range(5)
    )
    assert float(seconds) < 0.05
    assert heavy == "[]"


def test_every_public_name_is_there() -> None:
    assert [name for name in bartune.__all__ if not hasattr(bartune, name)] == []
