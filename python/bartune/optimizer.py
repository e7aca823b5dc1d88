"""Ask and tell over the samplers, for anything that has a value.

>>> optimizer = Optimizer({"x": {"float": [-5, 5]}, "k": {"int": [1, 9]}}, seed=1)
>>> for _ in range(100):
...     trial = optimizer.ask()
...     optimizer.tell(trial, (trial.params["x"] - 1) ** 2 + trial.params["k"])
>>> optimizer.best.params["k"]
1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

from bartune import toml
from bartune._bartune import Asked, OptimizerHandle
from bartune.errors import NotFoundError, ParamsError
from bartune.space import given

State = Literal["complete", "pruned", "fail"]
Direction = Literal["minimize", "maximize"]


@dataclass(frozen=True, slots=True)
class Best:
    """The best feasible trial that was told."""

    number: int
    value: float
    params: dict[str, Any]


class Optimizer:
    """Proposes points of a space, and learns from what became of them.

    Points may be told in any order, and several may be out at a time. What is proposed depends on the seed and on the order
    of the calls, and on nothing else.

    Args:
        space: parameters by name, as in a study file's `[params]`, or `bartune.Int`, `Float`, `Choices`, or Optuna's
            distributions.
        sampler: `auto`, `random`, `grid`, `sobol`, `halton`, `tpe`, `cmaes`, `nsga2`, `nsga3`, `gp`.
        direction: of the objective.
        directions: of the objectives, where there are several.
        seed: of the random numbers; the same seed gives the same points.
        budget: how many trials there will be: what `auto` chooses by.
        options: of the sampler, as in a study file: `{"candidates": 32}` for `tpe`.
    """

    def __init__(
        self,
        space: Mapping[str, Any],
        sampler: str = "tpe",
        *,
        direction: Direction = "minimize",
        directions: Sequence[Direction] | None = None,
        seed: int = 0,
        budget: int = 1000,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        lines = "\n".join(toml.overrides(options or {}))
        wanted = [direction] if directions is None else list(directions)
        self._handle = OptimizerHandle(given(space), wanted, sampler, lines, budget, seed)

    @property
    def sampler(self) -> str:
        """The name of the sampler, `auto` resolved."""
        return self._handle.sampler

    @overload
    def ask(self, n: None = None) -> Asked: ...
    @overload
    def ask(self, n: int) -> list[Asked]: ...
    def ask(self, n: int | None = None) -> Asked | list[Asked]:
        """The next point, or the next `n` points: `trial.number`, `trial.params`."""
        if n is None:
            return self._handle.ask()
        ask = self._handle.ask
        return [ask() for _ in range(n)]

    def tell(
        self,
        trial: Asked | int,
        value: float | Sequence[float] | None = None,
        *,
        state: State = "complete",
        constraints: Sequence[float] = (),
        reports: Mapping[int, float] | None = None,
    ) -> None:
        """What became of a point.

        Args:
            trial: what `ask` gave, or its number.
            value: the objective's value, or one for each objective.
            state: `complete`, `pruned` or `fail`.
            constraints: how far each is violated; above 0 means infeasible.
            reports: intermediate values by step, of a pruned trial.
        """
        number = trial if isinstance(trial, int) else trial.number
        self._handle.tell(number, _values(value), state, list(constraints), list((reports or {}).items()))

    def add(
        self,
        params: Mapping[str, Any],
        value: float | Sequence[float] | None = None,
        *,
        state: State = "complete",
        constraints: Sequence[float] = (),
        reports: Mapping[int, float] | None = None,
    ) -> int:
        """Learn from a point that was evaluated elsewhere; its number."""
        told = (_values(value), state, list(constraints), list((reports or {}).items()))
        return self._handle.add(dict(params), *told)

    @property
    def best(self) -> Best:
        """The best feasible trial that was told.

        Raises:
            NotFoundError: none was told.
            ParamsError: there are several objectives.
        """
        found = self._handle.best()
        if found is None:
            raise NotFoundError("no complete, feasible trial was told yet")
        return Best(*found)

    def __len__(self) -> int:
        return len(self._handle)

    def __repr__(self) -> str:
        return f"<bartune.Optimizer: {self.sampler}, {len(self)} trials told>"


def _values(value: float | Sequence[float] | None) -> list[float]:
    if value is None:
        return []
    if isinstance(value, int | float):
        return [value]
    try:
        return [float(of) for of in value]
    except TypeError:
        pass
    try:
        return [float(value)]  # type: ignore[arg-type]
    except TypeError:
        raise ParamsError(f"{value!r} is no value: tell a number, or one for each objective") from None
