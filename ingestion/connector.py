"""What a connector is: a declaration of tables, settings and what they provide, plus one function that walks.

The kit (`pipeline.py`) derives everything else from the declaration: the dlt tables with their column
contracts, keys and merge, the checks of each row, the removal of rows that are gone, `source_counts` and
`rejected_rows`. The register at the end is the one place outside a connector's own folders that names it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from ingestion.http import HttpClient
    from ingestion.identity import EmailHasher
    from ingestion.settings import BaseConnectionSettings

DataType = Literal["text", "bigint", "bool", "timestamp", "double", "date", "json"]
Exactness = Literal["exact", "derived", "absent"]

KIT_COLUMNS = ("connection", "extracted_at", "row_hash", "is_removed")
"""Columns that the kit appends to every table; a connector never declares or fills them.

`row_hash` is over the content, so that rows which already stand in the warehouse are not loaded again;
`is_removed` is dlt's hard-delete hint, true only on the way and never in the warehouse.
"""

_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class ConnectorError(Exception):
    """A connector broke its own declaration: a defect in code, never in the vendor's data."""


@dataclass(frozen=True)
class Column:
    """One declared column of a raw table.

    Values of `timestamp` are aware datetimes or ISO 8601 text with an offset, of `date` dates or ISO text,
    of `json` anything that JSON can say; the others are the plain Python type. Nothing else is coerced.
    """

    name: str
    data_type: DataType
    description: str
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """One declared raw table.

    Attributes:
        name: plural noun, without the connector's name.
        description: starts with the grain, "One row per …".
        key: columns that identify a row within its connection (the kit adds `connection`).
        columns: all columns; those of the key are never null.
        updated: the column whose greater value wins where one walk yields a key twice; without it, or where
            equal, the row yielded later wins.
        outlives_source: the vendor forgets its rows after a while (or only the connector knows them, as
            snapshots): rows that a full refresh does not see stay.
        complete_within: columns of a parent (for instance `("pull_request_id",)`) whose rows always come
            complete in one page: rows of such a parent that are missing from the page are removed.
        is_bulk: rows come as `FilePage`s only, millions at a time: one whose key stands is not loaded again
            but by a full refresh, and none is removed, so it outlives its source.
        is_by_day: the source is asked for its rows by UTC day: a walk reads the days that it is told to
            (`Extraction.days`), and tells those that it read (`Extraction.read_day`).
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    updated: str | None = None
    complete_within: tuple[str, ...] = ()
    outlives_source: bool = False
    is_bulk: bool = False
    is_by_day: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        strange = [name for name in (self.name, *names) if not _IDENTIFIER.fullmatch(name)]
        if strange:
            raise ConnectorError(f"table {self.name} uses names that are not snake_case: {strange}")
        repeated = {name for name in names if names.count(name) > 1}
        reserved = set(names) & set(KIT_COLUMNS)
        wanted = {*self.key, *self.complete_within, *([self.updated] if self.updated else [])}
        if repeated or reserved:
            raise ConnectorError(
                f"table {self.name}: columns declared twice or reserved: {repeated | reserved}"
            )
        if self.is_bulk and not self.outlives_source:
            raise ConnectorError(f"table {self.name} is bulk, so it must declare outlives_source")
        if not self.key or not wanted <= set(names):
            raise ConnectorError(f"table {self.name} names but does not declare: {wanted - set(names)}")

    @property
    def deletion(self) -> str:
        """What becomes of rows that are gone at the source, in a sentence."""
        if self.outlives_source:
            return "Rows that the source forgets stay."
        if self.complete_within:
            parent = ", ".join(self.complete_within)
            return f"Rows that are gone are removed when their {parent} is read again."
        return "Rows that are gone are removed by a full refresh."


class Page(NamedTuple):
    """Rows of one table, as far as the vendor's paging gives them at once.

    `parents` matters for tables with `complete_within` only: the values of those columns for which this page
    is complete although it may hold no row of theirs, so that the last child can be removed too.
    """

    table: str
    rows: Sequence[Mapping[str, Any]]
    parents: Sequence[tuple[Any, ...]] = ()


class Rejection(NamedTuple):
    """A row that a connector refused itself: which rule it broke, and its declared columns as they came."""

    rule: str
    row: Mapping[str, Any]


class CheckedPage(NamedTuple):
    """All rows of one parent in a table with `complete_within`, read and checked by the connector itself.

    For sources that are read by SQL, whose rows would be slow one by one in Python.

    Attributes:
        table: of the declared ones.
        parent: values of its `complete_within`.
        file: Parquet file of the rows, with all declared columns in their types; it is read at once. None
            where the parent has no rows, any more.
        rejected: rows of the parent that are not in the file; those rejected before are forgotten.
    """

    table: str
    parent: tuple[Any, ...]
    file: Path | None = None
    rejected: Sequence[Rejection] = ()


class FilePage(NamedTuple):
    """Rows of one bulk table in Parquet files, which SQL takes in as a whole (`bulk.py`).

    Attributes:
        table: of the declared tables, one with `is_bulk`.
        files: Parquet files of one layout; they must stay where they are until the walk is loaded.
        columns: SQL over the files' columns for each declared column; the others are null.
        where: SQL that chooses the rows.
        hashed: columns of customers' ids, which only their keyed hashes may leave.
    """

    table: str
    files: Sequence[Path]
    columns: Mapping[str, str]
    where: str = "true"
    hashed: Sequence[str] = ()


class Finding(NamedTuple):
    """What `flowgauge doctor` says about one aspect of a connection; `remedy` is empty where all is well."""

    level: Literal["ok", "warning", "error"]
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class SourceCount:
    """The source's own count of what one scope (a repository, a window) of a table holds."""

    table: str
    scope: str
    count: int


