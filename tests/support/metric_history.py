"""Seven weeks of a small company in canonical words: something for every metric mart to count.

Deterministic by seed. Changes are merged along one line of commits, each deployed by its own; every third
deployment is followed by an incident, of which some name it and some are ended by a rollback.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from support.histories import (
    EPOCH,
    REPOSITORY,
    REPOSITORY_NAME,
    Change,
    Commit,
    Event,
    Organisation,
)
from support.items import (
    CUSTOMERS,
    Feature,
    FieldValue,
    Rows,
    Ticket,
    rows_of_deployments,
    rows_of_features,
    rows_of_tickets,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
CHANGES = 150
AS_OF = EPOCH + timedelta(days=49)
PEOPLE = ("ada", "bob", "cyd", "dot", "eve", "fay")


def later(instant: datetime, hours: float) -> datetime:
    """So many hours later, in whole seconds; earlier where they are negative."""
    return instant + timedelta(seconds=round(hours * 3600))


def metric_history(seed: int = 1) -> tuple[list[Change], Organisation]:
    """Changes and what stands around them, up to `AS_OF`."""
    chance = random.Random(seed)
    changes = [_change(chance, number) for number in range(1, CHANGES + 1)]
    organisation = Organisation(
        kinds=dict.fromkeys(PEOPLE, "human"),
        teams={"red": PEOPLE[:3], "blue": PEOPLE[3:]},
        sla_hours=4,
        as_of=AS_OF,
    )
    organisation.items = {
        **_tickets(chance, changes),
        **rows_of_features(_features(chance, changes)),
        **_deliveries(changes),
        "canonical.ci_jobs": list(_jobs(chance, changes)),
        "canonical.survey_responses": list(_answers(chance)),
        "canonical.assistant_usage_daily": list(_usage(chance)),
        "canonical.releases": list(_releases()),
        "canonical.code_owners": [
            {
                "source_id": "owner",
                "repository": REPOSITORY,
                "pattern": "/lib/",
                "position": 1,
                "owner_team": "blue",
            }
        ],
        "canonical.environment_states": list(_looks(changes)),
        "canonical.test_reports": list(_reports(chance, changes)),
    }
    return changes, organisation


def _change(chance: random.Random, number: int) -> Change:
    opened = EPOCH + HOUR * (7 * number + chance.randint(0, 5))
    author, reviewer = chance.sample(PEOPLE, 2)
    answered = later(opened, chance.uniform(0.2, 20))
    ended = later(answered, chance.uniform(0.2, 6))
    change = Change(number, opened, author, head_sha=f"head-{number}", merge_sha=f"merge-{number}")
    change.files = ["lib/search.py" if number % 2 else "docs/search.md"]
    change.commits = [Commit(f"head-{number}", later(opened, -chance.uniform(1, 40)))]
    change.events = [Event("review_requested", opened, author, reviewer)]
    if number % 5 == 0:
        change.events = [Event("review_requested", opened, author, team="blue")]
    if number % 3 == 0:
        change.markers = "trailer:copilot"
    if ended > AS_OF - HOUR:
        return change
    if number % 9:
        change.events.append(Event("reviewed_approved", answered, reviewer))
    if number % 11:
        change.merged_at, change.merged_by = ended, author
    else:
        change.closed_at = ended
    return change


def _tickets(chance: random.Random, changes: Sequence[Change]) -> Rows:
    tickets = []
    for change in changes[:60]:
        created = later(change.created_at, -chance.uniform(30, 90))
        decided = later(created, chance.uniform(1, 20))
        status = "No" if change.number % 7 == 0 else "Next"
        ticket = Ticket(change.number, created, changes=[change.number])
        ticket.values = [FieldValue("status", decided, status)]
        if status == "Next":
            ticket.values.append(FieldValue("status", later(decided, chance.uniform(1, 9)), "Doing"))
            ended = (change.closed_at or change.merged_at or AS_OF) + HOUR
            ticket.values.append(FieldValue("status", ended, "Done"))
        ticket.values += [
            FieldValue("due_at", at, f"{later(change.created_at, hours):%Y-%m-%dT%H:%M:%SZ}")
            for at, hours in ((created, 12), (decided, 36))[: 1 + change.number % 2]
        ]
        tickets.append(ticket)
    rows = rows_of_tickets(tickets)
    for row in rows["canonical.work_items"][::3]:
        row["type"] = "bug"
    return rows


def _features(chance: random.Random, changes: Sequence[Change]) -> list[Feature]:
    merged = [change.number for change in changes if change.merged_at]
    used = Feature("search", True, True, merged[:20], [(EPOCH + timedelta(days=12), True)])
    used.uses = [(later(EPOCH, 288 + chance.uniform(12, 480)), customer) for customer in CUSTOMERS[:9]]
    unused = [
        Feature(f"unused-{number}", True, True, [merged[number]], [(EPOCH + timedelta(days=11), True)])
        for number in range(5)
    ]
    hidden = Feature("hidden", True, True, merged[20:30])
    plain = Feature("plain", False, False, merged[30:35])
    return [used, hidden, plain, *unused]


def _deliveries(changes: Sequence[Change]) -> Rows:
    """Deployments, the line of commits, and the incidents that follow some."""
    merged = sorted((change for change in changes if change.merged_at), key=lambda each: str(each.merged_at))
    made: list[tuple[str, str, datetime]] = []
    incidents: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for place, change in enumerate(merged):
        at = (change.merged_at or EPOCH) + MINUTE * 30
        made.append((f"d{change.number}", str(change.merge_sha), at))
        if place % 3 == 2:
            number = len(incidents)
            incidents.append(_incident(number, at + MINUTE * 10, f"d{change.number}" if number % 2 else None))
            events += _responses(number, at + MINUTE * 10)
            if number % 3 == 0:
                made.append((f"back{number}", str(merged[place - 1].merge_sha), at + MINUTE * 40))
                made.append((f"again{number}", str(change.merge_sha), at + MINUTE * 400))
    line = [str(change.merge_sha) for change in merged]
    return {
        **rows_of_deployments(each for each in made if each[2] < AS_OF),
        "canonical.incidents": incidents,
        "canonical.incident_events": events,
        "canonical.commit_ancestry": [
            {
                "source_id": f"{child}:{parent}",
                "repository": REPOSITORY,
                "child_sha": child,
                "parent_sha": parent,
                "position": 1,
            }
            for parent, child in itertools.pairwise(line)
        ],
    }


def _incident(number: int, triggered_at: datetime, deployment: str | None) -> dict[str, Any]:
    return {
        "source_id": f"i{number}",
        "number": number,
        "service_hint": REPOSITORY_NAME,
        "status": "triggered",
        "started_at": triggered_at - MINUTE * 5,
        "triggered_at": triggered_at,
        "deployment_source_id": deployment,
    }


def _responses(number: int, triggered_at: datetime) -> Iterator[dict[str, Any]]:
    for place, (kind, minutes) in enumerate(
        (("acknowledged", 4), ("mitigated", 50), ("resolved", 90 + number))
    ):
        yield {
            "source_id": f"i{number}-{place}",
            "incident": f"i{number}",
            "type": kind,
            "occurred_at": triggered_at + MINUTE * minutes,
            "actor_account": "a-dot",
            "exactness": "exact",
        }


def _jobs(chance: random.Random, changes: Sequence[Change]) -> Iterator[dict[str, Any]]:
    free = EPOCH
    for change in changes:
        outcomes = ["failure", "success"] if change.number % 4 == 0 else ["success"]
        if change.number % 13 == 0:
            outcomes = ["timed_out"]
        for name in ("build", "test"):
            for attempt, conclusion in enumerate(outcomes, start=1):
                queued = change.created_at + HOUR * (attempt - 1)
                started = max(later(queued, chance.uniform(0, 0.05)), free)
                free = later(started, chance.uniform(0.1, 0.5))
                yield {
                    "source_id": f"{change.id}-{name}-{attempt}",
                    "repository": REPOSITORY,
                    "sha": change.head_sha,
                    "name": name,
                    "runner_pool": "linux",
                    "run": f"run-{change.id}-{name}:{attempt}",
                    "attempt": attempt,
                    "queued_at": queued,
                    "started_at": started,
                    "finished_at": free,
                    "setup_seconds": 60,
                    "conclusion": conclusion,
                }


def _answers(chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(300):
        kind = "csat" if number % 2 else "nps"
        yield {
            "source_id": f"answer-{number}",
            "kind": kind,
            "score": float(chance.randint(1, 5) if kind == "csat" else chance.randint(0, 10)),
            "area": "checkout" if number % 4 < 2 else None,
            "answered_at": EPOCH + timedelta(minutes=210 * number),
        }


def _usage(chance: random.Random) -> Iterator[dict[str, Any]]:
    for day in range(40):
        for person in PEOPLE:
            yield {
                "source_id": f"{person}-{day}",
                "account": f"a-{person}",
                "tool": "copilot",
                "day": (EPOCH + timedelta(days=day)).date(),
                "session_count": None,
                "prompt_count": chance.randint(1, 30),
                "suggested_count": 20,
                "accepted_count": chance.randint(0, 20),
                "cost_usd": 1.5,
            }


def _releases() -> Iterator[dict[str, Any]]:
    for number in range(20):
        yield {
            "source_id": f"release-{number}",
            "repository": REPOSITORY,
            "name": f"v{number}",
            "tag": f"v{number}",
            "published_at": EPOCH + HOUR * 26 * number,
            "is_prerelease": number % 5 == 4,
            "is_draft": False,
            "is_bare_tag": False,
        }


def _looks(changes: Sequence[Change]) -> Iterator[dict[str, Any]]:
    """Daily looks at production; what is live was not always deployed, nor declared, nor planned."""
    shas = [str(change.merge_sha) for change in changes if change.merged_at]
    for day in range(3, 40):
        yield {
            "source_id": f"look-{day}",
            "repository": REPOSITORY,
            "environment": "production",
            "observed_at": EPOCH + timedelta(days=day),
            "live_sha": "by-hand" if day % 4 == 0 else shas[0],
            "declared_sha": shas[0] if day % 3 else shas[1],
            "plan_drift_count": day % 2,
        }


def _reports(chance: random.Random, changes: Sequence[Change]) -> Iterator[dict[str, Any]]:
    for change in changes:
        yield {
            "source_id": f"report-{change.id}",
            "repository": REPOSITORY,
            "sha": change.head_sha,
            "suite": "unit",
            "passed_count": 90,
            "failed_count": 0,
            "skipped_count": 1,
            "line_coverage": round(chance.uniform(0.6, 0.9), 3),
            "diff_coverage": round(chance.uniform(0.1, 1.0), 3) if change.number % 2 else None,
            "reported_at": change.created_at + HOUR,
        }
