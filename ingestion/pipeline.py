"""Loads one connection: the walk of its connector, through dlt, into the dataset `raw_<connector>`.

A walk is complete or nothing: its rows land beside the warehouse first (`landing.py`), then one dlt package
takes what they change together with the new state. The warehouse alone knows the state; dlt's working
directory only holds a package that a killed run left, which is loaded first, then followed by a walk.
"""

# ruff: noqa: S608 - names in the statements are declared ones, which are checked to be snake_case

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ingestion.bulk import BulkLoader, BulkResult, declare_bulk_tables
from ingestion.connector import Connector, ConnectorError, Extraction, FilePage, connector_of
from ingestion.fields import merged, new_fields
from ingestion.identity import KEY_FILE, email_hasher
from ingestion.landing import Change, Landing

if TYPE_CHECKING:
    import dlt

    from ingestion.settings import BaseConnectionSettings

_DLT_ENVIRONMENT = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
}


class LoadError(Exception):
    """A connection could not be loaded; the message says why, without secrets.

    Attributes:
        is_changed: whether the warehouse changed all the same, by the package of an earlier run.
    """

    def __init__(self, message: str, *, is_changed: bool = False) -> None:
        super().__init__(message)
        self.is_changed = is_changed


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    Attributes:
        rows: rows new or changed, by table; tables that stay as they are do not occur.
        removed: rows removed, by table.
        rejected: rows that broke their declaration, in this walk.
        requests: requests sent, by kind.
        rate_limit_left: the vendor's budget after the last answer, by kind.
        started_at: start of the walk, UTC.
        loaded_through_at: events before this instant are loaded.
        is_changed: whether any table of the dataset changed.
        new_fields: fields of the vendor's objects that no earlier walk saw, by list.
        days: days of which the source told all it knows, by table, with the number of rows if that is known.
    """

    rows: Mapping[str, int]
    removed: Mapping[str, int]
    rejected: int
    requests: Mapping[str, int]
    rate_limit_left: Mapping[str, int]
    started_at: datetime
    loaded_through_at: datetime
    is_changed: bool
    new_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    days: Mapping[str, Mapping[date, int | None]] = field(default_factory=dict)


@dataclass
class _Load:
    """One load under way."""

    connector: Connector
    connection: BaseConnectionSettings
    warehouse: Path
    pipelines_dir: Path
    say: Callable[[str], None]
    is_changed: bool = field(default=False)

    def directory(self, connection: str) -> Path:
        """Where dlt works; it outlives a run only where the run was killed."""
        return self.pipelines_dir / _pipeline_name(self.connector, connection)


def load_connection(
    connection: BaseConnectionSettings,
    *,
    warehouse: Path,
    pipelines_dir: Path,
    workspace: Path,
    since: datetime | None = None,
    full_refresh: bool = False,
    days: tuple[date, date] | None = None,
    progress: Callable[[str], None] | None = None,
    connector: Connector | None = None,
    started_at: datetime | None = None,
) -> LoadResult:
    """Load what is new in a connection's source.

    Args:
        connection: its settings.
        warehouse: DuckDB file, made where it lacks; nobody else may have it open.
        pipelines_dir: where dlt keeps packages under way.
        workspace: where connectors keep clones.
        since: re-read from this instant.
        full_refresh: forget the state, read everything, and remove rows of this connection that are gone.
        days: read only these UTC days again, first and last, of the tables by day; what is told of a day
            replaces what stands, and the state stays.
        progress: told what is going on, in one line.
        connector: the registered one by default.
        started_at: start of the walk, UTC; now by default.

    Raises:
        LoadError: the source or the warehouse failed; nothing of this walk was kept.
    """
    connector = connector or connector_of(connection)
    load = _Load(connector, connection, warehouse, pipelines_dir, progress or (lambda _message: None))
    http = connector.client(connection)
    http.log = load.say
    try:
        pipeline, stored, state = _prepare(load)
        extraction = Extraction(
            settings=connection,
            http=http,
            state={} if full_refresh else copy.deepcopy(state),
            started_at=(started_at or datetime.now(UTC)).replace(microsecond=0),
            workspace=_made(workspace),
            hash_email=email_hasher(warehouse.parent / KEY_FILE),
            since=since,
            is_full_refresh=full_refresh,
            days=days,
            log=load.say,
        )
        try:
            return _walk_and_load(load, pipeline, extraction, stored)
        except Exception:
            _declare_tables(load, pipeline, stored)
            raise
    except Exception as error:
        message = http.redact(_sentence(error))
        cause = error if _is_clean(error, http.redact) else None
        failure = LoadError(message, is_changed=load.is_changed)
    raise failure from cause


def _prepare(load: _Load) -> tuple[dlt.Pipeline, dict[str, Any], dict[str, Any]]:
    """Finish what a killed run left and take over a renamed connection.

    Returns:
        The pipeline, what the warehouse has kept for it, and the state to walk on from.
    """
    os.environ.update(_DLT_ENVIRONMENT)
    load.warehouse.parent.mkdir(parents=True, exist_ok=True)
    inherited: dict[str, Any] = {}
    previous = load.connection.previous_name
    with _held_open(load.warehouse):
        if previous:
            load.is_changed |= _finish_pending(load, previous)
            inherited = _stored(load, _restored(load, previous))
            load.is_changed |= _rename(load, previous)
        load.is_changed |= _finish_pending(load, load.connection.name)
        pipeline = _restored(load, load.connection.name)
        stored = _stored(load, pipeline)
        declare_bulk_tables(load.connector, load.warehouse)
    return pipeline, stored, (stored or inherited).get("walk", {})


def _held_open(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse, open for the length of a block, so that whoever opens it within shares what is open.

    dlt opens it for each of its small jobs, and the first to open it reads its catalog, the last to close it
    writes it down: a fifth of the time of a small load.
    """
    return duckdb.connect(str(warehouse))


