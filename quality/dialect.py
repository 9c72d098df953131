"""The SQLAlchemy dialect by which Great Expectations reads DuckDB.

duckdb-engine leaves rows in a cursor that is the connection itself. Great Expectations fetches after it has
handed the connection back, and finds the rows gone: 0 or 1 of 20 expectations work. This dialect, registered
beside duckdb-engine's own, takes every row over as soon as a statement has run. Its queries must therefore be
bounded; nothing else of duckdb-engine changes.
"""

from pathlib import Path
from typing import Any

from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGExecutionContext_psycopg2
from sqlalchemy.engine import URL
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

NAME = "duckdb.flowgauge"


class _BufferedExecutionContext(PGExecutionContext_psycopg2):
    """Takes the rows of a statement over before its connection can be used again."""

    def post_exec(self) -> None:
        super().post_exec()  # type: ignore[no-untyped-call]
        if self.cursor.description is not None:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(self.cursor)


class BufferedDialect(Dialect):
    """duckdb-engine's dialect with results that outlive their connection."""

    driver = "flowgauge"
    execution_ctx_cls = _BufferedExecutionContext
    supports_statement_cache = False

    def connect(self, *cargs: Any, **cparams: Any) -> Any:
        """A connection whose session is in UTC, whatever the machine's zone: facts are."""
        connection = super().connect(*cargs, **cparams)
        connection.execute("set timezone = 'UTC'")
        return connection


def read_only_url(warehouse: Path) -> str:
    """Address by which SQLAlchemy opens `warehouse` read-only through this dialect, which it registers."""
    registry.register(NAME, __name__, BufferedDialect.__name__)
    url = URL.create(
        NAME.replace(".", "+"),
        database=str(warehouse.resolve()),
        query={"access_mode": "read_only"},
    )
    return url.render_as_string(hide_password=False)
