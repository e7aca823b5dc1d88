"""Finished trials of a study, each told once, to those who learn from them."""

from __future__ import annotations

from optuna.study import Study
from optuna.trial import FrozenTrial

from bartune.optuna.storage import Storage


class Finished:
    """What was told of one study."""

    def __init__(self) -> None:
        self._source: list[FrozenTrial] | None = None
        self._told = 0
        self._seen: set[int] = set()
        self._first: FrozenTrial | None = None

    def news(self, study: Study) -> list[FrozenTrial] | None:
        """Trials that were found finished since the last time; `None` if this is another study, which has the number of
        one that was deleted."""
        storage = study._storage
        if isinstance(storage, Storage):
            source = storage._finished(study._study_id)
            if self._source is not None and self._source is not source:
                return None
            self._source = source
            found = source[self._told :]
            self._told += len(found)
            return found
        trials = study._get_trials(deepcopy=False, use_cache=True)
        first = self._first
        if first is not None:
            same = trials[first.number] if first.number < len(trials) else None
            if same is None or same.datetime_start != first.datetime_start:
                return None
        found = [trial for trial in trials if trial.state.is_finished() and trial.number not in self._seen]
        self._seen.update(trial.number for trial in found)
        if found and first is None:
            self._first = found[0]
        return found
