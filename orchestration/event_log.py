"""Dagster's SQLite event log, with connections that are kept between events.

Dagster's own opens, compiles, commits and closes anew for each event, and closing the last connection of a
database makes SQLite fold its journal in. A build writes some two thousand events, for each model and test:
a third of its time went there (309 events: 7.5 s, kept 1.4 s). What is stored, and where, stays Dagster's.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

INDEX = "index"
KEPT_DATABASES = 4
BUSY_SECONDS = 30


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """The event log of one home; each run has a database of its own, beside the index of all."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept_engines: OrderedDict[str, Engine] = OrderedDict()
        self._kept_lock = threading.Lock()
        self._known_tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> KeptSqliteEventLogStorage:
        """Made from `dagster.yaml`."""
        return cls(inst_data=inst_data, **config_value)

    def run_connection(self, run_id: str | None = None) -> AbstractContextManager[Connection]:
        """A transaction on a run's database."""
        return self._kept(str(run_id), super().run_connection)

    def index_connection(self) -> AbstractContextManager[Connection]:
        """A transaction on the index."""
        return self._kept(INDEX, lambda _: super(KeptSqliteEventLogStorage, self).index_connection())

    def has_table(self, table_name: str) -> bool:
        """Whether the index has the table; Dagster asks for each event, and no table ever goes."""
        if table_name not in self._known_tables and super().has_table(table_name):
            self._known_tables.add(table_name)
        return table_name in self._known_tables

    def dispose(self) -> None:
        """Close everything."""
        with self._kept_lock:
            while self._kept_engines:
                self._kept_engines.popitem()[1].dispose()
        super().dispose()

    @contextmanager
    def _kept(self, database: str, dagsters_own: Any) -> Iterator[Connection]:
        with self._kept_lock:
            engine = self._kept_engines.get(database)
            if engine is None:
                with dagsters_own(database):  # makes the database where it lacks
                    pass
                engine = self._keep(database)
            self._kept_engines.move_to_end(database)
            with engine.begin() as connection:
                yield connection

    def _keep(self, database: str) -> Engine:
        engine = create_engine(self.conn_string_for_shard(database), connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _trust_the_journal)
        self._kept_engines[database] = engine
        if len(self._kept_engines) > KEPT_DATABASES:
            self._kept_engines.popitem(last=False)[1].dispose()
        return engine


def _trust_the_journal(connection: Any, _record: Any) -> None:
    """Sync at checkpoints: a killed process loses nothing, a power cut at worst the last events."""
    connection.execute("PRAGMA synchronous = NORMAL")
