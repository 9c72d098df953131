"""Serves a surface on loopback, for as long as a connector is examined."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ingestion.conformance.surface import Answer, Request, Response, Surface

CUT = "X-Cut-Body"
"""Header of an answer whose body is to end half-way; it is not sent."""


class Server:
    """A context manager around the running server.

    Attributes:
        surface: what answers; may be replaced at any time.
        defect: the first error that it raised itself.
    """

    def __init__(self, surface: Surface = lambda _request: Response(HTTPStatus.NOT_FOUND)) -> None:
        self.surface = surface
        self.defect: Exception | None = None
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                server._answer(self)

            do_POST = do_GET  # noqa: N815 - http.server's name

            def log_message(self, *_arguments: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(handler.command, parts.path, query, headers, _body(handler, headers), self.origin)
        try:
            answer = self.surface(request)
        except Exception as error:
            self.defect = self.defect or error
            answer = Response(HTTPStatus.NOT_IMPLEMENTED)
        _send(handler, answer)


def _body(handler: BaseHTTPRequestHandler, headers: Mapping[str, str]) -> bytes:
    """The request's body; git sends long ones in chunks."""
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return handler.rfile.read(int(headers.get("content-length") or 0))
    chunks = []
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        chunks.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(chunks)


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    headers: dict[str, Any] = {"Date": handler.date_time_string(), **answer.headers}
    is_cut = headers.pop(CUT, None) is not None
    body = b"" if answer.status == HTTPStatus.NOT_MODIFIED else answer.body
    handler.send_response_only(int(answer.status))
    for name, value in headers.items():
        handler.send_header(name, value)
    if answer.status != HTTPStatus.NOT_MODIFIED:
        handler.send_header("Content-Length", str(len(body)))
    handler.close_connection = is_cut
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2] if is_cut else body)
