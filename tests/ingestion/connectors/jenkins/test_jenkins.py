"""Jenkins: folders, slices, what is read again, what has expired, and which commit a build is of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import duckdb
import pytest
from support.http_server import Answer, Request, ScriptedServer

from ingestion.connector import Extraction
from ingestion.connectors.jenkins import CONNECTOR
from ingestion.connectors.jenkins.rows import repository_of
from ingestion.connectors.jenkins.settings import JenkinsSettings, client
from ingestion.http import HttpError, MalformedResponseError
from ingestion.identity import EmailHasher
from ingestion.pipeline import LoadError, load_connection

Row = dict[str, Any]
START = 1_770_000_000_000
MINUTE = 60_000
FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"
MULTIBRANCH = "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject"
FREESTYLE = "hudson.model.FreeStyleProject"
PIPELINE = "org.jenkinsci.plugins.workflow.job.WorkflowJob"
PIPELINE_BUILD = "org.jenkinsci.plugins.workflow.job.WorkflowRun"


def build(number: int, **changes: Any) -> Row:
    """A finished build of one minute, one each hour."""
    return {
        "_class": "hudson.model.FreeStyleBuild",
        "number": number,
        "timestamp": START + number * 60 * MINUTE,
        "duration": MINUTE,
        "result": "SUCCESS",
        "building": False,
        "actions": [checkout("git@github.com:acme/shop.git", f"{number:040x}", "origin/main")],
        **changes,
    }


def checkout(remote: str, sha: str, branch: str) -> Row:
    return {
        "_class": "hudson.plugins.git.util.BuildData",
        "lastBuiltRevision": {"SHA1": sha, "branch": [{"name": branch}]},
        "remoteUrls": [remote],
    }


@dataclass
class FakeJenkins:
    """Jobs by full name with their builds, newest first, behind a real server."""

    server: ScriptedServer
    jobs: dict[str, tuple[str, list[Row]]] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    stages: dict[tuple[str, int], list[Row]] = field(default_factory=dict)
    before_slice: Callable[[str, int], None] = lambda _job, _first: None
    state: Row = field(default_factory=dict)
    settings: Row = field(default_factory=dict)

    def connection(self) -> JenkinsSettings:
        return JenkinsSettings(
            name="ci",
            connector="jenkins",
            base_url=self.server.url,
            user="ann",
            token="s3cret",
            **self.settings,
        )

    def listen(self) -> None:
        """Answer at the paths of all that there is now."""
        self.server.script("/api/json", lambda _: self._children(""))
        for name in self.folders:
            self.server.script(f"{path_of(name)}/api/json", lambda _, name=name: self._children(name))
        for name, (_, found) in self.jobs.items():
            self.server.script(f"{path_of(name)}/api/json", lambda asked, name=name: self._slice(asked, name))
            for each in found:
                where = f"{path_of(name)}/{each['number']}"
                self.server.script(f"{where}/api/json", Answer(each))
                told = self.stages.get((name, each["number"]))
                if told is not None:
                    self.server.script(f"{where}/wfapi/describe", Answer({"stages": told}))

    def _children(self, parent: str) -> Answer:
        depth = parent.count("/") + 1 if parent else 0
        items = {**self.folders, **{name: kind for name, (kind, _) in self.jobs.items()}}
        below = [
            {"_class": kind, "name": name.split("/")[-1], **self._last(name)}
            for name, kind in items.items()
            if name.count("/") == depth and name.startswith(f"{parent}/" if parent else "")
        ]
        return Answer({"_class": "x", "jobs": below})

    def _last(self, name: str) -> Row:
        if name in self.folders:
            return {}
        found = self.jobs[name][1]
        newest = {name: found[0][name] for name in ("number", "timestamp")} if found else None
        return {"lastBuild": newest}

    def _slice(self, asked: Request, name: str) -> Answer:
        first, last = re.findall(r"\{(\d+),(\d+)\}", asked.query["tree"][0])[0]
        self.before_slice(name, int(first))
        return Answer({"allBuilds": self.jobs[name][1][int(first) : int(last)]})

    def walk(self, since: datetime | None = None) -> Walked:
        self.listen()
        said: list[str] = []
        self.server.requests.clear()
        extraction = Extraction(
            settings=self.connection(),
            http=client(self.connection(), sleep=lambda _: None),
            state=self.state,
            started_at=datetime(2026, 11, 1, tzinfo=UTC),
            workspace=Path(),
            hash_email=EmailHasher(b"key"),
            since=since,
            log=said.append,
        )
        pages = list(CONNECTOR.extract(extraction))
        return Walked(pages, said, [unquote(each.path) for each in self.server.requests])


@dataclass
class Walked:
    pages: list[Any]
    said: list[str]
    paths: list[str]

    def rows(self, table: str) -> list[Row]:
        return [dict(row) for page in self.pages if page.table == table for row in page.rows]


def path_of(name: str) -> str:
    return "".join(f"/job/{quote(part, safe='')}" for part in name.split("/"))


@pytest.fixture
def jenkins() -> Iterator[FakeJenkins]:
    with ScriptedServer().running() as server:
        yield FakeJenkins(server)


def numbers(walked: Walked) -> list[int]:
    return [row["build_number"] for row in walked.rows("builds")]


def builds(count: int) -> list[Row]:
    return [build(number) for number in range(count, 0, -1)]


def test_folders_lead_to_jobs_and_multibranch_jobs_know_their_branch(jenkins: FakeJenkins) -> None:
    jenkins.folders = {"acme": FOLDER, "acme/shop": MULTIBRANCH}
    jenkins.jobs = {"acme/shop/feat%2Fnew": (PIPELINE, builds(1)), "acme/nightly": (FREESTYLE, builds(1))}
    walked = jenkins.walk()
    rows = {row["name"]: (row["pipeline"], row["branch"]) for row in walked.rows("jobs")}
    assert rows == {
        "acme/shop/feat%2Fnew": ("acme/shop", "feat/new"),
        "acme/nightly": ("acme/nightly", None),
    }
    assert {row["job_name"] for row in walked.rows("builds")} == set(rows)


def test_patterns_choose_jobs_and_nothing_else_is_asked(jenkins: FakeJenkins) -> None:
    jenkins.folders = {"acme": FOLDER}
    jenkins.jobs = {f"acme/{name}": (FREESTYLE, builds(1)) for name in ("shop", "mail", "old-mail")}
    jenkins.settings = {"jobs": ["acme/*mail"], "exclude": ["acme/old-*"]}
    walked = jenkins.walk()
    assert [row["name"] for row in walked.rows("jobs")] == ["acme/mail"]
    assert not any("shop" in path or "old" in path for path in walked.paths)


def test_a_long_list_is_read_whole_in_slices(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(250))}
    assert sorted(numbers(jenkins.walk())) == list(range(1, 251))


def test_a_list_that_ends_with_a_slice_is_read_whole(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(190))}
    assert sorted(numbers(jenkins.walk())) == list(range(1, 191))


def test_builds_that_start_while_the_list_is_read_shift_nothing_out(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(250))}

    def grow(_job: str, first: int) -> None:
        if first:
            kept = jenkins.jobs["shop"][1]
            kept.insert(0, build(kept[0]["number"] + 1))

    jenkins.before_slice = grow
    assert set(range(1, 251)) <= set(numbers(jenkins.walk()))
    jenkins.before_slice = lambda _job, _first: None
    assert set(numbers(jenkins.walk())) >= {251, 252}


def test_a_few_builds_that_are_removed_meanwhile_hide_nothing(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(250))}

    def rotate(_job: str, first: int) -> None:
        if first:
            del jenkins.jobs["shop"][1][20:25]

    jenkins.before_slice = rotate
    assert set(range(1, 200)) <= set(numbers(jenkins.walk()))


def test_more_than_overlaps_is_a_failure_and_moves_no_cursor(jenkins: FakeJenkins, tmp_path: Path) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(250))}

    def rotate(_job: str, first: int) -> None:
        if first:
            del jenkins.jobs["shop"][1][20:60]

    jenkins.before_slice = rotate
    with pytest.raises(MalformedResponseError, match="lost builds"):
        jenkins.walk()
    with pytest.raises(LoadError, match="lost builds"):
        load(jenkins, tmp_path)
    assert rows_of(tmp_path, "select count(*) from raw_jenkins.builds") == [(0,)]


def test_a_job_without_news_is_not_asked(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(3)), "idle": (FREESTYLE, [])}
    jenkins.walk()
    walked = jenkins.walk()
    assert walked.paths == ["/api/json"]
    assert numbers(walked) == []


def test_a_new_build_reads_one_slice_and_the_few_before_it(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(300))}
    jenkins.walk()
    jenkins.jobs["shop"][1].insert(0, build(301))
    walked = jenkins.walk()
    assert walked.paths == ["/api/json", "/job/shop/api/json"]
    assert 301 in numbers(walked)


def test_a_running_build_is_asked_for_until_it_ends(jenkins: FakeJenkins) -> None:
    running = build(1, building=True, result=None, duration=0)
    jenkins.jobs = {"shop": (FREESTYLE, [*builds(200)[:-1], running])}
    first = next(row for row in jenkins.walk().rows("builds") if row["build_number"] == 1)
    assert (first["is_building"], first["result"], first["finished_at"]) == (True, None, None)
    running.update(building=False, result="FAILURE", duration=5 * MINUTE)
    (ended,) = [row for row in jenkins.walk().rows("builds") if row["build_number"] == 1]
    assert (ended["is_building"], ended["result"]) == (False, "FAILURE")
    assert (ended["finished_at"] - ended["started_at"]).total_seconds() == 300
    assert 1 not in numbers(jenkins.walk())


def test_a_result_before_the_end_is_none_yet(jenkins: FakeJenkins) -> None:
    early = build(2, building=True, result="UNSTABLE", duration=0)
    recorded = build(1, building=True, result="SUCCESS", duration=4)
    jenkins.jobs = {"shop": (FREESTYLE, [early, recorded])}
    rows = {row["build_number"]: row for row in jenkins.walk().rows("builds")}
    assert (rows[2]["is_building"], rows[2]["result"]) == (True, None)
    assert (rows[1]["is_building"], rows[1]["result"]) == (False, "SUCCESS")


def test_what_the_log_rotator_removed_has_expired_and_its_row_stays(
    jenkins: FakeJenkins, tmp_path: Path
) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, [build(2, building=True, result=None, duration=0), build(1)])}
    load(jenkins, tmp_path)
    jenkins.jobs = {"shop": (FREESTYLE, [build(200)])}
    jenkins.server.script("/job/shop/2/api/json", Answer({"message": "gone"}, 404))
    said = load(jenkins, tmp_path)
    load(jenkins, tmp_path, full_refresh=True)
    assert any("build 2 of shop has expired" in line for line in said)
    assert rows_of(tmp_path, "select build_number from raw_jenkins.builds order by 1") == [(1,), (2,), (200,)]


@pytest.mark.parametrize(("before", "after"), [(5, 3), (5, 5), (5, 8), (15, 40), (150, 300)], ids=str)
def test_builds_of_a_job_that_was_made_again_are_all_read_with_their_stages(
    jenkins: FakeJenkins, before: int, after: int
) -> None:
    job, day = "shop/feature", 24 * 60 * MINUTE
    jenkins.folders = {"shop": MULTIBRANCH}
    first = [build(number, _class=PIPELINE_BUILD) for number in range(before, 0, -1)]
    jenkins.jobs = {job: (PIPELINE, first)}
    jenkins.walk()
    again = [
        build(number, _class=PIPELINE_BUILD, timestamp=START + 1000 * day + number)
        for number in range(after, 0, -1)
    ]
    jenkins.jobs = {job: (PIPELINE, again)}
    jenkins.stages = {(job, number): [] for number in range(1, after + 1)}
    walked = jenkins.walk()
    assert set(numbers(walked)) == set(range(1, after + 1))
    assert sum("wfapi" in path for path in walked.paths) == after
    assert jenkins.walk().paths == ["/api/json", "/job/shop/api/json"]


def test_a_job_that_is_deleted_while_it_is_read_keeps_no_other_from_being_read(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"gone": (FREESTYLE, builds(2)), "shop": (FREESTYLE, builds(3))}
    jenkins.listen()
    jenkins.server.script("/job/gone/api/json", Answer({"message": "gone"}, 404))
    jenkins.listen = lambda: None  # type: ignore[method-assign]
    walked = jenkins.walk()
    assert {row["job_name"] for row in walked.rows("builds")} == {"shop"}
    assert "gone was deleted while it was read" in walked.said


def test_since_reads_again_what_is_younger(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(500))}
    jenkins.walk()
    since = datetime.fromtimestamp((START + 350 * 60 * MINUTE) / 1000, UTC)
    walked = jenkins.walk(since=since)
    assert set(range(350, 501)) <= set(numbers(walked))
    assert min(numbers(walked)) > 200


def test_stages_are_read_of_pipelines_once(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (PIPELINE, [build(2, _class=PIPELINE_BUILD), build(1, _class=PIPELINE_BUILD)])}
    jenkins.stages = {
        ("shop", 1): [
            stage("6", "build", "SUCCESS", START, 90_000),
            stage("9", "deploy", "NOT_EXECUTED", START, 0),
            stage("12", "wait", "IN_PROGRESS", START, 5),
        ]
    }
    walked = jenkins.walk()
    stages = {row["name"]: row for row in walked.rows("stages")}
    assert (stages["build"]["finished_at"] - stages["build"]["started_at"]).total_seconds() == 90
    assert stages["deploy"]["started_at"] is None
    assert stages["wait"]["finished_at"] is None
    jenkins.jobs["shop"][1].insert(0, build(3, _class=PIPELINE_BUILD))
    again = jenkins.walk()
    assert [path for path in again.paths if "wfapi" in path] == ["/job/shop/3/wfapi/describe"]
    jenkins.settings, jenkins.state = {"stages": False}, {}
    assert not any("wfapi" in path for path in jenkins.walk().paths)


def stage(identity: str, name: str, status: str, started: int, duration: int) -> Row:
    return {
        "id": identity,
        "name": name,
        "status": status,
        "startTimeMillis": started,
        "durationMillis": duration,
        "pauseDurationMillis": 0,
    }


def test_the_wait_in_the_queue_is_told_by_the_metrics_plugin_only(jenkins: FakeJenkins) -> None:
    action = {"_class": "jenkins.metrics.impl.TimeInQueueAction", "queuingDurationMillis": 0}
    jenkins.jobs = {"shop": (FREESTYLE, [build(2, actions=[action]), build(1)])}
    told = {row["build_number"]: row["queuing_milliseconds"] for row in jenkins.walk().rows("builds")}
    assert told == {2: 0, 1: None}


LIBRARY = checkout("https://git.acme.example/tools/library.git", "b" * 40, "master")
APPLICATION = checkout("https://git.acme.example/acme/shop.git", "a" * 40, "refs/remotes/origin/feat")


@pytest.mark.parametrize(
    ("job", "actions", "libraries", "sha"),
    [
        ("acme/shop/feat", [LIBRARY, APPLICATION], [], "a" * 40),
        ("acme/shop/main", [LIBRARY, APPLICATION], [], None),
        ("nightly", [LIBRARY, APPLICATION], [], None),
        ("nightly", [LIBRARY, APPLICATION], ["tools/*"], "a" * 40),
        ("nightly", [APPLICATION, APPLICATION], [], "a" * 40),
        ("nightly", [], [], None),
    ],
)
def test_a_build_is_of_the_one_commit_that_is_no_library_s(
    jenkins: FakeJenkins, job: str, actions: list[Row], libraries: list[str], sha: str | None
) -> None:
    jenkins.folders = {"acme": FOLDER, "acme/shop": MULTIBRANCH} if "/" in job else {}
    jenkins.jobs = {job: (PIPELINE, [build(1, actions=actions)])}
    jenkins.settings = {"libraries": libraries}
    (row,) = jenkins.walk().rows("builds")
    assert (row["sha"], row["repository_id"]) == (sha, "git.acme.example/acme/shop" if sha else None)


@pytest.mark.parametrize(
    ("address", "repository"),
    [
        ("git@github.com:Acme/Shop.git", ("github.com/acme/shop", "Acme/Shop")),
        ("https://github.com/acme/shop", ("github.com/acme/shop", "acme/shop")),
        (
            "https://ann:t0ken@git.acme.example/group/sub/shop.git/",
            ("git.acme.example/group/sub/shop", "group/sub/shop"),
        ),
        ("ssh://git@git.acme.example:7999/acme/shop.git", ("git.acme.example/acme/shop", "acme/shop")),
        ("https://ann:t0/ken@git.acme.example/acme/shop.git", None),
    ],
)
def test_repositories_are_known_by_host_and_path_and_hold_no_password(
    address: str, repository: tuple[str, str] | None
) -> None:
    assert repository_of(address) == repository


def test_parameters_are_asked_only_of_jobs_whose_commit_they_name(jenkins: FakeJenkins) -> None:
    parameters = {
        "parameters": [{"name": "COMMIT", "value": "c" * 40}, {"name": "PASSWORD", "value": "hush"}]
    }
    jenkins.jobs = {
        "deploy": (FREESTYLE, [build(2, actions=[{"parameters": [{"name": "COMMIT", "value": "main"}]}])]),
        "shop": (FREESTYLE, builds(1)),
    }
    jenkins.jobs["deploy"][1].append(build(1, actions=[parameters]))
    jenkins.settings = {
        "deployments": [
            {"job": "dep*", "service": "shop", "repository": "Acme/Shop", "sha_parameter": "COMMIT"}
        ]
    }
    walked = jenkins.walk()
    shas = {row["build_number"]: row["sha"] for row in walked.rows("builds") if row["job_name"] == "deploy"}
    assert shas == {1: "c" * 40, 2: None}
    assert {"id": "acme/shop", "name": "Acme/Shop"} in walked.rows("repositories")
    assert "hush" not in str(walked.pages)
    trees = [each.query["tree"][0] for each in jenkins.server.requests if each.path == "/job/shop/api/json"]
    assert not any("parameters" in tree for tree in trees)
    (job,) = [row for row in walked.rows("jobs") if row["name"] == "deploy"]
    assert (job["deployed_service"], job["deployed_environment"]) == ("shop", "production")


def test_what_lists_no_builds_is_told_and_not_passed_over(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"strange": ("com.example.ExoticItem", builds(1))}
    jenkins.listen()
    jenkins.server.script("/job/strange/api/json", Answer({"_class": "com.example.ExoticItem"}))
    jenkins.listen = lambda: None  # type: ignore[method-assign]
    with pytest.raises(MalformedResponseError, match="leave it out with exclude"):
        jenkins.walk()


def test_a_folder_that_cannot_be_read_fails_the_walk(jenkins: FakeJenkins) -> None:
    jenkins.folders = {"acme": FOLDER}
    jenkins.listen()
    jenkins.server.script("/job/acme/api/json", Answer({"message": "no"}, 403))
    jenkins.listen = lambda: None  # type: ignore[method-assign]
    with pytest.raises(HttpError):
        jenkins.walk()


def findings(jenkins: FakeJenkins) -> dict[str, str]:
    settings = jenkins.connection()
    extraction = Extraction(
        settings=settings,
        http=client(settings, sleep=lambda _: None),
        state={},
        started_at=datetime(2026, 11, 1, tzinfo=UTC),
        workspace=Path(),
        hash_email=EmailHasher(b"key"),
    )
    return {finding.message: finding.level for finding in CONNECTOR.check(extraction)}


def test_the_doctor_tells_what_queue_times_and_deployments_lack(jenkins: FakeJenkins) -> None:
    jenkins.jobs = {"shop": (FREESTYLE, builds(2))}
    jenkins.settings = {"deployments": [{"job": "deploy-shop"}]}
    jenkins.listen()
    found = findings(jenkins)
    assert found["Jenkins accepts the token"] == "ok"
    assert found["builds do not tell how long they were queued"] == "warning"
    assert found["no job deploy-shop: it deploys nothing"] == "warning"


def test_the_doctor_tells_a_wrong_token_and_an_empty_view(jenkins: FakeJenkins) -> None:
    jenkins.listen()
    assert findings(jenkins)["no job to read"] == "error"
    jenkins.server.script("/api/json", Answer(b"<html>", 401))
    assert findings(jenkins) == {"Jenkins does not accept the token": "error"}


def load(jenkins: FakeJenkins, folder: Path, *, full_refresh: bool = False) -> list[str]:
    jenkins.listen()
    said: list[str] = []
    load_connection(
        jenkins.connection(),
        warehouse=folder / "warehouse.duckdb",
        pipelines_dir=folder / "pipelines",
        workspace=folder / "workspace",
        full_refresh=full_refresh,
        progress=said.append,
        connector=CONNECTOR,
    )
    return said


def rows_of(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()
