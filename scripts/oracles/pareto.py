"""Write `testdata/search/pareto.json` with Optuna 5: ranks, crowding, hypervolumes and their subsets.

Run: `python scripts/oracles/pareto.py` (needs optuna==5.*, numpy).
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import optuna
from optuna._hypervolume import compute_hypervolume
from optuna._hypervolume.hssp import _solve_hssp
from optuna.samplers.nsgaii._elite_population_selection_strategy import (
    _calc_crowding_distance,
    _crowding_distance_sort,
)
from optuna.study._multi_objective import _fast_non_domination_rank, _is_pareto_front
from optuna.trial import create_trial

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
OUT = Path(__file__).resolve().parents[2] / "testdata" / "search" / "pareto.json"


def number(value):
    value = float(value)
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def rows(points):
    return [[number(v) for v in row] for row in points]


def population(points):
    trials = [create_trial(values=list(row)) for row in points]
    for i, trial in enumerate(trials):
        trial.number = i
    return trials


def ranks(rng):
    for objectives in (1, 2, 3, 5):
        for count, kind in ((1, "free"), (7, "grid"), (40, "grid"), (60, "free"), (30, "infinite")):
            points = rng.normal(size=(count, objectives))
            if kind == "grid":
                points = rng.randint(0, 4, size=(count, objectives)).astype(float)
            if kind == "infinite":
                points[rng.rand(count, objectives) < 0.2] = np.inf
                points[rng.rand(count, objectives) < 0.1] = -np.inf
            penalty = np.maximum(0.0, np.round(rng.normal(size=count), 1))
            trials = population(points)
            distances = _calc_crowding_distance(list(trials))
            ordered = list(trials)
            _crowding_distance_sort(ordered)
            yield {
                "points": rows(points),
                "ranks": _fast_non_domination_rank(points).tolist(),
                "front": _is_pareto_front(points, assume_unique_lexsorted=False).tolist(),
                "violations": penalty.tolist(),
                "constrained": _fast_non_domination_rank(points, penalty=penalty).tolist(),
                "distances": [number(distances[i]) for i in range(count)],
                "order": [t.number for t in ordered],
            }


def volumes(rng):
    for objectives in (1, 2, 3, 4, 5, 6):
        for count, kind in ((1, "free"), (12, "grid"), (25, "free"), (20, "front")):
            points = rng.rand(count, objectives)
            if kind == "grid":
                points = rng.randint(0, 4, size=(count, objectives)) / 4
            if kind == "front":
                points = np.abs(rng.normal(size=(count, objectives)))
                points /= np.linalg.norm(points, axis=1, keepdims=True)
                points = 1 - points
            reference = np.full(objectives, 1.1)
            front = points[_is_pareto_front(points, assume_unique_lexsorted=False)]
            entry = {
                "points": rows(points),
                "reference": reference.tolist(),
                "volume": float(compute_hypervolume(points, reference)),
                "front": rows(front),
                "subsets": [],
            }
            if objectives > 1:
                for size in sorted({1, len(front) // 2, len(front) - 1, len(front)} - {0}):
                    chosen = _solve_hssp(front, np.arange(len(front)), size, reference)
                    entry["subsets"].append({"size": size, "chosen": chosen.tolist()})
            yield entry


if __name__ == "__main__":
    rng = np.random.RandomState(3)
    result = {"ranks": list(ranks(rng)), "volumes": list(volumes(rng))}
    OUT.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size)
