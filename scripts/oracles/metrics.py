#!/usr/bin/env python3
"""Write `testdata/metrics/*.json`: backtests and what other libraries say about them.

The trades are random and simulated here in a few plain lines; what matters is that every metric of the
catalogue gets numbers to chew on and a value that was not computed by Bartune. Values come from
empyrical-reloaded, quantstats, vectorbt, scipy and pandas where one of them has the metric, else from
the definition in numpy.

    pip install empyrical-reloaded quantstats vectorbt scipy pandas numpy
    python scripts/oracles/metrics.py

Written with empyrical-reloaded 0.7.1, quantstats 0.0.86, vectorbt 1.2.0, scipy 1.17, pandas 3.1, numpy 2.4.
"""

import json
from pathlib import Path

import empyrical
import numpy as np
import pandas as pd
import quantstats.stats as qs
import vectorbt as vbt
from scipy import stats

OUT = Path(__file__).resolve().parents[2] / "testdata" / "metrics"
COLUMNS = [
    "side", "size", "entry_bar", "entry_price", "exit_bar", "exit_price", "pnl",
    "commission", "slippage", "max_adverse", "max_favorable", "ambiguous",
]  # fmt: skip


def simulate(seed, dates, bars_per_day, point_value, drift, cash=50_000.0):
    """Random round trips at closes, with costs; equity marked to market at every close."""
    random = np.random.default_rng(seed)
    bars = len(dates) * bars_per_day
    steps = random.standard_t(4, bars) * 0.004 + drift
    close = np.round(400.0 * np.exp(np.cumsum(steps)), 2)
    equity = np.full(bars, cash)
    trades, realised, bar, in_market = [], cash, int(random.integers(1, 5)), 0
    while bar < bars - 2:
        side = 1 if random.random() < 0.7 else -1
        size = float(random.integers(5, 25))
        last = min(bar + int(random.geometric(0.2)), bars - 1)
        slip = 0.01
        entry, leave = close[bar] + side * slip, close[last] - side * slip
        commission = round(2 * 0.35 * size, 2)
        open_pnl = side * (close[bar : last + 1] - entry) * size * point_value
        pnl = side * (leave - entry) * size * point_value - commission
        equity[bar:last] = realised + open_pnl[:-1] - commission / 2
        realised += pnl
        equity[last:] = realised
        in_market += last - bar + 1
        trades.append(
            [side, size, bar, entry, last, leave, pnl, commission, 2 * slip * size * point_value,
             max(0.0, -open_pnl.min()), max(0.0, open_pnl.max()), bool(random.random() < 0.1)]
        )  # fmt: skip
        bar = last + 1 + int(random.integers(0, 6))
    return close, np.round(equity, 4), trades, in_market


def daily(returns, months, equity_of_day, cash, per_year):
    """Metrics of the daily returns."""
    drawdowns = vbt.Drawdowns.from_ts(
        pd.concat(
            [pd.Series([cash]), equity_of_day.reset_index(drop=True)], ignore_index=True
        )
    )
    depth = 1 - equity_of_day.to_numpy() / np.maximum(
        np.maximum.accumulate(equity_of_day.to_numpy()), cash
    )
    log_equity = np.log(equity_of_day.to_numpy())
    line = stats.linregress(np.arange(len(returns)), log_equity)
    cagr = empyrical.annual_return(returns, annualization=per_year)
    ulcer = qs.ulcer_index(returns) * np.sqrt((len(returns) - 1) / len(returns))
    return {
        "cagr": cagr,
        "avg_day": returns.mean(),
        "best_day": qs.best(returns),
        "worst_day": qs.worst(returns),
        "positive_days": qs.win_rate(returns),
        "best_month": months.max(),
        "worst_month": months.min(),
        "positive_months": (months > 0).mean(),
        "volatility": empyrical.annual_volatility(returns, annualization=per_year),
        "downside_deviation": empyrical.downside_risk(returns, annualization=per_year),
        "var_95": -empyrical.value_at_risk(returns),
        "cvar_95": -empyrical.conditional_value_at_risk(returns),
        "skew": qs.skew(returns),
        "kurtosis": qs.kurtosis(returns),
        "tail_ratio": empyrical.tail_ratio(returns),
        "sharpe": empyrical.sharpe_ratio(returns, annualization=per_year),
        "probabilistic_sharpe": qs.probabilistic_sharpe_ratio(
            returns, periods=per_year
        ),
        "sortino": empyrical.sortino_ratio(returns, annualization=per_year),
        "omega": empyrical.omega_ratio(returns),
        "common_sense_ratio": qs.profit_factor(returns) * qs.tail_ratio(returns),
        "gain_to_pain": months.sum() / -months[months < 0].sum(),
        "stability": empyrical.stability_of_timeseries(returns),
        "k_ratio": line.slope / line.stderr * np.sqrt(per_year) / len(returns),
        "ulcer_index": ulcer,
        "martin": cagr / ulcer,
        "pain_index": -qs.to_drawdown_series(returns).mean(),
        "avg_drawdown": -drawdowns.drawdown.mean(),
        "time_under_water": (depth > 0).mean(),
    }


