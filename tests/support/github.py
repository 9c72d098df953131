"""A small GitHub on a local port, made of facts: REST with Link paging, GraphQL, and git over HTTP.

It answers what the connector asks and nothing more: an unknown path is a 404, an unknown operation or field
of GraphQL an error as GitHub would give it. The facts are in tests/fixtures/github; `FakeGitHub.organisation`
holds them with real shas and may be changed between runs. Faults are switched on by `fail`.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from support.git_repository import build_repository, with_shas
from support.github_graphql import GraphQLRefusalError, answer

FIXTURE = Path(__file__).parents[1] / "fixtures" / "github" / "acme.json"
TOKEN = "fake-token-of-acme"
APP_TOKEN = "ghs_1_eyJhbGciOi.fake.installation-token"
_REPOSITORY = r"/repos/([^/]+/[^/]+)"
_GRAPHQL_FAULTS = {
    "errors": {"errors": [{"type": "INTERNAL", "message": "a fault"}]},
    "rate_limited": {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]},
    "resource_limits": {
        "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits exceeded"}]
    },
}

Facts = dict[str, Any]


@dataclass
class Fault:
    """One kind of failure for requests whose `METHOD path operation` matches.

    Kinds: an HTTP status such as 502, 503, 401, 404, 429; `secondary` (403 with Retry-After); `errors`,
    `rate_limited`, `resource_limits` (GraphQL 200 with errors), `partial` (errors beside data); `truncate`,
    `drop`, `slow`.
    """

    kind: str
    match: str = ""
    count: int = 1
    after: int = 0
    seconds: float = 0
    only_if: Callable[[Facts], bool] = lambda _variables: True


@dataclass
class Answer:
    """What goes back."""

    data: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def content(self) -> bytes:
        """The bytes of the body."""
        return json.dumps(self.data).encode() if self.body is None else self.body


class FakeGitHub:
    """A context manager around the running server.

    Attributes:
        organisation: the facts; `repositories` maps owner/name to a repository's. Change them between runs.
        shas: commit name of the fixture → sha.
        requests: `METHOD path operation` of every request.
        search_limit: runs that a filtered list shows at most.
        forbidden: fields of GraphQL that this server refuses to resolve.
        before: called before each request is answered, for things that happen while a walk is under way.
    """

    def __init__(self, directory: Path, fixture: Path = FIXTURE) -> None:
        self.directory = directory
        facts: Facts = json.loads(fixture.read_text(encoding="utf-8"))
        self.shas: dict[str, str] = {}
        for name, repository in facts["repositories"].items():
            path = self.git_path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            self.shas |= build_repository(repository, facts["emails"], path)
        self.organisation: Facts = with_shas(facts, self.shas)
        for repository in self.organisation["repositories"].values():
            for commit in repository["commits"]:
                commit["sha"] = self.shas[commit["name"]]
        self.forbidden: set[str] = set()
        self.search_limit = 1000
        self.requests: list[str] = []
        self.before: Callable[[str], None] = lambda _request: None
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    def __enter__(self) -> FakeGitHub:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """Address of the REST API."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def git_path(self, repository: str) -> Path:
        """The bare git repository of owner/name."""
        return self.directory / f"{repository}.git"

    def repository(self, name: str = "acme/checkout") -> Facts:
        """One repository's facts."""
        facts: Facts = self.organisation["repositories"][name]
        return facts

    def pull_request(self, number: int, repository: str = "acme/checkout") -> Facts:
        """One pull request's facts."""
        return next(one for one in self.repository(repository)["pull_requests"] if one["number"] == number)

    def connection(self, **changes: Any) -> Facts:
        """Settings of a connection to this server, as they would stand in flowgauge.yaml less the secret."""
        chosen = (
            {"repositories": list(self.organisation["repositories"])} if "organization" not in changes else {}
        )
        plain = {"name": "acme-github", "connector": "github", "base_url": self.base_url, "token": TOKEN}
        return {**plain, **chosen, **changes}

    def shown(self, organisation: Facts, origin: str, *asked: Any) -> Answer:
        """What it would answer if these were the facts and its address this one; for servers of others.

        The request is its method, target, headers and body.
        """
        other = copy.copy(self)
        other.organisation = organisation
        reply = _Request(other, *asked).answer()
        content = reply.content().replace(self.base_url.encode(), origin.encode())
        links = {name: value.replace(self.base_url, origin) for name, value in reply.headers.items()}
        return Answer(None, reply.status, {"Content-Type": "application/json", **links}, body=content)

    def fail(self, kind: str, match: str = "", **details: Any) -> None:
        """Switch a fault on."""
        self._faults.append(Fault(kind, match, **details))

    def count(self, match: str = "") -> int:
        """Requests so far that match."""
        return sum(1 for request in self.requests if re.search(match, request))

    def fault_for(self, request: str, variables: Facts) -> Fault | None:
        """The fault that spoils this request, used up by it."""
        with self._lock:
            for fault in self._faults:
                if fault.count and re.search(fault.match, request) and fault.only_if(variables):
                    if fault.after:
                        fault.after -= 1
                        continue
                    fault.count -= 1
                    return fault
        return None


