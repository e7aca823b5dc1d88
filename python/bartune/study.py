"""A study: its file or text, its store, and what can be done with both."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bartune import toml
from bartune._bartune import StudyHandle
from bartune.errors import FileError, NotFoundError
from bartune.progress import Progress, reporter
from bartune.table import Table

Segment = Literal["train", "validate", "all"]
RunIn = Literal["processes", "threads"]
Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of a study."""

    number: int
    """From 0, in the order of proposals."""
    state: str
    """`COMPLETE`, `PRUNED`, `FAIL`, as Optuna has them."""
    values: tuple[float, ...]
    """One an objective; empty where there is none."""
    params: dict[str, Value]
    """Its active parameters."""
    metrics: dict[str, dict[str, float]] = field(repr=False)
    """Metrics of each segment: `trial.metrics["validate"]["sharpe"]`."""
    constraints: dict[str, float] = field(repr=False)
    """How far each constraint is violated; above 0 means infeasible."""
    reason: str | None
    """Why it is infeasible or failed."""
    duplicate_of: int | None
    """The earlier trial whose result answered it."""

    @property
    def value(self) -> float | None:
        """The first objective's value."""
        return self.values[0] if self.values else None

    @classmethod
    def _of(cls, found: Mapping[str, Any]) -> Trial:
        return cls(**{**found, "values": tuple(found["values"])})


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended."""

    ending: str
    """`budget`, `exhausted`, `timeout`, or `refused` when the look before the run found it pointless."""
    findings: tuple[dict[str, str], ...]
    """What that look found: severity, code, message and remedy."""
    seconds: float = 0.0
    """Time of the search."""
    workers: int = 0
    """Threads it ran on."""
    sampler: str = ""
    """The sampler that was used."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """One run of the strategy over a segment."""

    params: dict[str, Value]
    """What it ran with."""
    segment: str
    """Where."""
    bars: int
    """How many bars that is."""
    metrics: dict[str, float | None]
    """All metrics; `None` where one is undefined."""
    trades: Table = field(repr=False)
    """Round trips, one a row."""
    equity: Table = field(repr=False)
    """Equity at each bar's close."""

    def _repr_html_(self) -> str:
        shown = {name: value for name, value in self.metrics.items() if value is not None}
        return f"<b>backtest</b> on {self.segment}, {len(self.trades)} trades{_rows(shown)}"


