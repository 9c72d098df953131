"""The walk over a controller: folders down to jobs, and of each job what is new, newest builds first.

Build numbers only grow, so the newest one read is the cursor; the few before it are read again, for plugins
may still correct a result, and so is each build that ran when it was last seen. A job that was deleted and
made again under its name, as branches are, counts from 1 again: its builds are told by their timestamps, and
read from the start. `allBuilds` is read in slices that overlap: builds that start push the list down while it
is read, those that the log rotator removes pull it up. What is not found any more has expired; its row stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any
from urllib.parse import quote

from ingestion.connector import Extraction, Page
from ingestion.connectors.jenkins.rows import (
    Checkout,
    Job,
    build_fields,
    build_row,
    instant,
    job_row,
    stage_row,
)
from ingestion.connectors.jenkins.settings import JenkinsSettings
from ingestion.http import MalformedResponseError, NotFoundError

Payload = dict[str, Any]

SLICE = 100
OVERLAP = 10

_FOLDER = re.compile(r"(Folder|MultiBranchProject)$")
_MULTIBRANCH = re.compile(r"MultiBranchProject$")
_PIPELINE_BUILD = "org.jenkinsci.plugins.workflow.job.WorkflowRun"
_CHILDREN = "jobs[_class,name,lastBuild[number,timestamp]]"


def extract(extraction: Extraction) -> Iterator[Page]:
    """All pages of a controller; each job keeps its cursor under its full name in the state."""
    settings: JenkinsSettings = extraction.settings
    known: dict[str, Payload] = extraction.state.get("jobs", {})
    cursors: dict[str, Payload] = {}
    extraction.state["jobs"] = cursors
    for job in jobs(extraction):
        yield Page("jobs", [job_row(job, settings)])
        cursor = cursors[job.name] = _resumed(job, known.get(job.name))
        is_unchanged = job.last_build == cursor["number"] and not cursor["running"]
        if not is_unchanged or extraction.since:
            try:
                yield from _build_pages(extraction, job, cursor)
            except NotFoundError:
                extraction.log(f"{job.name} was deleted while it was read")


def jobs(extraction: Extraction) -> Iterator[Job]:
    """The jobs that the settings select, folder by folder."""
    folders: list[tuple[tuple[str, ...], bool]] = [((), False)]
    while folders:
        path, is_multibranch = folders.pop()
        answer = extraction.http.get_json(f"{address(path)}/api/json", {"tree": _CHILDREN})
        for child in answer.get("jobs") or []:
            job = Job((*path, child["name"]), child.get("_class", ""), is_multibranch, *_last_build(child))
            if _FOLDER.search(job.type):
                folders.append((job.path, _MULTIBRANCH.search(job.type) is not None))
            elif extraction.settings.selects(job.name):
                yield job


def address(path: tuple[str, ...]) -> str:
    """Path of a folder or job: Jenkins' own links may name another host, so they are not followed."""
    return "".join(f"/job/{quote(name, safe='')}" for name in path)


def builds(extraction: Extraction, job: Job, first: int, last: int) -> list[Payload]:
    """Builds of a job from one place in the list of all to another, newest first.

    Raises:
        MalformedResponseError: it has no builds to list, and so is no job.
    """
    fields = build_fields(extraction.settings.deployment_of(job.name))
    tree = f"allBuilds[{fields}]{{{first},{last}}}"
    answer = extraction.http.get_json(f"{address(job.path)}/api/json", {"tree": tree})
    if "allBuilds" not in answer:
        raise MalformedResponseError(f"{job.name} ({job.type}) lists no builds; leave it out with exclude")
    listed: list[Payload] = answer["allBuilds"]
    return listed


def _resumed(job: Job, known: Payload | None) -> Payload:
    """Where the walk of a job goes on: at its start, where its newest build is another than the one read."""
    if known is None or _is_renumbered(job.last_build, job.last_build_at, known):
        return {"number": 0, "timestamp": None, "running": []}
    return dict(known)


def _is_renumbered(number: int | None, timestamp: int | None, cursor: Payload) -> bool:
    """Whether builds that end with this one, or hold it, cannot be those that the cursor was taken from."""
    if number is None or number > cursor["number"]:
        return False
    before = cursor.get("timestamp")
    return number < cursor["number"] or (None not in (timestamp, before) and timestamp != before)


