"""Usage reports and seats, made of the sessions on record."""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.assistants import Usage, day_of, usage_of
from sandbox.calendar import DAY, isoformat, moment
from sandbox.github.payloads import full_organization, user
from sandbox.history import Account, History

Payload = dict[str, Any]

TOOL = "copilot"
OPEN_DAYS = 3
KEPT_DAYS = 365
ORGANISATION_FIELDS = frozenset({"login", "id", "node_id", "url", "description"})


class Reports:
    """What Copilot knows of its users at an instant."""

    def __init__(self, history: History, now: int) -> None:
        self.now = now
        today = day_of(now)
        usage = usage_of(history, TOOL, now, lag=OPEN_DAYS)
        self.days = {day: users for day, users in usage.items() if today - KEPT_DAYS * DAY <= day < today}
        self._active: dict[int, tuple[Account, int, int]] = {}
        for session in history.sessions:
            if session.tool == TOOL and session.at <= now:
                account, since, last = self._active.get(
                    session.account.id, (session.account, session.at, session.at)
                )
                ended_at = min(session.ended_at, now)
                self._active[account.id] = (account, min(since, session.at), max(last, ended_at))

    @property
    def newest_day(self) -> int | None:
        """The last day that has a report."""
        return max(self.days, default=None)

    def file_of(self, day: int) -> bytes:
        """A day's report by person, as lines of JSON."""
        return b"".join(json.dumps(row).encode() + b"\n" for row in self._rows(day))

    def _rows(self, day: int) -> Iterator[Payload]:
        for usage in self.days[day]:
            yield user_row(day, usage)

    def seats(self, api: str, owner: str) -> list[Payload]:
        """Everybody who ever used it has a seat, since the first time."""
        whole = full_organization(owner, 0, api)
        simple = {name: whole[name] for name in whole if name in ORGANISATION_FIELDS or name.endswith("_url")}
        return [
            {
                "created_at": isoformat(since),
                "updated_at": isoformat(last),
                "pending_cancellation_date": None,
                "last_activity_at": isoformat(last),
                "last_activity_editor": "vscode/1.99.3/copilot/1.300.0",
                "last_authenticated_at": isoformat(last),
                "plan_type": "business",
                "assignee": user(account, api),
                "assigning_team": None,
                "organization": simple,
            }
            for account, since, last in self._active.values()
        ]


def user_row(day: int, usage: Usage) -> Payload:
    """What one person did on a day."""
    return {
        "report_start_day": moment(day).date().isoformat(),
        "report_end_day": moment(day).date().isoformat(),
        "day": moment(day).date().isoformat(),
        "organization_id": "1",
        "user_id": usage.account.id,
        "user_login": usage.account.login,
        "user_initiated_interaction_count": usage.prompts,
        "code_generation_activity_count": usage.proposed,
        "code_acceptance_activity_count": usage.accepted,
        "loc_suggested_to_add_sum": usage.proposed * 8,
        "loc_suggested_to_delete_sum": 0,
        "loc_added_sum": usage.added,
        "loc_deleted_sum": usage.removed,
        "used_agent": usage.account.id % 2 == 0,
        "used_chat": True,
        "used_cli": False,
        "totals_by_ide": [],
        "totals_by_feature": [],
    }
