"""Strategies in pandas as people write them: five know later bars, each in a way of its own, and the others do not.

Every one takes the same parameters, so that one study runs them all.
"""

import numpy as np
import pandas as pd
from bartune import Bars, Signals


def position(long: pd.Series, short: pd.Series | None = None) -> np.ndarray:
    """1 where the first holds, -1 where the second does."""
    sides = long.astype(np.int8)
    return (sides if short is None else sides - short.astype(np.int8)).to_numpy()


# --- they look ahead ----------------------------------------------------------------------------------------------


def leak_shifted_back(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """The next bar's close decides this one."""
    close = bars.to_pandas()["close"]
    return position(close.shift(-1) > close.rolling(slow).mean())


def leak_mean_of_all(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """A running sum over the number of all bars."""
    close = bars.to_pandas()["close"]
    mean = close.cumsum() / len(close)
    return position(close.rolling(fast).mean() - close.rolling(slow).mean() > 0.0001 * mean)


def leak_centred_window(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """A window that reaches as far ahead as back."""
    close = bars.to_pandas()["close"]
    smooth = close.rolling(fast, center=True).mean()
    return position(smooth > close.rolling(slow).mean())


def leak_standardised_by_all(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """Mean and deviation of the whole sample."""
    change = bars.to_pandas()["close"].pct_change(fast)
    score = (change - change.mean()) / change.std()
    return position(score < -1.0, score > 1.0)


def leak_day_before_its_end(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """The day's high and low, known at its first bar."""
    frame = bars.to_pandas()
    middle = frame["close"].resample("1D").mean().reindex(frame.index, method="ffill")
    return position(frame["close"] < middle)


# --- they do not --------------------------------------------------------------------------------------------------


def clean_crossing_averages(bars: Bars, fast: int, slow: int) -> np.ndarray:
    close = bars.to_pandas()["close"]
    return position(close.rolling(fast).mean() > close.rolling(slow).mean())


def clean_exponential_averages(bars: Bars, fast: int, slow: int) -> Signals:
    close = bars.to_pandas()["close"]
    one, other = close.ewm(span=fast, adjust=False).mean(), close.ewm(span=slow, adjust=False).mean()
    above = one > other
    before = above.shift(1, fill_value=False)
    return Signals(long_entry=above & ~before, long_exit=~above & before)


def clean_rolling_score(bars: Bars, fast: int, slow: int) -> np.ndarray:
    close = bars.to_pandas()["close"]
    score = (close - close.rolling(slow).mean()) / close.rolling(slow).std()
    return position(score < -1.0, score > 1.0)


def clean_expanding_score(bars: Bars, fast: int, slow: int) -> np.ndarray:
    change = bars.to_pandas()["close"].pct_change(fast)
    score = (change - change.expanding(slow).mean()) / change.expanding(slow).std()
    return position(score < -1.0)


def clean_completed_days(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """The mean of the day before, known when it is over."""
    frame = bars.to_pandas()
    middle = frame["close"].resample("1D").mean().shift(1).reindex(frame.index, method="ffill")
    return position(frame["close"] < middle)


def clean_breakout(bars: Bars, fast: int, slow: int) -> Signals:
    frame = bars.to_pandas()
    high, low = frame["high"].rolling(slow).max().shift(1), frame["low"].rolling(fast).min().shift(1)
    return Signals(long_entry=frame["close"] > high, long_exit=frame["close"] < low)


def clean_relative_strength(bars: Bars, fast: int, slow: int) -> np.ndarray:
    change = bars.to_pandas()["close"].diff()
    gain = change.clip(lower=0).ewm(alpha=1 / fast, adjust=False).mean()
    loss = (-change.clip(upper=0)).ewm(alpha=1 / fast, adjust=False).mean()
    strength = 100 - 100 / (1 + gain / loss)
    return position(strength < 35, strength > 65)


def clean_true_range_stop(bars: Bars, fast: int, slow: int) -> Signals:
    frame = bars.to_pandas()
    before = frame["close"].shift(1)
    ranges = pd.concat([frame["high"] - frame["low"], (frame["high"] - before).abs(), (frame["low"] - before).abs()], axis=1)
    width = ranges.max(axis=1).rolling(fast).mean()
    trend = frame["close"] > frame["close"].rolling(slow).mean()
    return Signals(position=trend.astype(int), stop_loss=3 * width, trailing_stop=4 * width)


def clean_hour_of_day(bars: Bars, fast: int, slow: int) -> np.ndarray:
    index = bars.to_pandas().index
    return position(pd.Series((index.hour >= fast % 12) & (index.hour < 12 + slow % 12)))


def clean_held_state(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """A position that is kept until the other side comes."""
    close = bars.to_pandas()["close"]
    moved = close.pct_change(fast)
    sides = pd.Series(np.nan, index=close.index)
    sides[moved > 0.01] = 1
    sides[moved < -0.01] = -1
    return sides.ffill().fillna(0)


def clean_rank_in_window(bars: Bars, fast: int, slow: int) -> np.ndarray:
    close = bars.to_pandas()["close"]
    return position(close.rolling(slow).rank(pct=True) > 0.9)


def clean_loop(bars: Bars, fast: int, slow: int) -> list[int]:
    """A filter bar by bar, in plain Python."""
    smooth, answer = float(bars.close[0]), []
    for close in bars.close.tolist():
        smooth += (close - smooth) * 2 / (slow + 1)
        answer.append(1 if close > smooth else 0)
    return answer


# --- they depend on more than bars and parameters -------------------------------------------------------------------

calls = 0


def impure_counts_calls(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """Decides by how often it was asked."""
    global calls
    calls += 1
    close = bars.to_pandas()["close"]
    return position(close.rolling(fast + calls % 5).mean() > close.rolling(slow).mean())


def impure_random(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """Decides by chance."""
    return np.random.default_rng().integers(-1, 2, len(bars))


def impure_process(bars: Bars, fast: int, slow: int) -> np.ndarray:
    """Is the same in one process, and other in another."""
    import os

    return np.random.default_rng(os.getpid()).integers(0, 2, len(bars))
