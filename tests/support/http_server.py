"""A real HTTP server on the loopback, scripted by a test: which answer follows which request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the server says; `cut` sends that many bytes fewer than it promised."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    chunked: bool = False
    delay_seconds: float = 0

    @property
    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Reply = Answer | Callable[[Request], Answer]


class ScriptedServer:
    """Answers of each path in turn; the last one is repeated."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._script: dict[str, list[Reply]] = {}
        self._stopping = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                server._answer(self)

            def do_POST(self) -> None:
                server._answer(self)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def script(self, path: str, *replies: Reply) -> None:
        self._script[path] = list(replies)

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        request = Request(
            handler.command,
            parts.path,
            parse_qs(parts.query),
            dict(handler.headers),
            handler.rfile.read(length),
        )
        self.requests.append(request)
        replies = self._script.get(parts.path, [Answer({"message": "Not Found"}, 404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        self._send(handler, reply(request) if callable(reply) else reply)

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        self._stopping.wait(answer.delay_seconds)
        handler.send_response_only(answer.status)
        if "Date" not in answer.headers:
            handler.send_header("Date", handler.date_time_string())
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if "Content-Type" not in answer.headers:
            handler.send_header("Content-Type", "application/json")
        content = answer.content
        if answer.chunked:
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            handler.wfile.write(f"{len(content) + answer.cut:x}\r\n".encode() + content)
            if not answer.cut:
                handler.wfile.write(b"\r\n0\r\n\r\n")
        else:
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[: len(content) - answer.cut])
        handler.close_connection = bool(answer.cut)

    @contextmanager
    def running(self) -> Iterator[ScriptedServer]:
        self._thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
