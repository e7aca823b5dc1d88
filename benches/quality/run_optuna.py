"""Record the best values that Optuna's samplers find: rows that `optuna.csv` lacks are run and appended.

    python benches/quality/run_optuna.py [SAMPLER ...]

It can be stopped at any time and started again: what is there is skipped. The rows that tell most come first: a hundred
trials of every problem, then a thousand, problems with few parameters before those with many. With names of samplers
only their rows. `cmaes` needs the package of that name, `gp` PyTorch and SciPy; without them their rows are left out.
A row: version of Optuna, sampler, problem, dimension, trials, seed, best value (empty: nothing feasible).
"""

import csv
import importlib.util
import math
import sys
import warnings
from pathlib import Path

import optuna
import problems

RESULTS = Path(__file__).with_name("optuna.csv")
NEEDS = {"cmaes": ["cmaes"], "gp": ["torch", "scipy"]}
FIELDS = ("optuna", "sampler", "problem", "dimension", "trials", "seed", "best")


def sampler(name, seed):
    samplers = optuna.samplers
    made = {
        "tpe": samplers.TPESampler,
        "cmaes": samplers.CmaEsSampler,
        "nsga2": samplers.NSGAIISampler,
        "gp": samplers.GPSampler,
        "random": samplers.RandomSampler,
    }
    return made[name](seed=seed)


def best_value(problem, sampler_name, seed, trials):
    """The judged value of the best feasible trial, or minus the hypervolume of several objectives.

    Some runs of `cmaes` end early: once it has converged to the last bit it suggests NaN, which Optuna refuses with a
    ValueError. What they found until then counts.
    """
    study = optuna.create_study(sampler=sampler(sampler_name, seed), directions=["minimize"] * problem.objectives)
    results = []
    for _ in range(trials):
        trial = study.ask()
        try:
            result = problem.evaluate(trial)
        except ValueError:
            break
        if result.violation is not None:
            trial.set_constraint("limit", result.violation)
        study.tell(trial, list(result.objectives))
        results.append(result)
    return problem.score(results)


def jobs():
    """Sampler, problem's index, problem, trials, seed: what tells most first."""
    every = list(enumerate(problems.all_problems()))
    single = [(index, problem) for index, problem in every if problem.objectives == 1]
    several = [(index, problem) for index, problem in every if problem.objectives > 1]
    low = [(index, problem) for index, problem in single if problem.dimension <= 5]
    high = [(index, problem) for index, problem in single if problem.dimension > 5]
    numbers = [(index, problem) for index, problem in single if problem.is_numeric]
    few_numbers = [(index, problem) for index, problem in low if problem.is_numeric]
    stages = [
        ("tpe", single, 100, range(20)),
        ("cmaes", numbers, 100, range(20)),
        ("nsga2", several, 1000, range(20)),
        ("cmaes", few_numbers, 1000, range(5)),
        ("tpe", low, 1000, range(3)),
        ("cmaes", numbers, 1000, range(5)),
        ("tpe", several, 100, range(5)),
        ("gp", low, 100, range(3)),
        ("tpe", low, 1000, range(5)),
        ("tpe", high, 1000, range(3)),
        ("cmaes", numbers, 1000, range(20)),
        ("tpe", several, 100, range(20)),
        ("gp", single, 100, range(5)),
        ("random", single, 100, range(20)),
        ("tpe", single, 1000, range(20)),
        ("tpe", several, 1000, range(5)),
        ("gp", single, 100, range(20)),
    ]
    for name, chosen, trials, seeds in stages:
        for seed in seeds:
            for index, problem in chosen:
                yield name, index, problem, trials, seed


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    wanted = sys.argv[1:]
    missing = {name for name, needs in NEEDS.items() if not all(map(importlib.util.find_spec, needs))}
    if not RESULTS.exists():
        RESULTS.write_text(",".join(FIELDS) + "\n")
    with RESULTS.open() as file:
        done = {tuple(row[field] for field in FIELDS[1:6]) for row in csv.DictReader(file)}
    for name, index, problem, trials, seed in jobs():
        key = (name, problem.name, str(problem.dimension), str(trials), str(seed))
        if key in done or name in missing or (wanted and name not in wanted):
            continue
        done.add(key)
        # One seed for all problems would start all of them at the same points, lucky or not.
        best = best_value(problem, name, 1_000 * index + seed, trials)
        text = repr(best) if math.isfinite(best) else ""
        with RESULTS.open("a") as file:
            file.write(",".join((optuna.__version__, *key, text)) + "\n")


if __name__ == "__main__":
    main()
