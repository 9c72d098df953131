"""The history as Jenkins would show it now: folders, jobs for branches, builds for attempts of runs.

An attempt is a build of its own, for Jenkins runs nothing again under the same number; stages that it only
took over were not executed. A build comes to be when an executor takes it: what was called off in the queue
has none. Deployments are builds of a job for each service and environment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from sandbox.history import Attempt, Deployment, History, Job, Run

Document = dict[str, Any]

LISTED_BUILDS = 100
RESULTS = {"success": "SUCCESS", "failure": "FAILURE", "cancelled": "ABORTED", "timed_out": "ABORTED"}
STAGES = {**RESULTS, "failure": "FAILED", "skipped": "NOT_EXECUTED"}
CAUSES = {
    "pull_request": "jenkins.branch.BranchEventCause",
    "push": "jenkins.branch.BranchEventCause",
    "merge_group": "jenkins.branch.BranchIndexingCause",
}
FIRST_STAGE = 6
STAGE_STEP = 5


@dataclass(slots=True)
class Build:
    """A build; times are epoch seconds, `ended_at` is None while it runs."""

    item: "JobItem"
    number: int
    type: str
    queued_at: int
    started_at: int
    ended_at: int | None
    result: str | None
    cause: str
    remote: str
    sha: str
    branch: str
    is_timed_out: bool = False
    stages: list[Document] | None = None

    @property
    def url(self) -> str:
        """Address of the build."""
        return f"{self.item.url}{self.number}/"

    def stub(self) -> Document:
        """Return what a job shows of it."""
        return {"_class": self.type, "number": self.number, "url": self.url}

    def document(self) -> Document:
        """Return its fields."""
        duration = 0 if self.ended_at is None else (self.ended_at - self.started_at) * 1000
        return {
            **self.stub(),
            "id": str(self.number),
            "displayName": f"#{self.number}",
            "fullDisplayName": f"{' » '.join(self.item.path)} #{self.number}",
            "actions": self._actions(),
            "building": self.ended_at is None,
            "result": self.result,
            "timestamp": self.started_at * 1000,
            "duration": duration,
            "estimatedDuration": duration or -1,
            "queueId": self.number,
            "keepLog": False,
            "builtOn": "",
        }

    def _actions(self) -> list[Document]:
        actions: list[Document] = [
            {"_class": "hudson.model.CauseAction", "causes": [{"_class": self.cause}]},
            {
                "_class": "jenkins.metrics.impl.TimeInQueueAction",
                "queuingDurationMillis": max(0, self.started_at - self.queued_at) * 1000,
            },
            {},
            {
                "_class": "hudson.plugins.git.util.BuildData",
                "lastBuiltRevision": {"SHA1": self.sha, "branch": [{"SHA1": self.sha, "name": self.branch}]},
                "remoteUrls": [self.remote],
                "scmName": "",
            },
        ]
        if self.is_timed_out:
            cause = "org.jenkinsci.plugins.workflow.steps.TimeoutStepExecution$ExceededTimeout"
            actions.append({"_class": "jenkins.model.InterruptedBuildAction", "causes": [{"_class": cause}]})
        return actions

    def described(self) -> Document:
        """Return the pipeline's stages, as the stage view tells them."""
        return {
            "id": str(self.number),
            "name": f"#{self.number}",
            "status": {"FAILURE": "FAILED", None: "IN_PROGRESS"}.get(self.result, self.result),
            "startTimeMillis": self.started_at * 1000,
            "stages": self.stages,
        }


