"""Runs the dbt project in this process: the one place that knows how dbt is called.

Every call passes the enabled connectors as the only variable, keeps artifacts and logs out of the checkout,
sends nothing anywhere, and lets go of the warehouse file when it ends. What dbt has parsed is kept in the
user's cache, so that whoever has the same connectors starts from it for as long as no file changes. What is
built, and when, is decided by the caller. For developers: `python -m transform.runner build --select
fct_changes+`.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

PROJECT_DIR = Path(__file__).resolve().parent
WAREHOUSE_VARIABLE = "FLOWGAUGE_WAREHOUSE"
TESTING_COMMANDS = frozenset({"build", "test"})
FAILED_STATUSES = frozenset({"error", "fail", "runtime error", "partial success"})
PROJECT_FILES = ("*.sql", "*.yml", "*.csv", "containment.py", "identity.py", "runner.py")
VERSIONED = ("dbt-core", "dbt-duckdb")
PARSED = "partial_parse.msgpack"
"""dbt's own name for what it has parsed; from it, dbt parses anew only the files that changed."""
PROVIDED_BY_ALL = "rejected_rows"
HEADING = re.compile(r"\w+ Error( in .*)?$")


@dataclass(frozen=True)
class Failure:
    """One node that did not succeed: a model that raised, or a test whose rows broke its rule."""

    unique_id: str
    name: str
    status: str
    message: str

    def __str__(self) -> str:
        return f"{self.name} ({self.status}): {self.message}"


class TransformError(RuntimeError):
    """The project did not parse or a node failed; `failures` names the nodes, in the order they ran."""

    def __init__(self, summary: str, failures: Sequence[Failure] = ()) -> None:
        super().__init__("; ".join([summary, *map(str, failures)]))
        self.failures = tuple(failures)


@dataclass
class DbtProject:
    """The project over one warehouse file and one set of enabled connectors.

    Attributes:
        warehouse: the DuckDB file that is read and written.
        target: folder for dbt's artifacts, made if absent.
        connectors: enabled connector -> canonical entities that it provides.
        logs: folder for dbt's log file; `logs` beside `target` if not given.
        with_unit_tests: whether `build` and `test` run unit tests too; production runs leave them out.
    """

    warehouse: Path
    target: Path
    connectors: Mapping[str, Sequence[str]]
    logs: Path | None = None
    with_unit_tests: bool = False
    _manifest: Manifest | None = field(default=None, init=False, repr=False)

    def parse(self) -> dict[str, Any]:
        """Return the project's manifest as dbt writes it, parsed once per object.

        Raises:
            TransformError: the project does not parse.
        """
        written: dict[str, Any] = self._parsed().writable_manifest().to_dict(omit_none=False)
        return written

    def invoke(self, args: Sequence[str], callbacks: Sequence[Callable[[EventMsg], None]] = ()) -> Any:
        """Run one dbt command and return its result, a `RunExecutionResult` for those that run nodes.

        Args:
            args: command and options, as on dbt's command line; variables, folders and flags are added.
            callbacks: called with each event of dbt, as it happens.

        Raises:
            TransformError: something failed; all nodes that do not depend on it have run nevertheless.
        """
        return self._run(args, callbacks, self._parsed())

    def _parsed(self) -> Manifest:
        if self._manifest is None:
            made_from = fingerprint(self.connectors).encode()
            self._manifest = self._kept(made_from) or self._parse(made_from)
        return self._manifest

    def _kept(self, made_from: bytes) -> Manifest | None:
        """What was parsed from the same files, or None; made whole as dbt does where nothing has changed."""
        from dbt.contracts.graph.manifest import Manifest
        from dbt.flags import set_from_args
        from dbt.parser.manifest import extended_mashumuro_decoder

        # dbt reads them where it hands a manifest out, and sets them only where it has run
        set_from_args(argparse.Namespace(SEND_ANONYMOUS_USAGE_STATS=False), {})
        # whatever cannot be read or is not what it seems is parsed anew
        with contextlib.suppress(Exception):
            content = self._cached.read_bytes()
            if content.startswith(made_from):
                packed = content.removeprefix(made_from)
                manifest: Manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
                manifest.build_parent_and_child_maps()  # type: ignore[no-untyped-call]
                manifest.build_flat_graph()  # type: ignore[no-untyped-call]
                return manifest
        return None

    def _parse(self, made_from: bytes) -> Manifest:
        manifest: Manifest = self._run(["parse"], (), None)
        with contextlib.suppress(OSError):
            _write_at_once(self._cached, made_from + (self.target / PARSED).read_bytes())
        return manifest

    @property
    def _cached(self) -> Path:
        """Where what was parsed is kept for all warehouses of this name and these connectors."""
        same = hashlib.sha256(f"{PROJECT_DIR} {self.warehouse.name} {self._variables}".encode())
        return platformdirs.user_cache_path("flowgauge") / "dbt" / f"{same.hexdigest()[:16]}.msgpack"

    @property
    def _variables(self) -> str:
        given = {name: sorted(entities) for name, entities in sorted(self.connectors.items())}
        return json.dumps({"connectors": given})

    def _run(
        self, args: Sequence[str], callbacks: Sequence[Callable[[EventMsg], None]], manifest: Manifest | None
    ) -> Any:
        from dbt.cli.main import dbtRunner

        self.target.mkdir(parents=True, exist_ok=True)
        # Parsing opens nothing, and parses all anew where the path of the warehouse is another.
        warehouse = str(self.warehouse.absolute()) if manifest else self.warehouse.name
        with _environment(WAREHOUSE_VARIABLE, warehouse), _released_warehouse():
            result = dbtRunner(manifest, list(callbacks)).invoke([*args, *self._options(args[0])])
        if result.exception is not None and not isinstance(result.exception, Exception):
            raise result.exception  # an interruption, which dbt hands over like any error
        if not result.success:
            raise _error(args[0], result)
        return result.result

    def _options(self, command: str) -> list[str]:
        logs = self.logs or self.target.parent / "logs"
        options = ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]
        options += ["--target-path", str(self.target.absolute()), "--log-path", str(logs.absolute())]
        options += ["--vars", self._variables]
        options += ["--quiet", "--no-print", "--log-level", "none", "--log-level-file", "info"]
        options += ["--no-send-anonymous-usage-stats", "--no-version-check"]
        if command in {"parse", *TESTING_COMMANDS}:
            # Writing the manifest for nobody would cost a second of each step; `docs generate` writes it.
            options += ["--no-write-json"]
        if command in TESTING_COMMANDS:
            options += [] if self.with_unit_tests else ["--exclude-resource-type", "unit_test"]
        return options


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable for profiles.yml, which can read nothing else that differs from call to call."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _write_at_once(path: Path, content: bytes) -> None:
    """Write so that readers see the old file or the new one.

    Raises:
        OSError: the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as new:
        new.write(content)
    Path(new.name).replace(path)


@contextlib.contextmanager
def _released_warehouse() -> Iterator[None]:
    """Close the warehouse afterwards: dbt-duckdb keeps file and write lock until the process ends."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    try:
        yield
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _error(command: str, result: dbtRunnerResult) -> TransformError:
    if result.exception is not None:
        return TransformError(f"dbt {command} failed: {_first_line(str(result.exception))}")
    nodes = getattr(result.result, "results", [])
    failures = [
        Failure(node.node.unique_id, node.node.name, str(node.status), _first_line(node.message or ""))
        for node in nodes
        if str(node.status) in FAILED_STATUSES
    ]
    return TransformError(f"dbt {command} failed at {len(failures)} of {len(nodes)} nodes", failures)


def _first_line(message: str) -> str:
    """The first line that says what is wrong: dbt's heading only repeats kind, name and file."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return next((line for line in lines if not HEADING.match(line)), "".join(lines[:1]))


def fingerprint(connectors: Mapping[str, Sequence[str]]) -> str:
    """Hash of all that the models are made from: a change of it means that they have to be built again."""
    versions = {name: version(name) for name in VERSIONED}
    given = {name: sorted(entities) for name, entities in sorted(connectors.items())}
    digest = hashlib.sha256(json.dumps([versions, given]).encode())
    for pattern in PROJECT_FILES:
        for path in sorted(PROJECT_DIR.rglob(pattern)):
            digest.update(str(path.relative_to(PROJECT_DIR)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def provided_entities(connector: str) -> list[str]:
    """Canonical entities for which the connector has an intermediate model, read from the tree.

    Rejected rows, which each connector has, are taken from all of them and not told.
    """
    canonical = {path.stem for path in (PROJECT_DIR / "models" / "canonical").glob("*.sql")}
    canonical.discard(PROVIDED_BY_ALL)
    prefix = f"int_{connector}__"
    models = (PROJECT_DIR / "models" / "intermediate" / connector).glob(f"{prefix}*.sql")
    return sorted(canonical & {path.stem.removeprefix(prefix) for path in models})


def main(argv: Sequence[str] | None = None) -> int:
    """Run a dbt command over the developer's own warehouse, with every connector of the tree."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--connectors", default=None, help="comma-separated; all that have models if not given"
    )
    parser.add_argument("--unit-tests", action="store_true", help="run unit tests too")
    options, args = parser.parse_known_args(argv)
    home = Path(os.environ.get("FLOWGAUGE_HOME", ".flowgauge"))
    staging = PROJECT_DIR / "models" / "staging"
    known = sorted(path.name for path in staging.iterdir() if path.is_dir() and provided_entities(path.name))
    chosen = known if options.connectors is None else [name for name in options.connectors.split(",") if name]
    project = DbtProject(
        home / "warehouse.duckdb",
        home / "dbt" / "target",
        {name: provided_entities(name) for name in chosen},
        with_unit_tests=options.unit_tests,
    )
    try:
        result = project.invoke(args)
    except TransformError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for node in getattr(result, "results", []):
        sys.stdout.write(f"{node.status}  {node.node.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
