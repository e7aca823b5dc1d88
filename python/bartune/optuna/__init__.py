"""Bartune under Optuna's own interfaces: change two lines of a script and keep the rest.

| Optuna | here |
|---|---|
| `storage="sqlite:///study.db"` | `storage=bartune.optuna.Storage("sqlite:///study.db")` |
| `sampler=optuna.samplers.TPESampler(seed=1)` | `sampler=bartune.optuna.TPESampler(seed=1)` |
| `pruner=optuna.pruners.MedianPruner()` | `pruner=bartune.optuna.MedianPruner()` |
| `study.optimize(objective, n_jobs=8)`, threads | `bartune.optuna.optimize(study, objective, n_jobs=8)`, processes |

`NoDupeGuard` and `ask_tell_optimize` keep several programs from evaluating the same parameters, on any study. The
database is Optuna's own schema: `optuna.load_study` and optuna-dashboard open it as it is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bartune.optuna.guard import (
        NoDupeGuard as NoDupeGuard,
        ask_tell_optimize as ask_tell_optimize,
        param_signature as param_signature,
    )
    from bartune.optuna.parallel import optimize as optimize
    from bartune.optuna.pruners import (
        HyperbandPruner as HyperbandPruner,
        MedianPruner as MedianPruner,
        PatientPruner as PatientPruner,
        PercentilePruner as PercentilePruner,
        SuccessiveHalvingPruner as SuccessiveHalvingPruner,
        ThresholdPruner as ThresholdPruner,
        WilcoxonPruner as WilcoxonPruner,
    )
    from bartune.optuna.samplers import (
        CmaEsSampler as CmaEsSampler,
        GPSampler as GPSampler,
        NSGAIIISampler as NSGAIIISampler,
        NSGAIISampler as NSGAIISampler,
        QMCSampler as QMCSampler,
        RandomSampler as RandomSampler,
        TPESampler as TPESampler,
    )
    from bartune.optuna.storage import Storage as Storage

_HOMES = {
    "Storage": "storage",
    "optimize": "parallel",
    **dict.fromkeys(("NoDupeGuard", "ask_tell_optimize", "param_signature"), "guard"),
    **dict.fromkeys(
        ("CmaEsSampler", "GPSampler", "NSGAIIISampler", "NSGAIISampler", "QMCSampler", "RandomSampler", "TPESampler"),
        "samplers",
    ),
    **dict.fromkeys(
        (
            "HyperbandPruner",
            "MedianPruner",
            "PatientPruner",
            "PercentilePruner",
            "SuccessiveHalvingPruner",
            "ThresholdPruner",
            "WilcoxonPruner",
        ),
        "pruners",
    ),
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'bartune.optuna' has no attribute {name!r}")
    value = getattr(import_module(f"bartune.optuna.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
