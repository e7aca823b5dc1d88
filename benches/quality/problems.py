"""The problems of `crates/search/examples/quality.rs`, for Optuna: the same spaces and values.

Twelve functions in the manner of BBOB (N. Hansen et al., RR-6829, INRIA 2009) in [-5, 5]^n, moved, every
second one mirrored across a plane so that it is not separable; then a mixed, a conditional, a noisy and a
constrained problem. All are minimised and their least value is 0.
"""

import math

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
OTHERS = ("mixed", "conditional", "noisy", "constrained")


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


def evaluate(name, dimension, trial):
    """Objective, the value that is judged, and the constraint or None."""
    if name == "mixed":
        result = mixed(trial)
        return result, result, None
    if name == "conditional":
        result = conditional(trial)
        return result, result, None
    x = [trial.suggest_float(f"x{i}", -5.0, 5.0) for i in range(dimension)]
    if name == "noisy":
        result = value("sphere", moved("sphere", x))
        return result + 2.0 * noise(x), result, None
    if name == "constrained":
        # The best of a sphere on the right side of a plane, which the sphere's centre is not on.
        result = sum(v * v for v in x)
        return result - dimension / 4.0, result - dimension / 4.0, dimension / 2.0 - sum(x)
    result = value(name, moved(name, x))
    return result, result, None


def all_problems():
    problems = [(function, dimension) for dimension in DIMENSIONS for function in FUNCTIONS]
    return problems + [("mixed", 5), ("conditional", 4), ("noisy", 5), ("constrained", 5)]
