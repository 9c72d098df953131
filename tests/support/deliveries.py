"""Histories of deployments in canonical words, and a slow reading of what the model says of them.

A `History` is one repository with its commits, merged changes and deployments; `write_histories` puts any
number of them into a warehouse of `support.histories`. `Reading` works out the stages after the merge from
the rules' text, with whole sets of ancestors and a question at each instant.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow

CONNECTION = "acme-github"
START = datetime(2026, 3, 2, 9, tzinfo=UTC).replace(tzinfo=None)
AS_OF = START + timedelta(days=30)
PRODUCTION = "production"


def at(minutes: float) -> datetime:
    """The instant that is a number of minutes after the tests' own beginning of time."""
    return START + timedelta(minutes=minutes)


@dataclass(frozen=True)
class Merged:
    """A change that was merged; `merge_sha` is null where the source does not tell it."""

    number: int
    merged_at: datetime
    merge_sha: str | None
    head_sha: str | None = None
    base_branch: str = "main"
    reverts_number: int | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """A deployment with the gates it waited at, as pairs of opening and decision."""

    id: str
    sha: str | None
    created_at: datetime
    finished_at: datetime | None
    status: str = "success"
    environment: str = PRODUCTION
    gates: tuple[tuple[datetime, datetime | None], ...] = ()

    @property
    def has_succeeded(self) -> bool:
        return self.status == "success" and self.finished_at is not None


@dataclass
class History:
    """One repository: commits with their parents, changes and deployments, services declared for it."""

    name: str
    parents: Mapping[str, Sequence[str]]
    changes: Sequence[Merged]
    deployments: Sequence[Deployment] = ()
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    environments: Mapping[str, Sequence[str]] = field(default_factory=dict)


def write_histories(
    warehouse: Path, histories: Sequence[History], shuffle: random.Random | None = None
) -> None:
    """Replace a prepared warehouse's contents by these histories, rows in the given or a shuffled order."""
    tables: dict[str, list[dict[str, Any]]] = {
        "raw_flowgauge.runs": [{"run_id": "1", "started_at": AS_OF, "as_of": AS_OF}],
        "raw_flowgauge.connections": [
            {"connection": CONNECTION, "connector": "github", "loaded_through_at": AS_OF}
        ],
    }
    common = {"connection": CONNECTION, "connector": "github", "extracted_at": AS_OF}
    for history in histories:
        for table, rows in _rows(history).items():
            tables.setdefault(table, []).extend(rows)
    with duckdb.connect(str(warehouse)) as connection:
        for table, rows in tables.items():
            connection.execute(f"truncate {table}")
            ordered = shuffle.sample(rows, len(rows)) if shuffle else rows
            if ordered:
                filled = [{**(common if table.startswith("canonical.") else {}), **row} for row in ordered]
                connection.register("history_rows", pyarrow.Table.from_pylist(filled))
                connection.execute(f"insert into {table} by name from history_rows")
                connection.unregister("history_rows")


def _rows(history: History) -> dict[str, list[dict[str, Any]]]:
    name = history.name
    return {
        "canonical.repositories": [{"source_id": name, "name": f"acme/{name}", "default_branch": "main"}],
        "canonical.changes": [_change_row(name, change) for change in history.changes],
        "canonical.change_files": [
            {"source_id": f"{name}-{change.number}:{path}", "change": f"{name}-{change.number}", "path": path}
            | {"repository": name}
            for change in history.changes
            for path in change.files
        ],
        "canonical.commits": [
            {"source_id": f"{name}:{sha}", "repository": name, "sha": sha, "is_on_default_branch": True}
            for sha in history.parents
        ],
        "canonical.commit_ancestry": [
            {"source_id": f"{child}:{parent}", "repository": name, "child_sha": child, "parent_sha": parent}
            for child, parents in history.parents.items()
            for parent in parents
        ],
        "canonical.deployments": [_deployment_row(name, deployment) for deployment in history.deployments],
        "canonical.deployment_events": [
            row for deployment in history.deployments for row in _event_rows(name, deployment)
        ],
        "raw_flowgauge.services": [
            {"service": service, "repository": f"acme/{name}", "path_prefix": prefix}
            for service, prefixes in history.paths.items()
            for prefix in prefixes
        ],
        "raw_flowgauge.service_environments": [
            {"service": service, "environment": environment, "is_production": True}
            for service, environments in history.environments.items()
            for environment in environments
        ],
    }


