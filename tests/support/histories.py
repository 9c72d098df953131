"""Histories of changes in canonical words, and a warehouse that turns them into marts through dbt.

A test states what happened to a change (`Change` with its `Event`s, check attempts, rules); `FlowWarehouse`
writes that into the canonical relations of a temporary warehouse and runs the models. Nothing here decides
what the marts should hold: that is `support.reference` and the tests themselves.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from support.shared import made_once

from ingestion.identity import EmailHasher
from ingestion.organisation import load_organisation
from ingestion.settings import Targets, load_settings
from transform.containment import compute_containment
from transform.identity import resolve_identities
from transform.runner import DbtProject

CONNECTION = "acme-github"
REPOSITORY = "r1"
REPOSITORY_NAME = "acme/checkout"
EPOCH = datetime.fromisoformat("2026-03-02T09:00")
AS_OF = EPOCH + timedelta(days=63)

PARTS = (
    "assistants",
    "delivery",
    "features",
    "flow",
    "incidents",
    "items",
    "people",
    "tracker",
    "work_items",
)
MODELS = (*(f"path:models/intermediate/{part}" for part in PARTS), "path:models/marts")

SETTINGS = """
reporting_timezone: UTC
connections:
  - name: acme-github
    connector: github
    base_url: http://127.0.0.1:9
    token: ${FLOWGAUGE_TEST_TOKEN}
    repositories: [acme/checkout]
"""


def after(seconds: float) -> datetime:
    """The instant that is a number of seconds after the tests' own beginning of time."""
    return EPOCH + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Event:
    """Something that happened to a change; `actor` and `subject` are logins."""

    type: str
    at: datetime
    actor: str | None = None
    subject: str | None = None
    team: str | None = None
    sha: str | None = None
    source_id: str = ""


@dataclass(frozen=True)
class Commit:
    """A commit of a change."""

    sha: str
    authored_at: datetime
    committed_at: datetime | None = None
    markers: str | None = None


@dataclass(frozen=True)
class Check:
    """One attempt of a check on a commit; `finished_at` is null while it runs."""

    sha: str
    name: str
    queued_at: datetime
    finished_at: datetime | None
    conclusion: str
    attempt: int = 1
    is_required: bool | None = None


@dataclass(frozen=True)
class Rule:
    """A version of the rules of the base branch; null means that it is unknown."""

    first_seen_at: datetime
    approvals: int | None = None
    checks: tuple[str, ...] | None = None
    branch: str = "main"


@dataclass
class Change:
    """A pull request with its history. Opened, merged and closed events are made from the fields."""

    number: int
    created_at: datetime
    author: str = "ada"
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    merged_by: str | None = None
    is_draft: bool = False
    base_branch: str = "main"
    head_sha: str | None = None
    merge_sha: str | None = None
    reverts_number: int | None = None
    markers: str | None = None
    events: list[Event] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"c{self.number}"

    @property
    def state(self) -> str:
        if self.merged_at is not None:
            return "merged"
        return "open" if self.closed_at is None else "closed"

    def history(self) -> list[Event]:
        """All events with their ids, those made from the change's own fields included."""
        made = [Event("opened", self.created_at, self.author)]
        if self.merged_at is not None:
            made.append(Event("merged", self.merged_at, self.merged_by, sha=self.merge_sha))
        elif self.closed_at is not None and not any(
            event.type == "closed" and event.at == self.closed_at for event in self.events
        ):
            made.append(Event("closed", self.closed_at, self.author))
        return [
            event
            if event.source_id
            else Event(
                event.type,
                event.at,
                event.actor,
                event.subject,
                event.team,
                event.sha,
                f"{self.id}-e{index:03}",
            )
            for index, event in enumerate([*made, *self.events])
        ]


@dataclass
class Organisation:
    """What stands around the changes: accounts by kind, rules, checks, settings, rows of `support.items`."""

    kinds: dict[str, str] = field(
        default_factory=lambda: {
            "ada": "human",
            "bob": "human",
            "cyd": "human",
            "dot": "human",
            "robo": "ci_bot",
        }
    )
    rules: list[Rule] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    declared_approvals: int | None = None
    declared_checks: str | None = None
    teams: dict[str, Sequence[str]] = field(default_factory=dict)
    sla_hours: float | None = None
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    as_of: datetime = AS_OF


