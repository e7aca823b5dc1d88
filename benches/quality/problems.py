"""The problems of `crates/search/examples/quality.rs`, for Optuna: the same spaces and values.

Twelve functions in the manner of BBOB (N. Hansen et al., RR-6829, INRIA 2009) in [-5, 5]^n, moved, every
second one mirrored across a plane so that it is not separable; then a mixed, a conditional, a noisy and a
constrained problem, whose least value is 0 as well; problems of two and three objectives; and backtests, tabulated
(`backtests.py`). All are minimised.
"""

import math
from dataclasses import dataclass

import backtests

FUNCTIONS = (
    "sphere",
    "ellipsoid",
    "rastrigin",
    "rosenbrock",
    "discus",
    "bent_cigar",
    "sharp_ridge",
    "different_powers",
    "ackley",
    "griewank",
    "step_ellipsoid",
    "levy",
)
DIMENSIONS = (2, 5, 10, 20)


def moved(function, x):
    """The point as the function sees it: 0 is its best."""
    index = FUNCTIONS.index(function)
    z = [value - 3.0 * math.sin(1.3 * (i + 1) + index) for i, value in enumerate(x)]
    if index % 2 == 0:
        return z
    normal = [math.cos(i + index) for i in range(len(z))]
    scale = 2.0 * sum(n * v for n, v in zip(normal, z)) / sum(n * n for n in normal)
    return [v - scale * n for v, n in zip(z, normal)]


def levy(z):
    w = [1.0 + v / 4.0 for v in z]
    total = math.sin(math.pi * w[0]) ** 2
    for v in w[:-1]:
        total += (v - 1.0) ** 2 * (1.0 + 10.0 * math.sin(math.pi * v + 1.0) ** 2)
    return total + (w[-1] - 1.0) ** 2 * (1.0 + math.sin(2.0 * math.pi * w[-1]) ** 2)


def value(function, z):
    n = len(z)
    share = [i / max(n - 1, 1) for i in range(n)]
    squares = sum(v * v for v in z)
    if function == "sphere":
        return squares
    if function == "ellipsoid":
        return sum(10.0 ** (4.0 * s) * v * v for s, v in zip(share, z))
    if function == "rastrigin":
        return 10.0 * n + sum(v * v - 10.0 * math.cos(2.0 * math.pi * v) for v in z)
    if function == "rosenbrock":
        w = [v + 1.0 for v in z]
        return sum(100.0 * (w[i + 1] - w[i] ** 2) ** 2 + (1.0 - w[i]) ** 2 for i in range(n - 1))
    if function == "discus":
        return 1e4 * z[0] * z[0] + squares - z[0] * z[0]
    if function == "bent_cigar":
        return z[0] * z[0] + 1e4 * (squares - z[0] * z[0])
    if function == "sharp_ridge":
        return z[0] * z[0] + 100.0 * math.sqrt(squares - z[0] * z[0])
    if function == "different_powers":
        return math.sqrt(sum(abs(v) ** (2.0 + 4.0 * s) for s, v in zip(share, z)))
    if function == "ackley":
        waves = sum(math.cos(2.0 * math.pi * v) for v in z) / n
        return 20.0 - 20.0 * math.exp(-0.2 * math.sqrt(squares / n)) + math.e - math.exp(waves)
    if function == "griewank":
        product = math.prod(math.cos(10.0 * v / math.sqrt(i + 1)) for i, v in enumerate(z))
        return 1.0 + squares / 40.0 - product
    if function == "step_ellipsoid":
        steps = [math.floor(v + 0.5) if abs(v) > 0.5 else math.floor(10.0 * v + 0.5) / 10.0 for v in z]
        return sum(10.0 ** (2.0 * s) * v * v for s, v in zip(share, steps))
    return levy(z)


def mixed(trial):
    rate = math.log10(trial.suggest_float("rate", 1e-5, 1.0, log=True)) + 3.0
    fast = (trial.suggest_int("fast", 5, 60) - 21) / 20.0
    slow = math.log(trial.suggest_int("slow", 20, 300, log=True) / 90.0)
    stop = trial.suggest_float("stop", 0.5, 5.0, step=0.25) - 2.0
    kind = trial.suggest_categorical("kind", ["a", "b", "c", "d"])
    penalty = {"a": 0.6, "b": 0.4, "c": 0.0, "d": 1.0}[kind]
    return rate**2 + fast**2 + slow**2 + stop**2 + penalty * (1.0 + fast**2)


def conditional(trial):
    if trial.suggest_categorical("kind", ["line", "curve"]) == "line":
        return 1.0 + (trial.suggest_float("slope", -3.0, 3.0) - 2.0) ** 2
    bend, shift = trial.suggest_float("bend", -3.0, 3.0), trial.suggest_float("shift", -3.0, 3.0)
    return (bend + 1.0) ** 2 + 10.0 * (shift - bend * bend) ** 2