def _handler(fake: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body in one packet: otherwise each answer waits 40 ms for an acknowledgement.
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self, body: bytes) -> None:
            request = _Request(fake, self.command, self.path, dict(self.headers.items()), body)
            fake.before(request.label)
            fake.requests.append(request.label)
            fault = fake.fault_for(request.label, request.variables)
            if fault and fault.kind == "drop":
                self.close_connection = True
                return
            if fault and fault.kind == "slow":
                time.sleep(fault.seconds)
            self._send(
                _spoilt(fault, request) or request.answer(),
                is_truncated=bool(fault and fault.kind == "truncate"),
            )

        def _send(self, reply: Answer, *, is_truncated: bool) -> None:
            content = reply.content()
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "X-RateLimit-Remaining": "4999", **reply.headers}
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if is_truncated else content)
            self.close_connection = self.close_connection or is_truncated

    return Handler


def _spoilt(fault: Fault | None, request: _Request) -> Answer | None:
    """The answer that the fault gives in place of, or made of, the right one."""
    if fault is None or fault.kind in ("slow", "truncate"):
        return None
    if fault.kind in _GRAPHQL_FAULTS:
        return Answer(_GRAPHQL_FAULTS[fault.kind])
    if fault.kind == "partial":
        return Answer({**request.answer().data, **_GRAPHQL_FAULTS["resource_limits"]})
    if fault.kind == "secondary":
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        return Answer({"message": message}, 403, {"Retry-After": str(int(fault.seconds))})
    headers = {"Retry-After": str(int(fault.seconds))} if fault.kind == "429" else {}
    return Answer({"message": "a fault"}, int(fault.kind), headers)


