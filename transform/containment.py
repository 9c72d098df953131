"""Which commits each deployment brings live: the step between the canonical relations and the marts.

Holds the walk over the commit graph, a pure function, and `compute_containment`, which feeds it from
`canonical` and writes `raw_flowgauge.deployment_commits` and `raw_flowgauge.deployment_sequence`. Where one
connection tells of deployments and another hosts the commits, their repositories are matched by full name
first (`raw_flowgauge.repository_matches`).
It is Python because one recursive query per deployment did not end in 40 s where this takes under a second.
Which service a deployment belongs to and which change a commit belongs to is decided later, in SQL.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, groupby
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from transform.commit_graph import CommitGraph, Comparisons, Difference

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Attempt:
    """One deployment of one repository to one environment, successful, failed or still under way.

    `tag_sha` is the commit of the release whose tag the deployment names where `sha` is not a commit.
    `finished_at` is null until the first final status.
    """

    deployment: str
    sha: str | None
    created_at: datetime
    finished_at: datetime | None = None
    is_success: bool = False
    tag_sha: str | None = None


class CarriedCommit(NamedTuple):
    """A commit that an attempt carries and that was not live before it.

    `is_delivered`: the attempt made it live; `removed_by` is then the deployment that took it away again.
    `is_left_censored`: it lies in the first deployment seen, so an earlier, unseen one may have carried it.
    """

    deployment: str
    sha: str
    is_delivered: bool
    is_left_censored: bool
    removed_by: str | None


class Step(NamedTuple):
    """How an attempt relates to what was live before it.

    `previous_deployment` is the last successful one before it, in order of finishing for a successful
    attempt, before its creation for any other. `commit` is null where the graph does not know the sha.
    `is_rollback` (the commit is an ancestor of the live one) is null where either is not known.
    """

    deployment: str
    previous_deployment: str | None
    commit: str | None
    is_first_success: bool
    is_rollback: bool | None
    is_redeploy: bool


class Walk(NamedTuple):
    """The outcome of one walk: every carried commit, and one step per attempt."""

    commits: list[CarriedCommit]
    steps: list[Step]


def walk_deployments(
    graph: CommitGraph, attempts: Iterable[Attempt], is_wanted: Callable[[str], bool] = lambda _: True
) -> Walk:
    """Follow what is live in one environment through its successful deployments in order of finishing.

    Args:
        graph: The repository's commits.
        attempts: All deployments of one service to one environment, in any order.
        is_wanted: Which commits to name where nothing is known to compare with, that is of the history up to
            the first deployment seen; all others are always named.
    """
    created = sorted(attempts, key=attrgetter("created_at", "deployment"))
    finished = [(attempt.finished_at, attempt) for attempt in created if attempt.is_success]
    successes = [attempt for _, attempt in sorted((pair for pair in finished if pair[0]), key=itemgetter(0))]
    compare = Comparisons(graph).compare
    delivered = _delivered(graph, compare, successes, is_wanted)
    carried = _carried(graph, compare, created, successes, is_wanted)
    named = {(row.deployment, row.sha) for row in delivered}
    rows = [*delivered, *(row for row in carried if (row.deployment, row.sha) not in named)]
    return Walk(rows, list(_steps(graph, compare, created, successes)))


_Compare = Callable[[str, str], Difference]


def _commit_of(graph: CommitGraph, attempt: Attempt) -> str | None:
    """The attempt's commit as far as the graph knows it: its sha, or else the commit of its release tag."""
    return next((sha for sha in (attempt.sha, attempt.tag_sha) if sha in graph), None)


def _borne(graph: CommitGraph, attempt: Attempt) -> frozenset[str]:
    """The one sha that the attempt itself bears, known to the graph or not; none where it names none."""
    sha = _commit_of(graph, attempt) or attempt.sha
    return frozenset([sha] if sha else [])


def _delivered(
    graph: CommitGraph, compare: _Compare, successes: Sequence[Attempt], is_wanted: Callable[[str], bool]
) -> list[CarriedCommit]:
    """What each successful deployment made live, and which later one took it away."""
    rows: dict[tuple[str, str], CarriedCommit] = {}
    live: dict[str, str] = {}
    known: str | None = None
    unknown: frozenset[str] = frozenset()
    for attempt in successes:
        commit, borne = _commit_of(graph, attempt), _borne(graph, attempt)
        added, censored, removed = _transition(graph, compare, known, commit, is_wanted)
        for sha in (removed | (unknown - borne)) & live.keys():
            deployment = live.pop(sha)
            rows[deployment, sha] = rows[deployment, sha]._replace(removed_by=attempt.deployment)
        for sha in (added | censored | borne) - live.keys():
            live[sha] = attempt.deployment
            rows[attempt.deployment, sha] = CarriedCommit(
                attempt.deployment, sha, True, sha in censored, None
            )
        known, unknown = commit or known, frozenset() if commit else borne
    return list(rows.values())


def _transition(
    graph: CommitGraph,
    compare: _Compare,
    known: str | None,
    commit: str | None,
    is_wanted: Callable[[str], bool],
) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Commits added, added by the first deployment seen, and removed, where `commit` follows `known`."""
    nothing: frozenset[str] = frozenset()
    if commit is None:
        return nothing, nothing, nothing
    if known is None:
        censored = frozenset(filter(is_wanted, graph.ancestors(commit) - {commit}))
        return frozenset({commit}), censored, nothing
    difference = compare(known, commit)
    return difference.added, nothing, difference.removed


def _finishes(successes: Sequence[Attempt]) -> list[datetime]:
    return [attempt.finished_at for attempt in successes if attempt.finished_at]


def _carried(
    graph: CommitGraph,
    compare: _Compare,
    created: Sequence[Attempt],
    successes: Sequence[Attempt],
    is_wanted: Callable[[str], bool],
) -> Iterator[CarriedCommit]:
    """What each attempt carries beyond what was live at its creation."""
    finishes = _finishes(successes)
    known = [None, *accumulate((_commit_of(graph, it) for it in successes), _latest_known)]
    for attempt in created:
        base = known[bisect_right(finishes, attempt.created_at)]
        added, censored, _ = _transition(graph, compare, base, _commit_of(graph, attempt), is_wanted)
        for sha in added | censored | _borne(graph, attempt):
            yield CarriedCommit(attempt.deployment, sha, False, False, None)


def _latest_known(last: str | None, sha: str | None) -> str | None:
    return sha or last


def _steps(
    graph: CommitGraph, compare: _Compare, created: Sequence[Attempt], successes: Sequence[Attempt]
) -> Iterator[Step]:
    finishes = _finishes(successes)
    order = {attempt.deployment: position for position, attempt in enumerate(successes)}
    for attempt in created:
        position = order.get(attempt.deployment, bisect_right(finishes, attempt.created_at))
        previous = successes[position - 1] if position else None
        yield _step(graph, compare, attempt, previous, is_first_success=order.get(attempt.deployment) == 0)


def _step(
    graph: CommitGraph, compare: _Compare, attempt: Attempt, previous: Attempt | None, is_first_success: bool
) -> Step:
    commit = _commit_of(graph, attempt)
    if previous is None:
        return Step(attempt.deployment, None, commit, is_first_success, False, False)
    live = _commit_of(graph, previous)
    is_redeploy = (commit or attempt.sha) == (live or previous.sha) is not None
    is_rollback: bool | None = False if is_redeploy else None
    if commit and live and not is_redeploy:
        added, removed = compare(live, commit)
        is_rollback = bool(removed) and not added
    return Step(attempt.deployment, previous.deployment, commit, is_first_success, is_rollback, is_redeploy)


# A connection hosts the repositories whose changes or commits it has; of others it only tells. Those are
# matched by full name, and with none where several connections host one of that name.
_MATCH = """
    create or replace temp table matches as
    with hosted as (
        select connection, repository from canonical.changes
        union
        select connection, repository from canonical.commits
    ),
    named as (
        select
            repositories.connection, repositories.source_id as repository, lower(repositories.name) as name,
            hosted.repository is not null as is_hosted
        from canonical.repositories
        left join hosted
            on repositories.connection = hosted.connection and repositories.source_id = hosted.repository
    )
    select
        guests.connection, guests.repository,
        case when count(*) = 1 then min(hosts.connection) end as hosting_connection,
        case when count(*) = 1 then min(hosts.repository) end as hosting_repository,
        count(*) > 1 as is_ambiguous
    from named as guests
    inner join named as hosts on guests.name = hosts.name and hosts.is_hosted
    where not guests.is_hosted
    group by all
"""

# A vendor tells services apart by its hint, if at all; deployments of one repository to one environment
# with one hint replace each other. Only where one of them may be production does it matter what the first one
# already held: there are repositories with an environment for each change.
_ATTEMPTS = """
    with production as (
        select environment from read_csv($names, header = true, all_varchar = true)
        union
        select lower(environment) from raw_flowgauge.service_environments where is_production
    )
    select
        coalesce(matches.hosting_connection, deployments.connection) as connection,
        coalesce(matches.hosting_repository, deployments.repository) as repository,
        deployments.connection as source_connection, deployments.service_hint, deployments.environment,
        coalesce(deployments.is_production, false) or production.environment is not null as is_production,
        deployments.source_id, deployments.sha, deployments.created_at, deployments.finished_at,
        deployments.status = 'success' as is_success, min(releases.sha) as tag_sha
    from canonical.deployments
    left join matches
        on
            deployments.connection = matches.connection
            and deployments.repository = matches.repository
    left join production on lower(deployments.environment) = production.environment
    left join canonical.releases
        on
            coalesce(matches.hosting_connection, deployments.connection) = releases.connection
            and coalesce(matches.hosting_repository, deployments.repository) = releases.repository
            and deployments.sha = releases.tag
    group by all
    order by 1, 2, 3, 4 nulls first, 5 nulls first
