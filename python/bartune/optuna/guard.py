"""Nothing twice: a set of parameter signatures that several programs and hosts share.

Works with any Optuna study, on any storage.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bartune._bartune import GuardHandle, param_signature
from bartune.errors import ParamsError

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution

__all__ = ["NoDupeGuard", "ask_tell_optimize", "param_signature"]

Params = Mapping[str, Any]


class NoDupeGuard:
    """A set of parameter signatures in a SQLite file, on a Redis server or in a PostgreSQL database.

    Of any number of programs that add the same parameters, exactly one is told that they are new. Without a place, the
    set is in this process.

    Args:
        sqlite_path: a file, which is made if it is missing.
        redis_url: `redis://user:password@host:6379/0`.
        postgres_url: `postgresql://user@host/database`.
        name: of the set; other names are other sets.
    """

    def __init__(
        self,
        *,
        sqlite_path: str | os.PathLike[str] | None = None,
        redis_url: str | None = None,
        postgres_url: str | None = None,
        name: str = "default",
    ) -> None:
        places = [place for place in (sqlite_path, redis_url, postgres_url) if place is not None]
        if len(places) > 1:
            raise ParamsError("a guard is in one place: give one of sqlite_path, redis_url and postgres_url")
        self._handle = GuardHandle(os.fspath(places[0]) if places else "memory:", name)
        self.name = name

    def add(self, params: Params | str) -> bool:
        """Add parameters (or their signature); whether they were new."""
        return self._handle.add(_signature(params))

    def add_batch(self, params: Iterable[Params | str]) -> int:
        """Add many at once; how many were new."""
        return self._handle.add_batch([_signature(of) for of in params])

    def contains(self, params: Params | str) -> bool:
        """Whether these parameters were added."""
        return self._handle.contains_batch([_signature(params)])[0]

    def contains_batch(self, params: Iterable[Params | str]) -> list[bool]:
        """For each, whether it was added."""
        return self._handle.contains_batch([_signature(of) for of in params])

    __contains__ = contains

    def clear(self) -> None:
        """Forget all, for everyone who shares this guard."""
        self._handle.clear()

    def __len__(self) -> int:
        return self._handle.count()

    def __repr__(self) -> str:
        return f"<bartune.optuna.NoDupeGuard {self.name!r}>"


def _signature(params: Params | str) -> str:
    return params if isinstance(params, str) else param_signature(dict(params))


def ask_tell_optimize(
    study: Study,
    objective: Callable[[Trial], Any],
    n_trials: int,
    guard: NoDupeGuard | None = None,
    *,
    distributions: Mapping[str, BaseDistribution] | None = None,
    attempts: int = 20,
    catch: type[Exception] | tuple[type[Exception], ...] = (),
) -> int:
    """Ask, evaluate, tell, and evaluate nothing twice.

    With `distributions`, a trial's parameters are drawn before the objective runs, so that a duplicate costs nothing: it
    is told as pruned, with the attribute `bartune:duplicate`, and another one is asked for. Without them, the
    distributions of the study's trials so far are taken; a study without any runs its first trial to learn them.

    Args:
        study: any Optuna study.
        objective: as for `study.optimize`.
        n_trials: how many trials to evaluate. Duplicates do not count.
        guard: what was tried, also by others; in this process, if not given.
        distributions: the parameters.
        attempts: how often a trial may be drawn anew before the search counts as exhausted.
        catch: exceptions that fail their trial and not the search.

    Returns:
        How many trials were evaluated: less than asked for, if nothing new was found any more.
    """
    import optuna

    guard = NoDupeGuard() if guard is None else guard
    fixed = dict(distributions or _known(study))
    evaluated = failures = 0
    while evaluated < n_trials and failures < attempts:
        trial = study.ask(fixed or None)
        if fixed and not guard.add(trial.params):
            trial.set_user_attr("bartune:duplicate", True)
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            failures += 1
            continue
        failures = 0
        evaluated += 1
        try:
            value = objective(trial)
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        except catch:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        except BaseException:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            raise
        else:
            study.tell(trial, value)
        if not fixed:
            guard.add(trial.params)
            fixed = dict(trial.distributions)
    return evaluated


def _known(study: Study) -> dict[str, BaseDistribution]:
    import optuna

    finished = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    trials = study.get_trials(deepcopy=False, states=finished)
    return dict(trials[-1].distributions) if trials else {}
