"""Studies that stock Optuna wrote, read by Bartune."""

from __future__ import annotations

import math
import sqlite3
import warnings
from typing import Any, Callable

import optuna
import pytest
from conftest import OPTUNA_MAJOR
from optuna.distributions import (
    CategoricalDistribution as Choice,
    FloatDistribution as Float,
    IntDistribution as Int,
)
from optuna.trial import TrialState, create_trial

Dump = Callable[[str, str], dict[str, Any]]


def word(value: Any) -> Any:
    """A number as the dump spells it."""
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "NaN")
    return value


def described(distribution: optuna.distributions.BaseDistribution) -> dict[str, Any]:
    return {
        name: [word(item) for item in value] if isinstance(value, tuple) else word(value)
        for name, value in distribution._asdict().items()
    }


def assert_read(study: optuna.Study, dumped: dict[str, Any]) -> None:
    """Bartune reads what Optuna reads."""
    assert dumped["directions"] == [d.name.capitalize() for d in study.directions]
    assert dumped["user_attrs"] == study.user_attrs
    trials = study.trials
    assert len(dumped["trials"]) == len(trials)
    for ours, theirs in zip(dumped["trials"], trials):
        assert ours["number"] == theirs.number
        assert ours["state"] == theirs.state.name
        assert ours["values"] == [word(value) for value in theirs.values or []]
        assert ours["params"] == [[name, word(v)] for name, v in theirs.params.items()]
        assert ours["distributions"] == {
            name: described(from_) for name, from_ in theirs.distributions.items()
        }
        assert dict(ours["intermediate_values"]) == {
            step: word(value) for step, value in theirs.intermediate_values.items()
        }
        assert ours["user_attrs"] == theirs.user_attrs
        system = {k: v for k, v in theirs.system_attrs.items() if not k.startswith("constraints")}
        assert ours["system_attrs"] == system
        if OPTUNA_MAJOR >= 5:
            assert dict(ours["constraints"]) == theirs.constraints
        if OPTUNA_MAJOR >= 5 and theirs.datetime_start is not None:
            assert ours["started_ms"] == math.floor(theirs.datetime_start.timestamp() * 1000)


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -10, 10)
    log = trial.suggest_float("log", 1e-5, 1.0, log=True)
    step = trial.suggest_float("step", 0.5, 5.0, step=0.25)
    trial.suggest_float("single", 2.0, 2.0)
    whole = trial.suggest_int("whole", -5, 5)
    trial.suggest_int("whole log", 1, 1000, log=True)
    trial.suggest_int("whole step", 0, 100, step=10)
    kind = trial.suggest_categorical("kind", ["a", "é", None, True, 3, 0.5, math.inf])
    if trial.suggest_categorical("switch", [False, True]):
        trial.suggest_int("only when switched", 0, 3)
    trial.set_user_attr("kind", repr(kind))
    trial.set_user_attr("nested", {"é": [1, 2.5, None, {"deep": "x"}], "huge": 2**63 + 1})
    for number in range(3):
        trial.report([x, math.nan, math.inf][number], number)
    if trial.number % 7 == 3:
        raise optuna.TrialPruned()
    if trial.number % 7 == 4:
        raise RuntimeError("failed")
    if trial.number % 7 == 5:
        return math.nan  # Optuna makes it FAIL
    if trial.number % 7 == 6:
        return math.inf
    return x * x + log + step + whole


@pytest.mark.filterwarnings("ignore")
def test_a_study_of_every_distribution_and_outcome(url: str, dump: Dump) -> None:
    study = optuna.create_study(
        study_name="optuna", storage=url, sampler=optuna.samplers.RandomSampler(seed=1)
    )
    study.set_user_attr("é", {"a": [1, None]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.optimize(objective, n_trials=30, catch=(RuntimeError,))
        study.enqueue_trial({"x": 1.5, "kind": "é"}, user_attrs={"from": "user"})
        study.ask()  # takes the enqueued one
        study.enqueue_trial({"x": 2.5})
        study.ask({"x": Float(-10, 10)})
        study.enqueue_trial({"x": -2.5})
    dumped = dump(url, "optuna")
    assert {trial["state"] for trial in dumped["trials"]} == {state.name for state in TrialState}
    assert_read(study, dumped)


def test_several_objectives(url: str, dump: Dump) -> None:
    study = optuna.create_study(
        study_name="pareto", storage=url, directions=["minimize", "maximize"]
    )
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), trial.number), n_trials=5)
    study.add_trial(create_trial(state=TrialState.PRUNED))
    assert_read(study, dump(url, "pareto"))


