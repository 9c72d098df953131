"""Bulk tables: files become rows by SQL alone, checked, hashed and free of duplicates, all or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from support.export_files import SCHEMA, event, write_interval
from support.toy_connector import ToySettings, toy

import ingestion.bulk
from ingestion.bulk import BulkLoader, BulkResult
from ingestion.connector import Column, Connector, ConnectorError, Extraction, FilePage, Page, Table
from ingestion.identity import EmailHasher, email_hasher
from ingestion.pipeline import LoadError, LoadResult, load_connection

EVENTS = Table(
    name="events",
    description="One row per event.",
    key=("uuid",),
    columns=(
        Column("uuid", "text", "Id."),
        Column("name", "text", "Name.", nullable=False),
        Column("customer_id", "text", "Customer."),
        Column("occurred_at", "timestamp", "When.", nullable=False),
        Column("price", "bigint", "Price."),
    ),
    outlives_source=True,
    is_bulk=True,
)
COLUMNS = {"uuid": "uuid", "name": "event", "customer_id": "distinct_id", "occurred_at": '"timestamp"'}


def page(*files: Path, **changes: Any) -> FilePage:
    return FilePage("events", files, **{"columns": COLUMNS, "hashed": ("customer_id",), **changes})


class Home:
    """A warehouse that is loaded from files again and again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warehouse = path / "warehouse.duckdb"

    def load(self, *pages: FilePage | Page, name: str = "acme", **options: Any) -> LoadResult:
        def walk(_extraction: Extraction) -> Iterator[FilePage | Page]:
            yield from pages

        return load_connection(
            ToySettings(name=name, connector="toy", base_url="http://127.0.0.1:1"),
            warehouse=self.warehouse,
            pipelines_dir=self.path / "dlt",
            workspace=self.path / "workspace",
            connector=self.connector(walk),
            **options,
        )

    @staticmethod
    def connector(walk: Any) -> Connector:
        return toy(walk, tables=(EVENTS,))

    def rows(self, query: str = "select uuid, name from raw_toy.events order by all") -> list[Any]:
        with duckdb.connect(str(self.warehouse), read_only=True) as database:
            return database.execute(query).fetchall()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def written(tmp_path: Path, *events: Mapping[str, Any], day: int = 1, **options: Any) -> Path:
    return write_interval(tmp_path / "files", day, list(events), **options)[0]


def test_files_become_rows_with_the_columns_of_the_kit(home: Home, tmp_path: Path) -> None:
    result = home.load(page(written(tmp_path, event("u1"), event("u2", "other")), where="event != 'other'"))
    assert result.rows == {"events": 1}
    assert result.is_changed
    assert home.rows("select uuid, name, connection, occurred_at::text, price from raw_toy.events") == [
        ("u1", "used", "acme", "2026-01-01 10:00:00+00", None)
    ]


@pytest.mark.parametrize("key", [b"key", b"k" * 100], ids=["short", "longer than a block"])
def test_ids_are_hashed_in_sql_as_in_python(key: bytes) -> None:
    hasher = EmailHasher(key)
    inner, outer = hasher.pads
    for identity in ("customer-1", "Ünïcode ß", "", "x" * 200):
        (hashed,) = duckdb.execute(
            f"select {ingestion.bulk._HMAC} from (select ? as id)", [outer, inner, identity]
        ).fetchone() or ("",)
        assert hashed == hasher.hash_id(identity)


def test_only_the_hash_of_a_customer_reaches_the_warehouse(home: Home, tmp_path: Path) -> None:
    home.load(page(written(tmp_path, event("u1", customer="Ada@acme.example"))))
    hasher = email_hasher(home.path / "hash.key", {})
    assert home.rows("select customer_id from raw_toy.events") == [(hasher.hash_id("Ada@acme.example"),)]
    assert b"Ada@acme.example" not in home.warehouse.read_bytes()


def test_an_event_that_comes_twice_is_one_row(home: Home, tmp_path: Path) -> None:
    first = written(tmp_path, event("u1"), event("u1"), event("u2"))
    second = written(tmp_path, event("u2"), event("u3"), day=2)
    assert home.load(page(first), page(second)).rows == {"events": 3}
    assert home.rows() == [("u1", "used"), ("u2", "used"), ("u3", "used")]


def test_files_read_again_add_nothing(home: Home, tmp_path: Path) -> None:
    file = written(tmp_path, event("u1"))
    home.load(page(file))
    again = home.load(page(file))
    assert not again.rows
    assert home.rows() == [("u1", "used")]
    # A run killed after the files were loaded told nobody: those who read them again must build.
    assert again.is_changed
    assert not home.load().is_changed


