"""Times one backtest of vectorbt (Rust engine) and of RaptorBT, for `bartune bench --peers`.

    python backtest.py BARS.parquet full|quick

SMA 10/50 cross, long only, fills at the signal's close, 4 bps a side, 2 % stop, 4 % target. Neither program makes
signals, so each is compared twice, with the same work on both sides: with its signals given, against our trial
with its series at hand; and with numpy's time for the signals added, against our trial that computes them too.
vectorbt is asked for return, Sharpe and the number of trades; RaptorBT always computes all of its metrics. Prints
one JSON object a line.
"""

import json
import statistics
import sys
import time
import warnings

warnings.simplefilter("ignore")

FAST, SLOW, FEE, STOP, TARGET = 10, 50, 4e-4, 0.02, 0.04
REPEATS = 2 if sys.argv[2] == "quick" else 15


def timed(work):
    """Median and quartiles of repeated runs in milliseconds, after one to warm up; and the last result."""
    result, times = work(), []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = work()
        times.append((time.perf_counter() - start) * 1e3)
    low, median, high = statistics.quantiles(times, n=4)
    return {"ms": median, "low_ms": low, "high_ms": high}, result


def tell(peer, what, against, figures, result):
    print(json.dumps({"peer": peer, "what": what, "against": against, **figures, "result": result}), flush=True)


def tell_both(peer, what, figures, signal_ms, result):
    """The same backtest with signals given and with the making of them added."""
    tell(peer, f"signals given; {what}", "sma_cross.warm", figures, result)
    with_signals = {key: value + signal_ms for key, value in figures.items()}
    tell(peer, f"numpy's signals and {what}", "sma_cross.cold", with_signals, result)


def missing(peer, error):
    print(json.dumps({"peer": peer, "missing": str(error)}), flush=True)


def mean_of_last(np, values, period):
    total = np.cumsum(np.concatenate(([0.0], values)))
    out = np.full(len(values), np.nan)
    out[period - 1 :] = (total[period:] - total[:-period]) / period
    return out


def signals(np, close):
    fast, slow = mean_of_last(np, close, FAST), mean_of_last(np, close, SLOW)
    above, below = fast > slow, fast < slow
    entries, exits = above.copy(), below.copy()
    entries[1:] &= ~above[:-1]
    exits[1:] &= ~below[:-1]
    return entries, exits


def with_vectorbt(bars, entries, exits, signal_ms):
    import vectorbt

    def work():
        portfolio = vectorbt.Portfolio.from_signals(
            bars["close"], entries, exits, open=bars["open"], high=bars["high"], low=bars["low"],
            fees=FEE, sl_stop=STOP, tp_stop=TARGET, freq="10min", engine="rust",
        )  # fmt: skip
        return portfolio.total_return(), portfolio.sharpe_ratio(), portfolio.trades.count()

    figures, (total, _, trades) = timed(work)
    name = f"vectorbt {vectorbt.__version__} (Rust engine)"
    tell_both(name, "return, Sharpe, trades", figures, signal_ms, f"return {total:.6f}, {int(trades)} trades")


def with_raptorbt(bars, entries, exits, signal_ms):
    import importlib.metadata

    import raptorbt

    config = raptorbt.BacktestConfig(initial_capital=100_000.0, fees=FEE)
    config.set_fixed_stop(STOP)
    config.set_fixed_target(TARGET)

    def work():
        return raptorbt.run_single_backtest(
            timestamps=bars["time"], open=bars["open"], high=bars["high"], low=bars["low"], close=bars["close"],
            volume=bars["volume"], entries=entries, exits=exits, direction=1, weight=1.0, symbol="X", config=config,
        ).metrics  # fmt: skip

    figures, metrics = timed(work)
    name = f"RaptorBT {importlib.metadata.version('raptorbt')}"
    result = f"return {metrics.total_return_pct / 100:.6f}, {metrics.total_trades} trades"
    tell_both(name, "all its metrics", figures, signal_ms, result)


def main():
    try:
        import numpy as np
        import pyarrow.parquet
    except ImportError as error:
        missing("vectorbt, RaptorBT", error)
        return
    table = pyarrow.parquet.read_table(sys.argv[1])
    names = ("open", "high", "low", "close", "volume")
    bars = {name: np.ascontiguousarray(table[name].to_numpy(), dtype=float) for name in names}
    bars["time"] = table["time"].to_numpy().astype("datetime64[ns]").astype("int64")
    figures, (entries, exits) = timed(lambda: signals(np, bars["close"]))
    tell(f"numpy {np.__version__}", "the signals alone", "sma_cross.cold", figures, f"{int(entries.sum())} entries")
    for name, work in (("vectorbt", with_vectorbt), ("RaptorBT", with_raptorbt)):
        try:
            work(bars, entries, exits, figures["ms"])
        except ImportError as error:
            missing(name, error)


main()
