"""Write `testdata/search/pruner.json` with Optuna 5 and SciPy.

Run: `python scripts/oracles/pruner.py` (needs optuna==5.*, scipy, numpy).

Each case is a sequential study: every trial reports a curve, and the pruner is asked after each
report; what it answered is recorded. The study is named by its seed, which is what Bartune draws
Hyperband's brackets from.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import optuna
from optuna import pruners
from optuna.trial import TrialState
from scipy import stats

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.CRITICAL)
OUT = Path(__file__).resolve().parents[2] / "testdata" / "search" / "pruner.json"

PRUNERS = {
    "none": pruners.NopPruner(),
    "median": pruners.MedianPruner(),
    "percentile 25 warmup 3 interval 4 min 3": pruners.PercentilePruner(25.0, 3, 3, 4, n_min_trials=3),
    "percentile 80": pruners.PercentilePruner(80.0, 2),
    "threshold -0.5 1.5": pruners.ThresholdPruner(-0.5, 1.5),
    "threshold up to 1 warmup 2 interval 3": pruners.ThresholdPruner(upper=1.0, n_warmup_steps=2, interval_steps=3),
    "patient 2": pruners.PatientPruner(None, 2),
    "patient 1 delta 0.1 median": pruners.PatientPruner(pruners.MedianPruner(2), 1, 0.1),
    "halving 1": pruners.SuccessiveHalvingPruner(1, 2),
    "halving 2 factor 3 rate 1": pruners.SuccessiveHalvingPruner(2, 3, 1),
    "halving 1 bootstrap 2": pruners.SuccessiveHalvingPruner(1, 4, 0, 2),
    "hyperband 1 20": pruners.HyperbandPruner(1, 20, 3),
    "hyperband 2 16 factor 2": pruners.HyperbandPruner(2, 16, 2),
    "wilcoxon": pruners.WilcoxonPruner(),
    "wilcoxon 0.3 from 5": pruners.WilcoxonPruner(p_threshold=0.3, n_startup_steps=5),
}


def number(value):
    if math.isnan(value):
        return "nan"
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def curve(rng, kind, is_dense_first):
    steps = list(range(0, 21))
    if kind == "gaps":
        steps = sorted(rng.choice(40, size=15, replace=False).tolist())
        if is_dense_first:
            # No report completes two rungs: what Bartune makes of one that does is told in docs/pruners.md.
            steps = [*range(9), *(10 + s for s in steps)]
    level, slope = rng.normal(), rng.rand()
    noise = 0.3 * rng.normal(size=len(steps))
    values = np.round(level + slope * np.exp(-np.arange(len(steps)) / 5) + noise, 3)
    if kind == "rough":
        values[rng.rand(len(steps)) < 0.06] = np.nan
        values[rng.rand(len(steps)) < 0.02] = np.inf
        values = np.round(values, 1)
    return [(int(s), float(v)) for s, v in zip(steps, values)]


def case(rng, name, kind, direction, seed):
    study = optuna.create_study(study_name=str(seed), direction=direction, pruner=PRUNERS[name])
    trials = []
    for _ in range(18):
        trial = study.ask()
        reports, decisions = [], []
        for step, value in curve(rng, kind, name.startswith("h")):
            trial.report(value, step)
            reports.append([step, number(value)])
            decisions.append(bool(trial.should_prune()))
            if decisions[-1]:
                break
        if decisions[-1]:
            study.tell(trial, state=TrialState.PRUNED)
            value = None
        elif rng.rand() < 0.1:
            study.tell(trial, state=TrialState.FAIL)
            value = None
        else:
            finite = [v for _, v in reports if not isinstance(v, str)]
            value = float(np.mean(finite))
            study.tell(trial, value)
        state = study.trials[-1].state.name.lower()
        trials.append({"reports": reports, "decisions": decisions, "state": state, "value": value})
    return {"pruner": name, "kind": kind, "direction": direction, "seed": seed, "trials": trials}


def p_values(rng):
    for count in (2, 3, 7, 13, 14, 30, 50, 51, 80):
        for kind in ("free", "ties", "zeros"):
            d = rng.normal(0.2, 1.0, size=count)
            if kind == "ties":
                d = np.round(d, 1)
            if kind == "zeros":
                d[: (count + 1) // 3] = 0.0
            for alternative in ("less", "greater"):
                p = stats.wilcoxon(d, alternative=alternative, zero_method="zsplit").pvalue
                yield {"differences": d.tolist(), "tail": alternative, "p": float(p)}
    yield {
        "differences": [0.0] * 20,
        "tail": "less",
        "p": float(stats.wilcoxon([0.0] * 20, alternative="less", zero_method="zsplit").pvalue),
    }


if __name__ == "__main__":
    rng = np.random.RandomState(11)
    cases = []
    for seed, name in enumerate(PRUNERS):
        for kind in ("smooth", "gaps", "rough"):
            for direction in ("minimize", "maximize"):
                cases.append(case(rng, name, kind, direction, seed))
    result = {"cases": cases, "p_values": list(p_values(rng))}
    OUT.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size, sum(sum(t["decisions"]) for c in cases for t in c["trials"]))
