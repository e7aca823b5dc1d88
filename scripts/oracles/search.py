"""Write the oracle files of `testdata/search` with Optuna 5.

Run: `python scripts/oracles/search.py` (needs optuna==5.*, numpy).

- distributions.json: Optuna's JSON of distributions, their members and upper bounds.
- truncated_normal.json: log masses and quantiles of the truncated normal distribution.
- tpe.json: histories, the split into good and other trials, and both densities of the TPE.

Optuna looks neighbours up with NumPy's unstable sort, so that equal observations come in an order
that depends on the machine. The script makes that sort stable, which is what Bartune defines.
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
from optuna.samplers._tpe import _truncnorm, parzen_estimator
from optuna.samplers._tpe.sampler import _split_trials, default_gamma
from optuna.trial import TrialState, create_trial

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
TESTDATA = Path(__file__).resolve().parents[2] / "testdata" / "search"


class StableNumpy:
    """NumPy with a stable argsort."""

    def __getattr__(self, name):
        return getattr(np, name)

    def argsort(self, values):
        return np.argsort(values, kind="stable")


parzen_estimator.np = StableNumpy()


def write(name, value):
    path = TESTDATA / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=None, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


def distributions():
    cases = [
        FloatDistribution(0.0, 1.0),
        FloatDistribution(-1e-05, 1e16),
        FloatDistribution(1e-7, 1e3, log=True),
        FloatDistribution(0.0, 0.3, step=0.1),
        FloatDistribution(0.1, 0.95, step=0.1),
        FloatDistribution(-1.0, 1.0, step=0.7),
        FloatDistribution(1.5, 2.5, step=0.25),
        FloatDistribution(5.0, 5.4, step=0.5),
        IntDistribution(5, 60),
        IntDistribution(-7, 20, step=4),
        IntDistribution(1, 100000, log=True),
        CategoricalDistribution([False, True]),
        CategoricalDistribution(["cross", "target", 'é "quoted" \\ \n 😀']),
        CategoricalDistribution([None, 14, 21.5, 1e-9, "x", True]),
    ]
    rows = []
    for d in cases:
        row = {"json": distribution_to_json(d), "single": d.single()}
        if not isinstance(d, CategoricalDistribution):
            row["high"] = d.high
        if isinstance(d, FloatDistribution) and d.step is not None:
            # Every grid point, as Optuna's random sampler computes it.
            count = round((d.high - d.low) / d.step) + 1
            row["points"] = [float(np.clip(k * d.step + d.low, d.low, d.high)) for k in range(count)]
        rows.append(row)
    write("distributions.json", rows)


def truncated_normal():
    rng = np.random.RandomState(1)
    masses, quantiles = [], []
    intervals = [(-1, 1), (0, 1), (-2, 0), (-40, -38), (38, 40), (-25, 3), (5, 5.5), (-1e-3, 1e-3), (-100, 100)]
    for _ in range(60):
        a = rng.normal() * 6
        intervals.append((a, a + abs(rng.normal()) * 4 + 1e-2))
    for a, b in intervals:
        masses.append([a, b, float(_truncnorm._log_gauss_mass(np.array([float(a)]), np.array([float(b)]))[0])])
        for q in (1e-9, 0.03, 0.5, 0.9, 0.99999):
            quantiles.append([q, a, b, float(_truncnorm.ppf(np.array([q]), float(a), float(b))[0])])
    write("truncated_normal.json", {"ln_masses": masses, "quantiles": quantiles})


SPACES = {
    "floats": {"x": FloatDistribution(-5, 5), "y": FloatDistribution(0, 1)},
    "log and step": {
        "rate": FloatDistribution(1e-6, 10.0, log=True),
        "stop": FloatDistribution(0.5, 5.0, step=0.25),
        "tenth": FloatDistribution(0.0, 0.3, step=0.1),
    },
    "whole": {"fast": IntDistribution(5, 60), "slow": IntDistribution(20, 300, log=True), "by4": IntDistribution(-7, 17, step=4)},
    "choices": {"kind": CategoricalDistribution(["a", "b", "c"]), "use": CategoricalDistribution([False, True])},
    "mixed": {
        "x": FloatDistribution(-5, 5),
        "rate": FloatDistribution(1e-6, 10.0, log=True),
        "stop": FloatDistribution(0.5, 5.0, step=0.25),
        "fast": IntDistribution(5, 60),
        "slow": IntDistribution(20, 300, log=True),
        "kind": CategoricalDistribution(["a", "b", "c"]),
    },
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
        return float(np.clip(d.low + d.step * rng.randint(round((d.high - d.low) / d.step) + 1), d.low, d.high))
    return float(rng.uniform(d.low, d.high))


def trial(rng, space, kind):
    """A finished trial. `kind` is plain, or draws states, constraints and missing parameters as well."""
    params = {name: draw(rng, d) for name, d in space.items()}
    value, state, intermediate, constraints = float(np.round(rng.normal(), 1)), TrialState.COMPLETE, {}, {}
    if kind == "rough":
        roll = rng.rand()
        if roll < 0.2:
            state, value = TrialState.PRUNED, None
            if roll < 0.15:
                step = int(rng.randint(1, 4))
                intermediate = {0: 1.0, step: float("nan") if roll < 0.03 else float(rng.normal())}
        elif roll < 0.45:
            constraints = {"limit": float(rng.normal()), "other": float(rng.normal() - 1)}
        elif roll < 0.5:
            state, value = TrialState.FAIL, None
    return params, value, state, intermediate, constraints


def case(rng, space_name, count, kind, direction, pending, queries):
    space = SPACES[space_name]
    study = optuna.create_study(direction=direction)
    rows = []
    for _ in range(count):
        params, value, state, intermediate, constraints = trial(rng, space, kind)
        frozen = create_trial(
            params=params, distributions=space, value=value, state=state, intermediate_values=intermediate
        )
        for name, value in constraints.items():
            frozen.set_constraint(name, value)
        rows.append(frozen)
    trials = []
    for number, frozen in enumerate(rows):
        frozen.number = number
        trials.append(frozen)
    for number in range(count, count + pending):
        params = {name: draw(rng, d) for name, d in space.items()}
        running = create_trial(params=params, distributions=space, state=TrialState.RUNNING)
        running.number = number
        trials.append(running)
    usable = [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)]
    n = sum(t.state != TrialState.RUNNING for t in usable)
    below, above = _split_trials(study, usable, default_gamma(n))
    sampler = optuna.samplers.TPESampler(seed=0)
    densities = {}
    points = [{name: draw(rng, d) for name, d in space.items()} for _ in range(queries)]
    query = {name: np.array([d.to_internal_repr(p[name]) for p in points], dtype=float) for name, d in space.items()}
    for name, part in (("good", below), ("rest", above)):
        mpe = sampler._build_parzen_estimator(study, space, part, handle_below=name == "good")
        mixture = mpe._mixture_distribution
        densities[name] = {
            "numbers": [t.number for t in part if t.state != TrialState.RUNNING],
            "ln_density": mpe.log_pdf(query).tolist(),
        }
        if count <= 60:
            densities[name]["weights"] = mixture.weights.tolist()
            densities[name]["widths"] = [getattr(d, "sigma", np.array([])).tolist() for d in mixture.distributions]

    def internal(params):
        return [space[name].to_internal_repr(params[name]) for name in space]

    states = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "fail"}
    return {
        "name": f"{space_name}, {count} trials, {kind}, {direction}, {pending} pending",
        "direction": direction,
        "space": [[name, distribution_to_json(d)] for name, d in space.items()],
        "trials": [
            {
                "state": states[t.state],
                "params": internal(t.params),
                "value": t.value,
                "constraints": list(t.constraints.values()),
                "steps": [[k, None if math.isnan(v) else v] for k, v in t.intermediate_values.items()],
            }
            for t in trials
            if t.state != TrialState.RUNNING
        ],
        "pending": [internal(t.params) for t in trials if t.state == TrialState.RUNNING],
        "queries": [internal(p) for p in points],
        **densities,
    }


def tpe():
    rng = np.random.RandomState(5)
    cases = []
    for space_name in SPACES:
        cases.append(case(rng, space_name, 5, "plain", "minimize", 0, 4))
        cases.append(case(rng, space_name, 11, "plain", "maximize", 2, 4))
        cases.append(case(rng, space_name, 40, "rough", "minimize", 3, 6))
        cases.append(case(rng, space_name, 60, "rough", "maximize", 0, 6))
    cases.append(case(rng, "mixed", 27, "plain", "minimize", 0, 6))
    cases.append(case(rng, "mixed", 120, "rough", "maximize", 15, 8))
    cases.append(case(rng, "floats", 300, "plain", "minimize", 15, 8))
    cases.append(case(rng, "mixed", 300, "plain", "minimize", 0, 8))
    write("tpe.json", cases)


if __name__ == "__main__":
    distributions()
    truncated_normal()
    tpe()
