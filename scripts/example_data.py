"""Makes examples/data/sp500_daily.parquet from the data that the PyPI package `arch` ships.

    pip install arch pandas pyarrow
    python scripts/example_data.py

The prices are taken as they are: no row is changed, filled or dropped. `Adj Close` equals `Close`
in every row (an index pays no dividends) and is left out. The dates carry no timezone; read them in
America/New_York.
"""

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
from arch.data import sp500

TARGET = pathlib.Path(__file__).resolve().parents[1] / "examples" / "data" / "sp500_daily.parquet"


def main() -> None:
    frame = sp500.load()
    body = frame[["Open", "Close"]]
    assert (frame["Close"] == frame["Adj Close"]).all()
    assert (frame["High"] >= body.max(axis=1)).all() and (frame["Low"] <= body.min(axis=1)).all()
    assert frame.index.is_monotonic_increasing and frame.index.is_unique and not frame.isna().any().any()
    columns = {"date": pa.array(frame.index.date, pa.date32())}
    for name in ["Open", "High", "Low", "Close", "Volume"]:
        columns[name.lower()] = pa.array(frame[name].to_numpy(), pa.float64())
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), TARGET, compression="zstd", compression_level=19)
    print(f"{TARGET}: {len(frame)} bars, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
