"""Importing the package is light."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

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


def undocumented(name: str, found: object) -> list[str]:
    """The public parts of something that have no docstring of their own."""
    if not (inspect.isclass(found) or inspect.isroutine(found)):
        return []
    missing = [] if inspect.getdoc(found) else [name]
    if inspect.isclass(found):
        for part, value in vars(found).items():
            value = getattr(value, "fget", None) or getattr(value, "__func__", value)
            if not part.startswith("_") and inspect.isroutine(value) and not inspect.getdoc(getattr(found, part)):
                missing.append(f"{name}.{part}")
    return missing


def test_every_public_name_says_what_it_is_for() -> None:
    modules = [bartune, *(import_module(f"bartune.{name}") for name in ("language", "optuna", "strategy", "errors"))]
    assert all(module.__doc__ for module in modules)
    names = [(module, name) for module in modules for name in getattr(module, "__all__", vars(module)) if name[0] != "_"]
    found = [
        missing
        for module, name in names
        for missing in undocumented(f"{module.__name__}.{name}", getattr(module, name))
        if getattr(getattr(module, name), "__module__", "").startswith("bartune")
    ]
    assert found == []
    assert len(names) > 60
