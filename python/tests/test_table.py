"""Tables reach other libraries without being copied."""

from __future__ import annotations

from pathlib import Path

import bartune
import pytest


@pytest.fixture
def table(example: Path) -> bartune.Table:
    return bartune.load(example).run(trials=40, check=False).trials()


def test_each_library_reads_the_same(table: bartune.Table) -> None:
    arrow, frame, pandas = table.to_arrow(), table.to_polars(), table.to_pandas()
    assert arrow.num_rows == frame.height == len(pandas) == len(table) >= 40
    assert arrow.column_names == frame.columns == list(pandas.columns) == table.columns
    assert arrow["params_fast"].to_pylist() == frame["params_fast"].to_list() == pandas["params_fast"].tolist()
    assert str(frame.schema["datetime_start"]) == "Datetime(time_unit='ns', time_zone='UTC')"


def test_arrow_columns_share_the_memory(table: bartune.Table) -> None:
    first, second = (table.to_arrow()["value"].chunk(0).buffers()[1] for _ in range(2))
    assert first is not None and second is not None
    assert first.address == second.address
    kept = table.to_arrow()["number"]
    del table
    assert kept.to_pylist()[:3] == [0, 1, 2]


def test_a_stream_that_nobody_reads_is_freed(table: bartune.Table) -> None:
    for _ in range(100):
        table.__arrow_c_stream__()
        table.__arrow_c_schema__()
    assert len(table) >= 40


def test_a_table_shows_itself(table: bartune.Table) -> None:
    assert repr(table).startswith("<bartune.Table: ") and "number, state, value" in repr(table)
    assert "<table" in table._repr_html_()
