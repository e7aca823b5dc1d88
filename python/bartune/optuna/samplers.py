"""Bartune's samplers under Optuna's interface.

A sampler learns from finished trials in the order in which it finds them finished, each once. Parameters that every complete
trial has with the same distribution are proposed together (with TPE those of every pruned trial as well, as with Optuna's); any
other parameter is proposed by itself, from the trials that have it. All of it runs in Rust; one sampler may serve several studies
and threads.

Defaults are Bartune's own where they find better values (see docs/samplers.md); arguments have Optuna's names.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from random import SystemRandom
from typing import Any
from weakref import WeakKeyDictionary

from optuna.distributions import BaseDistribution, CategoricalDistribution, distribution_to_json
from optuna.samplers import BaseSampler
from optuna.samplers._base import _process_constraints_after_trial
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from bartune import toml
from bartune._bartune import EngineHandle
from bartune.optuna.finished import Finished
from bartune.optuna.storage import Storage

_MOST_ENGINES = 64
_SEEDS = 2**64
_CONSTRAINTS = "constraints"
_CONSTRAINT_PREFIX = "constraints:"

ConstraintsFunc = Callable[[FrozenTrial], Sequence[float]]


def violations(system_attrs: Mapping[str, Any]) -> list[float]:
    """How far a trial violates its constraints, in either form that Optuna has for them."""
    found = list(system_attrs.get(_CONSTRAINTS) or ())
    found += [value for key, value in system_attrs.items() if key.startswith(_CONSTRAINT_PREFIX)]
    return found


class _Followed:
    """What a sampler has seen of one study."""

    def __init__(self, states: tuple[TrialState, ...]) -> None:
        self.states = states
        """Which trials say what parameters there are."""
        self.news = Finished()
        self.finished: list[FrozenTrial] = []
        self.common: dict[str, BaseDistribution] | None = None
        self.engines: OrderedDict[tuple[Any, ...], tuple[EngineHandle, list[int]]] = OrderedDict()

    def follow(self, study: Study) -> bool:
        """Take what is new; whether it is still the same study."""
        news = self.news.news(study)
        for trial in news or ():
            self.finished.append(trial)
            if trial.state not in self.states:
                continue
            if self.common is None:
                self.common = dict(trial.distributions)
            elif self.common:
                has = trial.distributions
                self.common = {name: of for name, of in self.common.items() if has.get(name) == of}
        return news is not None


class BartuneSampler(BaseSampler):
    """What all of them share. `name` and `options` are those of a study file."""

    # A trial that was pruned on its way may lack parameters.
    _states: tuple[TrialState, ...] = (TrialState.COMPLETE,)

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        seed: int | None,
        constraints_func: ConstraintsFunc | None = None,
    ) -> None:
        self._name = name
        self._options = "\n".join(toml.overrides(options))
        self._seed = SystemRandom().randrange(_SEEDS) if seed is None else seed % _SEEDS
        self._constraints_func = constraints_func
        self._together = True
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._studies: WeakKeyDictionary[Any, dict[int, _Followed]] = WeakKeyDictionary()

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key not in ("_lock", "_studies")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reset()

    def reseed_rng(self) -> None:
        """Nothing to do: random numbers come from the seed and a trial's number, so that threads cannot repeat them."""

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The parameters that are proposed together: those of every complete trial."""
        with self._lock:
            common = self._followed(study).common
        if not common or not self._together:
            return {}
        return {name: of for name, of in sorted(common.items()) if not of.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Values of all of these parameters."""
        if not search_space:
            return {}
        return self._propose(study, trial, search_space, self._seed)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The value of one parameter. Each parameter has random numbers of its own."""
        name = blake2b(param_name.encode(), digest_size=8).digest()
        seed = self._seed ^ int.from_bytes(name, "little")
        return self._propose(study, trial, {param_name: param_distribution}, seed)[param_name]

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Note the constraints, where there is a function for them."""
        if self._constraints_func is not None:
            _process_constraints_after_trial(self._constraints_func, study, trial, state)

    def _followed(self, study: Study) -> _Followed:
        of_storage = self._studies.setdefault(study._storage, {})
        followed = of_storage.setdefault(study._study_id, _Followed(self._states))
        if not followed.follow(study):
            followed = of_storage[study._study_id] = _Followed(self._states)
            followed.follow(study)
        return followed

    def _propose(
        self, study: Study, trial: FrozenTrial, space: Mapping[str, BaseDistribution], seed: int
    ) -> dict[str, Any]:
        with self._lock:
            followed = self._followed(study)
            engine, position = self._engine(followed, study, space, seed)
            for finished in followed.finished[position[0] :]:
                engine.learn(
                    finished.params,
                    finished.state.name,
                    finished.values or [],
                    violations(finished.system_attrs),
                    list(finished.intermediate_values.items()) if finished.state == TrialState.PRUNED else [],
                )
            position[0] = len(followed.finished)
            return engine.propose(trial.number, self._running(study, trial))

    def _running(self, study: Study, trial: FrozenTrial) -> list[dict[str, Any]]:
        storage = study._storage
        if isinstance(storage, Storage):
            trials = storage._running(study._study_id)
        else:
            trials = study._get_trials(deepcopy=False, use_cache=True)
        running = TrialState.RUNNING
        return [of.params for of in trials if of.state == running and of.number != trial.number and of.params]

    def _engine(
        self, followed: _Followed, study: Study, space: Mapping[str, BaseDistribution], seed: int
    ) -> tuple[EngineHandle, list[int]]:
        # Choices that are equal in Python (1 and True) are not the same parameter.
        key = tuple(
            (name, (of, tuple(map(repr, of.choices))) if isinstance(of, CategoricalDistribution) else of)
            for name, of in space.items()
        )
        found = followed.engines.get(key)
        if found is None:
            params = [(name, distribution_to_json(of), list(getattr(of, "choices", ()))) for name, of in space.items()]
            words = [_word(direction) for direction in study.directions]
            engine = EngineHandle(params, words, self._name, self._options, seed)
            found = followed.engines[key] = (engine, [0])
            if len(followed.engines) > _MOST_ENGINES:
                followed.engines.popitem(last=False)
        else:
            followed.engines.move_to_end(key)
        return found


