"""Facts that no vendor's API has: surveys by month and the list of customers, as exports in a folder.

The surface serves nothing; the files are written anew whenever the clock was moved.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.calendar import isoformat
from sandbox.faults import Faults
from sandbox.http import Request, Response
from sandbox.organisation import Organisation
from sandbox.vendor import Scene, Vendor

FOLDER = "files"
SURVEY_COLUMNS = ("number", "kind", "area", "rating", "answered_at", "comment")
CUSTOMER_COLUMNS = ("source_id", "created_at")


class NoSurface:
    """An API that there is not."""

    def __init__(self, _scene: Scene) -> None:
        self.faults = Faults(set())

    def surface(self, _request: Request) -> Response:
        """There is nothing to ask for."""
        return Response.of_json({"message": "these facts are files"}, HTTPStatus.NOT_FOUND)

    def expire_tokens(self) -> None:
        """There are none."""


def write(scene: Scene) -> None:
    """Write what is known by now: one file of surveys a month, and all customers."""
    now = scene.clock.now
    months: defaultdict[str, list[Sequence[object]]] = defaultdict(list)
    for number, answer in enumerate(scene.history.surveys, start=1):
        if answer.at <= now:
            answered_at = isoformat(answer.at)
            row = (number, answer.kind, answer.area, answer.score, answered_at, "In my own words.")
            months[answered_at[:7]].append(row)
    for month, rows in months.items():
        _write(scene.folder / "surveys" / f"{month}.csv", SURVEY_COLUMNS, rows)
    since = isoformat(scene.organisation.start)
    customers = ((customer, since) for customer in scene.organisation.customers)
    _write(scene.folder / "customers.csv", CUSTOMER_COLUMNS, customers)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def _connection(organisation: Organisation, _url: str, _now: int) -> dict[str, Any]:
    return {
        "name": f"{organisation.company}-files",
        "connector": "files",
        "folder": FOLDER,
        "files": [
            {
                "entity": "survey_responses",
                "path": "surveys/*.csv",
                "columns": {"source_id": "number", "score": "rating"},
            },
            {"entity": "customer_accounts", "path": "customers.csv"},
        ],
    }


VENDOR = Vendor(FOLDER, NoSurface, _connection, write=write)
