"""Best values that Optuna's TPE finds, as JSON lines, appended to a file: stopping and starting again is fine.

    python benches/quality/run_optuna.py RESULTS.jsonl SEEDS TRIALS [PROBLEM ...]

A line: problem, dimension, sampler, lag, seed and the best value after each tenth of the trials.
"""

import json
import math
import sys
from pathlib import Path

import optuna
import problems


def run(name, dimension, seed, trials):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    best, judged, curve = math.inf, math.inf, []
    for number in range(trials):
        trial = study.ask()
        objective, true_value, constraint = problems.evaluate(name, dimension, trial)
        if constraint is not None:
            trial.set_constraint("limit", constraint)
        study.tell(trial, objective)
        if objective < best and (constraint is None or constraint <= 0.0):
            best, judged = objective, true_value
        if (number + 1) % (trials // 10) == 0:
            curve.append(judged if math.isfinite(judged) else None)
    return curve


def main():
    path, seeds, trials, wanted = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    lines = path.read_text().splitlines() if path.exists() else []
    done = {(row["problem"], row["dimension"], row["seed"], row["trials"]) for row in map(json.loads, lines)}
    sampler = f"optuna {optuna.__version__}"
    for index, (name, dimension) in enumerate(problems.all_problems()):
        for seed in range(seeds):
            if (name, dimension, seed, trials) in done or (wanted and name not in wanted):
                continue
            row = {"problem": name, "dimension": dimension, "sampler": sampler, "lag": 1, "seed": seed}
            # One seed for all problems would start all of them at the same points, lucky or not.
            row |= {"trials": trials, "best": run(name, dimension, 1_000 * index + seed, trials)}
            with path.open("a") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
