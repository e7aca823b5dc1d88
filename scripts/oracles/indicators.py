"""Writes testdata/indicators/: seeded bars and TA-Lib's values on them.

    python scripts/oracles/indicators.py        (TA-Lib 0.8.x, numpy)

bars.csv      open, high, low, close, volume and a second series `other`, in full precision.
expected.csv  one column for each call, headed `function inputs arguments output`, the inputs joined by `+`
              and the arguments by `,`, `-` standing for none. First row: bars without a value. Then every third bar. A value is left out where prices stand still and
              ours differs by design: 50 instead of 0 (mfi, ultosc), or a rounding error (stddev, correl).
"""

import csv
from pathlib import Path

import numpy as np
import talib as ta

BARS = 400
EVERY = 3
FLAT = slice(310, 350)  # where prices stand still
DIGITS = "%.13g"
TARGET = Path(__file__).resolve().parents[2] / "testdata" / "indicators"


def bars():
    """A random walk on a coarse grid, so that equal highs, lows and closes happen; forty bars stand still."""
    random = np.random.default_rng(20260101)
    close = 100 * np.exp(np.cumsum(random.standard_t(4, BARS) * 0.008))
    open_ = np.concatenate([[100.0], close[:-1]]) * (1 + random.normal(0, 0.002, BARS))
    high = np.maximum(open_, close) * (1 + np.abs(random.normal(0, 0.004, BARS)))
    low = np.minimum(open_, close) * (1 - np.abs(random.normal(0, 0.004, BARS)))
    volume = np.round(random.lognormal(8, 0.6, BARS))
    other = close * (1 + random.normal(0, 0.01, BARS))
    for x in (open_, high, low, close):
        x[FLAT] = close[FLAT.start - 1]
    grid = [np.round(x / 0.05) * 0.05 for x in (open_, high, low, close)]
    return dict(zip(("open", "high", "low", "close", "volume", "other"), [*grid, volume, other]))


