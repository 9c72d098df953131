"""Agent tasks, made of the changes that the coding agent's account authored.

A task is given a few minutes before the agent's first commit, works until its last one before the change is
opened, and then shows the change as its artifact. Who gave it is who made the draft ready.
"""

import uuid
from typing import Any

from sandbox.calendar import isoformat
from sandbox.history import Change, Head, History

Payload = dict[str, Any]

AGENT = "copilot-swe-agent"
PROMPT_SECONDS = 180


class Task:
    """A task as it stands at an instant."""

    def __init__(self, change: Change, now: int) -> None:
        self.change = change
        self._now = now
        self._head: Head = change.heads[0]
        self.given_at = self._head.commits[0].authored_at - PROMPT_SECONDS
        self.worked_until = max(self._head.commits[-1].committed_at, self.given_at)
        self.id = str(uuid.UUID(int=change.id))

    @property
    def is_done(self) -> bool:
        """Whether the agent has stopped working."""
        return self.worked_until <= self._now

    @property
    def updated_at(self) -> int:
        """When it last changed."""
        stamps = (self.given_at, self.worked_until, self.change.created_at)
        return max(at for at in stamps if at <= self._now)

    def shown(self, api: str) -> Payload:
        """The task in a list."""
        ready = next((event for event in self.change.events if event.kind == "ready_for_review"), None)
        is_known = ready is not None and ready.actor is not None and ready.at <= self._now
        task = {
            "id": self.id,
            "url": f"{api}/agents/tasks/{self.id}",
            "name": self.change.title,
            "creator_type": "user",
            "owner": {"id": 1},
            "repository": {"id": self.change.repository.id},
            "state": "completed" if self.is_done else "in_progress",
            "session_count": 1,
            "artifacts": self._artifacts(),
            "archived_at": None,
            "created_at": isoformat(self.given_at),
            "updated_at": isoformat(self.updated_at),
        }
        if is_known and ready and ready.actor:
            task["creator"] = {"id": ready.actor.id}
        return task

    def described(self, api: str) -> Payload:
        """The task by itself, with its session."""
        session = {
            "id": str(uuid.UUID(int=self.change.id + (1 << 64))),
            "name": self.change.title,
            "repository": {"id": self.change.repository.id},
            "task_id": self.id,
            "state": "completed" if self.is_done else "in_progress",
            "created_at": isoformat(self.given_at),
            "updated_at": isoformat(self.updated_at),
            "prompt": f"Please: {self.change.title}",
            "head_ref": self.change.head_branch,
            "base_ref": "main",
            "model": "claude-sonnet-4.5",
        }
        if self.is_done:
            session["completed_at"] = isoformat(self.worked_until)
        return {**self.shown(api), "sessions": [session]}

    def _artifacts(self) -> list[Payload]:
        found: list[Payload] = []
        if self._head.at <= self._now:
            branch = {"head_ref": self.change.head_branch, "base_ref": "main"}
            found.append({"provider": "github", "type": "branch", "data": branch})
        if self.change.created_at <= self._now and self.change.number:
            found.append({"provider": "github", "type": "pull", "data": {"id": self.change.id}})
        return found


def tasks_of(history: History, now: int) -> dict[int, list[Task]]:
    """The tasks given by an instant, by repository."""
    return {
        repository.id: [
            task
            for change in repository.changes
            if change.author.login.startswith(AGENT) and change.heads
            for task in [Task(change, now)]
            if task.given_at <= now
        ]
        for repository in history.repositories
    }
