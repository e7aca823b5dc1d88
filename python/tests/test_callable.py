"""Strategies that are callables: what is carried of them, what they are told apart by, and where they run."""

from __future__ import annotations

import json
import linecache
import os
import re
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import bartune
import numpy as np
import pytest
from bartune import _worker
from bartune.carry import Carried, Here, carried, literal

_CELLS = count()


def cell(source: str, **names: Any) -> dict[str, Any]:
    """Run a text as a notebook runs a cell."""
    file = f"<cell {next(_CELLS)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    namespace = {"__name__": "__main__", **names}
    exec(compile(source, file, "exec"), namespace)
    return namespace


def spec_of(source: str, name: str = "f", **names: Any) -> dict[str, Any]:
    found = carried(cell(source, **names)[name])
    assert isinstance(found, Carried) and found.spec is not None
    assert found.name == f"__main__:{name}"
    return found.spec


def called(source: str, name: str = "f", *arguments: Any, **names: Any) -> Any:
    """What the carried text gives where nothing else of the program is."""
    return _worker.Strategy(spec_of(source, name, **names)).call(*arguments)


def identity(source: str, **names: Any) -> tuple[dict[str, str], dict[str, str]]:
    strategy = _worker.Strategy(spec_of(source, **names))
    return strategy.sources, strategy.packages


PROGRAM = """
import math
import numpy as np
import scipy
import scipy.signal
from itertools import count
from statistics import mean as average

number = int
from bartune import Signals

LEVELS = {"high": 2.5, "low": [1, float("inf"), None], "set": {"b", "a"}}
TABLE = np.arange(4.0)

class Base:
    scale = 10

class Shift(Base):
    def __init__(self, by: "Unknown" = LEVELS["high"]):
        self.by = by
    @property
    def whole(self):
        return self.scale * self.by + super().scale

def doubled(function):
    def wrapper(*given):
        return 2 * function(*given)
    return wrapper

@doubled
def helper(x):
    return x + LEVELS["low"][0] if x < 5 else other(x - 1)

def other(x):
    return helper(x)

SHIFT = Shift(3)

def f(bars, unused: Missing = None):
    text = '''
not dedented'''
    assert next(count(3)) == number("3")
    return [helper(4), math.sqrt(4), average([1, 3]), SHIFT.whole, TABLE.sum(), len(text), Signals.__name__,
            scipy.signal.lfilter([1], [1], [7.0])[0], sorted(LEVELS["set"])]
"""