@dataclass
class _Request:
    fake: FakeGitHub
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path = re.sub(r"^/api(/v3)?(?=/)", "", parts.path)
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        asked = json.loads(self.body) if self.path == "/graphql" else {}
        self.document: str = asked.get("query", "")
        self.variables: Facts = asked.get("variables") or {}
        operation = re.search(r"query (\w+)", self.document)
        self.label = f"{self.method} {self.path}" + (f" {operation[1]}" if operation else "")

    def answer(self) -> Answer:
        """The right answer."""
        if ".git/" in self.path:
            return _git_over_http(self)
        if found := re.fullmatch(r"/app/installations/(\d+)/access_tokens", self.path):
            return Answer({"token": APP_TOKEN, "expires_at": "2099-01-01T00:00:00Z", "id": found[1]}, 201)
        if self.headers.get("Authorization", "") not in (f"Bearer {TOKEN}", f"Bearer {APP_TOKEN}"):
            return Answer({"message": "Bad credentials"}, 401)
        if self.path == "/graphql":
            return self._graphql()
        for pattern, route in _ROUTES.items():
            if found := re.fullmatch(pattern, self.path):
                try:
                    return route(self, *found.groups())
                except LookupError:
                    break
        return Answer({"message": "Not Found"}, 404)

    def _graphql(self) -> Answer:
        try:
            data = answer(self.fake.organisation, self.document, self.variables, self.fake.forbidden)
        except GraphQLRefusalError as refusal:
            error = {"type": refusal.type, "message": str(refusal), "path": refusal.path}
            return Answer({"data": None, "errors": [error]})
        return Answer({"data": data})

    def repository(self, name: str) -> Facts:
        return self.fake.repository(name)

    def page(self, rows: list[Facts], wrap: str | None = None, limit: int | None = None) -> Answer:
        """One page of rows, with the Link to the next."""
        size, number = int(self.query.get("per_page", 30)), int(self.query.get("page", 1))
        shown = rows[:limit]
        headers = {}
        if number * size < len(shown):
            following = urlencode({**self.query, "page": number + 1})
            headers["Link"] = f'<{self.fake.base_url}{urlsplit(self.target).path}?{following}>; rel="next"'
        part = shown[(number - 1) * size : number * size]
        return Answer({"total_count": len(rows), wrap: part} if wrap else part, headers=headers)

    def account(self, login: str | None) -> Facts | None:
        """A REST account."""
        if login is None:
            return None
        known = self.fake.organisation["accounts"][login]
        slug = login.removesuffix("[bot]")
        is_app = known["type"] == "Bot"
        page = f"https://github.com/apps/{slug}" if is_app else f"https://github.com/{login}"
        # REST shows this app by its name, GraphQL by its slug.
        shown = "Copilot" if slug == "copilot-swe-agent" else login
        return {
            "login": shown,
            "id": known["id"],
            "node_id": f"U_{known['id']}",
            "type": known["type"],
            "html_url": page,
        }


def _rate_limit(request: _Request) -> Answer:
    left = request.fake.organisation.get("budget", 4999)
    budget = {"limit": 5000, "remaining": left, "reset": 2000000000, "used": 1}
    return Answer(
        {"resources": {"core": budget, "graphql": budget}},
        headers=request.fake.organisation.get("headers", {}),
    )


def _described(name: str, facts: Facts) -> Facts:
    kept = {key: facts[key] for key in ("id", "node_id", "default_branch", "archived", "created_at")}
    return {**kept, "full_name": name, "name": name.partition("/")[2]}


def _repository(request: _Request, name: str) -> Answer:
    return Answer(_described(name, request.repository(name)))


def _repositories(request: _Request, organization: str) -> Answer:
    if organization != request.fake.organisation["organization"]:
        raise LookupError(organization)
    listed = request.fake.organisation["repositories"]
    return request.page([_described(name, facts) for name, facts in sorted(listed.items())])


def _deployments(request: _Request, name: str) -> Answer:
    rows = sorted(
        request.repository(name)["deployments"], key=lambda row: str(row["created_at"]), reverse=True
    )
    hidden = ("statuses", "creator")
    return request.page(
        [
            {
                **{key: value for key, value in row.items() if key not in hidden},
                "creator": request.account(row["creator"]),
            }
            for row in rows
        ]
    )


def _releases(request: _Request, name: str) -> Answer:
    return request.page(request.repository(name)["releases"])


def _activity(request: _Request, name: str) -> Answer:
    facts = request.repository(name)
    if "activity" not in facts:
        raise LookupError("activity")
    rows = sorted(facts["activity"], key=lambda row: str(row["timestamp"]), reverse=True)
    return request.page([{**row, "actor": request.account(row["actor"])} for row in rows])


def _run(request: _Request, run: Facts, number: int | None = None) -> Facts:
    attempt = run["attempts"][-1 if number is None else number - 1]
    if number is not None and attempt.get("expired"):
        raise LookupError("expired")
    shown = {key: value for key, value in run.items() if key != "attempts"}
    told = {key: attempt[key] for key in ("run_started_at", "updated_at", "status", "conclusion")}
    people = {
        "actor": request.account(run["actor"]),
        "triggering_actor": request.account(attempt["triggering_actor"]),
    }
    return {**shown, **told, **people, "run_attempt": attempt["attempt"]}


