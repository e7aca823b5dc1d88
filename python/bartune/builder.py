"""A study built in Python: the same text as a file's, without the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bartune import toml
from bartune._bartune import StudyHandle
from bartune.errors import ParamsError
from bartune.language import Expression, merged
from bartune.space import Choices, Float, Int
from bartune.study import RunIn, Study

if TYPE_CHECKING:
    from bartune.carry import Carried, Here

Section = Mapping[str, Any]


def build(
    name: str,
    *,
    data: Section | str | os.PathLike[str],
    strategy: Section | Callable[..., Any],
    params: Section | Iterable[Expression] | None = None,
    folder: str | os.PathLike[str] = ".",
    storage: str | None = None,
    cache: bool = True,
    run_in: RunIn = "processes",
    **sections: Section,
) -> Study:
    """A study from its sections, which have a study file's keys and values.

    A study that is built has the same text, plan and identity as the file that `study.text` would be.

    Args:
        name: of the study.
        data: the `[data]` section, or the path of the bars.
        strategy: the `[strategy]` section; rules are texts, or expressions of `bartune.language`. Or a strategy in
            Python: a function, or a class with `execute_strategy`, by itself or as the section's `python`.
        params: the `[params]` section, or the parameters themselves in their order. Parameters that only expressions
            have come after those.
        folder: where relative paths start, and where the store is if none is named.
        storage: URL of the store; a SQLite file with the study's name, if not given.
        cache: keep the decoded bars on this machine for the next time.
        run_in: where a strategy in Python is called: in worker "processes", or in this process's "threads".
        sections: `split`, `execution`, `account`, `search`, `objective`, … of a study file.

    Raises:
        ConfigError: the study has problems; `diagnostics` has each.
        StrategyError: the callable cannot be used.
    """
    strategy, brought = _brought(strategy, run_in)
    if not isinstance(data, Mapping):
        data = {"path": os.fspath(data)}
    fields: dict[str, Any] = {"name": name, "data": _plain(data)}
    split = sections.pop("split", None)
    if split is not None:
        fields["split"] = _plain(split)
    fields["params"] = _params(params, strategy)
    fields["strategy"] = _plain(strategy)
    fields.update({section: _plain(of) for section, of in sections.items()})
    url = storage or os.environ.get("BARTUNE_STORAGE") or None
    return Study(StudyHandle(Path(folder) / f"{name}.toml", toml.document(fields), [], url, cache, brought))


def _brought(strategy: Section | Callable[..., Any], run_in: RunIn) -> tuple[Section, Carried | Here | None]:
    """The section, and what decides in it if that is a callable."""
    section = strategy if isinstance(strategy, Mapping) else {"python": strategy}
    call = section.get("python")
    if call is None or isinstance(call, str):
        return section, None
    from bartune.carry import carried

    brought = carried(call, run_in)
    return {**section, "python": brought.name}, brought


def _params(given: Section | Iterable[Expression] | None, strategy: Section) -> dict[str, Any]:
    if given is None:
        params: dict[str, Any] = {}
    elif isinstance(given, Mapping):
        params = {name: _spelled(of) for name, of in given.items()}
    else:
        params = merged(*given)
    for name, item in merged(*_expressions(strategy)).items():
        if params.setdefault(name, item) != item:
            raise ParamsError(f"parameter `{name}` is declared twice, as {params[name]} and as {item}")
    return params


def _expressions(item: Any) -> list[Expression]:
    if isinstance(item, Expression):
        return [item]
    if isinstance(item, Mapping):
        return [found for of in item.values() for found in _expressions(of)]
    if isinstance(item, list | tuple):
        return [found for of in item for found in _expressions(of)]
    return []


def _plain(item: Any) -> Any:
    """Expressions as their text."""
    if isinstance(item, Expression | os.PathLike):
        return str(item)
    if isinstance(item, Mapping):
        return {str(name): _plain(of) for name, of in item.items() if of is not None}
    if isinstance(item, list | tuple):
        return [_plain(of) for of in item]
    return item


def _spelled(item: Any) -> Any:
    """One of `bartune.Int`, `Float` and `Choices` as a study file has it."""
    if isinstance(item, Choices):
        return {"choice": list(item.choices)}
    if isinstance(item, Int | Float):
        spelled: dict[str, Any] = {"int" if isinstance(item, Int) else "float": [item.low, item.high]}
        if item.step is not None and (isinstance(item, Float) or item.step != 1):
            spelled["step"] = item.step
        return {**spelled, "log": True} if item.log else spelled
    return _plain(item)
