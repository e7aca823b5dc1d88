"""Bartune's pruners under Optuna's interface.

Decisions equal Optuna's on the same finished trials. A pruner compares with trials that are finished: trials that run
beside this one do not count.
"""

from __future__ import annotations

import json
import threading
from random import SystemRandom
from typing import Any
from weakref import WeakKeyDictionary

from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from bartune._bartune import PrunerHandle
from bartune.optuna.finished import Finished


class BartunePruner(BasePruner):
    """What all of them share."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self._name = name
        self._options = options
        self._seed = SystemRandom().randrange(2**63)
        # Refuses wrong options at once.
        PrunerHandle(name, json.dumps(options), "minimize", self._seed)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._studies: WeakKeyDictionary[Any, dict[int, tuple[PrunerHandle, Finished]]] = WeakKeyDictionary()

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key not in ("_lock", "_studies")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reset()

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether to stop the trial now."""
        reports = trial.intermediate_values
        if not reports:
            return False
        with self._lock:
            handle = self._followed(study)
            return handle.should_prune(trial.number, list(reports.items()))

    def _followed(self, study: Study) -> PrunerHandle:
        of_storage = self._studies.setdefault(study._storage, {})
        if study._study_id not in of_storage:
            of_storage[study._study_id] = self._fresh(study)
        handle, finished = of_storage[study._study_id]
        news = finished.news(study)
        if news is None:
            handle, finished = of_storage[study._study_id] = self._fresh(study)
            news = finished.news(study) or []
        for of in news:
            handle.learn(of.state.name, of.values or [], list(of.intermediate_values.items()))
        return handle

    def _fresh(self, study: Study) -> tuple[PrunerHandle, Finished]:
        word = "maximize" if study.direction == StudyDirection.MAXIMIZE else "minimize"
        return PrunerHandle(self._name, json.dumps(self._options), word, self._seed), Finished()


class PercentilePruner(BartunePruner):
    """Stop a trial whose best value so far is outside the best `percentile` of the others' at this step."""

    def __init__(
        self,
        percentile: float,
        n_startup_trials: int = 5,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
        *,
        n_min_trials: int = 1,
    ) -> None:
        options = {
            "percentile": percentile,
            "startup_trials": n_startup_trials,
            "warmup": n_warmup_steps,
            "interval": interval_steps,
            "min_trials": n_min_trials,
        }
        super().__init__("percentile", options)


class MedianPruner(PercentilePruner):
    """Stop a trial whose best value so far is worse than the median of the others' at this step."""

    def __init__(
        self,
        n_startup_trials: int = 5,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
        *,
        n_min_trials: int = 1,
    ) -> None:
        super().__init__(50.0, n_startup_trials, n_warmup_steps, interval_steps, n_min_trials=n_min_trials)


class ThresholdPruner(BartunePruner):
    """Stop a trial whose value leaves a range."""

    def __init__(
        self,
        lower: float | None = None,
        upper: float | None = None,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
    ) -> None:
        options = {"lower": lower, "upper": upper, "warmup": n_warmup_steps, "interval": interval_steps}
        super().__init__("threshold", options)


class PatientPruner(BartunePruner):
    """Stop a trial that has not improved for `patience` steps, and that `wrapped_pruner`, if there is one, would stop."""

    def __init__(self, wrapped_pruner: BartunePruner | None, patience: int, min_delta: float = 0.0) -> None:
        options: dict[str, Any] = {"patience": patience, "min_delta": min_delta}
        if wrapped_pruner is not None:
            options |= {"wrapped": wrapped_pruner._name, "wrapped_options": wrapped_pruner._options}
        super().__init__("patient", options)


class SuccessiveHalvingPruner(BartunePruner):
    """Stop a trial that is not among the best at a rung; rungs grow geometrically."""

    def __init__(
        self,
        min_resource: int | str = "auto",
        reduction_factor: int = 4,
        min_early_stopping_rate: int = 0,
        bootstrap_count: int = 0,
    ) -> None:
        options = {
            "min_resource": None if min_resource == "auto" else min_resource,
            "reduction_factor": reduction_factor,
            "min_early_stopping_rate": min_early_stopping_rate,
            "bootstrap_count": bootstrap_count,
        }
        super().__init__("successive_halving", options)


class HyperbandPruner(BartunePruner):
    """Successive halving in one of several brackets, which start it at different rungs."""

    def __init__(
        self,
        min_resource: int = 1,
        max_resource: int | str = "auto",
        reduction_factor: int = 3,
        bootstrap_count: int = 0,
    ) -> None:
        options = {
            "min_resource": min_resource,
            "max_resource": None if max_resource == "auto" else max_resource,
            "reduction_factor": reduction_factor,
            "bootstrap_count": bootstrap_count,
        }
        super().__init__("hyperband", options)


class WilcoxonPruner(BartunePruner):
    """Stop a trial that is worse than the best one, step by step, beyond chance."""

    def __init__(self, *, p_threshold: float = 0.1, n_startup_steps: int = 2) -> None:
        super().__init__("wilcoxon", {"p_threshold": p_threshold, "startup_steps": n_startup_steps})
