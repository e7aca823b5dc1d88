"""The package is typed, and its stubs say what the extension is."""

from __future__ import annotations

import os
import subprocess
import sys

from conftest import ROOT


def checked(*arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "MYPYPATH": str(ROOT / "python")}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_is_typed() -> None:
    checked("mypy", "--strict", "python/bartune")


def test_the_stubs_are_those_of_the_extension() -> None:
    checked("mypy.stubtest", "bartune._bartune", "--mypy-config-file", "pyproject.toml")