def _change_row(name: str, change: Merged) -> dict[str, Any]:
    return {
        "source_id": f"{name}-{change.number}",
        "repository": name,
        "number": change.number,
        "created_at": min(change.merged_at, START),
        "merged_at": change.merged_at,
        "closed_at": change.merged_at,
        "state": "merged",
        "is_draft": False,
        "base_branch": change.base_branch,
        "head_sha": change.head_sha,
        "merge_sha": change.merge_sha,
        "reverts_number": change.reverts_number,
    }


def _deployment_row(name: str, deployment: Deployment) -> dict[str, Any]:
    return {
        "source_id": f"{name}-{deployment.id}",
        "repository": name,
        "environment": deployment.environment,
        "is_production": False,
        "sha": deployment.sha,
        "created_at": deployment.created_at,
        "started_at": deployment.created_at,
        "finished_at": deployment.finished_at,
        "status": deployment.status,
    }


def _event_rows(name: str, deployment: Deployment) -> list[dict[str, Any]]:
    moments = [(opened, "gate_opened", index) for index, (opened, _) in enumerate(deployment.gates)]
    moments += [
        (decided, "gate_approved", index) for index, (_, decided) in enumerate(deployment.gates) if decided
    ]
    if deployment.finished_at:
        outcome = {"success": "succeeded", "failure": "failed"}.get(deployment.status, "cancelled")
        moments.append((deployment.finished_at, outcome, 0))
    return [
        {
            "source_id": f"{name}-{deployment.id}-{type_}-{index}",
            "deployment": f"{name}-{deployment.id}",
            "repository": name,
            "type": type_,
            "occurred_at": occurred_at,
            "exactness": "exact",
        }
        for occurred_at, type_, index in moments
    ]


@dataclass(frozen=True)
class Outcome:
    """What became of a change: its state, what made it live and when, the end of its flow, its stages."""

    state: str
    deployment: str | None
    deployed_at: datetime | None
    flow_ended_at: datetime | None
    stages: tuple[tuple[str, datetime, datetime | None], ...]


