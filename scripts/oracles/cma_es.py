"""Oracle of CMA-ES: generations told to the Python package `cmaes`, and what they make of it.

    pip install cmaes scipy
    python scripts/oracles/cma_es.py

writes `testdata/search/cmaes.json`: for each case the points of every generation from best to worst, and
the state after it.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from cmaes import CMA, CMAwM, SepCMA

ROOT = Path(__file__).resolve().parents[2]
GENERATIONS = 25


def valley(x):
    """A bent valley in the unit cube, its floor off the centre."""
    z = 3 * (np.asarray(x) - 0.4)
    return float(np.sum((z[:-1] ** 2 - z[1:]) ** 2 * 20 + z[:-1] ** 2) + z[-1] ** 2)


def state(optimizer, covariance):
    return {
        "mean": optimizer._mean.tolist(),
        "sigma": float(optimizer._sigma),
        "path_sigma": optimizer._p_sigma.tolist(),
        "path_c": optimizer._pc.tolist(),
        "covariance": np.asarray(covariance).ravel().tolist(),
    }


def plain(kind, n, population):
    bounds = np.array([[0.0, 1.0]] * n)
    optimizer = kind(mean=np.full(n, 0.5), sigma=1 / 6, bounds=bounds, seed=1, population_size=population)
    generations = []
    for _ in range(GENERATIONS):
        points = [optimizer.ask() for _ in range(optimizer.population_size)]
        points.sort(key=valley)
        optimizer.tell([(x.copy(), float(rank)) for rank, x in enumerate(points)])
        optimizer._eigen_decomposition()
        generations.append({"points": [x.tolist() for x in points], **state(optimizer, optimizer._C)})
    return {"n": n, "population": optimizer.population_size, "generations": generations}


def margin(steps):
    """`steps`: the number of values of each coordinate, 0 for a continuous one."""
    n = len(steps)
    widths = np.array([0.0 if values == 0 else 1 / (values - 1) for values in steps])
    bounds = np.array([[0.0, 1.0]] * n)
    optimizer = CMAwM(mean=np.full(n, 0.5), sigma=1 / 6, bounds=bounds, steps=widths, seed=1)
    generations = []
    for _ in range(GENERATIONS):
        pairs = [optimizer.ask() for _ in range(optimizer.population_size)]
        pairs.sort(key=lambda pair: valley(pair[0]))
        encoded = [optimizer_pair[0].tolist() for optimizer_pair in pairs]
        optimizer.tell([(raw.copy(), float(rank)) for rank, (_, raw) in enumerate(pairs)])
        optimizer._cma._eigen_decomposition()
        generations.append(
            {
                "points": [raw.tolist() for _, raw in pairs],
                "encoded": encoded,
                "factors": optimizer._A[[i for i, values in enumerate(steps) if values]].tolist(),
                **state(optimizer._cma, optimizer._cma._C),
            }
        )
    return {"n": n, "population": optimizer.population_size, "steps": steps, "generations": generations}


def main():
    cases = {
        "source": f"cmaes {version('cmaes')}",
        "full": [plain(CMA, 2, None), plain(CMA, 5, None), plain(CMA, 3, 16)],
        "separable": [plain(SepCMA, 5, None)],
        "margin": [margin([0, 5, 0, 2]), margin([4, 30, 3])],
    }
    (ROOT / "testdata/search/cmaes.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
