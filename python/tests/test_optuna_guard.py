"""Nothing twice, and processes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import bartune
import optuna
import pytest
from bartune.optuna import (
    NoDupeGuard,
    RandomSampler,
    Storage,
    TPESampler,
    ask_tell_optimize,
    optimize,
    param_signature,
)
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.WARNING)


def test_a_signature_is_the_hash_of_the_canonical_form() -> None:
    canonical = json.dumps({"a": 1, "b": 0.5, "c": "ü"}, sort_keys=True, separators=(",", ":"))
    assert param_signature({"c": "ü", "b": 0.5, "a": 1.0}) == hashlib.sha256(canonical.encode()).hexdigest()
    assert param_signature({"a": True}) != param_signature({"a": 1})


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres", "redis"])
def test_of_any_number_of_callers_one_is_told_new(kind: str, tmp_path: Path) -> None:
    places = {
        "memory": {},
        "sqlite": {"sqlite_path": tmp_path / "guard.db"},
        "postgres": {"postgres_url": os.environ.get("BARTUNE_TEST_POSTGRES")},
        "redis": {"redis_url": os.environ.get("BARTUNE_TEST_REDIS")},
    }
    if None in places[kind].values() and "CI" not in os.environ:
        pytest.skip(f"scripts/test starts a server and names it in BARTUNE_TEST_{kind.upper()}")
    guard = NoDupeGuard(**places[kind], name=f"test-{os.getpid()}")  # type: ignore[arg-type]
    assert guard.add({"x": 1, "y": "a"}) and not guard.add({"y": "a", "x": 1.0})
    assert guard.contains({"x": 1, "y": "a"}) and {"x": 2} not in guard
    assert guard.add_batch([{"x": 1, "y": "a"}, {"x": 2}, {"x": 2}, {"x": 3}]) == 2
    assert guard.contains_batch([{"x": 3}, {"x": 4}]) == [True, False] and len(guard) == 3
    guard.clear()
    assert len(guard) == 0


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(bartune.ParamsError, match="one place"):
        NoDupeGuard(sqlite_path="a.db", redis_url="redis://x")
    with pytest.raises(bartune.GuardError):
        NoDupeGuard(sqlite_path=tmp_path / "missing" / "guard.db")
    with pytest.raises(bartune.ParamsError, match="no signature"):
        NoDupeGuard().add("abc")


SPACE = {"a": IntDistribution(0, 3), "b": CategoricalDistribution(["x", "y", "z"])}


def test_an_optuna_study_evaluates_nothing_twice(tmp_path: Path) -> None:
    seen: list[tuple[object, ...]] = []

    def objective(trial: optuna.Trial) -> float:
        point = (trial.suggest_int("a", 0, 3), trial.suggest_categorical("b", ["x", "y", "z"]))
        seen.append(point)
        return point[0]

    guard = NoDupeGuard(sqlite_path=tmp_path / "guard.db")
    first, second = (optuna.create_study(sampler=RandomSampler(seed=seed)) for seed in (1, 2))
    assert ask_tell_optimize(first, objective, 5, guard, distributions=SPACE) == 5
    # The other study does not know the space yet: its first trial tells.
    assert 4 <= ask_tell_optimize(second, objective, 100, guard, attempts=200) <= 8
    assert len(set(seen)) == 12 and len(seen) <= 13
    duplicates = [trial for trial in second.trials if "bartune:duplicate" in trial.user_attrs]
    assert duplicates and all(trial.state == TrialState.PRUNED for trial in duplicates)


def test_an_objective_may_prune_fail_or_break() -> None:
    def objective(trial: optuna.Trial) -> float:
        if trial.params["a"] == 0:
            raise optuna.TrialPruned
        if trial.params["a"] == 1:
            raise ValueError("no")
        if trial.params["a"] == 2:
            raise KeyError("unexpected")
        return 1.0

    study = optuna.create_study(sampler=RandomSampler(seed=1))
    with pytest.raises(KeyError, match="unexpected"):
        ask_tell_optimize(study, objective, 12, distributions=SPACE, catch=ValueError, attempts=500)
    assert study.trials[-1].state == TrialState.FAIL
    assert all(trial.state != TrialState.RUNNING for trial in study.trials)


def slow(trial: optuna.Trial) -> float:
    trial.set_user_attr("process", os.getpid())
    return float((trial.suggest_float("x", -5, 5) - 1) ** 2)


def breaks(trial: optuna.Trial) -> float:
    raise RuntimeError("broken")


def test_processes_share_a_study(tmp_path: Path) -> None:
    storage = Storage(f"sqlite:///{tmp_path}/study.db")
    study = optuna.create_study(storage=storage, study_name="s", sampler=TPESampler(seed=1))
    optimize(study, slow, 31, n_jobs=2)
    assert [trial.number for trial in study.trials] == list(range(31))
    assert len({trial.user_attrs["process"] for trial in study.trials}) == 2
    with pytest.raises(bartune.Error, match="2 of 2 processes failed"):
        optimize(study, breaks, 2, n_jobs=2)
    with pytest.raises(bartune.ParamsError, match="in memory"):
        optimize(optuna.create_study(), slow, 2)
    with pytest.raises(bartune.ParamsError, match="another process cannot be given this.*a lambda has no text"):
        optimize(study, lambda trial: 0.0, 2)


SCRIPT = """
import os, optuna
from bartune.optuna import Storage, optimize
from helper import square

CENTRE = 1.5
print("begun")

def objective(trial):
    trial.set_user_attr("process", os.getpid())
    return square(trial.suggest_float("x", -5, 5) - CENTRE)

study = optuna.create_study(storage=Storage("sqlite:///study.db"), study_name="s")
optimize(study, objective, 8, n_jobs=2)
print(len({trial.user_attrs["process"] for trial in study.trials} - {os.getpid()}), len(study.trials))
print(all(abs((trial.params["x"] - 1.5) ** 2 - trial.value) < 1e-12 for trial in study.trials))
"""


def test_an_objective_of_a_script_is_carried_and_the_script_not_run_again(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def square(x):\n    return x * x\n")
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "begun\n2 8\nTrue\n"


def test_the_package_for_optuna_imports_optuna_only_when_it_is_used() -> None:
    code = "import sys, bartune.optuna; print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
