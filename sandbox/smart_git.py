"""Clones over HTTP: git's own upload-pack, run for each request as `git http-backend` would."""

import re
import subprocess
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from sandbox.http import Request, Response

PATH = re.compile(r"/(?P<name>[^/]+/[^/]+?)(?:\.git)?/(?P<what>info/refs|git-upload-pack)")
NO_CACHE = {"Cache-Control": "no-cache"}


class SmartGit:
    """Serves the repositories that `locate` finds by full name, brought up to date by it."""

    def __init__(self, locate: Callable[[str], Path | None]) -> None:
        self._locate = locate

    def is_asked(self, request: Request) -> bool:
        """Whether the request is git's."""
        return PATH.fullmatch(request.path) is not None

    def answer(self, request: Request) -> Response:
        """Advertise refs or send a pack."""
        match = PATH.fullmatch(request.path)
        path = self._locate(match["name"]) if match else None
        if (
            match is None
            or path is None
            or request.query.get("service", "git-upload-pack") != "git-upload-pack"
        ):
            return Response(HTTPStatus.NOT_FOUND, b"Repository not found.")
        is_advertisement = match["what"] == "info/refs"
        command = [
            "git",
            "upload-pack",
            "--stateless-rpc",
            *(["--advertise-refs"] if is_advertisement else []),
            str(path),
        ]
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        }
        done = subprocess.run(command, input=body, capture_output=True, check=False, env=environment)  # noqa: S603
        kind = "advertisement" if is_advertisement else "result"
        is_new = "version=2" in environment["GIT_PROTOCOL"]
        prefix = b"001e# service=git-upload-pack\n0000" if is_advertisement and not is_new else b""
        return Response(
            HTTPStatus.OK,
            prefix + done.stdout,
            {"Content-Type": f"application/x-git-upload-pack-{kind}", **NO_CACHE},
        )
