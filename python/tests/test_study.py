"""A study from its file: run, look at, and the same trials as the command line's."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
from pathlib import Path

import bartune
import pytest

TABLES = {
    "params": "select t.number, p.param_name, p.param_value, p.distribution_json from trial_params p "
    "join trials t using (trial_id) order by 1, 2",
    "values": "select t.number, v.objective, v.value, v.value_type from trial_values v "
    "join trials t using (trial_id) order by 1, 2",
    "states": "select number, state from trials order by 1",
}


def content(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a database says of its trials, to the last bit."""
    with sqlite3.connect(database) as connection:
        return {name: connection.execute(query).fetchall() for name, query in TABLES.items()}


def test_a_run_has_a_winner_counts_and_trials(example: Path) -> None:
    study = bartune.load(example).run(trials=60)
    assert study.last_run is not None and study.last_run.ending == "budget"
    best = study.best
    assert best.state == "COMPLETE" and best.value == best.metrics["train"]["composite"]
    assert set(best.params) >= {"fast", "slow", "stop", "filter"}
    counts = study.counts
    assert counts["total"] - counts["duplicate"] == 60
    assert len(study.trials()) == counts["total"]
    assert study.trial(best.number) == best
    assert [trial.number for trial in study.top(3)][0] == best.number
    assert study.name == "sp500-trend" and study.storage.endswith("sp500_trend.db")


def test_python_and_the_command_line_make_the_same_study(
    example: Path, command: Path, tmp_path: Path
) -> None:
    stores = [tmp_path / "python.db", tmp_path / "command.db"]
    bartune.load(example, storage=f"sqlite:///{stores[0]}").run(trials=120, workers=2)
    arguments = ["run", example, "--trials", "120", "--workers", "1", "--storage", f"sqlite:///{stores[1]}"]
    subprocess.run([command, *arguments, "--no-progress"], check=True, capture_output=True)
    ours, theirs = content(stores[0]), content(stores[1])
    assert len(ours["states"]) >= 120
    assert ours == theirs


def test_python_continues_what_the_command_line_began(example: Path, command: Path, tmp_path: Path) -> None:
    store = tmp_path / "both.db"
    arguments = ["run", example, "--trials", "40", "--storage", f"sqlite:///{store}", "--no-progress"]
    subprocess.run([command, *arguments], check=True, capture_output=True)
    bartune.load(example, storage=f"sqlite:///{store}").run(trials=80)
    whole = tmp_path / "whole.db"
    bartune.load(example, storage=f"sqlite:///{whole}").run(trials=80)
    assert content(store) == content(whole)


def test_reports_are_those_of_the_command_line(example: Path, command: Path) -> None:
    study = bartune.load(example).run(trials=40)

    def told(*arguments: str) -> dict[str, object]:
        # 1 is an answer as well: "no".
        done = subprocess.run([command, *arguments, "--json"], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    verified = study.verify()
    assert verified["equal"] and verified["checked"] == 40
    assert {**told("verify", str(example)), "seconds": 0} == {**verified, "seconds": 0}
    checked, theirs = study.check(estimate=False), told("check", str(example), "--no-estimate")
    assert checked["preflight"] == theirs["preflight"]
    assert checked["plan"] == theirs["plan"]
    backtest = study.backtest(study.best)
    theirs = told("backtest", str(example), "--trial", str(study.best.number))
    assert backtest.metrics == theirs["metrics"] and backtest.params == theirs["params"]
    assert len(backtest.trades) == theirs["trades"] and len(backtest.equity) == theirs["bars"]


def test_a_backtest_runs_with_given_parameters(example: Path) -> None:
    study = bartune.load(example)
    run = study.backtest(params={"fast": 20, "slow": 100, "filter": False}, segment="validate")
    assert run.params["fast"] == 20 and run.params["filter"] is False and run.segment == "validate"
    with pytest.raises(bartune.ParamsError, match="inactive"):
        study.backtest(params={"filter": False, "rsi_max": 60})
    with pytest.raises(bartune.ParamsError, match="segment"):
        study.backtest(params={}, segment="test")  # type: ignore[arg-type]


def test_a_comparison_with_itself_is_equal(example: Path) -> None:
    study = bartune.load(example).run(trials=30)
    assert study.compare(study)["equal"]
    assert not study.compare({"fast": 5, "slow": 20})["equal"]


def test_what_a_run_changes_for_itself_is_no_change_of_the_study(tmp_path: Path) -> None:
    """Also where the study has no `[search]`, which the run then adds."""
    study = bartune.build(
        "bare",
        data={"path": "bars.parquet", "synth": {"bars": 1000, "timeframe": "1h", "seed": 5}},
        params={"n": bartune.Int(5, 60)},
        strategy={"long_entry": "close > sma(close, n)", "long_exit": "close < sma(close, n)"},
        objective={"maximize": "total_return"},
        folder=tmp_path,
    )
    assert study.run(trials=4, check=False).counts["total"] == 4
    assert study.run(trials=6, check=False).counts["total"] == 6


def test_validation_ends_in_one_word(example: Path) -> None:
    study = bartune.load(example).run(trials=30)
    heard: list[str] = []
    found = study.validate(folds=2, fold_trials=10, progress=lambda what, share: heard.append(what))
    assert found["verdict"] in {"robust", "fragile", "likely noise", "not enough data"}
    assert found["trial"] == study.best.number and "walk-forward" in heard


def test_problems_of_a_file_come_all_at_once_with_their_places(example: Path) -> None:
    text = example.read_text().replace("fast = { int", "fast = { itn").replace('sampler = "tpe"', 'sampler = "tpx"')
    example.write_text(text)
    with pytest.raises(bartune.ConfigError) as caught:
        bartune.load(example)
    found = caught.value.diagnostics
    assert len(found) >= 2 and isinstance(caught.value, bartune.Error)
    line = text[: text.index('"tpx"')].count("\n") + 1
    assert any(problem.line == line and problem.code.startswith("E") for problem in found)


def test_other_errors_have_classes_of_their_own(example: Path, tmp_path: Path) -> None:
    with pytest.raises(bartune.FileError, match="cannot read"):
        bartune.load(tmp_path / "nothing.toml")
    study = bartune.load(example)
    with pytest.raises(bartune.NotFoundError, match="no study"):
        _ = study.best
    study.run(trials=5, check=False)
    with pytest.raises(bartune.NotFoundError, match="no trial 99"):
        study.trial(99)
    with pytest.raises(bartune.ChangedError, match="search.seed"):
        study.run(trials=5, seed=7)
    with pytest.raises(bartune.StorageError):
        bartune.load(example, storage="mysql://nowhere").run(trials=1)
    with pytest.raises(bartune.DataError):
        example.with_name("bad.csv").write_text("time,open\n1,2\n")
        bartune.load(example, overrides={"data.path": "bad.csv"}).run(trials=1)


def test_progress_is_told_and_its_exception_ends_the_run(example: Path) -> None:
    heard: list[bartune.Progress] = []
    bartune.load(example).run(trials=40, progress=heard.append)
    assert heard[-1].evaluated == 40 and "40/40 trials" in str(heard[-1])

    def fails(progress: bartune.Progress) -> None:
        raise RuntimeError("enough")

    study = bartune.load(example)
    with pytest.raises(RuntimeError, match="enough"):
        study.run(trials=100_000, progress=fails)
    total = study.counts["total"]
    assert 40 <= total < 100_000
    assert study.run(trials=total + 5).counts["total"] >= total + 5


def test_ctrl_c_ends_a_run_at_a_clean_point(example: Path) -> None:
    study = bartune.load(example)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        study.run(trials=1_000_000)
    timer.join()
    assert study.verify()["equal"]


def test_python_runs_while_a_study_runs(example: Path) -> None:
    study = bartune.load(example)
    worker = threading.Thread(target=study.run, kwargs={"trials": 200})
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
    worker.join()
    assert turns > 1_000 and study.counts["total"] >= 200


def test_a_line_is_shown_in_a_terminal(example: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bartune.load(example).run(trials=20, progress=True)
    assert "sp500-trend: 20/20 trials" in capfd.readouterr().err


def test_notebooks_show_tables(example: Path) -> None:
    study = bartune.load(example)
    assert "not run yet" in study._repr_html_()
    study.run(trials=20, check=False)
    assert "<table>" in study._repr_html_() and "sp500-trend" in repr(study)
    assert "<b>backtest</b>" in study.backtest()._repr_html_()
