"""What the tests share: places, a copy of the example to run in, the command line's binary."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def command() -> Path:
    """The binary to compare with: scripts/test builds it, and its absence is a failure."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    binary = target / "debug" / "bartune"
    assert binary.exists(), f"{binary} is missing: cargo build -p bartune-cli"
    return binary


@pytest.fixture(scope="session", autouse=True)
def bar_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Decoded bars are kept in a folder of the tests' own."""
    os.environ["BARTUNE_CACHE_DIR"] = str(tmp_path_factory.mktemp("bars"))


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The trend-following example, in a folder of its own."""
    (tmp_path / "data").symlink_to(ROOT / "examples" / "data")
    return Path(shutil.copy(ROOT / "examples" / "sp500_trend.toml", tmp_path))
