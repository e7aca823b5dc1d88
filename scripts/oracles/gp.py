"""Write `testdata/search/gp.json` with scikit-learn and SciPy.

Run: `python scripts/oracles/gp.py` (needs scikit-learn, scipy, numpy).

- processes: Matérn 5/2 with noise; log likelihood with its gradient, mean and variance; and how good
  the best parameters are that SciPy finds under Optuna's priors. A choice is written as one-hot
  columns of half the square, so that different choices are at distance 1.
- ln_h: the logarithm of the expected improvement of a standard normal variable.
- ln_mass: the logarithm of its distribution function.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
from scipy import optimize, special
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

warnings.simplefilter("ignore")
OUT = Path(__file__).resolve().parents[2] / "testdata" / "search" / "gp.json"
FLOOR = 1e-6


def encoded(x, choices):
    columns = []
    for j, count in enumerate(choices):
        if count:
            columns.append(np.eye(count)[x[:, j].astype(int)] / math.sqrt(2))
        else:
            columns.append(x[:, j : j + 1])
    return np.hstack(columns)


def widths(weights, choices):
    return np.concatenate([[1 / math.sqrt(w)] * max(1, count) for w, count in zip(weights, choices)])


def process(x, y, choices, weights, scale, noise):
    kernel = ConstantKernel(scale) * Matern(widths(weights, choices), nu=2.5) + WhiteKernel(noise)
    return GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None).fit(encoded(x, choices), y)


def loss(logs, x, y, choices):
    """Minus likelihood and prior, and the gradient by the logarithms of weights, scale, noise - floor."""
    weights, scale, extra = np.exp(logs[:-2]), math.exp(logs[-2]), math.exp(logs[-1])
    noise = extra + FLOOR
    model = process(x, y, choices, weights, scale, noise)
    value, gradient = model.log_marginal_likelihood(model.kernel_.theta, eval_gradient=True)
    value += 0.5 * len(y) * math.log(2 * math.pi)
    # Parameters of the kernel: ln scale, ln widths, ln noise.
    by_width = np.split(gradient[1:-1], np.cumsum([max(1, c) for c in choices])[:-1])
    by_weight = np.array([-0.5 * part.sum() for part in by_width])
    result = np.concatenate([by_weight, [gradient[0], gradient[-1] * extra / noise]])
    value += -0.1 * np.sum(weights + 1 / weights)
    value += math.log(scale) - scale + 0.1 * math.log(noise) - 30 * noise
    result[:-2] += -0.1 * (weights - 1 / weights)
    result[-2] += 1 - scale
    result[-1] += (0.1 / noise - 30) * extra
    return -value, -result


def processes(rng):
    for count, choices in ((5, [0]), (20, [0, 0, 0]), (25, [0, 3, 0]), (60, [0, 0, 0, 0])):
        x = rng.rand(count, len(choices))
        for j, c in enumerate(choices):
            if c:
                x[:, j] = rng.randint(c, size=count)
        y = np.sin(6 * x[:, 0]) + 0.5 * x[:, -1] ** 2 + 0.05 * rng.normal(size=count)
        y = (y - y.mean()) / y.std()
        logs = rng.normal(size=len(choices) + 2)
        logs[-1] -= 3
        value, gradient = loss(logs, x, y, choices)
        weights, scale, noise = np.exp(logs[:-2]), math.exp(logs[-2]), math.exp(logs[-1]) + FLOOR
        model = process(x, y, choices, weights, scale, noise)
        queries = rng.rand(6, len(choices))
        for j, c in enumerate(choices):
            if c:
                queries[:, j] = rng.randint(c, size=6)
        mean, deviation = model.predict(encoded(queries, choices), return_std=True)
        best = optimize.minimize(
            loss, np.zeros(len(choices) + 2), args=(x, y, choices), jac=True, method="L-BFGS-B", options={"gtol": 1e-6}
        )
        yield {
            "rows": x.tolist(),
            "targets": y.tolist(),
            "choices": [c > 0 for c in choices],
            "weights": weights.tolist(),
            "scale": scale,
            "noise": noise,
            "loss": float(value),
            "gradient": gradient.tolist(),
            "queries": queries.tolist(),
            "means": mean.tolist(),
            "variances": (deviation**2 - noise).tolist(),
            "best_loss": float(best.fun),
        }


POINTS = (-200.0, -60.0, -30.0, -25.5, -24.5, -10.0, -3.0, -0.5, 0.0, 0.7, 4.0, 12.0)


def ln_h():
    for z in POINTS:
        if z < -20:
            tail = 1 + math.sqrt(math.pi / 2) * z * special.erfcx(-z / math.sqrt(2))
            value = -z * z / 2 - math.log(math.sqrt(2 * math.pi)) + math.log(tail)
        else:
            value = math.log(z * special.ndtr(z) + math.exp(-z * z / 2) / math.sqrt(2 * math.pi))
        yield [z, value]


if __name__ == "__main__":
    result = {"processes": list(processes(np.random.RandomState(2))), "ln_h": list(ln_h())}
    result["ln_mass"] = [[z, float(special.log_ndtr(z))] for z in POINTS]
    OUT.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size)
