"""A BI tool in a process of its own: opens, queries and closes the published snapshot until `stop` appears.

Usage: polling_reader.py PUBLISHED STOP READY. Touches READY after each round and prints, at the end, as JSON:
rounds, errors, and the distinct row counts seen of each mart.
"""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb


@contextmanager
def polled(published: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Read all marts over and over in another process while the block runs; its end fills the report."""
    stop, ready = folder / "stop", folder / "ready"
    report: dict[str, Any] = {}
    command = [sys.executable, __file__, str(published), str(stop), str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            while not ready.exists():
                time.sleep(0.05)
            yield report
        finally:
            stop.touch()
            report.update(json.loads(process.communicate(timeout=60)[0]))


def counts(snapshot: Path) -> dict[str, int]:
    """Rows of every mart."""
    with duckdb.connect(str(snapshot), read_only=True) as connection:
        marts = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
        return {
            mart: len(connection.execute(f'select * from marts."{mart}"').fetchall()) for (mart,) in marts
        }


def main(published: Path, stop: Path, ready: Path) -> None:
    """Poll until told to stop, then say what was seen."""
    seen: dict[str, set[int]] = defaultdict(set)
    errors: list[str] = []
    rounds = 0
    while not (rounds and stop.exists()):
        begun = time.monotonic()
        try:
            for mart, rows in counts(published / "flowgauge.duckdb").items():
                seen[mart].add(rows)
            json.loads((published / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, duckdb.Error) as error:
            errors.append(repr(error))
        rounds += 1
        ready.touch()
        # Half of the time, so that what it reads can be written on a machine of two cores.
        time.sleep(time.monotonic() - begun)
    report = {"rounds": rounds, "errors": errors, "seen": {mart: sorted(rows) for mart, rows in seen.items()}}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