class FlowWarehouse:
    """A warehouse with empty canonical relations that histories are written to and models run on.

    Preparing one runs some two hundred models, so that it is done once for all tests and workers.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "warehouse.duckdb"
        self.project = DbtProject(self.path, folder / "dbt", {})

    @classmethod
    def prepared(cls, factory: pytest.TempPathFactory) -> FlowWarehouse:
        """A warehouse with the organisation's tables, the seeds and canonical relations without histories."""
        made = made_once(factory, "prepared-warehouse", lambda folder: cls(folder)._prepare())
        warehouse = cls(factory.mktemp("prepared"))
        shutil.copy(cls(made).path, warehouse.path)
        return warehouse

    def _prepare(self) -> None:
        settings = self.path.with_name("flowgauge.yaml")
        settings.write_text(SETTINGS, encoding="utf-8")
        token = {"FLOWGAUGE_TEST_TOKEN": "none"}
        load_organisation(load_settings(settings, environment=token), self.path, today=AS_OF.date())
        self.project.invoke(["seed"])
        self.project.invoke(["run", "--select", "path:models/canonical"])
        compute_containment(self.path)
        resolve_identities(self.path, EmailHasher(b"k").key_of)
        self.project.invoke(["run", "--select", "path:models/staging/flowgauge"])

    def copy_to(self, folder: Path) -> FlowWarehouse:
        """Another warehouse of the same contents, so that each test starts from a prepared one."""
        folder.mkdir(parents=True, exist_ok=True)
        copied = FlowWarehouse(folder)
        shutil.copy(self.path, copied.path)
        copied.project = DbtProject(copied.path, self.project.target, {})
        copied.project._manifest = self.project._manifest
        return copied

    def write(
        self, changes: Sequence[Change], organisation: Organisation, *, shuffle: random.Random | None = None
    ) -> None:
        """Replace the canonical contents by these histories, in the given or in a shuffled row order."""
        tables = _canonical_rows(changes, organisation)
        with duckdb.connect(str(self.path)) as connection:
            for table, rows in tables.items():
                connection.execute(f"delete from {table}")
                ordered = shuffle.sample(rows, len(rows)) if shuffle else rows
                _insert(connection, table, ordered)

    def transform(self, *select: str) -> None:
        """Work out what deployments contain and build all models above canonical, or those selected."""
        compute_containment(self.path)
        resolve_identities(self.path, EmailHasher(b"k").key_of)
        self.project.invoke(["run", "--select", *(select or MODELS)])

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.register("rows_to_insert", pa.Table.from_pylist(list(rows)))
        connection.execute(f"insert into {table} by name select * from rows_to_insert")
        connection.unregister("rows_to_insert")


def _canonical_rows(changes: Sequence[Change], organisation: Organisation) -> dict[str, list[dict[str, Any]]]:
    common = {"connection": CONNECTION, "connector": "github", "extracted_at": organisation.as_of}
    rows = {
        "canonical.repositories": [
            {"source_id": REPOSITORY, "name": REPOSITORY_NAME, "default_branch": "main", "is_archived": False}
        ],
        "canonical.accounts": [
            {"source_id": f"a-{login}", "login": login, "kind": kind}
            for login, kind in organisation.kinds.items()
        ],
        "canonical.changes": [_change_row(change) for change in changes],
        "canonical.change_events": [row for change in changes for row in _event_rows(change)],
        "canonical.change_commits": [row for change in changes for row in _commit_rows(change)],
        "canonical.change_files": [
            {
                "source_id": f"{change.id}:{path}",
                "change": change.id,
                "repository": REPOSITORY,
                "path": path,
                "additions": 1,
                "deletions": 0,
            }
            for change in changes
            for path in change.files
        ],
        "canonical.branch_rules": [
            {
                "source_id": f"rule-{index}",
                "repository": REPOSITORY,
                "branch": rule.branch,
                "first_seen_at": rule.first_seen_at,
                "required_approving_review_count": rule.approvals,
                "required_check_names": None if rule.checks is None else list(rule.checks),
            }
            for index, rule in enumerate(organisation.rules)
        ],
        "canonical.ci_jobs": [_check_row(index, check) for index, check in enumerate(organisation.checks)],
    }
    items = {name: [dict(row) for row in table] for name, table in organisation.items.items()}
    canonical = {**rows, **{name: table for name, table in items.items() if name.startswith("canonical.")}}
    for table in canonical.values():
        for row in table:
            row.update(common)
    return {**items, **canonical, **_organisation_rows(organisation)}