def test_connections_keep_their_own_rows(home: Home, tmp_path: Path) -> None:
    file = written(tmp_path, event("u1"))
    home.load(page(file))
    assert home.load(page(file), name="other").rows == {"events": 1}


def test_a_full_refresh_reads_rows_anew_and_keeps_those_that_have_expired(home: Home, tmp_path: Path) -> None:
    home.load(page(written(tmp_path, event("u1"), event("u2"))))
    home.load(page(written(tmp_path, event("u2", "renamed"))), full_refresh=True)
    assert home.rows() == [("u1", "used"), ("u2", "renamed")]


def test_a_broken_row_is_set_aside_with_its_rule_and_the_others_load(home: Home, tmp_path: Path) -> None:
    drifted = SCHEMA.set(SCHEMA.get_field_index("timestamp"), pa.field("timestamp", pa.string()))
    file = written(
        tmp_path,
        event("u1"),
        event("u2", timestamp="soon", customer="secret"),
        event("u3", timestamp=None),
        schema=drifted,
    )
    result = home.load(page(file))
    assert (result.rows, result.rejected) == ({"events": 1, "rejected_rows": 2}, 2)
    rejected = home.rows(
        "select table_name, row_key, rule, row::text from raw_toy.rejected_rows order by row_key"
    )
    assert [each[:3] for each in rejected] == [
        ("events", '["u2"]', "occurred_at: expected timestamp, got VARCHAR"),
        ("events", '["u3"]', "occurred_at: is missing"),
    ]
    assert "secret" not in str(rejected)


def test_a_file_of_another_layout_stops_the_walk_and_nothing_moves(home: Home, tmp_path: Path) -> None:
    narrow = SCHEMA.remove(SCHEMA.get_field_index("distinct_id"))
    good, bad = written(tmp_path, event("u1")), written(tmp_path, event("u2"), day=2, schema=narrow)
    with pytest.raises(LoadError, match=r"cannot be read as events: .*distinct_id"):
        home.load(page(good), page(bad))
    assert home.rows() == []


def test_a_truncated_file_is_said_to_be_unreadable(home: Home, tmp_path: Path) -> None:
    file = written(tmp_path, event("u1"))
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(LoadError, match=r"parquet\.zst cannot be read as events"):
        home.load(page(file))


def test_a_layout_that_breaks_every_row_stops_the_walk(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.bulk._MOST_REJECTED", 2)
    rows = [event(f"u{number}", event=None) for number in range(3)]
    with pytest.raises(LoadError, match="layout of the files has changed"):
        home.load(page(written(tmp_path, *rows)))


def test_a_walk_that_fails_loads_no_file(home: Home, tmp_path: Path) -> None:
    def walk(_extraction: Extraction) -> Iterator[FilePage]:
        yield page(written(tmp_path, event("u1")))
        raise RuntimeError("the vendor failed")

    home.connector = lambda _walk: toy(walk, tables=(EVENTS,))  # type: ignore[method-assign, misc, assignment]
    with pytest.raises(LoadError, match="the vendor failed"):
        home.load()
    assert home.rows() == []


def test_a_run_killed_between_files_and_state_is_made_good_by_the_next(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, event("u1"))
    with monkeypatch.context() as patch:
        patch.setattr(
            "ingestion.landing.Landing.changes",
            lambda *_args, **_more: (_ for _ in ()).throw(OSError("killed")),
        )
        with pytest.raises(LoadError):
            home.load(page(file))
    assert home.rows() == [("u1", "used")]
    assert home.load(page(file)).is_changed
    assert home.rows() == [("u1", "used")]


@pytest.mark.parametrize(
    "wrong",
    [Page("events", [{"uuid": "u1"}]), FilePage("events", (), {"undeclared": "1"})],
    ids=["rows", "column"],
)
def test_a_page_that_breaks_the_declaration_is_the_connectors_defect(home: Home, wrong: Any) -> None:
    with pytest.raises(LoadError, match="table events"):
        home.load(wrong)


def test_files_are_no_way_into_other_tables(tmp_path: Path) -> None:
    plain = Table("items", "One row per item.", ("uuid",), (Column("uuid", "text", "Id."),))
    connector = toy(lambda _extraction: iter(()), tables=(plain,))
    loader = BulkLoader(connector, "acme", datetime(2026, 1, 1, tzinfo=UTC), EmailHasher(b"key"))
    with pytest.raises(ConnectorError, match="not declared for this page of files"):
        loader.load([FilePage("items", (), {})], tmp_path / "w.duckdb", tmp_path, BulkResult())
