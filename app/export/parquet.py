"""Turning CSV as the database sends it into Parquet, some megabytes at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.errors import InputError

_MOMENTS = ("occurredAt", "bucket", "publishedAt", "createdAt")
_COUNTS = ("views", "likes", "comments", "shares", "count")
_SECONDS = ("watchSeconds", "seconds")
_BLOCK_BYTES = 8 << 20


def require_parquet() -> None:
    """Raise `InputError` where pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            "Parquet needs pyarrow: pip install 'groundswell[parquet]', or use --format csv"
        ) from error


def write_parquet(path: Path, parts: Iterable[bytes | bytearray | memoryview]) -> int:
    """Write CSV with a header as Parquet and return how many rows it has.

    Moments become UTC timestamps in microseconds, counts 64 bits, seconds doubles, all else text.
    Raises whatever `parts` raises.
    """
    reading, writing = os.pipe()
    failed: list[BaseException] = []

    def feed() -> None:
        try:
            with open(writing, "wb", buffering=1 << 20) as pipe:  # noqa: PTH123 - a descriptor
                pipe.writelines(parts)
        except BrokenPipeError:
            pass  # The other end has failed, and says so itself.
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            failed.append(error)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    try:
        with open(reading, "rb") as pipe:  # noqa: PTH123 - a descriptor
            rows = _convert(pipe, path, failed)
    finally:
        feeder.join()
    if failed:
        raise failed[0]
    return rows


def _convert(pipe: Any, path: Path, failed: list[BaseException]) -> int:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow import csv, parquet  # noqa: PLC0415

    moment = pa.timestamp("us", tz="UTC")
    types = (
        dict.fromkeys(_MOMENTS, moment)
        | dict.fromkeys(_COUNTS, pa.int64())
        | dict.fromkeys(_SECONDS, pa.float64())
    )
    names = pipe.peek(1 << 16).split(b"\n", 1)[0].decode().replace('"', "").split(",")
    if names == [""]:
        return 0
    reader = csv.open_csv(
        pipe,
        read_options=csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={name: types.get(name, pa.string()) for name in names},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    rows = 0
    with parquet.ParquetWriter(path, reader.schema, compression="zstd") as writer:
        for batch in reader:
            if failed:
                break
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows
