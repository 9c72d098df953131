"""The handoffs of one change as they happen: who was asked, who took over, and what became of it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.organisation import Person
from sandbox.truth import Handoff

if TYPE_CHECKING:
    from sandbox.simulation.changes import LiveChange


@dataclass(slots=True)
class Open:
    """A handoff that nobody has accepted yet."""

    mechanism: str
    from_role: str
    to_role: str
    round_number: int
    from_person: int | None
    requested_at: int
    to_team: str | None = None
    # Nobody asked yet: the push that began the round counts as the request until somebody does.
    is_implied: bool = False


class ChangeHandoffs:
    """Keeps the open handoffs of a change and writes each to truth once its outcome is known."""

    __slots__ = (
        "_approval_of_draft",
        "_asked",
        "_change",
        "_drafted_at",
        "_gates",
        "_is_round_answered",
        "_merger",
        "_open",
        "_ready_at",
        "_round",
    )

    def __init__(self, change: "LiveChange") -> None:
        self._change = change
        self._round = 1
        self._ready_at: int | None = None
        self._asked: list[Person | str] = []
        self._open: dict[str, Open] = {}
        self._is_round_answered = False
        self._gates = 0
        self._approval_of_draft: Open | None = None
        self._drafted_at = 0
        self._merger: Person | None = None

    @property
    def round_number(self) -> int:
        """The present round, from 1."""
        return self._round

    def _now(self) -> int:
        return self._change.world.now

    def _begin(
        self,
        mechanism: str,
        from_role: str,
        to_role: str,
        person: Person | None,
        at: int,
        *,
        number: int | None = None,
    ) -> Open:
        """Open a handoff: of the present review round, unless its mechanism counts by itself."""
        round_number = number or self._round
        handoff = Open(mechanism, from_role, to_role, round_number, person.id if person else None, at)
        self._open[f"{mechanism}:{to_role}"] = handoff
        return handoff

    def _finish(self, key: str, outcome: str, person: Person | None = None) -> None:
        if handoff := self._open.pop(key, None):
            self._write(handoff, outcome, self._now() if outcome != "pending" else None, person)

    def _write(self, handoff: Open, outcome: str, at: int | None, person: Person | None = None) -> None:
        to_person = person.id if person and outcome == "accepted" else None
        if to_person is not None and to_person == handoff.from_person:
            outcome = "kept"
        self._change.world.truth.handoffs.append(
            Handoff(
                self._change.record.id,
                handoff.mechanism,
                handoff.from_role,
                handoff.to_role,
                handoff.round_number,
                handoff.from_person,
                to_person,
                handoff.to_team,
                handoff.requested_at,
                at if outcome == "accepted" else None,
                outcome,
                at,
            )
        )

    def _finish_all(self, outcome: str) -> None:
        if self._approval_of_draft:
            self._write(self._approval_of_draft, "superseded", self._drafted_at)
            self._approval_of_draft = None
        for key in list(self._open):
            self._finish(key, outcome)

    def flush(self) -> None:
        """Write what is still open at the end of the simulated time."""
        self._finish_all("pending")

    def shrink(self) -> None:
        """Keep no more room than what is open takes."""
        self._open, self._asked = dict(self._open), list(self._asked)

    # Review requests.

    def ready(self) -> None:
        """The change became ready: requests made in the draft count from now."""
        if self._ready_at is None:
            self._ready_at = self._now()
        if self._asked:
            self._request()
        if approval := self._approval_of_draft:
            if approval.round_number != self._round:
                self._write(approval, "superseded", self._drafted_at)
            again = replace(approval, requested_at=self._now(), round_number=self._round)
            self._open["review_verdict:merger"], self._approval_of_draft = again, None

    def drafted(self) -> None:
        """Back to draft: an approval hands over again once the change is ready."""
        self._approval_of_draft = self._open.pop("review_verdict:merger", None)
        self._drafted_at = self._now()

    def requested(self, subject: Person | str) -> None:
        """Somebody was asked."""
        self._asked.append(subject)
        if not self._change.is_draft and self._ready_at is not None:
            self._request()

    def _request(self) -> None:
        if self._is_round_answered:
            return
        handoff = self._open.get("review_request:reviewer")
        if handoff is None:
            handoff = self._begin("review_request", "author", "reviewer", self._change.author, self._now())
        elif handoff.is_implied:
            handoff.requested_at, handoff.is_implied = self._now(), False
        handoff.to_team = next((subject for subject in self._asked if isinstance(subject, str)), None)

    def request_removed(self, subject: Person) -> None:
        """A request was taken back; without any left the handoff is withdrawn."""
        if subject in self._asked:
            self._asked.remove(subject)
        if not self._asked:
            self._finish("review_request:reviewer", "withdrawn")

    def responded(self, person: Person) -> None:
        """A human other than the author answered."""
        if self._ready_at is None or self._change.is_draft:
            return
        is_asked = any(
            person is subject or (isinstance(subject, str) and person.team.name == subject)
            for subject in self._asked
        )
        if self._asked and not is_asked:
            self._is_round_answered = True
            return
        self._asked = [
            subject for subject in self._asked if subject is not person and subject != person.team.name
        ]
        if "review_request:reviewer" not in self._open and not self._is_round_answered and self._round == 1:
            self._begin("review_request", "author", "reviewer", self._change.author, self._ready_at)
        self._is_round_answered = True
        self._finish("review_request:reviewer", "accepted", person)

    def pushed(self) -> None:
        """A push after a response begins a round and takes up requested changes, in a draft as well."""
        if self._ready_at is None:
            return
        if self._is_round_answered:
            self._round += 1
            self._is_round_answered = False
            self._finish("review_request:reviewer", "superseded")
            handoff = self._begin("review_request", "author", "reviewer", self._change.author, self._now())
            handoff.is_implied = not self._asked
        self._finish("review_verdict:author", "accepted", self._change.author)

    # Verdicts, merge and what follows.

    def verdict(self, person: Person, state: str, *, completes: bool) -> None:
        """A formal verdict: back to the author, or on to whoever merges."""
        if state == "changes_requested":
            self.approval_lost_unless(False)
            if "review_verdict:author" not in self._open:
                self._begin("review_verdict", "reviewer", "author", person, self._now())
        elif completes:
            self._begin("review_verdict", "reviewer", "merger", person, self._now())

    def approval_lost_unless(self, stands: bool) -> None:
        """The approval went missing before anybody merged."""
        if stands:
            return
        if approval := self._approval_of_draft:
            self._write(approval, "superseded", self._drafted_at)
            self._approval_of_draft = None
        self._finish("review_verdict:merger", "superseded")

    def approval_taken(self, person: Person | None) -> None:
        """The change entered the queue or was merged."""
        self._finish("review_verdict:merger", "accepted", person)

    def merged(self, person: Person | None) -> None:
        """The merge ends what was asked before."""
        self.approval_taken(person)
        self._finish("review_request:reviewer", "withdrawn")
        self._finish("review_verdict:author", "withdrawn")
        self._merger = person

    def awaits_deployment(self) -> None:
        """Merged, and something is to be deployed."""
        self._begin("merge", "merger", "ops", self._merger, self._now(), number=1)

    def closed(self, *, for_good: bool) -> None:
        """Closing for good withdraws what is open; a reopening continues it."""
        if for_good:
            self._finish_all("withdrawn")

    def reopened(self) -> None:
        """Standing requests count again."""
        if self._asked:
            self._request()

    def deployment_created(self) -> None:
        """A deployment that carries the change was created by a machine."""
        self._finish("merge:ops", "accepted")

    def gate_opened(self) -> None:
        """Approval of a deployment was asked for; while another gate is open, that is no handoff."""
        is_waiting = self._change.deployed_at is None and self._change.flow_ended_at is None
        if is_waiting and sum(attempt.is_gate_open for attempt in self._change.attempts) == 1:
            self._gates += 1
            self._begin("approval_gate", "ops", "approver", None, self._now(), number=self._gates)

    def gate_decided(self, person: Person) -> None:
        """The approver decided."""
        self._finish("approval_gate:approver", "accepted", person)

    def superseded(self) -> None:
        """What is still asked for is wanted no more: the change is live, or reverted."""
        self._finish_all("superseded")

    def deployed(self) -> None:
        """Live: product may expose it."""
        self._finish_all("superseded")
        self._begin("deployment", "ops", "product", None, self._now(), number=1)

    def exposed(self) -> None:
        """Enabled for customers."""
        self._finish("deployment:product", "accepted")
