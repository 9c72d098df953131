"""Reads the published mart over and over until a file `stop` appears, and prints what it saw as JSON."""

import json
import sys
from pathlib import Path

import duckdb

published = Path(sys.argv[1])
stop = Path(sys.argv[2])
ready = Path(sys.argv[3])

seen: set[int] = set()
errors: list[str] = []
cycles = 0
while cycles == 0 or not stop.exists():
    try:
        with duckdb.connect(str(published / "flowgauge.duckdb"), read_only=True) as connection:
            (changes,) = connection.execute("select count(*) from marts.fct_changes").fetchone() or (0,)
            (visits,) = connection.execute("select count(*) from marts.fct_stage_visits").fetchone() or (0,)
        if changes != visits or changes == 0:
            errors.append(f"{changes} changes and {visits} visits")
        seen.add(changes)
        json.loads((published / "manifest.json").read_text())
    except (OSError, ValueError, duckdb.Error) as error:
        errors.append(repr(error))
    cycles += 1
    ready.touch()
sys.stdout.write(json.dumps({"cycles": cycles, "seen": sorted(seen), "errors": errors}))
