"""A study that Bartune wrote, read and continued by stock Optuna.

The trials are `testing::sample_records` of `crates/storage`: one of every kind.
"""

from __future__ import annotations

import datetime
import math
import re
import sqlite3
from typing import Any, Callable

import optuna
import pytest
from conftest import OPTUNA_MAJOR, plain
from optuna.distributions import (
    CategoricalDistribution as Choice,
    FloatDistribution as Float,
    IntDistribution as Int,
)
from optuna.trial import TrialState

PARAMS = {
    "stop": (2.25, Float(0.5, 5.0, step=0.25)),
    "rate": (3e-5, Float(1e-5, 1.0, log=True)),
    "level": (0.1, Float(-1.0, 1.0)),
    "fast": (12, Int(5, 60)),
    "slow": (200, Int(20, 300, log=True)),
    "bars": (-15, Int(-20, 20, step=5)),
    "filter": (True, Choice([False, True])),
    "exit": ("cross", Choice(["cross", "target é"])),
    "mixed": (math.inf, Choice([None, 7, 0.5, math.inf])),
    "single": (3, Int(3, 3)),
}


@pytest.fixture()
def study(url: str, interop: Callable[..., str]) -> optuna.Study:
    interop("write", url, "sample")
    return optuna.load_study(study_name="sample", storage=url)


def tables(path: str) -> dict[str, str]:
    rows = sqlite3.connect(path).execute(
        "SELECT type || ' ' || name, sql FROM sqlite_master WHERE name NOT LIKE '%bartune_%'"
    )
    return {name: re.sub(r"\s+", " ", sql or "").replace("( ", "(") for name, sql in rows}


def test_the_tables_are_those_of_optuna(
    sqlite_url: str, interop: Callable[..., str], tmp_path: Any
) -> None:
    interop("write", sqlite_url, "sample")
    optuna.create_study(storage=f"sqlite:///{tmp_path / 'optuna.db'}")
    ours, theirs = (tables(str(tmp_path / name)) for name in ("studies.db", "optuna.db"))

    def squeezed(schema: dict[str, str]) -> dict[str, str]:
        return {name: sql.replace(" )", ")") for name, sql in schema.items()}

    assert squeezed(ours) == squeezed(theirs)
    storage = optuna.storages.RDBStorage(sqlite_url)
    assert storage.get_current_version() == storage.get_head_version()


CATALOGUE = {
    "columns": """SELECT table_name, ordinal_position, column_name, data_type, udt_name, is_nullable,
        column_default, character_maximum_length, numeric_precision FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE 'bartune%' ORDER BY 1, 2""",
    "constraints": """SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        AND conrelid::regclass::text NOT LIKE 'bartune%' ORDER BY 1, 2""",
    "indices": """SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename NOT LIKE 'bartune%' ORDER BY 1, 2""",
    "enums": """SELECT typname, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
        ORDER BY typname, enumsortorder""",
    "sequences": """SELECT sequencename, data_type::text, start_value, increment_by, max_value, cache_size
        FROM pg_sequences WHERE schemaname = 'public' AND sequencename NOT LIKE 'bartune%' ORDER BY 1""",
    "revision": "SELECT version_num FROM alembic_version",
}


def test_the_tables_in_postgresql_are_those_of_optuna(
    postgres_url: str, interop: Callable[..., str]
) -> None:
    import psycopg2

    def catalogue() -> dict[str, list[Any]]:
        connection = psycopg2.connect(plain(postgres_url))
        cursor = connection.cursor()
        found = {}
        for what, sql in CATALOGUE.items():
            cursor.execute(sql)
            found[what] = cursor.fetchall()
        connection.close()
        return found

    interop("write", postgres_url, "sample")
    ours = catalogue()
    storage = optuna.storages.RDBStorage(postgres_url)
    assert storage.get_current_version() == storage.get_head_version()
    storage.remove_session()
    storage.engine.dispose()
    connection = psycopg2.connect(plain(postgres_url))
    connection.cursor().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.commit()
    connection.close()
    made = optuna.storages.RDBStorage(postgres_url)
    made.engine.dispose()
    theirs = catalogue()
    assert theirs["constraints"] and theirs["enums"] and theirs["sequences"]
    assert ours == theirs


