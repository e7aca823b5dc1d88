"""The pruners decide as Optuna's do on the same finished trials."""

from __future__ import annotations

import math
import pickle
import random
from typing import Any

import bartune
import bartune.optuna as ours
import optuna
import pytest
from optuna.trial import TrialState, create_trial

optuna.logging.set_verbosity(optuna.logging.WARNING)

PAIRS: list[tuple[Any, Any]] = [
    (ours.MedianPruner(2), optuna.pruners.MedianPruner(2)),
    (ours.MedianPruner(1, 2, 2, n_min_trials=3), optuna.pruners.MedianPruner(1, 2, 2, n_min_trials=3)),
    (ours.PercentilePruner(25.0, 3), optuna.pruners.PercentilePruner(25.0, 3)),
    (ours.ThresholdPruner(0.2, 0.8, 1), optuna.pruners.ThresholdPruner(0.2, 0.8, 1)),
    (ours.SuccessiveHalvingPruner(1, 2), optuna.pruners.SuccessiveHalvingPruner(1, 2)),
    (
        ours.PatientPruner(ours.MedianPruner(1), 1, 0.05),
        optuna.pruners.PatientPruner(optuna.pruners.MedianPruner(1), 1, 0.05),
    ),
    (ours.PatientPruner(None, 2), optuna.pruners.PatientPruner(None, 2)),
    (ours.WilcoxonPruner(p_threshold=0.3), optuna.pruners.WilcoxonPruner(p_threshold=0.3)),
]


# What Optuna's own pruners say while they decide.
@pytest.mark.filterwarnings("ignore:WilcoxonPruner finds", "ignore:All-NaN slice")
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("pair", range(len(PAIRS)))
def test_decisions_are_those_of_optuna(pair: int, direction: str) -> None:
    mine, theirs = PAIRS[pair]
    mine = pickle.loads(pickle.dumps(mine))
    drawn = random.Random(pair)
    answers = []
    study = optuna.create_study(direction=direction)
    for number in range(40):
        level = drawn.random()
        reports = {step: 0.7 * level + 0.3 * drawn.random() for step in range(drawn.randint(1, 8))}
        trial = study.ask()
        stopped = False
        for step, value in reports.items():
            trial.report(value, step)
            frozen = study._storage.get_trial(trial._trial_id)
            decided = theirs.prune(study, frozen)
            answers.append(decided)
            assert mine.prune(study, frozen) == decided, (number, step)
            if decided:
                stopped = True
                break
        study.tell(trial, None if stopped else value, TrialState.PRUNED if stopped else TrialState.COMPLETE)
    assert True in answers and False in answers


def test_hyperband_stops_the_worse_trials() -> None:
    study = optuna.create_study(pruner=ours.HyperbandPruner(1, 9, 3))

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step in range(9):
            trial.report(x, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return x

    study.optimize(objective, n_trials=80)
    pruned = [trial.params["x"] for trial in study.trials if trial.state == TrialState.PRUNED]
    whole = [trial.params["x"] for trial in study.trials if trial.state == TrialState.COMPLETE]
    assert 10 < len(pruned) and sum(whole) / len(whole) < sum(pruned) / len(pruned)


@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_nothing_reported_is_nothing_to_judge_and_nan_is_no_value() -> None:
    study = optuna.create_study()
    study.add_trial(create_trial(value=1.0, intermediate_values={0: 1.0}))
    trial = study.ask()
    frozen = study._storage.get_trial(trial._trial_id)
    assert ours.MedianPruner(0).prune(study, frozen) is False
    trial.report(math.nan, 0)
    frozen = study._storage.get_trial(trial._trial_id)
    assert ours.MedianPruner(0).prune(study, frozen) == optuna.pruners.MedianPruner(0).prune(study, frozen)


def test_wrong_options_are_refused_at_once() -> None:
    for make in (lambda: ours.PercentilePruner(120.0), lambda: ours.SuccessiveHalvingPruner(reduction_factor=1)):
        with pytest.raises(bartune.SamplerError, match="must be"):
            make()
