"""Write `testdata/search/tpe_options.json` with Optuna 5: TPE's options and several objectives.

Run: `python scripts/oracles/tpe.py` (needs optuna==5.*, numpy). Spaces, trials and the stable sort are
those of `search.py`. For each group of parameters that share a density (all of them, or each alone) the
file has the good and the other trials and both log densities.
"""

import numpy as np
import optuna
import search
from optuna.distributions import distribution_to_json
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_gamma_multiobjective
from optuna.trial import TrialState, create_trial

STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "fail"}


def history(rng, space, count, kind, objectives):
    """Finished trials; with several objectives pruned ones report nothing, as Optuna demands."""
    rows = []
    for number in range(count):
        params, value, state, steps, constraints = search.trial(rng, space, kind)
        if objectives > 1:
            steps = {}
        values = None
        if state == TrialState.COMPLETE:
            values = [value] if objectives == 1 else np.round(rng.normal(size=objectives), 1).tolist()
        row = create_trial(params=params, distributions=space, values=values, state=state, intermediate_values=steps)
        for name, violation in constraints.items():
            row.set_constraint(name, violation)
        row.number = number
        rows.append(row)
    return rows


def running(rng, space, numbers):
    rows = []
    for number in numbers:
        params = {name: search.draw(rng, d) for name, d in space.items()}
        row = create_trial(params=params, distributions=space, state=TrialState.RUNNING)
        row.number = number
        rows.append(row)
    return rows


def case(rng, space_name, count, kind, directions, pending, multivariate, liar):
    space = search.SPACES[space_name]
    study = optuna.create_study(directions=directions)
    rows = history(rng, space, count, kind, len(directions))
    flying = running(rng, space, range(count, count + pending))
    seen = [row for row in rows if row.state != TrialState.FAIL]
    gamma = default_gamma if len(directions) == 1 else default_gamma_multiobjective
    below, above = _split_trials(study, seen + (flying if liar else []), gamma(len(seen)))
    sampler = optuna.samplers.TPESampler(seed=0, multivariate=multivariate, constant_liar=liar)
    points = [{name: search.draw(rng, d) for name, d in space.items()} for _ in range(6)]
    groups = [list(space)] if multivariate else [[name] for name in space]

    def internal(params, names=tuple(space)):
        return [space[name].to_internal_repr(params[name]) for name in names]

    def density(names, part, is_below):
        own = {name: space[name] for name in names}
        estimator = sampler._build_parzen_estimator(study, own, part, handle_below=is_below)
        columns = np.array([internal(point, names) for point in points], dtype=float).T
        return estimator.log_pdf(dict(zip(names, columns, strict=True))).tolist()

    shape = "multivariate" if multivariate else "independent"
    return {
        "name": f"{space_name}, {count} trials, {kind}, {directions}, {pending} pending, {shape}, liar {liar}",
        "directions": directions,
        "multivariate": multivariate,
        "constant_liar": liar,
        "space": [[name, distribution_to_json(d)] for name, d in space.items()],
        "trials": [
            {
                "state": STATES[row.state],
                "params": internal(row.params),
                "values": row.values or [],
                "constraints": list(row.constraints.values()),
                "steps": [[step, None if np.isnan(v) else v] for step, v in row.intermediate_values.items()],
            }
            for row in rows
        ],
        "pending": [internal(row.params) for row in flying],
        "queries": [internal(point) for point in points],
        "good": [row.number for row in below],
        "groups": [
            {"good": density(names, below, True), "rest": density(names, above, False)} for names in groups
        ],
    }


def main():
    rng = np.random.RandomState(11)
    low, high = "minimize", "maximize"
    cases = []
    for space_name in search.SPACES:
        cases.append(case(rng, space_name, 40, "rough", [low], 3, False, True))
        cases.append(case(rng, space_name, 40, "rough", [high], 3, True, False))
        cases.append(case(rng, space_name, 45, "rough", [low, high], 2, False, True))
    cases.append(case(rng, "mixed", 150, "rough", [high], 4, False, False))
    cases.append(case(rng, "mixed", 260, "plain", [low], 15, False, True))
    cases.append(case(rng, "mixed", 120, "plain", [high, high], 0, True, True))
    cases.append(case(rng, "mixed", 90, "plain", [low, high, low], 4, False, True))
    cases.append(case(rng, "floats", 130, "rough", [low, low, low], 0, True, False))
    search.write("tpe_options.json", cases)


if __name__ == "__main__":
    main()
