"""Times Optuna's and Rustuna's search loop, for `bartune bench --peers`.

    python ask_tell.py BARS.parquet full|quick

8 parameters (6 float, 1 int, 1 categorical) and an objective that costs nothing; a figure is the time of
the last trials of so many, a trial, ask to tell. The bars are not read. Prints one JSON object a line.
"""

import json
import os
import statistics
import sys
import tempfile
import time

IS_QUICK = sys.argv[2] == "quick"
# Optuna would take minutes to get to 10,000 trials.
HISTORIES = {"optuna": (250, 1000), "rustuna": (250, 1000, 10_000)}
STORED = 40 if IS_QUICK else 250
LAST = 20 if IS_QUICK else 50


def objective(trial):
    value = sum((trial.suggest_float(f"x{index}", -5, 5) - 0.3) ** 2 for index in range(6))
    value += (trial.suggest_int("k", 2, 200) - 0.3) ** 2
    return value + {"a": 0, "b": 1, "c": 2}[trial.suggest_categorical("c", ["a", "b", "c"])]


def last_trials(study, total):
    """Median and quartiles of the last trials of `total`, in milliseconds."""
    study.optimize(objective, n_trials=total - LAST)
    times = []
    for _ in range(LAST):
        start = time.perf_counter()
        study.optimize(objective, n_trials=1)
        times.append((time.perf_counter() - start) * 1e3)
    low, median, high = statistics.quantiles(times, n=4)
    return {"ms": median, "low_ms": low, "high_ms": high}


def tell(peer, what, against, figures):
    row = {"peer": peer, "what": what, "against": against, **figures, "result": ""}
    print(json.dumps(row), flush=True)


def in_memory(peer, package):
    for total in (100,) if IS_QUICK else HISTORIES[package.__name__]:
        study = package.create_study(sampler=package.samplers.TPESampler(seed=1))
        tell(peer, f"TPE in memory, a trial after {total}", f"tpe.{total}", last_trials(study, total))


def in_sqlite(peer, package):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "peer.db")
        # Rustuna takes a store of its own, Optuna a URL.
        own = getattr(package.storages, "SQLite3Storage", None)
        storage = own(path) if own else f"sqlite:///{path}"
        study = package.create_study(sampler=package.samplers.RandomSampler(seed=1), storage=storage)
        tell(peer, f"random, SQLite, a trial after {STORED}", "append", last_trials(study, STORED))


def main():
    import importlib
    import importlib.metadata

    for name, title in (("optuna", "Optuna"), ("rustuna", "Rustuna")):
        try:
            package = importlib.import_module(name)
        except ImportError as error:
            print(json.dumps({"peer": title, "missing": str(error)}), flush=True)
            continue
        peer = f"{title} {importlib.metadata.version(name)}"
        if name == "optuna":
            package.logging.set_verbosity(package.logging.ERROR)
        in_memory(peer, package)
        in_sqlite(peer, package)


main()
