"""What each step from an Optuna script to a study file brings: one strategy, one set of bars, one budget.

    python benches/python/migration.py [--bars BARS.parquet] [--trials 200] [--repeat 3]

The strategy is long while a fast mean of closes is above a slow one; its value is a Sharpe ratio on the first 60 % of the
bars. Without `--bars` these are the daily S&P 500 bars of the repository. Needs a release build of the package
(`pip install .`) with optuna and pandas, and a quiet machine. Each step runs in a process of its own, on one worker, with
SQLite; of `--repeat` runs the fastest counts. `processor` is the time that it and its workers took of the processors, which a
busy machine and a slow disk change little. `strategy` is the time inside the Python function that decides and, in the first three, computes the value; `beside`
is everything else: sampler, database, and from the fourth step on the backtest too. Memory is the most that was
resident, of the process and of its largest worker together.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BARS = ROOT / "examples" / "data" / "sp500_daily.parquet"
SPACE = {"fast": {"int": [5, 60]}, "slow": {"int": [20, 250], "log": True}}
COST = 2e-4


class Script:
    """The Optuna script: a study in SQLite, and an objective with a backtest of its own."""

    def __init__(self, bars: str) -> None:
        import pandas as pd

        frame = pd.read_parquet(bars)
        self.close = frame["close"].iloc[: int(len(frame) * 0.6)].reset_index(drop=True)
        self.returns = self.close.pct_change().fillna(0.0)
        self.inside = 0.0
        self.calls = 0

    def value(self, fast: int, slow: int) -> float:
        held = (self.close.rolling(fast).mean() > self.close.rolling(slow).mean()).astype(int)
        earned = held.shift(1, fill_value=0) * self.returns - COST * held.diff().abs().fillna(0.0)
        deviation = earned.std()
        return float(earned.mean() / deviation * 252**0.5) if deviation > 0 else 0.0

    def objective(self, trial: Any) -> float:
        import optuna

        fast = trial.suggest_int("fast", 5, 60)
        slow = trial.suggest_int("slow", 20, 250, log=True)
        if fast >= slow:
            raise optuna.TrialPruned
        began = time.perf_counter()
        value = self.value(fast, slow)
        self.inside += time.perf_counter() - began
        self.calls += 1
        return value

    def run(self, storage: Any, sampler: Any, trials: int) -> dict[str, float]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(storage=storage, sampler=sampler, direction="maximize", study_name="s")
        began, spent = time.perf_counter(), processor()
        study.optimize(self.objective, n_trials=trials)
        found = {"ms": time.perf_counter() - began, "inside": self.inside, "cpu": processor() - spent}
        return {**{name: seconds / trials * 1e3 for name, seconds in found.items()}, "best": study.best_value}


def processor() -> float:
    """Seconds of this process and of those that it has waited for."""
    usages = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def optuna_script(bars: str, trials: int) -> dict[str, float]:
    import optuna

    return Script(bars).run("sqlite:///s.db", optuna.samplers.TPESampler(seed=1), trials)


def other_storage(bars: str, trials: int) -> dict[str, float]:
    import bartune.optuna
    import optuna

    return Script(bars).run(bartune.optuna.Storage("sqlite:///s.db"), optuna.samplers.TPESampler(seed=1), trials)


def other_sampler(bars: str, trials: int) -> dict[str, float]:
    import bartune.optuna

    return Script(bars).run(bartune.optuna.Storage("sqlite:///s.db"), bartune.optuna.TPESampler(seed=1), trials)


def signals(bars: Any, fast: int, slow: int) -> dict[str, Any]:
    """The same decisions as a strategy in Python."""
    close = bars.to_pandas()["close"]
    held = close.rolling(fast).mean() > close.rolling(slow).mean()
    return {"long_entry": held, "long_exit": ~held}


RULES = {
    "long_entry": "sma(close, fast) > sma(close, slow)",
    "long_exit": "not (sma(close, fast) > sma(close, slow))",
}


def study_of(bars: str, trials: int, strategy: dict[str, Any], **way: Any) -> Any:
    import bartune

    return bartune.build(
        "s",
        data={"path": bars},
        split={"train": 0.6, "test": 0.4},
        params=SPACE,
        strategy={"require": ["fast < slow"], **strategy},
        execution={"commission": "2bps", "size": "100% equity"},
        search={"sampler": "tpe", "trials": trials, "seed": 1},
        objective={"maximize": "sharpe"},
        **way,
    )


def timed(study: Any, trials: int) -> dict[str, float]:
    began = time.perf_counter()
    study.run(workers=1, check=False)
    return {"ms": (time.perf_counter() - began) / trials * 1e3, "inside": 0.0, "best": study.best.value}


def python_strategy(bars: str, trials: int, **way: Any) -> dict[str, float]:
    from migration import signals as imported

    spent = processor()
    study = study_of(bars, trials, {"python": imported}, **way)
    found = timed(study, trials)
    params = [study.trial(number).params for number in range(0, study.counts["total"], 10)]
    # Its workers end with it.
    del study
    found["cpu"] = (processor() - spent) / trials * 1e3
    return {**found, "inside": callable_ms(bars, params)}


def python_threads(bars: str, trials: int) -> dict[str, float]:
    return python_strategy(bars, trials, run_in="threads")


def callable_ms(path: str, params: list[dict[str, Any]]) -> float:
    """What the function itself takes, with the parameters of some trials, on bars like those it was given."""
    import numpy as np
    import pandas as pd
    from bartune import Bars

    frame = pd.read_parquet(path)
    frame = frame.iloc[: int(len(frame) * 0.6)]
    columns = [np.arange(len(frame)).astype("datetime64[ns]")]
    columns += [frame[name].to_numpy(np.float64) for name in ("open", "high", "low", "close", "volume")]
    given = Bars(columns, "UTC", 86_400 * 10**9)
    began = time.perf_counter()
    for of in params:
        signals(given, **of)
    return (time.perf_counter() - began) / len(params) * 1e3


def study_file(bars: str, trials: int) -> dict[str, float]:
    spent = processor()
    found = timed(study_of(bars, trials, RULES), trials)
    return {**found, "cpu": (processor() - spent) / trials * 1e3}


STEPS = {
    "optuna_script": (optuna_script, "an Optuna script"),
    "other_storage": (other_storage, "its storage: `bartune.optuna.Storage`"),
    "other_sampler": (other_sampler, "its sampler: `bartune.optuna.TPESampler`"),
    "python_strategy": (python_strategy, "the function as a strategy, in worker processes"),
    "python_threads": (python_threads, "the same in threads"),
    "study_file": (study_file, "the strategy in the language"),
}


def fastest(name: str, bars: Path, trials: int, repeat: int) -> dict[str, float]:
    return min((measured(name, bars, trials) for _ in range(repeat)), key=lambda found: found["ms"])


def measured(name: str, bars: Path, trials: int) -> dict[str, float]:
    """One step in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--bars", str(bars), "--trials", str(trials), "--one", name]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--bars", type=Path, default=BARS)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", choices=STEPS, help="measure one step")
    given = parser.parse_args()
    bars = given.bars.resolve()
    if given.one:
        sys.path.insert(0, str(Path(__file__).parent))
        found = STEPS[given.one][0](str(bars), given.trials)
        usages = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        found["mb"] = sum(usage.ru_maxrss for usage in usages) / 1024
        print(json.dumps(found))
        return
    print("| step | ms a trial | strategy | beside | processor | memory, MB | of processor, times less |")
    print("|---|---|---|---|---|---|---|")
    first = None
    values = []
    for name, (_, words) in STEPS.items():
        found = fastest(name, bars, given.trials, given.repeat)
        first = first or found["cpu"]
        values.append(found["best"])
        beside = max(found["ms"] - found["inside"], 0.0)
        times = " | ".join(f"{of:.2f}" for of in (found["ms"], found["inside"], beside, found["cpu"]))
        print(f"| {words} | {times} | {found['mb']:.0f} | {first / found['cpu']:.1f} |", flush=True)
    print(f"\nbest values: {', '.join(f'{value:.6f}' for value in values)}")


if __name__ == "__main__":
    main()