def _walk_and_load(
    load: _Load, pipeline: dlt.Pipeline, extraction: Extraction, stored: Mapping[str, Any]
) -> LoadResult:
    directory = load.directory(load.connection.name)
    before = copy.deepcopy(extraction.state)
    files = _made(directory.with_name(f"{directory.name}.landing"))
    try:
        with Landing(
            files / "rows.duckdb", load.connector, load.connection.name, extraction.started_at
        ) as landing:
            for page in load.connector.extract(extraction):
                landing.add(page)
            bulk = _load_files(load, extraction, landing.files, files)
            landing.reject(bulk.rejected)
            landing.count(extraction.source_counts.values())
            changes = landing.changes(load.warehouse, files, is_full_refresh=extraction.is_full_refresh)
            rejected, has_files = landing.rejected, bool(landing.files)
        known, seen = stored.get("fields", {}), extraction.http.fields
        walk = before if extraction.days else _checked_state(extraction)
        kept = {"walk": walk, "fields": merged(known, seen)}
        moving = [change for change in changes if change.is_new or not change.is_empty]
        _say_what_is_new(load, new_fields(known, seen))
        if moving or kept != stored:
            _say_what_moves(load, moving)
            with _held_open(load.warehouse):
                pipeline.run(_source(load.connector, moving, kept), loader_file_format="parquet")
        shutil.rmtree(directory, ignore_errors=True)
    finally:
        shutil.rmtree(files, ignore_errors=True)
    changed = [change for change in changes if not change.is_empty]
    return LoadResult(
        rows={change.table.name: change.loaded for change in changed if change.loaded}
        | {name: count for name, count in bulk.loaded.items() if count},
        removed={change.table.name: change.removed for change in changed if change.removed},
        rejected=rejected,
        requests=extraction.http.request_counts,
        rate_limit_left=extraction.http.rate_limit_left,
        started_at=extraction.started_at,
        loaded_through_at=extraction.started_at,
        # Files that were read may have been loaded by a run that was killed before it could tell.
        is_changed=load.is_changed or bool(changed) or has_files,
        new_fields=new_fields(known, seen),
        days=extraction.days_read,
    )