def test_studies_side_by_side_do_not_mix(url: str, dump: Dump) -> None:
    first = optuna.create_study(study_name="first", storage=url)
    second = optuna.create_study(study_name="second", storage=url)
    for _ in range(20):
        first.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
        second.optimize(lambda trial: trial.suggest_int("y", 0, 9), n_trials=1)
    assert_read(first, dump(url, "first"))
    assert_read(second, dump(url, "second"))


def test_constraints_in_optuna_4s_form(url: str, dump: Dump) -> None:
    study = optuna.create_study(study_name="list", storage=url)
    study.add_trial(create_trial(value=1.0, system_attrs={"constraints": [1.0, -0.5, math.inf]}))
    study.add_trial(create_trial(value=1.0, system_attrs={"constraints": None}))
    trials = dump(url, "list")["trials"]
    assert trials[0]["constraints"] == [["0", 1.0], ["1", -0.5], ["2", "inf"]]
    assert trials[1]["constraints"] == []


@pytest.mark.skipif(OPTUNA_MAJOR < 5, reason="Optuna 4 has no named constraints")
def test_constraints_in_optuna_5s_form(url: str, dump: Dump) -> None:
    study = optuna.create_study(study_name="named", storage=url)

    def constrained(trial: optuna.Trial) -> float:
        trial.set_constraint("trades: at least 30", 4)
        trial.set_constraint("drawdown", -math.inf)
        return 1.0

    study.optimize(constrained, n_trials=2)
    dumped = dump(url, "named")
    assert dumped["trials"][0]["constraints"] == [["trades: at least 30", 4.0], ["drawdown", "-inf"]]


def test_numbers_that_json_lacks_become_words_in_attributes(url: str, dump: Dump) -> None:
    study = optuna.create_study(study_name="words", storage=url)
    study.add_trial(create_trial(value=1.0, user_attrs={"a": [math.nan, {"b": -math.inf}]}))
    assert dump(url, "words")["trials"][0]["user_attrs"] == {"a": ["NaN", {"b": "-Infinity"}]}


def test_the_templates_deprecated_spellings_are_read(url: str, dump: Dump) -> None:
    study = optuna.create_study(study_name="old", storage=url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = {
            "a": optuna.distributions.UniformDistribution(0, 1),
            "b": optuna.distributions.LogUniformDistribution(0.5, 1),
            "c": optuna.distributions.DiscreteUniformDistribution(0, 1, 0.25),
            "d": optuna.distributions.IntUniformDistribution(0, 9, 3),
            "e": optuna.distributions.IntLogUniformDistribution(1, 9),
        }
        params = {"a": 0.5, "b": 0.5, "c": 0.25, "d": 3, "e": 2}
        trial = create_trial(value=1.0, params=params, distributions=old)
        # Past `create_trial`, which would translate them.
        trial.distributions = old
        study._storage.create_new_trial(study._study_id, trial)
    new = {
        "a": Float(0, 1),
        "b": Float(0.5, 1, log=True),
        "c": Float(0, 1, step=0.25),
        "d": Int(0, 9, step=3),
        "e": Int(1, 9, log=True),
    }
    dumped = dump(url, "old")["trials"][0]
    assert dumped["distributions"] == {name: described(from_) for name, from_ in new.items()}


def test_bartune_finishes_an_enqueued_trial(
    url: str, interop: Callable[..., str], dump: Dump
) -> None:
    study = optuna.create_study(study_name="enqueued", storage=url)
    study.enqueue_trial({"x": 1.5}, user_attrs={"from": "user"})
    interop("finish", url, "enqueued")
    trial = optuna.load_study(study_name="enqueued", storage=url).trials[0]
    assert (trial.state, trial.value) == (TrialState.COMPLETE, 0.5)
    assert trial.user_attrs == {"from": "user"}
    assert trial.system_attrs == {"fixed_params": {"x": 1.5}}


def test_reading_only_adds_nothing_to_optunas_database(
    sqlite_url: str, dump: Dump, tmp_path: Any
) -> None:
    optuna.create_study(study_name="alone", storage=sqlite_url)
    before = (tmp_path / "studies.db").read_bytes()
    dump(sqlite_url, "alone")
    assert (tmp_path / "studies.db").read_bytes() == before
    tables = sqlite3.connect(tmp_path / "studies.db").execute("SELECT name FROM sqlite_master")
    assert not [name for (name,) in tables if name.startswith("bartune")]


def test_choices_that_python_calls_equal_keep_their_kind(url: str, dump: Dump) -> None:
    study = optuna.create_study(study_name="equal", storage=url)
    choices = Choice([1, "1", None, "None"])
    for value in choices.choices:
        study.add_trial(create_trial(value=1.0, params={"x": value}, distributions={"x": choices}))
    assert [t["params"] for t in dump(url, "equal")["trials"]] == [
        [["x", value]] for value in choices.choices
    ]