def _runs(request: _Request, name: str) -> Answer:
    rows = sorted(request.repository(name)["runs"], key=lambda row: str(row["created_at"]), reverse=True)
    if window := request.query.get("created"):
        start, _, end = window.partition("..")
        rows = [row for row in rows if start <= row["created_at"] <= end]
    limit = request.fake.search_limit if window else None
    return request.page([_run(request, row) for row in rows], "workflow_runs", limit)


def _found_run(request: _Request, name: str, run_id: str) -> Facts:
    run = next((run for run in request.repository(name)["runs"] if run["id"] == int(run_id)), None)
    if run is None:
        raise LookupError(run_id)
    return run


def _one_run(request: _Request, name: str, run_id: str) -> Answer:
    return Answer(_run(request, _found_run(request, name, run_id)))


def _attempt(request: _Request, name: str, run_id: str, attempt: str) -> Answer:
    return Answer(_run(request, _found_run(request, name, run_id), int(attempt)))


def _jobs(request: _Request, name: str, run_id: str, attempt: str) -> Answer:
    run = _found_run(request, name, run_id)
    facts = run["attempts"][int(attempt) - 1]
    if facts.get("expired"):
        raise LookupError("expired")
    return request.page([_job(run, int(attempt), job) for job in facts["jobs"]], "jobs")


def _job(run: Facts, attempt: int, job: Facts) -> Facts:
    """A job with what is alike for all; its set-up step takes three seconds."""
    shown = {key: value for key, value in job.items() if key != "steps_started_at"}
    steps = []
    if started := job["steps_started_at"]:
        ready = (datetime.fromisoformat(started) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
        steps = [
            {"name": "Set up job", "started_at": started, "completed_at": ready},
            {"name": "Run", "started_at": ready, "completed_at": job["completed_at"]},
        ]
    runner = "GitHub Actions 7" if job["runner_id"] else ""
    return {
        "run_id": run["id"],
        "run_attempt": attempt,
        "head_sha": run["head_sha"],
        "head_branch": run["head_branch"],
        "labels": ["ubuntu-latest"],
        "steps": steps,
        "runner_name": runner,
        "runner_group_name": runner and "GitHub Actions",
        **shown,
    }


_ROUTES: Mapping[str, Callable[..., Answer]] = {
    r"/rate_limit": _rate_limit,
    r"/orgs/([^/]+)/repos": _repositories,
    _REPOSITORY: _repository,
    _REPOSITORY + r"/deployments": _deployments,
    _REPOSITORY + r"/releases": _releases,
    _REPOSITORY + r"/activity": _activity,
    _REPOSITORY + r"/actions/runs": _runs,
    _REPOSITORY + r"/actions/runs/(\d+)": _one_run,
    _REPOSITORY + r"/actions/runs/(\d+)/attempts/(\d+)": _attempt,
    _REPOSITORY + r"/actions/runs/(\d+)/attempts/(\d+)/jobs": _jobs,
}


def _git_over_http(request: _Request) -> Answer:
    """Git's own server program; only who presents the token may read."""
    accepted = {base64.b64encode(f"x-access-token:{token}".encode()).decode() for token in (TOKEN, APP_TOKEN)}
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Basic" or value not in accepted:
        return Answer(None, 401, {"WWW-Authenticate": 'Basic realm="GitHub"'}, body=b"")
    parts = urlsplit(request.target)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_PROJECT_ROOT": str(request.fake.directory),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        "HTTP_GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
    }
    done = subprocess.run(
        ["git", "http-backend"],
        input=request.body,
        capture_output=True,
        env=environment,
        check=True,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    status = int(headers.pop("Status", "200 OK").split()[0])
    return Answer(None, status, headers, body=body)
