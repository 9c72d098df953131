"""The CI: workflow runs, their jobs, and a pool with fewer runners than there may be jobs.

Jobs wait in order of arrival. A push cancels what still runs for the branch. A job fails because the code is
wrong, by accident (flaky), or because its runner is lost; running failed jobs again inherits the others with
their old times.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from heapq import heappop, heappush

from sandbox.history import Account, Attempt, Conclusion, Job, Repository, Run, Trigger
from sandbox.simulation.changes import LiveChange
from sandbox.simulation.world import World, chance

TRIGGER_SECONDS = 2
LOST_RUNNER_SECONDS = 6 * 3600
FLAKY_WEIGHT = {"lint": 0.1, "unit": 0.7, "integration": 2.0, "preview": 1.0}
MAX_RERUNS = 2
# Below 2**31, so that GraphQL's Int can tell them as well.
FIRST_RUN, FIRST_JOB = 1_900_000_000, 1_000_000_000


@dataclass(slots=True, eq=False)
class Task:
    """A job attempt on its way through the pool."""

    job: Job
    seconds: int
    conclusion: Conclusion
    done: Callable[["Task"], None]
    is_cancelled: bool = False
    is_running: bool = False
    started_at: int = 0


class Pool:
    """Runners and the jobs that wait for one."""

    def __init__(self, world: World, runners: int) -> None:
        self.world = world
        self._runners = runners
        self._free = list(range(1, runners * 4 + 1))
        self._busy = 0
        self._waiting: deque[Task] = deque()
        self._random = world.streams.stream("pool")

    def submit(self, task: Task) -> None:
        """Queue a job."""
        self._waiting.append(task)
        self._assign()

    def cancel(self, task: Task) -> None:
        """Stop a job that waits or runs."""
        if task.job.conclusion is not None or task.is_cancelled:
            return
        task.is_cancelled = True
        task.job.conclusion = "cancelled"
        task.job.completed_at = self.world.now
        if task.is_running:
            self._release(task)

    def _assign(self) -> None:
        while self._waiting and self._busy < self._limit():
            task = self._waiting.popleft()
            if not task.is_cancelled:
                self._start(task)

    def _limit(self) -> int:
        return round(self._runners * min(4.0, self.world.follow_up()))

    def _start(self, task: Task) -> None:
        now = self.world.now
        task.is_running, self._busy = True, self._busy + 1
        pickup, setup = self._random.randrange(4, 12), self._random.randrange(5, 40)
        task.job.runner = heappop(self._free)
        skew = self.skew(task.job.runner)
        task.started_at = now + pickup
        task.job.started_at = now + pickup + skew
        task.job.setup_seconds = setup
        self.world.at(now + pickup + setup + task.seconds, partial(self._finish, task))

    def skew(self, runner: int) -> int:
        """Return by how many seconds a runner's clock is wrong."""
        width = self.world.scenario.skew_seconds
        return runner * 5 % (2 * width + 1) - width

    def _release(self, task: Task) -> None:
        heappush(self._free, task.job.runner)
        self._busy -= 1
        self._assign()

    def _finish(self, task: Task) -> None:
        if task.is_cancelled:
            return
        task.job.conclusion = task.conclusion
        task.job.completed_at = self.world.now + self.skew(task.job.runner)
        self._release(task)
        task.done(task)


@dataclass(slots=True, eq=False)
class LiveRun:
    """A run under way: what became of each job so far."""

    record: Run
    change: LiveChange | None
    done: Callable[["LiveRun"], None] | None
    broken_job: str | None
    tasks: dict[str, Task] = field(default_factory=dict)
    reruns: int = 0

    def is_finished(self) -> bool:
        """Whether no job is left."""
        return all(task.job.conclusion is not None for task in self.tasks.values())

    def failed(self) -> list[str]:
        """Return the jobs that failed in the latest attempt."""
        return [name for name, task in self.tasks.items() if task.job.conclusion in {"failure", "timed_out"}]


