"""The README's example run by the real binary, and what stock Optuna sees of it."""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import optuna
import pytest
from conftest import OPTUNA_MAJOR, plain
from optuna.distributions import (
    CategoricalDistribution as Choice,
    FloatDistribution as Float,
    IntDistribution as Int,
)
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


SAMPLED = {name: space for name, space in SPACE.items() if name != "rsi_max"}


def asked(study: optuna.Study) -> optuna.Trial:
    """A trial of the example's space, asked for as an objective would."""
    trial = study.ask(SAMPLED)
    if trial.params["filter"]:
        trial.suggest_float("rsi_max", 55.0, 90.0, step=1.0)
    return trial


def test_a_study_that_optuna_began_is_finished_by_bartune(url: str) -> None:
    study = optuna.create_study(study_name=NAME, storage=url, direction="maximize")
    for number in range(12):
        trial = asked(study)
        trial.set_user_attr("by", "optuna")
        if number % 4 == 2:
            trial.report(0.5, 3)
            study.tell(trial, state=TrialState.PRUNED)
        elif number % 4 == 3:
            study.tell(trial, state=TrialState.FAIL)
        else:
            study.tell(trial, number / 100)
    study.ask(SAMPLED)  # stays RUNNING
    study.enqueue_trial({"fast": 11, "slow": 44, "filter": False}, user_attrs={"from": "user"})
    study.enqueue_trial({"stop": 99.0})
    before = [(t.number, t.params, t.values, t.state, t.user_attrs) for t in study.trials[:13]]

    summary = json.loads(bartune("run", STUDY_FILE, "--trials", 60, "--storage", url, "--json"))

    # A new study object: Optuna keeps what it has read.
    trials = optuna.load_study(study_name=NAME, storage=url).trials
    assert [trial.number for trial in trials] == list(range(summary["trials"]["total"]))
    assert [(t.number, t.params, t.values, t.state, t.user_attrs) for t in trials[:13]] == before
    first, second = trials[13], trials[14]
    assert first.state in (TrialState.COMPLETE, TrialState.PRUNED)
    assert {k: first.params[k] for k in ("fast", "slow", "filter")} == {"fast": 11, "slow": 44, "filter": False}
    assert "rsi_max" not in first.params
    assert first.user_attrs["from"] == "user"
    assert second.params["stop"] == 99.0 and second.state != TrialState.WAITING
    assert len(trials) >= 60
    # And Optuna goes on with what Bartune finished.
    continued = optuna.load_study(study_name=NAME, storage=url)
    continued.optimize(lambda trial: trial.suggest_float("stop", 1.0, 6.0, step=0.25), n_trials=2)
    again = json.loads(bartune("run", STUDY_FILE, "--trials", 80, "--storage", url, "--json"))
    assert again["trials"]["total"] >= 80


