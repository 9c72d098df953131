"""The handoff rules of a change before its merge, read aloud: one walk through its events in their order.

Written from the rules' text and not from the SQL. Rounds, requests and verdicts are followed event by event;
when approval is given or lost is asked of the stage interpreter, instant by instant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from support.histories import Change, Event
from support.reference import Interpreter

PUSHES = ("pushed", "force_pushed")


@dataclass(frozen=True)
class Handoff:
    """Responsibility that one role offered another; `taker` is null until somebody accepted."""

    mechanism: str
    to_role: str
    round_number: int
    requested_at: datetime
    accepted_at: datetime | None
    outcome: str
    taker: str | None


@dataclass
class Round:
    """A review round while it is walked through."""

    number: int
    started_at: datetime
    asked_at: datetime | None = None
    removed_at: datetime | None = None
    answered_at: datetime | None = None
    responder: str | None = None
    is_responded: bool = False
    refused_at: datetime | None = None
    refusals: dict[str, bool] = field(default_factory=dict)
    retracted_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass
class Approval:
    """A stretch of a ready change during which the approvals that it needs were there since `given_at`."""

    given_at: datetime
    ready_at: datetime
    lost_at: datetime | None = None
    accepted_at: datetime | None = None
    taker: str | None = None


class Walk:
    """One change's events, in order, up to its end."""

    def __init__(self, interpreter: Interpreter, change: Change) -> None:
        self.interpreter = interpreter
        self.change = change
        self.end = interpreter.ended_at(change)
        self.events = interpreter.past(change, self.end or interpreter.organisation.as_of)
        self.is_draft = interpreter.is_draft(change, [])
        self.rounds: list[Round] = []
        self.standing: dict[str, bool] = {}
        for event in self.events:
            self._step(event)

    def handoffs(self) -> set[Handoff]:
        """Requests and refusals of each round, and its approval."""
        found = {handoff for its in self.rounds for handoff in (self._request(its), self._refusal(its))}
        return {handoff for handoff in found | self._approvals() if handoff is not None}

    @property
    def current(self) -> Round | None:
        return self.rounds[-1] if self.rounds else None

    def _step(self, event: Event) -> None:
        if event.type == "converted_to_draft":
            self.is_draft = True
        elif event.type in ("opened", "ready_for_review"):
            self._ready(event)
        elif event.type in PUSHES:
            self._push(event)
        elif event.type == "review_requested":
            self._ask(event)
        elif event.type == "review_request_removed":
            self._unask(event)
        elif event.type == "review_dismissed":
            self._retract(event.subject, event.at)
        elif self.interpreter.is_response(self.change, event):
            self._respond(event)
        elif event.type in ("reviewed_approved", "reviewed_changes_requested"):
            self._retract(event.actor, event.at)

    def _ready(self, event: Event) -> None:
        self.is_draft = self.is_draft and event.type == "opened"
        if self.is_draft:
            return
        if not self.rounds:
            self.rounds.append(Round(1, event.at))
        for subject, is_effective in self.standing.items():
            if not is_effective:
                self.standing[subject] = True
                self._asked(event.at)

    def _push(self, event: Event) -> None:
        its = self.current
        if its is not None and its.is_responded:
            its.ended_at = event.at
            self.rounds.append(Round(its.number + 1, event.at))
            if any(self.standing.values()):
                self._asked(event.at)

    def _asked(self, at: datetime) -> None:
        its = self.current
        if its is not None and its.answered_at is None:
            its.asked_at = its.asked_at or at
            its.removed_at = None

    def _ask(self, event: Event) -> None:
        subject = self._subject(event)
        if event.subject == self.change.author or (
            event.subject and not self.interpreter.is_human(event.subject)
        ):
            return
        self.standing[subject] = not self.is_draft
        if not self.is_draft:
            self._asked(event.at)

    def _unask(self, event: Event) -> None:
        was_effective = self.standing.pop(self._subject(event), False)
        its = self.current
        if its is not None and was_effective and its.asked_at and not any(self.standing.values()):
            its.removed_at = event.at

    def _respond(self, event: Event) -> None:
        assert event.actor is not None
        effective = [subject for subject, is_effective in self.standing.items() if is_effective]
        answered = [subject for subject in self.standing if self._answers(event.actor, subject)]
        for subject in answered:
            del self.standing[subject]
        if event.type in ("reviewed_approved", "reviewed_changes_requested"):
            self._retract(event.actor, event.at)
        its = self.current
        if its is None:
            return
        its.is_responded = True
        if its.answered_at is None and (not effective or set(answered) & set(effective)):
            its.answered_at, its.responder = event.at, event.actor
        if event.type == "reviewed_changes_requested":
            its.refused_at = its.refused_at or event.at
            its.refusals[event.actor] = True
            its.retracted_at = None

    def _retract(self, account: str | None, at: datetime) -> None:
        for its in self.rounds[-1:]:
            if account is not None and its.refusals.get(account):
                its.refusals[account] = False
                its.retracted_at = None if any(its.refusals.values()) else at

    def _subject(self, event: Event) -> str:
        return event.subject or f"team {event.team}"

    def _answers(self, actor: str, subject: str) -> bool:
        teams = self.interpreter.organisation.teams
        team = subject.removeprefix("team ")
        if team == subject:
            return actor == subject
        return team not in teams or actor in teams[team]

    def _request(self, its: Round) -> Handoff | None:
        if its.number == 1 and its.asked_at is None and its.answered_at is None:
            return None
        if its.answered_at is not None:
            outcome = "accepted"
        elif its.asked_at is not None and its.removed_at is not None:
            outcome = "withdrawn"
        elif its.ended_at is not None:
            outcome = "superseded"
        else:
            outcome = "withdrawn" if self.end else "pending"
        requested_at = its.asked_at or its.started_at
        return Handoff(
            "review_request", "reviewer", its.number, requested_at, its.answered_at, outcome, its.responder
        )

    def _refusal(self, its: Round) -> Handoff | None:
        if its.refused_at is None:
            return None
        pushed_at = next((e.at for e in self.events if e.type in PUSHES and self._is_after(e, its)), None)
        taker = None
        if its.retracted_at is not None:
            outcome, pushed_at = "superseded", None
        elif pushed_at is not None:
            outcome, taker = "accepted", self.change.author
        else:
            outcome = "withdrawn" if self.end else "pending"
        return Handoff("review_verdict", "author", its.number, its.refused_at, pushed_at, outcome, taker)

    def _is_after(self, push: Event, its: Round) -> bool:
        return its.ended_at is not None and push.at >= its.ended_at

    def _approvals(self) -> set[Handoff | None]:
        """Of each round the approval taken first, else the last; after a draft none that was taken is new."""
        rows: dict[int, Approval] = {}
        taken: set[datetime] = set()
        for span in self._approval_spans():
            if span.given_at in taken:
                continue
            if span.accepted_at is not None:
                taken.add(span.given_at)
            number = max(its.number for its in self.rounds if its.started_at <= span.ready_at)
            if number not in rows or rows[number].accepted_at is None:
                rows[number] = span
        return {self._approval(number, span) for number, span in rows.items()}

    def _approval_spans(self) -> list[Approval]:
        spans: list[Approval] = []
        given_at = None
        current: Approval | None = None
        for instant in self.interpreter.instants(self.change):
            if not self.interpreter.is_approval_given(self.change, instant):
                given_at = None
            elif given_at is None:
                given_at = instant
            is_draft = self.interpreter.is_draft(self.change, self.interpreter.past(self.change, instant))
            is_offered = given_at is not None and not is_draft
            if current is not None and not is_offered:
                current.lost_at, current = instant, None
            elif current is None and is_offered and given_at is not None:
                current = Approval(given_at, instant)
                spans.append(current)
        for span in spans:
            self._take(span)
        return spans

    def _take(self, span: Approval) -> None:
        queued = [
            event
            for event in self.events
            if event.type == "enqueued"
            and span.ready_at <= event.at
            and (span.lost_at is None or event.at < span.lost_at)
        ]
        if queued:
            span.accepted_at, span.taker = queued[0].at, queued[0].actor
        elif span.lost_at is None and self.change.merged_at is not None:
            span.accepted_at, span.taker = self.change.merged_at, self.change.merged_by

    def _approval(self, number: int, span: Approval) -> Handoff | None:
        approver = self.interpreter.last_approver(self.change, span.ready_at)
        if span.taker is not None and span.taker == approver:
            return None
        outcome = "pending" if self.end is None else "withdrawn"
        if span.lost_at is not None:
            outcome = "superseded"
        if span.accepted_at is not None:
            outcome = "accepted"
        return Handoff(
            "review_verdict", "merger", number, span.ready_at, span.accepted_at, outcome, span.taker
        )
