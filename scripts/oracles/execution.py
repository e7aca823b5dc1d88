"""Make testdata/execution/: bars, and what vectorbt trades on them in 200 strategies.

The Rust test (crates/engine/src/simulator/tests/vectorbt.rs) replays every case through both engines and compares
each trade, the equity and the return. The strategies are drawn by a seeded generator: long, short or both; conditions
from crosses, dice and breakouts; stops, targets and trailing stops as shares of the price or of the bar's range;
commission as a share or per unit; slippage; sizes in units, money or all of the equity; both fill policies.

vectorbt is set up so that its model is the one of docs/execution.md. Where the two differ by design, that page says
so and a case avoids the difference:

- Entries end before the last bar, every position is left by the last bar.
- `fill = "close"`: the test runs with `cooldown = 1`, because vectorbt drops the signals of a bar in which a stop was hit.
- `fill = "next_open"`: vectorbt is given the signals one bar later and fills them at the open. It does not test a stop
  in the bar of the entry and lets a stop come before the same bar's open, so signals that lead there are removed
  from the case (`quarrels`), and so are entries whose target the market gaps over on the bar that reaches the stop.
- Trailing stops trail by points: vectorbt's share is adjusted on every bar (`trail_by_points`).

    pip install "vectorbt==1.2.0"
    python scripts/oracles/execution.py
"""
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import vectorbt as vbt
from numba import njit

OUT = pathlib.Path(__file__).resolve().parents[2] / "testdata" / "execution"
BARS = 2500
CASES = 200
CASH = 100_000.0
SEED = 20261122
NEVER = np.zeros(BARS, bool)


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


def first(condition):
    """The first bar of each stretch on which a condition holds."""
    return condition & ~np.roll(condition, 1)


def conditions(rng, close):
    """Two conditions that a strategy may be made of: when to go up, when to go down."""
    kind = rng.choice(["cross", "dice", "breakout"])
    series = pd.Series(close)
    if kind == "cross":
        fast = int(rng.integers(3, 20))
        slow = fast + int(rng.integers(5, 60))
        a, b = series.rolling(fast).mean().to_numpy(), series.rolling(slow).mean().to_numpy()
        return cross_above(a, b), cross_above(b, a)
    if kind == "breakout":
        length = int(rng.integers(15, 80))
        top, bottom = series.rolling(length).max().shift().to_numpy(), series.rolling(length).min().shift().to_numpy()
        return first(close > top), first(close < bottom)
    return rng.random(BARS) < rng.uniform(0.005, 0.05), rng.random(BARS) < rng.uniform(0.005, 0.04)


