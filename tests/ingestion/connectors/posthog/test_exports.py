"""Intervals of a batch export: awaited, read once, read again where they changed; and a whole load."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.export_files import event, interval_name, write_interval
from support.http_server import Answer, ScriptedServer

from ingestion.connector import Extraction, FilePage
from ingestion.connectors.posthog import CONNECTOR
from ingestion.connectors.posthog.checks import check
from ingestion.connectors.posthog.exports import ExportError, event_pages, intervals
from ingestion.connectors.posthog.settings import PostHogSettings, client
from ingestion.identity import EmailHasher
from ingestion.pipeline import LoadResult, load_connection

EMPTY = Answer({"count": 0, "total_count": 0, "next": None, "previous": None, "results": []})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "export"
    path.mkdir()
    return path


def settings(folder: Path | str | None, **more: Any) -> PostHogSettings:
    given = {"name": "acme-posthog", "connector": "posthog", "base_url": "http://127.0.0.1:1"}
    return PostHogSettings.model_validate(
        {
            **given,
            "token": "t",
            "project": "7",
            "events": ["used"],
            "export_folder": str(folder) if folder else None,
            **more,
        }
    )


def extraction_of(given: PostHogSettings, state: dict[str, Any], since: datetime | None = None) -> Extraction:
    return Extraction(
        settings=given,
        http=client(given),
        state=state,
        started_at=datetime(2026, 2, 1, tzinfo=UTC),
        workspace=Path(),
        hash_email=EmailHasher(b"key"),
        since=since,
    )


def read(given: PostHogSettings, state: dict[str, Any], since: datetime | None = None) -> list[FilePage]:
    return list(event_pages(extraction_of(given, state, since)))


def days(pages: list[FilePage]) -> list[int]:
    return [int(page.files[0].name[8:10]) for page in pages]


def test_an_interval_counts_once_its_manifest_is_there(folder: Path) -> None:
    write_interval(folder, 2, [event("u2")])
    write_interval(folder, 1, [event("u1")], [event("u3")])
    write_interval(folder, 3, [event("u4")], has_manifest=False)
    state: dict[str, Any] = {}
    pages = read(settings(folder), state)
    assert days(pages) == [1, 2]
    assert [len(page.files) for page in pages] == [2, 1]
    assert not read(settings(folder), state)
    write_interval(folder, 3, [event("u4")])
    assert days(read(settings(folder), state)) == [3]


def test_an_older_interval_that_comes_later_is_read(folder: Path) -> None:
    write_interval(folder, 5, [event("u5")])
    state: dict[str, Any] = {}
    read(settings(folder), state)
    write_interval(folder, 2, [event("u2")])
    assert days(read(settings(folder), state)) == [2]


def test_an_interval_that_was_exported_again_is_read_again(folder: Path) -> None:
    (file,) = write_interval(folder, 1, [event("u1")])
    write_interval(folder, 2, [event("u2")])
    state: dict[str, Any] = {}
    read(settings(folder), state)
    os.utime(file, (1, 1))
    assert days(read(settings(folder), state)) == [1]


def test_since_and_events_named_anew_read_again(folder: Path) -> None:
    write_interval(folder, 1, [event("u1")])
    write_interval(folder, 2, [event("u2")])
    state: dict[str, Any] = {}
    read(settings(folder), state)
    assert days(read(settings(folder), state, since=datetime(2026, 1, 2, 12, tzinfo=UTC))) == [2]
    assert days(read(settings(folder, events=["used", "more"]), state)) == [1, 2]
    assert not read(settings(folder, events=["more"]), state)


def test_another_id_of_customers_is_not_mixed_with_the_one_that_stands(folder: Path) -> None:
    write_interval(folder, 1, [event("u1")])
    state: dict[str, Any] = {}
    read(settings(folder), state)
    with pytest.raises(ExportError, match=r"customer was person_id and is distinct_id.*--full-refresh"):
        read(settings(folder, customer="distinct_id"), state)
    assert days(read(settings(folder, customer="distinct_id"), {})) == [1]


def test_days_are_told_where_intervals_cover_them(folder: Path) -> None:
    write_interval(folder, 1, [event("u1")])
    for start, end in (("02T00", "02T12"), ("02T12", "03T00"), ("03T00", "03T12"), ("04T00", "06T00")):
        name = f"2026-01-{start}:00:00Z-2026-01-{end}:00:00Z_manifest.json"
        (folder / name).write_text('{"files": []}')
    extraction = extraction_of(settings(folder), {})
    list(event_pages(extraction))
    assert sorted(day.day for day in extraction.days_read["events"]) == [1, 2, 4, 5]


def test_a_walk_that_ends_early_leaves_the_state(folder: Path) -> None:
    write_interval(folder, 1, [event("u1")])
    state: dict[str, Any] = {}
    extraction = Extraction(
        settings=settings(folder),
        http=client(settings(folder)),
        state=state,
        started_at=datetime(2026, 2, 1, tzinfo=UTC),
        workspace=folder,
        hash_email=EmailHasher(b"key"),
    )
    next(event_pages(extraction))
    assert state == {}


def test_intervals_that_have_expired_stay_known(folder: Path) -> None:
    (file,) = write_interval(folder, 1, [event("u1")])
    manifest = folder / f"{interval_name(1)}_manifest.json"
    content, stat, text = file.read_bytes(), file.stat(), manifest.read_text()
    state: dict[str, Any] = {}
    read(settings(folder), state)
    file.unlink()
    manifest.unlink()
    assert not read(settings(folder), state)
    file.write_bytes(content)
    manifest.write_text(text)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not read(settings(folder), state)


def test_keys_of_the_bucket_are_found_below_the_folder_or_beside_the_manifest(folder: Path) -> None:
    write_interval(folder, 1, [event("u1")], prefix="events/2026")
    moved = folder / "plain"
    write_interval(moved, 2, [event("u2")])
    manifest = moved / f"{interval_name(2)}_manifest.json"
    names = json.loads(manifest.read_text())["files"]
    manifest.write_text(json.dumps({"files": [f"a/prefix/{name}" for name in names]}))
    assert [interval.files[0].parent for interval in intervals(folder)] == [folder / "events/2026", moved]


def test_a_manifest_may_say_that_there_is_nothing(folder: Path) -> None:
    write_interval(folder, 1)
    state: dict[str, Any] = {}
    assert not read(settings(folder), state)
    assert len(state["intervals"]) == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 3}', '{"files": [3]}'])
def test_a_manifest_that_is_none_is_named(text: str, folder: Path) -> None:
    (folder / f"{interval_name(1)}_manifest.json").write_text(text)
    with pytest.raises(ExportError, match="is no manifest"):
        intervals(folder)


def test_a_file_that_is_missing_or_outside_stops_the_walk(folder: Path) -> None:
    (file,) = write_interval(folder, 1, [event("u1")])
    file.unlink()
    with pytest.raises(ExportError, match="copy the export as a whole"):
        intervals(folder)
    outside = folder.parent / "outside.parquet"
    outside.write_bytes(b"")
    manifest = folder / f"{interval_name(1)}_manifest.json"
    manifest.write_text(json.dumps({"files": ["../outside.parquet"]}))
    with pytest.raises(ExportError, match="not there"):
        intervals(folder)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no folder"):
        read(settings(tmp_path / "none"), {})
    assert not read(settings(None), {})


def test_the_folder_may_be_a_file_url_and_nothing_remote(folder: Path) -> None:
    assert settings(f"file://{folder}").export_path == folder
    with pytest.raises(ValueError, match="mount or sync the bucket"):
        settings("s3://bucket/prefix")


def test_doctor_looks_at_the_export(folder: Path) -> None:
    def found(given: PostHogSettings) -> list[tuple[str, str]]:
        extraction = Extraction(
            settings=given,
            http=client(given),
            state={},
            started_at=datetime(2026, 2, 1, tzinfo=UTC),
            workspace=folder,
            hash_email=EmailHasher(b"key"),
        )
        extraction.http.get_json = lambda *_arguments: {}  # type: ignore[method-assign]
        return [(each.level, each.message) for each in list(check(extraction))[2:]]

    assert found(settings(folder, events=[]))[0][1].startswith("no manifest below")
    assert found(settings(folder, events=[]))[1] == ("warning", "no events are named: no adoption")
    write_interval(folder, 1, [event("u1")])
    assert found(settings(folder)) == [("ok", "1 intervals of events, up to 2026-01-02 00:00")]
    assert found(settings(folder / "none"))[0][0] == "error"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().running() as running:
        running.script("/api/projects/7/feature_flags/", EMPTY)
        running.script("/api/projects/7/feature_flags/activity/", EMPTY)
        yield running


def test_days_are_read_again_alone_and_their_events_replaced(
    server: ScriptedServer, folder: Path, tmp_path: Path
) -> None:
    def load(days: tuple[date, date] | None = None) -> tuple[list[Any], LoadResult]:
        path = tmp_path / "warehouse.duckdb"
        given = settings(folder, base_url=server.url)
        result = load_connection(
            given, warehouse=path, pipelines_dir=tmp_path / "dlt", workspace=tmp_path, days=days
        )
        with duckdb.connect(str(path), read_only=True) as warehouse:
            rows = warehouse.execute("select uuid, day(occurred_at) from raw_posthog.events order by all")
            return rows.fetchall(), result

    for day in (1, 2, 3):
        write_interval(folder, day, [event(f"u{day}", day=day)])
    assert load()[0] == [("u1", 1), ("u2", 2), ("u3", 3)]
    for day in (1, 2, 3):
        write_interval(folder, day, [event(f"u{day}", day=day + 20)])
    server.requests.clear()
    rows, result = load((date(2026, 1, 1), date(2026, 1, 2)))
    assert rows == [("u1", 21), ("u2", 22), ("u3", 3)]
    assert sorted(result.days["events"]) == [date(2026, 1, 1), date(2026, 1, 2)]
    assert server.requests == []


def test_named_events_and_flag_evaluations_are_loaded(
    server: ScriptedServer, folder: Path, tmp_path: Path
) -> None:
    called = {"$feature_flag": "f", "$feature_flag_response": True, "$group_0": "acme"}
    write_interval(
        folder,
        1,
        [
            event("u1"),
            event("u2", "$feature_flag_called", properties=called),
            event("u3", "$pageview"),
            event("u4", "$feature_flag_called", properties="{no json"),
            event("u5", properties={"$feature_flag": "of no evaluation"}),
        ],
    )
    given = settings(folder, base_url=server.url, customer="$group_0")
    result = load_connection(
        given,
        warehouse=tmp_path / "warehouse.duckdb",
        pipelines_dir=tmp_path / "dlt",
        workspace=tmp_path / "workspace",
    )
    assert result.rows["events"] == 4
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as warehouse:
        rows = warehouse.execute(
            "select uuid, customer_id is not null, flag_key, flag_response from raw_posthog.events order by 1"
        ).fetchall()
        tables = warehouse.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw_posthog'"
        ).fetchall()
    assert rows == [
        ("u1", False, None, None),
        ("u2", True, "f", "true"),
        ("u4", False, None, None),
        ("u5", False, None, None),
    ]
    assert {table.name for table in CONNECTOR.all_tables} <= {name for (name,) in tables}