def test_what_a_function_uses_is_carried_with_it() -> None:
    program = PROGRAM.replace("class Base:\n    scale = 10\n", "class Base:\n    scale = 10\n    def nothing(self): ...\n")
    namespace = cell("from __future__ import annotations\n" + program)
    sys.modules["__main__"].__dict__.update({name: namespace[name] for name in ("Shift", "Base")})
    try:
        spec = carried(namespace["f"]).spec
    finally:
        for name in ("Shift", "Base"):
            del sys.modules["__main__"].__dict__[name]
    assert spec is not None
    script = (
        "import json, runpy, sys; worker = runpy.run_path(sys.argv[1], run_name='__main__x');"
        "spec = json.load(sys.stdin); worker['load_text'].__globals__['__name__'] = '__main__';"
        "print(json.dumps(worker['Strategy'](spec).call(None)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, _worker.__file__], input=json.dumps(spec), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [10, 2.0, 2, 40, 6.0, 13, "Signals", 7.0, ["a", "b"]]


def test_closures_bring_what_they_close_over() -> None:
    source = """
def make(n, inner):
    k = n * 2
    def again(x):
        return 0 if x == 0 else inner(x) + again(x - 1)
    def f(bars):
        return k + again(2) + n
    return f
n = 1000
f = make(3, lambda_free := None or __import__("operator").neg)
"""
    assert called(source, "f", None) == 6 - 3 + 3
    # The same source with another value is another strategy.
    assert identity(source) != identity(source.replace("make(3", "make(4"))


def test_a_class_runs_as_a_fresh_object_each_time() -> None:
    source = """
STEP = 2
class f:
    def __init__(self):
        self.calls = 0
    def execute_strategy(self, bars, by=1):
        self.calls += STEP
        return self.calls * by
"""
    strategy = _worker.Strategy(spec_of(source))
    assert [strategy.call(None, by=3), strategy.call(None)] == [6, 2]


BASE = "import numpy\nN = 5\ndef helper(x):\n    return x + N\ndef f(bars):\n    return helper(1)\n"


def test_the_same_cell_twice_is_one_strategy_and_another_text_another() -> None:
    assert identity(BASE) == identity(BASE)
    # What it does not use does not count.
    assert identity(BASE) == identity(BASE + "M = 1\n\ndef g(): ...\n")
    others = [
        BASE.replace("N = 5", "N = 6"),
        BASE.replace("x + N", "x - N"),
        BASE.replace("helper(1)", "helper(2)"),
        BASE.replace("N = 5", "N = 5.0"),
        BASE.replace("N = 5", "N = numpy.int64(5)"),
        BASE.replace("def helper", "import functools\n@functools.lru_cache\ndef helper"),
    ]
    found = [json.dumps(identity(source)) for source in (BASE, *others)]
    assert len(set(found)) == len(found)


def test_versions_of_what_is_used_count() -> None:
    source = "import numpy, pytest\nV = numpy.arange(3)\ndef f(bars):\n    import no_such_thing\n    return pytest, V\n"
    assert identity(source)[1] == {
        "no_such_thing": "not installed",
        "numpy": np.__version__,
        "pytest": pytest.__version__,
    }
    assert list(identity(source)[0]) == ["__main__"]


def test_equal_objects_are_pickled_alike() -> None:
    source = "import numpy\nV = [numpy.arange(3), TEXT, TEXT2]\ndef f(bars):\n    return V\n"
    text = "".join(["a", "b"])
    one = identity(source, TEXT=text, TEXT2=text)
    assert one == identity(source, TEXT="".join(["a", "b"]), TEXT2="".join(["ab"]))
    assert one != identity(source.replace("arange(3)", "arange(4)"), TEXT=text, TEXT2=text)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("f = lambda bars: 1\n", "a lambda has no text of its own: write it with `def`"),
        ("import threading\nlock = threading.Lock()\ndef f(bars):\n    return lock\n", "`lock`, an object of type lock, cannot be pickled"),
        ("g = lambda x: x\ndef f(bars):\n    return g(1)\n", "a lambda has no text"),
        ("def f(bars):\n    return big\nbig = bytearray(65 << 20)\n", "`big` has 65 MB: load it inside the function"),
        ("n = 3\ndef f(bars, k=n):\n    return k\nn = 4\n", "the default of `k` is not what `n` means"),
        ("def make(n):\n    def f(bars, k=n):\n        return k\n    return f\nf = make(1)\n", "the default of `k`"),
        ("class K:\n    a = 1\nk = K()\ndef f(bars):\n    return k.a\n", "the class `K` has no method that tells where"),
        (
            "import functools\ndef g(bars): ...\n@functools.wraps(g)\ndef w(bars): ...\nf = w\n",
            "`g` was wrapped after its definition: write what wraps it as a decorator",
        ),
    ],
)
def test_what_cannot_be_carried_is_named(source: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    namespace = cell(source)
    if "K" in namespace:
        monkeypatch.setattr(sys.modules["__main__"], "K", namespace["K"], raising=False)
    with pytest.raises(bartune.StrategyError) as caught:
        carried(namespace["f"])
    assert told in str(caught.value) and "cannot be carried" in str(caught.value)


def test_what_no_text_is_kept_of_is_named() -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def f(bars): ...", namespace)
    with pytest.raises(bartune.StrategyError, match="is not kept where it was typed: put it into a file"):
        carried(namespace["f"])
    with pytest.raises(bartune.StrategyError, match="not an object of type int"):
        carried(5)  # type: ignore[arg-type]
    with pytest.raises(bartune.StrategyError, match='"processes" or in "threads"'):
        carried(literal, "fibres")  # type: ignore[arg-type]


def test_a_function_of_a_module_is_imported() -> None:
    found = carried(literal)
    assert found.name == "bartune.carry:literal" and found.spec is not None
    assert "text" not in found.spec and found.spec["folder"] == str(Path(bartune.__file__).parents[1])


OBJECTS = """
import functools, json
import numpy as np
import pandas as pd
import bartune
from bartune import _worker
from bartune.carry import carried

TABLE = pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2020", periods=2))

class Level:
    def __init__(self, by):
        self.by = by
    def execute_strategy(self, bars, k=1):
        return float(self.by * k + TABLE["a"].sum() + root(4))

root = np.sqrt

def power(bars, n, k=1):
    return bars ** n + k

class Base:
    def __init__(self, level: "Level"):
        self.level = level
    def __call__(self, bars):
        return self.level.by + bars

found = []
for call in (Level(5), functools.partial(power, n=3), Base(Level(2)), Level(6).execute_strategy):
    specs = [carried(call).spec for _ in range(2)]
    assert specs[0] == specs[1]
    strategy = _worker.Strategy(specs[0])
    found.append([strategy.call(2), "pandas" in strategy.packages])
print(json.dumps(found))
"""


def test_objects_of_a_program_can_be_strategies(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(OBJECTS)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[10.0, True], [9, False], [4, True], [11.0, True]]


def test_constants_are_written_as_python_writes_them() -> None:
    for value in (None, 1, -2.5, float("inf"), "a'b", b"x", (1,), [1, (2, 3)], {"a": {1, 2}}, range(3), True):
        assert eval(literal(value)) == value
    assert literal({"b", "a"}) == "set(['a', 'b'])"
    with pytest.raises(TypeError):
        literal(np.float64(1))


MARKET: dict[str, Any] = {
    "data": {"path": "bars.parquet", "synth": {"bars": 3000, "timeframe": "1h", "seed": 5}},
    "params": {"fast": bartune.Int(3, 40), "slow": bartune.Int(10, 120)},
    "objective": {"maximize": "total_return"},
    "search": {"trials": 20},
}

CROSSING = """
import numpy as np
from bartune import Signals

def mean(values, n):
    sums = np.cumsum(values)
    return np.concatenate([np.full(n - 1, np.nan), sums[n - 1:] - np.concatenate([[0.0], sums[:-n]])]) / n

def signals(bars, fast, slow):
    if fast == slow:
        raise ValueError(f"{fast} is {slow}")
    with np.errstate(invalid="ignore"):
        above = mean(bars.close, fast) > mean(bars.close, slow)
    return Signals(position=above, stop_loss=0.05 * bars.close)
"""


def trials(study: bartune.Study) -> list[bartune.Trial]:
    return [study.trial(number) for number in range(study.counts["total"])]


def test_threads_and_processes_make_the_same_study(tmp_path: Path) -> None:
    call = cell(CROSSING)["signals"]
    strategy = {"python": call, "lookback": 120}
    ways: list[dict[str, Any]] = [{}, {"run_in": "threads"}]
    studies = []
    for number, way in enumerate(ways):
        store = f"sqlite:///{tmp_path}/{number}.db"
        study = bartune.build("mine", strategy=strategy, folder=tmp_path, storage=store, **MARKET, **way)
        studies.append(study.run(trials=12, workers=2))
    assert trials(studies[0]) == trials(studies[1])
    assert studies[0].fingerprint() == studies[1].fingerprint()
    # Either goes on with what the other has begun, and re-runs it.
    crossed = bartune.build(
        "mine", strategy=strategy, folder=tmp_path, storage=f"sqlite:///{tmp_path}/0.db", run_in="threads", **MARKET
    )
    crossed.run(trials=20)
    studies[1].run(trials=20)
    assert trials(crossed) == trials(studies[1]) == trials(studies[0])
    assert crossed.verify()["equal"]
    assert studies[0].best.value is not None


def test_a_file_runs_in_threads_as_in_processes(tmp_path: Path) -> None:
    (tmp_path / "crossing.py").write_text(CROSSING)
    text = bartune.build("mine", strategy={"python": "crossing.py:signals"}, folder=tmp_path, **MARKET).text
    (tmp_path / "mine.toml").write_text(text)
    one = bartune.load(tmp_path / "mine.toml").run(trials=6)
    two = bartune.load(tmp_path / "mine.toml", run_in="threads", storage=f"sqlite:///{tmp_path}/two.db").run(trials=6)
    assert trials(one) == trials(two) and one.fingerprint() == two.fingerprint()
    with pytest.raises(bartune.StrategyError, match="rules run in threads as they are"):
        bartune.load(Path(__file__).parents[2] / "examples" / "sp500_trend.toml", run_in="threads")


def test_another_source_is_another_study_and_the_file_names_a_program(tmp_path: Path, command: Path) -> None:
    def study(source: str) -> bartune.Study:
        return bartune.build("mine", strategy=cell(source)["signals"], folder=tmp_path, **MARKET)

    first = study(CROSSING).run(trials=5)
    before = trials(first)
    # A new process, or the cell run again: the same source goes on.
    assert trials(study(CROSSING).run(trials=8))[:5] == before
    with pytest.raises(bartune.ChangedError, match="strategy"):
        study(CROSSING.replace("0.05", "0.06")).run(trials=12)
    (tmp_path / "mine.toml").write_text(first.text)
    done = subprocess.run([command, "run", tmp_path / "mine.toml"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "`signals` is a function of the program or notebook" in done.stderr
    assert "move the function into a file" in done.stderr


def test_a_file_takes_a_callable_in_place_of_its_own(tmp_path: Path) -> None:
    text = bartune.build("mine", strategy={"python": literal}, folder=tmp_path, **MARKET).text
    (tmp_path / "mine.toml").write_text(text)
    study = bartune.load(tmp_path / "mine.toml", strategy=cell(CROSSING)["signals"]).run(trials=3)
    assert study.counts["complete"] == 3


def workers() -> list[str]:
    """Command lines of this process's workers."""
    children = [child for task in Path("/proc/self/task").glob("*/children") for child in task.read_text().split()]
    return [line for child in children if "signals" in (line := Path(f"/proc/{child}/cmdline").read_text())]


def test_workers_stay_warm_for_as_long_as_the_study_is_there(tmp_path: Path) -> None:
    study = bartune.build("mine", strategy=cell(CROSSING)["signals"], folder=tmp_path, **MARKET).run(trials=6, workers=2)
    assert 1 <= len(workers()) <= 2
    study.backtest()
    del study
    assert workers() == []


def test_a_callable_runs_in_the_python_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARTUNE_PYTHON", "/nowhere/python")
    source = "import sys\ndef signals(bars, fast, slow):\n    raise RuntimeError(sys.executable)\n"
    study = bartune.build("mine", strategy=cell(source)["signals"], folder=tmp_path, **MARKET).run(trials=1, check=False)
    assert sys.executable in study.reasons[0][0]


@pytest.mark.parametrize("run_in", ["processes", "threads"])
def test_failures_name_the_line_and_leaks_are_found(tmp_path: Path, run_in: Any) -> None:
    fails = "def signals(bars, fast, slow):\n    return 1 // (fast - fast)\n"
    study = bartune.build("mine", strategy=cell(fails)["signals"], folder=tmp_path, run_in=run_in, **MARKET)
    study.run(trials=2, check=False)
    (reason, number), *_ = study.reasons
    assert number == 2 and "ZeroDivisionError" in reason
    assert re.search(r"\n  __main__, line \d+, in signals: return 1 // \(fast - fast\)$", reason)
    leaks = "import numpy as np\ndef signals(bars, fast, slow):\n    return np.roll(bars.close, -1) > bars.close\n"
    run = bartune.build("leaks", strategy=cell(leaks)["signals"], folder=tmp_path, run_in=run_in, **MARKET).run().last_run
    assert run is not None and run.ending == "refused"
    assert "looks-ahead" in [finding["code"] for finding in run.findings]
    counts = "calls = []\ndef signals(bars, fast, slow):\n    calls.append(1)\n    return [len(calls) % 2] * len(bars)\n"
    run = bartune.build("counts", strategy=cell(counts)["signals"], folder=tmp_path, run_in=run_in, **MARKET).run().last_run
    assert run is not None and "not-pure" in [finding["code"] for finding in run.findings]


def test_threads_see_the_same_read_only_views(tmp_path: Path) -> None:
    source = """
import os, threading
def signals(bars, fast, slow):
    assert not any(getattr(bars, name).flags.writeable for name in ("open", "high", "low", "close", "volume", "time"))
    raise RuntimeError(f"{os.getpid()} {threading.current_thread() is threading.main_thread()}")
"""
    study = bartune.build("mine", strategy=cell(source)["signals"], folder=tmp_path, run_in="threads", **MARKET)
    study.run(trials=2, check=False)
    assert study.reasons[0][0].split("\n")[0].endswith(f"RuntimeError: {os.getpid()} False")


def test_a_late_answer_in_a_thread_fails_its_trial(tmp_path: Path) -> None:
    source = "import time\ndef signals(bars, fast, slow):\n    time.sleep(0.05)\n    return [0] * len(bars)\n"
    market = {**MARKET, "search": {"trials": 2, "trial_timeout": "10ms"}}
    study = bartune.build("mine", strategy=cell(source)["signals"], folder=tmp_path, run_in="threads", **market)
    assert study.run(check=False).counts["failed"] == 2


def test_in_threads_modules_are_what_their_files_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program has imported before a file was changed is not what runs, nor what the program loses."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("bartune.carry._folder", lambda: str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "levels.py").write_text("LEVEL = 1\n")
    (tmp_path / "chosen.py").write_text("import levels\n\ndef f(bars):\n    return [levels.LEVEL] * len(bars)\n")
    import chosen  # type: ignore[import-not-found]
    import levels  # type: ignore[import-not-found]

    def decided(call: Any) -> tuple[Any, bytes]:
        here = carried(call, "threads")
        assert isinstance(here, Here)
        hello = here.hello()
        assert hello[:1] == b"H" and here._strategy is not None, hello
        return here._strategy.call([0]), hello

    program = cell("import levels\ndef f(bars):\n    return [levels.LEVEL] * len(bars)\n")["f"]
    before = [decided(call) for call in (chosen.f, program)]
    (tmp_path / "levels.py").write_text("LEVEL = 0\n")
    after = [decided(call) for call in (chosen.f, program)]
    assert [answer for answer, _ in before] == [[1], [1]] and [answer for answer, _ in after] == [[0], [0]]
    assert all(one[1] != two[1] for one, two in zip(before, after, strict=True))
    assert sys.modules["levels"] is levels and levels.LEVEL == 1 and sys.modules["chosen"] is chosen


def test_a_worker_of_a_callable_is_asked_and_hands_back_bytes() -> None:
    here = carried(cell("def f(bars):\n    return [1] * len(bars)\n")["f"], "threads")
    assert isinstance(here, Here) and here.hello()[:1] == b"H"
    broken = carried(cell("def f(bars): ...\n")["f"], "threads")
    assert isinstance(broken, Here)
    broken._spec["text"] = "import no_such_module\n"
    assert broken.hello().startswith(b"EModuleNotFoundError")


def test_a_script_and_its_module_run_and_continue(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def is_above(one, two):\n    return one > two\n")
    script = CROSSING.replace("mean(bars.close, fast) >", "is_above(mean(bars.close, fast),").replace("slow)\n    return", "slow))\n    return")
    script = f"import bartune\nfrom helper import is_above\n{script}" + """
study = bartune.build(
    "mine", strategy=signals, data={"path": "b.parquet", "synth": {"bars": 2000, "timeframe": "1h", "seed": 5}},
    params={"fast": bartune.Int(3, 40), "slow": bartune.Int(10, 120)}, objective={"maximize": "total_return"},
    search={"trials": 10})
study.run(workers=2)
print(study.counts["total"], study.best.value)
"""
    (tmp_path / "script.py").write_text(script)
    runs = [
        subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr + runs[1].stderr
    assert runs[0].stdout == runs[1].stdout
    (tmp_path / "helper.py").write_text("def is_above(one, two):\n    return one >= two\n")
    changed = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ChangedError" in changed.stderr and "strategy" in changed.stderr
