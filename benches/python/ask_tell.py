"""What Bartune's search loop costs beside Optuna's and Rustuna's, on one problem, in one run.

    python benches/python/ask_tell.py [--storage-trials 1000] [--loop-trials 10000]

The problem has 8 parameters: 6 floats, 1 int, 1 choice. Needs a release build of the package (`pip install .`), optuna and
rustuna in one environment, and a quiet machine. Each figure is of a process of its own; the two ratios come last:

- `study.optimize` with TPE on SQLite: Optuna's storage and sampler against `bartune.optuna`'s;
- a loop of asking and telling with TPE in memory: Rustuna against `bartune.Optimizer`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from typing import Any


def value(params: dict[str, Any]) -> float:
    total = sum((params[f"x{i}"] - 0.3 * i) ** 2 for i in range(6)) + abs(params["k"] - 77) / 50
    return float(total + {"a": 0, "b": 1, "c": 2}[params["c"]])


def objective(trial: Any) -> float:
    params = {f"x{i}": trial.suggest_float(f"x{i}", -5, 5) for i in range(6)}
    params["k"] = trial.suggest_int("k", 2, 200)
    params["c"] = trial.suggest_categorical("c", ["a", "b", "c"])
    return value(params)


def optuna_sqlite(trials: int, folder: str) -> float:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1), storage=f"sqlite:///{folder}/study.db")
    study.optimize(objective, n_trials=trials)
    return float(study.best_value)


def bartune_sqlite(trials: int, folder: str) -> float:
    import bartune.optuna
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = bartune.optuna.Storage(f"sqlite:///{folder}/study.db")
    study = optuna.create_study(sampler=bartune.optuna.TPESampler(seed=1), storage=storage)
    study.optimize(objective, n_trials=trials)
    return float(study.best_value)


def rustuna_loop(trials: int, folder: str) -> float:
    import rustuna

    study = rustuna.create_study(sampler=rustuna.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=trials)
    return float(study.best_trial.value)


def bartune_loop(trials: int, folder: str, **options: Any) -> float:
    import bartune

    space: dict[str, Any] = {f"x{i}": bartune.Float(-5, 5) for i in range(6)}
    space |= {"k": bartune.Int(2, 200), "c": bartune.Choices(["a", "b", "c"])}
    optimizer = bartune.Optimizer(space, "tpe", seed=1, options=options)
    for _ in range(trials):
        trial = optimizer.ask()
        optimizer.tell(trial, value(trial.params))
    return optimizer.best.value


def bartune_loop_univariate(trials: int, folder: str) -> float:
    return bartune_loop(trials, folder, multivariate=False)


LOOPS = {
    loop.__name__: loop
    for loop in (optuna_sqlite, bartune_sqlite, rustuna_loop, bartune_loop_univariate, bartune_loop)
}


def measured(name: str, trials: int) -> float:
    """Milliseconds a trial, in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--one", name, str(trials)], check=True, capture_output=True, text=True)
    cost, best = done.stdout.split()
    print(f"{name:24} {trials:6} trials  {float(cost):9.3f} ms a trial  best {float(best):.4f}", flush=True)
    return float(cost)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--storage-trials", type=int, default=1_000)
    parser.add_argument("--loop-trials", type=int, default=10_000)
    parser.add_argument("--one", nargs=2, metavar=("LOOP", "TRIALS"), help="measure one loop")
    given = parser.parse_args()
    if given.one:
        name, trials = given.one[0], int(given.one[1])
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            best = LOOPS[name](trials, folder)
            print((time.perf_counter() - began) / trials * 1e3, best)
        return
    stored = [measured(name, given.storage_trials) for name in ("optuna_sqlite", "bartune_sqlite")]
    names = ("rustuna_loop", "bartune_loop_univariate", "bartune_loop")
    looped = [measured(name, given.loop_trials) for name in names]
    print(f"study.optimize on SQLite: {stored[0] / stored[1]:.1f} times as fast as Optuna")
    print(f"ask and tell: {looped[0] / looped[1]:.1f} times as fast as Rustuna (one density a parameter)")
    print(f"ask and tell: {looped[0] / looped[2]:.1f} times as fast as Rustuna (one density of all parameters)")


if __name__ == "__main__":
    main()
