"""Importing the package is light."""

from __future__ import annotations

import subprocess
import sys

import bartune

HEAVY = ("numpy", "pandas", "polars", "pyarrow", "optuna")


def test_importing_brings_nothing_heavy_and_takes_no_time() -> None:
    # Processor time: what a busy machine does beside it is not counted.
    code = (
        "import sys, time; began = time.process_time(); import bartune; "
        "print(time.process_time() - began); bartune.load; bartune.Table; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    told = [run.stdout.split("\n") for run in runs]
    assert min(float(seconds) for seconds, *_ in told) < 0.05
    assert {heavy for _, heavy, *_ in told} == {"[]"}


def test_every_public_name_is_there() -> None:
    assert [name for name in bartune.__all__ if not hasattr(bartune, name)] == []
