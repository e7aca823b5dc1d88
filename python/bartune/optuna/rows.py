"""Trials as Optuna has them, and as the store has them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.trial import FrozenTrial, TrialState

Row = tuple[
    int,
    str,
    list[float],
    list[tuple[str, float, str]],
    list[tuple[int, float]],
    dict[str, Any],
    dict[str, Any],
    int | None,
    int | None,
]

_EPOCH = datetime(1970, 1, 1)
_NUMBER_BITS = 32

_distributions: dict[str, BaseDistribution] = {}
_texts: dict[BaseDistribution, str] = {}


def trial_id(study_id: int, number: int) -> int:
    """A trial's id says where it is, so that nobody has to look it up."""
    return study_id << _NUMBER_BITS | number


def place(of_trial: int) -> tuple[int, int]:
    """The study and the number of a trial's id."""
    return of_trial >> _NUMBER_BITS, of_trial & ((1 << _NUMBER_BITS) - 1)


def milliseconds(time: datetime | None) -> int | None:
    """A naive time as milliseconds since 1970, as the schema has them."""
    return None if time is None else round((time - _EPOCH) / timedelta(milliseconds=1))


def _time(since_1970: int | None) -> datetime | None:
    return None if since_1970 is None else _EPOCH + timedelta(milliseconds=since_1970)


def _distribution(text: str) -> BaseDistribution:
    found = _distributions.get(text)
    if found is None:
        found = _distributions[text] = json_to_distribution(text)
    return found


def _text(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        # Choices that are equal in Python (1 and True) are not the same.
        return distribution_to_json(distribution)
    found = _texts.get(distribution)
    if found is None:
        found = _texts[distribution] = distribution_to_json(distribution)
    return found


def frozen(study_id: int, row: Row) -> FrozenTrial:
    """A row of the store as Optuna's trial."""
    number, state, values, params, reports, user_attrs, system_attrs, started, finished = row
    distributions = {name: _distribution(text) for name, _, text in params}
    return FrozenTrial(
        number=number,
        state=TrialState[state],
        value=None,
        values=values or None,
        datetime_start=_time(started),
        datetime_complete=_time(finished),
        params={name: distributions[name].to_external_repr(internal) for name, internal, _ in params},
        distributions=distributions,
        user_attrs=user_attrs,
        system_attrs=system_attrs,
        intermediate_values=dict(reports),
        trial_id=trial_id(study_id, number),
    )


def row(trial: FrozenTrial) -> Row:
    """Optuna's trial as a row of the store."""
    params = trial.params
    return (
        trial.number,
        trial.state.name,
        list(trial.values or ()),
        [(name, of.to_internal_repr(params[name]), _text(of)) for name, of in trial.distributions.items()],
        list(trial.intermediate_values.items()),
        trial.user_attrs,
        trial.system_attrs,
        milliseconds(trial.datetime_start),
        milliseconds(trial.datetime_complete),
    )