def test_the_rows_are_spelt_as_optuna_spells_them(url: str, study: optuna.Study, tmp_path: Any) -> None:
    """Optuna's own copy of the study has, byte for byte, the same cells but for distributions, which
    Bartune abbreviates in a way that Optuna reads."""
    import sqlalchemy

    copied = f"sqlite:///{tmp_path / 'copied.db'}"
    optuna.copy_study(from_study_name="sample", from_storage=study._storage, to_storage=copied)
    cells = {
        "trial_params": "trial_id, param_name, param_value",
        "trial_values": "trial_id, objective, value, value_type",
        "trial_intermediate_values": "trial_id, step, intermediate_value, intermediate_value_type",
        "trial_user_attributes": "trial_id, key, value_json",
        "trial_system_attributes": "trial_id, key, value_json",
        "study_directions": "direction, objective",
        "study_user_attributes": "key, value_json",
        "trials": "number, state, datetime_start, datetime_complete",
    }

    def rows(location: str, sql: str) -> list[tuple[Any, ...]]:
        engine = sqlalchemy.create_engine(location)
        with engine.connect() as connection:
            found = [tuple(str(cell) for cell in row) for row in connection.execute(sqlalchemy.text(sql))]
        engine.dispose()
        return sorted(found)

    for table, columns in cells.items():
        sql = f"SELECT {columns} FROM {table}"
        if table == "trials":
            # The two databases have different ideas of a time's decimals.
            sql = "SELECT number, state, datetime_start IS NULL, datetime_complete IS NULL FROM trials"
            assert [(a, b, c in ("1", "True"), d in ("1", "True")) for a, b, c, d in rows(url, sql)] == [
                (a, b, c == "1", d == "1") for a, b, c, d in rows(copied, sql)
            ]
            continue
        assert rows(url, sql) == rows(copied, sql), table
    sql = "SELECT trial_id, param_name, distribution_json FROM trial_params"
    read = optuna.distributions.json_to_distribution
    assert [(a, b, read(c)) for a, b, c in rows(url, sql)] == [
        (a, b, read(c)) for a, b, c in rows(copied, sql)
    ]


def test_every_kind_of_trial_is_read(study: optuna.Study) -> None:
    assert study.user_attrs == {"plan": {"é": [1, 2.5, None]}}
    assert study.directions == [optuna.study.StudyDirection.MAXIMIZE]
    trials = study.trials
    states = "COMPLETE COMPLETE COMPLETE COMPLETE PRUNED COMPLETE FAIL RUNNING WAITING"
    assert [trial.number for trial in trials] == list(range(9))
    assert [trial.state.name for trial in trials] == states.split()
    values = [1.25, 2.5, -math.inf, math.inf, None, 1.25, None, None, None]
    assert [trial.value for trial in trials] == values
    for trial in trials[:8]:
        assert list(trial.params.items()) == [(name, value) for name, (value, _) in PARAMS.items()]
        assert trial.distributions == {name: from_ for name, (_, from_) in PARAMS.items()}
        assert [type(value) for value in trial.params.values()] == [
            type(value) for value, _ in PARAMS.values()
        ]
    assert trials[8].params == {}
    steps = trials[0].intermediate_values
    assert list(steps) == [1, 2, 3]
    assert (steps[1], math.isnan(steps[2]), steps[3]) == (0.5, True, -math.inf)


