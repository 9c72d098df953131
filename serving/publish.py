"""Publication: all that readers get, built beside and put in place at one instant.

`published` is a symbolic link to a folder in `published-versions/`. POSIX cannot rename a folder over one
that is not empty, but it renames a link over a link atomically: whoever opens a path below `published` gets
the version before or the one after, whole. The version before stays for readers that are still in it, older
ones go. Killed at any instant, a publication leaves the old link, and remains that the next one clears away.
The caller sees to it that only one publication runs at a time.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from serving import parquet, snapshot
from serving.snapshot import Descriptions, Relation

DATABASE = "flowgauge.duckdb"
MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1

PUBLIC_MARTS = (
    "marts.bridge_change_services",
    "marts.bridge_deployment_changes",
    "marts.bridge_deployment_commits",
    "marts.bridge_person_accounts",
    "marts.dim_calendar_day",
    "marts.dim_connection",
    "marts.dim_date",
    "marts.dim_environment",
    "marts.dim_person",
    "marts.dim_repository",
    "marts.dim_role",
    "marts.dim_runner_pool",
    "marts.dim_service",
    "marts.dim_stage",
    "marts.dim_team",
    "marts.fct_changes",
    "marts.fct_ci_jobs",
    "marts.fct_ci_runs",
    "marts.fct_commits",
    "marts.fct_deployments",
    "marts.fct_flow_daily",
    "marts.fct_handoffs",
    "marts.fct_rejected_rows",
    "marts.fct_releases",
    "marts.fct_review_requests",
    "marts.fct_stage_visits",
)
"""Tables that readers may rely on: without one of them nothing is published. Others are published as well."""


class PublicationError(Exception):
    """Nothing was published; what was published before is as it was."""


def publish(
    *,
    warehouse: Path,
    published: Path,
    as_of: datetime,
    freshness: Mapping[str, Any],
    versions: Mapping[str, str],
    quality_docs: Path | None = None,
    descriptions: Descriptions = MappingProxyType({}),
    metrics: Sequence[Mapping[str, Any]] = (),
    required: Collection[str] = PUBLIC_MARTS,
) -> dict[str, Any]:
    """Publish the warehouse's marts and metrics, and return the manifest.

    Args:
        warehouse: the build file; only read, no connection of this process may have it open for writing.
        published: the path that readers know; made or replaced.
        as_of: the instant that the marts are true for; UTC where it has no zone.
        freshness: connection → how fresh it is, JSON-able (instants may be datetimes).
        versions: component → version that made the marts.
        quality_docs: folder of data docs to publish as `quality/`.
        descriptions: what relations and their columns mean; where it says nothing, the warehouse's own
            comments are taken.
        metrics: definitions of the metrics, JSON-able, as readers get them.
        required: relations ("schema.table") without which nothing is published.

    Raises:
        PublicationError: a required relation is missing, the warehouse cannot be read, or `published` is a
            folder that was put there by somebody else.
    """
    if not warehouse.is_file():
        raise PublicationError(f"there is no warehouse at {warehouse}; run a build first")
    _check_replaceable(published)
    version = _new_version(published, as_of)
    try:
        tables = _write_tables(warehouse, version, descriptions, required)
        if quality_docs is not None:
            shutil.copytree(quality_docs, version / "quality")
        manifest = _manifest(version, tables, as_of=as_of, freshness=freshness, versions=versions)
        manifest["metrics"] = [*metrics]
        text = json.dumps(manifest, indent=2, default=_json_value) + "\n"
        (version / MANIFEST).write_text(text)
        _flush(version)
    except BaseException:
        shutil.rmtree(version, ignore_errors=True)
        raise
    _put_in_place(version, published)
    published_manifest: dict[str, Any] = json.loads(text)
    return published_manifest


def _check_replaceable(published: Path) -> None:
    if published.is_symlink() or not published.exists():
        return
    try:
        published.rmdir()
    except OSError as error:
        raise PublicationError(
            f"{published} is not a link to a published version and not an empty folder; move it away"
        ) from error


def _new_version(published: Path, as_of: datetime) -> Path:
    """An empty folder for the next version; of the others only the current one is left.

    The version before the current one goes here, and not when it is replaced, so that its readers have had
    the time from one publication to the next to finish.
    """
    versions = published.with_name(f"{published.name}-versions")
    versions.mkdir(parents=True, exist_ok=True)
    for path in versions.iterdir():
        if path.is_dir() and path.resolve() != published.resolve():
            shutil.rmtree(path)
    version = versions / f"{_utc(as_of):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    version.mkdir()
    return version


def _write_tables(
    warehouse: Path, version: Path, descriptions: Descriptions, required: Collection[str]
) -> dict[Relation, int]:
    try:
        with snapshot.attached(warehouse, version / DATABASE) as connection:
            relations = snapshot.readable_relations(connection)
            missing = sorted(set(required) - {f"{relation.schema}.{relation.name}" for relation in relations})
            if missing:
                raise PublicationError(
                    f"nothing was published: the warehouse has no {', '.join(missing)}; run a full build"
                )
            tables = snapshot.copy_tables(
                connection, [snapshot.described(relation, descriptions) for relation in relations]
            )
            parquet.write_files(connection, tables, version)
    except duckdb.Error as error:
        raise PublicationError(f"nothing was published: {error}") from error
    shutil.rmtree(version / "spill", ignore_errors=True)
    return tables


def _manifest(
    version: Path,
    tables: Mapping[Relation, int],
    *,
    as_of: datetime,
    freshness: Mapping[str, Any],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "format": MANIFEST_FORMAT,
        "as_of": _utc(as_of),
        "freshness": dict(sorted(freshness.items())),
        "versions": {**dict(sorted(versions.items())), "storage": snapshot.STORAGE_VERSION},
        "tables": [
            {
                "schema": table.schema,
                "name": table.name,
                "description": table.description,
                "row_count": row_count,
                "parquet": parquet.path_of(table).as_posix(),
                "columns": [vars(column) for column in table.columns],
            }
            for table, row_count in tables.items()
        ],
        "files": {
            path.relative_to(version).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
            for path in sorted(version.rglob("*"))
            if path.is_file()
        },
    }


def _put_in_place(version: Path, published: Path) -> None:
    link = version.with_name("next")
    link.unlink(missing_ok=True)
    link.symlink_to(Path(version.parent.name, version.name))
    _sync(version.parent)
    link.replace(published)
    _sync(published.parent)


def _flush(folder: Path) -> None:
    """Have the whole folder on disk before anything points to it."""
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _json_value(value: object) -> str:
    if isinstance(value, datetime):
        return _utc(value).isoformat().replace("+00:00", "Z")
    return str(value)
