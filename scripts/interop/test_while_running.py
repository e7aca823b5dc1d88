"""Optuna and optuna-dashboard polling a study while Bartune writes it at full speed."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any, Callable
from wsgiref.util import setup_testing_defaults

import optuna
import pytest

TRIALS = 10_000
# The dashboard reads all of them each time it looks.
SHOWN = 3_000

# Trials of one transaction, as `interop stream` writes them.
BATCH = 128

# Trials a second, while they are read.
LEAST_RATE = 1_000


def stream(url: str, trials: int) -> subprocess.Popen[str]:
    """A process that writes so many trials as fast as it can, and prints how many seconds it took."""
    command = [os.environ["BARTUNE_INTEROP"], "stream", url, "busy", str(trials)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def assert_fast(writer: subprocess.Popen[str], trials: int) -> None:
    seconds = float(writer.communicate()[0])
    assert writer.returncode == 0
    assert trials / seconds >= LEAST_RATE, f"{trials / seconds:.0f} trials a second"


def test_polling_while_writing(url: str, interop: Callable[..., str]) -> None:
    interop("write", url, "other")
    # No waiting at all: a reader that met a lock would fail.
    arguments = {"timeout": 0} if url.startswith("sqlite") else {"options": "-c lock_timeout=1"}
    storage = optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": arguments})
    polls, seen = 0, 0
    with stream(url, TRIALS) as writer:
        while writer.poll() is None:
            names = [summary.study_name for summary in optuna.get_all_study_summaries(storage)]
            if "busy" in names:
                count = storage.get_n_trials(storage.get_study_id_from_name("busy"))
                assert count % BATCH in (0, TRIALS % BATCH), "a batch is seen whole or not at all"
                assert count >= seen
                seen, polls = count, polls + 1
        assert_fast(writer, TRIALS)
    assert polls > 0
    assert storage.get_n_trials(storage.get_study_id_from_name("busy")) == TRIALS
    assert len(optuna.load_study(study_name="other", storage=url).trials) == 9


def get(app: Any, path: str) -> Any:
    """One request to the dashboard, without a server."""
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ["PATH_INFO"] = path
    statuses: list[str] = []
    body = b"".join(app(environ, lambda status, headers, *rest: statuses.append(status)))
    assert statuses == ["200 OK"], (path, body)
    return json.loads(body)


def poll(app: Any) -> dict[str, int]:
    """Look at every study, as the dashboard's pages do; their numbers of trials."""
    sizes = {}
    for study in get(app, "/api/studies")["study_summaries"]:
        detail = get(app, f"/api/studies/{study['study_id']}")
        sizes[detail["name"]] = len(detail["trials"])
    return sizes


def test_the_dashboard_while_writing(url: str, interop: Callable[..., str]) -> None:
    dashboard = pytest.importorskip("optuna_dashboard")
    interop("write", url, "other")
    app = dashboard.wsgi(optuna.storages.RDBStorage(url))
    polls = 0
    with stream(url, SHOWN) as writer:
        while writer.poll() is None:
            assert poll(app)["other"] == 9
            polls += 1
        assert_fast(writer, SHOWN)
    assert polls > 0
    # A fresh one: the dashboard keeps trials in memory for some seconds.
    assert poll(dashboard.wsgi(optuna.storages.RDBStorage(url))) == {"other": 9, "busy": SHOWN}