def noise(x):
    """Looks random, and is the same in both languages: from -1 to 1."""
    wave = math.sin(sum((i + 1) * 12.9898 * v for i, v in enumerate(x))) * 437.58
    return 2.0 * (wave - math.floor(wave)) - 1.0


@dataclass(frozen=True)
class Result:
    """What a trial gives: what the sampler is told, what is judged, and by how much the constraint is violated."""

    objectives: tuple
    judged: float
    violation: float | None = None


def plain(value):
    return Result((value,), value)


def zdt(name, trial, dimension):
    """E. Zitzler, K. Deb, L. Thiele, Evolutionary Computation 8(2), 2000: two objectives in [0, 1]^n."""
    x = [trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(dimension)]
    first, g = x[0], 1.0 + 9.0 * sum(x[1:]) / (dimension - 1)
    share = first / g
    if name == "zdt1":
        second = g * (1.0 - math.sqrt(share))
    elif name == "zdt2":
        second = g * (1.0 - share * share)
    else:
        second = g * (1.0 - math.sqrt(share) - share * math.sin(10.0 * math.pi * first))
    return Result((first, second), math.nan)


def dtlz2(trial, dimension):
    """K. Deb, L. Thiele, M. Laumanns, E. Zitzler, CEC 2002: the front is an eighth of a sphere."""
    x = [trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(dimension)]
    g = sum((v - 0.5) ** 2 for v in x[2:])
    a, b = 0.5 * math.pi * x[0], 0.5 * math.pi * x[1]
    around = (math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a))
    return Result(tuple((1.0 + g) * v for v in around), math.nan)


SEVERAL = {"zdt1": (1.1, 6.0), "zdt2": (1.1, 6.0), "zdt3": (1.1, 6.0), "dtlz2": (2.0, 2.0, 2.0)}


@dataclass(frozen=True)
class Problem:
    """A problem by name. `reference` is what hypervolumes are measured from, of several objectives."""

    name: str
    dimension: int

    @property
    def reference(self):
        return SEVERAL.get(self.name) or backtests.REFERENCES.get(self.name)

    @property
    def objectives(self):
        return len(self.reference) if self.reference else 1

    @property
    def is_numeric(self):
        return self.name in FUNCTIONS or self.name in ("noisy", "constrained")

    def evaluate(self, trial):
        """The result at the parameters that a trial suggests."""
        name, dimension = self.name, self.dimension
        if name in backtests.TABLES:
            return Result(*backtests.TABLES[name].evaluate(trial))
        if name.startswith("zdt"):
            return zdt(name, trial, dimension)
        if name == "dtlz2":
            return dtlz2(trial, dimension)
        if name in ("mixed", "conditional"):
            return plain(mixed(trial) if name == "mixed" else conditional(trial))
        x = [trial.suggest_float(f"x{i}", -5.0, 5.0) for i in range(dimension)]
        if name == "noisy":
            judged = value("sphere", moved("sphere", x))
            return Result((judged + 2.0 * noise(x),), judged)
        if name == "constrained":
            # The best of a sphere on the right side of a plane, which the sphere's centre is not on.
            judged = sum(v * v for v in x) - dimension / 4.0
            return Result((judged,), judged, dimension / 2.0 - sum(x))
        return plain(value(name, moved(name, x)))

    def score(self, results):
        """One number for a run, smaller is better: the judged value of its best trial, or minus a hypervolume."""
        feasible = [r for r in results if r.violation is None or r.violation <= 0.0]
        if self.reference:
            return -hypervolume([r.objectives for r in feasible], self.reference)
        return min(feasible, key=lambda r: r.objectives[0]).judged if feasible else math.inf


def hypervolume(points, reference):
    """What points dominate below a reference, by slices along the last objective."""
    inside = [p for p in points if all(v < r for v, r in zip(p, reference))]
    if not inside:
        return 0.0
    if len(reference) == 1:
        return reference[0] - min(p[0] for p in inside)
    if len(reference) == 2:
        area, height = 0.0, reference[1]
        for first, second in sorted(inside):
            if second < height:
                area, height = area + (reference[0] - first) * (height - second), second
        return area
    levels = sorted({p[-1] for p in inside})
    tops = [*levels[1:], reference[-1]]
    slices = zip(levels, tops)
    return sum(
        (top - level) * hypervolume([p[:-1] for p in inside if p[-1] <= level], reference[:-1])
        for level, top in slices
    )


def all_problems():
    """Every problem. Their order is part of the seeds: new ones come last."""
    found = [Problem(function, dimension) for dimension in DIMENSIONS for function in FUNCTIONS]
    found += [Problem("mixed", 5), Problem("conditional", 4), Problem("noisy", 5), Problem("constrained", 5)]
    found += [Problem("zdt1", 10), Problem("zdt2", 10), Problem("zdt3", 10), Problem("dtlz2", 7)]
    return found + [Problem(name, table.dimension) for name, table in backtests.TABLES.items()]
