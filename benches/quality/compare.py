"""Compare the best values of two samplers over all problems: rows of the example `quality` with Optuna's, or with others of ours.

    python benches/quality/compare.py bartune.csv                       each sampler with Optuna's of the same name
    python benches/quality/compare.py bartune.csv --pair auto:tpe       our `auto` with Optuna's `tpe`
    python benches/quality/compare.py bartune.csv --lag 16 --ours 1     our lag 16 with our lag 1
    ... --each                                                          a row for each problem as well
    ... --floor 1e-8                                                    values below it count as it

For each problem: the share of pairs of runs (one of each side) in which ours is better, ties counting half, and the
p-value of a two-sided Mann-Whitney test, corrected over the problems of the same sampler and budget after Holm. A run
without a feasible trial counts as infinite. Over the problems: the mean share and a Wilcoxon signed-rank test. Only problems
with at least three runs on both sides count. Ends with 1 if ours is worse anywhere at p < 0.01. Needs SciPy.
"""

import argparse
import csv
import math
import sys
from pathlib import Path
from statistics import mean, median

from scipy.stats import mannwhitneyu, wilcoxon

OPTUNA = Path(__file__).with_name("optuna.csv")
FEWEST_RUNS = 3
SIGNIFICANT = 0.01


def read(path, lag=None, floor=-math.inf):
    """Best values by sampler and trials, then by problem."""
    found = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            if lag is None or row["lag"] == lag:
                runs = found.setdefault((row["sampler"], int(row["trials"])), {})
                problem = f"{row['problem']} {row['dimension']}"
                runs.setdefault(problem, []).append(max(float(row["best"] or math.inf), floor))
    return found


def holm(p_values):
    """Corrected p-values, in the order given."""
    corrected, largest = [0.0] * len(p_values), 0.0
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - place)))
        corrected[index] = largest
    return corrected


def tests(ours, theirs):
    """Problem, share of pairs won, corrected p-value, both medians."""
    rows = []
    for problem in ours:
        a, b = ours[problem], theirs.get(problem, [])
        if min(len(a), len(b)) >= FEWEST_RUNS:
            test = mannwhitneyu(a, b, alternative="two-sided")
            p = 1.0 if math.isnan(test.pvalue) else float(test.pvalue)
            rows.append((problem, 1.0 - test.statistic / (len(a) * len(b)), p, median(a), median(b)))
    corrected = holm([row[2] for row in rows])
    return [(problem, share, p, a, b) for (problem, share, _, a, b), p in zip(rows, corrected)]


def summary(name, trials, rows, runs):
    shares = [row[1] for row in rows]
    p = wilcoxon([share - 0.5 for share in shares]).pvalue if len(set(shares)) > 5 else math.nan
    better = sum(share > 0.5 and p < SIGNIFICANT for _, share, p, _, _ in rows)
    worse = [row for row in rows if row[1] < 0.5 and row[2] < SIGNIFICANT]
    losses = ", ".join(f"{problem} ({share:.2f})" for problem, share, *_ in worse)
    print(f"| {name} | {trials:,} | {len(rows)} | {runs} | {mean(shares):.3f} | {better} | {losses or '0'} | {p:.1g} |")
    return bool(worse)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results")
    parser.add_argument("--lag", default="1")
    parser.add_argument("--ours")
    parser.add_argument("--pair", action="append", default=[])
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--floor", type=float, default=-math.inf)
    arguments = parser.parse_args()
    ours = read(arguments.results, arguments.lag, arguments.floor)
    others = (arguments.results, arguments.ours) if arguments.ours else (OPTUNA, None)
    theirs = read(*others, arguments.floor)
    pairs = [pair.split(":") for pair in arguments.pair] or [(name, name) for name in dict.fromkeys(k[0] for k in ours)]
    compared = []
    for mine, other in pairs:
        for trials in sorted({trials for name, trials in ours if name == mine}):
            rows = tests(ours[mine, trials], theirs.get((other, trials), {}))
            if rows:
                counts = [len(theirs[other, trials][row[0]]) for row in rows]
                runs = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
                compared.append((mine if mine == other else f"{mine}, {other}", trials, rows, runs))
    if arguments.each:
        print("| sampler | trials | problem | pairs won | p, corrected | median | other's median |")
        print("|---|---|---|---|---|---|---|")
        for name, trials, rows, _ in compared:
            for problem, share, p, a, b in rows:
                print(f"| {name} | {trials:,} | {problem} | {share:.2f} | {p:.2g} | {a:.4g} | {b:.4g} |")
        print()
    print("| sampler | trials | problems | other's runs | pairs won | better | worse (pairs won) | p, all |")
    print("|---|---|---|---|---|---|---|---|")
    lost = [summary(*row) for row in compared]
    sys.exit(1 if any(lost) else 0)


if __name__ == "__main__":
    main()
