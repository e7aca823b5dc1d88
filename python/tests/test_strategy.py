"""Strategies in Python: the same study from here and from the command line, and the worker's own half."""

from __future__ import annotations

import os
import runpy
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import bartune
import numpy as np
import pytest
from bartune import _worker

STUDY = """
name = "crossing"
[data]
path = "bars.parquet"
synth = { bars = 3000, timeframe = "1h", seed = 5 }
[params]
fast = { int = [3, 40] }
slow = { int = [10, 120] }
[strategy]
python = "crossing.py:signals"
require = ["fast < slow"]
[objective]
maximize = "total_return"
[search]
trials = 30
"""

CROSSING = """
import numpy as np
from bartune import Signals

def mean(values, n):
    sums = np.cumsum(values)
    return np.concatenate([np.full(n - 1, np.nan), sums[n - 1:] - np.concatenate([[0.0], sums[:-n]])]) / n

def signals(bars, fast, slow):
    with np.errstate(invalid="ignore"):
        above = mean(bars.close, fast) > mean(bars.close, slow)
    return Signals(position=above, stop_loss=0.05 * bars.close)
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "crossing.py").write_text(CROSSING)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def test_the_same_study_from_here_and_from_the_command_line(study: Path, command: Path) -> None:
    found = bartune.load(study).run(workers=2)
    environment = {**os.environ, "BARTUNE_PYTHON": sys.executable}
    other = study.with_name("other.db")
    arguments = [command, "run", study, "--storage", f"sqlite:///{other}", "--workers", "1", "--no-progress"]
    subprocess.run(arguments, env=environment, check=True, capture_output=True)
    again = bartune.load(study, storage=f"sqlite:///{other}")
    for number in range(30):
        here, there = found.trial(number), again.trial(number)
        assert (here.params, here.values, here.metrics) == (there.params, there.values, there.metrics)
    assert found.best.value is not None


def test_a_strategy_that_looks_ahead_is_refused(study: Path) -> None:
    text = CROSSING.replace("above = ", "above = np.roll(bars.close, -1) > ")
    study.with_name("crossing.py").write_text(text.replace("mean(bars.close, fast) > mean", "mean"))
    run = bartune.load(study).run().last_run
    assert run is not None and run.ending == "refused"
    assert "looks-ahead" in [finding["code"] for finding in run.findings]


def decoded(answer: Any, bars: int = 10) -> tuple[int, list[list[int]], list[float]]:
    """The flags, the bars at which each mask holds, and the distances."""
    message = _worker.encode(answer, bars, 5)
    kind, nanoseconds, count, flags = struct.unpack("<cQIB", message[:14])
    assert (kind, nanoseconds, count) == (b"C", 5, bars)
    masks = 2 if flags & _worker.HELD else (flags & (_worker.HELD - 1)).bit_count()
    words = np.frombuffer(message, np.uint64, masks, 14)
    held = [[bar for bar in range(64) if int(word) >> bar & 1] for word in words]
    return flags, held, list(np.frombuffer(message, np.float64, -1, 14 + 8 * masks))


def test_positions_are_sent_as_where_they_are_held() -> None:
    position = [1, 1, 0, -1, -1, 1, 0, 0, 0, 1]
    expected = (_worker.HELD, [[0, 1, 5, 9], [3, 4]], [])
    for values in (position, np.array(position, np.int8), np.array(position, float), np.array(position, np.int64)):
        assert decoded(values) == expected
    for values in (np.array(position) == 1, (np.array(position) == 1).astype(np.uint8)):
        assert decoded(values)[1] == [[0, 1, 5, 9], []]


def test_only_the_conditions_that_are_given_are_sent() -> None:
    signals = bartune.Signals(short_entry=[0, 1] * 5, long_exit=np.arange(10) == 3)
    assert decoded(signals) == (0b0110, [[3], [1, 3, 5, 7, 9]], [])


def test_distances_are_sent_for_the_bars_that_enter() -> None:
    signals = bartune.Signals(position=[1, 1, 0, -1, -1, 1, 0, 0, 0, 1], stop_loss=np.arange(10), take_profit=2)
    assert decoded(signals)[2] == [0.0, 3.0, 5.0, 9.0, 2.0, 2.0, 2.0, 2.0]


def test_an_answer_that_cannot_be_taken_says_why() -> None:
    for answer, told in [
        (None, "nothing was returned"),
        ([0] * 9, "9 values for 10 bars"),
        ([0.0] * 9 + [np.nan], "NaN at bar 9"),
        ([0] * 9 + [2], "is 2 at bar 9"),
        ([0.0] * 8 + [0.5, 1.0], "is 0.5 at bar 8"),
        ({"long_exit": [True] * 10}, "no entry"),
        ({"entry": [True] * 10}, "no part `entry`"),
    ]:
        with pytest.raises(_worker.Refused, match=told):
            _worker.encode(answer, 10, 0)


def test_the_versions_of_what_is_imported_anywhere_are_told(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import helper, os\n\ndef f():\n    import pytest\n    import no_such_thing\n")
    (tmp_path / "helper.py").write_text("import numpy\n")
    sources, packages = _worker.imported(str(tmp_path / "mine.py"), str(tmp_path))
    assert sorted(sources) == ["helper.py", "mine.py"]
    assert packages == {"no_such_thing": "not installed", "numpy": np.__version__, "pytest": pytest.__version__}


def test_the_worker_is_a_script_of_its_own() -> None:
    """Nothing in it needs the package: it is run from its text alone."""
    loaded = runpy.run_path(str(Path(_worker.__file__)), run_name="alone")
    assert loaded["Signals"] is not bartune.Signals
