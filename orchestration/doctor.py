"""`flowgauge doctor`: all that a run needs, looked at without changing anything, and what to do about it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ingestion.connector import Extraction, Finding, connectors
from ingestion.identity import EmailHasher
from orchestration.home import HOME_REMEDY, HOME_VARIABLE, Home
from orchestration.ledger import Ledger
from orchestration.lock import busy_holder
from orchestration.times import now

if TYPE_CHECKING:
    from ingestion.settings import BaseConnectionSettings, Settings

GIB = 2**30
LITTLE_DISK_BYTES = 2 * GIB
NO_DISK_BYTES = GIB // 4
GIT_SECONDS = 10


def examine(settings: Settings, home: Home) -> Iterator[tuple[str, Finding]]:
    """What was found, by subject, in the order of looking; the slow ones, which ask vendors, come last."""
    yield "settings", Finding("ok", f"{len(settings.connections)} connections, {len(settings.teams)} teams")
    yield "versions", _versions()
    yield "git", _git()
    yield "disk", _disk(home)
    if problem := home.problem():
        yield "home", Finding("error", problem, HOME_REMEDY)
    else:
        yield "lock", _lock(home)
        yield "last run", _last_run(settings, home)
    for connection in settings.connections:
        for finding in check_connection(connection):
            yield connection.name, finding


def check_connection(connection: BaseConnectionSettings) -> Iterator[Finding]:
    """What the connector says of one connection: whether it is reached, and what its token may see."""
    connector = connectors()[connection.connector]
    with TemporaryDirectory() as workspace:  # a look at the source makes no home
        try:
            extraction = Extraction(
                settings=connection,
                http=connector.client(connection),
                state={},
                started_at=now(),
                workspace=Path(workspace),
                hash_email=EmailHasher(b""),
            )
            yield from connector.check(extraction)
        except Exception as error:
            remedy = "see whether base_url and token are right"
            yield Finding("error", f"could not be checked: {error}", remedy)


def _versions() -> Finding:
    wrong = []
    for requirement in requires("flowgauge") or []:
        pinned = re.match(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^;\s]+)$", requirement)
        if pinned and _installed(pinned[1]) != pinned[2]:
            wrong.append(f"{pinned[1]} is {_installed(pinned[1]) or 'missing'}, not {pinned[2]}")
    if wrong:
        return Finding("error", "; ".join(wrong), "run `make setup`")
    python = ".".join(map(str, sys.version_info[:3]))
    return Finding("ok", f"flowgauge {version('flowgauge')}, Python {python}, all pins as locked")


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git() -> Finding:
    path = shutil.which("git")
    if path is None:
        return Finding("error", "there is no git", "install git: commits and tags are read by cloning")
    told = subprocess.run(  # noqa: S603
        [path, "--version"], capture_output=True, text=True, timeout=GIT_SECONDS, check=False
    )
    return Finding("ok", told.stdout.strip())


def _disk(home: Home) -> Finding:
    free = home.free_bytes
    message = f"{free / GIB:,.1f} GiB free for {home.path}"
    remedy = f"free some, or name another folder by {HOME_VARIABLE}"
    if free < NO_DISK_BYTES:
        return Finding("error", message, remedy)
    return Finding("warning", message, remedy) if free < LITTLE_DISK_BYTES else Finding("ok", message)


def _lock(home: Home) -> Finding:
    holder = busy_holder(home.lock)
    if holder is None:
        return Finding("ok", "nobody is writing the warehouse")
    return Finding(
        "warning",
        f"pid {holder.pid} has been writing the warehouse since {holder.since:%Y-%m-%d %H:%M:%S} UTC",
        "a run would be refused until it ends",
    )


def _last_run(settings: Settings, home: Home) -> Finding:
    ledger = Ledger.read(home.ledger)
    gone = ledger.connections.keys() - {each.name for each in settings.connections}
    failed = [
        name for name, record in ledger.connections.items() if record.outcome == "failed" and name not in gone
    ]
    if failed:
        why = "; ".join(f"{name}: {ledger.connections[name].error}" for name in failed)
        return Finding("warning", f"failed to load {why}", "mend that, then `flowgauge run`")
    if ledger.loading.keys() - gone and busy_holder(home.lock) is None:
        return Finding("warning", "the last run was killed while loading", "run again; it continues")
    if ledger.build != ledger.published:
        return Finding("warning", "the last build did not finish", "run again; it is made anew")
    return Finding("ok", "finished" if ledger.published else "there was none yet")
