"""How fast product events of a batch export load, against DuckDB's own `create table as select`.

`python benchmarks/bulk_events.py [millions] [days]` writes Parquet files as PostHog's batch export does, one
interval a day, loads them with the PostHog connector through the kit (flags from a server on the loopback),
and measures in the same run, from the same files, two floors: `select *`, and only the columns that the load
keeps. Each measurement is a process of its own, so that its peak memory is its own. Prints a table in
Markdown; the target is half the speed of `select *`, in under 2 GB.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import duckdb

START = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS = 200_000
EVENTS = [f"used_{number}" for number in range(8)]
MOST_SECONDS_OF_FLOOR = 2.0
MOST_MEGABYTES = 2_000

_DAY = """
copy (
    select
        uuid()::varchar as uuid,
        case when i % 20 = 0 then '$feature_flag_called' else 'used_' || i % 8 end as event,
        '{{"$lib": "web", "$browser": "Firefox", "$current_url": "https://app.example/path/' || i % 977
        || '", "$feature_flag": "flag-' || i % 9 || '", "$feature_flag_response": true}}' as properties,
        'customer-' || hash(i + {day}) % {customers} as distinct_id,
        md5((hash(i + {day}) % {customers})::varchar)::uuid::varchar as person_id,
        timestamptz '{start}' + to_microseconds(i * 86400000000 // {rows}) as timestamp,
        timestamptz '{start}' + to_microseconds(i * 86400000000 // {rows} + 2000000) as created_at,
        timestamptz '{start}' + to_microseconds(i * 86400000000 // {rows} + 9000000) as _inserted_at
    from range({rows}) as rows (i)
) to '{file}' (format parquet, compression zstd)
"""


def main(millions: float, days: int) -> None:
    """Write the files, measure, print the table; exits with 1 where the target is missed."""
    with tempfile.TemporaryDirectory(prefix="flowgauge-bench-") as name:
        folder = Path(name)
        write_export(folder / "export", round(millions * 1_000_000), days)
        measured = {kind: _in_own_process(kind, folder) for kind in ("all", "same", "load", "load again")}
    floor, load = measured["all"], measured["load"]
    titles = {
        "all": "`create table as select *`",
        "same": "`create table as select` of the columns that the load keeps",
        "load": "connector and kit: checked, hashed, free of duplicates",
        "load again": "the same without news",
    }
    lines = [
        f"{millions:g} million events in {days} files, {os.cpu_count()} cores, DuckDB {duckdb.__version__}.",
        "",
        "| what | seconds | of `select *` | processor seconds | peak MB | rows |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {titles[kind]} | {each['seconds']:.1f} | {each['seconds'] / floor['seconds']:.2f} "
            f"| {each['cpu_seconds']:.1f} | {each['megabytes']:.0f} | {each['rows']:,.0f} |"
            for kind, each in measured.items()
        ),
    ]
    print("\n".join(lines))  # noqa: T201
    is_fast = load["seconds"] <= MOST_SECONDS_OF_FLOOR * floor["seconds"]
    sys.exit(0 if is_fast and load["megabytes"] < MOST_MEGABYTES else 1)


def write_export(folder: Path, rows: int, days: int) -> None:
    """A batch export with a manifest for each day."""
    folder.mkdir(parents=True)
    with duckdb.connect() as database:
        for day in range(days):
            start, end = START + timedelta(days=day), START + timedelta(days=day + 1)
            interval = f"{start.isoformat()}-{end.isoformat()}"
            file = folder / f"{interval}-0.parquet.zst"
            database.execute(
                _DAY.format(day=day, customers=CUSTOMERS, rows=rows // days, start=start, file=file)
            )
            manifest = json.dumps({"files": [file.name]})
            (folder / f"{interval}_manifest.json").write_text(manifest, encoding="utf-8")


def measure(kind: str, folder: Path) -> dict[str, float]:
    """One measurement in this process."""
    begun, used = time.monotonic(), time.process_time()
    rows = _load(folder) if kind.startswith("load") else _floor(kind, folder)
    return {
        "seconds": time.monotonic() - begun,
        "cpu_seconds": time.process_time() - used,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rows": rows,
    }


def _floor(kind: str, folder: Path) -> float:
    columns = "*" if kind == "all" else "uuid, event, person_id, timestamp, created_at"
    file = folder / f"{kind}.duckdb"
    with duckdb.connect(str(file), config={"memory_limit": "1GB"}) as database:
        database.execute("set preserve_insertion_order = false")
        files = sorted(str(path) for path in (folder / "export").glob("*.parquet.zst"))
        database.execute(f"create table events as select {columns} from read_parquet({files})")  # noqa: S608
        (rows,) = database.execute("select count(*) from events").fetchone() or (0,)
    file.unlink()
    return float(rows)


def _load(folder: Path) -> float:
    from ingestion.connectors.posthog import CONNECTOR
    from ingestion.pipeline import load_connection

    server = ThreadingHTTPServer(("127.0.0.1", 0), _NoFlags)
    Thread(target=server.serve_forever, daemon=True).start()
    settings = CONNECTOR.settings.model_validate(
        {
            "name": "bench",
            "connector": "posthog",
            "base_url": f"http://127.0.0.1:{server.server_port}",
            "token": "none",
            "project": "1",
            "export_folder": str(folder / "export"),
            "events": EVENTS,
        }
    )
    result = load_connection(
        settings,
        warehouse=folder / "warehouse.duckdb",
        pipelines_dir=folder / "dlt",
        workspace=folder / "workspace",
    )
    server.shutdown()
    return float(result.rows.get("events", 0))


class _NoFlags(BaseHTTPRequestHandler):
    """PostHog's API of a project without flags."""

    def do_GET(self) -> None:
        body = b'{"count": 0, "total_count": 0, "next": null, "previous": null, "results": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def _in_own_process(kind: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", kind, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))  # noqa: T201
    else:
        given = sys.argv[1:]
        main(float(given[0]) if given else 20.0, int(given[1]) if len(given) > 1 else 20)
