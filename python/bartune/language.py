"""The strategy language with Python's operators: expressions that are their own text.

>>> from bartune.language import P, close, ema, rsi
>>> fast, slow = P.int("fast", 5, 60), P.int("slow", 20, 250, log=True)
>>> (ema(close, fast) > ema(close, slow)) & (rsi(close, 14) < 70)
ema(close, fast) > ema(close, slow) and rsi(close, 14) < 70

Every series and function of docs/language.md can be imported by its name. What Python cannot overload is written
otherwise; as everywhere in Python, `&` and `|` bind tighter than comparisons, so comparisons stand in parentheses:

| language | Python |
|---|---|
| `a and b`, `a or b`, `not a` | `a & b`, `a \\| b`, `~a` |
| `x if c else y` | `choose(c, x, y)` |
| `a < b < c` | `(a < b) & (b < c)` |
| `none` | `None` |

An expression is text and nothing else: a study made with it has the same graph and the same identity as one that was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bartune.errors import ParamsError
from bartune.space import Choices, Float, Int, Param

_SERIES = frozenset(
    "open high low close volume hl2 hlc3 ohlc4 hour minute weekday day_of_month".split()
)

# How tightly an operator binds: as in docs/language.md.
_CHOOSE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _NEGATIVE, _ATOM = range(9)

Operand = Any


class Expression:
    """A piece of the strategy language, with the parameters it reads."""

    __slots__ = ("text", "params", "_binding")
    # Comparisons make expressions, so that none of these is equal to another.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str, params: Mapping[str, Any] | None = None, binding: int = _ATOM) -> None:
        self.text = text
        """As a study file has it."""
        self.params: dict[str, Any] = dict(params or {})
        """The parameters it reads, as a study file's `[params]` has them."""
        self._binding = binding

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def __bool__(self) -> bool:
        raise TypeError(
            f"`{self.text}` is known at each bar, not now: write `&`, `|`, `~` for and, or, not; "
            "`choose(c, x, y)` for `x if c else y`; `(a < b) & (b < c)` for `a < b < c`"
        )

    def __getattr__(self, output: str) -> Expression:
        if output.startswith("_"):
            raise AttributeError(output)
        return Expression(f"{_within(self, _ATOM)}.{output}", self.params)

    def __getitem__(self, bars: Operand) -> Expression:
        lag = expression(bars)
        return Expression(f"{_within(self, _ATOM)}[{lag.text}]", merged(self, lag))

    def __neg__(self) -> Expression:
        return Expression(f"-{_within(self, _NEGATIVE)}", self.params, _NEGATIVE)

    def __invert__(self) -> Expression:
        return Expression(f"not {_within(self, _NOT)}", self.params, _NOT)

    def __and__(self, other: Operand) -> Expression:
        return _binary(self, "and", other, _AND)

    def __rand__(self, other: Operand) -> Expression:
        return _binary(other, "and", self, _AND)

    def __or__(self, other: Operand) -> Expression:
        return _binary(self, "or", other, _OR)

    def __ror__(self, other: Operand) -> Expression:
        return _binary(other, "or", self, _OR)

    def __add__(self, other: Operand) -> Expression:
        return _binary(self, "+", other, _SUM)

    def __radd__(self, other: Operand) -> Expression:
        return _binary(other, "+", self, _SUM)

    def __sub__(self, other: Operand) -> Expression:
        return _binary(self, "-", other, _SUM)

    def __rsub__(self, other: Operand) -> Expression:
        return _binary(other, "-", self, _SUM)

    def __mul__(self, other: Operand) -> Expression:
        return _binary(self, "*", other, _PRODUCT)

    def __rmul__(self, other: Operand) -> Expression:
        return _binary(other, "*", self, _PRODUCT)

    def __truediv__(self, other: Operand) -> Expression:
        return _binary(self, "/", other, _PRODUCT)

    def __rtruediv__(self, other: Operand) -> Expression:
        return _binary(other, "/", self, _PRODUCT)

    def __lt__(self, other: Operand) -> Expression:
        return _comparison(self, "<", other)

    def __le__(self, other: Operand) -> Expression:
        return _comparison(self, "<=", other)

    def __gt__(self, other: Operand) -> Expression:
        return _comparison(self, ">", other)

    def __ge__(self, other: Operand) -> Expression:
        return _comparison(self, ">=", other)

    def __eq__(self, other: Operand) -> Expression:  # type: ignore[override]
        return _comparison(self, "==", other)

    def __ne__(self, other: Operand) -> Expression:  # type: ignore[override]
        return _comparison(self, "!=", other)


