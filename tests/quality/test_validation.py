"""A check passes only on evidence: exceptions and silence are errors, not results."""

import re
import socket
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from quality import validation
from quality.dialect import read_only_url
from quality.suites import Check, Severity, Source
from quality.suites.check import NothingToCheckError, sql, union
from quality.validation import CheckResult, ValidationError, run_checks, run_suite


def _check(breaches: str, *, name: str = "rule", severity: Severity = "blocking") -> Check:
    return Check("marts.fct_changes", name, severity, "The rule.", sql(breaches))


def test_exception_in_a_check_is_an_error_with_its_message(warehouse: Path, tmp_path: Path) -> None:
    checks = [
        _check("select * from marts.fct_nothing", name="broken", severity="warning"),
        _check("select 1 where false", name="sound"),
    ]
    result = run_checks("marts", checks, warehouse=warehouse, quality_dir=tmp_path / "quality")
    (broken, sound) = result.results
    assert broken.outcome == "error"
    assert broken.breach_count is None
    assert "fct_nothing does not exist" in (broken.message or "")
    assert sound.outcome == "passed"
    assert not result.is_publishable


def test_exception_about_the_expectation_itself_is_an_error() -> None:
    info = {"raised_exception": True, "exception_message": "it broke", "exception_traceback": "…"}
    judged = validation._judge(_check("select 1"), {"exception_info": info, "result": {"observed_value": 0}})
    assert (judged.outcome, judged.message) == ("error", "it broke")


def test_result_without_an_observed_value_is_an_error() -> None:
    judged = validation._judge(
        _check("select 1"), {"success": True, "exception_info": {"raised_exception": False}, "result": {}}
    )
    assert judged.outcome == "error"


def test_suite_without_checks_is_refused(warehouse: Path, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="declares no checks"):
        run_checks("marts", [], warehouse=warehouse, quality_dir=tmp_path / "quality")


def test_check_without_a_result_is_refused(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = validation._evaluate

    def forget_one(*arguments: object) -> dict[str, CheckResult]:
        found = evaluate(*arguments)  # type: ignore[arg-type]
        found.pop("marts.fct_changes.second")
        return found

    monkeypatch.setattr(validation, "_evaluate", forget_one)
    checks = [_check("select 1 where false", name=name) for name in ("first", "second")]
    with pytest.raises(
        ValidationError, match=r"only 1 of 2 checks .* no result for marts\.fct_changes\.second"
    ):
        run_checks("marts", checks, warehouse=warehouse, quality_dir=tmp_path / "quality")


@pytest.mark.parametrize(("faults", "outcome"), [(1, "passed"), (2, "error")])
def test_a_database_that_gave_up_is_opened_anew_once(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: int, outcome: str
) -> None:
    evaluate, left, held = validation._evaluate, [faults], []

    def give_up(*arguments: object) -> dict[str, CheckResult]:
        found = evaluate(*arguments)  # type: ignore[arg-type]
        if not left[0]:
            return found
        left[0] -= 1
        # what stays open of a database that gave up, which no other kind of connection can share
        held.append(duckdb.connect(str(warehouse)))
        message = "FATAL Error: The database must be restarted prior to being used again."
        return {name: CheckResult(each.check, "error", None, (), message) for name, each in found.items()}

    monkeypatch.setattr(validation, "_evaluate", give_up)
    checks = [_check("select 1 where false")]
    result = run_checks("marts", checks, warehouse=warehouse, quality_dir=tmp_path / "quality")
    assert [each.outcome for each in result.results] == [outcome]
    assert [path.name for path in warehouse.parent.glob("*.duckdb")] == [warehouse.name]
    for connection in held:
        connection.close()


def test_check_that_finds_nothing_to_check_is_an_error(warehouse: Path, tmp_path: Path) -> None:
    check = Check("marts.fct_changes", "vain", "warning", "Nothing.", lambda _: union([], "no such table"))
    result = run_checks("marts", [check], warehouse=warehouse, quality_dir=tmp_path / "quality")
    (found,) = result.results
    assert found.outcome == "error"
    assert "there is nothing to check: the warehouse has no such table" in (found.message or "")


def test_union_of_nothing_is_not_an_empty_pass() -> None:
    with pytest.raises(NothingToCheckError, match="no mart"):
        union([], "no mart")


def test_a_connector_without_grains_is_not_reported_as_reconciled(warehouse: Path, tmp_path: Path) -> None:
    """What has nothing to check is no check; events need no declaration to be found undeclared."""
    result = run_suite(
        "canonical", warehouse=warehouse, quality_dir=tmp_path / "quality", sources=[Source("github")]
    )
    names = {found.check.name for found in result.results}
    assert "rows_equal_raw" not in names
    assert "event_types_are_declared" in names


def test_sample_is_bounded_and_the_count_is_not(warehouse: Path, tmp_path: Path) -> None:
    (found,) = run_checks(
        "marts",
        [_check("select range as number, null as nothing from range(1000)")],
        warehouse=warehouse,
        quality_dir=tmp_path / "quality",
    ).results
    assert found.breach_count == 1000
    assert len(found.sample) == 20
    assert found.sample[0] == {"number": "0", "nothing": None}


def test_braces_and_casts_in_a_rule_are_only_text(warehouse: Path, tmp_path: Path) -> None:
    (found,) = run_checks(
        "marts",
        [_check("select '{a}'::text as brace, '10:30'::text as clock")],
        warehouse=warehouse,
        quality_dir=tmp_path / "quality",
    ).results
    assert found.sample == ({"brace": "{a}", "clock": "10:30"},)


def test_missing_warehouse_is_said_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="there is no warehouse at"):
        run_suite("raw", warehouse=tmp_path / "none.duckdb", quality_dir=tmp_path / "quality", sources=[])
    assert not (tmp_path / "none.duckdb").exists()


