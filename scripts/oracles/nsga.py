"""Write `testdata/search/nsga.json` with Optuna 5.

Run: `python scripts/oracles/nsga.py` (needs optuna==5.*, numpy).

- selections: populations and who survives them in NSGA-II and in NSGA-III, the latter with shuffles
  that change nothing, and only where its plane has positive intercepts.
- crossovers, mutations: children of fixed parents for recorded random numbers.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import optuna
from optuna.samplers import nsgaii
from optuna.samplers._nsgaiii import _elite_population_selection_strategy as niche
from optuna.samplers.nsgaii._elite_population_selection_strategy import NSGAIIElitePopulationSelectionStrategy
from optuna.samplers.nsgaii._mutations._polynomial import PolynomialMutation
from optuna.trial import create_trial

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
OUT = Path(__file__).resolve().parents[2] / "testdata" / "search" / "nsga.json"


class Still:
    """Random numbers whose shuffles change nothing."""

    def shuffle(self, items):
        pass


class Lazy:
    rng = Still()


class Recorder:
    """Random numbers that are kept."""

    def __init__(self, seed):
        self.rng = np.random.RandomState(seed)
        self.draws = []

    def rand(self, *shape):
        value = self.rng.rand(*shape)
        self.draws.extend(np.atleast_1d(value).tolist())
        return value


normalize = niche._normalize_objective_values
scaled = []


def watched(matrix):
    scaled.append(normalize(matrix))
    return scaled[-1]


niche._normalize_objective_values = watched


def number(value):
    value = float(value)
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def selections(rng):
    for objectives in (1, 2, 3, 4):
        for kind in ("free", "grid", "constrained", "infinite"):
            count, size = 40, 17
            directions = ["minimize"] * objectives
            values = rng.normal(size=(count, objectives))
            if kind == "grid":
                values = rng.randint(0, 4, size=(count, objectives)).astype(float)
            if kind == "infinite":
                values[rng.rand(count, objectives) < 0.05] = np.inf
            violations = np.zeros(count)
            if kind == "constrained":
                violations = np.maximum(0.0, np.round(rng.normal(size=count), 1))
            trials = []
            for i in range(count):
                trial = create_trial(values=values[i].tolist())
                trial.number = i
                if kind == "constrained":
                    trial.set_constraint("limit", float(violations[i]))
                trials.append(trial)
            study = optuna.create_study(directions=directions)
            crowded = NSGAIIElitePopulationSelectionStrategy(population_size=size)(study, list(trials))
            scaled.clear()
            strategy = niche.NSGAIIIElitePopulationSelectionStrategy(population_size=size, rng=Lazy())
            niches = strategy(study, list(trials))
            is_plain = all(np.all(matrix >= 0) for matrix in scaled)
            yield {
                "values": [[number(v) for v in row] for row in values],
                "violations": violations.tolist(),
                "size": size,
                "crowded": [t.number for t in crowded],
                "niches": [t.number for t in niches] if is_plain else None,
            }


def crossovers():
    operators = {
        "uniform": nsgaii.UniformCrossover(0.3),
        "blx_alpha": nsgaii.BLXAlphaCrossover(0.5),
        "spx": nsgaii.SPXCrossover(),
        "sbx": nsgaii.SBXCrossover(eta=3.0, uniform_crossover_prob=0.4, use_child_gene_prob=0.6),
        "vsbx": nsgaii.VSBXCrossover(eta=3.0, uniform_crossover_prob=0.4, use_child_gene_prob=0.6),
    }
    rng = np.random.RandomState(8)
    for name, operator in operators.items():
        for seed in range(8):
            parents = rng.rand(operator.n_parents, 5)
            if seed == 3:
                parents[1] = parents[0]
            recorder = Recorder(seed)
            bounds = np.array([[0.0, 1.0]] * 5)
            child = operator.crossover(parents, recorder, None, bounds)
            yield {
                "crossover": name,
                "parents": parents.tolist(),
                "draws": recorder.draws,
                "child": np.asarray(child).tolist(),
            }


def mutations():
    rng = np.random.RandomState(9)
    for seed in range(20):
        gene, eta = rng.rand(), [0.0, 5.0, 20.0][seed % 3]
        recorder = Recorder(seed)
        value = PolynomialMutation(eta).mutation(gene, recorder, None, np.array([0.0, 1.0]))
        yield {"gene": gene, "eta": eta, "u": recorder.draws[0], "value": float(value)}


if __name__ == "__main__":
    result = {
        "selections": list(selections(np.random.RandomState(4))),
        "directions": niche._generate_default_reference_point(4, 3).tolist(),
        "crossovers": list(crossovers()),
        "mutations": list(mutations()),
    }
    OUT.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size, [s["niches"] is not None for s in result["selections"]])
