"""Product events from the Parquet files of a batch export, interval by interval.

An interval counts once its manifest is there: files without one are still being written. It is read again
only where its manifest or files changed (a run of the export that was repeated), after `since`, or where the
settings name events that were not read before. Events sent late lie in later intervals with their own times.
Rows never pass through Python: a page names files, and SQL that the kit runs over them (`ingestion/bulk.py`).
To read a bucket in place, DuckDB's httpfs takes `s3://` addresses in the same SQL; only the listing here
would have to be DuckDB's glob().
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ingestion.connector import Extraction, FilePage
from ingestion.connectors.posthog.settings import PostHogSettings

FLAG_CALLED = "$feature_flag_called"
_ID_COLUMNS = frozenset({"person_id", "distinct_id"})
_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_MANIFEST = re.compile(rf"(?:None|{_INSTANT})-({_INSTANT})_manifest\.json")


class ExportError(Exception):
    """The export's folder is not what its manifests say, or its events would not go with those that stand."""


class Interval(NamedTuple):
    """An interval of the export that is complete.

    Attributes:
        name: path of its manifest below the folder.
        ended_at: end of the interval.
        files: its Parquet files.
        fingerprint: changes with the manifest's content and the files' sizes and times.
    """

    name: str
    ended_at: datetime
    files: tuple[Path, ...]
    fingerprint: str


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
    is_all_new = not set(wanted) <= set(extraction.state.get("events", []))
    done: dict[str, str] = {}
    for interval in intervals(settings.export_path):
        is_again = extraction.since is not None and interval.ended_at > extraction.since
        if is_all_new or is_again or known.get(interval.name) != interval.fingerprint:
            extraction.log(f"reading events up to {interval.ended_at:%Y-%m-%d %H:%M}")
            if interval.files:
                yield _page(interval.files, wanted, settings.customer)
        done[interval.name] = interval.fingerprint
    # Intervals whose files have expired stay known: should a backup bring them back, they are not news.
    extraction.state["intervals"] = known | done
    extraction.state["events"] = wanted
    extraction.state["customer"] = settings.customer


def intervals(folder: Path) -> list[Interval]:
    """The complete intervals below a folder, in the order in which they ended.

    Raises:
        ExportError: there is no such folder, a manifest is none, or names a file that is not there.
    """
    if not folder.is_dir():
        raise ExportError(f"there is no folder {folder}; set export_folder to where the batch export is")
    found = [
        _interval(folder, path, datetime.fromisoformat(match[1]))
        for path in folder.rglob("*_manifest.json")
        if (match := _MANIFEST.fullmatch(path.name))
    ]
    return sorted(found, key=lambda interval: (interval.ended_at, interval.name))


def _interval(folder: Path, manifest: Path, ended_at: datetime) -> Interval:
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
    return Interval(manifest.relative_to(folder).as_posix(), ended_at, files, digest.hexdigest()[:16])


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
