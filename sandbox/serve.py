"""The sandbox as a process: simulate, write truth and settings, serve the surfaces, take orders.

Each vendor has a port of its own. On any of them, `GET /_sandbox` tells the state; `POST /_sandbox` with JSON
changes it: `{"now": "2026-06-02T00:00:00Z"}` or `{"advance_hours": 24}` moves the clock,
`{"seconds_per_request": 60}` lets lists shift while they are read.
`{"faults": [{"kind": "429", "every": 10}]}` replaces the faults of the vendor that is asked,
`{"expire_tokens": true}` expires its tokens.
"""

import gc
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.calendar import instant, isoformat
from sandbox.clock import Clock, ClockError
from sandbox.faults import FaultError
from sandbox.git import Mirrors
from sandbox.http import Request, Response, Server
from sandbox.settings import settings_of
from sandbox.simulation import Simulation
from sandbox.vendor import STACKS, TOKEN, Scene, VendorSurface, vendors

CONTROL = "/_sandbox"


class Sandbox:
    """A simulation being served; `folder` receives truth.duckdb, flowgauge.yaml and the git repositories.

    Attributes:
        vendors: names of the vendors that are served, the first one at `port`.
        servers: a server for each of them.
    """

    def __init__(
        self,
        simulation: Simulation,
        folder: Path,
        *,
        vendor_names: Sequence[str] = STACKS["github"],
        port: int = 0,
        hourly_limit: int = 1_000_000,
    ) -> None:
        self.simulation = simulation
        self.folder = folder
        self.clock = Clock(simulation.shown_end, simulation.organisation.end)
        self.vendors = [vendors()[name] for name in vendor_names]
        mirrors = Mirrors(simulation.history, self.clock, folder / "git")
        self.scenes = {
            vendor.name: Scene(
                simulation.organisation, self.clock, TOKEN, mirrors, folder / vendor.name, hourly_limit
            )
            for vendor in self.vendors
        }
        self.surfaces: dict[str, VendorSurface] = {
            vendor.name: vendor.build(self.scenes[vendor.name]) for vendor in self.vendors
        }
        self.servers = {
            name: Server(partial(self._surface, surface), port if index == 0 else 0)
            for index, (name, surface) in enumerate(self.surfaces.items())
        }
        self._thread: threading.Thread | None = None
        self._stopping, self._stopped = socket.socketpair()

    @property
    def url(self) -> str:
        """Address of the first vendor's API."""
        return self.urls[self.vendors[0].name]

    @property
    def urls(self) -> dict[str, str]:
        """Address of each vendor's API."""
        return {name: server.url for name, server in self.servers.items()}

    def write_files(self) -> None:
        """Write the truth, the settings that read this sandbox, and what is read from files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_exports()
        self.simulation.truth.write(self.folder / "truth.duckdb")
        settings = settings_of(self.simulation.organisation, self.vendors, self.urls, self.clock.now)
        (self.folder / "flowgauge.yaml").write_text(settings, encoding="utf-8")

    def _write_exports(self) -> None:
        for vendor in self.vendors:
            vendor.write(self.scenes[vendor.name])

    def start(self) -> None:
        """Serve in threads of this process."""
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        """Answer on all ports until told to stop, woken by nothing else."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._stopped, selectors.EVENT_READ)
            for server in self.servers.values():
                selector.register(server, selectors.EVENT_READ, server)
            while ready := [key.data for key, _ in selector.select()]:
                if None in ready:
                    return
                for server in ready:
                    server.handle_request()

    def stop(self) -> None:
        """Stop serving."""
        self._stopping.close()
        if self._thread:
            self._thread.join()
        for server in self.servers.values():
            server.server_close()
        self._stopped.close()

    def serve_until_signalled(self, *, or_eof: bool = False) -> None:
        """Serve until SIGINT or SIGTERM, or until whoever started the process is gone and its input ends."""
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        if or_eof:
            threading.Thread(target=_set_at_eof, args=(stopped,), daemon=True).start()
        # All of the history stays: the collector need not walk it again and again.
        gc.freeze()
        self.start()
        stopped.wait()
        self.stop()

    def _surface(self, surface: VendorSurface, request: Request) -> Response:
        return self._control(surface, request) if request.path == CONTROL else surface.surface(request)

    def _control(self, surface: VendorSurface, request: Request) -> Response:
        try:
            if request.method == "POST":
                self._order(surface, request.json() or {})
        except (ClockError, FaultError, ValueError, TypeError) as error:
            return Response.of_json({"message": str(error)}, HTTPStatus.BAD_REQUEST)
        return Response.of_json(self._state(surface))

    def _order(self, surface: VendorSurface, order: Mapping[str, Any]) -> None:
        """Carry out an order of the control path."""
        if "now" in order:
            self.clock.move_to(instant(datetime.fromisoformat(order["now"])))
        if "advance_hours" in order:
            self.clock.move_to(self.clock.now + round(order["advance_hours"] * 3600))
        if {"now", "advance_hours"} & order.keys():
            self._write_exports()
        if "seconds_per_request" in order:
            self.clock.seconds_per_request = int(order["seconds_per_request"])
        if "faults" in order:
            surface.faults.replace(order["faults"])
        if order.get("expire_tokens"):
            surface.expire_tokens()

    def state(self) -> dict[str, Any]:
        """Return what there is to know: the clock, the story, and where it is served."""
        return {
            "now": isoformat(self.clock.now),
            "end": isoformat(self.clock.end),
            "urls": self.urls,
            "scenario": self.simulation.scenario.name,
            "seed": self.simulation.seed,
            "folder": str(self.folder),
        }

    def _state(self, surface: VendorSurface) -> dict[str, Any]:
        return {**self.state(), "faults": surface.faults.described()}


def _set_at_eof(event: threading.Event) -> None:
    sys.stdin.read()
    event.set()
