"""The sandbox as a process: simulate, write truth and settings, serve the surfaces, take orders.

`GET /_sandbox` tells the state; `POST /_sandbox` with JSON changes it: `{"now": "2026-06-02T00:00:00Z"}` or
`{"advance_hours": 24}` moves the clock, `{"faults": [{"kind": "429", "every": 10}]}` replaces the faults,
`{"seconds_per_request": 60}` lets lists shift while they are read, `{"expire_tokens": true}` does what it
says.
"""

import signal
import threading
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.calendar import instant, isoformat
from sandbox.clock import Clock, ClockError
from sandbox.faults import FaultError
from sandbox.git import GitMirror
from sandbox.github import GitHub
from sandbox.github.smart_git import SmartGit
from sandbox.http import Request, Response, Server
from sandbox.settings import settings_of
from sandbox.simulation import Simulation

CONTROL = "/_sandbox"
TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but this sandbox


class Sandbox:
    """A simulation being served; `folder` receives truth.duckdb, flowgauge.yaml and the git repositories."""

    def __init__(
        self, simulation: Simulation, folder: Path, *, port: int = 0, hourly_limit: int = 1_000_000
    ) -> None:
        self.simulation = simulation
        self.folder = folder
        self.clock = Clock(simulation.shown_end, simulation.organisation.end)
        self._mirrors: dict[int, GitMirror] = {}
        self._git_lock = threading.Lock()
        self.github = GitHub(simulation.history, self.clock, TOKEN, SmartGit(self._repository), hourly_limit)
        self.server = Server(self._surface, port)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address of the GitHub API."""
        return self.server.url

    def write_files(self) -> None:
        """Write the truth and the settings that read this sandbox."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.simulation.truth.write(self.folder / "truth.duckdb")
        settings = settings_of(self.simulation.organisation, self.url, self.clock.now)
        (self.folder / "flowgauge.yaml").write_text(settings, encoding="utf-8")

    def start(self) -> None:
        """Serve in a thread of this process."""
        self._thread = threading.Thread(target=self.server.serve_forever, name="sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
        if self._thread:
            self._thread.join()

    def serve_until_signalled(self) -> None:
        """Serve until SIGINT or SIGTERM."""
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        self.start()
        stopped.wait()
        self.stop()

    def _surface(self, request: Request) -> Response:
        return self._control(request) if request.path == CONTROL else self.github.surface(request)

    def _control(self, request: Request) -> Response:
        try:
            if request.method == "POST":
                self.order(request.json() or {})
        except (ClockError, FaultError, ValueError, TypeError) as error:
            return Response.of_json({"message": str(error)}, HTTPStatus.BAD_REQUEST)
        return Response.of_json(self.state())

    def order(self, order: Mapping[str, Any]) -> None:
        """Carry out an order of the control path."""
        if "now" in order:
            self.clock.move_to(instant(datetime.fromisoformat(order["now"])))
        if "advance_hours" in order:
            self.clock.move_to(self.clock.now + round(order["advance_hours"] * 3600))
        if "seconds_per_request" in order:
            self.clock.seconds_per_request = int(order["seconds_per_request"])
        if "faults" in order:
            self.github.faults.replace(order["faults"])
        if order.get("expire_tokens"):
            self.github.expire_tokens()

    def state(self) -> dict[str, Any]:
        """Return what the control path tells."""
        return {
            "now": isoformat(self.clock.now),
            "end": isoformat(self.clock.end),
            "url": self.url,
            "scenario": self.simulation.scenario.name,
            "seed": self.simulation.seed,
            "faults": self.github.faults.described(),
            "folder": str(self.folder),
        }

    def _repository(self, name: str) -> Path | None:
        """Return the git repository of a name, as of now."""
        found = self.github.view().by_name(name)
        if found is None:
            return None
        with self._git_lock:
            number = found.repository.id
            if number not in self._mirrors:
                self._mirrors[number] = GitMirror(found.repository, self.folder / "git" / f"{number}.git")
            self._mirrors[number].advance(self.clock.now)
            return self._mirrors[number].path
