"""`study.optimize` with processes: objectives in Python do not wait for each other's lock."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bartune.errors import Error, ParamsError

if TYPE_CHECKING:
    from optuna import Study


class WorkerError(Error):
    """A worker process ended with an error."""


def optimize(
    study: Study,
    objective: Callable[[Any], Any],
    n_trials: int,
    *,
    n_jobs: int | None = None,
    timeout: float | None = None,
    catch: tuple[type[Exception], ...] = (),
) -> None:
    """Run `study.optimize` in several processes on the same study.

    Args:
        study: a study in a storage that processes can share: `bartune.optuna.Storage`, or another one that can be
            pickled, but none in memory.
        objective: as for `study.optimize`; a function that another process can import.
        n_trials: all processes together.
        n_jobs: processes; one a core, if not given.
        timeout: seconds after which no trial is begun.
        catch: exceptions that fail their trial and not the run.
    """
    import optuna

    jobs = min(n_jobs or os.cpu_count() or 1, n_trials)
    if jobs <= 0:
        return
    if isinstance(study._storage, optuna.storages.InMemoryStorage):
        raise ParamsError("a study in memory cannot be shared: create it with storage=bartune.optuna.Storage(url)")
    try:
        work = pickle.dumps((study._storage, study.study_name, study.sampler, study.pruner, objective, timeout, catch))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ParamsError(f"another process cannot be given this: {error}; define the objective in a module") from error
    context = multiprocessing.get_context("spawn")
    shares = [n_trials // jobs + (index < n_trials % jobs) for index in range(jobs)]
    processes = [context.Process(target=_work, args=(work, share), daemon=True) for share in shares]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
                process.join()
    failed = [process.exitcode for process in processes if process.exitcode]
    if failed:
        raise WorkerError(f"{len(failed)} of {jobs} processes failed (exit status {failed[0]}); what they said is on stderr")


def _work(work: bytes, trials: int) -> None:
    import optuna

    storage, name, sampler, pruner, objective, timeout, catch = pickle.loads(work)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.load_study(study_name=name, storage=storage, sampler=sampler, pruner=pruner)
    study.optimize(objective, n_trials=trials, timeout=timeout, catch=catch)
