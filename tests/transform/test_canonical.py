"""From GitHub's raw tables to the canonical relations: one small history, and what holds whatever it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.histories import PARTS
from support.raw_tables import raw_warehouse

import transform.runner
from transform.runner import PROJECT_DIR, DbtProject, provided_entities

HISTORY: dict[str, list[dict[str, Any]]] = {
    "repositories": [{"id": "10", "name": "acme/checkout", "default_branch": "main", "is_archived": False}],
    "accounts": [
        {"id": "1", "login": "alice", "type": "User"},
        {"id": "2", "login": "bob", "type": "User"},
        {"id": "3", "login": "reviewbot", "type": "User"},
        {"id": "4", "login": "dependabot[bot]", "type": "Bot"},
    ],
    "pull_requests": [
        {
            "id": "100",
            "repository_id": "10",
            "number": 7,
            "state": "MERGED",
            "is_draft": False,
            "author_id": "1",
            "created_at": "2026-03-02 09:00:00.750+00",
            "updated_at": "2026-03-03 12:00:00+00",
            "merged_at": "2026-03-03 12:00:00+00",
            "closed_at": "2026-03-03 12:00:00+00",
            "base_branch": "main",
            "head_branch": "fix",
            "head_sha": "s2",
            "merge_sha": "m1",
        }
    ],
    "pull_request_timeline": [
        {
            "id": "e1",
            "type": "PullRequestReview",
            "occurred_at": "2026-03-02 10:00:00+00",
            "actor_id": "3",
            "review_state": "COMMENTED",
        },
        {
            "id": "e2",
            "type": "PullRequestReview",
            "occurred_at": "2026-03-02 11:00:00+00",
            "actor_id": "2",
            "review_state": "DISMISSED",
        },
        {
            "id": "e3",
            "type": "ReviewDismissedEvent",
            "occurred_at": "2026-03-02 15:00:00+00",
            "actor_id": "1",
            "subject_id": "2",
            "review_id": "e2",
            "detail": "CHANGES_REQUESTED",
        },
        {"id": "e4", "type": "MergedEvent", "occurred_at": "2026-03-03 12:00:00+00", "actor_id": "2"},
        {"id": "e5", "type": "ClosedEvent", "occurred_at": "2026-03-03 12:00:01+00", "actor_id": "2"},
        {"id": "e6", "type": "LabeledEvent", "occurred_at": "2026-03-03 12:00:01+00", "actor_id": "2"},
    ],
    "pull_request_commits": [
        {"sha": "s1", "position": 1, "authored_at": "2026-03-02 08:00:00+00", "author_id": "1"},
        {"sha": "s2", "position": 2, "authored_at": "2026-03-02 13:00:00+00", "author_id": "1"},
    ],
    "workflow_runs": [
        {
            "id": "500:1",
            "run_id": "500",
            "attempt": 1,
            "repository_id": "10",
            "event": "pull_request",
            "head_branch": "fix",
            "head_sha": "s2",
            "created_at": "2026-03-02 14:00:00+00",
            "run_started_at": "2026-03-02 14:00:00+00",
            "updated_at": "2026-03-02 14:05:00+00",
            "status": "completed",
            "conclusion": "success",
        }
    ],
    "rejected_rows": [
        {
            "table_name": "tags",
            "row_key": '["v1"]',
            "rule": "sha is missing",
            "row": '{"name": "v1"}',
            "rejected_at": "2026-03-09 06:00:00+00",
        }
    ],
}
for _row in HISTORY["pull_request_timeline"] + HISTORY["pull_request_commits"]:
    _row.update(pull_request_id="100", repository_id="10", committed_at=_row.get("authored_at"))
for _row in HISTORY["pull_request_timeline"]:
    del _row["committed_at"]


def build(folder: Path, connectors: dict[str, list[str]], *selection: str) -> duckdb.DuckDBPyConnection:
    project = DbtProject(folder / "warehouse.duckdb", folder / "target", connectors)
    project.invoke(["build", "--indirect-selection", "cautious", "--select", *selection])
    return duckdb.connect(str(project.warehouse), read_only=True)


@pytest.fixture(scope="module")
def canonical(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("canonical")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWGAUGE_TEST_TOKEN", "t")
        raw_warehouse(folder, HISTORY)
    return build(folder, {"github": provided_entities("github")}, "+path:models/canonical")


def test_the_events_of_a_change_tell_its_history(canonical: duckdb.DuckDBPyConnection) -> None:
    events = canonical.execute(
        "select type, strftime(occurred_at, '%d %H:%M:%S'), actor_account, detail, exactness "
        "from canonical.change_events order by occurred_at, type"
    ).fetchall()
    assert events == [
        ("pushed", "02 08:00:00", "1", "committed_at", "derived"),
        ("opened", "02 09:00:00", "1", None, "exact"),
        ("reviewed_commented", "02 10:00:00", "3", None, "exact"),
        ("reviewed_changes_requested", "02 11:00:00", "2", None, "exact"),
        ("pushed", "02 14:00:00", "1", "first_ci_run", "derived"),
        ("review_dismissed", "02 15:00:00", "1", "changes_requested", "exact"),
        ("merged", "03 12:00:00", "2", None, "exact"),
    ]


def test_instants_are_utc_whole_seconds_without_zone(canonical: duckdb.DuckDBPyConnection) -> None:
    created = canonical.execute(
        "select typeof(created_at), created_at::text from canonical.changes"
    ).fetchone()
    assert created == ("TIMESTAMP", "2026-03-02 09:00:00")
    zoned = canonical.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'canonical' and data_type = 'TIMESTAMP WITH TIME ZONE'"
    ).fetchall()
    assert zoned == []


def test_bots_are_flagged_and_not_dropped(canonical: duckdb.DuckDBPyConnection) -> None:
    kinds = canonical.execute("select login, kind from canonical.accounts order by source_id").fetchall()
    assert kinds == [
        ("alice", "human"),
        ("bob", "human"),
        ("reviewbot", "service"),
        ("dependabot[bot]", "dependency_bot"),
    ]


def test_rows_set_aside_on_the_way_in_are_kept(canonical: duckdb.DuckDBPyConnection) -> None:
    rejected = canonical.execute("select table_name, row_key, rule from canonical.rejected_rows").fetchall()
    assert rejected == [("tags", '["v1"]', "sha is missing")]


def test_every_row_says_where_it_comes_from(canonical: duckdb.DuckDBPyConnection) -> None:
    for (table,) in canonical.execute(
        "select table_name from information_schema.tables where table_schema = 'canonical'"
    ).fetchall():
        origin = canonical.execute(
            f"select distinct connection, connector, source_id is null, extracted_at is null "
            f"from canonical.{table}"
        ).fetchall()
        assert set(origin) <= {("acme", "github", False, False)}, table


def test_without_connectors_every_relation_is_empty_and_of_its_types(
    tmp_path: Path, canonical: duckdb.DuckDBPyConnection
) -> None:
    types = (
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'canonical' order by table_name, ordinal_position"
    )
    project = DbtProject(tmp_path / "warehouse.duckdb", tmp_path / "target", {})
    project.invoke(["build", "--select", "path:models/canonical"])
    with duckdb.connect(str(project.warehouse), read_only=True) as empty:
        assert empty.execute(types).fetchall() == canonical.execute(types).fetchall()
        assert empty.execute("select count(*) from canonical.changes").fetchone() == (0,)


FORGE = {
    "staging/forge/_forge__sources.yml": """
