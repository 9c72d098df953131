"""Marts against truth at full size: three seeds of each scenario, a year of a small organisation.

`make bench-truth` runs all of them (about two minutes each) and keeps `benchmarks/results/truth.csv`: one row
per scenario, seed and comparison. Rows of what is run again are replaced, so that a part can be run alone:
`python benchmarks/truth.py --scenarios balanced ci_bound --seeds 1`.

A visit of CI that is over before it began, by the clock of the machine that stamps its end, is not knowable.
Which deployment an incident comes from is a link with a confidence: some are missed and some invented.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "truth.csv"
sys.path.insert(0, str(ROOT / "tests"))

from support.command import environment_of  # noqa: E402
from support.truth import compare, shown_until  # noqa: E402

from sandbox.scenario import scenario_names  # noqa: E402

COLUMNS = (
    *("scenario", "seed", "size", "weeks", "compared", "knowable", "found", "unknowable", "invented", "late"),
    *("wrong", "recall", "precision", "worst_seconds"),
)


def main(options: argparse.Namespace) -> None:
    """Run what was asked for and write the table after each run."""
    table = _read()
    for seed in options.seeds:
        for scenario in options.scenarios:
            rows = list(_measured(scenario, seed, options.size, options.weeks))
            identity = {name: str(rows[0][name]) for name in ("scenario", "seed", "size", "weeks")}
            table = [row for row in table if identity.items() - row.items()] + rows
            _write(table)
            for row in rows:
                print(*(row[name] for name in COLUMNS), sep=",", flush=True)  # noqa: T201


def _measured(scenario: str, seed: int, size: str, weeks: int) -> Iterator[dict[str, Any]]:
    """Run the demo in a folder of its own and compare what it left."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        command = [str(Path(sys.executable).with_name("flowgauge")), "demo", "--scenario", scenario]
        command += ["--seed", str(seed), "--size", size, "--weeks", str(weeks)]
        subprocess.run(  # noqa: S603
            command, cwd=folder, env=environment_of(folder), check=True, stdout=subprocess.DEVNULL
        )
        home = next((folder / ".flowgauge" / "demo").iterdir())
        truth = home / "sandbox" / "truth.duckdb"
        warehouse = home / "warehouse.duckdb"
        found = compare(warehouse, truth, connections=_connections(warehouse), as_of=shown_until(truth))
        for name, group in groupby(found, key=lambda agreement: agreement.name):
            agreements = list(group)
            total = {
                count: sum(getattr(each, count) for each in agreements)
                for count in ("knowable", "found", "unknowable", "invented", "late", "wrong")
            }
            yield {
                "scenario": scenario,
                "seed": seed,
                "size": size,
                "weeks": weeks,
                "compared": name,
                **total,
                "recall": _share(total["found"], total["knowable"]),
                "precision": _share(total["found"], total["found"] + total["invented"]),
                "worst_seconds": max((each.worst_seconds or 0 for each in agreements), default=0),
            }


def _connections(warehouse: Path) -> list[str]:
    """Return all connections that the warehouse was built from: the demo's whole stack."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.sql("select connection from marts.dim_connection order by 1").fetchall()
    return [name for (name,) in rows]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else ""


def _read() -> list[dict[str, str]]:
    if not RESULTS.exists():
        return []
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(table: list[dict[str, Any]]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    order = sorted(table, key=lambda row: (row["scenario"], int(row["seed"]), row["size"], int(row["weeks"])))
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(order)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", nargs="+", default=scenario_names(), choices=scenario_names())
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--size", default="small")
    parser.add_argument("--weeks", type=int, default=52)
    main(parser.parse_args())
