"""The README's example run by the real binary, and what stock Optuna sees of it."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import optuna
import pytest
from conftest import OPTUNA_MAJOR
from optuna.distributions import CategoricalDistribution as Choice
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int
from optuna.trial import TrialState

REPOSITORY = Path(__file__).resolve().parents[2]
STUDY_FILE = REPOSITORY / "examples" / "sp500_trend.toml"
NAME = "sp500-trend"
TRIALS = 200

SPACE = {
    "fast": Int(5, 60),
    "slow": Int(20, 250, log=True),
    "stop": Float(1.0, 6.0, step=0.25),
    "filter": Choice([False, True]),
    "rsi_max": Float(55.0, 90.0, step=1.0),
}


def bartune(*arguments: object, code: int = 0) -> str:
    """Run the command line; its standard output."""
    binary = os.environ.get("BARTUNE")
    assert binary, "set BARTUNE, or start the checks with scripts/interop/run"
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture()
def summary(url: str) -> dict[str, Any]:
    """A finished run, as its `--json` tells it."""
    return json.loads(bartune("run", STUDY_FILE, "--trials", TRIALS, "--storage", url, "--json"))


@pytest.fixture()
def study(url: str, summary: dict[str, Any]) -> optuna.Study:
    return optuna.load_study(study_name=NAME, storage=url)


def test_the_counts_are_those_of_the_run(study: optuna.Study, summary: dict[str, Any]) -> None:
    assert [trial.number for trial in study.trials] == list(range(summary["trials"]["total"]))
    states = {state: len(study.get_trials(states=[state])) for state in TrialState}
    assert states[TrialState.FAIL] == summary["trials"]["failed"] == 0
    assert states[TrialState.RUNNING] == states[TrialState.WAITING] == 0
    duplicates = [t for t in study.trials if "bartune:duplicate_of" in t.user_attrs]
    assert len(duplicates) == summary["trials"]["duplicate"]
    assert len(study.trials) - len(duplicates) == TRIALS


def test_the_best_trial_is_the_winner(study: optuna.Study, summary: dict[str, Any]) -> None:
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    best = summary["best"]
    assert study.best_trial.number == best["number"]
    assert study.best_value == best["value"]
    assert study.best_params == best["params"]


def test_parameters_lie_in_the_study_files_ranges(study: optuna.Study) -> None:
    for trial in study.trials:
        assert trial.distributions == {name: SPACE[name] for name in trial.params}
        assert ("rsi_max" in trial.params) == trial.params["filter"], "sampled only when it matters"
        assert trial.params["fast"] < trial.params["slow"], "`require` holds"
        for name, value in trial.params.items():
            assert SPACE[name]._contains(SPACE[name].to_internal_repr(value)), (name, value)


def test_values_are_numbers_and_reasons_are_told(study: optuna.Study, summary: dict[str, Any]) -> None:
    infeasible = 0
    for trial in study.trials:
        feasible = trial.state == TrialState.COMPLETE and all(
            value <= 0 for value in trial.system_attrs["constraints"]
        )
        if trial.state == TrialState.COMPLETE:
            assert trial.value is not None and math.isfinite(trial.value)
        assert feasible == ("bartune:reason" not in trial.user_attrs)
        infeasible += not feasible and "bartune:duplicate_of" not in trial.user_attrs
        if OPTUNA_MAJOR >= 5 and trial.state == TrialState.COMPLETE:
            assert set(trial.constraints.values()) == set(trial.system_attrs["constraints"])
    assert infeasible == summary["trials"]["infeasible"]


def test_optunas_own_tools_work_on_it(study: optuna.Study) -> None:
    pytest.importorskip("sklearn")
    assert set(optuna.importance.get_param_importances(study)) <= set(SPACE)


def test_a_longer_run_leaves_the_earlier_trials_as_they_were(study: optuna.Study, url: str) -> None:
    before = [(t.number, t.params, t.values, t.state, t.user_attrs) for t in study.trials]
    bartune("run", STUDY_FILE, "--trials", TRIALS + 50, "--storage", url, "--no-progress")
    again = optuna.load_study(study_name=NAME, storage=url)
    after = [(t.number, t.params, t.values, t.state, t.user_attrs) for t in again.trials]
    assert after[: len(before)] == before
    assert len(after) >= len(before) + 50


def test_a_study_that_optuna_made_is_refused(url: str) -> None:
    study = optuna.create_study(study_name=NAME, storage=url, direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    for command in ("run", "trials", "test"):
        message = bartune(command, STUDY_FILE, "--storage", url, code=2)
        assert "was not made by bartune" in message
    assert len(optuna.load_study(study_name=NAME, storage=url).trials) == 3


def test_the_vault_is_not_in_any_trial(study: optuna.Study, url: str, tmp_path: Path) -> None:
    bartune("test", STUDY_FILE, "--storage", url)
    connection = sqlite3.connect(tmp_path / "studies.db")
    assert connection.execute("SELECT count(*) FROM bartune_vault").fetchone() == (1,)
    keys = connection.execute(
        "SELECT DISTINCT keys_json FROM bartune_metrics JOIN bartune_keys USING (keys_id)"
    )
    assert keys and all('"test"' not in row[0] for row in keys)


def test_the_readmes_python_runs(
    url: str, summary: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    page = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    written = "sqlite:///examples/sp500_trend.db"
    assert written in code
    exec(compile(code.replace(written, url), "README.md", "exec"), {})  # noqa: S102
    assert capsys.readouterr().out.strip() == str(summary["best"]["params"])
