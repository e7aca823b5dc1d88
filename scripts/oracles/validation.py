#!/usr/bin/env python3
"""Write `testdata/validation/trials.json`: returns of some trials and what others say of choosing the best.

- Block lengths and the tests for superior predictive ability: `arch` (Sheppard).
- Combinatorial purged cross-validation: the splits and paths of `skfolio`; the trial with the best Sharpe
  ratio on a split's training days is held on its test days.
- The probability of backtest overfitting: no maintained package has it; written here from section 2 of the paper
  (Bailey, Borwein, López de Prado, Zhu, 2017) with itertools and scipy's ranks.

    pip install arch skfolio scipy numpy
    python scripts/oracles/validation.py

Written with arch 8.0.0, skfolio 1.12.2, scipy 1.17, numpy 2.4.
"""

import itertools
import json
from pathlib import Path

import numpy as np
from arch.bootstrap import SPA, StationaryBootstrap, optimal_block_length
from scipy.stats import rankdata
from skfolio.model_selection import CombinatorialPurgedCV

OUT = Path(__file__).resolve().parents[2] / "testdata" / "validation"
TRIALS, DAYS = 14, 300
BLOCKS, GROUPS, HELD_OUT, EMBARGO = 12, 6, 2, 3
RESAMPLES = 20_000


def returns():
    """Trials that share a market and have some memory; a few have an edge."""
    random = np.random.default_rng(20)
    market = random.standard_t(5, DAYS) * 0.006
    own = random.standard_t(5, (TRIALS, DAYS)) * 0.008
    own[:, 1:] += 0.25 * own[:, :-1]
    edges = np.linspace(-0.0006, 0.0011, TRIALS)
    return np.round(0.5 * market + own + edges[:, None], 6)


def sharpe(series):
    """Mean over deviation along the last axis."""
    return series.mean(axis=-1) / series.std(axis=-1)


def overfitting(trials):
    """Every way of halving the blocks: the rank outside of what is best inside."""
    blocks = [np.arange(DAYS)[b * DAYS // BLOCKS : (b + 1) * DAYS // BLOCKS] for b in range(BLOCKS)]
    logits, losses = [], 0
    for chosen in itertools.combinations(range(BLOCKS), BLOCKS // 2):
        inside = np.concatenate([blocks[b] for b in chosen])
        outside = np.concatenate([blocks[b] for b in range(BLOCKS) if b not in chosen])
        best = int(np.argmax(sharpe(trials[:, inside])))
        ratios = sharpe(trials[:, outside])
        relative = rankdata(ratios, method="min")[best] / (TRIALS + 1)
        logits.append(float(np.log(relative / (1 - relative))))
        losses += bool(ratios[best] < 0)
    below = float(np.mean([logit <= 0 for logit in logits]))
    return {"probability": below, "loss": losses / len(logits), "logits": sorted(logits)}


def superior(trials, block):
    """White's p-value from arch; Hansen's three from arch's resamples and variances.

    `arch` does not divide by the deviations, whatever `studentize` says: that is done here (Hansen's equation 2).
    """
    flat = np.zeros(DAYS)
    white = SPA(flat, -trials.T, block_size=block, reps=RESAMPLES, bootstrap="stationary", seed=4)
    white.compute()
    means = trials.mean(axis=1)
    errors = np.sqrt(white._loss_diff_var)
    clearly_worse = means < -errors * np.sqrt(2 * np.log(np.log(DAYS)) / DAYS)
    centres = {
        "lower": np.maximum(means, 0.0),
        "consistent": np.where(clearly_worse, 0.0, means),
        "upper": means,
    }
    found = max(0.0, (means / errors).max())
    resamples = StationaryBootstrap(block, trials.T, seed=5).apply(
        lambda days: days.mean(axis=0), reps=RESAMPLES
    )
    exceeded = {
        name: float((np.maximum(0.0, ((resamples - centre) / errors).max(axis=1)) > found).mean())
        for name, centre in centres.items()
    }
    return exceeded | {"white": float(white.pvalues["upper"])}


def paths(trials):
    """The Sharpe ratio a year of 252 days of each path."""
    splitter = CombinatorialPurgedCV(
        n_folds=GROUPS, n_test_folds=HELD_OUT, purged_size=EMBARGO, embargo_size=0
    )
    days = trials.T
    pieces = {}
    splits = list(splitter.split(days))
    for (train, tests), numbers in zip(splits, splitter.get_path_ids(), strict=True):
        best = int(np.argmax(sharpe(trials[:, train])))
        for test, number in zip(tests, numbers, strict=True):
            pieces.setdefault(int(number), []).append((int(test[0]), trials[best, test]))
    whole = [
        np.concatenate([part for _, part in sorted(pieces[number], key=lambda p: p[0])])
        for number in sorted(pieces)
    ]
    assert all(len(path) == DAYS for path in whole)
    return [float(path.mean() / path.std(ddof=1) * np.sqrt(252)) for path in whole]


def main():
    trials = returns()
    lengths = [float(optimal_block_length(trial)["stationary"].iloc[0]) for trial in trials]
    block = float(np.mean(np.maximum(lengths, 1.0)))
    answer = {
        "trials": trials.tolist(),
        "block_lengths": lengths,
        "overfitting": {"blocks": BLOCKS} | overfitting(trials),
        "superior": {"block": block} | superior(trials, block),
        "combinatorial": {
            "groups": GROUPS,
            "held_out": HELD_OUT,
            "embargo_days": EMBARGO,
            "sharpes": paths(trials),
        },
    }
    OUT.mkdir(exist_ok=True)
    (OUT / "trials.json").write_text(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