def lengths(equity_of_day, cash):
    """Drawdown lengths in calendar days from vectorbt's records of the daily equity."""
    days = equity_of_day.index.to_numpy()
    with_cash = pd.concat(
        [pd.Series([cash]), pd.Series(equity_of_day.to_numpy())], ignore_index=True
    )
    records = vbt.Drawdowns.from_ts(with_cash).records
    # Record 0 is the cash, which stands for the first day's opening.
    at = np.concatenate([days[:1], days])
    longest = (at[records["end_idx"]] - at[records["peak_idx"]]).max()
    depths = records["valley_val"] / records["peak_val"]
    deepest = records.loc[depths.idxmin()]
    found = {"max_drawdown_days": int(longest)}
    if deepest["status"] == 1:
        found["recovery_days"] = int(
            at[int(deepest["end_idx"])] - at[int(deepest["valley_idx"])]
        )
    return found


def traded(table, bars, point_value):
    """Metrics of the trades."""
    pnl = table["pnl"]
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    held = table["exit_bar"] - table["entry_bar"] + 1
    is_long = table["side"] > 0
    costs = table["commission"].sum() + table["slippage"].sum()
    notional = (
        (table["entry_price"] + table["exit_price"]) * table["size"]
    ).sum() * point_value
    return {
        "trades": len(pnl),
        "long_trades": is_long.sum(),
        "short_trades": (~is_long).sum(),
        "trades_per_1000_bars": len(pnl) / bars * 1000,
        "win_rate": qs.win_rate(pnl),
        "long_win_rate": qs.win_rate(pnl[is_long]),
        "short_win_rate": qs.win_rate(pnl[~is_long]),
        "long_net_profit": pnl[is_long].sum(),
        "short_net_profit": pnl[~is_long].sum(),
        "profit_factor": qs.profit_factor(pnl),
        "avg_trade": pnl.mean(),
        "avg_win": qs.avg_win(pnl),
        "avg_loss": qs.avg_loss(pnl),
        "largest_win": pnl.max(),
        "largest_loss": pnl.min(),
        "payoff_ratio": qs.payoff_ratio(pnl),
        "expectancy": pnl.mean() / -qs.avg_loss(pnl),
        "sqn": stats.ttest_1samp(pnl, 0).statistic,
        "kelly": qs.kelly_criterion(pnl),
        "max_consecutive_wins": qs.consecutive_wins(pnl),
        "max_consecutive_losses": qs.consecutive_losses(pnl),
        "avg_bars_in_trade": held.mean(),
        "avg_bars_winner": held[wins.index].mean(),
        "avg_bars_loser": held[losses.index].mean(),
        "mae_mean": table["max_adverse"].mean(),
        "mfe_mean": table["max_favorable"].mean(),
        "edge_ratio": table["max_favorable"].mean() / table["max_adverse"].mean(),
        "total_commission": table["commission"].sum(),
        "total_slippage": table["slippage"].sum(),
        "break_even_cost": (pnl.sum() + costs) / notional * 1e4,
        "cost_share": costs / (pnl.sum() + costs),
        "ambiguous_share": table["ambiguous"].mean(),
    }, notional


