"""The stage rules, read aloud: a slow interpreter that asks at each instant what the whole history says.

Written from the rules' text and not from the SQL: no window, no counter, no shared helper. At every instant
at which anything happens it works out the stage from scratch and joins equal neighbours to visits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from support.histories import Change, Check, Event, Organisation, Rule

ORDER = {"opened": 1, "reopened": 2, "ready_for_review": 3, "converted_to_draft": 3, "pushed": 4}
ORDER |= {"force_pushed": 4, "enqueued": 6, "dequeued": 6, "closed": 7, "merged": 8}
VERDICTS = ("reviewed_approved", "reviewed_changes_requested")
RESPONSES = ("commented", "reviewed_commented", *VERDICTS)
FAILURES = ("failure", "timed_out", "infrastructure_failure")


@dataclass(frozen=True)
class Visit:
    """A stage that a change was in, from `entered_at` until just before `exited_at` (null while open)."""

    stage: str
    entered_at: datetime
    exited_at: datetime | None
    exit_reason: str


class Interpreter:
    """Reads one organisation's changes; `visits` and `closed_seconds` are what the marts should say."""

    def __init__(self, changes: list[Change], organisation: Organisation) -> None:
        self.changes = changes
        self.organisation = organisation

    def visits(self, change: Change) -> list[Visit]:
        """The visits from build start to merge, final closing or now, in order, without equal neighbours."""
        instants = self.instants(change)
        stages = [(instant, self.stage_at(change, instant)) for instant in instants]
        joined = [pair for index, pair in enumerate(stages) if index == 0 or pair[1] != stages[index - 1][1]]
        end = self.ended_at(change)
        visits = []
        for place, (entered, stage) in enumerate(joined):
            following = joined[place + 1] if place + 1 < len(joined) else None
            if stage != "closed":
                exited = following[0] if following else end
                visits.append(Visit(stage, entered, exited, _reason(change, stage, exited, following)))
        return visits

    def closed_seconds(self, change: Change) -> int:
        """Seconds between closings and the reopening or merge that followed."""
        instants = self.instants(change)
        end = self.ended_at(change)
        total = 0.0
        for place, entered in enumerate(instants):
            exited = instants[place + 1] if place + 1 < len(instants) else end
            if exited is not None and self.stage_at(change, entered) == "closed":
                total += (exited - entered).total_seconds()
        return int(total)

    def started_at(self, change: Change) -> datetime:
        """The earliest of first commit and opening."""
        return min([change.created_at, *(commit.authored_at for commit in change.commits)])

    def ended_at(self, change: Change) -> datetime | None:
        """The merge, the final closing, or null while the change is open."""
        return change.merged_at or change.closed_at

    def stage_at(self, change: Change, instant: datetime) -> str:
        """The first rule that holds once everything up to and including this second is applied."""
        past = self.past(change, instant)
        if _last(past, "closed", "reopened") == "closed":
            return "closed"
        if instant < change.created_at or self.is_draft(change, past):
            return "build"
        if _last(past, "enqueued", "dequeued", "closed") == "enqueued":
            return "ci"
        if self._is_sent_back(past):
            return "rework"
        if self._is_approval_missing(change, past, instant):
            return "review" if self._has_response_since_turn(change, past) else "review_wait"
        return self._checked(change, past, instant)

    def instants(self, change: Change) -> list[datetime]:
        """Every instant of its span at which anything happens that could matter."""
        end = self.ended_at(change)
        limit = self.organisation.as_of
        instants = {self.started_at(change), change.created_at}
        instants |= {event.at for event in change.history()}
        instants |= {rule.first_seen_at for rule in self.organisation.rules}
        for check in self.organisation.checks:
            instants |= {check.queued_at, check.finished_at or check.queued_at}
        start = self.started_at(change)
        return sorted(i for i in instants if start <= i and (i < end if end else i <= limit))

    def past(self, change: Change, instant: datetime) -> list[Event]:
        """The events up to and including the second, in the order in which they apply."""
        events = [
            event
            for event in change.history()
            if event.at <= instant and (event.at >= change.created_at or "pushed" in event.type)
        ]
        return sorted(events, key=lambda event: (event.at, ORDER.get(event.type, 5), event.source_id))

    def is_draft(self, change: Change, past: list[Event]) -> bool:
        """Whether it is a draft once these events have applied."""
        drafts = sorted(
            (e for e in change.history() if e.type in ("ready_for_review", "converted_to_draft")),
            key=lambda event: (event.at, event.source_id),
        )
        opened_as_draft = drafts[0].type == "ready_for_review" if drafts else change.is_draft
        latest = _last(past, "ready_for_review", "converted_to_draft")
        return opened_as_draft if latest is None else latest == "converted_to_draft"

    def is_human(self, login: str | None) -> bool:
        """Whether the account is a human's."""
        return login is not None and self.organisation.kinds[login] == "human"

    def _responses(self, change: Change, past: list[Event]) -> list[int]:
        """Places, within the past, of what humans other than the author answered."""
        return [place for place, event in enumerate(past) if self.is_response(change, event)]

    def is_response(self, change: Change, event: Event) -> bool:
        """Whether a human other than the author answered."""
        return event.type in RESPONSES and self.is_human(event.actor) and event.actor != change.author

    def is_approval_given(self, change: Change, instant: datetime) -> bool:
        """Whether somebody's approval stands and needed approvals are not missing, in a draft as well."""
        past = self.past(change, instant)
        if instant < change.created_at or not self._approvers(change, past):
            return False
        is_needed = self.required_approvals(change, instant) != 0
        return is_needed and not self._is_approval_missing(change, past, instant)

    def last_approver(self, change: Change, instant: datetime) -> str | None:
        """Who gave the newest of the approvals that stand at the instant."""
        approvers = self._approvers(change, self.past(change, instant))
        return approvers[-1] if approvers else None

    def _approvers(self, change: Change, past: list[Event]) -> list[str]:
        standing = sorted((place, who, kind) for who, (place, kind) in self._verdicts(past).items())
        return [who for _, who, kind in standing if "approved" in kind and who != change.author]

    def _has_response_since_turn(self, change: Change, past: list[Event]) -> bool:
        turns = [p for p, e in enumerate(past) if e.type in ("opened", "ready_for_review", "reopened")]
        return any(place > turns[-1] for place in self._responses(change, past))

    def _verdicts(self, past: list[Event]) -> dict[str, tuple[int, str]]:
        """Account -> place and kind of its latest verdict that nobody dismissed."""
        standing: dict[str, tuple[int, str]] = {}
        for place, event in enumerate(past):
            if event.type in VERDICTS and event.actor is not None:
                standing[event.actor] = (place, event.type)
            if event.type == "review_dismissed" and event.subject is not None:
                standing.pop(event.subject, None)
        return standing

    def _is_sent_back(self, past: list[Event]) -> bool:
        pushes = [p for p, e in enumerate(past) if e.type in ("pushed", "force_pushed")]
        last_push = pushes[-1] if pushes else -1
        return any(
            kind == "reviewed_changes_requested" and place > last_push and self.is_human(account)
            for account, (place, kind) in self._verdicts(past).items()
        )

    def _is_approval_missing(self, change: Change, past: list[Event], instant: datetime) -> bool:
        verdicts = self._verdicts(past)
        is_blocked = any(kind == "reviewed_changes_requested" for _, kind in verdicts.values())
        needed = self.required_approvals(change, instant)
        if needed is None:
            return is_blocked or not self._responses(change, past)
        return needed > 0 and (is_blocked or len(self._approvers(change, past)) < needed)

    def required_approvals(self, change: Change, instant: datetime) -> int | None:
        """Approvals needed at the instant; null where nothing tells."""
        rule = self._rule(change, instant)
        if rule is not None and rule.approvals is not None:
            return rule.approvals
        if self.organisation.declared_approvals is not None:
            return self.organisation.declared_approvals
        return 1 if self._is_approval_usual(change) else None

    def _rule(self, change: Change, instant: datetime) -> Rule | None:
        rules = [rule for rule in self.organisation.rules if rule.branch == change.base_branch]
        rules.sort(key=lambda rule: rule.first_seen_at)
        seen = [rule for rule in rules if rule.first_seen_at <= instant]
        return (seen[-1] if seen else rules[0]) if rules else None

    def _is_approval_usual(self, change: Change) -> bool:
        since = change.created_at - timedelta(days=90)
        merged = [
            other
            for other in self.changes
            if other.merged_at is not None
            and since <= other.merged_at < change.created_at
            and other.merged_at <= self.organisation.as_of
            and other.base_branch == change.base_branch
            and self.is_human(other.merged_by)
        ]
        return 2 * sum(self._is_approved_at_merge(other) for other in merged) > len(merged)

    def _is_approved_at_merge(self, change: Change) -> bool:
        assert change.merged_at is not None
        return bool(self._approvers(change, self.past(change, change.merged_at)))

    def _checked(self, change: Change, past: list[Event], instant: datetime) -> str:
        rule = self._rule(change, instant)
        required = rule.checks if rule is not None else None
        if required is None and self.organisation.declared_checks is not None:
            required = tuple(json.loads(self.organisation.declared_checks))
        head = self._head(change, past)
        is_failed = is_pending = False
        for check in self._latest_attempts(head, instant):
            is_needed = check.is_required if required is None else check.name in required
            is_running = check.finished_at is None or check.finished_at > instant
            is_pending |= is_running and is_needed is not False
            is_failed |= not is_running and bool(is_needed) and check.conclusion in FAILURES
        if is_failed:
            return "rework"
        return "ci" if is_pending else "merge_wait"

    def _head(self, change: Change, past: list[Event]) -> str | None:
        if not any(event.type in ("pushed", "force_pushed") for event in change.history()):
            return change.head_sha
        pushes = [event for event in past if event.type in ("pushed", "force_pushed")]
        return pushes[-1].sha if pushes else None

    def _latest_attempts(self, sha: str | None, instant: datetime) -> list[Check]:
        known = [c for c in self.organisation.checks if c.sha == sha and c.queued_at <= instant]
        known.sort(key=lambda check: (check.queued_at, check.attempt))
        return list({check.name: check for check in known}.values())


def _last(past: list[Event], *types: str) -> str | None:
    kinds = [event.type for event in past if event.type in types]
    return kinds[-1] if kinds else None


STAGE_ORDER = {"build": 30, "review_wait": 40, "review": 50, "rework": 60, "ci": 70, "merge_wait": 80}


def _reason(
    change: Change, stage: str, exited: datetime | None, following: tuple[datetime, str] | None
) -> str:
    if exited is None:
        return "open"
    if following is None:
        return "advanced" if change.merged_at else "abandoned"
    if following[1] == "closed":
        return "abandoned"
    return "returned" if STAGE_ORDER[following[1]] < STAGE_ORDER[stage] else "advanced"