def _load_files(load: _Load, extraction: Extraction, pages: Sequence[FilePage], scratch: Path) -> BulkResult:
    """Take in the bulk tables' files; what was taken in before a failure stays."""
    result = BulkResult()
    loader = BulkLoader(
        load.connector,
        load.connection.name,
        extraction.started_at,
        extraction.hash_email,
        is_replacing=extraction.is_full_refresh or extraction.days is not None,
    )
    try:
        loader.load(pages, load.warehouse, scratch, result)
    finally:
        load.is_changed |= any(result.loaded.values())
    return result


def _say_what_is_new(load: _Load, fields: Mapping[str, Sequence[str]]) -> None:
    for name, names in sorted(fields.items()):
        load.say(f"{name} has new fields, which are not read: {', '.join(names)}")


def _declare_tables(load: _Load, pipeline: dlt.Pipeline, stored: Mapping[str, Any]) -> None:
    """Make the tables of a dataset that never had a load, so that others can be built without this one."""
    if pipeline.has_pending_data:
        return
    files = _made(load.directory(load.connection.name).with_name("declared.landing"))
    try:
        with Landing(
            files / "rows.duckdb", load.connector, load.connection.name, datetime.now(UTC)
        ) as landing:
            changes = landing.changes(load.warehouse, files, is_full_refresh=False)
        if new := [change for change in changes if change.is_new]:
            pipeline.run(_source(load.connector, new, dict(stored)), loader_file_format="parquet")
    except Exception as error:
        # Said and not raised: what failed first is what the user has to hear.
        load.say(f"the tables of {load.connector.dataset} could not be made ({type(error).__name__})")
    finally:
        shutil.rmtree(files, ignore_errors=True)


def _say_what_moves(load: _Load, moving: Sequence[Change]) -> None:
    counts = [f"{each.loaded + each.removed} {each.table.name}" for each in moving if not each.is_empty]
    load.say(f"loading {', '.join(counts) or 'the new state'}")


def _source(connector: Connector, changes: Sequence[Change], kept: Mapping[str, Any]) -> Any:
    """The changes as dlt's source: declared tables, merged by their keys."""
    import dlt
    import pyarrow.parquet as pq

    def keep_state() -> Iterator[Any]:
        stored = dlt.current.source_state()
        stored.clear()
        stored.update(kept)
        yield from ()

    def rows(change: Change) -> Iterator[Any]:
        # An imported file without rows makes no table; an empty Arrow table does, without dlt's columns.
        if change.is_empty:
            yield pq.read_table(change.file)
        else:
            yield dlt.mark.with_file_import(str(change.file), "parquet", change.loaded + change.removed)

    def tables() -> Iterator[Any]:
        yield dlt.resource(keep_state(), name="state")
        for change in changes:
            yield dlt.resource(
                rows(change),
                name=change.table.name,
                columns=_columns(change),
                primary_key=["connection", *change.table.key],
                write_disposition={"disposition": "merge", "strategy": "delete-insert"},
            )

    return dlt.source(tables, name=connector.name)()


def _columns(change: Change) -> Any:
    """The declared columns in dlt's words, and the kit's.

    Only keys are `not null` in the warehouse: rows are checked before, and a required column that is declared
    later must still fit on a table that has rows.
    """
    table = change.table
    columns: dict[str, dict[str, Any]] = {}
    for column in table.columns:
        columns[column.name] = {
            "data_type": column.data_type,
            "nullable": column.name not in table.key,
            "description": column.description,
        }
    if table.updated:
        columns[table.updated]["dedup_sort"] = "desc"
    columns["connection"] = {"data_type": "text", "nullable": False, "description": "Name of the connection."}
    columns["extracted_at"] = {
        "data_type": "timestamp",
        "nullable": False,
        "description": "Start of its walk.",
    }
    columns["row_hash"] = {"data_type": "text", "nullable": False, "description": "Hash of the content."}
    columns["is_removed"] = {"data_type": "bool", "hard_delete": True, "description": "Always false."}
    return columns


def _pipeline(load: _Load, connection: str) -> dlt.Pipeline:
    import dlt

    return dlt.pipeline(
        pipeline_name=_pipeline_name(load.connector, connection),
        pipelines_dir=str(load.pipelines_dir),
        destination=_destination(load.warehouse),
        dataset_name=load.connector.dataset,
    )


