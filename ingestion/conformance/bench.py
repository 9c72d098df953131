"""Walks a connector over its example, again and again, under whatever trouble a rule brings about.

A `Store` stands for a warehouse: it keeps rows and state as the kit does, in memory. Rules about the
warehouse itself read `history`, loads by the kit through dlt that are made once.
"""

# ruff: noqa: S608 - names in the statements are declared ones, which are checked to be snake_case

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb
from pydantic import SecretStr

from ingestion.conformance.example import STATES, TREE, Example, State
from ingestion.conformance.lists import Exchange, Rehearsal, Trouble, emptied_lists, sized, widened_items
from ingestion.conformance.server import Server
from ingestion.conformance.store import Collected, Key, Rows
from ingestion.conformance.surface import Answer, Request, Response
from ingestion.connector import Connector, Extraction, Table
from ingestion.http import HttpClient
from ingestion.identity import HASH_KEY_FILE, EmailHasher

if TYPE_CHECKING:
    from ingestion.pipeline import LoadResult

PAGE_SIZE = 2
CONNECTION = "example"
_MOST_REQUESTS = 2_000
_CIRCLE = {"message": f"asked {_MOST_REQUESTS} times in one walk, which leads in a circle"}
_HASH_KEY = b"conformance"


@dataclass
class Walked:
    """What one walk did: how it ended, what it said and sent, how long it would have slept.

    Attributes:
        error: what ended it before its end, if anything did.
        said: lines of progress.
        slept: seconds of each wait.
        exchanges: requests and answers.
        counts: raw table → the source's own count.
        result: of a load by the kit.
    """

    error: Exception | None = None
    said: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    result: LoadResult | None = None

    @property
    def moved(self) -> dict[str, int]:
        """Raw table → rows that a load by the kit changed or removed."""
        done = self.result
        return {} if done is None else dict(Counter(done.rows) + Counter(done.removed))

    @property
    def new_fields(self) -> Mapping[str, Sequence[str]]:
        """What a load by the kit reported as new."""
        return self.result.new_fields if self.result else {}

    @property
    def told(self) -> str:
        """Everything that a person could read of it."""
        return "\n".join([*self.said, *_chain(self.error)])


@dataclass(frozen=True)
class History:
    """Loads by the kit, in this order, into one warehouse.

    Attributes:
        empty: every list of the vendor's is empty.
        columns: table → its columns, after that.
        first: the first state.
        again: the same.
        refreshed: the same, as a full refresh.
        widened: the same; every object of the vendor's has a field more.
        later: the later state.
        rows: what stands at the end.
    """

    empty: Walked
    columns: Mapping[str, set[str]]
    first: Walked
    again: Walked
    refreshed: Walked
    widened: Walked
    later: Walked
    rows: Rows


class Bench:
    """A context manager: the example's server, and a second one that must never see a credential.

    Attributes:
        example: what is examined, and on what.
        connector: the example's.
        tree: checkout that holds the connector's files.
        foreign_requests: what the second server was asked.
    """

    def __init__(self, example: Example, folder: Path, tree: Path = TREE) -> None:
        self.example = example
        self.tree = tree
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
    def defect(self) -> Exception | None:
        """What the example itself raised, where it could not answer."""
        return self._server.defect

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
            found[state] = store.rows, walked
        return found

    def walked(self, state: State) -> Walked:
        """How a first walk over a state went."""
        return self._rehearsed[state][1]

    @cached_property
    def history(self) -> History:
        """One warehouse, loaded by the kit again and again."""
        loads = Loads(self, _made(self._folder / "loads"))
        empty = loads.load("first", emptied_lists)
        columns = loads.columns()
        return History(
            empty=empty,
            columns=columns,
            first=loads.load("first"),
            again=loads.load("first"),
            refreshed=loads.load("first", is_full_refresh=True),
            widened=loads.load("first", widened_items),
            later=loads.load("later"),
            rows=loads.rows(),
        )

    def store(self) -> Store:
        """An empty warehouse."""
        self._stores += 1
        return Store(self, _made(self._folder / f"store{self._stores}"))

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
            is_circle = len(walked.exchanges) >= _MOST_REQUESTS
            response = Response.of_json(_CIRCLE, 400) if is_circle else troubled(request)
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
    """Rows and state of one connection, as the kit would keep them."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.state: dict[str, Any] = {}
        self.rows: Rows = {table.name: {} for table in bench.connector.tables}
        self.rejected: dict[tuple[str, str], tuple[str, ...]] = {}
        self._bench = bench
        self._folder = folder

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
                workspace=_made(self._folder / "workspace"),
                hash_email=EmailHasher(_HASH_KEY),
                is_full_refresh=is_full_refresh,
                log=walked.said.append,
            )
            http.log = extraction.log
            try:
                self._walk(extraction, walked, pages)
            except Exception as error:
                walked.error = error
        return walked

    def _walk(self, extraction: Extraction, walked: Walked, pages: int | None) -> None:
        collected = Collected(self._bench.connector)
        for number, page in enumerate(self._bench.connector.extract(extraction)):
            if number == pages:
                raise KilledError
            collected.add(page)
        self.rows = collected.onto(self.rows, is_full_refresh=extraction.is_full_refresh)
        self.rejected = collected.rejected
        self.state = json.loads(json.dumps(extraction.state))
        for count in extraction.source_counts.values():
            walked.counts[count.table] = walked.counts.get(count.table, 0) + count.count


class Loads:
    """A warehouse that the kit itself loads into, through dlt."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench = bench
        self._folder = folder
        (folder / HASH_KEY_FILE).write_bytes(_HASH_KEY)

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self._folder / "warehouse.duckdb"

    def load(self, state: State, trouble: Trouble | None = None, *, is_full_refresh: bool = False) -> Walked:
        """Load once."""
        from ingestion.pipeline import LoadError, load_connection

        walked = Walked()
        with self._bench.serving(state, trouble, PAGE_SIZE, walked):
            try:
                walked.result = load_connection(
                    self._bench.settings,
                    warehouse=self.warehouse,
                    pipelines_dir=self._folder / "dlt",
                    workspace=self._folder / "workspace",
                    full_refresh=is_full_refresh,
                    progress=walked.said.append,
                    connector=self._bench.patient(walked),
                    started_at=self._bench.example.at(state),
                )
            except LoadError as error:
                walked.error = error
        return walked

    def rows(self) -> Rows:
        """The rows that stand, without what the kit adds to them."""
        connector = self._bench.connector
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return {table.name: _rows(connection, connector, table) for table in connector.tables}

    def columns(self) -> dict[str, set[str]]:
        """The columns of each table."""
        found: dict[str, set[str]] = {}
        with duckdb.connect(str(self.warehouse), read_only=True) as warehouse:
            columns = "select table_name, column_name from duckdb_columns() where schema_name = ?"
            for table, column in warehouse.execute(columns, [self._bench.connector.dataset]).fetchall():
                found.setdefault(table, set()).add(column)
        return found


class KilledError(Exception):
    """The walk was killed by the suite."""


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
