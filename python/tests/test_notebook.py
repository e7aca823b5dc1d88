"""Notebooks in a real kernel: the example, progress in place, and strategies that are defined in cells."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient

CROSSING = """
def mean(values, n):
    sums = np.cumsum(values)
    return np.concatenate([np.full(n - 1, np.nan), sums[n - 1:] - np.concatenate([[0.0], sums[:-n]])]) / n
"""

SIGNALS = """
def signals(bars, fast, slow):
    with np.errstate(invalid="ignore"):
        above = mean(bars.close, fast) > mean(bars.close, slow)
    return bartune.Signals(position=above, stop_loss=STOP * bars.close)
"""

STUDY = """
study = bartune.build(
    "<notebook>", strategy=signals, data={"path": "b.parquet", "synth": {"bars": 2000, "timeframe": "1h", "seed": 5}},
    params={"fast": bartune.Int(3, 40), "slow": bartune.Int(10, 120)}, objective={"maximize": "total_return"},
    search={"trials": 30}, storage="sqlite:///notebook.db"%s)
study.run(progress=True)
print(study.counts["total"], repr(study.best.value))
"""

HEAD = "import bartune\nimport numpy as np\nSTOP = 0.05\n"


def executed(cells: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "python"))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return notebook.cells


def texts(cell: Any) -> str:
    return "".join(output["text"] for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def test_a_strategy_in_cells_runs_in_processes_and_threads_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = executed(
        [
            HEAD,
            CROSSING,
            SIGNALS,
            STUDY % "",
            # The cell run again is the same strategy; another constant, or another helper, is another one.
            SIGNALS,
            STUDY % ', run_in="threads"',
            "STOP = 0.06",
            f"try:\n    {(STUDY % '').strip().replace(chr(10), chr(10) + '    ')}\nexcept bartune.ChangedError as error:\n    print(error)",
            "STOP = 0.05\n" + CROSSING.replace("cumsum(values)", "cumsum(values + 0)"),
            f"try:\n    {(STUDY % '').strip().replace(chr(10), chr(10) + '    ')}\nexcept bartune.ChangedError as error:\n    print(error)",
        ],
        tmp_path,
        monkeypatch,
    )
    first, again = texts(cells[3]), texts(cells[5])
    assert first == again and first.startswith("30 ")
    for changed in (cells[7], cells[9]):
        assert "strategy" in texts(changed) and "30 " not in texts(changed)
    # The progress is one display, which ends with what was there at the end, escaped.
    (shown,) = [output for output in cells[3].outputs if output.output_type == "display_data"]
    assert "<b>&lt;notebook&gt;</b>" in shown.data["text/html"] and '<progress value="30" max="30"' in shown.data["text/html"]
    assert shown.data["text/plain"].startswith("<notebook>: 30/30 trials")


def test_the_example_notebook_runs_in_a_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(ROOT / "examples" / "data")
    os.symlink(ROOT / "examples" / "sp500_trend.toml", tmp_path / "sp500_trend.toml")
    notebook = nbformat.read(ROOT / "examples" / "python.ipynb", as_version=4)
    cells = [cell.source.replace("trials=500", "trials=40") for cell in notebook.cells if cell.cell_type == "code"]
    executed(cells, tmp_path, monkeypatch)