def _word(direction: StudyDirection) -> str:
    return "maximize" if direction == StudyDirection.MAXIMIZE else "minimize"


class _SingleObjective(BartuneSampler):
    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        self._raise_error_if_multi_objective(study)
        return super().infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        self._raise_error_if_multi_objective(study)
        return super().sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        self._raise_error_if_multi_objective(study)
        return super().sample_independent(study, trial, param_name, param_distribution)


class TPESampler(BartuneSampler):
    """The tree-structured Parzen estimator, for one or several objectives.

    Args:
        n_startup_trials: trials before there is something to learn from.
        n_ei_candidates: candidates, the best of which is proposed.
        multivariate: whether parameters share a density; by default for one objective.
        constant_liar: whether running trials count as bad ones, so that proposals keep apart.
        prior_weight: weight of the prior.
        consider_magic_clip: whether kernels have a least width.
        consider_endpoints: whether the ends of the range count as neighbours.
        seed: of the random numbers.
        constraints_func: how far a trial violates each constraint.
        optuna: exactly Optuna's densities, instead of narrower ones and first trials that fill the space.
        options: more, as in `[search.tpe]` of a study file.
    """

    _states = (TrialState.COMPLETE, TrialState.PRUNED)

    def __init__(
        self,
        *,
        n_startup_trials: int = 10,
        n_ei_candidates: int = 24,
        multivariate: bool | None = None,
        constant_liar: bool = True,
        prior_weight: float = 1.0,
        consider_magic_clip: bool = True,
        consider_endpoints: bool = False,
        seed: int | None = None,
        constraints_func: ConstraintsFunc | None = None,
        optuna: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        chosen: dict[str, Any] = {
            "startup_trials": n_startup_trials,
            "candidates": n_ei_candidates,
            "multivariate": multivariate,
            "constant_liar": constant_liar,
            "prior_weight": prior_weight,
            "magic_clip": consider_magic_clip,
            "endpoints": consider_endpoints,
            **({"startup": "random", "sharpness": 1.0, "parabola": 0.0} if optuna else {}),
            **(options or {}),
        }
        super().__init__("tpe", chosen, seed, constraints_func)


class RandomSampler(BartuneSampler):
    """Independent draws from each distribution."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__("random", {}, seed)
        self._together = False


class CmaEsSampler(_SingleObjective):
    """Covariance matrix adaptation.

    Args:
        sigma0: first step size, as a share of each range.
        n_startup_trials: random trials before it begins.
        popsize: trials of a generation.
        restart_strategy: `ipop`, `bipop` or `None`; by default `ipop`.
        seed: of the random numbers.
        options: more, as in `[search.cmaes]` of a study file.
    """

    def __init__(
        self,
        *,
        sigma0: float | None = None,
        n_startup_trials: int | None = None,
        popsize: int | None = None,
        restart_strategy: str | None = "ipop",
        seed: int | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        chosen: dict[str, Any] = {
            "sigma": sigma0,
            "startup_trials": n_startup_trials,
            "population": popsize,
            "restart": restart_strategy or "never",
            **(options or {}),
        }
        super().__init__("cmaes", chosen, seed)


class NSGAIISampler(BartuneSampler):
    """Non-dominated sorting genetic algorithm II.

    Args:
        population_size: trials of a generation.
        mutation_prob: of each parameter; by default one parameter a child.
        crossover_prob: that a child has several parents.
        swapping_prob: that a parameter is taken from the other parent.
        seed: of the random numbers.
        constraints_func: how far a trial violates each constraint.
        options: more, as in `[search.nsga2]` of a study file.
    """

    _algorithm = "nsga2"

    def __init__(
        self,
        *,
        population_size: int = 50,
        mutation_prob: float | None = None,
        crossover_prob: float = 0.9,
        swapping_prob: float = 0.5,
        seed: int | None = None,
        constraints_func: ConstraintsFunc | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        chosen: dict[str, Any] = {
            "population": population_size,
            "mutation_probability": mutation_prob,
            "crossover_probability": crossover_prob,
            "swapping_probability": swapping_prob,
            **(options or {}),
        }
        super().__init__(self._algorithm, chosen, seed, constraints_func)


class NSGAIIISampler(NSGAIISampler):
    """The same with reference points, for many objectives. Arguments as of `NSGAIISampler`."""

    _algorithm = "nsga3"


class QMCSampler(BartuneSampler):
    """Points that fill the space evenly.

    Args:
        qmc_type: `sobol` or `halton`.
        scramble: whether the sequence is randomised.
        seed: of the randomisation.
    """

    def __init__(self, *, qmc_type: str = "sobol", scramble: bool = True, seed: int | None = None) -> None:
        super().__init__(qmc_type, {"scramble": scramble}, seed)


class GPSampler(_SingleObjective):
    """A Gaussian process.

    Args:
        n_startup_trials: trials before it begins.
        deterministic_objective: whether the same parameters always have the same value.
        seed: of the random numbers.
        constraints_func: how far a trial violates each constraint.
        options: more, as in `[search.gp]` of a study file.
    """

    def __init__(
        self,
        *,
        n_startup_trials: int = 10,
        deterministic_objective: bool = False,
        seed: int | None = None,
        constraints_func: ConstraintsFunc | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        chosen: dict[str, Any] = {
            "startup_trials": n_startup_trials,
            "deterministic": deterministic_objective,
            **(options or {}),
        }
        super().__init__("gp", chosen, seed, constraints_func)
