"""What is published is whole, described and summed, and put in place at one instant."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from serving.publish import PUBLIC_MARTS, PublicationError, publish

HERE = Path(__file__).parent
AS_OF = datetime(2026, 3, 10, 10, tzinfo=UTC)
REQUIRED = ("marts.fct_changes", "marts.fct_stage_visits")

Publish = Callable[..., dict[str, Any]]


def _build(path: Path, rows: int, *, order: str = "range") -> Path:
    """A warehouse with `rows` changes, and things that are none of the readers' business."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        statements = f"""
            create schema canonical; create table canonical.changes as select 1 as source_id;
            create schema marts; create schema metrics;
            create table marts.fct_changes as
                select md5(range::text) as change_key, range as number, ['a', 'b'] as labels,
                    timestamp '2026-03-01' + to_seconds(range) as created_at
                from range({rows}) order by {order};
            create table marts.fct_stage_visits as
                select md5(range::text) as stage_visit_key from range({rows}) order by {order};
            create view metrics.weekly_flow as select count(*) as change_count from marts.fct_changes;
            comment on table marts.fct_changes is 'One row per change; it''s the flow item.';
            comment on column marts.fct_changes.created_at is 'When it was opened.';
        """
        connection.execute(statements)
    return path


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return _build(tmp_path / "warehouse.duckdb", 100)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "home" / "published"


@pytest.fixture
def do_publish(warehouse: Path, published: Path) -> Publish:
    def run(**settings: Any) -> dict[str, Any]:
        return publish(
            **{
                "warehouse": warehouse,
                "published": published,
                "as_of": AS_OF,
                "freshness": {"acme": {"loaded_through_at": AS_OF, "outcome": "succeeded"}},
                "versions": {"flowgauge": "0.1.0"},
                "required": REQUIRED,
                **settings,
            }
        )

    return run


def _count(published: Path) -> int:
    with duckdb.connect(str(published / "flowgauge.duckdb"), read_only=True) as connection:
        (count,) = connection.execute("select count(*) from marts.fct_changes").fetchone() or (0,)
    return int(count)


def test_marts_and_metrics_are_published_and_nothing_else(do_publish: Publish, published: Path) -> None:
    do_publish()
    with duckdb.connect(str(published / "flowgauge.duckdb"), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name, table_type from information_schema.tables order by all"
        ).fetchall()
        weekly = connection.execute("from metrics.weekly_flow").fetchall()
    assert tables == [
        ("marts", "fct_changes", "BASE TABLE"),
        ("marts", "fct_stage_visits", "BASE TABLE"),
        ("metrics", "weekly_flow", "BASE TABLE"),
    ]
    assert weekly == [(100,)]
    assert sorted(
        path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()
    ) == [
        "flowgauge.duckdb",
        "manifest.json",
        "parquet/marts/fct_changes.parquet",
        "parquet/marts/fct_stage_visits.parquet",
        "parquet/metrics/weekly_flow.parquet",
    ]


def test_parquet_holds_what_the_database_holds(do_publish: Publish, published: Path) -> None:
    do_publish()
    with duckdb.connect(str(published / "flowgauge.duckdb"), read_only=True) as connection:
        differences = connection.execute(
            "(from marts.fct_changes except from read_parquet($path))"
            " union all (from read_parquet($path) except from marts.fct_changes)",
            {"path": str(published / "parquet/marts/fct_changes.parquet")},
        ).fetchall()
        codecs = connection.execute(
            "select distinct compression from parquet_metadata($path)",
            {"path": str(published / "parquet/marts/fct_changes.parquet")},
        ).fetchall()
    assert differences == []
    assert codecs == [("ZSTD",)]


def test_manifest_tells_tables_columns_sums_and_freshness(do_publish: Publish, published: Path) -> None:
    manifest = do_publish()
    assert manifest == json.loads((published / "manifest.json").read_text())
    assert manifest["as_of"] == "2026-03-10T10:00:00Z"
    assert manifest["freshness"] == {
        "acme": {"loaded_through_at": "2026-03-10T10:00:00Z", "outcome": "succeeded"}
    }
    assert manifest["versions"] == {"flowgauge": "0.1.0", "storage": "v1.0.0"}
    changes = manifest["tables"][0]
    assert (changes["schema"], changes["name"], changes["row_count"]) == ("marts", "fct_changes", 100)
    assert changes["description"] == "One row per change; it's the flow item."
    assert changes["columns"][-1] == {
        "name": "created_at",
        "type": "TIMESTAMP",
        "description": "When it was opened.",
    }
    assert manifest["tables"][1]["description"] is None
    assert {table["parquet"] for table in manifest["tables"]} <= set(manifest["files"])
    assert set(manifest["files"]) == {
        path.relative_to(published).as_posix() for path in published.rglob("*") if path.is_file()
    } - {"manifest.json"}
    for name, file in manifest["files"].items():
        content = (published / name).read_bytes()
        assert file == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_descriptions_travel_as_comments(do_publish: Publish, published: Path) -> None:
    do_publish()
    with duckdb.connect(str(published / "flowgauge.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select comment from duckdb_columns() where column_name = 'created_at'"
        ).fetchall() == [("When it was opened.",)]
        assert connection.execute(
            "select comment from duckdb_tables() where table_name = 'fct_changes'"
        ).fetchall() == [("One row per change; it's the flow item.",)]


def test_given_descriptions_go_before_the_warehouses_own(do_publish: Publish, published: Path) -> None:
    given = {"marts.fct_changes": ("One row per pull request.", {"number": "As the vendor counts."})}
    changes = do_publish(descriptions=given)["tables"][0]
    assert changes["description"] == "One row per pull request."
    assert {column["name"]: column["description"] for column in changes["columns"]} == {
        "change_key": None,
        "number": "As the vendor counts.",
        "labels": None,
        "created_at": "When it was opened.",
    }
    with duckdb.connect(str(published / "flowgauge.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select comment from duckdb_columns() where column_name = 'number'"
        ).fetchall() == [("As the vendor counts.",)]


def test_instants_of_any_zone_are_published_in_utc(do_publish: Publish) -> None:
    berlin = timezone(timedelta(hours=1))
    assert do_publish(as_of=datetime(2026, 3, 10, 11, tzinfo=berlin))["as_of"] == "2026-03-10T10:00:00Z"
    assert do_publish(as_of=datetime.fromisoformat("2026-03-10T10:00"))["as_of"] == "2026-03-10T10:00:00Z"


def test_quality_docs_are_published_and_summed(do_publish: Publish, published: Path, tmp_path: Path) -> None:
    docs = tmp_path / "data_docs"
    docs.mkdir()
    (docs / "index.html").write_text("<p>All well.</p>")
    manifest = do_publish(quality_docs=docs)
    assert (published / "quality/index.html").read_text() == "<p>All well.</p>"
    assert "quality/index.html" in manifest["files"]


def test_equal_marts_give_equal_parquet_whatever_order_they_were_built_in(
    do_publish: Publish, warehouse: Path
) -> None:
    first = do_publish()
    _build(warehouse, 100, order="hash(range)")
    second = do_publish()

    def sums(manifest: dict[str, Any]) -> dict[str, str]:
        return {name: file["sha256"] for name, file in manifest["files"].items() if name.endswith(".parquet")}

    assert sums(first) == sums(second)
    assert first["tables"] == second["tables"]


def test_older_clients_can_read_the_database(do_publish: Publish, published: Path) -> None:
    do_publish()
    header = (published / "flowgauge.duckdb").read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 64, "the storage version that DuckDB 0.10 to 1.1 read"


def test_nothing_is_published_where_a_mart_is_missing(
    do_publish: Publish, warehouse: Path, published: Path
) -> None:
    do_publish()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "drop table marts.fct_stage_visits; insert into marts.fct_changes by name select 1 as number"
        )
    with pytest.raises(PublicationError, match=r"has no marts\.fct_stage_visits"):
        do_publish()
    assert _count(published) == 100
    assert len(list(published.with_name("published-versions").iterdir())) == 1


def test_the_public_marts_are_required_unless_told_otherwise(warehouse: Path, published: Path) -> None:
    with pytest.raises(PublicationError, match=r"has no marts\.bridge_change_services, .*marts\.fct_review"):
        publish(warehouse=warehouse, published=published, as_of=AS_OF, freshness={}, versions={})
    assert not published.exists()
    assert "marts.fct_changes" in PUBLIC_MARTS


def test_missing_warehouse_is_said_and_not_created(do_publish: Publish, tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="there is no warehouse"):
        do_publish(warehouse=tmp_path / "none.duckdb")
    assert not (tmp_path / "none.duckdb").exists()


def test_warehouse_that_is_being_written_is_not_published(
    do_publish: Publish, warehouse: Path, published: Path
) -> None:
    with duckdb.connect(str(warehouse)), pytest.raises(PublicationError, match="nothing was published"):
        do_publish()
    assert not published.exists()


def test_somebody_elses_folder_is_left_alone(do_publish: Publish, published: Path) -> None:
    published.mkdir(parents=True)
    (published / "notes.txt").write_text("mine")
    with pytest.raises(PublicationError, match="move it away"):
        do_publish()
    assert (published / "notes.txt").read_text() == "mine"
    (published / "notes.txt").unlink()
    do_publish()
    assert _count(published) == 100


def test_version_before_stays_for_its_readers_and_older_ones_go(
    do_publish: Publish, warehouse: Path, published: Path
) -> None:
    for rows in (1, 2, 3):
        _build(warehouse, rows)
        do_publish()
        if rows == 2:
            reader = duckdb.connect(str(published.resolve() / "flowgauge.duckdb"), read_only=True)
    assert reader.execute("select count(*) from marts.fct_stage_visits").fetchone() == (2,)
    reader.close()
    versions = list(published.with_name("published-versions").iterdir())
    assert len(versions) == 2
    assert published.resolve() in versions
    assert _count(published) == 3


def test_home_can_be_moved(do_publish: Publish, published: Path, tmp_path: Path) -> None:
    do_publish()
    published.parent.rename(tmp_path / "moved")
    assert _count(tmp_path / "moved" / "published") == 100


def test_polling_reader_never_sees_an_error_or_an_unfinished_mart(
    do_publish: Publish, warehouse: Path, published: Path, tmp_path: Path
) -> None:
    do_publish()
    stop, ready = tmp_path / "stop", tmp_path / "ready"
    command = [sys.executable, str(HERE / "polling_reader.py"), str(published), str(stop), str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        while not ready.exists():
            assert reader.poll() is None
        for rows in range(101, 131):
            _build(warehouse, rows)
            do_publish()
        stop.touch()
        output, _ = reader.communicate()
    report = json.loads(output)
    assert report["errors"] == []
    assert report["cycles"] > 1
    assert set(report["seen"]) <= set(range(100, 131))
    assert len(report["seen"]) > 1


@pytest.mark.parametrize(
    "entering",
    [
        "serving.snapshot.copy_tables",
        "serving.parquet.write_files",
        "serving.publish._manifest",
        "serving.publish._flush",
        "serving.publish._put_in_place",
        "Path.replace",
    ],
)
def test_killed_publication_leaves_what_was_there(
    entering: str, do_publish: Publish, warehouse: Path, published: Path
) -> None:
    do_publish()
    before = published.resolve()
    _build(warehouse, 200)
    killed = subprocess.run(
        [sys.executable, str(HERE / "killed_publisher.py"), str(warehouse), str(published), entering],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert published.resolve() == before
    assert _count(published) == 100
    do_publish()
    assert _count(published) == 200
    assert {path.resolve() for path in published.with_name("published-versions").iterdir()} == {
        before,
        published.resolve(),
    }


def test_publication_killed_after_the_switch_is_complete(
    do_publish: Publish, warehouse: Path, published: Path
) -> None:
    do_publish()
    _build(warehouse, 200)
    program = (
        "import os, signal; import serving.publish as p; kept = p._sync; calls = []\n"
        "def sync(path):\n"
        "    kept(path)\n"
        "    if path.name == 'home': os.kill(os.getpid(), signal.SIGKILL)\n"
        "p._sync = sync; from datetime import datetime, UTC; from pathlib import Path; import sys\n"
        "p.publish(warehouse=Path(sys.argv[1]), published=Path(sys.argv[2]), as_of=datetime.now(UTC),"
        " freshness={}, versions={}, required=())"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(warehouse), str(published)], check=False)
    assert killed.returncode == -signal.SIGKILL
    manifest = json.loads((published / "manifest.json").read_text())
    assert manifest["tables"][0]["row_count"] == _count(published) == 200