def test_a_study_that_does_not_fit_is_refused_by_name(url: str) -> None:
    study = optuna.create_study(study_name=NAME, storage=url, direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    for command in ("run", "trials", "test"):
        message = bartune(command, STUDY_FILE, "--storage", url, code=2)
        assert "x: the study file has no such parameter" in message
    assert len(optuna.load_study(study_name=NAME, storage=url).trials) == 3


def test_several_objectives_are_refused_by_name(url: str) -> None:
    optuna.create_study(study_name=NAME, storage=url, directions=["maximize", "minimize"])
    message = bartune("run", STUDY_FILE, "--storage", url, code=2)
    assert "objective: maximize and minimize in the study, maximize in the file" in message


def test_both_databases_hold_the_same_study(sqlite_url: str, postgres_url: str) -> None:
    found = []
    for url in (sqlite_url, postgres_url):
        # In two pieces: the second goes on where the first ended.
        for trials in (70, 150):
            bartune("run", STUDY_FILE, "--trials", trials, "--storage", url, "--no-progress")
        trials = optuna.load_study(study_name=NAME, storage=url).trials
        found.append([(t.number, t.params, t.values, t.state, t.user_attrs, t.system_attrs) for t in trials])
        bartune("verify", STUDY_FILE, "--storage", url)
    assert found[0] == found[1]


def test_a_password_is_printed_and_stored_nowhere(postgres_url: str) -> None:
    import psycopg2

    secret = "hunter2"
    url = re.sub(r"//(\w+)@", rf"//\1:{secret}@", postgres_url)
    assert secret in url
    texts = [bartune("run", STUDY_FILE, "--trials", 30, "--storage", url)]
    texts.append(bartune("run", STUDY_FILE, "--trials", 40, "--storage", url, "--json"))
    texts.append(bartune("run", STUDY_FILE, "--seed", 9, "--storage", url, code=2))
    texts.append(bartune("test", STUDY_FILE, "--storage", url))
    texts.append(bartune("run", STUDY_FILE, "--storage", url.replace("127.0.0.1", "127.0.0.1:1"), code=2))
    texts.append(bartune("run", STUDY_FILE, "--storage", url + "nowhere", code=2))
    cursor = psycopg2.connect(plain(postgres_url)).cursor()
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in cursor.fetchall():
        cursor.execute(f"SELECT * FROM {table}")
        texts.append(repr(cursor.fetchall()))
    cursor.connection.close()
    assert not [text for text in texts if secret in text]


EVERYTHING = [
    "SELECT study_name, direction, objective FROM studies JOIN study_directions USING (study_id)",
    "SELECT key, value_json FROM study_user_attributes",
    "SELECT key, value_json FROM study_system_attributes",
    "SELECT number, state, datetime_start, datetime_complete FROM trials",
    "SELECT number, param_name, param_value, distribution_json FROM trial_params JOIN trials USING (trial_id)",
    "SELECT number, objective, value, value_type FROM trial_values JOIN trials USING (trial_id)",
    "SELECT number, step, intermediate_value, intermediate_value_type FROM trial_intermediate_values JOIN trials USING (trial_id)",
    "SELECT number, key, value_json FROM trial_user_attributes JOIN trials USING (trial_id)",
    "SELECT number, key, value_json FROM trial_system_attributes JOIN trials USING (trial_id)",
    "SELECT number, hex(identity) FROM bartune_trials JOIN trials USING (trial_id)",
    "SELECT number, keys_json, hex(packed) FROM bartune_metrics JOIN trials USING (trial_id) JOIN bartune_keys USING (keys_id)",
    "SELECT number, hex(packed) FROM bartune_returns JOIN trials USING (trial_id)",
    "SELECT opened_ms, trial_number, keys_json, hex(packed) FROM bartune_vault JOIN bartune_keys USING (keys_id)",
]


def everything(path: Path) -> list[list[Any]]:
    connection = sqlite3.connect(path)
    rows = [sorted(connection.execute(sql).fetchall(), key=repr) for sql in EVERYTHING]
    connection.close()
    return rows


def test_there_and_back_every_row_is_the_same(postgres_url: str, tmp_path: Path) -> None:
    here, back = tmp_path / "here.db", tmp_path / "back.db"
    there = plain(postgres_url)
    bartune("run", STUDY_FILE, "--trials", TRIALS, "--storage", f"sqlite:///{here}", "--json")
    bartune("test", STUDY_FILE, "--storage", f"sqlite:///{here}")
    # A trial of every other kind, made by Optuna.
    study = optuna.load_study(study_name=NAME, storage=f"sqlite:///{here}")
    study.enqueue_trial({"fast": 7})
    study.set_user_attr("note", {"é": [1, None, 2.5]})
    bartune("export", NAME, "--storage", f"sqlite:///{here}", "--to", there)
    bartune("export", NAME, "--storage", there, "--to", f"sqlite:///{back}")
    found, expected = everything(back), everything(here)
    for sql, left, right in zip(EVERYTHING, found, expected):
        assert left == right, sql
    assert len(expected[3]) == TRIALS + 1 and len(expected[11]) > 0 and len(expected[12]) == 1


def test_the_vault_is_not_in_any_trial(sqlite_url: str, tmp_path: Path) -> None:
    bartune("run", STUDY_FILE, "--trials", TRIALS, "--storage", sqlite_url, "--json")
    bartune("test", STUDY_FILE, "--storage", sqlite_url)
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
