"""The code of the documentation runs."""

from __future__ import annotations

import ast
import doctest
import json
import linecache
import os
from importlib import import_module
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
        if path.suffix in (".toml", ".ipynb") or path.is_dir():
            os.symlink(path, examples / path.name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("page", "count"), [("docs/python.md", 6), ("README.md", 3)])
def test_the_code_of_the_page_runs(page: str, count: int, place: Path) -> None:
    found = blocks(page)
    assert len(found) == count
    names: dict[str, Any] = {"__name__": "__main__", "objective": slow, "optuna": optuna}
    if page == "README.md":
        # Its first block reads the study that the second one runs.
        found = [*found[1:], found[0]]
    for number, block in enumerate(found):
        # As a notebook keeps its cells.
        file = f"<{page} {number}>"
        linecache.cache[file] = (len(block), None, block.splitlines(True), file)
        exec(compile(block, file, "exec"), names)
    assert names["study"] is not None


def run_cell(text: str, names: dict[str, Any]) -> None:
    """Run a cell and show its last expression, as a notebook does."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if last is not None:
        shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        shown._repr_html_() if hasattr(shown, "_repr_html_") else repr(shown)


def test_the_notebook_runs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place / "examples")
    cells = json.loads(Path("python.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        # What is shown is no part of the file: outputs go stale.
        assert cell.get("outputs", []) == []
        if cell["cell_type"] == "code":
            text = "".join(cell["source"]).replace("trials=500", "trials=40")
            run_cell(text, names)
    assert names["trials"].height >= 40 and len(names["runs"]) == 2


@pytest.mark.parametrize("module", ["bartune.language", "bartune.optimizer"])
def test_the_examples_of_a_module_are_right(module: str) -> None:
    found = doctest.testmod(import_module(module))
    assert found.attempted > 1 and found.failed == 0
