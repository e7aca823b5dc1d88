"""Studies and strategies written in Python are the ones that are written in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bartune
import bartune.language as lang
import pytest
from bartune.language import P, choose, close, ema, high, low, rsi, volume
from conftest import ROOT


def trend(folder: Path) -> bartune.Study:
    """examples/sp500_trend.toml, in Python."""
    fast, slow = P.int("fast", 5, 60), P.int("slow", 20, 250, log=True)
    stop, on = P.float("stop", 1.0, 6.0, 0.25), P.bool("filter")
    rsi_max = P.float("rsi_max", 55, 90, 1, when=on)
    return bartune.build(
        "sp500-trend",
        data={"path": ROOT / "examples/data/sp500_daily.parquet", "timezone": "America/New_York"},
        split={"train": 0.6, "validate": 0.2, "test": 0.2, "embargo": "5d"},
        params=[fast, slow, stop, on, rsi_max],
        strategy={
            "require": [fast < slow],
            "long_entry": (ema(close, fast) > ema(close, slow)) & (~on | (rsi(close, 14) < rsi_max)),
            "long_exit": lang.cross_below(ema(close, fast), ema(close, slow)),
            "stop_loss": stop * lang.atr(14),
            "cooldown": 2,
        },
        execution={"fill": "next_open", "commission": "1bps", "slippage": "1bps", "size": "100% equity"},
        account={"cash": 100000},
        search={"sampler": "tpe", "trials": 2000, "seed": 42},
        objective={"maximize": "composite", "constraints": ["trades >= 20", "max_drawdown <= 0.35"]},
        folder=folder,
    )


def test_a_study_in_python_is_the_one_in_the_file(tmp_path: Path, example: Path) -> None:
    built, loaded = trend(tmp_path), bartune.load(example)
    assert built.fingerprint() == loaded.fingerprint()
    built.run(trials=30)
    loaded.run(trials=30)
    assert [trial.params for trial in built.top(5)] == [trial.params for trial in loaded.top(5)]
    assert built.best.value == loaded.best.value
    assert built.storage == f"sqlite:///{tmp_path}/sp500-trend.db"


def test_its_text_is_a_study_file(tmp_path: Path) -> None:
    built = trend(tmp_path)
    (tmp_path / "study.toml").write_text(built.text)
    again = bartune.load(tmp_path / "study.toml")
    assert again.fingerprint() == built.fingerprint() and again.name == "sp500-trend"


A, B, C = (P.int(name, 1, 9) for name in "abc")
M: Any = lang.macd(close)

TEXTS = [
    (close - (high - low), "close - (high - low)"),
    (close - high - low, "close - high - low"),
    (close / (high * low), "close / (high * low)"),
    (2 * (close + 1) / 3 - close, "2 * (close + 1) / 3 - close"),
    (-(close + 1), "-(close + 1)"),
    (1 - close, "1 - close"),
    (-close * 2, "-close * 2"),
    (close * -2, "close * -2"),
    ((close > high) & (low < 1) | (close == 2), "close > high and low < 1 or close == 2"),
    ((close > high) & ((low < 1) | (close == 2)), "close > high and (low < 1 or close == 2)"),
    (~((close > high) & (low < 1)), "not (close > high and low < 1)"),
    (~(close > high), "not close > high"),
    ((close + 1)[1] > close[A + 1], "(close + 1)[1] > close[a + 1]"),
    (M.signal[2], "macd(close).signal[2]"),
    (choose(close > high, 1, choose(low > 1, 2, None)), "1 if close > high else 2 if low > 1 else none"),
    (choose(close > high, choose(low > 1, 2, 3), 4) + 1, "((2 if low > 1 else 3) if close > high else 4) + 1"),
    (lang.sma(volume, length=B) >= C, "sma(volume, length=b) >= c"),
    (P.choice("exit", "cross", "target") == "target", "exit == 'target'"),
    (1 < close, "close > 1"),
    ((close > 1) & True, "close > 1 and true"),
]


@pytest.mark.parametrize(("expression", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_an_expression_is_its_text(expression: lang.Expression, text: str) -> None:
    assert str(expression) == text


def test_parameters_are_gathered_and_one_name_is_one_parameter(tmp_path: Path) -> None:
    both = (ema(close, A) > ema(close, B)) & (close[C] > 1)
    assert list(both.params) == ["a", "b", "c"] and both.params["a"] == {"int": [1, 9]}
    with pytest.raises(bartune.ParamsError, match="declared twice"):
        _ = (close > A) & (close > P.int("a", 1, 8))
    with pytest.raises(bartune.ParamsError, match="declared twice"):
        bartune.build("x", data="x.csv", params={"a": {"int": [1, 2]}}, strategy={"long_entry": close > A})


def test_python_words_that_cannot_work_say_so() -> None:
    for wrong in (lambda: close > high and low > 1, lambda: not close, lambda: 1 < close < 2):  # noqa: E731
        with pytest.raises(TypeError, match="known at each bar"):
            wrong()
    with pytest.raises(bartune.ParamsError, match="no expression"):
        _ = close > [1]


def test_problems_of_a_built_study_name_their_line(tmp_path: Path) -> None:
    with pytest.raises(bartune.ConfigError) as caught:
        bartune.build("x", data="x.csv", strategy={"long_entry": lang.emma(close, 3) > 1}, folder=tmp_path)
    (problem,) = caught.value.diagnostics
    assert "`emma`" in problem.message and "did you mean" in (problem.help or "")
    assert "x.toml:9:15" in str(caught.value) and (problem.line, problem.column) == (9, 15)


def test_parameters_may_be_given_in_any_spelling(tmp_path: Path) -> None:
    def fingerprint(fast: Any) -> dict[str, Any]:
        return bartune.build(
            "x",
            data=ROOT / "examples/data/sp500_daily.parquet",
            params={"fast": fast},
            strategy={"long_entry": "close > ema(close, fast)", "long_exit": "close < ema(close, fast)"},
            objective={"maximize": "sharpe"},
            folder=tmp_path,
        ).fingerprint()

    assert fingerprint(bartune.Int(5, 60)) == fingerprint({"int": [5, 60]}) != fingerprint(bartune.Int(5, 60, 5))
