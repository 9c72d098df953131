"""What `flowgauge doctor` asks of an organisation's Copilot: reading only, and what each refusal costs."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.connector import Extraction, Finding
from ingestion.connectors.copilot.settings import CopilotSettings
from ingestion.http import AccessDeniedError, AuthenticationError, HttpError, NotFoundError


def check(extraction: Extraction) -> Iterator[Finding]:
    """Findings on the token, and on each part that is read."""
    settings: CopilotSettings = extraction.settings
    try:
        for part, path, remedy in _endpoints(settings):
            yield _finding(extraction, part, path, remedy)
    except AuthenticationError as error:
        yield Finding("error", "GitHub does not accept the token", str(error))
    except HttpError as error:
        yield Finding("error", f"GitHub cannot be read: {error}", "check base_url and organization")


def _endpoints(settings: CopilotSettings) -> Iterator[tuple[str, str, str]]:
    """Part, an address that only those get who may read it, and what to do where it is refused."""
    organization = f"/orgs/{settings.organization}/copilot"
    leave = "or put it under without:"
    if "usage" not in settings.without:
        yield (
            "usage",
            f"{organization}/metrics/reports/users-28-day/latest",
            f"enable the policy Copilot usage metrics, give the token read:org, {leave}",
        )
    if "seats" not in settings.without:
        yield "seats", f"{organization}/billing/seats?per_page=1", f"use the token of an owner, {leave}"
    for repository in settings.repositories if "agent_tasks" not in settings.without else ():
        yield (
            f"agent_tasks of {repository}",
            f"/agents/repos/{repository}/tasks?per_page=1",
            f"use a user's token with read access to agent tasks, no App's, {leave}",
        )


def _finding(extraction: Extraction, part: str, path: str, remedy: str) -> Finding:
    try:
        found = extraction.http.get_json(path)
    except (AccessDeniedError, NotFoundError) as error:
        return Finding("error", f"{part} cannot be read ({error.status})", remedy)
    if found is None:
        return Finding("warning", f"{part}: there is no report yet", "wait a day, or check the policy")
    return Finding("ok", f"{part} can be read")
