"""Random tickets, incidents, features and deployments, as dense in time as `support.random_histories`."""

from __future__ import annotations

import random
from datetime import datetime

from support.histories import Change, after
from support.items import CUSTOMERS, MINUTE, STATUSES, Feature, FieldValue, Incident, Ticket
from support.random_histories import PEOPLE, TICK


def random_tickets(generator: random.Random, changes: list[Change], count: int) -> list[Ticket]:
    """Tickets that go back and forth, some before they were created, with own and shared changes."""
    return [_random_ticket(generator, changes, number) for number in range(1, count + 1)]


def _random_ticket(generator: random.Random, changes: list[Change], number: int) -> Ticket:
    created = generator.randint(0, 50)
    linked = generator.sample(changes, generator.choice([0, 1, 1, 2, 3]))
    ticket = Ticket(number, after(TICK * created), changes=[change.number for change in linked])
    for _ in range(generator.randint(0, 8)):
        at = after(TICK * (created + generator.randint(-1, 60)))
        field = generator.choice(["status", "status", "status", "assignee", "sprint"])
        choices = {"status": list(STATUSES), "assignee": [*PEOPLE, None], "sprint": ["1", "2", None]}
        ticket.values.append(FieldValue(field, at, generator.choice(choices[field])))
    return ticket


def random_incidents(generator: random.Random, count: int) -> list[Incident]:
    """Incidents with any events in any order, some of which were merged into an earlier one."""
    incidents = []
    kinds = ("acknowledged", "mitigated", "resolved", "reopened", "escalated", "assigned")
    for number in range(1, count + 1):
        triggered = generator.randint(0, 60)
        incident = Incident(number, after(TICK * triggered))
        if generator.random() < 0.5:
            incident.started_at = after(TICK * (triggered - generator.randint(-2, 10)))
        if number > 1 and generator.random() < 0.15:
            incident.merged_into = generator.randint(1, number - 1)
        for _ in range(generator.randint(0, 7)):
            at = after(TICK * (triggered + generator.randint(0, 50)))
            incident.events.append((generator.choice(kinds), at))
        incidents.append(incident)
    return incidents


def random_features(generator: random.Random, changes: list[Change], count: int) -> list[Feature]:
    """Features with and without flags and key events; flags go on and off, customers use at any time."""
    features = []
    for number in range(count):
        feature = Feature(f"feature-{number}", generator.random() < 0.7, generator.random() < 0.7)
        feature.changes = [change.number for change in generator.sample(changes, generator.randint(0, 30))]
        for _ in range(generator.randint(0, 5) if feature.has_flag else 0):
            feature.steps.append((after(TICK * generator.randint(0, 110)), generator.random() < 0.6))
        for _ in range(generator.randint(0, 16) if feature.has_key_event else 0):
            feature.uses.append((after(TICK * generator.randint(0, 115)), generator.choice(CUSTOMERS)))
        features.append(feature)
    return features


def random_deployments(generator: random.Random, changes: list[Change]) -> list[tuple[str, str, datetime]]:
    """Deployments of some merged changes, each naming the commit that the merge made."""
    merged = [change for change in changes if change.merged_at and change.base_branch == "main"]
    return [
        (f"d{change.number}", str(change.merge_sha), change.merged_at + MINUTE * generator.randint(0, 9))
        for change in generator.sample(merged, len(merged) * 2 // 3)
        if change.merged_at
    ]
