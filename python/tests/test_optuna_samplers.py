"""Optuna's own suite for samplers, and what it does not ask."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bartune.optuna as ours
import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)

optuna.logging.set_verbosity(optuna.logging.WARNING)

Make = Callable[[], BaseSampler]


class TestTpe(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return lambda: ours.TPESampler(n_startup_trials=0)


class TestTpeUnivariate(BasicSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return lambda: ours.TPESampler(n_startup_trials=0, multivariate=False, optuna=True)


class TestRandom(BasicSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return ours.RandomSampler


class TestCmaEs(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return lambda: ours.CmaEsSampler(n_startup_trials=0)


class TestNsgaII(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return lambda: ours.NSGAIISampler(population_size=4)


class TestNsgaIII(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return lambda: ours.NSGAIIISampler(population_size=4)


class TestSobol(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return ours.QMCSampler


class TestHalton(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return lambda: ours.QMCSampler(qmc_type="halton")


class TestGp(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Make:
        return lambda: ours.GPSampler(n_startup_trials=0)


def objective(trial: optuna.Trial) -> float:
    value = sum((trial.suggest_float(f"x{i}", -5, 5) - 0.3 * i) ** 2 for i in range(3))
    value += abs(trial.suggest_int("k", 2, 200, log=True) - 77) / 50
    return value + {"a": 0, "b": 1, True: 2}[trial.suggest_categorical("c", ["a", "b", True])]


def run(sampler: BaseSampler, trials: int = 60, **kwargs: Any) -> optuna.Study:
    study = optuna.create_study(sampler=sampler, **kwargs)
    study.optimize(objective, n_trials=trials)
    return study


def params(study: optuna.Study) -> list[dict[str, Any]]:
    return [trial.params for trial in study.trials]


def test_tpe_finds_what_random_draws_do_not() -> None:
    tpe, random = run(ours.TPESampler(seed=1), 150), run(ours.RandomSampler(seed=1), 150)
    assert tpe.best_value < 0.5 * random.best_value


def test_the_storage_does_not_change_what_is_proposed(tmp_path: Path) -> None:
    storages = [None, ours.Storage(f"sqlite:///{tmp_path}/ours.db"), f"sqlite:///{tmp_path}/optuna.db"]
    first, second, third = (params(run(ours.TPESampler(seed=4), 40, storage=storage)) for storage in storages)
    assert first == second == third
    assert params(run(ours.TPESampler(seed=5), 40)) != first


def test_a_sampler_that_begins_in_the_middle_proposes_the_same() -> None:
    whole = run(ours.TPESampler(seed=4), 50)
    parts = run(ours.TPESampler(seed=4), 25)
    parts.sampler = pickle.loads(pickle.dumps(ours.TPESampler(seed=4)))
    parts.optimize(objective, n_trials=25)
    assert params(whole) == params(parts)


def test_parameters_drawn_one_by_one_are_not_the_same_numbers() -> None:
    study = optuna.create_study(sampler=ours.RandomSampler(seed=1))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1), n_trials=20)
    assert all(trial.params["x"] != trial.params["y"] for trial in study.trials)


def test_constraints_are_learned_from() -> None:
    def inside(trial: optuna.trial.FrozenTrial) -> tuple[float]:
        return (trial.params["x0"] - 0.5,)

    study = run(ours.TPESampler(seed=2, constraints_func=inside), 80)
    late = [trial.params["x0"] <= 0.5 for trial in study.trials[40:]]
    assert sum(late) > 30 and study.best_trial.params["x0"] <= 0.5


def test_several_objectives() -> None:
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=ours.NSGAIISampler(seed=1))
    study.optimize(lambda trial: (objective(trial), trial.params["x0"]), n_trials=120)
    assert len(study.best_trials) > 3


def test_options_of_a_study_file_are_taken_and_others_refused() -> None:
    study = optuna.create_study(sampler=ours.TPESampler(options={"candidate": 3}))
    with pytest.raises(bartune_error(), match="did you mean `candidates`"):
        study.optimize(objective, n_trials=1)
    assert run(ours.CmaEsSampler(seed=1, options={"covariance": "separable"}), 20).best_value < 100


def bartune_error() -> type[Exception]:
    import bartune

    return bartune.ConfigError


def test_threads_share_a_sampler() -> None:
    study = optuna.create_study(sampler=ours.TPESampler(seed=1))
    study.optimize(objective, n_trials=60, n_jobs=4)
    points = {tuple(trial.params.values()) for trial in study.trials}
    assert len(study.trials) == 60 and len(points) == 60


@pytest.mark.parametrize("make", [ours.CmaEsSampler, ours.GPSampler, ours.NSGAIISampler, ours.TPESampler])
def test_a_trial_that_is_pruned_on_its_way_does_not_narrow_the_space(make: Callable[..., BaseSampler]) -> None:
    """Optuna's own TPE does narrow it."""
    study = optuna.create_study(sampler=make(seed=1))

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        if trial.number == 1:
            raise optuna.TrialPruned
        return x + trial.suggest_float("y", 0, 1)

    study.optimize(objective, n_trials=4)
    space = study.sampler.infer_relative_search_space(study, study.trials[0])
    stock = {"CmaEsSampler": None, "TPESampler": optuna.samplers.TPESampler(multivariate=True)}.get(make.__name__)
    expected = stock.infer_relative_search_space(study, study.trials[0]).keys() if stock else {"x", "y"}
    assert space.keys() == expected