class Function:
    """A function of the language: called with expressions, it is one."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Operand, **named: Operand) -> Expression:
        given = [expression(of) for of in arguments]
        given_named = {name: expression(of) for name, of in named.items()}
        parts = [of.text for of in given] + [f"{name}={of.text}" for name, of in given_named.items()]
        return Expression(f"{self.name}({', '.join(parts)})", merged(*given, *given_named.values()))

    def __repr__(self) -> str:
        return f"<function {self.name} of the strategy language>"


class P:
    """Parameters: `P.int("fast", 5, 60)`. One with a `when` is sampled only where that holds."""

    @staticmethod
    def int(name: str, low: int, high: int, step: int = 1, *, log: bool = False, when: Operand = None) -> Expression:
        """A whole number from `low` to `high`, both included."""
        return _parameter(name, Int(low, high, step, log), when)

    @staticmethod
    def float(
        name: str, low: float, high: float, step: float | None = None, *, log: bool = False, when: Operand = None
    ) -> Expression:
        """A real number from `low` to `high`."""
        return _parameter(name, Float(low, high, step, log), when)

    @staticmethod
    def choice(name: str, *choices: Any, when: Operand = None) -> Expression:
        """One of these."""
        return _parameter(name, Choices(choices), when)

    @staticmethod
    def bool(name: str, *, when: Operand = None) -> Expression:
        """A switch."""
        return _parameter(name, Choices((False, True)), when)


def choose(condition: Operand, then: Operand, otherwise: Operand) -> Expression:
    """`then if condition else otherwise`."""
    parts = [expression(of) for of in (then, condition, otherwise)]
    first, test, last = parts
    text = f"{_within(first, _OR)} if {_within(test, _OR)} else {_within(last, _CHOOSE)}"
    return Expression(text, merged(*parts), _CHOOSE)


def expression(of: Operand) -> Expression:
    """Numbers, texts and switches as expressions."""
    if isinstance(of, Expression):
        return of
    if of is None:
        return Expression("none")
    if isinstance(of, bool):
        return Expression("true" if of else "false")
    if isinstance(of, str):
        if "'" in of:
            raise ParamsError(f"{of!r} has a quote, which a text of the language cannot hold")
        return Expression(f"'{of}'")
    if isinstance(of, int | float):
        return Expression(repr(of), binding=_NEGATIVE if of < 0 else _ATOM)
    if hasattr(of, "item"):
        return expression(of.item())
    raise ParamsError(f"{of!r} is no expression: use numbers, texts, switches, series and parameters")


def merged(*parts: Expression) -> dict[str, Any]:
    """The parameters of several expressions. One name is one parameter."""
    params: dict[str, Any] = {}
    for part in parts:
        for name, item in part.params.items():
            if params.setdefault(name, item) != item:
                raise ParamsError(f"parameter `{name}` is declared twice, as {params[name]} and as {item}")
    return params


def _within(part: Expression, binding: int) -> str:
    return part.text if part._binding >= binding else f"({part.text})"


def _binary(left: Operand, operator: str, right: Operand, binding: int) -> Expression:
    first, second = expression(left), expression(right)
    # A right side that binds no tighter keeps its parentheses: `a - (b - c)`.
    text = f"{_within(first, binding)} {operator} {_within(second, binding + 1)}"
    return Expression(text, merged(first, second), binding)


def _comparison(left: Operand, operator: str, right: Operand) -> Expression:
    first, second = expression(left), expression(right)
    text = f"{_within(first, _SUM)} {operator} {_within(second, _SUM)}"
    return Expression(text, merged(first, second), _COMPARE)


def _parameter(name: str, of: Param, when: Operand) -> Expression:
    item: dict[str, Any]
    if isinstance(of, Choices):
        item = {"bool": True} if tuple(of.choices) == (False, True) else {"choice": list(of.choices)}
    else:
        item = {"int" if isinstance(of, Int) else "float": [of.low, of.high]}
        if of.step is not None and (isinstance(of, Float) or of.step != 1):
            item["step"] = of.step
        if of.log:
            item["log"] = True
    others: dict[str, Any] = {}
    if when is not None:
        condition = expression(when)
        item["when"] = condition.text
        others = condition.params
    return Expression(name, {**others, name: item})


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'bartune.language' has no attribute {name!r}")
    return Expression(name) if name in _SERIES else Function(name)
