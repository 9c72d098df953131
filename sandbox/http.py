"""HTTP for the vendor surfaces: plain requests and responses, and a threaded server on loopback.

A surface is a function from `Request` to `Response` and knows no sockets. How an answer may go wrong on its
way (late, cut short) is told by the response itself, so that faults need no access to the connection.
"""

import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(slots=True)
class Request:
    """A request as a surface sees it; header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    origin: str = ""

    def json(self) -> Any:
        """Return the body as JSON; raises ValueError if it is none."""
        return json.loads(self.body or b"null")


@dataclass(slots=True)
class Response:
    """An answer; `delay_seconds` and `cut_after` (bytes) are what a fault does to it."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    cut_after: int | None = None

    @classmethod
    def of_json(
        cls, content: Any, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
    ) -> "Response":
        """Make a JSON answer."""
        body = json.dumps(content, separators=(",", ":")).encode()
        return cls(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


Surface = Callable[[Request], Response]


class _Handler(BaseHTTPRequestHandler):
    """Translates between the socket and a surface."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers,
            self._body(headers),
            f"http://{headers.get('host', '127.0.0.1')}",
        )
        self._send(self.server.surface(request))

    def _body(self, headers: Mapping[str, str]) -> bytes:
        """Read the body; git sends long ones in chunks."""
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, response: Response) -> None:
        if response.delay_seconds:
            time.sleep(response.delay_seconds)
        lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
        headers = {"Date": self.date_time_string(), **response.headers}
        if response.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(response.body))
        body = b"" if response.status == HTTPStatus.NOT_MODIFIED or self.command == "HEAD" else response.body
        if response.status == HTTPStatus.NOT_MODIFIED:
            headers.pop("Content-Length")
        if response.cut_after is not None:
            body, self.close_connection = body[: response.cut_after], True
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class Server(ThreadingHTTPServer):
    """Serves one surface on the loopback interface."""

    daemon_threads = True
    # Whoever calls `handle_request` knows that there is one.
    timeout = 0
    request_queue_size = 128

    def __init__(self, surface: Surface, port: int = 0) -> None:
        self.surface = surface
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that go away; anything else is an error of the sandbox and is shown."""
        import sys

        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
