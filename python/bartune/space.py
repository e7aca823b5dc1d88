"""Parameters: where their values come from.

The same spelling as a study file's `[params]` is understood wherever a space is asked for:
`{"fast": {"int": [5, 60]}, "stop": {"float": [1, 6], "step": 0.25}, "mode": {"choice": ["a", "b"]}, "filter": {"bool": True}}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bartune.errors import ParamsError

Choice = None | bool | int | float | str


@dataclass(frozen=True, slots=True)
class Int:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int
    step: int = 1
    log: bool = False


@dataclass(frozen=True, slots=True)
class Float:
    """Real numbers from `low` to `high`; with a step, `low + k * step`."""

    low: float
    high: float
    step: float | None = None
    log: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """One of a list."""

    choices: Sequence[Choice]


Param = Int | Float | Choices
Given = tuple[str, str, list[Any]]


def _of_mapping(name: str, item: Mapping[str, Any]) -> Param:
    fields = dict(item)
    try:
        if "int" in fields:
            low, high = fields.pop("int")
            return Int(low, high, **fields)
        if "float" in fields:
            low, high = fields.pop("float")
            return Float(low, high, **fields)
        if "choice" in fields and len(fields) == 1:
            return Choices(tuple(fields["choice"]))
        if "bool" in fields and len(fields) == 1:
            return Choices((False, True))
    except (TypeError, ValueError):
        pass
    raise ParamsError(
        f"parameter `{name}`: {item!r} is no range; write it as in a study file, for example {{'int': [5, 60]}}"
    )


def param(name: str, item: Any) -> Param:
    """A parameter, however it was written: one of ours, as in a study file, or an Optuna distribution."""
    if isinstance(item, Int | Float | Choices):
        return item
    if isinstance(item, Mapping):
        return _of_mapping(name, item)
    if hasattr(item, "choices"):
        return Choices(tuple(item.choices))
    if hasattr(item, "low") and hasattr(item, "high"):
        made = Int if type(item).__name__.startswith("Int") else Float
        return made(item.low, item.high, item.step, item.log)
    raise ParamsError(f"parameter `{name}`: {item!r} is no range; use bartune.Int, bartune.Float or bartune.Choices")


def distribution_json(of: Param) -> str:
    """The distribution in Optuna's JSON form."""
    if isinstance(of, Choices):
        return json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": list(of.choices)}})
    kind = "IntDistribution" if isinstance(of, Int) else "FloatDistribution"
    attributes = {"low": of.low, "high": of.high, "step": of.step, "log": of.log}
    return json.dumps({"name": kind, "attributes": attributes})


def given(space: Mapping[str, Any]) -> list[Given]:
    """A space as the engine takes it: names, distributions and choices."""
    params = {name: param(name, item) for name, item in space.items()}
    return [
        (name, distribution_json(of), list(of.choices) if isinstance(of, Choices) else [])
        for name, of in params.items()
    ]