class Study:
    """A study file, or a study built in Python, with its store.

    A study does nothing by itself: each method reads the store as it is at that moment, so that another process may
    be writing it.
    """

    def __init__(self, handle: StudyHandle) -> None:
        self._handle = handle
        self.last_run: Run | None = None
        """How the last `run` of this object ended."""

    @property
    def name(self) -> str:
        """Its name."""
        return self._handle.name

    @property
    def storage(self) -> str:
        """The URL of its store, without a password."""
        return self._handle.storage

    @property
    def text(self) -> str:
        """The text of its study file."""
        return self._handle.text

    def run(
        self,
        *,
        trials: int | None = None,
        workers: int | None = None,
        timeout: float | None = None,
        seed: int | None = None,
        memory: int | None = None,
        check: bool = True,
        progress: bool | Callable[[Progress], object] = False,
    ) -> Study:
        """Search, or continue a search, until the store has `trials` distinct trials.

        Workers are threads; Python's lock is free meanwhile. Ctrl-C ends the run after the trials in flight and raises
        `KeyboardInterrupt`: what the store holds then can be continued.

        Args:
            trials: distinct trials the study is to have in the end, instead of the file's `search.trials`.
            workers: threads; as many as bring something, if not given. Never changes a result.
            timeout: seconds after which no trial is proposed any more.
            seed: instead of the file's; another seed is another study.
            memory: bytes for computed series.
            check: look at a new study first, and refuse to run it where that would be pointless.
            progress: show a line, or call this about ten times a second.

        Returns:
            The study itself; `last_run` tells how the run ended.
        """
        changes = {
            "search.trials": trials,
            "search.seed": seed,
            "search.timeout": None if timeout is None else f"{timeout}s",
        }
        with reporter(progress, self.name) as told:
            found = self._handle.run(toml.overrides(changes), workers, memory, check, told)
        findings = found.pop("findings")
        self.last_run = Run(findings=tuple(findings[0]) if findings else (), **found)
        return self

    @property
    def best(self) -> Trial:
        """The winner; with several objectives, the knee of the front.

        Raises:
            NotFoundError: no trial is feasible yet.
        """
        top = self.top(1)
        if not top:
            raise NotFoundError(f"study `{self.name}` has no feasible trial yet; `.reasons` tells why")
        return top[0]

    def top(self, count: int = 10) -> list[Trial]:
        """The best feasible trials; with several objectives, the Pareto front."""
        return [Trial._of(found) for found in self._handle.summary(count)["top"]]

    @property
    def counts(self) -> dict[str, int]:
        """How many trials ended how."""
        counts: dict[str, int] = self._handle.summary(0)["trials"]
        return counts

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why trials are infeasible or failed, most frequent first."""
        return [(reason, count) for reason, count in self._handle.summary(0)["reasons"]]

    def trial(self, number: int) -> Trial:
        """One trial by its number."""
        return Trial._of(self._handle.trial(number))

    def trials(self) -> Table:
        """Every trial: number, state, value, reason, parameters, metrics of each segment."""
        return Table(self._handle.trials())

    def backtest(
        self,
        trial: int | Trial | None = None,
        *,
        params: Mapping[str, Value] | None = None,
        segment: Segment = "train",
    ) -> Backtest:
        """Run the strategy once: with a trial's parameters (the winner's, if neither is given), or with `params` over
        the defaults."""
        number = trial.number if isinstance(trial, Trial) else trial
        given = None if params is None else dict(params)
        report, trades, equity = self._handle.backtest(number, given, segment)
        return Backtest(**report, trades=Table(trades), equity=Table(equity))

    def check(self, *, probes: int | None = None, estimate: bool = True) -> dict[str, Any]:
        """What speaks against running it: dead parameters, blocked rules, cost. As `bartune check --json`."""
        report: dict[str, Any] = self._handle.check(probes, estimate)
        return report

    def verify(
        self, trials: int | None = None, *, engine: Literal["reference", "fast"] = "reference"
    ) -> dict[str, Any]:
        """Re-run stored trials and compare every number. As `bartune verify --json`."""
        report: dict[str, Any] = self._handle.verify(trials, engine)
        return report

    def validate(
        self,
        trial: int | None = None,
        *,
        folds: int = 6,
        rolling: bool = False,
        fold_trials: int = 300,
        workers: int | None = None,
        progress: Callable[[str, float], object] | None = None,
    ) -> dict[str, Any]:
        """Is the winner skill or luck? As `bartune validate --json`."""
        report: dict[str, Any] = self._handle.validate(trial, folds, rolling, fold_trials, workers, progress)
        return report

    def compare(
        self,
        other: Study | Trial | int | Mapping[str, Value],
        *,
        trial: int | None = None,
        params: Mapping[str, Value] | None = None,
        segment: Segment = "train",
    ) -> dict[str, Any]:
        """This study's winner (or `trial`, or `params`) beside another study's winner, another trial or other
        parameters of this study; both on this study's bars. As `bartune compare --json`."""
        handle, number, given = self._handle, None, None
        if isinstance(other, Study):
            handle = other._handle
        elif isinstance(other, Trial):
            number = other.number
        elif isinstance(other, int):
            number = other
        else:
            given = dict(other)
        own = None if params is None else dict(params)
        report: dict[str, Any] = self._handle.compare(handle, trial, own, number, given, segment)
        return report

    def fingerprint(self) -> dict[str, Any]:
        """What its trials depend on, key by key: two studies with equal fingerprints have the same trials."""
        found: dict[str, Any] = self._handle.fingerprint()
        return found

    def delete(self, name: str) -> None:
        """Delete the stored study with all its trials. `name` must be its name."""
        self._handle.delete(name)

    def __repr__(self) -> str:
        return f"<bartune.Study {self.name!r} in {self.storage}>"

    def _repr_html_(self) -> str:
        title = f"<b>{html.escape(self.name)}</b> in <code>{html.escape(self.storage)}</code>"
        try:
            found = self._handle.summary(5)
        except NotFoundError:
            return f"{title}<p>not run yet</p>"
        rows = "".join(
            f"<tr><td>{trial['number']}</td><td>{', '.join(f'{value:.6g}' for value in trial['values'])}</td>"
            f"<td>{html.escape(' '.join(f'{name}={value}' for name, value in trial['params'].items()))}</td></tr>"
            for trial in found["top"]
        )
        head = "<tr><th>trial</th><th>value</th><th>parameters</th></tr>"
        return f"{title}{_rows(found['trials'])}<table>{head}{rows}</table>"


def _rows(fields: Mapping[str, object]) -> str:
    cells = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(f'{value:.6g}' if isinstance(value, float) else str(value))}"
        "</td></tr>"
        for name, value in fields.items()
    )
    return f"<table>{cells}</table>"


def load(
    path: str | os.PathLike[str],
    *,
    storage: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    cache: bool = True,
    strategy: Callable[..., Any] | None = None,
    run_in: RunIn = "processes",
) -> Study:
    """A study from its file.

    Args:
        path: the study file.
        storage: URL of the store; a SQLite file beside the study file, if not given.
        overrides: what to change in the file, by dotted keys: `{"search.seed": 7}`.
        cache: keep the decoded bars on this machine for the next time.
        strategy: a strategy in Python that decides, as if the file's `strategy.python` named it: a function, or a class
            with `execute_strategy`.
        run_in: where a strategy in Python is called: in worker "processes", or in this process's "threads".

    Raises:
        ConfigError: the file has problems; `diagnostics` has each.
        FileError: it cannot be read.
        StrategyError: the callable cannot be used.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"cannot read {place}: {error}") from error
    url = storage or os.environ.get("BARTUNE_STORAGE") or None
    changes = dict(overrides or {})
    brought = None
    if strategy is not None or run_in != "processes":
        from bartune import carry

        brought = carry.carried(strategy, run_in) if strategy else carry.of_text(text, changes, place.parent, run_in)
        changes["strategy.python"] = brought.name
    return Study(StudyHandle(place, text, toml.overrides(changes), url, cache, brought))