class Reading:
    """Reads one history without declared services: every environment named production is the target."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.known = {sha: self._reach(sha) for sha in history.parents}
        self.attempts = [it for it in history.deployments if it.environment in {PRODUCTION, "live"}]

    def _reach(self, sha: str) -> set[str]:
        found: set[str] = set()
        waiting = [sha]
        while waiting:
            commit = waiting.pop()
            if commit not in found:
                found.add(commit)
                waiting.extend(self.history.parents[commit])
        return found

    def outcome(self, change: Merged) -> Outcome:
        """All that happens to one change after its merge."""
        state, deployment, decided_at = self._state(change)
        is_delivered = state == "deployed" and deployment is not None
        deployed_at = deployment.finished_at if is_delivered and deployment else None
        if state == "waiting":
            ended_at = None
        elif state in {"deployed", "superseded"} and decided_at:
            ended_at = max(change.merged_at, decided_at)
        else:
            ended_at = change.merged_at
        stages = self._stages(change, ended_at)
        return Outcome(
            state, deployment.id if is_delivered and deployment else None, deployed_at, ended_at, stages
        )

    def _state(self, change: Merged) -> tuple[str, Deployment | None, datetime | None]:
        if not self.attempts:
            return "not_applicable", None, None
        live = [found for found in (self._live_at_merge(change, it) for it in self._environments()) if found]
        if live:
            first = min(live, key=lambda it: (it.finished_at, it.created_at, it.id))
            return "deployed", first, first.finished_at
        verdicts = [verdict for verdict in self._verdicts(change) if verdict]
        is_hidden = any(self._is_hidden(change, environment) for environment in self._environments())
        deployed_branches = {"main"} | {
            other.base_branch
            for other in self.history.changes
            if other.merge_sha and other.merge_sha in {attempt.sha for attempt in self.attempts}
        }
        best = min(
            verdicts, key=lambda it: (it[0], it[1] != "deployed", it[2].created_at, it[2].id), default=None
        )
        is_deployed = best is not None and best[1] == "deployed"
        if not is_deployed and not is_hidden and change.base_branch not in deployed_branches:
            return "not_applicable", None, None
        reverted_at = min(
            (
                other.merged_at
                for other in self.history.changes
                if other.reverts_number == change.number
                and other.merged_at >= change.merged_at
                and other.base_branch == change.base_branch
            ),
            default=None,
        )
        if reverted_at and (best is None or reverted_at < best[0]):
            return "superseded", None, reverted_at
        if best is None:
            return "waiting", None, None
        return best[1], best[2], best[0]

    def _environments(self) -> list[str]:
        return sorted({attempt.environment for attempt in self.attempts})

    def _successes(self, environment: str | None = None) -> list[Deployment]:
        found = [it for it in self.attempts if it.has_succeeded and environment in {None, it.environment}]
        return sorted(found, key=lambda it: (it.finished_at, it.created_at, it.id))

    def _left_behind(self, change: Merged) -> str | None:
        return change.merge_sha or change.head_sha

    def _holds(self, deployment: Deployment, sha: str | None) -> bool:
        if sha is None or deployment.sha is None:
            return False
        return sha == deployment.sha or sha in self.known.get(deployment.sha, ())

    def _is_hidden(self, change: Merged, environment: str) -> bool:
        """Whether the first deployment whose content is known holds the change without bearing its sha."""
        first = next((it for it in self._successes(environment) if it.sha in self.known), None)
        sha = self._left_behind(change)
        return first is not None and first.sha != sha and self._holds(first, sha)

    def _live_at_merge(self, change: Merged, environment: str) -> Deployment | None:
        """The success since which the environment held one of the change's shas, if it did at the merge."""
        before = [it for it in self._successes(environment) if it.finished_at < change.merged_at]
        found = []
        for sha in {self._left_behind(change), change.head_sha} - {None}:
            holding = None
            for deployment in before:
                if self._holds(deployment, sha):
                    holding = holding or deployment
                elif deployment.sha in self.known or sha not in self.known:
                    holding = None
            if holding and not self._is_first_known_without_bearing(holding, environment, sha):
                found.append(holding)
        return min(found, key=lambda it: (it.finished_at, it.created_at, it.id), default=None)

    def _is_first_known_without_bearing(
        self, deployment: Deployment, environment: str, sha: str | None
    ) -> bool:
        first = next((it for it in self._successes(environment) if it.sha in self.known), None)
        return deployment is first and deployment.sha != sha

    def _verdicts(self, change: Merged) -> list[tuple[datetime, str, Deployment] | None]:
        """For each success its moment and whether it holds the change or nobody can tell."""
        if not self._successes() and change.merged_at < min(it.created_at for it in self.attempts):
            return [(change.merged_at, "not_linked", self.attempts[0])]
        verdicts: list[tuple[datetime, str, Deployment] | None] = []
        for environment in self._environments():
            if self._is_hidden(change, environment):
                verdicts.append((change.merged_at, "not_linked", self.attempts[0]))
            verdicts += [
                self._verdict(change, deployment, environment) for deployment in self._successes(environment)
            ]
        return verdicts

    def _verdict(
        self, change: Merged, deployment: Deployment, environment: str
    ) -> tuple[datetime, str, Deployment] | None:
        if deployment.finished_at is None or deployment.finished_at < change.merged_at:
            return None
        shas = {self._left_behind(change), change.head_sha} - {None}
        visible = {it for it in shas if not self._is_first_known_without_bearing(deployment, environment, it)}
        if any(self._holds(deployment, sha) for sha in visible):
            return deployment.finished_at, "deployed", deployment
        can_tell = deployment.sha in self.known and self._left_behind(change) in self.known
        if can_tell or deployment.created_at < change.merged_at:
            return None
        return deployment.finished_at, "not_linked", deployment

    def _stages(
        self, change: Merged, ended_at: datetime | None
    ) -> tuple[tuple[str, datetime, datetime | None], ...]:
        """The stage at each instant at which anything happens, equal neighbours joined."""
        if ended_at is not None and ended_at <= change.merged_at:
            return ()
        moments = {change.merged_at}
        for attempt in self.attempts:
            moments |= {
                attempt.created_at,
                attempt.finished_at,
                *(it for gate in attempt.gates for it in gate),
            }  # type: ignore[arg-type]
        inside = sorted(
            it for it in moments if it and it >= change.merged_at and (ended_at is None or it < ended_at)
        )
        stages: list[tuple[str, datetime]] = []
        for moment in inside:
            stage = self._stage_at(change, moment)
            if not stages or stages[-1][0] != stage:
                stages.append((stage, moment))
        exits = [entered for _, entered in stages[1:]] + [ended_at]
        return tuple((stage, entered, left) for (stage, entered), left in zip(stages, exits, strict=True))

    def _stage_at(self, change: Merged, moment: datetime) -> str:
        live = [
            it
            for it in self.attempts
            if it.created_at <= moment
            and (it.finished_at is None or moment < it.finished_at)
            and (self._holds(it, self._left_behind(change)) or self._holds(it, change.head_sha))
        ]
        if not live:
            return "release_wait"
        latest = max(live, key=lambda it: (it.created_at, it.id))
        is_gated = any(
            opened <= moment and (decided is None or moment < decided) for opened, decided in latest.gates
        )
        return "approval_wait" if is_gated else "deploy"