sources:
  - name: forge
    schema: raw_forge
    tables:
      - name: projects
""",
    "staging/forge/stg_forge__projects.sql": """
{{ config(enabled=is_connector_enabled('forge')) }}

select * from {{ source('forge', 'projects') }}
""",
    "intermediate/forge/int_forge__repositories.sql": """
{{ config(enabled=is_connector_enabled('forge')) }}

select
    connection,
    'forge' as connector,
    id as source_id,
    path as name,
    'main' as default_branch,
    false as is_archived,
    timestamp '2026-03-09 06:00:00' as extracted_at
from {{ ref('stg_forge__projects') }}
""",
    "intermediate/forge/int_forge__rejected_rows.sql": """
{{ config(enabled=is_connector_enabled('forge')) }}

select * from {{ ref('int_github__rejected_rows') }} where false
""",
}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A project with one more connector, and a GitHub that provides no accounts.

    What is built from canonical relations is left out: dbt would take as long again to parse it.
    """
    folder = tmp_path_factory.mktemp("extended")
    copy = folder / "transform"
    shutil.copytree(
        PROJECT_DIR, copy, ignore=shutil.ignore_patterns("__pycache__", "marts", "metrics", *PARTS)
    )
    for name, text in FORGE.items():
        (copy / "models" / name).parent.mkdir(exist_ok=True)
        (copy / "models" / name).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWGAUGE_TEST_TOKEN", "t")
        patch.setattr(transform.runner, "PROJECT_DIR", copy)
        raw_warehouse(folder, HISTORY)
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            connection.execute("create schema raw_forge")
            connection.execute(
                "create table raw_forge.projects as select 'inner' as connection, '5' as id, 'p' as path"
            )
        provided = {name: provided_entities(name) for name in ("forge", "github")}
        assert provided["forge"] == ["repositories"]
        provided["github"].remove("accounts")
        with build(folder, provided, "+repositories", "+accounts", "+changes") as canonical:
            yield canonical


def test_another_connector_needs_its_own_folders_only(extended: duckdb.DuckDBPyConnection) -> None:
    repositories = extended.execute(
        "select connection, connector, name from canonical.repositories order by connector"
    ).fetchall()
    assert repositories == [("inner", "forge", "p"), ("acme", "github", "acme/checkout")]


def test_an_entity_that_a_connector_does_not_provide_is_left_to_the_others(
    extended: duckdb.DuckDBPyConnection,
) -> None:
    assert extended.execute("select count(*) from canonical.accounts").fetchone() == (0,)
    assert extended.execute("select count(*) from canonical.changes").fetchone() == (1,)
