"""What vendors of coding assistants count of the sessions on record, for each account and UTC day.

Sessions have a length and nothing more, so that all else (prompts, edits, lines, cost) is in proportion to
it: the same figures for whoever asks, and any sum over days follows from the sessions.
"""

from collections import defaultdict
from dataclasses import dataclass

from sandbox.calendar import DAY
from sandbox.history import Account, AssistantSession, History

SECONDS_PER_PROMPT = 600
EDITS_PER_PROMPT = 3
LINES_PER_EDIT = 8


@dataclass(slots=True)
class Usage:
    """The sum over the sessions of one account that began on one day."""

    account: Account
    sessions: int = 0
    prompts: int = 0
    changes: int = 0

    def add(self, session: AssistantSession) -> None:
        """Add a session."""
        self.sessions += 1
        self.prompts += max(1, (session.ended_at - session.at) // SECONDS_PER_PROMPT)
        self.changes += session.change is not None

    @property
    def proposed(self) -> int:
        """Edits proposed."""
        return self.prompts * EDITS_PER_PROMPT

    @property
    def accepted(self) -> int:
        """Edits accepted: two of three."""
        return self.proposed * 2 // 3

    @property
    def added(self) -> int:
        """Lines added."""
        return self.accepted * LINES_PER_EDIT

    @property
    def removed(self) -> int:
        """Lines removed."""
        return self.accepted * LINES_PER_EDIT // 4


def day_of(at: int) -> int:
    """The start of an instant's UTC day."""
    return at - at % DAY


def usage_of(history: History, tool: str, until: int, lag: int = 0) -> dict[int, list[Usage]]:
    """Return the usage of a tool, by start of day, that is known at an instant.

    With a `lag` the vendor learns of a session up to so many days after the end of its day, by its length's
    and account's numbers, as telemetry trickles in.
    """
    days: dict[int, dict[int, Usage]] = defaultdict(dict)
    for session in history.sessions:
        day = day_of(session.at)
        late = (session.account.id + session.at // 60) % (lag + 1)
        if session.tool == tool and session.ended_at <= until and day + late * DAY <= until:
            usage = days[day].setdefault(session.account.id, Usage(session.account))
            usage.add(session)
    return {day: list(users.values()) for day, users in sorted(days.items())}
