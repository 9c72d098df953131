"""The batch export of events: one Parquet file and its manifest for each UTC day that has ended.

Each customer who meets a feature calls its flag, each use is the feature's key event; pages are looked at
besides. Some events come two days late and lie in the interval of their arrival, some are exported twice:
ordinary mess, chosen by what the event is, so that each export is the same.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq

from sandbox.calendar import DAY, moment
from sandbox.organisation import Organisation

LATE_EVERY = 40
LATE_SECONDS = 2 * DAY
TWICE_EVERY = 90
USUAL_SECONDS = 3
SCHEMA = pa.schema(
    [
        ("uuid", pa.string()),
        ("event", pa.string()),
        ("properties", pa.string()),
        ("distinct_id", pa.string()),
        ("person_id", pa.string()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("_inserted_at", pa.timestamp("us", tz="UTC")),
    ]
)


class Event(NamedTuple):
    """An event as a customer's client sent it."""

    at: int
    name: str
    customer: str
    properties: str

    @property
    def uuid(self) -> str:
        """The event's id."""
        return str(uuid5(NAMESPACE_URL, f"{self.at}/{self.name}/{self.customer}/{self.properties}"))

    @property
    def chance(self) -> int:
        """A number that stays the same for this event."""
        return crc32(self.uuid.encode())

    @property
    def received_at(self) -> int:
        """When it arrived."""
        return self.at + (LATE_SECONDS if self.chance % LATE_EVERY == 0 else USUAL_SECONDS)


class Export:
    """Writes what has become due; days without an event leave no file, as with the vendor."""

    def __init__(self, organisation: Organisation, folder: Path) -> None:
        self._organisation = organisation
        self._folder = folder
        self._written_until = 0
        self._due: dict[int, list[Event]] = {}

    def write_until(self, now: int) -> None:
        """Write the files of all days that ended by now and are not written yet."""
        if not self._due:
            self._due = self._by_day()
        today = now // DAY
        self._folder.mkdir(parents=True, exist_ok=True)
        for day in sorted(each for each in self._due if self._written_until <= each < today):
            self._write(day, self._due[day])
        self._written_until = today

    def _by_day(self) -> dict[int, list[Event]]:
        """All events by the day of their export."""
        days: defaultdict[int, list[Event]] = defaultdict(list)
        for event in self._events():
            days[event.received_at // DAY].append(event)
            if event.chance % TWICE_EVERY == 0:
                days[event.received_at // DAY + 1].append(event)
        return days

    def _events(self) -> list[Event]:
        found = []
        for feature in self._organisation.history.features:
            called = json.dumps({"$feature_flag": feature.flag, "$feature_flag_response": True})
            for at, customer in feature.exposures:
                found.append(Event(at, "$feature_flag_called", customer, called))
                found.append(Event(at, "$pageview", customer, "{}"))
            found += [Event(at, feature.key_event, customer, "{}") for at, customer in feature.uses]
        return found

    def _write(self, day: int, events: list[Event]) -> None:
        start, end = moment(day * DAY).isoformat(), moment((day + 1) * DAY).isoformat()
        file = self._folder / f"{start}-{end}-0.parquet.zst"
        rows = [
            {
                "uuid": event.uuid,
                "event": event.name,
                "properties": event.properties,
                "distinct_id": event.customer,
                "person_id": str(uuid5(NAMESPACE_URL, event.customer)),
                "timestamp": moment(event.at),
                "created_at": moment(event.received_at),
                "_inserted_at": moment(event.received_at + 1),
            }
            for event in sorted(events)
        ]
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), file, compression="zstd")
        manifest = self._folder / f"{start}-{end}_manifest.json"
        manifest.write_text(json.dumps({"files": [file.name]}), encoding="utf-8")
