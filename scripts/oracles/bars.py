"""Makes testdata/bars: one set of bars in every format, pandas' resampling, and wrong files.

Run from the repository's root with pandas and pyarrow installed:

    python scripts/oracles/bars.py

formats/   the same 40 thirty-minute bars of New York, written by pandas and pyarrow in many ways;
           expected.json holds the values and the list of files
resample/  thirty-minute bars across both changes of New York's clocks, and what pandas makes of them
wrong/     files that must be refused
"""

import decimal
import gzip
import json
import pathlib
import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).resolve().parents[2] / "testdata" / "bars"
ZONE = "America/New_York"
PRICES = ["open", "high", "low", "close"]


def bars(times: pd.DatetimeIndex, seed: int) -> pd.DataFrame:
    """Bars on a grid of quarters: exact in 32-bit floats and in decimals."""
    random = np.random.default_rng(seed)
    close = 400 + np.cumsum(random.integers(-8, 9, len(times))) / 4
    open_ = np.concatenate([[400.0], close[:-1]])
    frame = pd.DataFrame(index=times)
    frame["open"] = open_
    frame["high"] = np.maximum(open_, close) + random.integers(0, 5, len(times)) / 4
    frame["low"] = np.minimum(open_, close) - random.integers(0, 5, len(times)) / 4
    frame["close"] = close
    frame["volume"] = random.integers(0, 1000, len(times)).astype(float)
    return frame


