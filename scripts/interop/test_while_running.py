"""Optuna and the dashboard's reader polling a study while Bartune writes it at full speed."""

from __future__ import annotations

import os
import subprocess
from typing import Any, Callable

import optuna

TRIALS = 5_000


def test_polling_while_writing(
    url: str, interop: Callable[..., str], dump: Callable[[str, str], dict[str, Any]]
) -> None:
    interop("write", url, "other")
    binary = os.environ["BARTUNE_INTEROP"]
    with subprocess.Popen([binary, "stream", url, "busy", str(TRIALS)]) as writer:
        polls, seen = 0, 0
        storage = optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 0}})
        while writer.poll() is None:
            names = [summary.study_name for summary in optuna.get_all_study_summaries(storage)]
            if "busy" in names:
                study_id = storage.get_study_id_from_name("busy")
                count = storage.get_n_trials(study_id)
                assert count % 16 in (0, TRIALS % 16)
                assert count >= seen
                seen, polls = count, polls + 1
        assert writer.returncode == 0
    assert polls > 0
    assert storage.get_n_trials(storage.get_study_id_from_name("busy")) == TRIALS
    assert len(optuna.load_study(study_name="other", storage=url).trials) == 9