def draw(rng, number, close):
    """One strategy. Distances are `(share of the close, share of the bar's range)`, in points at the decision bar."""
    fill = "next_open" if number % 3 == 2 else "close"
    side = ["long", "short", "both"][number // 3 % 3]

    def distance(chance):
        if rng.random() >= chance:
            return None
        if rng.random() < 0.5:
            return [round(float(rng.uniform(0.006, 0.05)), 4), 0.0]
        return [0.004, round(float(rng.uniform(0.5, 4.0)), 2)]

    trailing = distance(0.35) if fill == "close" else None
    sizes = [["units", round(float(rng.uniform(20, 300)), 1)]]
    if side != "both":
        sizes.append(["money", round(float(rng.uniform(5_000, 40_000)), 2)])
    if side == "long":
        sizes.append(["equity", 1.0])
    size = sizes[int(rng.integers(len(sizes)))]
    slippage = 0.0 if size[0] == "money" or rng.random() < 0.4 else float(rng.choice([1e-4, 3e-4, 1e-3]))
    fees = 0.0 if rng.random() < 0.3 else float(rng.choice([2e-4, 4e-4, 1e-3]))
    per_unit = 0.0
    # A reversal is one order in vectorbt, and pays its fixed fees once.
    if size[0] == "units" and side != "both" and rng.random() < 0.4:
        fees, per_unit = 0.0, float(rng.choice([0.01, 0.05]))
    return dict(fill=fill, side=side, conditions=conditions(rng, close), stop=distance(0.65), target=distance(0.55),
                trailing=trailing, fees=fees, per_unit=per_unit, slippage=slippage, size=size)


@njit
def trail_by_points(c, fixed, trailing):
    """The share of the best price that makes vectorbt's level the nearer one of a stop and a trailing stop by points."""
    at = c.init_i
    if c.position_now == 0 or at < 0:
        return c.curr_stop, c.curr_trail
    sign = 1.0 if c.position_now > 0 else -1.0
    best = c.curr_price
    level = best - sign * trailing[at]
    if not np.isnan(fixed[at]):
        stop = c.init_price - sign * fixed[at]
        level = max(level, stop) if sign > 0 else min(level, stop)
    return sign * (1.0 - level / best), True


class Run:
    """vectorbt's portfolio of one case."""

    def __init__(self, bars, case, signals):
        self.open, self.high, self.low, self.close = (bars[x].to_numpy() for x in ("open", "high", "low", "close"))
        self.case = case
        delay = int(case["fill"] == "next_open")
        self.delay = delay
        self.quote = self.open if delay else self.close
        self.orders = [np.roll(signal, delay) for signal in signals]
        for signal in self.orders:
            signal[:delay] = False
        self.points = {name: self.distance(name) for name in ("stop", "target", "trailing")}
        self.portfolio = self.simulate()
        self.trades = self.portfolio.trades.records
        assert (self.trades["status"] == 1).all(), "a position was left open"

    def distance(self, name):
        """Points at the bar of the fill, as the decision bar has them."""
        if self.case[name] is None:
            return None
        of_close, of_range = self.case[name]
        points = self.close * of_close + (self.high - self.low) * of_range
        return np.roll(points, self.delay)

    def fill_prices(self):
        """What an entry pays: sides differ, so only cases of one side have stops beside slippage."""
        sign = {"long": 1.0, "short": -1.0, "both": 0.0}[self.case["side"]]
        return self.quote * (1.0 + sign * self.case["slippage"])

    def simulate(self):
        case, points = self.case, self.points
        share = {name: None if value is None else value / self.fill_prices() for name, value in points.items()}
        kind, amount = case["size"]
        options = dict(sl_stop=share["stop"], tp_stop=share["target"])
        if points["trailing"] is not None:
            nothing = np.full(BARS, np.nan)
            fixed = nothing if points["stop"] is None else points["stop"]
            options.update(sl_stop=share["trailing"], sl_trail=True, adjust_sl_func_nb=trail_by_points,
                           adjust_sl_args=(fixed, points["trailing"]))
        return vbt.Portfolio.from_signals(
            self.close, *self.orders[:2], short_entries=self.orders[2], short_exits=self.orders[3], open=self.open,
            high=self.high, low=self.low, price=self.quote, init_cash=CASH,
            size={"equity": np.inf}.get(kind, amount), size_type="value" if kind == "money" else "amount",
            fees=case["fees"], fixed_fees=case["per_unit"] * amount if kind == "units" else 0.0,
            slippage=case["slippage"], stop_entry_price="fillprice", stop_exit_price="stopmarket", freq="1h", **options)

    def quarrels(self):
        """Bars of decisions that must not be, because the two models differ there by design."""
        bars = set()
        ordered = np.logical_or.reduce(self.orders)
        for trade in self.trades.to_dict("records"):
            entry, out, paid = int(trade["entry_idx"]), int(trade["exit_idx"]), trade["entry_price"]
            sign = 1.0 if trade["direction"] == 0 else -1.0
            stop = None if self.points["stop"] is None else paid - sign * self.points["stop"][entry]
            target = None if self.points["target"] is None else paid + sign * self.points["target"][entry]
            down, up = (self.low, self.high) if sign > 0 else (-self.high, -self.low)
            stop, target = (None if x is None else sign * x for x in (stop, target))
            if self.delay and ((stop is not None and down[entry] <= stop) or (target is not None and up[entry] >= target)):
                bars.add(entry - self.delay)
            is_order = any(np.isclose(trade["exit_price"], self.quote[out] * (1 + s * self.case["slippage"]), rtol=1e-12)
                           for s in (-1.0, 1.0)) and ordered[out]
            if self.delay and not is_order and ordered[out]:
                bars.add(out - self.delay)
            if self.delay and is_order and stop is not None and down[out] <= stop:
                bars.add(out - self.delay)
            if not is_order and target is not None and sign * self.open[out] >= target:
                protected = stop is not None and down[out] <= stop
                if protected or self.points["trailing"] is not None:
                    bars.add(entry - self.delay)
        return {bar for bar in bars if bar >= 0}


def signals_of(case):
    up, down = (signal.copy() for signal in case["conditions"])
    last = NEVER.copy()
    last[-1 - int(case["fill"] == "next_open")] = True
    for signal in (up, down):
        signal[np.flatnonzero(last)[0]:] = False
    return {
        "long": [up, (down & ~up) | last, NEVER.copy(), NEVER.copy()],
        "short": [NEVER.copy(), NEVER.copy(), up, (down & ~up) | last],
        "both": [up & ~down, last.copy(), down & ~up, last.copy()],
    }[case["side"]]


def without_quarrels(bars, case):
    """The run of a case whose differences by design have been removed, and its signals; None if they cannot be."""
    signals = signals_of(case)
    for _ in range(60):
        run = Run(bars, case, signals)
        quarrels = run.quarrels()
        if not quarrels:
            return run, signals
        at = sorted(quarrels)
        if at[-1] >= BARS - 1 - run.delay:
            return None
        for signal in signals:
            signal[at] = False
    return None


def compact(values, digits):
    """Enough digits for the test's tolerance of 1e-9, of the price or of the cash."""
    return [float(f"{value:.{digits}g}") for value in values]


def expected(run):
    trades, value = run.trades, run.portfolio.value().to_numpy()
    return dict(
        side="".join("L" if x == 0 else "S" for x in trades["direction"]),
        entry_bar=trades["entry_idx"].tolist(), exit_bar=trades["exit_idx"].tolist(),
        exit_price=compact(trades["exit_price"], 11), pnl=compact(trades["pnl"], 10),
        equity=compact(value[249::250], 12), total_return=float(run.portfolio.total_return()))


def main():
    bars = make_bars()
    OUT.mkdir(parents=True, exist_ok=True)
    bars.to_csv(OUT / "bars.csv", index=False)
    bars = pd.read_csv(OUT / "bars.csv")
    rng = np.random.default_rng(SEED)
    lines, trades = [], 0
    while len(lines) < CASES:
        case = draw(rng, len(lines), bars["close"].to_numpy())
        # One share of the fill price cannot serve both sides where the slippage moves them apart.
        if case["side"] == "both" and case["slippage"] > 0 and any(case[x] for x in ("stop", "target", "trailing")):
            case["slippage"] = 0.0
        found = without_quarrels(bars, case)
        if found is None or not 5 <= len(found[0].trades) <= 70:
            continue
        run, signals = found
        names = ("long_entry", "long_exit", "short_entry", "short_exit")
        del case["conditions"]
        case["signals"] = {n: np.flatnonzero(s).tolist() for n, s in zip(names, signals) if s.any()}
        case["expected"] = expected(run)
        lines.append(json.dumps(case, separators=(",", ":")))
        trades += len(run.trades)
        if len(lines) % 20 == 0:
            print(f"{len(lines)} cases, {trades} trades", file=sys.stderr)
    head = json.dumps({"vectorbt": vbt.__version__, "numpy": np.__version__, "seed": SEED, "cash": CASH})
    (OUT / "vectorbt.json").write_text("{\"made_with\":%s,\"cases\":[\n%s\n]}\n" % (head, ",\n".join(lines)))


if __name__ == "__main__":
    main()