def test_attributes_tell_reasons_and_originals(study: optuna.Study) -> None:
    note = {"note": ["é", None, 1]}
    trials = study.trials
    assert trials[0].user_attrs == note
    assert trials[0].system_attrs == {"constraints": [-90.0, 0.0], "fixed_params": {"fast": 12}}
    assert trials[3].user_attrs == {**note, "bartune:reason": "trades >= 30: 25 trades"}
    reason = "no trades: profit_factor is undefined"
    assert trials[4].user_attrs == {**note, "bartune:reason": reason}
    assert trials[5].user_attrs == {**note, "bartune:duplicate_of": 0}


@pytest.mark.skipif(OPTUNA_MAJOR < 5, reason="Optuna 4 reads the column as local time")
def test_times_are_read_in_the_readers_zone(study: optuna.Study) -> None:
    trial = study.trials[0]
    start = datetime.datetime.fromtimestamp(1_700_000_000.123)
    assert trial.datetime_start == start
    assert trial.duration == datetime.timedelta(milliseconds=877)


def test_constraints_are_read_by_both_versions(study: optuna.Study) -> None:
    infeasible = study.trials[3]
    assert infeasible.system_attrs["constraints"] == [5.0, -0.1]
    if OPTUNA_MAJOR >= 5:
        assert infeasible.constraints == {"0": 5.0, "1": -0.1}
        assert study.trials[4].constraints == {}


def test_the_best_trial_is_a_feasible_one(study: optuna.Study) -> None:
    """Trial 3 has the best value, +inf, but violates a constraint."""
    assert study.best_trial.number == 1
    assert study.best_value == 2.5


def test_optuna_continues_and_bartune_reads_on(
    study: optuna.Study, url: str, dump: Callable[[str, str], dict[str, Any]]
) -> None:
    before = dump(url, "sample")["trials"]

    def objective(trial: optuna.Trial) -> float:
        stop = trial.suggest_float("stop", 0.5, 5.0, step=0.25)
        fast = trial.suggest_int("fast", 5, 60)
        trial.suggest_categorical("exit", ["cross", "target é"])
        if OPTUNA_MAJOR >= 5:
            trial.set_constraint("fast", fast - 50.0)
        return stop - fast

    study.sampler = optuna.samplers.TPESampler(seed=1, n_startup_trials=2)
    study.optimize(objective, n_trials=6)
    after = dump(url, "sample")["trials"]
    # Optuna takes the waiting trial first, and leaves all others as they were.
    assert after[:8] == before[:8]
    assert [trial["state"] for trial in after[8:]] == ["COMPLETE"] * 6
    for ours, theirs in zip(after[8:], study.trials[8:]):
        assert ours["params"] == [list(pair) for pair in theirs.params.items()]
        assert ours["values"] == theirs.values
        if OPTUNA_MAJOR >= 5:
            assert dict(ours["constraints"]) == theirs.constraints
    assert after[9]["identity"] == ""
    assert after[0]["identity"] == "0123456789abcdef" * 4


def test_deleting_with_optuna_deletes_our_rows_too(
    study: optuna.Study, url: str, dump: Callable[[str, str], dict[str, Any]], tmp_path: Any
) -> None:
    import sqlalchemy

    optuna.delete_study(study_name="sample", storage=url)
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        for table in ("bartune_trials", "bartune_metrics", "bartune_vault", "bartune_lease"):
            assert connection.execute(sqlalchemy.text(f"SELECT count(*) FROM {table}")).scalar() == 0
    engine.dispose()
    # SQLite gives the new trials the deleted ones' keys.
    study = optuna.create_study(study_name="sample", storage=url)
    study.add_trial(optuna.trial.create_trial(value=1.0))
    trial = dump(url, "sample")["trials"][0]
    assert (trial["identity"], trial["metrics"], trial["constraints"]) == ("", {}, [])


def test_plots_and_data_frames_work(study: optuna.Study) -> None:
    pandas = pytest.importorskip("pandas")
    assert isinstance(study.trials_dataframe(), pandas.DataFrame)
    assert study.get_trials(states=[TrialState.PRUNED])[0].number == 4
