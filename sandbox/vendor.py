"""What a vendor's surface is: a function from request to response, and the connection that would read it.

Each vendor has a folder of its own whose `VENDOR` says how its surface is made; the register at the end is
the one place outside of it that names it. All surfaces show the same history at the same clock, each on a
port of its own, so that their paths are the vendors' own.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.git import Mirrors
from sandbox.history import History
from sandbox.http import Request, Response
from sandbox.organisation import Organisation

TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but this sandbox
TOKEN_VARIABLE = "FLOWGAUGE_SANDBOX_TOKEN"  # noqa: S105
TOKEN_REFERENCE = f"${{{TOKEN_VARIABLE}}}"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a surface shows, and to whom.

    Attributes:
        organisation: the company; its people and services are not for showing, only to name things.
        clock: what lies after its `now` is still to come.
        token: opens the surface.
        mirrors: the git repositories on disk.
        folder: where the surface may write files of its own.
        hourly_limit: requests an hour, where the vendor counts them.
    """

    organisation: Organisation
    clock: Clock
    token: str
    mirrors: Mirrors
    folder: Path
    hourly_limit: int = 1_000_000

    @property
    def history(self) -> History:
        """The records of all vendors' systems."""
        return self.organisation.history


class VendorSurface(Protocol):
    """A vendor's API over the history."""

    faults: Faults

    def surface(self, request: Request) -> Response:
        """Answer a request."""

    def expire_tokens(self) -> None:
        """Let every token that was issued be worthless from now on; nothing where none is issued."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor as its folder declares it.

    Attributes:
        name: folder, and name of the connector that reads it.
        build: makes the surface.
        connection: the entry of flowgauge.yaml that reads it at a URL, as of an instant.
        settings: what else of flowgauge.yaml the company would write for it, by top-level key.
        write: writes what is read from files, as of now, into the scene's folder.
        takes_over: what it changes in the entries of others that are used beside it, by their names.
    """

    name: str
    build: Callable[[Scene], VendorSurface]
    connection: Callable[[Organisation, str, int], dict[str, Any]]
    settings: Callable[[Organisation, int], Mapping[str, Any]] = lambda _organisation, _now: {}
    write: Callable[[Scene], None] = lambda _scene: None
    takes_over: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


REGISTERED = (
    "claude_code",
    "copilot",
    "files",
    "github",
    "gitlab",
    "jenkins",
    "jira",
    "pagerduty",
    "posthog",
)
"""One line per vendor: the name of its folder."""

_BESIDE_THE_FORGE = ("pagerduty", "posthog", "claude_code", "files")
STACKS: Mapping[str, tuple[str, ...]] = {
    "github": ("github", "jira", "copilot", *_BESIDE_THE_FORGE),
    "gitlab": ("gitlab", *_BESIDE_THE_FORGE),
    "jenkins": ("github", "jenkins", "jira", "copilot", *_BESIDE_THE_FORGE),
}
"""Sets of vendors that one company would use together."""


@cache
def vendors() -> dict[str, Vendor]:
    """All registered vendors by name."""
    return {name: importlib.import_module(f"sandbox.{name}").VENDOR for name in REGISTERED}
