"""Compare samplers on the same problems, from the JSON lines of `run_optuna.py` and the example `quality`.

    python benches/quality/compare.py REFERENCE CANDIDATE FILE.jsonl ...      (needs scipy)

A sampler is written `name:lag`, as `tpe:1` or `optuna 5.0.0:1`. For each problem: medians of the best value over the
seeds, the share of pairs of runs that the candidate wins, and the p-value of a two-sided Mann-Whitney test,
corrected over all problems after Holm. A run without a feasible trial counts as infinite. At the end:
a Wilcoxon signed-rank test over the problems, on the shares. Ends with 1 if the candidate is worse anywhere
at p < 0.01.
"""

import json
import math
import sys
from pathlib import Path
from statistics import median

from scipy.stats import mannwhitneyu, wilcoxon


def read(paths):
    results = {}
    for path in paths:
        for row in map(json.loads, Path(path).read_text().splitlines()):
            best = row["best"][-1]
            sampler = f"{row['sampler']}:{row['lag']}"
            key = (row["trials"], row["problem"], row["dimension"])
            results.setdefault(key, {}).setdefault(sampler, []).append(math.inf if best is None else best)
    return results


def holm(p_values):
    """Corrected p-values, in the order given."""
    corrected, largest = [0.0] * len(p_values), 0.0
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - place)))
        corrected[index] = largest
    return corrected


def main():
    reference, candidate = sys.argv[1:3]
    results = read(sys.argv[3:])
    rows = []
    for (trials, problem, dimension), samplers in sorted(results.items()):
        if reference not in samplers or candidate not in samplers:
            continue
        theirs, ours = samplers[reference], samplers[candidate]
        test = mannwhitneyu(ours, theirs, alternative="two-sided")
        share = 1.0 - test.statistic / (len(ours) * len(theirs))
        rows.append((trials, f"{problem} {dimension}", ours, theirs, share, float(test.pvalue)))
    if not rows:
        sys.exit(f"no problem has both {reference} and {candidate}")
    corrected = holm([row[-1] for row in rows])
    print(f"| trials | problem | {candidate} | {reference} | seeds | pairs won | p, corrected |")
    print("|---|---|---|---|---|---|---|")
    worse = 0
    for (trials, name, ours, theirs, share, _), p in zip(rows, corrected, strict=True):
        mark = " worse" if p < 0.01 and share < 0.5 else " better" if p < 0.01 else ""
        worse += mark == " worse"
        seeds = f"{len(ours)}, {len(theirs)}"
        medians = f"{median(ours):.4g} | {median(theirs):.4g}"
        print(f"| {trials} | {name} | {medians} | {seeds} | {share:.2f} | {p:.2g}{mark} |")
    shares = [row[4] for row in rows]
    overall = wilcoxon([share - 0.5 for share in shares]).pvalue if len(shares) > 5 else math.nan
    won = sum(share > 0.5 for share in shares)
    mean = sum(shares) / len(shares)
    print(f"\n{won} of {len(shares)} problems won; mean share of pairs {mean:.3f}; Wilcoxon p = {overall:.2g}")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
