"""Getting onto trunk: by hand, automatically, through the merge queue, or around it all by a direct commit.

Also the ways not to get there: giving up, closing and thinking again, going back to draft.
"""

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sandbox.gitobjects import Tree
from sandbox.history import Account, Commit, PushKind, Repository
from sandbox.organisation import Person
from sandbox.simulation.building import give_number, head_of, new_change, update_branch
from sandbox.simulation.changes import LiveChange
from sandbox.simulation.ci import LiveRun
from sandbox.simulation.development import duty_of
from sandbox.simulation.people import Activity
from sandbox.simulation.reviewing import ask_reviewers
from sandbox.simulation.world import NO_SHA, World, chance

if TYPE_CHECKING:
    from sandbox.simulation.development import Developer

HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY
TRUNK = "refs/heads/main"


class Merge(NamedTuple):
    """A commit made for trunk, and the tree that trunk has with it."""

    commit: Commit
    tree: Tree


class Merging:
    """Trunk of every repository and the ways onto it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._random = world.streams.stream("merging")
        self._queues: dict[int, deque[LiveChange]] = {}
        self._by_sha: dict[str, LiveChange] = {}
        self._queue_bot = world.organisation.bots["github-merge-queue[bot]"]
        self._release_bot = world.organisation.release_bot
        for repository in world.history.repositories:
            self._queues[repository.id] = deque()
            self._plan_direct_commit(repository)

    # By hand or automatically.

    def merge_by_hand(self, change: LiveChange, developer: "Developer") -> Activity:
        """Merge a change that may be merged, after rebasing it if trunk moved under it."""
        if chance(self._random, self.world.scenario.merge.conflict_share):
            yield developer.working(self.world.scenario.build.rework_hours.seconds(self._random))
            if change.is_open and not change.is_queued:
                update_branch(change, developer, "Resolve conflicts", is_forced=True)
                ask_reviewers(change, self._random, again=change.is_approval_missing())
            return
        self._merge_or_enqueue(change, developer.person)

    def auto_merge(self, change: LiveChange) -> None:
        """Merge as soon as nothing stands against it."""
        if duty_of(change) == "merge":
            self._merge_or_enqueue(change, change.owner)
        else:
            change.duty = ""
            self.world.development.notice(change)

    def _merge_or_enqueue(self, change: LiveChange, person: Person) -> None:
        if duty_of(change) != "merge":
            return
        if self.world.organisation.policies[change.record.repository.id].has_queue:
            change.enqueue(person.account)
            queue = self._queues[change.record.repository.id]
            queue.append(change)
            if len(queue) == 1:
                self._check_first(change.record.repository)
        else:
            merge = self._merge(change, person.account)
            self._land(change, merge, person.account, person, "pr_merge")

    # The queue.

    def _check_first(self, repository: Repository) -> None:
        queue = self._queues[repository.id]
        while queue and not queue[0].is_queued:
            queue.popleft()
        if not queue:
            return
        change = queue[0]
        merge = self._merge(change, self._queue_bot)
        branch = f"gh-readonly-queue/main/pr-{change.record.number}-{merge.commit.parents[0]}"
        self.world.push(
            repository,
            f"refs/heads/{branch}",
            NO_SHA,
            merge.commit.sha,
            actor=self._queue_bot,
            kind="branch_creation",
        )
        self.world.ci.check_queue_entry(
            change, branch, merge.commit.sha, self._queue_bot, partial(self._checked, change, merge)
        )

    def _checked(self, change: LiveChange, merge: Merge, run: LiveRun) -> None:
        repository = change.record.repository
        if self._queues[repository.id][0] is change and change.is_queued:
            required = set(repository.required_checks)
            if required & set(run.failed()):
                self._queues[repository.id].popleft()
                change.duty = ""
                change.dequeue(self._queue_bot, "FAILED_CHECKS")
            elif merge.commit.parents[0] == repository.trunk[-1][1].sha:
                self._queues[repository.id].popleft()
                change.dequeue(self._queue_bot, "MERGE")
                self._land(change, merge, self._queue_bot, None, "merge_queue_merge")
        self._check_first(repository)

    # Landing.

    def _merge(self, change: LiveChange, actor: Account) -> Merge:
        """Make the commit that would bring the change onto trunk as it stands now."""
        repository, record, now = change.record.repository, change.record, self.world.now
        written = {file[0]: file for commit in record.heads[-1].commits for file in commit.files}
        files = tuple(written.values())
        tree = repository.tree.with_files(files)
        trunk = repository.trunk[-1][1].sha
        is_squash = self.world.organisation.policies[repository.id].is_squashing
        trailers = [
            line
            for commit in record.heads[-1].commits
            for line in commit.message.splitlines()
            if "-by:" in line
        ]
        tail = "\n".join(["", *dict.fromkeys(trailers)]) if trailers and record.number % 4 else ""
        if is_squash:
            message = f"{record.title} (#{record.number})\n{tail}\n"
            parents: tuple[str, ...] = (trunk,)
        else:
            message = f"Merge pull request #{record.number} from {record.head_branch}\n\n{record.title}\n"
            parents = (trunk, record.heads[-1].sha)
        author = record.author if is_squash else actor
        commit = self.world.commit(
            repository,
            parents,
            tree,
            files,
            author=author,
            message=message,
            authored_at=now,
            committed_at=now,
        )
        return Merge(commit, tree)

    def _land(
        self, change: LiveChange, merge: Merge, actor: Account, person: Person | None, kind: PushKind
    ) -> None:
        repository, commit = change.record.repository, merge.commit
        if change.is_queued:
            change.is_queued = False
        before = repository.trunk[-1][1].sha
        repository.tree = merge.tree
        repository.trunk.append((self.world.now, commit))
        self.world.push(repository, TRUNK, before, commit.sha, actor=actor, kind=kind)
        if chance(self._random, 0.8):
            last = change.record.heads[-1].sha
            self.world.push(repository, change.ref, last, NO_SHA, actor=actor, kind="branch_deletion")
        change.merge(actor, person, commit.sha, len(repository.trunk) - 1)
        self.world.development.finished(change)
        self.world.ci.forget(change)
        if kind == "pr_merge":  # the queue has checked the very commit already
            self.world.ci.check_trunk(repository, commit.sha, actor)
        self.world.releases.merged(change)
        self._supersede_reverted(change)
        if change.record.reverts is None and chance(self._random, self.world.scenario.merge.revert_share):
            later = change.team.calendar.add(self.world.now, self._random.randrange(HOUR, 16 * HOUR))
            self.world.at(later, partial(self.revert, change))

    def _supersede_reverted(self, change: LiveChange) -> None:
        original = self._by_sha.pop(change.record.head_branch, None)
        if original and original.deployed_at is None and original.flow_ended_at is None:
            original.end("superseded", "superseded")

    def revert(self, original: LiveChange) -> LiveChange:
        """Open the change that takes another one back; its author cares for it from here."""
        world, record, person = self.world, original.record, original.owner
        repository = record.repository
        branch = f"revert-{record.number}-{record.head_branch}-{world.new_version()}"
        body = f"Reverts {repository.names[0][1]}#{record.number}\n"
        account = person.account
        revert = new_change(
            world, repository, account, title=f'Revert "{record.title}"', body=body, branch=branch
        )
        revert.reverts = record
        change = LiveChange(
            world, revert, author=person, owner=person, team=original.team, services=original.services
        )
        files = tuple((path, world.new_version()) for path in record.heads[-1].paths)
        change.tree = change.tree.with_files(files)
        message = f'Revert "{record.title}"\n\nThis reverts commit {record.merge_sha}.\n'
        now = world.now
        commit = world.commit(
            repository,
            (revert.base_sha,),
            change.tree,
            files,
            author=account,
            message=message,
            authored_at=now,
            committed_at=now,
        )
        change.begin(now)
        head = record.heads[-1]
        change.push(head_of(change, (commit,), head.deletions, head.additions), account)
        give_number(change)
        self._by_sha[branch] = original
        change.open()
        world.ci.opened(change)
        ask_reviewers(change, self._random)
        world.development.workers[person.id].own.append(change)
        return change

    def _plan_direct_commit(self, repository: Repository) -> None:
        rate = self.world.scenario.merge.direct_commits_per_week
        self.world.at(
            self.world.now + round(self._random.expovariate(rate) * WEEK) + 1,
            partial(self._commit_directly, repository),
        )

    def _commit_directly(self, repository: Repository) -> None:
        self._plan_direct_commit(repository)
        now, trunk = self.world.now, repository.trunk[-1][1].sha
        files = (("VERSION", self.world.new_version()),)
        tree = repository.tree.with_files(files)
        message = f"Bump version to {len(repository.trunk)}\n"
        commit = self.world.commit(
            repository,
            (trunk,),
            tree,
            files,
            author=self._release_bot,
            message=message,
            authored_at=now,
            committed_at=now,
        )
        repository.tree = tree
        repository.trunk.append((now, commit))
        self.world.push(repository, TRUNK, trunk, commit.sha, actor=self._release_bot, kind="push")

    # Not getting there.

    def may_be_given_up(self, change: LiveChange, developer: "Developer") -> None:
        """Decide the fate of a change just finished: few are given up, closed for a while or drafts again."""
        habits = self.world.scenario.build
        random = self.world.streams.stream("fate", change.record.id)
        draw, actor = random.random(), developer.person.account
        if draw < habits.abandoned_share:
            self.world.at(
                self.world.now + random.randrange(DAY, 9 * DAY), partial(self._give_up, change, actor)
            )
        elif draw < habits.abandoned_share + habits.reopened_share:
            later = self.world.now + random.randrange(HOUR, DAY)
            self.world.at(
                later, partial(self._close_for_now, change, actor, random.randrange(HOUR, 30 * HOUR))
            )
        elif draw < habits.abandoned_share + habits.reopened_share + habits.back_to_draft_share:
            later = self.world.now + random.randrange(HOUR, 8 * HOUR)
            self.world.at(
                later, partial(self._back_to_draft, change, actor, random.randrange(2 * HOUR, 20 * HOUR))
            )

    def _give_up(self, change: LiveChange, actor: Account) -> None:
        if change.is_open and not change.is_queued:
            change.close(actor, for_good=True)
            self.world.development.finished(change)
            self.world.ci.forget(change)
            if change.ticket and change.ticket.feature:
                change.ticket.feature.dropped(change.ticket.record.id)

    def _close_for_now(self, change: LiveChange, actor: Account, seconds: int) -> None:
        if change.is_open and not change.is_queued:
            change.close(actor, for_good=False)
            self.world.at(self.world.now + seconds, partial(self._reopen, change, actor))

    def _reopen(self, change: LiveChange, actor: Account) -> None:
        change.duty = ""
        change.reopen(actor)
        for subject in change.reviewers:
            self.world.development.request_review(change, subject)

    def _back_to_draft(self, change: LiveChange, actor: Account, seconds: int) -> None:
        if change.is_open and not change.is_queued and not change.is_draft:
            change.make_draft(actor)
            self.world.at(self.world.now + seconds, partial(self._ready_again, change, actor))

    def _ready_again(self, change: LiveChange, actor: Account) -> None:
        if change.is_open and change.is_draft:
            change.duty = ""
            change.make_ready(actor)
            for subject in change.reviewers:
                self.world.development.request_review(change, subject)
