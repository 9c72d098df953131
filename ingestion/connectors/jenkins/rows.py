"""Jenkins' answers as rows: which commit a build is of, and when it ran.

A pipeline's build lists each repository that it checked out, shared libraries among them, in no order that
would tell which one it builds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from ingestion.connectors.jenkins.settings import DeploymentJob, JenkinsSettings, matches

Payload = dict[str, Any]

BUILD_FIELDS = (
    "_class,number,timestamp,duration,result,building,"
    "actions[_class,causes[_class,upstreamProject,upstreamBuild],queuingDurationMillis,"
    "lastBuiltRevision[SHA1,branch[name]],remoteUrls,totalCount,failCount,skipCount{parameters}]"
)
_PARAMETERS = ",parameters[name,value]"
_ADDRESS = re.compile(r"^(?:\w[\w+.-]*://)?(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+(?=/))?[:/]+(?P<path>.+?)/*$")
_REMOTE = re.compile(r"^(?:refs/)?(?:remotes/[^/]+/|heads/|origin/)")
_TIMEOUT = "ExceededTimeout"
_NEVER_STARTED = "NOT_EXECUTED"
_RUNNING_STAGES = ("IN_PROGRESS", "PAUSED_PENDING_INPUT")
_SHA = re.compile(r"[0-9a-f]{40}")


class Job(NamedTuple):
    """A job: its place in the tree of folders, and the branch where a multibranch project made it."""

    path: tuple[str, ...]
    type: str
    is_branch: bool
    last_build: int | None
    """Number of the newest build, 0 without one, None where the list does not tell."""

    last_build_at: int | None = None
    """Its timestamp, in milliseconds; None likewise."""

    @property
    def name(self) -> str:
        """Full name."""
        return "/".join(self.path)

    @property
    def branch(self) -> str | None:
        """The branch; Jenkins writes its slashes as %2F."""
        return self.path[-1].replace("%2F", "/") if self.is_branch else None


class Checkout(NamedTuple):
    """A commit of a repository that a build checked out."""

    repository_id: str
    repository_name: str
    sha: str
    branch: str | None


def build_fields(deployment: DeploymentJob | None) -> str:
    """What is asked of a build; parameters, which may hold secrets, only where one names the commit."""
    return BUILD_FIELDS.format(parameters=_PARAMETERS if deployment and deployment.sha_parameter else "")


def repository_of(address: str) -> tuple[str, str] | None:
    """Id (host/path in lower case) and name (path) of the repository at a git address."""
    found = _ADDRESS.match(address.removesuffix("/").removesuffix(".git"))
    if found is None or "@" in found["path"]:  # what is no address may hold a password anywhere
        return None
    return f"{found['host']}/{found['path']}".lower(), found["path"]


def job_row(job: Job, settings: JenkinsSettings) -> Payload:
    """The row of a job."""
    deployment = settings.deployment_of(job.name)
    return {
        "name": job.name,
        "pipeline": "/".join(job.path[:-1]) if job.is_branch else job.name,
        "branch": job.branch,
        "type": job.type,
        "deployed_service": deployment.service if deployment else None,
        "deployed_environment": deployment.environment if deployment else None,
    }


def build_row(job: Job, build: Payload, settings: JenkinsSettings) -> tuple[Payload, Checkout | None]:
    """The row of a build, and what it built."""
    actions = build.get("actions") or []
    causes = [cause for action in actions for cause in action.get("causes") or []]
    started_at = instant(build["timestamp"])
    # A result may stand before the end, the duration is written with it.
    is_building = build.get("building", build["result"] is None) and not build["duration"]
    duration = None if is_building else build["duration"]
    tests: Payload = next((action for action in actions if "totalCount" in action), {})
    upstream: Payload = next((cause for cause in causes if cause.get("upstreamProject")), {})
    checkout = _checkout(job, actions, settings)
    row = {
        "job_name": job.name,
        "build_number": build["number"],
        "type": build["_class"],
        "trigger": next((_short(cause) for cause in causes), None),
        "upstream_job_name": upstream.get("upstreamProject"),
        "upstream_build_number": upstream.get("upstreamBuild"),
        "is_building": is_building,
        "result": None if is_building else build["result"],
        "is_timed_out": any(_short(cause) == _TIMEOUT for cause in causes),
        "started_at": started_at,
        "finished_at": None if duration is None else started_at + timedelta(milliseconds=duration),
        "duration_milliseconds": duration,
        "queuing_milliseconds": _first(actions, "queuingDurationMillis"),
        "repository_id": checkout.repository_id if checkout else None,
        "sha": checkout.sha if checkout else None,
        "branch": checkout.branch if checkout else job.branch,
        "test_count": tests.get("totalCount"),
        "failed_test_count": tests.get("failCount"),
        "skipped_test_count": tests.get("skipCount"),
    }
    return row, checkout


def stage_row(job: Job, number: int, stage: Payload) -> Payload:
    """The row of a stage."""
    status, started = stage.get("status"), stage.get("startTimeMillis")
    started_at = instant(started) if started and status != _NEVER_STARTED else None
    finished_at = None
    if started_at is not None and status is not None and status not in _RUNNING_STAGES:
        finished_at = started_at + timedelta(milliseconds=stage["durationMillis"])
    return {
        "job_name": job.name,
        "build_number": number,
        "stage_id": str(stage["id"]),
        "name": stage["name"],
        "status": status,
        "started_at": started_at,
        "finished_at": finished_at,
        "paused_milliseconds": stage.get("pauseDurationMillis"),
    }


def instant(milliseconds: int) -> datetime:
    """Jenkins' milliseconds since 1970 as an aware datetime."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)


def _checkout(job: Job, actions: list[Payload], settings: JenkinsSettings) -> Checkout | None:
    """What was built: the one commit that is no library's, of several that of the job's branch."""
    found = {each for action in actions for each in _checkouts(action, settings.libraries)}
    deployment = settings.deployment_of(job.name)
    if not found and deployment:
        return _named_by_parameter(deployment, actions)
    own = [each for each in found if len(found) == 1 or each.branch == job.branch is not None]
    return own[0] if len(own) == 1 else None


def _checkouts(action: Payload, libraries: tuple[str, ...]) -> list[Checkout]:
    revision = action.get("lastBuiltRevision") or {}
    addresses = [repository_of(address) for address in action.get("remoteUrls") or []]
    branches = [_REMOTE.sub("", branch["name"]) for branch in revision.get("branch") or []]
    return [
        Checkout(*address, revision["SHA1"], branches[0] if branches else None)
        for address in addresses[:1]
        if address is not None and revision.get("SHA1") and not matches(address[1], libraries)
    ]


def _named_by_parameter(deployment: DeploymentJob, actions: list[Payload]) -> Checkout | None:
    values = {
        parameter.get("name"): parameter.get("value")
        for action in actions
        for parameter in action.get("parameters") or []
    }
    sha = values.get(deployment.sha_parameter)
    if deployment.repository is None or not isinstance(sha, str) or not _SHA.fullmatch(sha):
        return None
    return Checkout(deployment.repository.lower(), deployment.repository, sha, None)


def _short(cause: Payload) -> str:
    """The cause's class without its package and outer class."""
    return re.split(r"[.$]", cause.get("_class", ""))[-1]


def _first(actions: list[Payload], name: str) -> Any:
    return next((action[name] for action in actions if action.get(name) is not None), None)
