"""The live state of a change: what stands at this instant, and the stage that follows.

Every act on a change goes through a method here, which records the event that a vendor would keep, updates
the state, and writes truth when the stage moved. Who acts, and when, is decided elsewhere.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sandbox.gitobjects import EMPTY, Tree
from sandbox.history import Account, Change, Commit, Event, Head, PushKind
from sandbox.organisation import Person, Service, Team
from sandbox.simulation.handoffs import ChangeHandoffs
from sandbox.simulation.world import NO_SHA, World

if TYPE_CHECKING:
    from sandbox.simulation.product import LiveTicket
    from sandbox.simulation.releases import LiveDeployment

CheckState = Literal["pending", "passed", "failed"]
VerdictState = Literal["approved", "changes_requested"]


@dataclass(slots=True)
class Verdict:
    """The latest formal verdict of one person."""

    state: VerdictState
    at: int
    event: Event
    is_dismissed: bool = False


class LiveChange:
    """A change between its first commit and the end of its flow."""

    __slots__ = (
        "adopted_at",
        "assisted",
        "attempts",
        "author",
        "checks",
        "deployed_at",
        "duty",
        "exposed_at",
        "flow_ended_at",
        "handoffs",
        "has_response",
        "is_draft",
        "is_marked",
        "is_open",
        "is_queued",
        "merge_position",
        "owner",
        "pushed_at",
        "record",
        "ref",
        "reviewers",
        "services",
        "state",
        "team",
        "ticket",
        "track",
        "tree",
        "verdicts",
        "wants_auto_merge",
        "work_started_at",
        "world",
    )

    def __init__(
        self,
        world: World,
        record: Change,
        *,
        author: Person | None,
        owner: Person,
        team: Team,
        services: list[Service],
    ) -> None:
        self.world = world
        self.record = record
        self.ref = f"refs/heads/{record.head_branch}"
        self.author = author
        self.owner = owner
        self.team = team
        self.services = services
        self.ticket: LiveTicket | None = None
        self.work_started_at = world.now
        self.assisted = self.is_marked = False
        self.is_open = self.is_queued = False
        self.is_draft = record.is_draft_at_open
        self.verdicts: dict[int, Verdict] = {}
        # Whom the author counts on; a team's name stands for any of its members.
        self.reviewers: list[Person | str] = []
        self.tree: Tree = record.repository.tree
        self.has_response = False
        self.pushed_at = world.now
        self.checks: dict[str, CheckState] = {}
        self.wants_auto_merge = False
        self.duty = ""
        self.merge_position = 0
        self.attempts: list[LiveDeployment] = []
        self.deployed_at: int | None = None
        self.exposed_at: int | None = None
        self.adopted_at: int | None = None
        self.flow_ended_at: int | None = None
        self.state = "waiting"
        self.handoffs = ChangeHandoffs(self)
        self.track = world.truth.track("change", record.id)
        world.changes.append(self)

    # What stands.

    @property
    def head(self) -> Commit:
        """The newest commit of the branch."""
        return self.record.heads[-1].commits[-1]

    @property
    def is_merged(self) -> bool:
        """Whether the change is on trunk."""
        return self.record.merged_at is not None

    def stands_changes_requested(self) -> bool:
        """Whether somebody's request for changes is newer than the last push."""
        return any(
            verdict.state == "changes_requested" and not verdict.is_dismissed and verdict.at > self.pushed_at
            for verdict in self.verdicts.values()
        )

    def is_approval_missing(self) -> bool:
        """Whether the branch's rules still keep the change from merging for want of approvals."""
        required = self.record.repository.required_approvals
        if required == 0 or not self.verdicts:
            return required > 0
        standing = [verdict for verdict in self.verdicts.values() if not verdict.is_dismissed]
        approvals = sum(verdict.state == "approved" for verdict in standing)
        return approvals < required or approvals < len(standing)

    def stage(self) -> str:
        """Return the stage in which the change waits or is worked on before its merge."""
        if not self.is_open or self.is_draft:
            return "build"
        if self.is_queued:
            return "ci"
        if self.stands_changes_requested():
            return "rework"
        if self.is_approval_missing():
            return "review" if self.has_response else "review_wait"
        states = self._required_states()
        if "failed" in states:
            return "rework"
        return "ci" if "pending" in states else "merge_wait"

    def _required_states(self) -> list[CheckState | None]:
        return [self.checks.get(name) for name in self.record.repository.required_checks]

    def are_checks_done(self) -> bool:
        """Whether every required check of the head has an answer."""
        states = self._required_states()
        return None not in states and "pending" not in states

    def are_checks_green(self) -> bool:
        """Whether every required check of the head passed."""
        states = self._required_states()
        return states.count("passed") == len(states)

    def settle(self) -> None:
        """Write down the stage if it moved, and let people notice."""
        if self.is_merged or not (self.is_open or not self.record.heads):
            return
        self.enter(self.stage())
        self.world.development.notice(self)

    def enter(self, stage: str) -> None:
        """Move into a stage now, unless the change is in it."""
        if stage != self.track.stage:
            self.track.enter(stage, self.world.now)
            if self.ticket:
                self.ticket.follow()

    def end(self, state: str, reason: str = "advanced") -> None:
        """End the flow now."""
        self.flow_ended_at, self.state = self.world.now, state
        if reason == "superseded":
            self.handoffs.superseded()
        self._forget()
        self.track.leave(self.world.now, reason)
        if self.ticket:
            self.ticket.follow()

    def _forget(self) -> None:
        """Let go of what only an open change needs."""
        self.tree, self.verdicts, self.checks, self.reviewers = EMPTY, {}, {}, []
        self.handoffs.shrink()

    # What happens.

    def _record(self, event: Event) -> Event:
        self.record.events.append(event)
        return event

    def begin(self, first_authored_at: int) -> None:
        """Start the flow: the first commit was authored."""
        self.track.enter("build", min(first_authored_at, self.world.now))

    def open(self) -> None:
        """Open the change for the first time, as a draft or ready."""
        self.is_open = True
        self.record.repository.changes.append(self.record)
        if not self.is_draft:
            self.handoffs.ready()
        self.settle()

    def make_ready(self, actor: Account) -> None:
        """Leave draft."""
        self._record(self.world.event("ready_for_review", actor))
        self.is_draft = self.has_response = False
        self.handoffs.ready()
        self.settle()

    def make_draft(self, actor: Account) -> None:
        """Go back to draft."""
        self._record(self.world.event("converted_to_draft", actor))
        self.is_draft = True
        self.handoffs.drafted()
        self.settle()

    def request(self, actor: Account, subject: Person | str) -> None:
        """Ask a person or team for a review."""
        asked = subject.account if isinstance(subject, Person) else subject
        self._record(self.world.event("review_requested", actor, asked))
        self.handoffs.requested(subject)
        self.settle()

    def withdraw_request(self, actor: Account, subject: Person) -> None:
        """Take a review request back."""
        self._record(self.world.event("review_request_removed", actor, subject.account))
        self.handoffs.request_removed(subject)
        self.settle()

    def comment(self, actor: Account, person: Person | None) -> None:
        """Write a comment outside a review."""
        self._record(self.world.event("commented", actor))
        self._respond(person)
        self.settle()

    def review(
        self, actor: Account, person: Person | None, verdict: VerdictState | Literal["commented"]
    ) -> None:
        """Submit a review of the head."""
        was_missing = self.is_approval_missing()
        event = self._record(self.world.event("reviewed", actor, detail=verdict, sha=self.head.sha))
        self._respond(person)
        if verdict != "commented" and person:
            self.verdicts[person.id] = Verdict(verdict, self.world.now, event)
            self.handoffs.verdict(person, verdict, completes=was_missing and not self.is_approval_missing())
        self.settle()

    def _respond(self, person: Person | None) -> None:
        if person is not None and person is not self.author:
            self.has_response = True
            self.handoffs.responded(person)

    def dismiss_stale(self, actor: Account) -> None:
        """Dismiss the standing approvals, as branch rules may do after a push."""
        for verdict in self.verdicts.values():
            if verdict.state == "approved" and not verdict.is_dismissed:
                verdict.is_dismissed = True
                self._record(self.world.event("review_dismissed", actor, verdict.event, detail="approved"))
        self.handoffs.approval_lost_unless(not self.is_approval_missing())

    def push(self, head: Head, actor: Account, *, is_forced: bool = False) -> None:
        """Move the branch to a new head."""
        repository, before = (
            self.record.repository,
            self.record.heads[-1].sha if self.record.heads else NO_SHA,
        )
        kind: PushKind = "branch_creation" if before == NO_SHA else "force_push" if is_forced else "push"
        self.world.push(repository, self.ref, before, head.sha, actor=actor, kind=kind)
        self.record.heads.append(head)
        self.pushed_at = self.world.now
        self.checks = {}
        if self.is_open:
            if is_forced:
                self._record(self.world.event("force_pushed", actor, sha=head.sha, before_sha=before))
            self.handoffs.pushed()
            if self.world.organisation.policies[repository.id].dismisses_stale:
                self.dismiss_stale(actor)
            self.settle()

    def check(self, name: str, state: CheckState) -> None:
        """Take note of a check of the head; only those that are required can move the change."""
        self.checks[name] = state
        if self.is_open and name in self.record.repository.required_checks:
            self.settle()

    def enqueue(self, actor: Account) -> None:
        """Enter the merge queue."""
        self._record(self.world.event("enqueued", actor))
        self.is_queued = True
        self.handoffs.approval_taken(self.owner)
        self.settle()

    def dequeue(self, actor: Account, reason: str) -> None:
        """Leave the merge queue, merged or not."""
        self._record(self.world.event("dequeued", actor, detail=reason))
        self.is_queued = False
        if not self.is_merged:
            self.handoffs.approval_lost_unless(True)
            self.settle()

    def enable_auto_merge(self, actor: Account) -> None:
        """Let the vendor merge as soon as it may."""
        self._record(self.world.event("auto_merge_enabled", actor))
        self.wants_auto_merge = True

    def merge(self, actor: Account, person: Person | None, sha: str, position: int) -> None:
        """Reach trunk."""
        record = self.record
        record.merged_at, record.merged_by, record.merge_sha = self.world.now, actor, sha
        self.merge_position = position
        self._forget()
        self._record(self.world.event("merged", actor, sha=sha))
        self._record(self.world.event("closed", actor))
        self.is_open = self.is_queued = False
        self.handoffs.merged(person)

    def close(self, actor: Account, *, for_good: bool) -> None:
        """Close without merging."""
        self._record(self.world.event("closed", actor))
        self.is_open = self.is_queued = False
        self.track.leave(self.world.now, "abandoned")
        self.handoffs.closed(for_good=for_good)
        if for_good:
            self.end("closed", "abandoned")
        elif self.ticket:
            self.ticket.follow()

    def reopen(self, actor: Account) -> None:
        """Open again after closing."""
        self._record(self.world.event("reopened", actor))
        self.is_open, self.has_response = True, False
        self.handoffs.reopened()
        self.settle()

    # After the merge.

    def follow_deployments(self) -> None:
        """Take the stage from the latest live attempt to deploy this change."""
        if self.flow_ended_at is not None or self.deployed_at is not None:
            return
        attempt = max(self.attempts, key=lambda item: (item.record.created_at, item.record.id), default=None)
        self.enter(
            "release_wait" if attempt is None else "approval_wait" if attempt.is_gate_open else "deploy"
        )

    def deployed(self) -> None:
        """Be live for the first time in a target environment."""
        if self.deployed_at is not None or self.flow_ended_at is not None:
            return
        self.deployed_at, self.state = self.world.now, "deployed"
        self.handoffs.deployed()
        feature = self.ticket.feature if self.ticket else None
        if feature is None:
            self.handoffs.exposed()
            self.exposed_at = self.world.now
            self.end("deployed")
        elif feature.exposed_at is not None:
            self.exposed()
            if feature.adopted_at is not None:
                self.adopted()
        else:
            self.enter("exposure_wait")

    def exposed(self) -> None:
        """Be visible to customers."""
        self.exposed_at = self.world.now
        self.handoffs.exposed()
        self.enter("adoption")

    def adopted(self) -> None:
        """Be used by enough of them."""
        self.adopted_at = self.world.now
        self.end("deployed")
