"""Walks a connector over its example, again and again, under whatever trouble a rule brings about.

A `Store` stands for a warehouse: it keeps rows and state as the kit does, without dlt, which costs a tenth.
Rules about the warehouse itself use `loads`, a history of real loads that is made once.
"""

# ruff: noqa: S608 - names in the statements are declared ones, which are checked to be snake_case

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import duckdb
from pydantic import SecretStr

from ingestion.conformance.example import STATES, Example, State
from ingestion.conformance.lists import Exchange, Rehearsal, Trouble, sized
from ingestion.conformance.server import Server
from ingestion.conformance.surface import Answer, Request, Response
from ingestion.connector import Connector, Extraction, Table
from ingestion.http import HttpClient
from ingestion.identity import EmailHasher
from ingestion.landing import Change, Landing

PAGE_SIZE = 2
CONNECTION = "example"

Key = tuple[Any, ...]
Rows = dict[str, dict[Key, dict[str, Any]]]


@dataclass
class Walked:
    """What one walk did: how it ended, what it said and sent, how long it would have slept.

    Attributes:
        error: what ended it before its end, if anything did.
        said: lines of progress.
        slept: seconds of each wait.
        exchanges: requests and answers.
        counts: raw table → the source's own count.
        rejected: rows set aside.
    """

    error: Exception | None = None
    said: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    rejected: int = 0

    @property
    def told(self) -> str:
        """Everything that a person could read of it."""
        return "\n".join([*self.said, *_chain(self.error)])


