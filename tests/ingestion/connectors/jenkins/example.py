"""A small Jenkins for the conformance suite: a folder with a pipeline and a job; the log rotator runs."""

from __future__ import annotations

import re
from typing import Any

from ingestion.conformance import Example, Request, Response, State, Surface, rest
from ingestion.connectors.jenkins import CONNECTOR

TOKEN = "the-api-token-of-ann"
START = 1_769_000_000_000
HOUR = 3_600_000
PIPELINE = "org.jenkinsci.plugins.workflow.job.WorkflowRun"
Payload = dict[str, Any]


def build(number: int, kind: str = "hudson.model.FreeStyleBuild", result: str | None = "SUCCESS") -> Payload:
    """A build, which runs where it has no result."""
    revision = {"SHA1": f"{number:040x}", "branch": [{"name": "origin/main"}]}
    return {
        "_class": kind,
        "number": number,
        "timestamp": START + number * HOUR,
        "duration": 60_000 if result else 0,
        "result": result,
        "building": result is None,
        "actions": [
            {"_class": "hudson.model.CauseAction", "causes": [{"_class": "hudson.model.Cause$UserIdCause"}]},
            {
                "_class": "hudson.plugins.git.util.BuildData",
                "lastBuiltRevision": revision,
                "remoteUrls": ["git@git.acme.example:acme/shop.git"],
            },
        ],
    }


RUNNING, ENDED = build(3, PIPELINE, None), build(3, PIPELINE, "FAILURE")
SHOP = [build(2, PIPELINE), build(1, PIPELINE)]
NIGHTLY = [build(number) for number in (3, 2, 1)]
BUILDS = {
    "first": {"shop": [RUNNING, *SHOP], "nightly": NIGHTLY},
    "later": {"shop": [build(4, PIPELINE), ENDED, *SHOP], "nightly": NIGHTLY},
    "pruned": {"shop": [build(4, PIPELINE), ENDED], "nightly": NIGHTLY[:1]},
}


def surface(state: State) -> Surface:
    """Jenkins' remote access API."""
    builds: dict[str, list[Payload]] = BUILDS[state]

    def job(request: Request, name: str) -> Response:
        first, last = re.findall(r"\{(\d+),(\d+)\}", request.query["tree"])[0]
        return Response.of_json({"_class": "x", "allBuilds": builds[name][int(first) : int(last)]})

    def one(_request: Request, name: str, number: str) -> Response:
        found = [each for each in builds[name] if each["number"] == int(number)]
        return Response.of_json(found[0] if found else {"message": "gone"}, 200 if found else 404)

    def stages(_request: Request, name: str, number: str) -> Response:
        running = number == "3" and state == "first"
        told = {
            "id": "6",
            "name": "test",
            "status": "IN_PROGRESS" if running else "SUCCESS",
            "startTimeMillis": START + int(number) * HOUR,
            "durationMillis": 30_000,
            "pauseDurationMillis": 0,
        }
        return Response.of_json({"id": number, "stages": [told] if name == "shop" else []})

    jobs = [
        {"_class": "x.WorkflowJob", "name": name, "lastBuild": {"number": found[0]["number"]}}
        for name, found in builds.items()
    ]
    folder = {"_class": "com.cloudbees.hudson.plugins.folder.Folder", "name": "acme"}
    return rest(
        {
            "/api/json": {"_class": "hudson.model.Hudson", "jobs": [folder]},
            "/job/acme/api/json": {"_class": folder["_class"], "jobs": jobs},
            r"/job/acme/job/(\w+)/api/json": job,
            r"/job/acme/job/(\w+)/(\d+)/api/json": one,
            r"/job/acme/job/(\w+)/(\d+)/wfapi/describe": stages,
        },
        token=TOKEN,
    )


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={"user": "ann", "token": TOKEN},
    rows={"jobs": 2, "repositories": 1, "builds": 6, "stages": 3},
    surface=surface,
    drift={"builds": "result", "stages": "status"},
)
