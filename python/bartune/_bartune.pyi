from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, final

from bartune.carry import Carried, Here

__all__ = [
    "ArrowTable",
    "Asked",
    "EngineHandle",
    "GuardHandle",
    "OptimizerHandle",
    "PrunerHandle",
    "StoreHandle",
    "StudyHandle",
    "param_signature",
    "version",
]

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
class EngineHandle:
    def __new__(
        cls,
        params: list[tuple[str, str, list[Any]]],
        directions: Sequence[str],
        sampler: str,
        options: str,
        seed: int,
    ) -> EngineHandle: ...
    def learn(
        self,
        params: dict[str, Any],
        state_name: str,
        values: list[float],
        violations: list[float],
        reports: list[tuple[int, float]],
    ) -> None: ...
    def propose(self, number: int, pending: list[dict[str, Any]]) -> dict[str, Any]: ...

@final
class GuardHandle:
    def __new__(cls, location: str, name: str) -> GuardHandle: ...
    def add(self, signature: str) -> bool: ...
    def add_batch(self, signatures: list[str]) -> int: ...
    def contains_batch(self, signatures: list[str]) -> list[bool]: ...
    def count(self) -> int: ...
    def clear(self) -> None: ...

def param_signature(params: Any) -> str: ...

_Row = tuple[
    int,
    str,
    list[float],
    list[tuple[str, float, str]],
    list[tuple[int, float]],
    dict[str, Any],
    dict[str, Any],
    int | None,
    int | None,
]

@final
class StoreHandle:
    def __new__(cls, url: str) -> StoreHandle: ...
    @property
    def url(self) -> str: ...
    def studies(self) -> list[dict[str, Any]]: ...
    def study(self, name: str) -> dict[str, Any] | None: ...
    def create_study(self, name: str, directions: list[str]) -> int | None: ...
    def delete_study(self, id: int) -> bool: ...
    def set_study_attr(self, id: int, key: str, value: Any, is_system: bool) -> None: ...
    def append(self, id: int, row: _Row) -> bool: ...
    def replace(self, id: int, rows: list[_Row]) -> bool: ...
    def claim(self, id: int, number: int, started_ms: int) -> bool: ...
    def read(self, id: int, first: int, end: int) -> list[_Row]: ...
    def change_mark(self) -> int | None: ...
    def note_alive(self, id: int, number: int) -> None: ...
    def silent_trials(self, id: int, seconds: int) -> list[int]: ...

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
        strategy: Carried | Here | None = None,
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