class Bench:
    """A context manager: the example's server, and a second one that must never see a credential."""

    def __init__(self, example: Example, folder: Path) -> None:
        self.example = example
        self.connector: Connector = example.connector
        self.foreign_requests: list[Request] = []
        self._folder = folder
        self._server = Server()
        self._foreign = Server(self._answer_abroad)
        self._stores = 0

    def __enter__(self) -> Self:
        self._server.__enter__()
        self._foreign.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._foreign.__exit__(*exception)
        self._server.__exit__(*exception)

    @property
    def foreign_origin(self) -> str:
        """Another host, as far as credentials are concerned."""
        return self._foreign.origin

    @property
    def origin(self) -> str:
        """The host of the example."""
        return self._server.origin

    @property
    def has_surface(self) -> bool:
        """Whether the example has an API."""
        return self.example.surface is not None

    @cached_property
    def settings(self) -> Any:
        """The connection's settings."""
        given = {name: self._placed(value) for name, value in self.example.connection.items()}
        address = {"base_url": f"{self.origin}{self.example.base_path}"} if self.has_surface else {}
        return self.connector.settings(
            **{"name": CONNECTION, "connector": self.connector.name, **address, **given}
        )

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The values of the settings that must never be seen."""
        return tuple(_secrets(self.settings))

    @cached_property
    def rehearsal(self) -> Rehearsal:
        """The lists of a first walk, in small pages."""
        return Rehearsal(self.example, self._rehearsed["first"][1].exchanges)

    def fresh(self, state: State) -> Rows:
        """What a first walk over a state gives."""
        return self._rehearsed[state][0]

    def exchanges(self, state: State = "first") -> Sequence[Exchange]:
        """Requests and answers of a first walk over a state, in small pages."""
        return self._rehearsed[state][1].exchanges

    @cached_property
    def _rehearsed(self) -> dict[str, tuple[Rows, Walked]]:
        found: dict[str, tuple[Rows, Walked]] = {}
        for state in STATES:
            store = self.store()
            walked = store.walk(state)
            if walked.error:
                raise walked.error
            found[state] = store.rows(), walked
        return found

    def store(self) -> Store:
        """An empty warehouse."""
        self._stores += 1
        return Store(self, _made(self._folder / f"store{self._stores}"))

    def folder(self, name: str) -> Path:
        """A folder of one's own."""
        return _made(self._folder / name)

    @contextmanager
    def serving(
        self, state: State, trouble: Trouble | None, size: int | None, walked: Walked
    ) -> Iterator[None]:
        """Serve a state, and note what is asked and answered."""
        if self.example.prepare:
            shutil.rmtree(self._prepared, ignore_errors=True)
            self.example.prepare(state, _made(self._prepared))
        if self.example.surface is None:
            yield
            return
        surface = sized(self.example, size)(self.example.surface(state))
        troubled = trouble(surface) if trouble else surface

        def answer(request: Request) -> Answer:
            response = troubled(request)
            walked.exchanges.append(Exchange(request, response))
            return response

        self._server.surface = answer
        yield

    def client(self, walked: Walked) -> HttpClient:
        """The connector's client, which sleeps in no time."""
        http = self.connector.client(self.settings)
        http.sleep = walked.slept.append
        return http

    def patient(self, walked: Walked) -> Connector:
        """The connector with that client, for loads by the kit."""
        return dataclasses.replace(self.connector, client=lambda _settings: self.client(walked))

    @property
    def _prepared(self) -> Path:
        return self._folder / "prepared"

    def _placed(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("{folder}", str(self._prepared))
        if isinstance(value, Mapping):
            return {name: self._placed(each) for name, each in value.items()}
        return [self._placed(each) for each in value] if isinstance(value, list | tuple) else value

    def _answer_abroad(self, request: Request) -> Answer:
        self.foreign_requests.append(request)
        return self.example.surface("first")(request) if self.example.surface else Response(404)


class Store:
    """Rows and state of one connection, as a warehouse keeps them."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.folder = folder
        self.state: dict[str, Any] = {}
        self._bench = bench
        self._warehouse = folder / "warehouse.duckdb"
        duckdb.connect(str(self._warehouse)).close()

    def walk(
        self,
        state: State = "first",
        trouble: Trouble | None = None,
        *,
        size: int | None = PAGE_SIZE,
        pages: int | None = None,
        is_full_refresh: bool = False,
    ) -> Walked:
        """Walk once and keep what came if it came to its end; `pages` kills the walk after so many."""
        walked = Walked()
        with self._bench.serving(state, trouble, size, walked):
            http = self._bench.client(walked)
            extraction = Extraction(
                settings=self._bench.settings,
                http=http,
                state={} if is_full_refresh else copy.deepcopy(self.state),
                started_at=self._bench.example.at(state),
                workspace=_made(self.folder / "workspace"),
                hash_email=EmailHasher(b"conformance"),
                is_full_refresh=is_full_refresh,
                log=walked.said.append,
            )
            http.log = extraction.log
            try:
                self._walk(extraction, walked, pages)
            except Exception as error:
                walked.error = error
        return walked

    def rows(self) -> Rows:
        """The rows that stand, without what the kit adds to them."""
        return standing_rows(self._warehouse, self._bench.connector)

    def _walk(self, extraction: Extraction, walked: Walked, pages: int | None) -> None:
        connector = self._bench.connector
        files = _made(self.folder / "landing")
        with Landing(files / "rows.duckdb", connector, CONNECTION, extraction.started_at) as landing:
            for number, page in enumerate(connector.extract(extraction)):
                if number == pages:
                    raise KilledError
                landing.add(page)
            landing.count(extraction.source_counts.values())
            changes = landing.changes(self._warehouse, files, is_full_refresh=extraction.is_full_refresh)
            walked.rejected = landing.rejected
        self._apply(changes)
        self.state = json.loads(json.dumps(extraction.state))
        for count in extraction.source_counts.values():
            walked.counts[count.table] = walked.counts.get(count.table, 0) + count.count

    def _apply(self, changes: Sequence[Change]) -> None:
        """Delete and insert by key, as dlt's merge does."""
        dataset = self._bench.connector.dataset
        with duckdb.connect(str(self._warehouse)) as warehouse:
            warehouse.execute(f"create schema if not exists {dataset}")
            for change in changes:
                if not change.file.exists():
                    continue
                source = f"read_parquet('{change.file}')"
                table = f'{dataset}."{change.table.name}"'
                key = ", ".join(f'"{name}"' for name in change.table.key)
                rows = f"select * exclude (is_removed) from {source}"
                warehouse.execute(f"create table if not exists {table} as {rows} limit 0")
                warehouse.execute(f"delete from {table} where ({key}) in (select ({key}) from {source})")
                warehouse.execute(f"insert into {table} by name {rows} where not is_removed")
                change.file.unlink()


class KilledError(Exception):
    """The walk was killed by the suite."""


def standing_rows(warehouse: Path, connector: Connector) -> Rows:
    """The rows of each table of a warehouse by key, in the declared columns."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return {table.name: _rows(connection, connector, table) for table in connector.all_tables}


def _rows(
    connection: duckdb.DuckDBPyConnection, connector: Connector, table: Table
) -> dict[Key, dict[str, Any]]:
    names = [column.name for column in table.columns]
    listed = ", ".join(f'"{name}"' for name in names)
    try:
        found = connection.execute(f'select {listed} from {connector.dataset}."{table.name}"').fetchall()
    except duckdb.CatalogException:
        return {}
    rows = [dict(zip(names, values, strict=True)) for values in found]
    return {tuple(row[name] for name in table.key): row for row in rows}


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secrets(each)


def _chain(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{type(error).__name__}: {error}"
        error = error.__cause__ or error.__context__


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory
