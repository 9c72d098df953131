"""One small organisation for the tests that only look, and fresh ones for those that move its clock."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sandbox.scenario import load_scenario, load_size
from sandbox.serve import Sandbox
from sandbox.simulation import Simulation, simulate
from sandbox.vendor import TOKEN


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class Client:
    """Asks a served sandbox, without following redirects."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._opener = urllib.request.build_opener(_NoRedirect)

    def get(self, path: str, token: str = TOKEN, **headers: str) -> Answer:
        url = path if path.startswith("http") else self.sandbox.url + path
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._ask(urllib.request.Request(url, headers={"Authorization": f"Bearer {token}", **given}))

    def pages(self, path: str) -> Iterator[Any]:
        while path:
            answer = self.get(path)
            yield answer.json()
            links = [link.split("; ") for link in (answer.headers["Link"] or "").split(", ")]
            path = next((link[0].strip("<>") for link in links if link[-1] == 'rel="next"'), "")

    def graphql(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return self._ask(urllib.request.Request(f"{self.sandbox.url}/graphql", body, headers)).json()

    def order(self, **order: Any) -> Answer:
        return self._ask(urllib.request.Request(f"{self.sandbox.url}/_sandbox", json.dumps(order).encode()))

    def post(self, path: str, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        return self._ask(urllib.request.Request(self.sandbox.url + path, b"{}", headers))

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """Ten weeks of the balanced scenario."""
    return simulate(load_scenario("balanced"), load_size("small"), size_name="small", weeks=10)


@pytest.fixture(scope="session")
def standing(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A served sandbox whose clock stands still and in which nothing goes wrong."""
    sandbox = Sandbox(simulation, tmp_path_factory.mktemp("sandbox"))
    sandbox.start()
    yield Client(sandbox)
    sandbox.stop()


@pytest.fixture
def serve(simulation: Simulation, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Serve the organisation once more, for tests that move its clock or break it."""
    started: list[Sandbox] = []

    def start(**options: Any) -> Client:
        sandbox = Sandbox(simulation, tmp_path / f"sandbox-{len(started)}", **options)
        sandbox.start()
        started.append(sandbox)
        return Client(sandbox)

    yield start
    for sandbox in started:
        sandbox.stop()