def calls(b):
    """(heading, values), each value array as long as the bars."""
    o, h, l, c, v, x = (b[k] for k in ("open", "high", "low", "close", "volume", "other"))
    out = []

    def add(name, inputs, args, values, outputs=("-",)):
        values = values if isinstance(values, tuple) else (values,)
        assert len(values) == len(outputs), name
        text = ",".join(format(a, "g") for a in args) or "-"
        for output, column in zip(outputs, values):
            column = np.array(column, float)
            if name in ("mfi", "ultosc", "stddev", "correl"):
                column[FLAT.start : FLAT.stop + 30] = np.nan
            out.append((f"{name} {inputs} {text} {output}", column))

    bands = ("upper", "middle", "lower")
    for n in (5, 20):
        for name in "sma ema wma dema trima hma zlema rma midpoint mom roc rocp rocr".split():
            add(name, "close", [n], getattr(ta, name.upper())(c, n))
        add("cmo", "close", [n], ta.CMO(c, n))
        add("rsi", "close", [n], ta.RSI(c, n))
        add("atr", "-", [n], ta.ATR(h, l, c, n))
        add("adx", "-", [n], ta.ADX(h, l, c, n))
        add("cci", "-", [n], ta.CCI(h, l, c, n))
        add("linreg", "close", [n], ta.LINEARREG(c, n))
        add("stddev", "close", [n], ta.STDDEV(c, n))
        add("kama", "close", [n, 2, 30], ta.KAMA(c, n))
    add("tema", "close", [9], ta.TEMA(c, 9))
    add("t3", "close", [5, 0.7], ta.T3(c, 5, 0.7))
    add("vwma", "close", [14], ta.VWMA(c, v, 14))
    add("midprice", "-", [14], ta.MIDPRICE(h, l, 14))
    add("bbands", "close", [20, 2], ta.BBANDS(c, 20, 2, 2), bands)
    add("donchian", "-", [20], ta.DONCHIAN(h, l, 20), ("high", "middle", "low"))
    add("keltner", "-", [20, 10, 2], ta.KC(h, l, c, 20, 10, 2), bands)
    add("accbands", "-", [20], ta.ACCBANDS(h, l, c, 20), bands)
    value, direction = ta.SUPERTREND(h, l, c, 10, 3)
    add("supertrend", "-", [10, 3], (value, np.where(np.isnan(value), np.nan, direction)), ("value", "direction"))
    add("keltner", "-", [5, 10, 1.5], ta.KC(h, l, c, 5, 10, 1.5), bands)
    add("psar", "-", [0.02, 0.2], ta.SAR(h, l, 0.02, 0.2))
    n = 14
    for name, f in [("plus_di", ta.PLUS_DI), ("minus_di", ta.MINUS_DI), ("dx", ta.DX), ("adxr", ta.ADXR), ("natr", ta.NATR), ("willr", ta.WILLR)]:
        add(name, "-", [n], f(h, l, c, n))
    add("plus_dm", "-", [n], ta.PLUS_DM(h, l, n))
    add("minus_dm", "-", [n], ta.MINUS_DM(h, l, n))
    add("aroon", "-", [n], ta.AROON(h, l, n)[::-1], ("up", "down"))
    add("aroonosc", "-", [n], ta.AROONOSC(h, l, n))
    add("vortex", "-", [n], ta.VORTEX(h, l, c, n), ("plus", "minus"))
    add("vhf", "close", [28], ta.VHF(c, 28))
    macd = ("macd", "signal", "histogram")
    add("macd", "close", [12, 26, 9], ta.MACD(c, 12, 26, 9), macd)
    add("macd", "close", [3, 10, 16], ta.MACD(c, 3, 10, 16), macd)
    add("ppo", "close", [12, 26], ta.PPO(c, 12, 26, 1))
    add("apo", "close", [12, 26], ta.APO(c, 12, 26, 1))
    add("stoch", "-", [14, 3, 3], ta.STOCH(h, l, c, 14, 3, 0, 3, 0), ("k", "d"))
    add("stochf", "-", [5, 3], ta.STOCHF(h, l, c, 5, 3, 0), ("k", "d"))
    add("stoch_rsi", "close", [14, 10, 1, 3], ta.STOCHRSI(c, 14, 10, 3, 0), ("k", "d"))
    add("mfi", "-", [14], ta.MFI(h, l, c, v, 14))
    add("trix", "close", [9], ta.TRIX(c, 9))
    add("ultosc", "-", [7, 14, 28], ta.ULTOSC(h, l, c, 7, 14, 28))
    add("bop", "-", [], ta.BOP(o, h, l, c))
    add("tsi", "close", [25, 13], ta.TSI(c, 25, 13))
    add("smi", "-", [13, 25, 2, 9], ta.SMI(h, l, c, 13, 2, 25, 9), ("smi", "signal"))
    add("awesome", "-", [5, 34], ta.AO(h, l, 5, 34))
    add("accelerator", "-", [5, 34, 5], ta.AC(h, l, 5, 34, 5))
    add("coppock", "close", [14, 11, 10], ta.COPPOCK(c, 10, 11, 14))
    add("dpo", "close", [20], ta.DPO(c, 20))
    add("elder_ray", "-", [13], ta.ERI(h, l, c, 13), ("bull", "bear"))
    add("imi", "-", [14], ta.IMI(o, c, 14))
    add("qstick", "-", [10], ta.QSTICK(o, c, 10))
    add("rvi_volatility", "close", [14, 10], ta.RVI(c, 14, 10))
    add("obv", "-", [], ta.OBV(c, v))
    add("ad", "-", [], ta.AD(h, l, c, v))
    add("adosc", "-", [3, 10], ta.ADOSC(h, l, c, v, 3, 10))
    add("cmf", "-", [20], ta.CMF(h, l, c, v, 20))
    add("force_index", "-", [13], ta.EFI(c, v, 13))
    add("nvi", "-", [], ta.NVI(c, v))
    add("pvi", "-", [], ta.PVI(c, v))
    add("pvt", "-", [], ta.PVT(c, v))
    add("pvo", "-", [12, 26], ta.PVO(v, 12, 26, 1))
    add("wad", "-", [], ta.WAD(h, l, c))
    add("market_facilitation", "-", [], ta.MARKETFI(h, l, v))
    add("true_range", "-", [], ta.TRANGE(h, l, c))
    add("chaikin_volatility", "-", [10, 10], ta.CVI(h, l, 10, 10))
    add("mass_index", "-", [9, 25], ta.MASSI(h, l, 9, 25))
    add("variance", "close", [10], ta.VAR(c, 10))
    add("linreg_slope", "close", [14], ta.LINEARREG_SLOPE(c, 14))
    add("linreg_intercept", "close", [14], ta.LINEARREG_INTERCEPT(c, 14))
    add("linreg_angle", "close", [14], ta.LINEARREG_ANGLE(c, 14))
    add("tsf", "close", [14], ta.TSF(c, 14))
    add("correl", "close+other", [20], ta.CORREL(c, x, 20))
    add("beta", "close+other", [5], ta.BETA(c, x, 5))
    add("percent_rank", "close", [50], ta.PERCENTRANK(c, 50))
    # TA-Lib takes the nearest rank; ours is interpolated as in numpy.
    add("percentile", "close", [20, 0.5], windows(c, 20, lambda w: np.quantile(w, 0.5)))
    add("percentile", "close", [20, 0.9], windows(c, 20, lambda w: np.quantile(w, 0.9)))
    add("er", "close", [10], ta.ER(c, 10))
    add("highest", "close", [15], ta.MAX(c, 15))
    add("lowest", "close", [15], ta.MIN(c, 15))
    add("sum", "close", [15], ta.SUM(c, 15))
    add("avgprice", "-", [], ta.AVGPRICE(o, h, l, c))
    add("medprice", "-", [], ta.MEDPRICE(h, l))
    add("typprice", "-", [], ta.TYPPRICE(h, l, c))
    add("wclprice", "-", [], ta.WCLPRICE(h, l, c))
    add("heikin_ashi", "-", [], ta.HA(o, h, l, c), ("open", "high", "low", "close"))
    for name in ("sqrt", "floor", "ceil", "exp"):
        add(name, "close", [], getattr(ta, name.upper())(c))
    add("log", "close", [], ta.LN(c))
    return out


def windows(values, length, of):
    return np.array([np.nan] * (length - 1) + [of(values[t - length + 1 : t + 1]) for t in range(length - 1, BARS)])


def first(values):
    defined = np.flatnonzero(~np.isnan(values))
    return int(defined[0]) if len(defined) else BARS


def write(name, rows):
    with open(TARGET / name, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    b = bars()
    write("bars.csv", [list(b), *([repr(float(y)) for y in row] for row in zip(*b.values()))])
    columns = calls(b)
    rows = [["bar", *(heading for heading, _ in columns)], ["lookback", *(first(y) for _, y in columns)]]
    for t in range(0, BARS, EVERY):
        rows.append([t, *("" if np.isnan(y[t]) else DIGITS % y[t] for _, y in columns)])
    write("expected.csv", rows)


if __name__ == "__main__":
    main()
