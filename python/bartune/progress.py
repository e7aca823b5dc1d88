"""How a run is going, for callbacks, terminals and notebooks."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TextIO


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a run."""

    trials: dict[str, int]
    """How many trials of the whole study ended how."""
    budget: int
    """Distinct trials asked for."""
    evaluated: int
    """Distinct trials of this run."""
    seconds: float
    """Since the run began."""
    best_value: float | None
    """Best feasible value so far, where there is one objective."""
    best_validate: float | None
    """The same metric of the same trial on the validate segment."""
    front: int
    """Trials on the Pareto front, where there are several objectives."""
    waiting_for: str | None
    """Why nothing goes on, if the store does not answer."""

    def __str__(self) -> str:
        done = self.trials["total"] - self.trials["duplicate"]
        rate = self.evaluated / self.seconds if self.seconds > 0 else 0.0
        parts = [f"{done}/{self.budget} trials", f"{rate:.0f}/s"]
        if self.best_value is not None:
            beside = "" if self.best_validate is None else f" (validate {self.best_validate:.6g})"
            parts.append(f"best {self.best_value:.6g}{beside}")
        if self.front:
            parts.append(f"{self.front} on the front")
        if self.waiting_for:
            parts.append(f"waiting: {self.waiting_for}")
        return ", ".join(parts)


Told = Callable[[Mapping[str, Any]], object]


@contextmanager
def reporter(wanted: bool | Callable[[Progress], object], name: str) -> Iterator[Told | None]:
    """What a run is to call: nothing, the user's function, or a display: of a notebook, or a line that is written over."""
    if wanted is False:
        yield None
    elif wanted is True:
        display = _Cell(name) if _in_notebook() else _Line(name, sys.stderr)
        try:
            yield display
        finally:
            display.end()
    else:
        call = wanted
        yield lambda found: call(Progress(**found))


class _Line:
    """One line that is written over."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._width = 0

    def __call__(self, found: Mapping[str, Any]) -> None:
        text = f"{self._name}: {Progress(**found)}"
        self._stream.write(f"\r{text:<{self._width}}")
        self._stream.flush()
        self._width = len(text)

    def end(self) -> None:
        if self._width:
            self._stream.write("\n")


class _Cell:
    """A display in a notebook's cell that is put in place of itself. Frontends without HTML have its text."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._handle: Any = None

    def __call__(self, found: Mapping[str, Any]) -> None:
        progress = Progress(**found)
        shown = {"text/plain": f"{self._name}: {progress}", "text/html": _html(self._name, progress)}
        if self._handle is None:
            self._handle = import_module("IPython.display").display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def end(self) -> None:
        """What was shown last stays."""


def _html(name: str, progress: Progress) -> str:
    done = progress.trials["total"] - progress.trials["duplicate"]
    bar = f'<progress value="{done}" max="{max(progress.budget, 1)}" style="vertical-align: middle"></progress>'
    return f"<div><b>{html.escape(name)}</b> {bar} {html.escape(str(progress))}</div>"


def _in_notebook() -> bool:
    """Whether a kernel runs this, which has cells to write into."""
    shell = sys.modules.get("IPython")
    if shell is None:
        return False
    running = shell.get_ipython()
    return running is not None and hasattr(running, "kernel")
