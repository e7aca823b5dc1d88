"""Result columns, which other libraries take over without copying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from bartune._bartune import ArrowTable

_SHOWN_COLUMNS = 12


class Table:
    """Columns of one length, behind Arrow's C stream interface.

    Anything that speaks the interface takes a table as it is: `pyarrow.table(table)`, `polars.DataFrame(table)`,
    `duckdb.sql("from table")`. The methods import the library they name.
    """

    __slots__ = ("_inner",)

    def __init__(self, inner: ArrowTable) -> None:
        self._inner = inner

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The columns as an `ArrowArrayStream` capsule."""
        return self._inner.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """The types of the columns as an `ArrowSchema` capsule."""
        return self._inner.__arrow_c_schema__()

    def __len__(self) -> int:
        return len(self._inner)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self._inner.columns

    def to_arrow(self) -> pyarrow.Table:
        """The columns as a `pyarrow.Table`."""
        import pyarrow

        return pyarrow.table(self)

    def to_polars(self) -> polars.DataFrame:
        """The columns as a `polars.DataFrame`."""
        import polars

        return polars.DataFrame(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The columns as a `pandas.DataFrame` (through pyarrow)."""
        frame: pandas.DataFrame = self.to_arrow().to_pandas()
        return frame

    def __repr__(self) -> str:
        names = self.columns
        more = ", …" if len(names) > _SHOWN_COLUMNS else ""
        return f"<bartune.Table: {len(self)} rows, {len(names)} columns: {', '.join(names[:_SHOWN_COLUMNS])}{more}>"

    def _repr_html_(self) -> str:
        frame: Any
        try:
            frame = self.to_pandas().head(10)
        except ImportError:
            return f"<pre>{self!r}</pre>".replace("<bartune", "&lt;bartune")
        return f"{frame.to_html()}<p>{len(self)} rows × {len(self.columns)} columns</p>"