class Ci:
    """Starts runs for pushes, queue entries and trunk, and reports checks to changes."""

    def __init__(self, world: World) -> None:
        self.world = world
        runners = max(2, round(world.scenario.ci.runners_per_developer * len(world.organisation.developers)))
        self.pool = Pool(world, runners)
        self._random = world.streams.stream("ci")
        self._runs: dict[int, LiveRun] = {}
        self._job_names = tuple(world.scenario.ci.job_hours)

    def opened(self, change: LiveChange) -> None:
        """Check a change that was just opened."""
        self.pushed(change)

    def pushed(self, change: LiveChange) -> None:
        """Check the new head of an open change and stop what ran for the old one."""
        if not change.is_open:
            return
        if run := self._runs.get(change.record.id):
            for task in run.tasks.values():
                self.pool.cancel(task)
            run.tasks.clear()
            run.record.attempts[-1].pack()
        self.world.at(self.world.now + TRIGGER_SECONDS, partial(self._check, change, change.head.sha))

    def _check(self, change: LiveChange, sha: str) -> None:
        if change.record.heads[-1].sha != sha or not change.is_open:
            return
        is_repair = len(change.record.heads) > 1
        share = self.world.scenario.ci.failed_share * (0.4 if is_repair else 1.0)
        broken = (
            self._random.choice(("lint", "unit", "unit", "integration"))
            if chance(self._random, share)
            else None
        )
        actor = change.head.author
        repository = change.record.repository
        run = self._start(
            repository, "pull_request", change.record.head_branch, sha, actor, change=change, broken=broken
        )
        self._runs[change.record.id] = run

    def check_queue_entry(
        self, change: LiveChange, branch: str, sha: str, actor: Account, done: Callable[[LiveRun], None]
    ) -> None:
        """Check the commit that the merge queue wants to put on trunk."""
        broken = "integration" if chance(self._random, self.world.scenario.ci.failed_share / 4) else None
        self._start(change.record.repository, "merge_group", branch, sha, actor, broken=broken, done=done)

    def check_trunk(self, repository: Repository, sha: str, actor: Account) -> None:
        """Check trunk after a merge."""
        self._start(repository, "push", "main", sha, actor)

    def forget(self, change: LiveChange) -> None:
        """Let go of the run of a change that needs none any more: runs and tasks hold each other."""
        if run := self._runs.pop(change.record.id, None):
            run.tasks.clear()

    def is_worth_a_rerun(self, change: LiveChange) -> bool:
        """Whether the author sees that the code is not to blame for the failure."""
        run = self._runs.get(change.record.id)
        return run is not None and run.is_finished() and run.broken_job is None and run.reruns < MAX_RERUNS

    def rerun(self, change: LiveChange, actor: Account) -> None:
        """Run the failed jobs of a change's head again."""
        run = self._runs[change.record.id]
        run.reruns += 1
        failed = run.failed()
        old = run.tasks
        attempt = self._attempt(run, actor)
        for name, task in old.items():
            if name not in failed:
                attempt.jobs.append(replace(task.job, id=self._next_job_id(), created_at=self.world.now))
        self._submit(run, attempt, failed)

    def _next_job_id(self) -> int:
        return self.world.history.next_id("job") + FIRST_JOB

    def _start(
        self,
        repository: Repository,
        trigger: Trigger,
        branch: str,
        sha: str,
        actor: Account,
        *,
        change: LiveChange | None = None,
        broken: str | None = None,
        done: Callable[[LiveRun], None] | None = None,
    ) -> LiveRun:
        history = self.world.history
        number = history.next_id(f"run of {repository.id}")
        record = Run(
            history.next_id("run") + FIRST_RUN,
            number,
            repository,
            "ci",
            trigger,
            branch,
            sha,
            self.world.now,
        )
        repository.runs.append(record)
        run = LiveRun(record, change, done, broken)
        self._submit(run, self._attempt(run, actor), self._job_names)
        return run

    def _attempt(self, run: LiveRun, actor: Account) -> Attempt:
        attempt = Attempt(len(run.record.attempts) + 1, self.world.now, actor, self._job_names)
        run.record.attempts += (attempt,)
        return attempt

    def _submit(self, run: LiveRun, attempt: Attempt, names: Iterable[str]) -> None:
        change = run.change if self._is_current(run) else None
        tasks = []
        for name in names:
            job = Job(self._next_job_id(), name, self.world.now)
            attempt.jobs.append(job)
            task = Task(job, *self._fate(run, name), partial(self._job_done, run))
            run.tasks[name] = task
            tasks.append(task)
            if change:
                change.checks[name] = "pending"
        if change:
            change.settle()
        for task in tasks:
            self.pool.submit(task)

    def _fate(self, run: LiveRun, name: str) -> tuple[int, Conclusion]:
        habits = self.world.scenario.ci
        seconds = habits.job_hours[name].seconds(self._random)
        if run.broken_job == name:
            return round(seconds * self._random.uniform(0.3, 1.0)) + 1, "failure"
        if chance(self._random, habits.lost_runner_share):
            return LOST_RUNNER_SECONDS, "timed_out"
        if chance(self._random, habits.flaky_share * FLAKY_WEIGHT.get(name, 1.0)):
            return seconds, "failure"
        return seconds, "success"

    def _is_current(self, run: LiveRun) -> bool:
        change = run.change
        return change is not None and not change.is_merged and change.record.heads[-1].sha == run.record.sha

    def _job_done(self, run: LiveRun, task: Task) -> None:
        if run.change and self._is_current(run):
            run.change.check(task.job.name, "passed" if task.conclusion == "success" else "failed")
        if run.is_finished():
            run.record.attempts[-1].pack()
            if run.done:
                run.done(run)
            if run.change is None:
                run.tasks.clear()
