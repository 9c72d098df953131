"""Random tickets for property tests, as dense in time as the changes of `support.random_histories`."""

from __future__ import annotations

import random

from support.histories import Change, after
from support.items import STATUSES, FieldValue, Ticket
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
