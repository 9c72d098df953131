"""Random histories for property tests: dense in time, so that events of one second are common.

Deterministic by seed. What a source could not deliver is not made: closings and reopenings alternate, nothing
is closed twice in a second, a merge is last. Everything else may fall anywhere, in any order.
"""

from __future__ import annotations

import random
from datetime import datetime

from support.histories import Change, Check, Commit, Event, Organisation, Rule, after

PEOPLE = ("ada", "bob", "cyd", "dot", "robo")
CHECKS = ("build", "test", "lint")
CONCLUSIONS = ("success", "failure", "cancelled", "skipped", "timed_out", "running")
REVIEWS = ("commented", "reviewed_commented", "reviewed_approved", "reviewed_changes_requested")
TICK = 60


def random_organisation(generator: random.Random, count: int) -> tuple[list[Change], Organisation]:
    """Changes on branches with known, late, partly known and unknown rules, and what stands around them."""
    organisation = Organisation(
        declared_approvals=generator.choice([None, None, 0, 2]),
        declared_checks=generator.choice([None, None, '["test"]']),
        rules=[
            Rule(after(TICK * 40), 1, ("build", "test")),
            Rule(after(TICK * 55), 2, None),
            Rule(after(TICK * 90), 0, ()),
            Rule(after(TICK * 50), None, ("lint",), branch="late"),
            Rule(after(TICK * 70), 1, None, branch="late"),
        ],
        teams={"red": ["ada", "bob"], "blue": ["cyd"]},
        sla_hours=8,
        as_of=after(TICK * 120),
    )
    changes = [_random_change(generator, number) for number in range(1, count + 1)]
    organisation.checks = [check for change in changes for check in _random_checks(generator, change)]
    return changes, organisation


def _tick(generator: random.Random, first: int, last: int) -> datetime:
    return after(TICK * generator.randint(first, last))


def _random_change(generator: random.Random, number: int) -> Change:
    opened = generator.randint(0, 60)
    length = generator.randint(0, 50)
    author = generator.choice(PEOPLE)
    change = Change(
        number,
        after(TICK * opened),
        author=author,
        is_draft=generator.random() < 0.2,
        base_branch=generator.choice(["main", "late", "free"]),
        head_sha=f"sha-{number}-0",
        merge_sha=f"merge-{number}",
    )
    if generator.random() < 0.7:
        written = opened + generator.randint(-10, 5)
        change.commits = [Commit(f"sha-{number}-0", after(TICK * written))]
    switches = sorted(
        generator.sample(range(opened, opened + length + 1), min(length, generator.randint(0, 4)))
    )
    change.events = [
        Event("closed" if place % 2 == 0 else "reopened", after(TICK * tick), author)
        for place, tick in enumerate(switches)
    ]
    change.events += [
        _random_event(generator, change, _tick(generator, opened, opened + length + 3), place)
        for place in range(generator.randint(0, 14))
    ]
    if any("pushed" in event.type for event in change.events):
        change.events.append(Event("pushed", change.created_at, author, sha=change.head_sha))
        change.events[-1] = Event(
            "pushed", after(TICK * (opened - 1)), author, sha=change.head_sha, source_id=f"c{number}-first"
        )
    _finish(generator, change, opened + length, len(switches) % 2 == 1, switches)
    generator.shuffle(change.events)
    return change


def _finish(
    generator: random.Random, change: Change, last: int, is_closed: bool, switches: list[int]
) -> None:
    if generator.random() < 0.5:
        change.merged_at = after(TICK * last)
        change.merged_by = generator.choice(PEOPLE)
    elif is_closed:
        change.closed_at = after(TICK * switches[-1])


def _random_event(generator: random.Random, change: Change, at: datetime, place: int) -> Event:
    actor = generator.choice(PEOPLE)
    draw = generator.random()
    if draw < 0.45:
        return Event(generator.choice(REVIEWS), at, actor)
    if draw < 0.6:
        kind = generator.choice(["pushed", "force_pushed"])
        return Event(kind, at, change.author, sha=f"sha-{change.number}-{place}")
    if draw < 0.7:
        return Event(generator.choice(["ready_for_review", "converted_to_draft"]), at, change.author)
    if draw < 0.78:
        return Event(generator.choice(["enqueued", "dequeued"]), at, actor)
    if draw < 0.84:
        return Event("review_dismissed", at, actor, subject=generator.choice(PEOPLE))
    return _random_request(generator, change, at)


def _random_request(generator: random.Random, change: Change, at: datetime) -> Event:
    kind = generator.choice(["review_requested", "review_requested", "review_request_removed"])
    if generator.random() < 0.3:
        return Event(kind, at, change.author, team=generator.choice(["red", "blue", "strangers"]))
    return Event(kind, at, change.author, subject=generator.choice(PEOPLE))


def _random_checks(generator: random.Random, change: Change) -> list[Check]:
    shas = sorted({event.sha for event in change.events if event.sha} | {change.head_sha or ""})
    return [
        _random_check(generator, sha, attempt)
        for sha in shas
        for attempt in range(1, generator.randint(1, 5))
    ]


def _random_check(generator: random.Random, sha: str, attempt: int) -> Check:
    queued = generator.randint(0, 110)
    conclusion = generator.choice(CONCLUSIONS)
    finished = None if conclusion == "running" else after(TICK * (queued + generator.randint(0, 6)))
    return Check(
        sha,
        generator.choice(CHECKS),
        after(TICK * queued),
        finished,
        conclusion,
        attempt,
        generator.choice([None, None, True, False]),
    )
