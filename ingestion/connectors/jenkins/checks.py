"""What `flowgauge doctor` asks of a Jenkins controller: reading only, and what each gap costs."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch

from ingestion.connector import Extraction, Finding
from ingestion.connectors.jenkins.rows import Job
from ingestion.connectors.jenkins.settings import JenkinsSettings
from ingestion.connectors.jenkins.source import builds, jobs
from ingestion.http import AuthenticationError, HttpError


def check(extraction: Extraction) -> Iterator[Finding]:
    """Findings on token, jobs, the plugins that tell queue times, and the jobs that deploy."""
    try:
        found = list(jobs(extraction))
    except AuthenticationError as error:
        yield Finding("error", "Jenkins does not accept the token", str(error))
        return
    except HttpError as error:
        yield Finding("error", f"Jenkins cannot be read: {error}", "check base_url and permissions")
        return
    yield Finding("ok", "Jenkins accepts the token")
    if not found:
        yield Finding("error", "no job to read", "give the user Job/Read, and check jobs and exclude")
        return
    yield Finding("ok", f"{len(found):,} jobs can be read")
    yield from _queue_times(extraction, found)
    yield from _deployments(extraction.settings, found)


def _queue_times(extraction: Extraction, found: list[Job]) -> Iterator[Finding]:
    """Only the Metrics plugin tells for how long a build waited; one build shows whether it is there."""
    job = next((each for each in found if each.last_build != 0), None)
    newest = builds(extraction, job, 0, 1) if job else []
    actions = newest[0].get("actions") or [] if newest else []
    if newest and not any("queuingDurationMillis" in action for action in actions):
        yield Finding(
            "warning", "builds do not tell how long they were queued", "install the Metrics plugin in Jenkins"
        )


def _deployments(settings: JenkinsSettings, found: list[Job]) -> Iterator[Finding]:
    for deployment in settings.deployments:
        if not any(fnmatch(job.name, deployment.job) for job in found):
            yield Finding(
                "warning",
                f"no job {deployment.job}: it deploys nothing",
                "check its full name under deployments, and that jobs selects it",
            )
