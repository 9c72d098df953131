"""Whom authors ask, and how reviewers judge."""

from random import Random
from typing import TYPE_CHECKING

from sandbox.organisation import Person
from sandbox.simulation.changes import LiveChange
from sandbox.simulation.people import Activity
from sandbox.simulation.world import chance

if TYPE_CHECKING:
    from sandbox.simulation.development import Developer

# After this many rounds reviewers are content.
PATIENCE_ROUNDS = 4
REFERENCE_LINES = 150


def eligible(change: LiveChange) -> list[Person]:
    """Return who may review: reviewers of the team other than the author."""
    people = [
        person for person in change.team.developers if person.is_reviewer and person is not change.author
    ]
    return people or [person for person in change.team.developers if person is not change.author]


def ask_reviewers(change: LiveChange, random: Random, *, again: bool = False) -> None:
    """Ask for the reviews that are missing: whoever looked before, the least busy, or the whole team."""
    if not change.is_open or change.is_draft or not change.is_approval_missing():
        return
    world, habits, actor = change.world, change.world.scenario.review, change.record.author
    asker = change.owner.account if actor.kind != "human" else actor
    if again and change.verdicts:
        people = world.organisation.people
        asked: list[Person | str] = [people[number] for number in change.verdicts]
    elif change.reviewers:
        return
    elif chance(random, habits.team_request_share):
        asked = [change.team.name]
    else:
        asked = list(_chosen(change, random))
    for subject in asked:
        if subject not in change.reviewers:
            change.reviewers.append(subject)
            change.request(asker, subject)
        world.development.request_review(change, subject)


def _chosen(change: LiveChange, random: Random) -> list[Person]:
    world, habits = change.world, change.world.scenario.review
    count = change.record.repository.required_approvals + chance(random, habits.second_reviewer_share)
    approved = {number for number, verdict in change.verdicts.items() if verdict.state == "approved"}
    people = [person for person in eligible(change) if person.id not in approved]
    workers = world.development.workers
    people.sort(key=lambda person: (len(workers[person.id].reviews), random.random()))
    return people[:count]


def is_reviewable(change: LiveChange, person: Person) -> bool:
    """Whether a look by this person would still help."""
    if not change.is_open or change.is_draft or change.is_queued or person is change.author:
        return False
    is_asked = person in change.reviewers or change.team.name in change.reviewers
    return is_asked and change.is_approval_missing()


def give_review(developer: "Developer", change: LiveChange) -> Activity:
    """Read the change and answer: approve, ask for changes, or comment."""
    world, habits, random = developer.world, developer.world.scenario.review, developer.random
    person = developer.person
    lines = change.record.heads[-1].additions
    factor = min(4.0, max(0.5, (lines / REFERENCE_LINES) ** 0.5))
    if change.assisted:
        factor *= world.scenario.assistant.review_factor
    yield developer.working(round(habits.hours.seconds(random) * factor))
    if not is_reviewable(change, person):
        return
    for subject in (person, change.team.name):
        if subject in change.reviewers:
            change.reviewers.remove(subject)
    account = person.account
    draw = random.random() if change.handoffs.round_number < PATIENCE_ROUNDS else 1.0
    if draw < habits.changes_requested_share:
        change.review(account, person, "changes_requested")
    elif draw < habits.changes_requested_share + habits.comment_share:
        if chance(random, 0.5):
            change.comment(account, person)
        else:
            change.review(account, person, "commented")
    else:
        change.review(account, person, "approved")
