"""Product events from the Parquet files of a batch export, interval by interval.

An interval counts once its manifest is there: files without one are still being written. It is read again
only where its manifest or files changed (a run of the export that was repeated), after `since`, or where the
settings name events that were not read before. Events sent late lie in later intervals with their own times;
the days of this table are those of its intervals, and a day is told once intervals cover all of it.
Rows never pass through Python: a page names files, and SQL that the kit runs over them (`ingestion/bulk.py`).
To read a bucket in place, DuckDB's httpfs takes `s3://` addresses in the same SQL; only the listing here
would have to be DuckDB's glob().
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ingestion.connector import Extraction, FilePage
from ingestion.connectors.posthog.settings import PostHogSettings

FLAG_CALLED = "$feature_flag_called"
_ID_COLUMNS = frozenset({"person_id", "distinct_id"})
_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_MANIFEST = re.compile(rf"(None|{_INSTANT})-({_INSTANT})_manifest\.json")
_DAY = timedelta(days=1)


class ExportError(Exception):
    """The export's folder is not what its manifests say, or its events would not go with those that stand."""


class Interval(NamedTuple):
    """An interval of the export that is complete.

    Attributes:
        name: path of its manifest below the folder.
        started_at: its start; midnight of its last day where the export names none.
        ended_at: its end.
        files: its Parquet files.
        fingerprint: changes with the manifest's content and the files' sizes and times.
    """

    name: str
    started_at: datetime
    ended_at: datetime
    files: tuple[Path, ...]
    fingerprint: str

    @property
    def days(self) -> list[date]:
        """The UTC days that it has a part of."""
        first, last = self.started_at.date(), _last_day(self.ended_at)
        return [first + number * _DAY for number in range((last - first).days + 1)]


def event_pages(extraction: Extraction) -> Iterator[FilePage]:
    """One page per interval that is new or has changed; moves the state after the last one."""
    settings: PostHogSettings = extraction.settings
    if settings.export_path is None:
        return
    wanted = sorted({*settings.events, FLAG_CALLED})
    known: dict[str, str] = extraction.state.get("intervals", {})
    if (former := extraction.state.get("customer", settings.customer)) != settings.customer:
        raise ExportError(
            f"customer was {former} and is {settings.customer}, so that one customer would count as two; "
            "set it back, or run with --full-refresh to read all events anew"
        )
    read = known if set(wanted) <= set(extraction.state.get("events", [])) else {}
    found = intervals(settings.export_path)
    done = {interval.name: interval.fingerprint for interval in found}
    days: set[date] = set()
    for interval in found:
        if _is_due(extraction, interval, read):
            extraction.log(f"reading events up to {interval.ended_at:%Y-%m-%d %H:%M}")
            if interval.files:
                yield _page(interval.files, wanted, settings.customer)
            days.update(interval.days)
    for day in days & _whole_days(found):
        extraction.read_day("events", day)
    # Intervals whose files have expired stay known: should a backup bring them back, they are not news.
    extraction.state["intervals"] = known | done
    extraction.state["events"] = wanted
    extraction.state["customer"] = settings.customer


def _is_due(extraction: Extraction, interval: Interval, read: Mapping[str, str]) -> bool:
    if extraction.days is not None:
        first, last = extraction.days
        return any(first <= day <= last for day in interval.days)
    is_again = extraction.since is not None and interval.ended_at > extraction.since
    return is_again or read.get(interval.name) != interval.fingerprint


def _whole_days(found: Sequence[Interval]) -> set[date]:
    """The UTC days of which intervals cover every part."""
    covered: dict[date, timedelta] = {}
    for interval in found:
        for day in interval.days:
            midnight = datetime.combine(day, time(), UTC)
            part = min(interval.ended_at, midnight + _DAY) - max(interval.started_at, midnight)
            covered[day] = covered.get(day, timedelta()) + part
    return {day for day, part in covered.items() if part >= _DAY}


def intervals(folder: Path) -> list[Interval]:
    """The complete intervals below a folder, in the order in which they ended.

    Raises:
        ExportError: there is no such folder, a manifest is none, or names a file that is not there.
    """
    if not folder.is_dir():
        raise ExportError(f"there is no folder {folder}; set export_folder to where the batch export is")
    found = [
        _interval(folder, path, *match.groups())
        for path in folder.rglob("*_manifest.json")
        if (match := _MANIFEST.fullmatch(path.name))
    ]
    return sorted(found, key=lambda interval: (interval.ended_at, interval.name))


def _interval(folder: Path, manifest: Path, start: str, end: str) -> Interval:
    content = manifest.read_bytes()
    try:
        names: list[str] = json.loads(content)["files"]
        files = tuple(_file(folder, manifest, name) for name in names)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ExportError(f"{manifest.name} is no manifest of a batch export") from None
    digest = sha256(content)
    for file in files:
        stat = file.stat()
        digest.update(f"{stat.st_size}:{stat.st_mtime_ns}".encode())
    ended_at = datetime.fromisoformat(end).astimezone(UTC)
    last = datetime.combine(_last_day(ended_at), time(), UTC)
    started_at = last if start == "None" else datetime.fromisoformat(start).astimezone(UTC)
    name = manifest.relative_to(folder).as_posix()
    return Interval(name, started_at, ended_at, files, digest.hexdigest()[:16])


def _last_day(ended_at: datetime) -> date:
    """The last UTC day that has a part of what ends at the instant."""
    return (ended_at - timedelta.resolution).date()


def _file(folder: Path, manifest: Path, name: str) -> Path:
    """The file of a key of the bucket: below the folder, or beside the manifest where the prefix is gone."""
    for path in (folder / name.lstrip("/"), manifest.parent / Path(name).name):
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    raise ExportError(f"{manifest.name} names {name}, which is not there; copy the export as a whole")


def _page(files: Sequence[Path], events: Sequence[str], customer: str) -> FilePage:
    return FilePage(
        "events",
        files,
        columns={
            "uuid": "uuid",
            "event": "event",
            "customer_id": customer if customer in _ID_COLUMNS else _property(customer),
            "flag_key": _of_flag("$feature_flag"),
            "flag_response": _of_flag("$feature_flag_response"),
            "occurred_at": '"timestamp"',
            "received_at": "created_at",
        },
        where=f"event in ({', '.join(_literal(event) for event in events)})",
        hashed=("customer_id",),
    )


def _of_flag(name: str) -> str:
    """A property of flag evaluations only: most rows are spared the reading of JSON."""
    return f"case when event = {_literal(FLAG_CALLED)} then {_property(name)} end"


def _property(name: str) -> str:
    path = f'$."{name}"'
    return f"try(json_extract_string(properties, {_literal(path)}))"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
