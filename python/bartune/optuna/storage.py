"""Optuna's storage interface over Bartune's stores.

What has been read of a study is kept in memory: finished trials never change, so they are read once. Before an answer
that others may have changed, the store is asked whether somebody did (SQLite tells that without reading a table).

A trial is written when it is created and when it is finished. What it suggests, reports and notes in between is written
with its result, or after 50 ms at the latest, so that a long objective shows its parameters, and a short one costs two
transactions.

| differs from Optuna's | why |
|---|---|
| `_trial_id` is made of study and number | no lookup; the database has its own keys |
| times have milliseconds | what the database's column is written with |
"""

from __future__ import annotations

import copy
import os
import threading
import uuid
import weakref
from collections.abc import Callable, Container, Sequence
from datetime import datetime
from typing import Any

from optuna.distributions import BaseDistribution, check_distribution_compatibility
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import BaseStorage
from optuna.storages._base import DEFAULT_STUDY_NAME_PREFIX
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.study import Study, StudyDirection
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

from bartune._bartune import StoreHandle
from bartune.errors import StorageError
from bartune.optuna.known import KnownStudy
from bartune.optuna.rows import frozen, milliseconds, place, row, trial_id

_WRITE_AFTER = 0.05
_END = 2**64 - 1
StaleTrialCallback = Callable[[Study, FrozenTrial], None]
_UNFINISHED = (TrialState.RUNNING, TrialState.WAITING)
# Beyond so many gaps, reading them one by one costs more than reading all from the first one.
_FEW = 16


class Storage(BaseStorage, BaseHeartbeat):
    """A store of Bartune's as Optuna's storage.

    With a heartbeat, `study.optimize` notes every so often that its trials are alive, and before each trial fails those
    whose process has died. Notes are Optuna's own: its `RDBStorage` may share them.

    Args:
        url: `sqlite:///study.db` or `postgresql://user@host/database`. Also what `optuna.load_study` would open.
        heartbeat_interval: seconds between two signs of life; without it there are none.
        grace_period: seconds without one after which a trial counts as dead; twice the interval, if not given.
        heartbeat_stale_trial_callback: called for each such trial, once it is failed; for instance
            `optuna.storages.RetryHeartbeatStaleTrialCallback()`.
        failed_trial_callback: the same, by its older name.
    """

    def __init__(
        self,
        url: str,
        *,
        heartbeat_interval: int | None = None,
        grace_period: int | None = None,
        heartbeat_stale_trial_callback: StaleTrialCallback | None = None,
        failed_trial_callback: StaleTrialCallback | None = None,
    ) -> None:
        for name, seconds in (("heartbeat_interval", heartbeat_interval), ("grace_period", grace_period)):
            if seconds is not None and seconds <= 0:
                raise ValueError(f"`{name}` is {seconds}: it is a positive number of seconds")
        if heartbeat_stale_trial_callback is not None and failed_trial_callback is not None:
            raise ValueError("`heartbeat_stale_trial_callback` and `failed_trial_callback` are the same: give one")
        self._url = url
        self._heartbeat_interval = heartbeat_interval
        self._grace_period = grace_period
        self._stale_trial_callback = heartbeat_stale_trial_callback or failed_trial_callback
        self._of_parent: list[StoreHandle] = []
        self._open()

    def _open(self) -> None:
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._studies: dict[int, KnownStudy] = {}
        self._handle = StoreHandle(self._url)
        self._wake = threading.Event()
        self._writer: threading.Thread | None = None

    def __getstate__(self) -> dict[str, Any]:
        names = ("_url", "_heartbeat_interval", "_grace_period", "_stale_trial_callback")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def __repr__(self) -> str:
        return f"<bartune.optuna.Storage {self._handle.url}>"

    # Studies.

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        name = DEFAULT_STUDY_NAME_PREFIX + str(uuid.uuid4()) if study_name is None else study_name
        with self._locked():
            study_id = self._handle.create_study(name, [direction.name.lower() for direction in directions])
            if study_id is None:
                raise DuplicatedStudyError(
                    f"Another study with name '{name}' already exists. Please specify a different name, or reuse the "
                    "existing one by setting `load_if_exists` (for Python API) or `--skip-if-exists` flag (for CLI)."
                )
            return study_id

    def delete_study(self, study_id: int) -> None:
        with self._locked():
            self._studies.pop(study_id, None)
            if not self._handle.delete_study(study_id):
                raise KeyError(f"There is no study with id {study_id}.")

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._set_study_attr(study_id, key, value, is_system=False)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._set_study_attr(study_id, key, value, is_system=True)

    def _set_study_attr(self, study_id: int, key: str, value: Any, *, is_system: bool) -> None:
        with self._locked():
            study = self._synced(study_id)
            self._handle.set_study_attr(study_id, key, value, is_system)
            # Another dict, so that a reader goes on with the one it has.
            study.set_attr(key, value, is_system)

    def get_study_id_from_name(self, study_name: str) -> int:
        with self._locked():
            found = self._handle.study(study_name)
        if found is None:
            raise KeyError(f"No such study {study_name}.")
        study_id: int = found["id"]
        return study_id

    def get_study_name_from_id(self, study_id: int) -> str:
        with self._locked():
            return self._study(study_id).name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        with self._locked():
            return self._study(study_id).directions

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        with self._locked():
            return self._synced(study_id).user_attrs

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        with self._locked():
            return self._synced(study_id).system_attrs

    def get_all_studies(self) -> list[FrozenStudy]:
        with self._locked():
            return [
                FrozenStudy(
                    study_name=found["name"],
                    direction=None,
                    directions=[StudyDirection[word.upper()] for word in found["directions"]],
                    user_attrs=found["user_attrs"],
                    system_attrs=found["system_attrs"],
                    study_id=found["id"],
                )
                for found in sorted(self._handle.studies(), key=lambda found: found["id"])
            ]

    # Trials: creating and changing.

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        with self._locked():
            study = self._study(study_id)
            while True:
                number = len(study.trials)
                trial = _new_trial(study_id, number, template_trial)
                if self._handle.append(study_id, row(trial)):
                    break
                # Somebody else's has this number.
                self._read_changes(study)
                if len(study.trials) == number:
                    raise StorageError(f"the trials of study `{study.name}` have no number {number}, and others after it")
            study.put(trial)
            if trial.state == TrialState.RUNNING:
                study.own.add(number)
            return trial._trial_id

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        with self._locked():
            study, trial = self._updatable(trial_id)
            known = study.distributions.get(param_name)
            if known is not None:
                check_distribution_compatibility(known, distribution)
            changed = copy.copy(trial)
            changed._params = {**trial._params, param_name: distribution.to_external_repr(param_value_internal)}
            changed._distributions = {**trial._distributions, param_name: distribution}
            self._change(study, changed)

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        with self._locked():
            study, trial = self._updatable(trial_id)
            changed = copy.copy(trial)
            changed.intermediate_values = {**trial.intermediate_values, step: intermediate_value}
            self._change(study, changed)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._locked():
            study, trial = self._updatable(trial_id)
            changed = copy.copy(trial)
            changed._user_attrs = {**trial._user_attrs, key: value}
            self._change(study, changed)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        with self._locked():
            study, trial = self._updatable(trial_id)
            changed = copy.copy(trial)
            changed._system_attrs = {**trial._system_attrs, key: value}
            self._change(study, changed)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        with self._locked():
            study, trial = self._updatable(trial_id)
            if state == TrialState.RUNNING:
                return trial.state == TrialState.WAITING and self._claim(study, trial)
            changed = copy.copy(trial)
            changed.state = state
            if values is not None:
                changed._values = list(values)
            if state.is_finished():
                changed.datetime_complete = datetime.now()
            if not self._handle.replace(study.id, [row(changed)]):
                # Somebody else ended it.
                study.own.discard(trial.number)
                study.unwritten.discard(trial.number)
                self._read_changes(study)
                self.check_trial_is_updatable(trial_id, study.trials[trial.number].state)
                raise StorageError(f"trial {trial.number} of study `{study.name}` could not be written")
            study.put(changed)
            return True

    def _claim(self, study: KnownStudy, trial: FrozenTrial) -> bool:
        now = datetime.now()
        started = milliseconds(now)
        assert started is not None
        if not self._handle.claim(study.id, trial.number, started):
            self._read_changes(study)
            return False
        changed = copy.copy(trial)
        changed.state = TrialState.RUNNING
        changed._datetime_start = now
        study.put(changed)
        study.own.add(trial.number)
        return True

    def _change(self, study: KnownStudy, changed: FrozenTrial) -> None:
        study.put(changed)
        # Whoever changes an unfinished trial runs it.
        study.own.add(changed.number)
        study.unwritten.add(changed.number)
        if not self._wake.is_set():
            self._wake.set()
        if self._writer is None:
            self._writer = threading.Thread(
                target=_write_later, args=(weakref.ref(self), self._wake), name="bartune-storage", daemon=True
            )
            self._writer.start()

    def _write_unwritten(self) -> None:
        with self._lock:
            for study in self._studies.values():
                numbers = sorted(study.unwritten)
                study.unwritten.clear()
                for number in numbers:
                    if not self._handle.replace(study.id, [row(study.trials[number])]):
                        # Somebody else ended it; the next change of it is refused.
                        study.own.discard(number)
                        study.mark = None

    # Trials: signs of life.

    def record_heartbeat(self, trial_id: int) -> None:
        with self._locked():
            self._handle.note_alive(*place(trial_id))

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        if self._heartbeat_interval is None:
            return []
        grace = self._grace_period or 2 * self._heartbeat_interval
        with self._locked():
            return [trial_id(study_id, number) for number in self._handle.silent_trials(study_id, grace)]

    def get_heartbeat_interval(self) -> int | None:
        return self._heartbeat_interval

    def get_heartbeat_stale_trial_callback(self) -> StaleTrialCallback | None:
        return self._stale_trial_callback

    def get_failed_trial_callback(self) -> StaleTrialCallback | None:
        return self._stale_trial_callback

    # Trials: reading.

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        found = trial_id(study_id, trial_number)
        self.get_trial(found)
        return found

    def get_trial_number_from_id(self, trial_id: int) -> int:
        return self.get_trial(trial_id).number

    def get_trial_param(self, trial_id: int, param_name: str) -> float:
        trial = self.get_trial(trial_id)
        return trial.distributions[param_name].to_internal_repr(trial.params[param_name])

    def get_trial(self, trial_id: int) -> FrozenTrial:
        with self._locked():
            return self._find(trial_id)[1]

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        with self._locked():
            study = self._synced(study_id)
            if states is None:
                trials = study.trials.copy()
            elif all(state in _UNFINISHED or state not in states for state in TrialState):
                trials = [study.trials[number] for number in sorted(study.unfinished)]
                trials = [trial for trial in trials if trial.state in states]
            else:
                trials = [trial for trial in study.trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def get_n_trials(self, study_id: int, state: tuple[TrialState, ...] | TrialState | None = None) -> int:
        with self._locked():
            counts = self._synced(study_id).counts
        states = TrialState if state is None else (state,) if isinstance(state, TrialState) else state
        return sum(counts[of] for of in states)

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        with self._locked():
            study = self._synced(study_id)
            if len(study.directions) > 1:
                raise RuntimeError("Best trial can be obtained only for single-objective optimization.")
            if study.best is None:
                raise ValueError("No trials are completed yet.")
            return study.best

    def _finished(self, study_id: int) -> list[FrozenTrial]:
        """Trials in the order in which they were found finished, which a sampler learns from: a list that grows, and is
        another one where the study is another one."""
        with self._locked():
            return self._synced(study_id).finished

    def _running(self, study_id: int) -> list[FrozenTrial]:
        with self._locked():
            study = self._study(study_id)
            return [study.trials[number] for number in study.unfinished]

    # What is known, and whether it is still so.

    def _locked(self) -> threading.RLock:
        if self._process != os.getpid():
            # A connection does not survive a fork; closing it here would be felt by the parent.
            self._of_parent.append(self._handle)
            self._open()
        return self._lock

    def _study(self, study_id: int) -> KnownStudy:
        study = self._studies.get(study_id)
        if study is None:
            found = next((of for of in self._handle.studies() if of["id"] == study_id), None)
            if found is None:
                raise KeyError(f"There is no study with id {study_id}.")
            study = self._studies[study_id] = KnownStudy(found)
            study.mark = self._handle.change_mark()
            self._read_trials(study, 0, _END)
        return study

    def _synced(self, study_id: int) -> KnownStudy:
        study = self._study(study_id)
        mark = self._handle.change_mark()
        if mark is None or mark != study.mark:
            if mark is not None and not self._is_same(study):
                del self._studies[study_id]
                return self._study(study_id)
            study.mark = mark
            self._read_changes(study)
            found = self._handle.study(study.name)
            if found is None:
                del self._studies[study_id]
                raise KeyError(f"There is no study with id {study_id}.")
            study.take_attrs(found)
        return study

    def _is_same(self, study: KnownStudy) -> bool:
        """Whether it is still the study that was read: SQLite gives the number of a deleted one to the next."""
        if not study.trials:
            return False
        known = study.trials[0]
        found = next((frozen(study.id, of) for of in self._handle.read(study.id, 0, 1)), None)
        if found is None:
            return False
        is_begun = known.datetime_start is not None and found.datetime_start is not None
        return not is_begun or milliseconds(known.datetime_start) == milliseconds(found.datetime_start)

    def _read_changes(self, study: KnownStudy) -> None:
        gaps = [number for number in sorted(study.unfinished) if number not in study.own]
        if len(gaps) > _FEW:
            self._read_trials(study, gaps[0], _END)
            return
        for number in gaps:
            self._read_trials(study, number, number + 1)
        self._read_trials(study, len(study.trials), _END)

    def _read_trials(self, study: KnownStudy, first: int, end: int) -> None:
        for found in self._handle.read(study.id, first, end):
            number = found[0]
            is_known = number < len(study.trials)
            if is_known and (number in study.own or number not in study.unfinished):
                continue
            # Of a waiting trial nothing changes but that.
            if is_known and found[1] == "WAITING" == study.trials[number].state.name:
                continue
            study.put(frozen(study.id, found))

    def _find(self, of_trial: int) -> tuple[KnownStudy, FrozenTrial]:
        study_id, number = place(of_trial)
        study = self._study(study_id)
        if number >= len(study.trials) or (number in study.unfinished and number not in study.own):
            study = self._synced(study_id)
        if number >= len(study.trials):
            raise KeyError(f"There is no trial with id {of_trial}.")
        return study, study.trials[number]

    def _updatable(self, of_trial: int) -> tuple[KnownStudy, FrozenTrial]:
        study, trial = self._find(of_trial)
        self.check_trial_is_updatable(of_trial, trial.state)
        return study, trial


def _new_trial(study_id: int, number: int, template: FrozenTrial | None) -> FrozenTrial:
    if template is not None:
        trial = copy.deepcopy(template)
        trial.number = number
        trial._trial_id = trial_id(study_id, number)
        return trial
    return FrozenTrial(
        number=number,
        state=TrialState.RUNNING,
        value=None,
        datetime_start=datetime.now(),
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
        trial_id=trial_id(study_id, number),
    )


def _write_later(of: weakref.ref[Storage], wake: threading.Event) -> None:
    """Write what waits, some time after it began to wait, as long as the storage is used by anybody."""
    pause = threading.Event()
    while True:
        while not wake.wait(timeout=5.0):
            if of() is None:
                return
        pause.wait(_WRITE_AFTER)
        wake.clear()
        storage = of()
        if storage is None:
            return
        try:
            storage._write_unwritten()
        except StorageError:
            # The store does not answer: the trial's end, which writes the same, says so to its caller.
            pass
        del storage
