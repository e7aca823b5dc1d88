"""Make testdata/execution/: bars, and what vectorbt trades on them.

The Rust test (crates/engine/src/simulator/tests/vectorbt.rs) replays every case through the reference engine
and compares each trade. vectorbt is set up so that its model is the one of docs/execution.md with
`fill = "close"`; where the two differ by design, that page says so and the cases below avoid the difference:
entries end before the last bar, every position is left by the last bar, and the test runs with `cooldown = 1`
because vectorbt drops the signals of a bar in which a stop was hit.

    pip install "vectorbt==1.2.0"
    python scripts/oracles/execution.py
"""
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import vectorbt as vbt

OUT = pathlib.Path(__file__).resolve().parents[2] / "testdata" / "execution"
BARS = 2500
CASH = 100_000.0


def make_bars(seed=7):
    """A random walk with clusters of volatility and gaps between bars, in prices of four decimals."""
    rng = np.random.default_rng(seed)
    volatility = 0.006 * np.exp(0.5 * np.sin(np.arange(BARS) / 60) + 0.3 * rng.standard_normal(BARS))
    gap = np.where(rng.random(BARS) < 0.2, rng.standard_normal(BARS) * 0.008, 0.0)
    body = rng.standard_t(4, BARS) * volatility
    close = 100 * np.exp(np.cumsum(gap + body))
    open_ = close / np.exp(body)
    wick = np.abs(rng.standard_normal((2, BARS))) * volatility * 0.7
    high = np.maximum(open_, close) * (1 + wick[0])
    low = np.minimum(open_, close) * (1 - wick[1])
    bars = pd.DataFrame({"open": open_, "high": high, "low": low, "close": close}).round(4)
    bars["high"] = bars.max(axis=1)
    bars["low"] = bars.min(axis=1)
    return bars


def cross_above(a, b):
    above = a > b
    result = above.copy()
    result[1:] &= ~above[:-1]
    return result


def sma_signals(close, fast, slow):
    a = pd.Series(close).rolling(fast).mean().to_numpy()
    b = pd.Series(close).rolling(slow).mean().to_numpy()
    return cross_above(a, b), cross_above(b, a)


def random_signals(seed):
    rng = np.random.default_rng(seed)
    return rng.random(BARS) < 0.05, rng.random(BARS) < 0.03


def case(name, side, signals, stop=None, target=None, fees=0.0, slippage=0.0, size=None):
    """`size`: units, or None for all of the equity (long only)."""
    return dict(name=name, side=side, signals=signals, stop=stop, target=target, fees=fees,
                slippage=slippage, size=size)


def cases(close):
    fast, slow = sma_signals(close, 5, 20), sma_signals(close, 10, 50)
    dice, more_dice = random_signals(1), random_signals(2)
    yield case("long_sma_stop_target_fees", "long", slow, .02, .04, 4e-4)
    yield case("long_sma_fast_stop_target_fees", "long", fast, .02, .04, 4e-4)
    yield case("long_sma_no_stops", "long", fast)
    yield case("long_sma_fees", "long", fast, fees=1e-3)
    yield case("long_sma_slippage", "long", fast, slippage=5e-4)
    yield case("long_sma_stop", "long", fast, stop=.01, fees=4e-4)
    yield case("long_sma_target", "long", fast, target=.015, fees=4e-4)
    yield case("long_sma_stop_target_slippage", "long", fast, .02, .03, 2e-4, 3e-4)
    yield case("long_dice_stop_target", "long", dice, .02, .02, 4e-4)
    yield case("long_dice_tight", "long", dice, .014, .02, 4e-4)
    yield case("long_dice_slippage", "long", more_dice, .015, .03, 4e-4, 1e-3)
    yield case("long_units", "long", more_dice, .02, .05, 4e-4, size=307.5)
    yield case("short_sma_stop_target_fees", "short", slow, .02, .04, 4e-4, size=300.0)
    yield case("short_sma_fast_stop_target_fees", "short", fast, .02, .04, 4e-4, size=300.0)
    yield case("short_sma_no_stops", "short", fast, size=300.0)
    yield case("short_sma_slippage", "short", fast, slippage=5e-4, size=300.0)
    yield case("short_sma_target", "short", fast, target=.015, fees=1e-3, size=300.0)
    yield case("short_dice_stop_target", "short", dice, .02, .02, 4e-4, size=300.0)
    yield case("short_dice_slippage", "short", more_dice, .015, .03, 4e-4, 1e-3, size=300.0)
    yield case("both_sma_no_stops", "both", fast, fees=4e-4, size=150.0)
    yield case("both_sma_slippage", "both", slow, fees=4e-4, slippage=5e-4, size=150.0)
    yield case("both_sma_stop_target", "both", fast, .02, .04, 4e-4, size=150.0)
    yield case("both_dice_stop", "both", dice, stop=.015, fees=4e-4, size=150.0)
    yield case("both_dice_stop_target", "both", more_dice, .02, .03, 4e-4, size=150.0)


def run(bars, spec):
    """vectorbt's portfolio and the two entry and two exit signals that made it."""
    up, down = (signal.copy() for signal in spec["signals"])
    nothing = np.zeros(BARS, bool)
    last = nothing.copy()
    last[-1] = True
    up[-1] = down[-1] = False
    signals = {
        "long": (up, (down & ~up) | last, nothing, nothing),
        "short": (nothing, nothing, up, (down & ~up) | last),
        "both": (up & ~down, last, down & ~up, last),
    }[spec["side"]]
    o, h, l, c = (bars[x].to_numpy() for x in ("open", "high", "low", "close"))
    portfolio = vbt.Portfolio.from_signals(
        c, *signals[:2], short_entries=signals[2], short_exits=signals[3], open=o, high=h, low=l, init_cash=CASH,
        size=np.inf if spec["size"] is None else spec["size"], fees=spec["fees"], slippage=spec["slippage"],
        sl_stop=spec["stop"], tp_stop=spec["target"], stop_entry_price="fillprice",
        stop_exit_price="stopmarket", freq="1h")
    return portfolio, signals


def positions(signal):
    return np.flatnonzero(signal).tolist()


def expected(portfolio):
    trades = portfolio.trades.records
    assert (trades["status"] == 1).all(), "a position was left open"
    return dict(
        side=["long" if x == 0 else "short" for x in trades["direction"]],
        entry_bar=trades["entry_idx"].tolist(), exit_bar=trades["exit_idx"].tolist(),
        exit_price=trades["exit_price"].tolist(), pnl=trades["pnl"].tolist(),
        total_return=float(portfolio.total_return()))


def main():
    bars = make_bars()
    OUT.mkdir(parents=True, exist_ok=True)
    bars.to_csv(OUT / "bars.csv", index=False)
    bars = pd.read_csv(OUT / "bars.csv")
    results = []
    for spec in cases(bars["close"].to_numpy()):
        portfolio, signals = run(bars, spec)
        names = ("long_entry", "long_exit", "short_entry", "short_exit")
        results.append({**spec, "signals": dict(zip(names, map(positions, signals))), "expected": expected(portfolio)})
        print(f"{spec['name']:34s} {len(portfolio.trades.records):4d} trades {portfolio.total_return():+.6f}", file=sys.stderr)
    lines = ",\n".join(json.dumps(result) for result in results)
    (OUT / "vectorbt.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
