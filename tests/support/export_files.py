"""Batch exports of events as PostHog writes them: Parquet files of an interval, and their manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

INSTANTS = ("timestamp", "created_at")
SCHEMA = pa.schema(
    [
        ("uuid", pa.string()),
        ("event", pa.string()),
        ("properties", pa.string()),
        ("distinct_id", pa.string()),
        ("person_id", pa.string()),
        *[(name, pa.timestamp("us", tz="UTC")) for name in INSTANTS],
    ]
)


def event(uuid: str, name: str = "used", customer: str = "c1", **more: Any) -> dict[str, Any]:
    """An event of the first of January; `day` moves it, `properties` are a dictionary or text."""
    day = more.pop("day", 1)
    properties = more.pop("properties", {})
    return {
        "uuid": uuid,
        "event": name,
        "properties": properties if isinstance(properties, str) else json.dumps(properties),
        "distinct_id": customer,
        "person_id": f"person of {customer}",
        "timestamp": f"2026-01-{day:02}T10:00:00+00:00",
        "created_at": f"2026-01-{day:02}T10:00:05+00:00",
        **more,
    }


def interval_name(day: int) -> str:
    """Name of a day's interval."""
    return f"2026-01-{day:02}T00:00:00+00:00-2026-01-{day + 1:02}T00:00:00+00:00"


def write_interval(
    folder: Path,
    day: int,
    *files: Sequence[dict[str, Any]],
    schema: pa.Schema = SCHEMA,
    has_manifest: bool = True,
    prefix: str = "",
) -> list[Path]:
    """Write the files of a day's interval below the folder, and their manifest."""
    place = folder / prefix
    place.mkdir(parents=True, exist_ok=True)
    written = []
    for number, rows in enumerate(files):
        path = place / f"{interval_name(day)}-{number}.parquet.zst"
        columns = {name: _array([row.get(name) for row in rows], schema.field(name)) for name in schema.names}
        pq.write_table(pa.table(columns, schema=schema), path, compression="zstd")
        written.append(path)
    if has_manifest:
        names = [path.relative_to(folder).as_posix() for path in written]
        manifest = place / f"{interval_name(day)}_manifest.json"
        manifest.write_text(json.dumps({"files": names}), encoding="utf-8")
    return written


def _array(values: list[Any], field: pa.Field) -> pa.Array:
    if pa.types.is_timestamp(field.type):
        return pa.array(values, pa.string()).cast(field.type)
    return pa.array(values, field.type)
