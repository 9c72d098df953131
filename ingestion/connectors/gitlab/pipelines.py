"""Pipelines and their jobs.

Pipelines are listed by last update, and each that changed is asked for by itself, since lists tell no times.
Jobs are listed by project, newest first, down to those that are known, which costs a request for a hundred;
pipelines from before are asked for their jobs, retried ones included. Jobs come after the pipelines: a
pipeline that was read when it had ended has jobs that have ended too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ingestion.connector import Page
from ingestion.connectors.gitlab.walk import Walk, instant, text

Payload = dict[str, Any]

_AT_REST = frozenset({"success", "failed", "canceled", "skipped", "manual"})
"""Nothing runs: what happens next moves `updated_at`, and many a manual pipeline waits for ever."""

_BATCH = 50


def pipeline_pages(walk: Walk) -> Iterator[Page]:
    """Pages of pipelines and jobs that are new or changed; moves the cursors after the last."""
    state = walk.part("jobs")
    known, newest_job = state.get("pipeline", 0), state.get("cursor", 0)
    newest_pipeline, latest = known, newest_job
    unfinished = {str(number) for number in state.get("unfinished", [])}
    running: set[str] = set()
    for page in _changed_pipelines(walk, unfinished):
        for start in range(0, len(page), _BATCH):
            pipelines = page[start : start + _BATCH]
            rows = [_pipeline(walk, one) for one in pipelines]
            yield walk.accounts.take()
            yield Page("pipelines", rows)
            running.update(str(one["id"]) for one in pipelines if one["status"] not in _AT_REST)
            newest_pipeline = max([newest_pipeline, *(one["id"] for one in pipelines)])
            for one in pipelines:
                if one["id"] <= known:
                    yield from _jobs_of(walk, one)
    for jobs in _new_jobs(walk, newest_job):
        latest = max([latest, *(job["id"] for job in jobs)])
        # A pipeline that came after their list may have shown some of its jobs here: it is known from now on.
        newest_pipeline = max([newest_pipeline, *(job["pipeline"]["id"] for job in jobs)])
        rows = [_job(walk, job) for job in jobs]
        yield walk.accounts.take()
        yield Page("jobs", rows)
    state.update(cursor=latest, pipeline=newest_pipeline, unfinished=sorted(running, key=int))


def _new_jobs(walk: Walk, newest: int) -> Iterator[list[Payload]]:
    """Jobs of the project that are not known yet, newest first."""
    since = walk.extraction.since
    for page in walk.pages("/jobs", pagination="keyset", order_by="id", sort="desc"):
        fresh = [job for job in page if since or job["id"] > newest]
        yield fresh
        if len(fresh) < len(page):
            return


def _changed_pipelines(walk: Walk, unfinished: set[str]) -> Iterator[list[Payload]]:
    """Whole pipelines that changed, and those that had not ended when last read."""
    met: set[str] = set()
    for page in walk.changed("pipelines", "/pipelines"):
        met.update(str(row["id"]) for row in page)
        yield [walk.get_if_allowed(f"/pipelines/{row['id']}") or row for row in page]
    found = (walk.get_if_allowed(f"/pipelines/{number}") for number in sorted(unfinished - met, key=int))
    yield [one for one in found if one is not None]


def _jobs_of(walk: Walk, pipeline: Payload) -> Iterator[Page]:
    jobs = walk.all_of(f"/pipelines/{pipeline['id']}/jobs", include_retried="true")
    if jobs is not None:
        rows = [_job(walk, job) for job in jobs]
        yield walk.accounts.take()
        yield Page("jobs", rows)


def _queued_at(job: Payload) -> datetime | None:
    started_at, waited = job.get("started_at"), job.get("queued_duration")
    if started_at is None or waited is None:
        return None
    return instant(started_at) - timedelta(seconds=round(float(waited)))


def _pipeline(walk: Walk, pipeline: Payload) -> Payload:
    coverage = pipeline.get("coverage")
    return {
        "id": str(pipeline["id"]),
        "repository_id": walk.id,
        "name": pipeline.get("name"),
        "source": pipeline.get("source"),
        "ref": pipeline.get("ref"),
        "sha": pipeline["sha"],
        "status": pipeline["status"],
        "created_at": pipeline.get("created_at"),
        "updated_at": pipeline.get("updated_at"),
        "started_at": pipeline.get("started_at"),
        "finished_at": pipeline.get("finished_at"),
        "duration_seconds": pipeline.get("duration"),
        "coverage": None if coverage is None else float(coverage),
        "user_id": walk.accounts.id_of(pipeline.get("user")),
    }


def _job(walk: Walk, job: Payload) -> Payload:
    pipeline, runner = job.get("pipeline") or {}, job.get("runner") or {}
    duration = job.get("duration")
    return {
        "id": str(job["id"]),
        "pipeline_id": str(pipeline["id"]),
        "repository_id": walk.id,
        "name": job["name"],
        "stage": job.get("stage"),
        "sha": pipeline.get("sha"),
        "ref": job.get("ref"),
        "status": job["status"],
        "is_failure_allowed": job.get("allow_failure"),
        "created_at": job.get("created_at"),
        "started_at": job.get("started_at"),
        "finished_at": job.get("finished_at"),
        "duration_seconds": None if duration is None else float(duration),
        "queued_at": _queued_at(job),
        "failure_reason": job.get("failure_reason"),
        "tags": ",".join(sorted(job.get("tag_list") or [])),
        "runner_id": text(runner.get("id")),
        "user_id": walk.accounts.id_of(job.get("user")),
    }