def formats() -> None:
    folder = ROOT / "formats"
    folder.mkdir(parents=True, exist_ok=True)
    times = pd.date_range("2024-03-08 09:30", periods=40, freq="30min", tz=ZONE)
    frame = bars(times, 1)
    files = []

    def path(name: str) -> pathlib.Path:
        files.append(name)
        return folder / name

    def named(time: object, name: str = "datetime") -> pd.DataFrame:
        result = frame.reset_index(drop=True)
        result.insert(0, name, time)
        return result

    naive = pd.Series(times.tz_localize(None))
    utc = pd.Series(times.tz_convert("UTC"))
    epoch = pd.Series(utc.dt.as_unit("ns").astype("int64"))
    # Parquet
    frame.to_parquet(path("pandas_index.parquet"))
    frame.rename_axis("Date").to_parquet(path("pandas_named_index_gzip.parquet"), compression="gzip")
    named(naive).to_parquet(path("naive_snappy.parquet"), compression="snappy")
    named(naive.dt.as_unit("ms")).to_parquet(path("naive_ms_lz4.parquet"), compression="lz4")
    named(utc.dt.as_unit("us"), "Timestamp").to_parquet(path("utc_us_zstd.parquet"), compression="zstd")
    named(epoch // 10**6, "open_time").to_parquet(path("epoch_ms.parquet"), compression=None)
    named(epoch / 1e9, "time").to_parquet(path("epoch_float_seconds.parquet"))
    named(naive.astype(str), "date").to_parquet(path("text_times.parquet"))
    named(utc).astype({name: "float32" for name in PRICES}).to_parquet(path("float32.parquet"))
    table = pa.Table.from_pandas(named(utc), preserve_index=False)
    for name in PRICES:
        values = [decimal.Decimal(str(value)) for value in frame[name]]
        index = table.schema.get_field_index(name)
        table = table.set_column(index, name, pa.array(values, pa.decimal128(12, 2)))
    table = table.set_column(5, "volume", table["volume"].cast(pa.int64()))
    pq.write_table(table, path("decimal_and_int.parquet"))
    extra = named(utc)
    extra["Adj Close"] = -1.0
    extra["symbol"] = "SPY"
    extra[["symbol", "Adj Close", "volume", "close", "low", "high", "open", "datetime"]].to_parquet(
        path("more_columns_in_another_order.parquet"), row_group_size=7
    )
    # Arrow
    table = pa.Table.from_pandas(named(utc, "ts"), preserve_index=False)
    pyarrow.feather.write_feather(table, str(path("lz4.feather")), compression="lz4")
    pyarrow.feather.write_feather(table, str(path("zstd.feather")), compression="zstd", chunksize=16)
    pyarrow.feather.write_feather(table, str(path("plain.arrow")), compression="uncompressed")
    with pa.ipc.new_stream(str(path("stream.arrows")), table.schema) as writer:
        writer.write_table(table, max_chunksize=11)
    text = table.set_column(0, "time", pa.array(naive.astype(str), pa.dictionary(pa.int32(), pa.string())))
    with pa.ipc.new_file(str(path("dictionary_text.ipc")), text.schema) as writer:
        writer.write_table(text)
    # Text
    frame.to_csv(path("pandas_index.csv"))
    frame.tz_localize(None).rename_axis("Date").to_csv(path("naive.csv"))
    plain = named(utc, "time").to_csv(index=False).encode()
    path("utc.csv.gz").write_bytes(gzip.compress(plain, mtime=0))
    with pa.output_stream(str(path("iso.csv.zst")), compression="zstd") as stream:
        iso = named(utc.dt.strftime("%Y-%m-%dT%H:%M:%SZ"), "time")
        stream.write(iso.to_csv(index=False).encode())
    named(epoch // 10**9, "unix").to_csv(path("epoch_s.csv"), index=False)
    named(epoch // 10**3, "t").to_csv(path("epoch_us.csv"), index=False)
    named(epoch, "ts").to_csv(path("epoch_ns.csv"), index=False, lineterminator="\r\n")
    named(naive.dt.strftime("%Y%m%d %H%M%S")).to_csv(path("no_heading.csv"), index=False, header=False, sep=";")
    metatrader = named(naive.dt.strftime("%Y.%m.%d"), "<DATE>")
    metatrader.insert(1, "<TIME>", naive.dt.strftime("%H:%M:%S"))
    metatrader.columns = ["<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<TICKVOL>"]
    metatrader.to_csv(path("metatrader.txt"), index=False, sep="\t")
    compact = named(naive.dt.strftime("%Y%m%d"), "Date")
    compact.insert(1, "Time", naive.dt.strftime("%H%M").astype(int))
    compact.to_csv(path("compact_pair.csv"), index=False)
    dukascopy = named(naive.dt.strftime("%d.%m.%Y %H:%M:%S.000"), "Local time")
    body = dukascopy.to_csv(index=False, quoting=1)
    path("quoted_with_mark_and_comment.csv").write_text("\ufeff# exported\n\n" + body, encoding="utf-8")
    expected = {"files": files, "time": epoch.tolist()}
    expected |= {name: frame[name].tolist() for name in frame}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def resample() -> None:
    folder = ROOT / "resample"
    folder.mkdir(parents=True, exist_ok=True)
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    for season, start in [("spring", "2024-03-07 12:00"), ("autumn", "2024-10-31 12:00")]:
        times = pd.date_range(start, periods=400, freq="30min", tz=ZONE)
        frame = bars(times, 2)
        # Gaps: a single bar, a night, and the hours around the change.
        keep = np.ones(len(frame), bool)
        keep[[5, 6, 40, 133]] = False
        keep[200:240] = False
        frame = frame[keep]
        write_epochs(frame, folder / f"{season}_30m.csv")
        for name, rule in [("1h", {"rule": "1h"}), ("1d", {"rule": "1D"}), ("1w", {"rule": "W-MON"})]:
            longer = frame.resample(**rule, closed="left", label="left").agg(rules).dropna()
            write_epochs(longer, folder / f"{season}_{name}.csv")


def write_epochs(frame: pd.DataFrame, path: pathlib.Path) -> None:
    result = frame.reset_index(drop=True)
    result.insert(0, "time", frame.index.as_unit("ns").astype("int64") // 10**9)
    result.to_csv(path, index=False)


GOOD = [
    ["2024-01-02", "100", "102", "99", "101", "10"],
    ["2024-01-03", "101", "103", "100", "102", "11"],
    ["2024-01-04", "102", "104", "101", "103", "12"],
    ["2024-01-05", "103", "105", "102", "104", "13"],
    ["2024-01-08", "104", "106", "103", "105", "14"],
]
HEADING = "Date,Open,High,Low,Close,Volume"


def wrong() -> None:
    folder = ROOT / "wrong"
    folder.mkdir(parents=True, exist_ok=True)

    def text(name: str, changes: dict[tuple[int, int], str], heading: str = HEADING) -> None:
        rows = [list(row) for row in GOOD]
        for (row, column), value in changes.items():
            rows[row][column] = value
        lines = [heading] + [",".join(row) for row in rows]
        (folder / name).write_text("\n".join(lines) + "\n")

    text("unsorted.csv", {(2, 0): "2023-12-29", (4, 0): "2024-01-01"})
    text("duplicate.csv", {(2, i): value for i, value in enumerate(GOOD[1])})
    text("repeated_with_other_values.csv", {(2, 0): "2024-01-03"})
    text("high_below_low.csv", {(row, 2): GOOD[row][3] for row in range(2)} | {(row, 3): GOOD[row][2] for row in range(2)})
    text("outside_range.csv", {(1, 1): "99.5", (3, 4): "105.25"})
    text("not_finite.csv", {(0, 4): "", (1, 1): "NaN", (2, 2): "inf"})
    text("not_positive.csv", {(1, 3): "0", (2, 3): "-3.5"})
    text("negative_volume.csv", {(4, 5): "-14"})
    text("missing_column.csv", {}, "Date,Price,Max,Min,Mid,Volume")
    text("misspelt_column.csv", {}, "Date,Open,Hihg,Low,Close,Volume")
    (folder / "no_rows.csv").write_text(HEADING + "\n")
    (folder / "empty.csv").write_text("")
    text("unreadable_number.csv", {(0, 1): "1oo", (1, 2): "$103", (2, 5): "12K", (3, 1): "1'030", (4, 1): "?", (4, 5): "-"})
    text("unreadable_time.csv", {(0, 0): "Monday", (2, 0): ""})
    text("american_dates.csv", {(row, 0): f"01/0{row + 2}/2024" for row in range(5)})
    rows = [",".join(row) for row in GOOD]
    (folder / "ragged.csv").write_text("\n".join([HEADING, rows[0], rows[1] + ",1", "2024-01-04,102", rows[3]]) + "\n")
    text("seconds_as_text.csv", {(row, 0): str(10**17 + row * 10**16) for row in range(5)} | {(4, 0): "9" * 19})
    frame = bars(pd.date_range("2024-01-01", periods=500, freq="1min", tz="UTC"), 3).rename_axis("time").reset_index()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, folder / "truncated.parquet")
    cut(folder / "truncated.parquet", 5_000)
    pyarrow.feather.write_feather(table, str(folder / "truncated.arrow"), compression="uncompressed")
    cut(folder / "truncated.arrow", 3_000)
    (folder / "text.parquet").write_text(HEADING + "\n" + rows[0] + "\n")
    packed = gzip.compress((HEADING + "\n" + "\n".join(rows) + "\n").encode(), mtime=0)
    (folder / "truncated.csv.gz").write_bytes(packed[: len(packed) // 2])
    frame["close"] = frame["close"] > 400
    pq.write_table(pa.Table.from_pandas(frame.head(5), preserve_index=False), folder / "flags.parquet")
    (folder / "bars.xlsx").write_bytes(b"PK\x03\x04" + zlib.compress(b"a spreadsheet"))


def cut(path: pathlib.Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


if __name__ == "__main__":
    formats()
    resample()
    wrong()