def _say_nothing(_message: str) -> None:
    """Default progress callback."""


@dataclass
class Extraction:
    """What a connector is given for one walk.

    Attributes:
        settings: the connection's settings, an instance of the connector's own model.
        http: the client that `Connector.client` built from them.
        state: what the last complete walk left; changes are kept only if this walk completes. JSON-able.
        since: re-read from this instant, whatever the cursors say.
        is_full_refresh: the state is empty and everything is read anew; rows not yielded are removed.
        days: the first and the last UTC day to read again: nothing but these days of the tables by day is to
            be read, and changes of the state are not kept.
        started_at: start of this walk, UTC, whole seconds.
        workspace: directory that outlives the run, for clones.
        log: tells the person who waits what is going on, in one line.
        hash_email: keyed hash of an e-mail address; addresses themselves are never yielded.
    """

    settings: Any
    http: HttpClient
    state: dict[str, Any]
    started_at: datetime
    workspace: Path
    hash_email: EmailHasher
    since: datetime | None = None
    is_full_refresh: bool = False
    days: tuple[date, date] | None = None
    log: Callable[[str], None] = _say_nothing
    source_counts: dict[tuple[str, str], SourceCount] = field(default_factory=dict)
    days_read: dict[str, dict[date, int | None]] = field(default_factory=dict)

    def expect_count(self, table: str, scope: str, count: int) -> None:
        """Record what the source itself says it holds, for reconciliation (`source_counts`)."""
        self.source_counts[table, scope] = SourceCount(table, scope, count)

    def read_day(self, table: str, day: date, row_count: int | None = None) -> None:
        """Record that the source told all it knows of a day, and in how many rows if that is known."""
        self.days_read.setdefault(table, {})[day] = row_count


SOURCE_COUNTS = Table(
    name="source_counts",
    description="One row per table and scope that the source counts itself, for reconciliation.",
    key=("table_name", "scope"),
    columns=(
        Column("table_name", "text", "Raw table.", nullable=False),
        Column("scope", "text", "What was counted, such as a repository or a window.", nullable=False),
        Column("source_count", "bigint", "Rows that the source says it holds.", nullable=False),
        Column("counted_at", "timestamp", "When it first said so.", nullable=False),
    ),
)
REJECTED_ROWS = Table(
    name="rejected_rows",
    description="One row per row of another table that broke its declaration, and rule that it broke.",
    key=("table_name", "row_key", "rule"),
    columns=(
        Column("table_name", "text", "Raw table that the row was meant for.", nullable=False),
        Column("row_key", "text", "Its key, as a JSON list.", nullable=False),
        Column("rule", "text", "What it broke: the column, what is expected and what came.", nullable=False),
        Column("row", "json", "The row's declared columns, as they came.", nullable=False),
        Column("rejected_at", "timestamp", "When it was first rejected.", nullable=False),
    ),
    complete_within=("table_name", "row_key"),
)


