"""Ask and tell."""

from __future__ import annotations

import threading
from typing import Any

import bartune
import pytest

SPACE: dict[str, Any] = {
    "x": {"float": [-5.0, 5.0]},
    "k": {"int": [2, 200], "log": True},
    "c": {"choice": ["a", "b", None]},
    "on": {"bool": True},
}


def value(params: dict[str, Any]) -> float:
    return (params["x"] - 1) ** 2 + abs(params["k"] - 77) / 50 + {"a": 0, "b": 1, None: 2}[params["c"]] + params["on"]


def run(optimizer: bartune.Optimizer, trials: int) -> list[dict[str, Any]]:
    seen = []
    for _ in range(trials):
        trial = optimizer.ask()
        optimizer.tell(trial, value(trial.params))
        seen.append(trial.params)
    return seen


@pytest.mark.parametrize("sampler", ["random", "sobol", "halton", "tpe", "cmaes", "nsga2", "nsga3", "gp"])
def test_every_sampler_proposes_points_of_the_space(sampler: str) -> None:
    for params in run(bartune.Optimizer(SPACE, sampler, seed=3), 25):
        assert list(params) == ["x", "k", "c", "on"]
        assert -5 <= params["x"] <= 5 and 2 <= params["k"] <= 200 and params["c"] in ("a", "b", None)
        assert type(params["x"]) is float and type(params["k"]) is int and type(params["on"]) is bool


def test_tpe_finds_what_random_draws_do_not() -> None:
    tpe, random = (bartune.Optimizer(SPACE, sampler, seed=1) for sampler in ("tpe", "random"))
    run(tpe, 200), run(random, 200)
    assert tpe.best.value < 0.1 < random.best.value
    assert tpe.best.params["c"] == "a" and tpe.best.params["on"] is False
    assert value(tpe.best.params) == tpe.best.value and len(tpe) == 200


def test_the_same_seed_gives_the_same_points() -> None:
    first, again, other = (run(bartune.Optimizer(SPACE, seed=seed), 40) for seed in (5, 5, 6))
    assert first == again != other


def test_several_points_may_be_out_and_be_told_in_any_order() -> None:
    optimizer = bartune.Optimizer(SPACE, seed=2)
    for _ in range(10):
        out = optimizer.ask(4)
        assert len({trial.params["x"] for trial in out}) == 4
        for trial in reversed(out):
            optimizer.tell(trial.number, value(trial.params))
    assert len(optimizer) == 40
    with pytest.raises(bartune.ParamsError, match="told already"):
        optimizer.tell(3, 1.0)
    with pytest.raises(bartune.ParamsError, match="never asked"):
        optimizer.tell(40, 1.0)


def test_several_objectives_constraints_and_other_endings() -> None:
    optimizer = bartune.Optimizer(SPACE, "nsga2", directions=["minimize", "maximize"], seed=1)
    for _ in range(60):
        trial = optimizer.ask()
        optimizer.tell(trial, (value(trial.params), trial.params["x"]), constraints=[trial.params["x"] - 4])
    with pytest.raises(bartune.ParamsError, match="several objectives"):
        _ = optimizer.best
    single = bartune.Optimizer(SPACE, direction="maximize", seed=1)
    single.tell(single.ask(), None, state="fail")
    single.tell(single.ask(), state="pruned", reports={1: 0.5})
    single.tell(single.ask(), 9.0, constraints=[1.0])
    with pytest.raises(bartune.NotFoundError):
        _ = single.best
    single.tell(single.ask(), 1.0)
    single.tell(single.ask(), float("nan"))
    assert single.best.value == 1.0 and single.best.number == 3
    with pytest.raises(bartune.ParamsError, match="2 values were told for 1"):
        single.tell(single.ask(), [1.0, 2.0])


def test_points_from_elsewhere_are_learned_from() -> None:
    optimizer = bartune.Optimizer(SPACE, seed=1)
    point = {"x": 1.0, "k": 77, "c": "a", "on": False}
    assert optimizer.add(point, 0.0) == 0
    assert optimizer.best.params == point and optimizer.ask().number == 1
    for wrong in ({**point, "x": 99.0}, {"x": 1.0}, {**point, "y": 1}, {**point, "c": "z"}):
        with pytest.raises(bartune.ParamsError, match="no point"):
            optimizer.add(wrong, 0.0)


def test_a_grid_ends() -> None:
    optimizer = bartune.Optimizer({"a": bartune.Int(1, 3), "b": bartune.Choices([True, False])}, "grid")
    assert len({tuple(trial.params.values()) for trial in optimizer.ask(6)}) == 6
    with pytest.raises(bartune.SamplerError, match="every point"):
        optimizer.ask()


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(bartune.ConfigError, match="tpe"):
        bartune.Optimizer(SPACE, "tpx")
    with pytest.raises(bartune.ConfigError, match="candidates"):
        bartune.Optimizer(SPACE, options={"candidate": 3})
    with pytest.raises(bartune.ParamsError, match="`x`"):
        bartune.Optimizer({"x": {"float": [5, 1]}})
    with pytest.raises(bartune.ParamsError, match="no range"):
        bartune.Optimizer({"x": 3})
    with pytest.raises(bartune.ParamsError, match="direction"):
        bartune.Optimizer(SPACE, direction="up")  # type: ignore[arg-type]
    with pytest.raises(bartune.SamplerError, match="one objective"):
        bartune.Optimizer(SPACE, "cmaes", directions=["minimize", "minimize"]).ask()


def test_options_reach_the_sampler() -> None:
    plain, other = (run(bartune.Optimizer(SPACE, seed=1, options=o), 40) for o in ({}, {"candidates": 2}))
    assert plain[:10] == other[:10] and plain != other


def test_threads_may_share_an_optimizer_and_python_runs_meanwhile() -> None:
    optimizer = bartune.Optimizer(SPACE, "gp", seed=1, options={"startup_trials": 5})

    def work() -> None:
        for _ in range(10):
            trial = optimizer.ask()
            optimizer.tell(trial, value(trial.params))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    turns = 0
    while any(thread.is_alive() for thread in threads):
        turns += 1
    assert len(optimizer) == 30 and turns > 100
    assert optimizer.ask().number == 30
