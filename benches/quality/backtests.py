"""Real backtest objectives, as tables: every point of a grid of parameters on the daily bars of the S&P 500.

So both sides optimise the same function, and Python need not run the engine. A table is made again by

    bartune run benches/quality/backtests/NAME.toml
    bartune export benches/quality/backtests/NAME.toml -o NAME.csv
    python benches/quality/backtests.py NAME NAME.csv

A table's rows follow its grid, the last parameter fastest, a parameter without effect absent. Columns: the composite score,
by how much the constraints are violated together, total return and largest drawdown. `front` has two objectives: return
against drawdown, of the strategy `trend`; the last two columns are there for it only.
"""

import csv
import functools
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("backtests")
COLUMNS = ("composite", "violation", "return", "drawdown")


@dataclass(frozen=True)
class Parameter:
    """Whole or real numbers from `low` to `high` by `step`, or choices; `when`: a parameter and what it must be."""

    name: str
    low: float = 0
    high: float = 0
    step: float = 1
    choices: tuple = ()
    when: tuple = ()

    @property
    def values(self):
        if self.choices:
            return self.choices
        return tuple(self.low + k * self.step for k in range(round((self.high - self.low) / self.step) + 1))

    def is_active(self, chosen):
        return not self.when or chosen[self.when[0]] == self.when[1]

    def suggest(self, trial):
        if self.choices:
            return trial.suggest_categorical(self.name, list(self.choices))
        if isinstance(self.step, int):
            return trial.suggest_int(self.name, self.low, self.high, step=self.step)
        return trial.suggest_float(self.name, self.low, self.high, step=self.step)


SPACES = {
    "trend": (
        Parameter("fast", 5, 60, 5),
        Parameter("slow", 20, 245, 15),
        Parameter("stop", 1.0, 5.5, 0.5),
        Parameter("filter", choices=(False, True)),
        Parameter("rsi_max", 60.0, 90.0, 10.0, when=("filter", True)),
    ),
    "breakout": (
        Parameter("length", 5, 60, 5),
        Parameter("exit", choices=("channel", "target", "time")),
        Parameter("exit_length", 3, 30, 3, when=("exit", "channel")),
        Parameter("target", 1.0, 6.0, 0.5, when=("exit", "target")),
        Parameter("bars", 2, 30, 2, when=("exit", "time")),
        Parameter("stop", 1.0, 5.0, 0.5),
        Parameter("trend", 100, 250, 50),
    ),
    "pullback": (
        Parameter("length", 5, 60, 5),
        Parameter("pullback", 10, 50, 5),
        Parameter("stop", 0.5, 4.0, 0.5),
        Parameter("target", 0.5, 6.0, 0.5),
    ),
}


def points(space, chosen):
    """Every point of a space, the last parameter fastest."""
    if len(chosen) == len(space):
        yield tuple(chosen.values())
        return
    parameter = space[len(chosen)]
    for value in parameter.values if parameter.is_active(chosen) else (None,):
        yield from points(space, {**chosen, parameter.name: value})


@functools.cache
def rows(name):
    lines = (FOLDER / f"{name}.csv").read_text().splitlines()[1:]
    every = points(SPACES[name], {})
    return {point: tuple(map(float, line.split(","))) for point, line in zip(every, lines, strict=True)}


@dataclass(frozen=True)
class Table:
    """A problem: a table, and what of it is minimised."""

    name: str
    columns: tuple

    @property
    def dimension(self):
        return len(SPACES[self.name])

    def evaluate(self, trial):
        """Objectives, the value that is judged, the violation."""
        chosen = {}
        for parameter in SPACES[self.name]:
            chosen[parameter.name] = parameter.suggest(trial) if parameter.is_active(chosen) else None
        row = dict(zip(COLUMNS, rows(self.name)[tuple(chosen.values())]))
        objectives = tuple(row[column] if column == "drawdown" else -row[column] for column in self.columns)
        return objectives, objectives[0], row["violation"]


TABLES = {
    "trend": Table("trend", ("composite",)),
    "breakout": Table("breakout", ("composite",)),
    "pullback": Table("pullback", ("composite",)),
    "front": Table("trend", ("return", "drawdown")),
}
REFERENCES = {"front": (0.0, 0.6)}


def text(value):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    return {None: "", True: "true", False: "false"}.get(value, value)


def write(name, exported):
    """A table from an exported study."""
    space, found = SPACES[name], {}
    wanted = max(COLUMNS.index(column) for table in TABLES.values() if table.name == name for column in table.columns)
    wanted = max(wanted, COLUMNS.index("violation")) + 1
    with open(exported, newline="") as file:
        for row in csv.DictReader(file):
            limits = [float(row[key] or 0.0) for key in row if key.startswith("constraint ")]
            violation = sum(max(limit, 0.0) for limit in limits)
            if row["reason"].endswith("no trades"):
                violation = 20.0
            numbers = (row["value"], violation, row["train_total_return"], row["train_max_drawdown"])
            key = tuple(row[f"params_{parameter.name}"] for parameter in space)
            found[key] = ",".join(f"{float(number or 0.0):.4f}".rstrip("0").rstrip(".") for number in numbers[:wanted])
    lines = [",".join(COLUMNS[:wanted]), *(found[tuple(map(text, point))] for point in points(space, {}))]
    (FOLDER / f"{name}.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write(*sys.argv[1:3])
