"""`study.optimize` with processes: objectives in Python do not wait for each other's lock.

A process is told its work over its standard input. It imports what a module has; an objective of a notebook or a script is
carried to it (`bartune.carry`), so that the program itself is not run again.
"""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bartune.errors import Error, ParamsError, StrategyError

if TYPE_CHECKING:
    from optuna import Study

_PROCESS = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from bartune.optuna.parallel import _work
_work(sys.stdin.buffer.read())
"""


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
        objective: as for `study.optimize`; one of a notebook or a script is carried over with what it uses.
        n_trials: all processes together.
        n_jobs: processes; one a core, if not given.
        timeout: seconds after which no trial is begun.
        catch: exceptions that fail their trial and not the run.

    Raises:
        ParamsError: another process cannot be given this.
        WorkerError: a process failed.
    """
    import optuna

    jobs = min(n_jobs or os.cpu_count() or 1, n_trials)
    if jobs <= 0:
        return
    if isinstance(study._storage, optuna.storages.InMemoryStorage):
        raise ParamsError("a study in memory cannot be shared: create it with storage=bartune.optuna.Storage(url)")
    parts = (study._storage, study.study_name, study.sampler, study.pruner, timeout, catch)
    try:
        work = pickle.dumps(sys.path) + pickle.dumps(parts) + _packed(objective)
    except (pickle.PicklingError, AttributeError, TypeError, StrategyError) as error:
        raise ParamsError(f"another process cannot be given this: {error}") from error
    shares = [n_trials // jobs + (index < n_trials % jobs) for index in range(jobs)]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for share in shares:
            process = subprocess.Popen([sys.executable, "-c", _PROCESS], stdin=subprocess.PIPE)
            processes.append(process)
            assert process.stdin is not None
            process.stdin.write(work + pickle.dumps((share, os.getpid())))
            process.stdin.close()
        failed = [status for process in processes if (status := process.wait())]
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if failed:
        raise WorkerError(f"{len(failed)} of {jobs} processes failed (exit status {failed[0]}); what they said is on stderr")


def _packed(objective: Callable[[Any], Any]) -> bytes:
    """An objective as another process takes it: a reference, or a program's text."""
    from bartune import carry

    spec = carry.of_program(objective)
    return pickle.dumps((None, objective) if spec is None else (spec, None))


def _work(work: bytes) -> None:
    """What a process does."""
    import optuna

    from bartune import _worker

    parts = io.BytesIO(work)
    storage, name, sampler, pruner, timeout, catch = pickle.load(parts)
    spec, objective = pickle.load(parts)
    trials, parent = pickle.load(parts)
    _worker.die_with_parent()
    if os.getppid() != parent:
        return
    if spec is not None:
        objective = getattr(_worker.load_text(spec, is_program=True), spec["callable"])
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.load_study(study_name=name, storage=storage, sampler=sampler, pruner=pruner)
    study.optimize(objective, n_trials=trials, timeout=timeout, catch=catch)
