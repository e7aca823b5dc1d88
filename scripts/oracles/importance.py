"""Write `testdata/search/importance.json` with Optuna 5 and scikit-learn.

Run: `python scripts/oracles/importance.py` (needs optuna==5.*, scikit-learn, numpy).

- studies: trials and their PED-ANOVA importances, not normalised, for several settings; where all
  parameters are in all trials also fANOVA's, averaged over seeds.
- trees: regression trees of scikit-learn over numbers, their variance and that of each marginal.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator
from optuna.importance._fanova._tree import _FanovaTree
from optuna.trial import create_trial
from sklearn.ensemble import RandomForestRegressor

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
OUT = Path(__file__).resolve().parents[2] / "testdata" / "search" / "importance.json"

NUMBERS = {
    "x": FloatDistribution(-5, 5),
    "y": FloatDistribution(0, 1),
    "fast": IntDistribution(5, 60),
}
MIXED = {
    "x": FloatDistribution(-5, 5),
    "rate": FloatDistribution(1e-5, 1.0, log=True),
    "stop": FloatDistribution(0.5, 5.0, step=0.25),
    "fast": IntDistribution(5, 160, step=5),
    "slow": IntDistribution(20, 300, log=True),
    "kind": CategoricalDistribution(["a", "b", "c"]),
    "fixed": IntDistribution(3, 3),
}


def draw(rng, d):
    if isinstance(d, CategoricalDistribution):
        return d.choices[rng.randint(len(d.choices))]
    if isinstance(d, IntDistribution):
        if d.log:
            return int(np.clip(round(math.exp(rng.uniform(math.log(d.low), math.log(d.high)))), d.low, d.high))
        return int(d.low + d.step * rng.randint((d.high - d.low) // d.step + 1))
    if d.log:
        return float(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
    if d.step is not None:
        return float(d.low + d.step * rng.randint(round((d.high - d.low) / d.step) + 1))
    return float(rng.uniform(d.low, d.high))


def value(p, objective):
    x = p["x"] - objective
    result = x * x + 3 * p.get("y", 0) + 0.01 * p["fast"]
    result += 2 * abs(math.log10(p.get("rate", 1e-2)) + 2) + (4 if p.get("kind") == "b" else 0)
    return result + 0.5 * p.get("stop", 0) * (x > 0)


def study(rng, space, count, directions, absent, rounded):
    result = optuna.create_study(directions=directions)
    for _ in range(count):
        dists = {k: d for k, d in space.items() if k not in absent or rng.rand() < 0.6}
        params = {k: draw(rng, d) for k, d in dists.items()}
        values = [value(params, i) for i in range(len(directions))]
        if rounded:
            values = [round(v) for v in values]
        if rng.rand() < 0.03:
            values[0] = math.inf
        result.add_trial(create_trial(params=params, distributions=dists, values=values))
    return result


def entry(name, space, study, settings):
    questions = []
    several = len(study.directions) > 1
    for target_quantile, region_quantile, local, objective in settings:
        evaluator = PedAnovaImportanceEvaluator(
            target_quantile=target_quantile, region_quantile=region_quantile, evaluate_on_local=local
        )
        target = None
        if objective is not None:
            sign = 1.0 if study.directions[objective].name == "MINIMIZE" else -1.0
            target = lambda t, o=objective, s=sign: s * t.values[o]  # noqa: E731
        importances = optuna.importance.get_param_importances(
            study, evaluator=evaluator, target=target, normalize=False
        )
        questions.append(
            {
                "target_quantile": target_quantile,
                "region_quantile": region_quantile,
                "local": local,
                "objective": objective,
                "importances": {k: float(v) for k, v in importances.items()},
            }
        )
    fanova = None
    if not several and all(set(t.params) == set(space) for t in study.trials):
        runs = [
            optuna.importance.get_param_importances(
                study, evaluator=FanovaImportanceEvaluator(seed=seed), normalize=False
            )
            for seed in range(3)
        ]
        fanova = {k: float(np.mean([run[k] for run in runs])) for k in space}
    return {
        "name": name,
        "directions": [d.name.lower() for d in study.directions],
        "space": [[k, distribution_to_json(d)] for k, d in space.items()],
        "trials": [
            {
                "params": {k: space[k].to_internal_repr(v) for k, v in t.params.items()},
                "values": ["inf" if math.isinf(v) else v for v in t.values],
            }
            for t in study.trials
        ],
        "questions": questions,
        "fanova": fanova,
    }


def studies(rng):
    settings = [(0.1, 1.0, True, None), (0.2, 0.5, True, None), (0.1, 1.0, False, None)]
    yield entry("numbers", NUMBERS, study(rng, NUMBERS, 120, ["minimize"], (), False), settings)
    yield entry("few", NUMBERS, study(rng, NUMBERS, 7, ["minimize"], (), False), settings)
    yield entry("mixed", MIXED, study(rng, MIXED, 150, ["maximize"], (), True), settings)
    conditional = study(rng, MIXED, 150, ["minimize"], ("rate", "kind", "slow"), False)
    yield entry("conditional", MIXED, conditional, settings)
    both = study(rng, MIXED, 120, ["minimize", "maximize"], ("slow",), False)
    yield entry("two objectives", MIXED, both, [*settings, (0.1, 1.0, True, 0), (0.1, 1.0, True, 1)])


def trees(rng):
    bounds = np.array([[-5.0, 5.0], [0.0, 1.0], [5.0, 60.0]])
    x = bounds[:, 0] + rng.rand(80, 3) * (bounds[:, 1] - bounds[:, 0])
    y = x[:, 0] ** 2 + 3 * x[:, 1] + 0.01 * x[:, 2] * x[:, 0]
    forest = RandomForestRegressor(n_estimators=3, max_depth=12, random_state=1).fit(x, y)
    for estimator in forest.estimators_:
        tree = estimator.tree_
        ours = _FanovaTree(tree, bounds)
        yield {
            "bounds": bounds.tolist(),
            "feature": tree.feature.tolist(),
            "threshold": tree.threshold.tolist(),
            "left": tree.children_left.tolist(),
            "right": tree.children_right.tolist(),
            "value": tree.value.reshape(-1).tolist(),
            "variance": float(ours.variance),
            "marginals": [float(ours.get_marginal_variance(np.array([i]))) for i in range(3)],
        }


if __name__ == "__main__":
    rng = np.random.RandomState(6)
    result = {"studies": list(studies(rng)), "trees": list(trees(rng))}
    OUT.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size, [s["fanova"] for s in result["studies"]])
