"""Actions: workflow runs by windows of creation, their attempts, and the jobs of each attempt, by REST.

GitHub has no "changed since" for runs and lists at most 1,000 of a window, so windows are halved until they
hold fewer. Later walks read the newest hundred (re-runs of those show there), what came before it since the
cursor, and ask for each run that was not finished and each that an open pull request shows to have run again.
What is not found any more has expired under the retention setting: that is no failure, and the rows stay.

A re-run lists jobs that it did not run again, with the times of the attempt that did: `started_at` lies
before `created_at` and before the attempt's `run_started_at`. They are kept as GitHub says them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.connector import Page
from ingestion.connectors.github.walk import OVERLAP, Walk, instant
from ingestion.http import MalformedResponseError, NotFoundError

Payload = dict[str, Any]
Fingerprint = list[Any]
"""Latest attempt, status, times of change and creation of a run: while they stand, it is not read again."""

PAGE_SIZE = 100
SEARCH_LIMIT = 1000
"""A filtered list of runs ends after 1,000, whatever its total_count says."""

_FINISHED = "completed"
_CREATED = 3
_SET_UP_STEP = "Set up job"
_SECOND = timedelta(seconds=1)


def actions_pages(walk: Walk) -> Iterator[Page]:
    """Pages of runs and jobs that are new or changed; moves the cursor after the last."""
    state = walk.part("actions")
    known: dict[str, Fingerprint] = state.get("runs", {})
    compared = {} if walk.extraction.since else known
    met: dict[str, Fingerprint] = {}
    for run in _runs(walk, walk.stop_at(state.get("cursor"))):
        if str(run["id"]) not in met:
            met[str(run["id"])] = _fingerprint(run)
            yield from _run_pages(walk, run, compared.get(str(run["id"])))
    for run_id in sorted({*_unfinished(known), *walk.rerun_ids} - met.keys()):
        polled = _unless_expired(walk, f"/actions/runs/{run_id}")
        if polled is not None:
            met[run_id] = _fingerprint(polled)
            yield from _run_pages(walk, polled, compared.get(run_id))
    created = [fingerprint[_CREATED] for fingerprint in met.values()]
    state["cursor"] = max([*created, state.get("cursor") or ""]) or None
    state["runs"] = _remembered(state["cursor"], known, met)


def run_row(walk: Walk, run: Payload) -> Payload:
    """The row of one attempt of a run."""
    attempt = run.get("run_attempt") or 1
    return {
        "id": f"{run['id']}:{attempt}",
        "run_id": str(run["id"]),
        "attempt": attempt,
        "repository_id": walk.repository_id,
        "name": run["name"],
        "event": run["event"],
        "head_branch": run["head_branch"],
        "head_sha": run["head_sha"],
        "created_at": run["created_at"],
        "run_started_at": run.get("run_started_at"),
        "updated_at": run["updated_at"],
        "status": run["status"],
        "conclusion": run["conclusion"],
        "actor_id": walk.accounts.id_of(run.get("triggering_actor") or run.get("actor")),
    }


def job_pages(walk: Walk, run_id: str, attempt: int) -> Iterator[Page]:
    """The jobs of one attempt, complete; none where they have expired."""
    path = f"/repos/{walk.name}/actions/runs/{run_id}/attempts/{attempt}/jobs"
    jobs: list[Payload] = []
    try:
        for page in walk.extraction.http.pages(path, {"per_page": PAGE_SIZE}, select="jobs"):
            jobs.extend(page)
    except NotFoundError:
        walk.log(f"the jobs of run {run_id}, attempt {attempt}, have expired")
        return
    # An earlier attempt's job that is listed again under its own number has its row already.
    rows = [_job(walk, job) for job in jobs if (job.get("run_attempt") or attempt) == attempt]
    yield Page("workflow_jobs", rows, [(run_id, attempt)])


def _run_pages(walk: Walk, run: Payload, before: Fingerprint | None) -> Iterator[Page]:
    """Rows of a run that differs from what was seen before: its new attempts, and their jobs."""
    if before == _fingerprint(run):
        return
    run_id, latest = str(run["id"]), run.get("run_attempt") or 1
    attempts = range(_first_unread(before, latest), latest + 1)
    earlier = [
        _unless_expired(walk, f"/actions/runs/{run_id}/attempts/{attempt}") for attempt in attempts[:-1]
    ]
    rows = [run_row(walk, attempt) for attempt in (*earlier, run) if attempt is not None]
    yield walk.accounts.take()
    yield Page("workflow_runs", rows)
    for attempt in attempts:
        yield from job_pages(walk, run_id, attempt)


def _first_unread(before: Fingerprint | None, latest: int) -> int:
    """The first attempt that may have news: the one that was unfinished, else the one after it."""
    if before is None:
        return 1
    attempt, status, *_ = before
    return min(int(attempt) + 1, latest) if status == _FINISHED else int(attempt)


def _runs(walk: Walk, stop_at: datetime | None) -> Iterator[Payload]:
    """Runs created since, newest first; at least the newest page, in which re-runs show."""
    path = f"/repos/{walk.name}/actions/runs"
    newest = walk.extraction.http.get_json(path, {"per_page": PAGE_SIZE})
    runs: list[Payload] = newest["workflow_runs"]
    yield from runs
    if len(runs) == newest["total_count"] or not runs:
        return
    reached = instant(runs[-1]["created_at"])
    if stop_at is None:
        stop_at = datetime(2018, 10, 1, tzinfo=UTC)  # Actions did not exist before.
    if reached >= stop_at:
        yield from _window(walk, stop_at, reached)


def _window(walk: Walk, start: datetime, end: datetime) -> Iterator[Payload]:
    """Runs created in [start, end], newest first, by halving windows that hold too many to be listed."""
    path = f"/repos/{walk.name}/actions/runs"
    created = f"{_stamp(start)}..{_stamp(end)}"
    pages = walk.extraction.http.pages(
        path, {"per_page": PAGE_SIZE, "created": created}, select="workflow_runs"
    )
    for number, page in enumerate(pages):
        if number == 0 and page.response.json()["total_count"] >= SEARCH_LIMIT:
            yield from _halves(walk, start, end)
            return
        yield from page
    walk.log(f"workflow runs back to {_stamp(start)} read")


def _halves(walk: Walk, start: datetime, end: datetime) -> Iterator[Payload]:
    if end - start <= _SECOND:
        raise MalformedResponseError(f"{walk.name} lists {SEARCH_LIMIT} workflow runs or more in one second")
    middle = (start + (end - start) / 2).replace(microsecond=0)
    yield from _window(walk, middle + _SECOND, end)
    yield from _window(walk, start, middle)


def _unless_expired(walk: Walk, path: str) -> Payload | None:
    """A run or attempt, None where it has expired."""
    try:
        found: Payload = walk.extraction.http.get_json(f"/repos/{walk.name}{path}")
    except NotFoundError:
        walk.log(f"{path.removeprefix('/actions/')} has expired")
        return None
    return found


def _fingerprint(run: Payload) -> Fingerprint:
    return [run.get("run_attempt") or 1, run["status"], run["updated_at"], run["created_at"]]


def _unfinished(known: dict[str, Fingerprint]) -> list[str]:
    return [run_id for run_id, (_, status, *_) in known.items() if status != _FINISHED]


def _remembered(
    cursor: str | None, known: dict[str, Fingerprint], met: dict[str, Fingerprint]
) -> dict[str, Fingerprint]:
    """What the next walk compares with: the runs that it will list again, and the unfinished ones."""
    by_age = sorted({**known, **met}.items(), key=lambda item: str(item[1][_CREATED]), reverse=True)
    listed_from = instant(cursor) - OVERLAP if cursor else None
    newest = {run_id for run_id, _ in by_age[:PAGE_SIZE]}
    unfinished = set(_unfinished(met))
    return {
        run_id: fingerprint
        for run_id, fingerprint in by_age
        if run_id in newest | unfinished or (listed_from and instant(fingerprint[_CREATED]) >= listed_from)
    }


def _job(walk: Walk, job: Payload) -> Payload:
    steps = job.get("steps") or []
    started = [instant(step["started_at"]) for step in steps if step.get("started_at")]
    steps_started_at = min(started) if started and (job.get("runner_id") or 0) > 0 else None
    return {
        "id": str(job["id"]),
        "run_id": str(job["run_id"]),
        "run_attempt": job.get("run_attempt") or 1,
        "repository_id": walk.repository_id,
        "name": job["name"],
        "head_sha": job.get("head_sha"),
        "head_branch": job.get("head_branch"),
        "status": job["status"],
        "conclusion": job["conclusion"],
        "created_at": job.get("created_at"),
        "started_at": job["started_at"],
        "completed_at": job["completed_at"],
        "steps_started_at": steps_started_at,
        "setup_seconds": _setup_seconds(steps, steps_started_at),
        "labels": ",".join(sorted(job.get("labels") or [])),
        "runner_id": _text(job.get("runner_id")),
        "runner_name": job.get("runner_name"),
        "runner_group_name": job.get("runner_group_name"),
    }


def _setup_seconds(steps: list[Payload], started_at: datetime | None) -> int | None:
    ends = [
        step["completed_at"] for step in steps if step["name"] == _SET_UP_STEP and step.get("completed_at")
    ]
    if not ends or started_at is None:
        return None
    return int((instant(ends[0]) - started_at).total_seconds())


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
