"""What `Storage` keeps in memory of a study."""

from __future__ import annotations

import json
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState


class KnownStudy:
    """What is known of one study."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.id: int = found["id"]
        self.name: str = found["name"]
        self.directions = [StudyDirection[word.upper()] for word in found["directions"]]
        self.user_attrs: dict[str, Any] = found["user_attrs"]
        self.system_attrs: dict[str, Any] = found["system_attrs"]
        self.trials: list[FrozenTrial] = []
        self.unfinished: dict[int, None] = {}
        """Numbers, in order."""
        self.own: set[int] = set()
        """Unfinished trials that this object runs: what it knows of them is the newest."""
        self.unwritten: set[int] = set()
        self.counts = dict.fromkeys(TrialState, 0)
        self.distributions: dict[str, BaseDistribution] = {}
        self.best: FrozenTrial | None = None
        self.finished: list[FrozenTrial] = []
        """In the order in which they were seen to be finished."""
        self.mark: int | None = None
        self._exact: dict[tuple[bool, str], tuple[Any, Any]] = {}
        """Attributes set here, as they were and as the store has them: JSON has no infinite number and no NaN."""

    def set_attr(self, key: str, value: Any, is_system: bool) -> None:
        """Note an attribute that has just been stored."""
        self._exact[is_system, key] = (value, json.loads(json.dumps(value), parse_constant=lambda _: None))
        if is_system:
            self.system_attrs = {**self.system_attrs, key: value}
        else:
            self.user_attrs = {**self.user_attrs, key: value}

    def take_attrs(self, found: dict[str, Any]) -> None:
        """Take the attributes that the store has."""
        for (is_system, key), (value, stored) in self._exact.items():
            attrs = found["system_attrs" if is_system else "user_attrs"]
            if key in attrs and attrs[key] == stored:
                attrs[key] = value
        self.user_attrs, self.system_attrs = found["user_attrs"], found["system_attrs"]

    def put(self, trial: FrozenTrial) -> None:
        """Take a trial in its newest form."""
        if trial.number < len(self.trials):
            self.counts[self.trials[trial.number].state] -= 1
            self.trials[trial.number] = trial
        else:
            self.trials.append(trial)
        self.counts[trial.state] += 1
        for name, distribution in trial.distributions.items():
            self.distributions.setdefault(name, distribution)
        if not trial.state.is_finished():
            self.unfinished[trial.number] = None
            return
        self.unfinished.pop(trial.number, None)
        self.own.discard(trial.number)
        self.unwritten.discard(trial.number)
        self.finished.append(trial)
        if trial.state == TrialState.COMPLETE and len(self.directions) == 1:
            self._consider(trial)

    def _consider(self, trial: FrozenTrial) -> None:
        if self.best is None:
            self.best = trial
            return
        value, best = trial.value, self.best.value
        assert value is not None and best is not None
        is_better = value > best if self.directions[0] == StudyDirection.MAXIMIZE else value < best
        if is_better or (value == best and trial.number < self.best.number):
            self.best = trial
