"""Values as TOML: what a study built in Python is written with."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def key(name: str) -> str:
    """A key, quoted where it must be."""
    return name if name and set(name) <= _BARE else json.dumps(name)


def value(item: Any) -> str:
    """One value on one line."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int):
        return str(item)
    if isinstance(item, float):
        if math.isnan(item) or math.isinf(item):
            return "nan" if math.isnan(item) else ("inf" if item > 0 else "-inf")
        return repr(item)
    if isinstance(item, str):
        return json.dumps(item, ensure_ascii=False)
    if isinstance(item, datetime | date):
        return json.dumps(item.isoformat())
    if isinstance(item, Mapping):
        return "{ " + ", ".join(f"{key(str(name))} = {value(of)}" for name, of in item.items()) + " }"
    if hasattr(item, "item") and not isinstance(item, Iterable):
        return value(item.item())
    if isinstance(item, Iterable):
        return "[" + ", ".join(value(of) for of in item) + "]"
    # Expressions and paths are what their text says.
    return json.dumps(str(item), ensure_ascii=False)


def document(fields: Mapping[str, Any]) -> str:
    """A whole document: plain values first, then one section for each mapping."""
    plain = [f"{key(name)} = {value(item)}" for name, item in fields.items() if not isinstance(item, Mapping)]
    parts = ["\n".join(plain) + "\n"] if plain else []
    for name, item in fields.items():
        if isinstance(item, Mapping):
            lines = [f"{key(str(of))} = {value(inner)}" for of, inner in item.items()]
            parts.append("\n".join([f"[{key(name)}]", *lines]) + "\n")
    return "\n".join(parts)


def overrides(changes: Mapping[str, Any]) -> list[str]:
    """Dotted keys and values as lines that replace what a study says: `search.trials = 5`."""
    return [f"{name} = {value(item)}" for name, item in changes.items() if item is not None]