@dataclass(slots=True)
class JobItem:
    """A job; `path` are the names from the root down to it."""

    origin: str
    path: tuple[str, ...]
    type: str
    builds: list[Build] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Address of the job."""
        return address(self.origin, self.path)

    def stub(self) -> Document:
        """Return what a folder shows of it."""
        color = {"SUCCESS": "blue", "FAILURE": "red", None: "blue_anime"}
        last = color.get(self.builds[-1].result, "aborted") if self.builds else "notbuilt"
        return {"_class": self.type, "name": self.path[-1], "url": self.url, "color": last}

    def document(self) -> Document:
        """Return its fields."""
        newest_first = self.builds[::-1]
        return {
            **self.stub(),
            **named(self.path),
            "buildable": True,
            "builds": newest_first[:LISTED_BUILDS],
            "allBuilds": newest_first,
            "firstBuild": self.builds[0] if self.builds else None,
            "lastBuild": self.builds[-1] if self.builds else None,
            "nextBuildNumber": len(self.builds) + 1,
            "inQueue": False,
        }


@dataclass(slots=True)
class FolderItem:
    """A folder, a multibranch project, or the root."""

    origin: str
    path: tuple[str, ...]
    type: str
    children: "dict[str, FolderItem | JobItem]" = field(default_factory=dict)

    def stub(self) -> Document:
        """Return what a folder shows of it."""
        return {"_class": self.type, "name": self.path[-1], "url": address(self.origin, self.path)}

    def document(self) -> Document:
        """Return its fields."""
        own = {**self.stub(), **named(self.path)} if self.path else {"_class": self.type, "mode": "EXCLUSIVE"}
        return {**own, "jobs": list(self.children.values())}

    def folder(self, name: str, kind: str) -> "FolderItem":
        """Return a folder below, made where it lacks."""
        found = self.children.setdefault(name, FolderItem(self.origin, (*self.path, name), kind))
        if isinstance(found, JobItem):
            raise TypeError(f"{name} is a job")
        return found

    def job(self, name: str, kind: str) -> JobItem:
        """Return a job below, made where it lacks."""
        found = self.children.setdefault(name, JobItem(self.origin, (*self.path, name), kind))
        if isinstance(found, FolderItem):
            raise TypeError(f"{name} is a folder")
        return found


def named(path: tuple[str, ...]) -> Document:
    """The names of an item."""
    return {"fullName": "/".join(path), "displayName": path[-1], "fullDisplayName": " » ".join(path)}


def address(origin: str, path: tuple[str, ...]) -> str:
    """The address of an item."""
    return f"{origin}/" + "".join(f"job/{quote(name, safe='')}/" for name in path)


class View:
    """All jobs as of an instant."""

    def __init__(self, history: History, now: int, origin: str) -> None:
        self.history = history
        self.now = now
        self.root = FolderItem(origin, (), "hudson.model.Hudson")
        self._add_pipelines()
        self._add_deployments()

    def _add_pipelines(self) -> None:
        attempts = sorted(
            (attempt.started_at, run.id, attempt.number, run, attempt)
            for repository in self.history.repositories
            for run in repository.runs
            for attempt in run.attempts
        )
        for *_, run, attempt in attempts:
            stand = Stand(run, attempt, self.now)
            if stand.started_at is not None and stand.started_at <= self.now:
                stand.add_build(self._branch(run), stand.started_at)

    def _branch(self, run: Run) -> JobItem:
        owner, _, name = run.repository.name_at(run.created_at).partition("/")
        project = self.root.folder(owner, "jenkins.branch.OrganizationFolder").folder(
            name, "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject"
        )
        branch = run.branch.replace("/", "%2F")
        return project.job(branch, "org.jenkinsci.plugins.workflow.job.WorkflowJob")

    def _add_deployments(self) -> None:
        folder = self.root.folder("deploy", "com.cloudbees.hudson.plugins.folder.Folder")
        deployments = [each for one in self.history.repositories for each in one.deployments]
        for deployment in sorted(deployments, key=lambda each: (each.created_at, each.id)):
            self._add_deployment(folder, deployment)

    def _add_deployment(self, folder: FolderItem, deployment: Deployment) -> None:
        reached: dict[str, int] = {
            status.state: status.at for status in reversed(deployment.statuses) if status.at <= self.now
        }
        started_at = reached.get("in_progress")
        if started_at is None:
            return
        ends = [(reached[state], state) for state in ("success", "failure", "error") if state in reached]
        ended_at, state = min(ends, default=(None, ""))
        job = folder.job(deployment_job(deployment), "hudson.model.FreeStyleProject")
        job.builds.append(
            Build(
                job,
                len(job.builds) + 1,
                "hudson.model.FreeStyleBuild",
                deployment.created_at,
                started_at,
                ended_at,
                None if ended_at is None else "SUCCESS" if state == "success" else "FAILURE",
                "hudson.model.Cause$UserIdCause",
                remote(deployment.repository.name_at(deployment.created_at)),
                deployment.sha,
                "refs/remotes/origin/main",
            )
        )


def deployment_job(deployment: Deployment) -> str:
    """Name of the job that deploys a service to an environment."""
    return f"{deployment.service}-{deployment.environment}"


def remote(name: str) -> str:
    """The address that Jenkins clones a repository from."""
    return f"git@github.com:{name}.git"


@dataclass
class Stand:
    """An attempt of a run as it stands at an instant."""

    run: Run
    attempt: Attempt
    now: int

    @cached_property
    def own_jobs(self) -> list[Job]:
        """Jobs that this attempt ran or runs, without those that it took over."""
        begun = self.attempt.started_at
        return [job for job in self.attempt.jobs if job.completed_at is None or job.completed_at > begun]

    @property
    def started_at(self) -> int | None:
        """When the first of them got a runner; None if none has."""
        return min((job.started_at for job in self.own_jobs if job.started_at is not None), default=None)

    def add_build(self, job: JobItem, started_at: int) -> None:
        """Add the attempt as the next build of a job."""
        ends = [each.completed_at for each in self.own_jobs]
        ended_at = None
        if all(end is not None and end <= self.now for end in ends):
            ended_at = max(end for end in ends if end is not None)
        conclusions = {each.conclusion for each in self.own_jobs}
        worst = next(
            (each for each in ("failure", "timed_out", "cancelled") if each in conclusions), "success"
        )
        is_over = ended_at is not None
        job.builds.append(
            Build(
                job,
                len(job.builds) + 1,
                "org.jenkinsci.plugins.workflow.job.WorkflowRun",
                self.attempt.started_at,
                started_at,
                ended_at,
                RESULTS[worst] if is_over else None,
                CAUSES[self.run.trigger],
                remote(self.run.repository.name_at(self.run.created_at)),
                self.run.sha,
                self.run.branch,
                is_over and worst == "timed_out",
                list(self._stages(started_at)),
            )
        )

    def _stages(self, build_started_at: int) -> Iterator[Document]:
        for place, job in enumerate(self.attempt.jobs):
            is_own = job in self.own_jobs
            started_at = job.started_at if is_own else None
            ended_at = job.completed_at
            status = "NOT_EXECUTED"
            duration = 0
            if started_at is not None and started_at <= self.now:
                is_over = ended_at is not None and ended_at <= self.now
                status = STAGES[job.conclusion or "success"] if is_over else "IN_PROGRESS"
                duration = ((ended_at if is_over and ended_at else self.now) - started_at) * 1000
            elif is_own and (ended_at is None or ended_at > self.now):
                continue  # a stage shows when it begins
            yield {
                "id": str(FIRST_STAGE + STAGE_STEP * place),
                "name": job.name,
                "execNode": "",
                "status": status,
                "startTimeMillis": (started_at or build_started_at) * 1000,
                "durationMillis": max(0, duration),
                "pauseDurationMillis": 0,
            }
