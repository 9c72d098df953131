"""How many requests a second the sandbox answers, in its own process, to a mix like the connector's.

`python benchmarks/sandbox_load.py [seconds]` prints a row of the table in `results/sandbox_load.md`: requests
per second by the clock and by the server's processor time, and errors; it exits with 1 where a core holds
fewer than 200 a second, or one fails. Nine in ten requests are for the jobs of a run by REST, one in ten is
for a page of pull requests by GraphQL.
"""

import http.client
import json
import subprocess
import sys
import threading
import time
from http import HTTPStatus
from pathlib import Path

CLIENTS = 8
LEAST_A_SECOND = 200
HEADERS = {"Authorization": "Bearer sandbox-token"}
QUERY = """{
  repository(owner: "acme", name: "checkout") {
    pullRequests(first: 10, orderBy: {field: UPDATED_AT, direction: DESC}) {
      nodes { id number state updatedAt author { login } }
    }
  }
}"""


def main(seconds: float) -> None:
    """Start a sandbox, load it, print what it bore, stop it."""
    command = [sys.executable, "-m", "sandbox", "serve", "--weeks", "12"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            is_held = _is_held(server, seconds)
        finally:
            server.terminate()
    sys.exit(not is_held)


def _is_held(server: subprocess.Popen[str], seconds: float) -> bool:
    """Load a sandbox that is being started and print what it bore."""
    assert server.stdout is not None  # noqa: S101
    host = json.loads(server.stdout.readline())["urls"]["github"].removeprefix("http://")
    runs = _ask(http.client.HTTPConnection(host), "/repos/acme/checkout/actions/runs?per_page=100")
    paths = [
        f"/repos/acme/checkout/actions/runs/{run['id']}/attempts/1/jobs" for run in runs["workflow_runs"]
    ]
    before = _cpu_seconds(server.pid)
    begun = time.monotonic()
    results: list[int] = []
    threads = [
        threading.Thread(target=_client, args=(host, paths, begun + seconds, results)) for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, used = time.monotonic() - begun, _cpu_seconds(server.pid) - before
    count, errors = len(results), sum(status != HTTPStatus.OK for status in results)
    print(  # noqa: T201
        "| clients | seconds | requests | errors | a second | a second of a core | ms of a core each |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        f"| {CLIENTS} | {took:.0f} | {count:,} | {errors} | {count / took:.0f} | {count / used:.0f} "
        f"| {1000 * used / count:.2f} |"
    )
    return not errors and count / used >= LEAST_A_SECOND


def _client(host: str, paths: list[str], until: float, results: list[int]) -> None:
    connection = http.client.HTTPConnection(host)
    number = 0
    while time.monotonic() < until:
        number += 1
        if number % 10:
            connection.request("GET", paths[number % len(paths)], headers=HEADERS)
        else:
            connection.request("POST", "/graphql", json.dumps({"query": QUERY}), HEADERS)
        answer = connection.getresponse()
        answer.read()
        results.append(answer.status)


def _ask(connection: http.client.HTTPConnection, path: str) -> dict[str, list[dict[str, int]]]:
    connection.request("GET", path, headers=HEADERS)
    content: dict[str, list[dict[str, int]]] = json.loads(connection.getresponse().read())
    return content


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