def _destination(warehouse: Path) -> Any:
    """The warehouse as dlt's destination.

    What it is capable of does not depend on its configuration, which dlt works out anew each time it asks: a
    quarter of the time of a small load.
    """
    import dlt

    destination = dlt.destinations.duckdb(credentials=str(warehouse), create_indexes=False)
    capabilities, unresolved = destination.capabilities, destination.spec()

    def known(config: Any = None, naming: Any = None) -> Any:
        return capabilities(unresolved if config is None else config, naming)

    destination.capabilities = known  # type: ignore[method-assign]
    return destination


def _finish_pending(load: _Load, connection: str) -> bool:
    """Load the package that a killed run left; one that cannot be loaded is dropped, to be read again."""
    if not load.directory(connection).exists():
        return False
    try:
        pipeline = _pipeline(load, connection)
        if not pipeline.has_pending_data:
            return False
        load.say(f"finishing a load of {connection} that was interrupted")
        pipeline.run(loader_file_format="parquet")
    except Exception as error:
        load.say(
            f"dropping an interrupted load of {connection}, it will be read again ({type(error).__name__})"
        )
        return False
    return True


def _restored(load: _Load, connection: str) -> dlt.Pipeline:
    """A pipeline that knows what the warehouse knows, and nothing of its working directory.

    dlt restores once per pipeline, at the first run: one without data does only that.
    """
    shutil.rmtree(load.directory(connection), ignore_errors=True)
    pipeline = _pipeline(load, connection)
    pipeline.run()
    return pipeline


def _stored(load: _Load, pipeline: dlt.Pipeline) -> dict[str, Any]:
    """What the last complete walk left: `walk`, the connector's state, and `fields`, those of the vendor."""
    sources: Mapping[str, Any] = pipeline.state.get("sources", {})
    kept: dict[str, Any] = sources.get(load.connector.name, {})
    return kept


def _rename(load: _Load, previous: str) -> bool:
    """Give the rows of a connection's previous name its present one, in one transaction."""
    name, dataset = load.connection.name, load.connector.dataset
    moved = 0
    with duckdb.connect(str(load.warehouse)) as warehouse:
        warehouse.begin()
        for table in load.connector.all_tables:
            relation = f'{dataset}."{table.name}"'
            if not warehouse.execute(
                "select 1 from duckdb_tables() where schema_name = ? and table_name = ?",
                [dataset, table.name],
            ).fetchone():
                continue
            same_key = " and ".join(f'one."{column}" = other."{column}"' for column in table.key)
            warehouse.execute(
                f"delete from {relation} as one where connection = ? and exists "
                f"(select 1 from {relation} as other where other.connection = ? and {same_key})",
                [previous, name],
            )
            updated = warehouse.execute(
                f"update {relation} set connection = ? where connection = ?", [name, previous]
            ).fetchone()
            moved += updated[0] if updated else 0
        warehouse.commit()
    return moved > 0


def _pipeline_name(connector: Connector, connection: str) -> str:
    """Unique, as names of connections have no underscore."""
    return f"{connector.name}_{connection.replace('-', '_')}"


def _checked_state(extraction: Extraction) -> dict[str, Any]:
    try:
        checked: dict[str, Any] = json.loads(json.dumps(extraction.state))
    except (TypeError, ValueError):
        raise ConnectorError("the state that the walk left cannot be written as JSON") from None
    return checked


def _sentence(error: BaseException) -> str:
    """The error in one line; dlt's own wrap a cause that says more."""
    while type(error).__module__.startswith("dlt.") and (error.__cause__ or error.__context__):
        error = error.__cause__ or error.__context__ or error
    if isinstance(error, duckdb.IOException):
        return "the warehouse cannot be opened for writing; another process may have it open"
    text = " ".join(str(error).split())
    return text or type(error).__name__


def _is_clean(error: BaseException, redact: Callable[[str], str]) -> bool:
    """Whether the error and all that led to it hold no secret, so that they may be shown with a traceback."""
    link: BaseException | None = error
    while link is not None:
        if redact(repr(link)) != repr(link) or redact(str(link)) != str(link):
            return False
        link = link.__cause__ or link.__context__
    return True


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory
