"""Optuna's own suite for storages, and what it does not ask."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bartune
import bartune.optuna as ours
import optuna
import pytest
from bartune.optuna import Storage
from optuna.testing.pytest_storages import StorageTestCase

optuna.logging.set_verbosity(optuna.logging.WARNING)


needs_postgres = pytest.mark.skipif(
    "BARTUNE_TEST_POSTGRES" not in os.environ and "CI" not in os.environ,
    reason="scripts/test starts a server and names it in BARTUNE_TEST_POSTGRES",
)


@pytest.fixture
def postgres() -> Iterator[str]:
    """A schema of its own on the server."""
    import psycopg2

    server = os.environ["BARTUNE_TEST_POSTGRES"]
    schema = f"bartune_{uuid.uuid4().hex}"
    connection = psycopg2.connect(server)
    connection.autocommit = True
    connection.cursor().execute(f"create schema {schema}")
    joint = "&" if "?" in server else "?"
    yield f"{server}{joint}options=-csearch_path%3D{schema}"
    connection.cursor().execute(f"drop schema {schema} cascade")
    connection.close()


class _Case(StorageTestCase):
    def test_create_new_study_with_empty_name(self, storage: Storage) -> None:  # type: ignore[override]
        pytest.skip("a study has a name: Bartune's stores refuse an empty one, which no command could ask for")

    def test_set_trial_state_values_for_values(self, storage: Storage) -> None:  # type: ignore[override]
        if optuna.__version__ < "5":
            pytest.skip("the suite of Optuna 4 gives three values to a study of one objective, which the store refuses")
        super().test_set_trial_state_values_for_values(storage)

    def test_an_empty_name_is_refused(self, storage: Storage) -> None:
        with pytest.raises(bartune.StorageError, match="its name is empty"):
            storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], study_name="")


class TestSqlite(_Case):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return Storage(f"sqlite:///{tmp_path}/study.db")


@needs_postgres
class TestPostgres(_Case):
    @pytest.fixture
    def storage(self, postgres: str) -> Storage:
        return Storage(postgres)


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -5, 5)
    k = trial.suggest_int("k", 2, 200, log=True)
    c = trial.suggest_categorical("c", ["a", None, True, 3, 0.5])
    trial.set_user_attr("note", {"list": [1, 2.5, "ü"]})
    trial.report(x, 0)
    trial.report(-x, 1)
    return (x - 1) ** 2 + k / 100 + (c == "a")


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/study.db"


def shape(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    """A trial without its key and with times of milliseconds."""
    fields = {key: value for key, value in trial.__dict__.items() if key != "_trial_id"}
    for key in ("_datetime_start", "datetime_complete"):
        if fields[key] is not None:
            fields[key] = fields[key].replace(microsecond=0)
    return fields


def test_stock_optuna_reads_the_same_trials(tmp_path: Path) -> None:
    study = optuna.create_study(storage=Storage(url(tmp_path)), study_name="s", direction="maximize")
    study.enqueue_trial({"x": 0.5})
    study.optimize(objective, n_trials=12)
    stock = optuna.load_study(study_name="s", storage=url(tmp_path))
    again = optuna.load_study(study_name="s", storage=Storage(url(tmp_path)))
    assert len(study.trials) == 12
    for our, their, reread in zip(study.trials, stock.trials, again.trials, strict=True):
        assert shape(reread) == shape(their)
        assert our.params == their.params and our.values == their.values
        assert our.distributions == their.distributions and our.user_attrs == their.user_attrs
    assert study.best_trial.number == stock.best_trial.number == again.best_trial.number
    assert study.trials[0].params["x"] == 0.5


def test_what_stock_optuna_adds_is_seen_at_once(tmp_path: Path) -> None:
    study = optuna.create_study(storage=Storage(url(tmp_path)), study_name="s")
    study.optimize(objective, n_trials=3)
    stock = optuna.load_study(study_name="s", storage=url(tmp_path))
    for turn in range(3):
        stock.optimize(objective, n_trials=2)
        study.optimize(objective, n_trials=1)
        assert len(study.trials) == len(stock.trials) == 3 + 3 * (turn + 1)
    stock.set_user_attr("who", "stock")
    assert study.user_attrs == {"who": "stock"}
    assert [trial.params for trial in study.trials] == [trial.params for trial in stock.trials]
    assert study.best_value == stock.best_value


def test_several_storages_and_threads_share_a_study(tmp_path: Path) -> None:
    optuna.create_study(storage=Storage(url(tmp_path)), study_name="s")
    for number in range(10):
        optuna.load_study(study_name="s", storage=Storage(url(tmp_path))).enqueue_trial({"x": number / 10})

    def work() -> None:
        study = optuna.load_study(study_name="s", storage=Storage(url(tmp_path)))
        study.optimize(objective, n_trials=10, n_jobs=2)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stock = optuna.load_study(study_name="s", storage=url(tmp_path))
    assert [trial.number for trial in stock.trials] == list(range(30))
    assert all(trial.state.name == "COMPLETE" for trial in stock.trials)
    # Each enqueued trial was run once, by one of them.
    assert [trial.params["x"] for trial in stock.trials[:10]] == [number / 10 for number in range(10)]


def test_a_long_objective_shows_its_parameters(tmp_path: Path) -> None:
    study = optuna.create_study(storage=Storage(url(tmp_path)), study_name="s")
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    deadline = time.monotonic() + 10
    while not (found := optuna.load_study(study_name="s", storage=url(tmp_path)).trials[0].params):
        assert time.monotonic() < deadline, "the parameter was never written"
        time.sleep(0.02)
    assert found == trial.params


def test_a_trial_may_be_told_by_another_process(tmp_path: Path) -> None:
    study = optuna.create_study(storage=Storage(url(tmp_path)), study_name="s")
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    study._storage._write_unwritten()  # type: ignore[attr-defined]
    optuna.load_study(study_name="s", storage=Storage(url(tmp_path))).tell(trial.number, 3.0)
    with pytest.raises(optuna.exceptions.UpdateFinishedTrialError):
        study._storage.set_trial_state_values(trial._trial_id, optuna.trial.TrialState.FAIL)
    assert study.trials[0].value == 3.0 and study.trials[0].params == trial.params


def test_a_killed_process_leaves_a_study_that_goes_on(tmp_path: Path) -> None:
    code = (
        "import optuna, os, sys; sys.path.insert(0, sys.argv[2]);"
        "from test_optuna_storage import objective; from bartune.optuna import Storage;"
        "study = optuna.create_study(storage=Storage(sys.argv[1]), study_name='s');"
        "study.optimize(lambda t: objective(t) if t.number < 20 else os._exit(9), n_trials=30)"
    )
    done = subprocess.run([sys.executable, "-c", code, url(tmp_path), str(Path(__file__).parent)], check=False)
    assert done.returncode == 9
    study = optuna.load_study(study_name="s", storage=Storage(url(tmp_path)))
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 20 + ["RUNNING"]
    study.optimize(objective, n_trials=5)
    assert len(optuna.load_study(study_name="s", storage=url(tmp_path)).trials) == 26


def test_a_study_of_bartune_is_an_optuna_study(example: Path) -> None:
    ours = bartune.load(example).run(trials=30, check=False)
    study = optuna.load_study(study_name="sp500-trend", storage=Storage(f"sqlite:///{example.with_suffix('.db')}"))
    assert len(study.trials) == ours.counts["total"]
    assert study.best_trial.number == ours.best.number and study.best_value == ours.best.value


def test_a_forked_child_opens_its_own_connection(tmp_path: Path) -> None:
    storage = Storage(url(tmp_path))
    study = optuna.create_study(storage=storage, study_name="s")
    study.optimize(objective, n_trials=1)
    child = os.fork()
    if child == 0:
        try:
            study.optimize(objective, n_trials=2)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    study.optimize(objective, n_trials=1)
    assert len(study.trials) == 4
    with sqlite3.connect(tmp_path / "study.db") as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def test_no_password_is_shown(tmp_path: Path) -> None:
    assert repr(Storage(url(tmp_path))) == f"<bartune.optuna.Storage {url(tmp_path)}>"
    with pytest.raises(bartune.StorageError) as caught:
        Storage("postgresql://me:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(caught.value)


DYING = """
import optuna, os, sys
from bartune.optuna import Storage
storage = Storage(sys.argv[1], heartbeat_interval=1)
study = optuna.create_study(storage=storage, study_name="s", load_if_exists=True)
def objective(trial):
    trial.suggest_float("x", 0, 1)
    trial.set_user_attr("note", 1)
    trial.study._storage._write_unwritten()
    trial.study._storage.record_heartbeat(trial._trial_id)
    os._exit(9)
