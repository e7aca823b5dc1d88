"""The code of the documentation runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import optuna
import pytest
from conftest import ROOT
from test_optuna_guard import slow

optuna.logging.set_verbosity(optuna.logging.WARNING)

# What a page does at length, in short.
SHORTER = {"trials=500": "trials=30", "trials=1000": "trials=20", "range(1000)": "range(20)", "n_jobs=8": "n_jobs=2"}


def blocks(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    for words, fewer in SHORTER.items():
        text = text.replace(words, fewer)
    return [rest.split("```")[0] for rest in text.split("```python\n")[1:]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like the repository, to write into."""
    examples = tmp_path / "examples"
    examples.mkdir()
    for path in (ROOT / "examples").iterdir():
        if path.suffix == ".toml" or path.is_dir():
            os.symlink(path, examples / path.name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("page", "count"), [("docs/python.md", 5), ("README.md", 3)])
def test_the_code_of_the_page_runs(page: str, count: int, place: Path) -> None:
    found = blocks(page)
    assert len(found) == count
    names: dict[str, Any] = {"objective": slow, "optuna": optuna}
    if page == "README.md":
        # Its first block reads the study that the second one runs.
        found = [*found[1:], found[0]]
    for block in found:
        exec(compile(block, page, "exec"), names)
    assert names["study"] is not None