def _organisation_rows(organisation: Organisation) -> dict[str, list[dict[str, Any]]]:
    as_of = organisation.as_of
    declares = organisation.declared_approvals is not None or organisation.declared_checks is not None
    rule = {
        "repository": REPOSITORY_NAME,
        "required_approvals": organisation.declared_approvals,
        "required_checks": organisation.declared_checks,
    }
    targets = {**Targets().model_dump(), "review_sla_hours": organisation.sla_hours}
    return {
        "raw_flowgauge.runs": [{"run_id": "1", "started_at": as_of, "as_of": as_of}],
        "raw_flowgauge.connections": [
            {
                "connection": CONNECTION,
                "connector": "github",
                "loaded_through_at": as_of,
                "last_attempt_at": as_of,
                "last_outcome": "succeeded",
            }
        ],
        "raw_flowgauge.repository_rules": [rule] if declares else [],
        "raw_flowgauge.teams": [{"team": team, "calendar": "default"} for team in organisation.teams],
        "raw_flowgauge.team_members": [
            {"team": team, "login": login}
            for team, members in organisation.teams.items()
            for login in members
        ],
        "raw_flowgauge.targets": [
            {"name": name, "value": value} for name, value in targets.items() if value is not None
        ],
    }


def _account(login: str | None) -> str | None:
    return None if login is None else f"a-{login}"


def _change_row(change: Change) -> dict[str, Any]:
    return {
        "source_id": change.id,
        "repository": REPOSITORY,
        "number": change.number,
        "author_account": _account(change.author),
        "merged_by_account": _account(change.merged_by),
        "created_at": change.created_at,
        "merged_at": change.merged_at,
        "closed_at": change.merged_at or change.closed_at,
        "state": change.state,
        "is_draft": change.is_draft,
        "base_branch": change.base_branch,
        "head_sha": change.head_sha,
        "merge_sha": change.merge_sha,
        "additions": 10,
        "deletions": 2,
        "changed_file_count": 1,
        "reverts_number": change.reverts_number,
        "assistant_markers": change.markers,
    }


def _event_rows(change: Change) -> list[dict[str, Any]]:
    return [
        {
            "source_id": event.source_id,
            "change": change.id,
            "repository": REPOSITORY,
            "type": event.type,
            "occurred_at": event.at,
            "actor_account": _account(event.actor),
            "subject_account": _account(event.subject),
            "subject_team": event.team,
            "sha": event.sha,
            "exactness": "exact",
        }
        for event in change.history()
    ]


def _commit_rows(change: Change) -> list[dict[str, Any]]:
    return [
        {
            "source_id": f"{change.id}:{commit.sha}",
            "change": change.id,
            "repository": REPOSITORY,
            "sha": commit.sha,
            "position": position,
            "authored_at": commit.authored_at,
            "committed_at": commit.committed_at or commit.authored_at,
            "assistant_markers": commit.markers,
        }
        for position, commit in enumerate(change.commits, start=1)
    ]


def _check_row(index: int, check: Check) -> dict[str, Any]:
    return {
        "source_id": f"j{index:05}",
        "repository": REPOSITORY,
        "sha": check.sha,
        "name": check.name,
        "run": f"run{index}:{check.attempt}",
        "attempt": check.attempt,
        "is_required": check.is_required,
        "queued_at": check.queued_at,
        "started_at": check.queued_at,
        "finished_at": check.finished_at,
        "conclusion": check.conclusion,
    }