"""
_PRODUCTION_NAMES = Path(__file__).parent / "seeds" / "production_environments.csv"

_COMMITS = "select sha from canonical.commits where connection = ? and repository = ?"

_EDGES = "select child_sha, parent_sha from canonical.commit_ancestry where connection = ? and repository = ?"

_WANTED = """
    select merge_sha from canonical.changes where connection = $1 and repository = $2
    union
    select head_sha from canonical.changes where connection = $1 and repository = $2
"""

_TABLES = {
    "repository_matches": {
        "connection": "varchar",
        "repository": "varchar",
        "hosting_connection": "varchar",
        "hosting_repository": "varchar",
        "is_ambiguous": "boolean",
    },
    "deployment_commits": {
        "source_connection": "varchar",
        "connection": "varchar",
        "repository": "varchar",
        "deployment": "varchar",
        "sha": "varchar",
        "is_delivered": "boolean",
        "is_left_censored": "boolean",
        "removed_by": "varchar",
    },
    "deployment_sequence": {
        "source_connection": "varchar",
        "connection": "varchar",
        "repository": "varchar",
        "deployment": "varchar",
        "previous_deployment": "varchar",
        "commit_sha": "varchar",
        "is_first_success": "boolean",
        "is_rollback": "boolean",
        "is_redeploy": "boolean",
    },
}


def compute_containment(warehouse: Path) -> int:
    """Work out for every deployment which commits it brought live, and write that beside the raw facts.

    Replaces `raw_flowgauge.deployment_commits` (one row per deployment and commit that it carries beyond
    what was live before), `raw_flowgauge.deployment_sequence` (one row per deployment) and
    `raw_flowgauge.repository_matches` (one row per repository that a connection tells of and another one
    hosts) in one transaction. Equal canonical relations give equal tables.

    Args:
        warehouse: The DuckDB file in which the canonical relations have been built.

    Returns:
        The number of rows of `deployment_commits`.
    """
    import duckdb

    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(_MATCH)
        matches = connection.execute("from matches").fetchall()
        commits: list[tuple[object, ...]] = []
        steps: list[tuple[object, ...]] = []
        for repository, scopes in _read_scopes(connection):
            graph = _read_graph(connection, repository)
            shas = {sha for (sha,) in connection.execute(_WANTED, repository).fetchall()}
            for scope in scopes:
                wanted = shas if scope.is_production else frozenset()
                walk = walk_deployments(graph, scope.attempts, wanted.__contains__)
                place = (scope.source_connection, *repository)
                commits.extend((*place, *row) for row in walk.commits)
                steps.extend((*place, *step) for step in walk.steps)
        tables = {
            "repository_matches": matches,
            "deployment_commits": commits,
            "deployment_sequence": steps,
        }
        _replace(connection, tables)
    return len(commits)


_REPLACE = "create or replace table raw_flowgauge.{name} as select * from replacement order by all"

_Repository = tuple[str, str]


class _Scope(NamedTuple):
    """Deployments that replace each other, and whether any of them may be to production."""

    source_connection: str
    attempts: list[Attempt]
    is_production: bool


def _read_scopes(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[_Repository, list[_Scope]]]:
    """For each repository that has deployments, these grouped by what replaces each other."""
    rows = connection.execute(_ATTEMPTS, {"names": str(_PRODUCTION_NAMES)}).fetchall()
    for repository, its_rows in groupby(rows, key=itemgetter(0, 1)):
        scopes = [list(scope) for _, scope in groupby(its_rows, key=itemgetter(2, 3, 4))]
        yield (
            repository,
            [
                _Scope(scope[0][2], [Attempt(*row[6:]) for row in scope], any(row[5] for row in scope))
                for scope in scopes
            ],
        )


def _read_graph(connection: duckdb.DuckDBPyConnection, repository: _Repository) -> CommitGraph:
    commits = connection.execute(_COMMITS, repository).fetchall()
    edges = connection.execute(_EDGES, repository).fetchall()
    return CommitGraph((sha for (sha,) in commits), edges)


def _replace(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[tuple[object, ...]]]
) -> None:
    import pyarrow

    connection.begin()
    connection.execute("create schema if not exists raw_flowgauge")
    for name, rows in tables.items():
        columns = _TABLES[name]
        types = [pyarrow.bool_() if kind == "boolean" else pyarrow.string() for kind in columns.values()]
        values = zip(*rows, strict=True) if rows else ([] for _ in columns)
        arrays = [pyarrow.array(column, kind) for column, kind in zip(values, types, strict=True)]
        connection.register("replacement", pyarrow.table(arrays, names=list(columns)))
        connection.execute(_REPLACE.format(name=name))
        connection.unregister("replacement")
    connection.commit()