def test_warehouse_that_is_open_for_writing_is_refused(warehouse: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse)), pytest.raises(ValidationError, match=r"cannot open .* read-only"):
        run_suite("raw", warehouse=warehouse, quality_dir=tmp_path / "quality", sources=[])


def test_no_connection_stays_open(
    warehouse: Path, tmp_path: Path, sources: tuple[Source, ...], execute: Callable[[str], None]
) -> None:
    run_suite("raw", warehouse=warehouse, quality_dir=tmp_path / "quality", sources=sources)
    execute("create table raw_flowgauge.written_afterwards (number integer)")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.sql("select count(*) from raw_flowgauge.written_afterwards").fetchone() == (0,)


def test_warehouse_opens_read_only_whatever_its_path(clean_warehouse: Path, tmp_path: Path) -> None:
    import sqlalchemy

    odd = tmp_path / "a b%20$HOME" / "warehouse.duckdb"
    odd.parent.mkdir()
    odd.write_bytes(clean_warehouse.read_bytes())
    engine = sqlalchemy.create_engine(read_only_url(odd))
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("select state from marts.fct_changes order by state")
        connection.exec_driver_sql("select 1")
        assert [row.state for row in rows] == ["closed", "merged", "open"]
        with pytest.raises(Exception, match="read-only"):
            connection.exec_driver_sql("create table marts.written (number integer)")
    engine.dispose()


def test_data_docs_show_each_layers_last_run_without_the_network(
    warehouse: Path,
    tmp_path: Path,
    sources: tuple[Source, ...],
    execute: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connections: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _socket, address: connections.append(address))
    quality_dir = tmp_path / "quality"
    run_suite("raw", warehouse=warehouse, quality_dir=quality_dir, sources=sources)
    execute("delete from marts.fct_releases")
    run_suite("marts", warehouse=warehouse, quality_dir=quality_dir, sources=sources)
    result = run_suite("marts", warehouse=warehouse, quality_dir=quality_dir, sources=sources)
    assert result.data_docs == quality_dir / "data_docs" / "index.html"
    index = result.data_docs.read_text()
    pages = {
        layer: list((quality_dir / f"data_docs/validations/{layer}").rglob("*.html"))
        for layer in ("raw", "marts")
    }
    assert [len(found) for found in pages.values()] == [1, 1]
    for page in (page for found in pages.values() for page in found):
        assert page.relative_to(quality_dir / "data_docs").as_posix() in index
    text = re.sub(r"<[^>]+>", " ", pages["marts"][0].read_text())
    assert "marts.fct_changes.rows_equal_canonical" in text
    assert "Each fact has one row for each row of the canonical relation" in text
    assert connections == []


def test_data_docs_ask_nothing_of_anybody_and_take_facts_for_text(warehouse: Path, tmp_path: Path) -> None:
    quality_dir = tmp_path / "quality"
    run_checks(
        "marts",
        [_check("select '<b>bold</b>' as login"), _check("select * from marts.fct_nothing", name="broken")],
        warehouse=warehouse,
        quality_dir=quality_dir,
    )
    pages = {path.name: path.read_text() for path in (quality_dir / "data_docs").rglob("*.html")}
    assert len(pages) == 3
    for html in pages.values():
        assert "default-src 'none'; style-src 'unsafe-inline'" in html.split("<title>")[0]
        assert re.findall(r"<(?:script|img|link|iframe)\b", html) == []
    assert "&lt;b&gt;bold&lt;/b&gt;" in pages["warehouse-marts.html"]
    assert '<span class="failed">2</span>' in pages["index.html"]
