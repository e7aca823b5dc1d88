from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, final

def version() -> str: ...

@final
class ArrowTable:
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...
    def __len__(self) -> int: ...
    @property
    def columns(self) -> list[str]: ...

@final
class Asked:
    @property
    def number(self) -> int: ...
    @property
    def params(self) -> dict[str, Any]: ...

@final
class OptimizerHandle:
    def __new__(
        cls,
        params: list[tuple[str, str, list[Any]]],
        directions: Sequence[str],
        sampler: str,
        options: str,
        budget: int,
        seed: int,
    ) -> OptimizerHandle: ...
    @property
    def sampler(self) -> str: ...
    def __len__(self) -> int: ...
    def ask(self) -> Asked: ...
    def tell(
        self,
        number: int,
        values: list[float],
        state_name: str,
        violations: list[float],
        reports: list[tuple[int, float]],
    ) -> None: ...
    def add(
        self,
        params: dict[str, Any],
        values: list[float],
        state_name: str,
        violations: list[float],
        reports: list[tuple[int, float]],
    ) -> int: ...
    def best(self) -> tuple[int, float, dict[str, Any]] | None: ...

@final
class PrunerHandle:
    def __new__(cls, name: str, options: str, direction_name: str, seed: int) -> PrunerHandle: ...
    def __len__(self) -> int: ...
    def learn(self, state_name: str, values: list[float], reports: list[tuple[int, float]]) -> None: ...
    def should_prune(self, number: int, reports: list[tuple[int, float]]) -> bool: ...

@final
class StudyHandle:
    def __new__(
        cls,
        path: str | PathLike[str],
        text: str,
        overrides: list[str],
        storage: str | None,
        use_cache: bool,
    ) -> StudyHandle: ...
    @property
    def name(self) -> str: ...
    @property
    def storage(self) -> str: ...
    @property
    def text(self) -> str: ...
    def fingerprint(self) -> dict[str, Any]: ...
    def run(
        self,
        overrides: list[str],
        workers: int | None,
        memory: int | None,
        check: bool,
        progress: Callable[[Mapping[str, Any]], object] | None,
    ) -> dict[str, Any]: ...
    def summary(self, top: int) -> dict[str, Any]: ...
    def trial(self, number: int) -> dict[str, Any]: ...
    def trials(self) -> ArrowTable: ...
    def backtest(
        self, trial: int | None, params: dict[str, Any] | None, segment: str
    ) -> tuple[dict[str, Any], ArrowTable, ArrowTable]: ...
    def check(self, probes: int | None, estimate: bool) -> dict[str, Any]: ...
    def verify(self, trials: int | None, engine: str) -> dict[str, Any]: ...
    def validate(
        self,
        trial: int | None,
        folds: int,
        rolling: bool,
        fold_trials: int,
        workers: int | None,
        progress: Callable[[str, float], object] | None,
    ) -> dict[str, Any]: ...
    def compare(
        self,
        other: StudyHandle,
        trial: int | None,
        params: dict[str, Any] | None,
        other_trial: int | None,
        other_params: dict[str, Any] | None,
        segment: str,
    ) -> dict[str, Any]: ...
    def delete(self, name: str) -> None: ...