def _build_pages(extraction: Extraction, job: Job, cursor: Payload) -> Iterator[Page]:
    """Builds that are new or may have changed, with their stages; moves the cursor after the last."""
    settings: JenkinsSettings = extraction.settings
    unfinished: list[int] = cursor["running"]
    seen: dict[int, int] = {}
    running: set[int] = set()
    resumed = dict(cursor)
    polled = _polled(extraction, job, unfinished, seen)
    for found in chain(_slices(extraction, job, resumed), polled):
        met = next((build for build in found if build["number"] == resumed["number"]), None)
        if met and _is_renumbered(met["number"], met["timestamp"], resumed):
            resumed["number"] = 0
        settled = 0 if extraction.since else resumed["number"]
        read = [build_row(job, build, settings) for build in found if build["number"] not in seen]
        rows = [row for row, _ in read]
        yield Page("repositories", _repositories([checkout for _, checkout in read if checkout]))
        yield Page("builds", rows)
        for row in rows:
            number = row["build_number"]
            is_news = number > settled or number in unfinished
            if settings.stages and is_news and row["type"] == _PIPELINE_BUILD:
                yield from _stage_pages(extraction, job, number)
        seen.update((build["number"], build["timestamp"]) for build in found)
        running.update(row["build_number"] for row in rows if row["is_building"])
    newest = max(seen, default=0)
    if newest >= resumed["number"]:
        cursor.update(number=newest, timestamp=seen.get(newest))
    cursor["running"] = sorted(running)


def _slices(extraction: Extraction, job: Job, resumed: Payload) -> Iterator[list[Payload]]:
    """Slices of the list until what was read before; where that is, a slice may show to be elsewhere."""
    first, lowest = 0, None
    while True:
        page = builds(extraction, job, first, first + SLICE)
        if page and lowest is not None and page[0]["number"] < lowest:
            raise MalformedResponseError(f"{job.name} lost builds while it was read; run again")
        yield page
        if len(page) != SLICE or _is_past(page[-1], resumed["number"], extraction.since):
            return
        first, lowest = first + SLICE - OVERLAP, page[-1]["number"]


def _is_past(build: Payload, cursor: int, since: datetime | None) -> bool:
    """Whether nothing before a build need be read: cursor less overlap, or the earlier `since`."""
    is_known = bool(cursor) and build["number"] <= cursor - OVERLAP
    if since is None:
        return is_known
    return instant(build["timestamp"]) < since and (is_known or not cursor)


def _polled(
    extraction: Extraction, job: Job, numbers: list[int], seen: Mapping[int, int]
) -> Iterator[list[Payload]]:
    """Builds that ran when they were last seen and that the slices did not reach."""
    for number in numbers:
        found = None if number in seen else _unless_expired(extraction, job, number)
        if found is not None:
            yield [found]


def _stage_pages(extraction: Extraction, job: Job, number: int) -> Iterator[Page]:
    """The stages of a build; none where there are none, or no plugin that tells them."""
    path = f"{address(job.path)}/{number}/wfapi/describe"
    try:
        described = extraction.http.get_json(path)
    except NotFoundError:
        return
    rows = [stage_row(job, number, stage) for stage in described.get("stages") or []]
    yield Page("stages", rows, [(job.name, number)])


def _repositories(checkouts: list[Checkout]) -> list[Payload]:
    return [{"id": each.repository_id, "name": each.repository_name} for each in checkouts]


def _unless_expired(extraction: Extraction, job: Job, number: int) -> Payload | None:
    tree = build_fields(extraction.settings.deployment_of(job.name))
    try:
        found: Payload = extraction.http.get_json(f"{address(job.path)}/{number}/api/json", {"tree": tree})
    except NotFoundError:
        extraction.log(f"build {number} of {job.name} has expired")
        return None
    return found


def _last_build(child: Payload) -> tuple[int | None, int | None]:
    """Number and timestamp of the newest build, as far as the list tells them."""
    if "lastBuild" not in child:
        return None, None
    newest = child["lastBuild"] or {"number": 0}
    return int(newest["number"]), newest.get("timestamp")