def _no_http(_settings: object) -> HttpClient:
    """A client that reaches nothing."""
    from ingestion.http import HttpClient

    return HttpClient("none:")


@dataclass(frozen=True)
class Connector:
    """A vendor's connector as declared by `ingestion.connectors.<name>.CONNECTOR`.

    Attributes:
        name: folder, dataset suffix, dbt source and asset group.
        title: the vendor's product, as people write it.
        settings: pydantic model of one connection.
        tables: raw tables of the dataset `raw_<name>`.
        provides: canonical entity → event type → how exactly the vendor tells it; `{}` for entities without
            event types.
        grains: canonical relation → the raw table that it holds exactly one row for each row of, where there
            is one; quality compares their counts.
        client: builds the HTTP client from the settings; connectors that use no HTTP leave it out, and derive
            their settings from BaseConnectionSettings.
        extract: yields pages; may change `extraction.state`.
        check: what `flowgauge doctor` asks of a connection, reading only.
        narrow: what of the connector some connections use, where that depends on their settings: fewer tables
            and entities.
        paging: the vendor's ways of paging, in words; empty where nothing comes in pages.
        cursor: what a walk goes on from, in words; empty where each reads everything.
        history_days: how many days back a connection's tables by day go.
        identities: names of what the connection reads (repositories, projects): one of them in two
            connections of a connector is a settings error.
        example: a connection as people would write it into flowgauge.yaml.
    """

    name: str
    title: str
    settings: type[BaseConnectionSettings]
    tables: tuple[Table, ...]
    provides: Mapping[str, Mapping[str, Exactness]]
    extract: Callable[[Extraction], Iterator[Page | CheckedPage | FilePage]]
    check: Callable[[Extraction], Iterator[Finding]]
    client: Callable[[Any], HttpClient] = _no_http
    paging: tuple[str, ...] = ()
    cursor: str = ""
    grains: Mapping[str, str] = field(default_factory=dict)
    narrow: Callable[[Connector, Sequence[Any]], Connector] = lambda connector, _connections: connector
    history_days: Callable[[Any], int] = lambda _settings: 365
    identities: Callable[[Any], Iterable[str]] = lambda _settings: ()
    example: str = ""

    @property
    def all_tables(self) -> tuple[Table, ...]:
        """The connector's own tables and those that the kit keeps for every connector."""
        return (*self.tables, SOURCE_COUNTS, REJECTED_ROWS)

    @property
    def has_http(self) -> bool:
        """Whether it asks an API."""
        return self.client is not _no_http

    @property
    def dataset(self) -> str:
        """Schema of the warehouse that holds the connector's raw tables."""
        return f"raw_{self.name}"

    def table(self, name: str) -> Table:
        """The declared table; ConnectorError where there is none of that name."""
        for table in self.tables:
            if table.name == name:
                return table
        raise ConnectorError(f"connector {self.name} yielded a page of {name!r}, which it does not declare")


REGISTERED = (
    "claude_code",
    "copilot",
    "files",
    "git",
    "github",
    "gitlab",
    "jenkins",
    "jira",
    "pagerduty",
    "posthog",
)
"""One line per connector: the name of its folder in `ingestion/connectors/`."""


@cache
def connectors() -> dict[str, Connector]:
    """All registered connectors by name, imported on the first call."""
    return {name: importlib.import_module(f"ingestion.connectors.{name}").CONNECTOR for name in REGISTERED}


def connectors_of(connections: Iterable[BaseConnectionSettings]) -> dict[str, Connector]:
    """The connectors that connections use, by name, each as far as they use it."""
    using: dict[str, list[BaseConnectionSettings]] = {}
    for connection in connections:
        using.setdefault(connection.connector, []).append(connection)
    return {
        name: connectors()[name].narrow(connectors()[name], those) for name, those in sorted(using.items())
    }


def connector_of(connection: BaseConnectionSettings) -> Connector:
    """A connection's connector, as far as the connection uses it."""
    return connectors_of([connection])[connection.connector]
