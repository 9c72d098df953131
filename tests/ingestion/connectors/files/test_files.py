"""Files of canonical entities: what loads, what is rejected and how that is told, what becomes of a file."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.canonical_contract import stale

from ingestion.connector import Extraction, connectors_of
from ingestion.connectors.files import CONNECTOR
from ingestion.connectors.files.contract import entities
from ingestion.connectors.files.conversion import expectation, value_of
from ingestion.identity import EmailHasher, email_hasher
from ingestion.organisation import load_organisation
from ingestion.pipeline import LoadError, LoadResult, load_connection
from ingestion.settings import Settings, SettingsError, load_settings
from transform.runner import DbtProject

SURVEYS = {"entity": "survey_responses", "path": "surveys/*.csv"}
HEADER = "source_id,kind,score,area,answered_at\n"
ROW = "r1,csat,4,checkout,2026-03-02T10:00:00Z\n"

Row = dict[str, Any]


class Exports:
    """A folder of files, and the warehouse that they are loaded into."""

    def __init__(self, folder: Path, *sources: Row) -> None:
        self.folder = folder
        self.files = folder / "exports"
        self.sources = list(sources) or [SURVEYS]
        self.said: list[str] = []
        self.files.mkdir(parents=True, exist_ok=True)

    @property
    def settings(self) -> Any:
        return CONNECTOR.settings.model_validate(
            {"name": "exports", "connector": "files", "folder": str(self.files), "files": self.sources}
        )

    def write(self, name: str, text: str) -> Path:
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, **options: Any) -> LoadResult:
        self.said = []
        return load_connection(
            self.settings,
            warehouse=self.folder / "warehouse.duckdb",
            pipelines_dir=self.folder / "dlt",
            workspace=self.folder / "workspace",
            progress=self.said.append,
            **options,
        )

    def read(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(query).fetchall()

    def ids(self, entity: str = "survey_responses") -> list[str]:
        return [each for (each,) in self.read(f"select source_id from raw_files.{entity} order by 1")]

    def rules(self) -> list[tuple[str, str]]:
        return self.read("select row_key, rule from raw_files.rejected_rows order by all")

    def hasher(self) -> EmailHasher:
        return email_hasher(self.folder / "hash.key")


Make = Callable[..., Exports]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda *sources: Exports(tmp_path, *sources)


def test_rows_of_each_format_are_the_same_rows(make: Make) -> None:
    exports = make(*({**SURVEYS, "path": path} for path in ("a.csv", "b.jsonl", "c.parquet", "d.csv.gz")))
    exports.write("a.csv", HEADER + "a,csat,4,,2026-03-02T10:00:00Z\n")
    answered = {"kind": "csat", "score": 4, "answered_at": "2026-03-02T11:00:00+01:00"}
    exports.write("b.jsonl", json.dumps({"source_id": "b", **answered, "area": None}) + "\n")
    at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    pq.write_table(
        pa.table({"source_id": ["c"], "kind": ["csat"], "score": [4], "answered_at": [at]}),
        exports.files / "c.parquet",
    )
    (exports.files / "d.csv.gz").write_bytes(
        gzip.compress(b"source_id;kind;score;answered_at\nd;csat;4.0;2026-03-02 10:00:00+00\n")
    )
    assert exports.load().rejected == 0
    rows = exports.read("select source_id, kind, score, area, answered_at from raw_files.survey_responses")
    assert sorted(rows) == [(name, "csat", 4.0, None, at) for name in "abcd"]


def test_broken_rows_are_told_by_file_row_column_and_expectation(make: Make) -> None:
    exports = make()
    broken = [
        "r2,csat,four,,2026-03-02T10:00:00Z",
        "r3,stars,4,,2026-03-02T10:00:00Z",
        "r4,csat,4,,2026-03-02T10:00:00",
        ",csat,4,,2026-03-02T10:00:00Z",
        "r1,nps,9,,2026-03-02T10:00:00Z",
        "r5,csat,4,,2026-03-02T10:00:00Z,what",
    ]
    exports.write("surveys/a.csv", HEADER + ROW + "\n".join(broken) + "\n")
    assert exports.load().rejected == 6
    assert exports.ids() == ["r1"]
    assert exports.rules() == [
        ('["surveys/a.csv"]', "line 8: too many columns"),
        ('["surveys/a.csv"]', "row 2: score: expected a finite number"),
        ('["surveys/a.csv"]', "row 3: kind: expected one of csat, nps"),
        (
            '["surveys/a.csv"]',
            f"row 4: answered_at: expected {expectation('timestamp', None)}",
        ),
        ('["surveys/a.csv"]', "row 5: source_id: is missing"),
        ('["surveys/a.csv"]', "row 6: source_id: is that of row 1 too"),
    ]
    (row,) = exports.read("select row from raw_files.rejected_rows where rule like 'row 2%'")
    assert json.loads(row[0]) == {
        "source_id": "r2",
        "kind": "csat",
        "score": "four",
        "answered_at": "2026-03-02T10:00:00Z",
    }


def test_a_broken_line_of_json_is_one_broken_row(make: Make) -> None:
    exports = make({**SURVEYS, "path": "a.jsonl"})
    exports.write("a.jsonl", '{"source_id": "a", "kind": "nps"}\n{"source_id": "b", "ki\n\n[1]\n')
    assert exports.load().rejected == 2
    assert [rule for _, rule in exports.rules()] == [
        "line 2: expected a JSON object",
        "line 3: expected a JSON object",
    ]


def test_the_files_own_counts_are_kept_for_reconciliation(make: Make) -> None:
    exports = make()
    exports.write("surveys/a.csv", HEADER + ROW + "r2,csat,four,,\n")
    exports.load()
    count = "select scope, source_count from raw_files.source_counts"
    assert exports.read(count) == [("file_id=surveys/a.csv", 2)]


def test_a_mended_file_is_rejected_no_more(make: Make) -> None:
    exports = make()
    exports.write("surveys/a.csv", HEADER + "r1,csat,four,,\n")
    exports.load()
    assert len(exports.rules()) == 1
    exports.write("surveys/a.csv", HEADER + "r1,csat,4,,\n")
    exports.load()
    assert (exports.ids(), exports.rules()) == (["r1"], [])


def test_without_news_no_file_is_read_again(make: Make) -> None:
    exports = make()
    exports.write("surveys/a.csv", HEADER + ROW)
    exports.load()
    assert exports.load().is_changed is False
    assert not [line for line in exports.said if "rows of" in line]


def test_a_changed_file_loses_the_rows_that_are_gone_from_it(make: Make) -> None:
    exports = make()
    exports.write("surveys/a.csv", HEADER + ROW + "r2,csat,1,,\n")
    exports.write("surveys/b.csv", HEADER + "r3,csat,1,,\n")
    exports.load()
    exports.write("surveys/a.csv", HEADER + ROW)
    assert exports.load().removed == {"survey_responses": 1}
    assert exports.ids() == ["r1", "r3"]


def test_a_row_that_broke_does_not_keep_what_is_gone(make: Make) -> None:
    exports = make()
    exports.write("surveys/a.csv", HEADER + ROW + "r2,csat,1,,\n")
    exports.load()
    exports.write("surveys/a.csv", HEADER + "r1,csat,four,,\n")
    exports.load()
    assert exports.ids() == []


def test_a_file_that_is_gone_takes_rows_and_rejections_with_it(make: Make) -> None:
    exports = make()
    exports.write("surveys/a.csv", HEADER + ROW + "r2,csat,four,,\n")
    exports.write("surveys/b.csv", HEADER + "r3,csat,1,,\n")
    exports.load()
    assert len(exports.rules()) == 1
    (exports.files / "surveys/a.csv").unlink()
    exports.load()
    assert (exports.ids(), exports.rules()) == (["r3"], [])
    counts = "select source_count from raw_files.source_counts order by scope"
    assert exports.read(counts) == [(0,), (1,)]


def test_a_renamed_file_is_no_change_and_its_old_name_is_free(make: Make) -> None:
    exports = make()
    path = exports.write("surveys/a.csv", HEADER + ROW)
    exports.load()
    path.rename(path.with_name("b.csv"))
    assert exports.load().is_changed is False
    exports.write("surveys/a.csv", HEADER + "r2,csat,1,,\n")
    exports.load()
    path.with_name("b.csv").unlink()
    exports.load()
    assert exports.read("select file_id, source_id from raw_files.survey_responses") == [
        ("surveys/a.csv#2", "r2")
    ]


def test_when_every_file_is_gone_nothing_is_removed_but_by_a_full_refresh(make: Make) -> None:
    exports = make()
    path = exports.write("surveys/a.csv", HEADER + ROW)
    exports.load()
    path.unlink()
    with pytest.raises(LoadError, match=r"no file of survey_responses any more.*--full-refresh"):
        exports.load()
    assert exports.ids() == ["r1"]
    exports.load(full_refresh=True)
    assert exports.ids() == []


def test_a_folder_that_is_not_there_fails_the_load(make: Make) -> None:
    exports = make()
    exports.files.rmdir()
    with pytest.raises(LoadError, match="there is no folder"):
        exports.load()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-02 10:00", datetime(2026, 1, 2, 9, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 1, 23, tzinfo=UTC)),
        ("2026-01-02T10:00:00-05:00", datetime(2026, 1, 2, 15, tzinfo=UTC)),
        ("infinity", None),
        ("epoch", None),
    ],
)
def test_a_zone_makes_instants_of_local_times_and_of_nothing_else(
    text: str, instant: datetime | None
) -> None:
    value = value_of("timestamp", f"'{text}'", "Europe/Berlin")
    with duckdb.connect() as connection:
        (seconds,) = connection.execute(f"select epoch({value})").fetchone() or (None,)
    assert seconds == (instant and instant.timestamp())


def test_since_reads_files_again(make: Make) -> None:
    exports = make()
    exports.write("surveys/a.csv", HEADER + ROW)
    exports.load()
    exports.load(since=datetime(2026, 1, 1, tzinfo=UTC))
    assert any("rows of" in line for line in exports.said)


def test_columns_are_mapped_and_others_are_left_and_named(make: Make) -> None:
    exports = make(
        {
            **SURVEYS,
            "columns": {"score": "rating", "answered_at": "submitted"},
            "constants": {"kind": "csat"},
            "key": ["respondent", "submitted"],
            "time_zone": "Europe/Berlin",
        }
    )
    exports.write(
        "surveys/a.csv",
        "respondent,submitted,rating,comment\n"
        "ada@acme.example,2026-07-01 12:00,5,Private words\n"
        "ada@acme.example,2026-07-02,4,\n",
    )
    exports.load()
    rows = exports.read("select kind, score, answered_at from raw_files.survey_responses order by score")
    assert rows == [
        ("csat", 4.0, datetime(2026, 7, 1, 22, tzinfo=UTC)),
        ("csat", 5.0, datetime(2026, 7, 1, 10, tzinfo=UTC)),
    ]
    assert "surveys/a.csv: not read, as unknown: comment" in exports.said
    content = (exports.folder / "warehouse.duckdb").read_bytes()
    assert b"Private words" not in content
    assert b"ada@acme.example" not in content


def test_ids_made_of_a_key_are_the_same_each_time_and_tell_nothing(make: Make) -> None:
    exports = make({**SURVEYS, "key": ["who"], "constants": {"kind": "csat"}})
    exports.write("surveys/a.csv", "who\nada\n")
    exports.load()
    (first,) = exports.ids()
    exports.load(full_refresh=True)
    assert exports.ids() == [first]
    assert first != duckdb.execute("select md5('ada')").fetchone()[0]  # type: ignore[index]


def test_a_changed_mapping_reads_the_file_anew(make: Make) -> None:
    exports = make({**SURVEYS, "constants": {"area": "checkout"}})
    exports.write("surveys/a.csv", "source_id,kind\nr1,csat\n")
    exports.load()
    exports.sources = [{**SURVEYS, "constants": {"area": "search"}}]
    exports.load()
    assert exports.read("select area from raw_files.survey_responses") == [("search",)]


def test_customers_and_addresses_are_keyed_hashes(make: Make) -> None:
    exports = make(
        {"entity": "customer_accounts", "path": "customers.csv"},
        {"entity": "product_events_daily", "path": "events.csv", "key": ["customer_account", "day"]},
        {"entity": "accounts", "path": "accounts.csv", "constants": {"kind": "human"}},
    )
    exports.write("customers.csv", "source_id,segment\nCustomer-1,gold\n")
    exports.write("events.csv", "customer_account,day,event_count\nCustomer-1,2026-03-02,3\n")
    exports.write("accounts.csv", "source_id,login,email_hash\n7,ada,Ada@acme.example\n")
    exports.load()
    hasher = exports.hasher()
    assert exports.ids("customer_accounts") == [hasher.hash_id("Customer-1")]
    assert exports.read("select customer_account from raw_files.product_events_daily") == [
        (hasher.hash_id("Customer-1"),)
    ]
    assert exports.read("select login, email_hash from raw_files.accounts") == [
        ("ada", hasher("ada@acme.example"))
    ]


@pytest.mark.parametrize(
    ("text", "source", "message"),
    [
        (ROW, {}, "has no column source_id.*under key"),
        ("source_id,score\n", {}, "has no column kind, which survey_responses needs"),
        (HEADER, {"columns": {"score": "rating"}}, "has no column rating, which the settings name"),
        (HEADER, {"key": ["who"], "columns": {}}, "has no column who, which the settings name"),
        ("a,a\n", {}, "needs a name of its own"),
        ("", {}, "cannot be read: it is empty"),
    ],
)
def test_a_file_that_cannot_be_what_it_should_fails_the_load(
    make: Make, text: str, source: Row, message: str
) -> None:
    exports = make({**SURVEYS, **source})
    exports.write("surveys/a.csv", HEADER + ROW)
    exports.write("surveys/b.csv", text)
    with pytest.raises(LoadError, match=message):
        exports.load()


def test_a_file_that_is_no_parquet_is_told_without_its_content(make: Make) -> None:
    exports = make({**SURVEYS, "path": "a.parquet"})
    exports.write("a.parquet", "Private words")
    with pytest.raises(LoadError, match=r"a\.parquet cannot be read") as caught:
        exports.load()
    assert "Private" not in str(caught.value)


def test_a_hundred_thousand_rows_take_seconds(make: Make) -> None:
    exports = make(
        {
            "entity": "product_events_daily",
            "path": "events.parquet",
            "key": ["customer_account", "event_name", "day"],
        }
    )
    duckdb.execute(
        "copy (select 'customer-' || (i % 2000) as customer_account, 'event-' || (i % 7) as event_name,"
        " date '2026-01-01' + (i // 14000)::int as day, i % 9 + 1 as event_count"
        f" from range(100000) as rows (i)) to '{exports.files / 'events.parquet'}'"
    )
    begun = time.process_time()
    assert exports.load().rows["product_events_daily"] == 100_000
    # Two seconds of one processor; row by row in Python it would be ten.
    assert time.process_time() - begun < 6


ONE = {"entity": "survey_responses", "path": "a.csv"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({**ONE, "entity": "survey_answers"}, "no canonical entity; did you mean survey_responses"),
        ({**ONE, "columns": {"rating": "score"}}, "has no column rating"),
        ({**ONE, "columns": {"kind": "a"}, "constants": {"kind": "csat"}}, "give it once"),
        ({**ONE, "columns": {"source_id": "a"}, "key": ["b"]}, "give it once"),
        ({**ONE, "path": "../a.csv"}, "leads out of the folder"),
        ({**ONE, "path": "/a.csv"}, "leads out of the folder"),
        ({**ONE, "path": "a.xlsx"}, "no known format"),
        ({**ONE, "time_zone": "Mars/Olympus"}, "no time zone"),
        ({**ONE, "colums": {}}, "no known key"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_their_line(
    tmp_path: Path, source: Row, message: str
) -> None:
    path = tmp_path / "flowgauge.yaml"
    connection = {"name": "f", "connector": "files", "folder": "exports", "files": [source]}
    path.write_text(json.dumps({"connections": [connection]}))
    with pytest.raises(SettingsError, match=message):
        load_settings(path)


def test_the_example_is_one_that_works_and_folders_lie_beside_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "flowgauge.yaml"
    path.write_text("connections:\n" + CONNECTOR.example.replace("/srv/exports", "exports"))
    (chosen,) = load_settings(path).connections
    assert chosen.folder == tmp_path / "exports"  # type: ignore[attr-defined]


def test_one_file_is_of_one_entry_only(make: Make) -> None:
    exports = make(SURVEYS, {**SURVEYS, "path": "surveys/a.csv"})
    exports.write("surveys/a.csv", HEADER + ROW)
    with pytest.raises(LoadError, match="let only one of them match it"):
        exports.load()


def test_the_check_tells_what_is_there_and_what_would_be_left(make: Make) -> None:
    exports = make(SURVEYS, {"entity": "incidents", "path": "incidents.csv"})
    exports.write("surveys/a.csv", HEADER.replace("area", "comment"))
    settings = exports.settings
    workspace = exports.folder / "workspace"
    extraction = Extraction(
        settings, CONNECTOR.client(settings), {}, datetime.now(UTC), workspace, EmailHasher(b"")
    )
    found = list(CONNECTOR.check(extraction))
    assert [(one.level, one.message.partition(" in /")[0]) for one in found] == [
        ("ok", "survey_responses: 1 files; the last one's columns comment are not read"),
        ("error", "incidents.csv matches no file"),
    ]


def test_only_the_entities_that_connections_name_have_tables_and_models(make: Make) -> None:
    surveys = make(SURVEYS).settings
    incidents = make({"entity": "incidents", "path": "i.csv"}).settings
    narrowed = connectors_of([surveys, incidents])["files"]
    assert [table.name for table in narrowed.tables] == ["incidents", "survey_responses"]
    assert sorted(narrowed.provides) == ["incidents", "survey_responses"]
    assert len(CONNECTOR.tables) == len(CONNECTOR.provides) == len(entities()) > 30


def test_what_follows_from_the_canonical_contract_is_as_committed() -> None:
    assert stale() == [], "run: python tests/support/canonical_contract.py"


def test_a_contract_that_changed_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    contract = tmp_path / "canonical_contract.csv"
    contract.write_text("entity\n")
    monkeypatch.setattr("support.canonical_contract.CONTRACT", contract)
    monkeypatch.setattr("support.canonical_contract.ROOT", Path("/"))
    assert [Path(path).name for path in stale()] == ["canonical_contract.csv"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """Surveys, rules of branches and work items in their canonical relations."""
    folder = tmp_path_factory.mktemp("built")
    exports = Exports(
        folder,
        {**SURVEYS, "date_column": "exported_on"},
        {"entity": "branch_rules", "path": "rules.jsonl"},
    )
    header = "source_id,kind,score,exported_on\n"
    exports.write("surveys/a.csv", header + "r1,csat,1,2026-03-03\nr2,csat,1,\n")
    exports.write("surveys/b.csv", header + "r1,csat,2,2026-03-01\nr2,csat,2,\nr1,csat,3,2026-03-02\n")
    rule = {"source_id": "b", "repository": "x", "branch": "main", "required_check_names": ["test", "lint"]}
    exports.write("rules.jsonl", json.dumps(rule) + '\n{"source_id": "c", "required_check_names": "test"}\n')
    exports.load()
    load_organisation(Settings(connections=(exports.settings,)), folder / "warehouse.duckdb")
    connector = connectors_of([exports.settings])["files"]
    project = DbtProject(
        folder / "warehouse.duckdb", folder / "target", {"files": sorted(connector.provides)}
    )
    relations = ["survey_responses", "branch_rules", "rejected_rows", "incidents"]
    selected = [f"+{name}" for name in relations]
    project.invoke(["run", "--select", *selected])
    return exports


def test_of_rows_with_one_id_the_latest_counts(built: Exports) -> None:
    rows = built.read("select source_id, connector, score from canonical.survey_responses order by all")
    assert rows == [("r1", "files", 1.0), ("r2", "files", 2.0)]


def test_lists_are_lists_in_the_canonical_relation(built: Exports) -> None:
    rows = built.read("select required_check_names from canonical.branch_rules")
    assert rows == [(["test", "lint"],)]
    assert built.read("select rule from canonical.rejected_rows") == [
        ("row 2: required_check_names: expected a JSON list",)
    ]


def test_models_of_other_entities_are_not_built(built: Exports) -> None:
    made = built.read("select table_name from information_schema.tables where table_name like '%_files__%'")
    assert {name for (name,) in made} == {
        f"{layer}_files__{entity}"
        for layer in ("stg", "int")
        for entity in ("survey_responses", "branch_rules", "rejected_rows")
    }
    assert built.read("select count(*) from canonical.incidents") == [(0,)]
