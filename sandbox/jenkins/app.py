"""Jenkins as a whole: who may ask, what goes wrong on purpose, and which page answers."""

import base64
import re
from http import HTTPStatus
from threading import Lock
from urllib.parse import unquote

from sandbox.clock import Clock
from sandbox.faults import Fault, Faults, through
from sandbox.history import History
from sandbox.http import Request, Response
from sandbox.jenkins import tree
from sandbox.jenkins.view import Build, FolderItem, JobItem, View
from sandbox.vendor import Scene

VERSION = "2.516.3"
USER = "flowgauge"
FAULT_KINDS = {"401", "403", "404", "429"}
HIDDEN = frozenset({"allBuilds"})
_ITEM = re.compile(r"(?P<items>(?:/job/[^/]+)*)(?:/(?P<number>\d+))?/(?P<page>api/json|wfapi/describe)/?")


class NotFoundError(LookupError):
    """What is asked for does not exist, or not yet."""


class Jenkins:
    """The surface; `surface` is what the server calls."""

    def __init__(self, history: History, clock: Clock, token: str) -> None:
        self.faults = Faults(FAULT_KINDS)
        self._history = history
        self._clock = clock
        self._token = token
        self._views: dict[str, View] = {}
        self._lock = Lock()

    @classmethod
    def of(cls, scene: Scene) -> "Jenkins":
        """Make the surface of a scene."""
        return cls(scene.history, scene.clock, scene.token)

    def expire_tokens(self) -> None:
        """API tokens are good until they are revoked."""

    def surface(self, request: Request) -> Response:
        """Answer a request."""
        fault = self.faults.striking(request)
        return through(fault, lambda: self._answer(request, fault))

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        if fault and fault.kind.isdigit():
            headers = {"Retry-After": str(round(fault.seconds))} if fault.kind == "429" else {}
            return page(int(fault.kind), headers)
        credentials = request.headers.get("authorization", "")
        if not credentials:
            return page(HTTPStatus.FORBIDDEN, {"X-You-Are-Authenticated-As": "anonymous"})
        if password_in(credentials) != self._token:
            return page(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="Jenkins"'})
        try:
            return self._found(request)
        except NotFoundError:
            return page(HTTPStatus.NOT_FOUND)
        except ValueError:
            return page(HTTPStatus.BAD_REQUEST)

    def _found(self, request: Request) -> Response:
        if request.path in {"", "/"}:
            return page(HTTPStatus.OK)
        if request.path.rstrip("/") == "/me/api/json":
            return answer({"_class": "hudson.model.User", "id": USER, "fullName": USER})
        match = _ITEM.fullmatch(request.path)
        if match is None:
            raise NotFoundError
        names = [unquote(name) for name in match["items"].split("/job/")[1:]]
        node = self._node(request.origin, names, match["number"])
        if match["page"] == "api/json":
            asked = request.query.get("tree", "")
            return answer(tree.shown(node, tree.parsed(asked)) if asked else tree.plain(node, HIDDEN))
        if not isinstance(node, Build) or node.stages is None:
            raise NotFoundError
        return answer(node.described())

    def _node(self, origin: str, names: list[str], number: str | None) -> FolderItem | JobItem | Build:
        item: FolderItem | JobItem = self._view(origin).root
        for name in names:
            if isinstance(item, JobItem) or name not in item.children:
                raise NotFoundError
            item = item.children[name]
        if number is None:
            return item
        if isinstance(item, FolderItem) or not 1 <= int(number) <= len(item.builds):
            raise NotFoundError
        return item.builds[int(number) - 1]

    def _view(self, origin: str) -> View:
        with self._lock:
            self._clock.tick()
            view = self._views.get(origin)
            if view is None or view.now != self._clock.now:
                view = View(self._history, self._clock.now, origin)
                self._views = {origin: view}
            return view


def answer(content: object) -> Response:
    """Make a JSON answer, with the header by which clients know Jenkins."""
    return Response.of_json(content, headers={"X-Jenkins": VERSION})


def page(status: int, headers: dict[str, str] | None = None) -> Response:
    """Make one of Jenkins' HTML pages."""
    body = f"<html><head><title>Jenkins</title></head><body>HTTP {int(status)}</body></html>".encode()
    return Response(status, body, {"Content-Type": "text/html", "X-Jenkins": VERSION, **(headers or {})})


def password_in(credentials: str) -> str:
    """The password or API token of an Authorization header."""
    scheme, _, value = credentials.partition(" ")
    if scheme.lower() != "basic":
        return ""
    return base64.b64decode(value).decode(errors="replace").partition(":")[2]
