"""Make testdata/execution/raptorbt.json: what RaptorBT trades in 80 strategies on the bars of execution.py.

The Rust test (crates/engine/src/simulator/tests/raptorbt.rs) replays every case through both engines. RaptorBT trades
one side with all of the equity; its fixed stops and targets are shares of the fill price, tested like Bartune's. Where
the two differ, docs/execution.md says so and a case avoids the difference:

- RaptorBT makes entries and exits alternate before it trades: an entry after a stop waits for an exit signal. Here they
  alternate from the start (`alternating`).
- A target that the market gaps over fills at its level in RaptorBT, at the open in Bartune: such entries are removed.
- A short's trades are a short's in RaptorBT, but its cash and equity are those of a long: only a short's bars, prices
  and result per unit are compared.
- Entries end ten bars before the last and a position is left by then: RaptorBT closes at the end without costs.
- Trailing stops trail by a share of the best price in RaptorBT, by points in Bartune: none here.
- Indicator-based stops (`set_atr_stop`) smooth their own way: none here.

    pip install "raptorbt==0.13.4" "vectorbt==1.2.0"
    python scripts/oracles/execution_raptorbt.py
"""
import importlib.metadata
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import raptorbt
from execution import BARS, CASH, OUT, compact, conditions

CASES = 80
SEED = 20261123
TIMING = {"close": "same_bar_close", "next_open": "next_bar_open"}


def draw(rng, number):
    def share(chance):
        return round(float(rng.uniform(0.008, 0.05)), 4) if rng.random() < chance else None

    return dict(fill=["close", "next_open"][number % 2], side=["long", "short"][int(rng.integers(2))],
                stop=share(0.65), target=share(0.6), fees=float(rng.choice([0.0, 2e-4, 1e-3])),
                slippage=float(rng.choice([0.0, 1e-4, 5e-4])))


def alternating(entries, exits):
    """The first entry, the first exit after it, the first entry after that, and so on."""
    kept = (np.zeros(BARS, bool), np.zeros(BARS, bool))
    wanted = 0
    for t in range(BARS):
        if (entries, exits)[wanted][t]:
            kept[wanted][t] = True
            wanted = 1 - wanted
    return kept


def signals_of(rng, close):
    up, down = conditions(rng, close)
    up, down = up.copy(), down.copy()
    up[-10:] = down[-10:] = False
    down[-5] = True
    return alternating(up & ~down, down & ~up)


def gapped_targets(bars, case, result):
    """Decisions whose trades end on a bar that opens beyond their target."""
    if case["target"] is None:
        return []
    sign, opens = 1.0 if case["side"] == "long" else -1.0, bars["open"].to_numpy()
    level = [trade.entry_price * (1.0 + sign * case["target"]) for trade in result.trades()]
    delay = int(case["fill"] == "next_open")
    return [trade.entry_idx - delay for trade, target in zip(result.trades(), level)
            if trade.exit_idx > trade.entry_idx and sign * opens[trade.exit_idx] >= sign * target]


def traded(bars, case, entries, exits):
    """The signals without gapped targets, and what RaptorBT makes of them."""
    while True:
        result = run(bars, case, entries, exits)
        gapped = gapped_targets(bars, case, result)
        if not gapped:
            return entries, exits, result
        entries[gapped] = False
        entries, exits = alternating(entries, exits)


def run(bars, case, entries, exits):
    config = raptorbt.BacktestConfig(initial_capital=CASH, fees=case["fees"], slippage=case["slippage"],
                                     fill_timing=TIMING[case["fill"]])
    if case["stop"] is not None:
        config.set_fixed_stop(case["stop"])
    if case["target"] is not None:
        config.set_fixed_target(case["target"])
    prices = {name: bars[name].to_numpy() for name in ("open", "high", "low", "close")}
    return raptorbt.run_single_backtest(
        timestamps=np.arange(BARS, dtype=np.int64) * 3_600_000_000_000, volume=np.ones(BARS), entries=entries,
        exits=exits, direction=1 if case["side"] == "long" else -1, weight=1.0, symbol="X", config=config, **prices)


def expected(result):
    trades = result.trades()
    return dict(
        entry_bar=[trade.entry_idx for trade in trades], exit_bar=[trade.exit_idx for trade in trades],
        exit_price=compact([trade.exit_price for trade in trades], 11), pnl_per_unit=compact([trade.pnl / trade.size for trade in trades], 11),
        equity=compact(result.equity_curve()[249::250], 12), total_return=result.metrics.total_return_pct / 100)


def main():
    bars = pd.read_csv(OUT / "bars.csv")
    rng = np.random.default_rng(SEED)
    lines, trades = [], 0
    while len(lines) < CASES:
        case = draw(rng, len(lines))
        entries, exits = signals_of(rng, bars["close"].to_numpy())
        entries, exits, result = traded(bars, case, entries, exits)
        if not 5 <= len(result.trades()) <= 60:
            continue
        case["signals"] = dict(entry=np.flatnonzero(entries).tolist(), exit=np.flatnonzero(exits).tolist())
        case["expected"] = expected(result)
        lines.append(json.dumps(case, separators=(",", ":")))
        trades += len(result.trades())
    head = json.dumps({"raptorbt": importlib.metadata.version("raptorbt"), "seed": SEED, "cash": CASH})
    pathlib.Path(OUT / "raptorbt.json").write_text("{\"made_with\":%s,\"cases\":[\n%s\n]}\n" % (head, ",\n".join(lines)))
    print(f"{CASES} cases, {trades} trades", file=sys.stderr)


if __name__ == "__main__":
    main()
