"""Trading-strategy parameter search on years of bars.

>>> import bartune
>>> study = bartune.load("examples/sp500_trend.toml").run(trials=200)  # doctest: +SKIP
>>> study.best.params  # doctest: +SKIP

| name | what for |
|---|---|
| `load`, `build` | a study from its file, or built here |
| `Study` | run, look at, judge a study |
| `Bars`, `Signals` | what a strategy in Python is given and returns |
| `Optimizer` | ask and tell, for anything |
| `bartune.language` | strategies with Python's operators |
| `bartune.optuna` | storage, samplers and pruners for Optuna |
| `Error` and its subclasses | whatever goes wrong |

Importing this package imports nothing heavy; what a call needs is imported by the call.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bartune._bartune import version as version
    from bartune.builder import build as build
    from bartune.errors import (
        ChangedError as ChangedError,
        ConfigError as ConfigError,
        DataError as DataError,
        Diagnostic as Diagnostic,
        Error as Error,
        FileError as FileError,
        GuardError as GuardError,
        NotFoundError as NotFoundError,
        ParamsError as ParamsError,
        SamplerError as SamplerError,
        StorageError as StorageError,
        StrategyError as StrategyError,
    )
    from bartune.optimizer import Optimizer as Optimizer
    from bartune.progress import Progress as Progress
    from bartune.space import Choices as Choices, Float as Float, Int as Int
    from bartune.strategy import Bars as Bars, Signals as Signals
    from bartune.study import (
        Backtest as Backtest,
        Run as Run,
        Study as Study,
        Trial as Trial,
        load as load,
    )
    from bartune.table import Table as Table

_HOMES = {
    "version": "bartune._bartune",
    **dict.fromkeys(
        (
            "ChangedError",
            "ConfigError",
            "DataError",
            "Diagnostic",
            "Error",
            "FileError",
            "GuardError",
            "NotFoundError",
            "ParamsError",
            "SamplerError",
            "StorageError",
            "StrategyError",
        ),
        "bartune.errors",
    ),
    **dict.fromkeys(("Backtest", "Run", "Study", "Trial", "load"), "bartune.study"),
    **dict.fromkeys(("Choices", "Float", "Int"), "bartune.space"),
    "Optimizer": "bartune.optimizer",
    "build": "bartune.builder",
    "Progress": "bartune.progress",
    "Table": "bartune.table",
    **dict.fromkeys(("Bars", "Signals"), "bartune.strategy"),
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        if name == "__version__":
            return import_module("bartune._bartune").version()
        raise AttributeError(f"module 'bartune' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