def make(name, seed, dates, bars_per_day, point_value, drift):
    cash = 50_000.0
    close, equity, trades, in_market = simulate(
        seed, dates, bars_per_day, point_value, drift, cash
    )
    table = pd.DataFrame(trades, columns=COLUMNS)
    day_number = (dates - pd.Timestamp("1970-01-01")).days.to_numpy()
    equity_of_day = pd.Series(
        equity[bars_per_day - 1 :: bars_per_day], index=day_number
    )
    dated = pd.Series(equity_of_day.to_numpy(), index=dates)
    returns = dated.pct_change()
    returns.iloc[0] = dated.iloc[0] / cash - 1
    month_end = dated.groupby([dates.year, dates.month]).last()
    months = month_end.pct_change()
    months.iloc[0] = month_end.iloc[0] / cash - 1
    per_year = len(dates) * 365.25 / (day_number[-1] - day_number[0] + 1)

    # vectorbt sees the cash as one more point before the first bar.
    per_bar = vbt.Drawdowns.from_ts(
        pd.concat([pd.Series([cash]), pd.Series(equity)], ignore_index=True)
    )
    max_drawdown = -per_bar.max_drawdown()
    records = per_bar.records
    money = (records["peak_val"] - records["valley_val"]).max()
    expected = daily(returns, months, equity_of_day, cash, per_year) | lengths(
        equity_of_day, cash
    )
    of_trades, notional = traded(table, len(close), point_value)
    expected |= of_trades
    expected |= {
        "final_equity": equity[-1],
        "net_profit": equity[-1] - cash,
        "total_return": empyrical.cum_returns_final(returns),
        "buy_and_hold_return": close[-1] / close[0] - 1,
        "excess_return": empyrical.cum_returns_final(returns)
        - (close[-1] / close[0] - 1),
        "max_drawdown": max_drawdown,
        "max_drawdown_money": money,
        "calmar": expected["cagr"] / max_drawdown,
        "recovery_factor": (equity[-1] - cash) / money,
        "exposure": in_market / len(close),
        "turnover": notional / equity_of_day.mean() / (len(dates) / per_year),
        "viability": 1 - max_drawdown,
    }
    case = {
        "cash": cash,
        "point_value": point_value,
        "trading_days_per_year": per_year,
        "first_close": close[0],
        "last_close": close[-1],
        "bars_in_market": in_market,
        "days": day_number.tolist(),
        "bars_per_day": bars_per_day,
        "equity": equity.tolist(),
        "months": [[int(y), int(m), float(r)] for (y, m), r in months.items()],
        "trade_columns": COLUMNS,
        "trades": trades,
        "expected": {key: float(expected[key]) for key in sorted(expected)},
    }
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(case, default=lambda value: value.item())
    for key in case:  # One key a line keeps the file's diffs readable.
        text = text.replace(f'"{key}": ', f'\n"{key}": ')
    (OUT / f"{name}.json").write_text(text + "\n")
    print(
        name,
        len(text),
        {
            key: case["expected"].get(key)
            for key in ["total_return", "sharpe", "trades", "recovery_days"]
        },
    )


def main():
    weekdays = pd.bdate_range("2021-03-01", periods=260)
    every_day = pd.date_range("2023-11-20", periods=220)
    make("weekdays_futures", 12, weekdays, 4, 1.0, 0.0008)
    make("every_day_coin", 11, every_day, 3, 0.5, -0.0002)
    # One bar a day, so that drawdowns per bar and per day are the same thing.
    make("one_bar_a_day", 13, weekdays, 1, 2.0, 0.0015)


if __name__ == "__main__":
    main()