study.optimize(objective, n_trials=1)
"""


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=needs_postgres)])
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_dead_process_is_noticed_and_its_trial_retried(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = url(tmp_path) if kind == "sqlite" else request.getfixturevalue("postgres")
    died = subprocess.run([sys.executable, "-c", DYING, place], check=False, capture_output=True, text=True)
    assert died.returncode == 9, died.stderr
    retry = optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=1)
    storage = Storage(place, heartbeat_interval=1, grace_period=1, heartbeat_stale_trial_callback=retry)
    study = optuna.load_study(study_name="s", storage=storage)
    assert [trial.state.name for trial in study.trials] == ["RUNNING"]
    stock = optuna.storages.RDBStorage(
        place.replace("postgresql:", "postgresql+psycopg2:"), heartbeat_interval=1, grace_period=1
    )
    deadline = time.monotonic() + 20
    while not storage._get_stale_trial_ids(study._study_id):
        assert time.monotonic() < deadline, "nothing was noticed"
        time.sleep(0.05)
    # Stock Optuna reads the same sign of life, and a living one's as well.
    stock_id = stock.get_study_id_from_name("s")
    while not stock._get_stale_trial_ids(stock_id):
        assert time.monotonic() < deadline, "stock Optuna noticed nothing"
        time.sleep(0.05)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    first, second = study.trials
    assert (first.state.name, second.state.name) == ("FAIL", "COMPLETE")
    assert second.params == first.params and second.value == first.params["x"]
    assert storage._get_stale_trial_ids(study._study_id) == []


def test_heartbeats_are_asked_for_and_carried_to_other_processes(tmp_path: Path) -> None:
    assert Storage(url(tmp_path)).get_heartbeat_interval() is None
    with pytest.raises(ValueError, match="`heartbeat_interval` is 0"):
        Storage(url(tmp_path), heartbeat_interval=0)
    with pytest.raises(ValueError, match="give one"):
        Storage(url(tmp_path), heartbeat_stale_trial_callback=print, failed_trial_callback=print)
    storage = Storage(url(tmp_path), heartbeat_interval=60, failed_trial_callback=print)
    again: Storage = pickle.loads(pickle.dumps(storage))
    assert again.get_heartbeat_interval() == 60 and again.get_heartbeat_stale_trial_callback() is print
    study = optuna.create_study(storage=again, study_name="s")
    study.optimize(objective, n_trials=2)
    with sqlite3.connect(tmp_path / "study.db") as connection:
        assert connection.execute("select count(*) from trial_heartbeats").fetchone() == (2,)


@pytest.mark.parametrize("is_stock", [False, True])
def test_a_study_with_the_number_of_a_deleted_one_is_another(tmp_path: Path, is_stock: bool) -> None:
    """SQLite gives numbers anew; a sampler, a pruner and a storage that knew the old study start afresh."""
    storage: Any = url(tmp_path) if is_stock else Storage(url(tmp_path))
    other: Any = url(tmp_path) if is_stock else Storage(url(tmp_path))

    def fresh() -> tuple[Any, Any]:
        return ours.TPESampler(seed=3, n_startup_trials=2), ours.MedianPruner(n_startup_trials=2)

    def run(place: Any, sampler: Any, pruner: Any, reports: float) -> list[tuple[Any, str]]:
        study = optuna.create_study(storage=place, study_name="s", sampler=sampler, pruner=pruner)
        place = study._storage

        def objective(trial: optuna.Trial) -> float:
            x = trial.suggest_float("x", 0, 1)
            trial.report(reports + x, 0)
            if trial.should_prune():
                raise optuna.TrialPruned
            return x

        study.optimize(objective, n_trials=8)
        return [(trial.params, trial.state.name) for trial in study.trials]

    used = fresh()
    run(storage, *used, reports=-100.0)
    # Another process deletes it and makes one of the same name, with the same number.
    optuna.delete_study(study_name="s", storage=other)
    again = run(storage, *used, reports=0.0)
    alone = run(Storage(f"sqlite:///{tmp_path}/alone.db"), *fresh(), reports=0.0)
    assert [params for params, _ in again] == [params for params, _ in alone]
    assert [state for _, state in again] == [state for _, state in alone]


def test_a_storage_notices_that_its_study_is_another(tmp_path: Path) -> None:
    one, two = Storage(url(tmp_path)), Storage(url(tmp_path))
    study = optuna.create_study(storage=one, study_name="s")
    study.optimize(objective, n_trials=3)
    optuna.delete_study(study_name="s", storage=two)
    other = optuna.create_study(storage=two, study_name="s")
    assert other._study_id == study._study_id
    time.sleep(0.002)
    other.optimize(objective, n_trials=5)
    assert len(study.trials) == 5 and study.best_value == other.best_value
