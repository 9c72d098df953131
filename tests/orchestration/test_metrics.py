"""`flowgauge metric`: definitions and figures as readers have them, over a small published folder."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.command import flowgauge
from support.raw_tables import provided_by_each

from ingestion.settings import Targets
from orchestration.keys import RawTables
from orchestration.metrics import MetricError, families, metrics_named, shown_columns
from orchestration.models import WORD, Models, limits, table_in_words, words_in
from transform.runner import PROJECT_DIR, DbtProject

METRIC: dict[str, Any] = {
    "name": "stage_duration_p50",
    "label": "Time in a stage, median",
    "description": "Half have moved on.",
    "unit": "seconds",
    "clock": "calendar time",
    "starts": "an item enters the stage",
    "stops": "it moves on",
    "excludes": "nothing",
    "source": "Flowgauge's own definition",
    "words": {"censored": "still waiting at its present age"},
    "mart": "flow_by_stage_weekly",
    "column": "p50_seconds",
    "where": {"cohort": "arrivals"},
    "by": ["stage"],
}
FAMILY = [
    {**METRIC, "name": f"whole_change_lead_from_merge_p{percent}", "column": f"p{percent}_seconds"}
    for percent in (50, 90)
]
AS_OF = "2026-04-13T00:00:00Z"
EMPTY = {**METRIC, "name": "net_score", "label": "Net score", "where": {"cohort": "none"}}
ROWS = """
select *, 50, 7000, null, 900, null, null, 9, true
from (
    values ('organisation', 'arrivals', 'build', date '2026-03-02' + week * 7, 60 + week),
        ('organisation', 'departures', 'build', date '2026-03-02' + week * 7, 1),
        ('team', 'arrivals', 'build', date '2026-03-02' + week * 7, 2)
)
"""
COLUMNS = (
    "scope, cohort, stage, week_start, p50_seconds, p50_low_seconds, p50_high_seconds,"
    " p50_seconds_null_reason, p90_seconds, p90_low_seconds, p90_high_seconds, item_count, is_final"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    published = tmp_path / ".flowgauge" / "published"
    published.mkdir(parents=True)
    (published / "manifest.json").write_text(
        json.dumps({"as_of": AS_OF, "metrics": [METRIC, *FAMILY, EMPTY]}), encoding="utf-8"
    )
    with duckdb.connect(str(published / "flowgauge.duckdb")) as connection:
        connection.execute("create schema metrics")
        for week in range(6):
            rows = ROWS.replace("week * 7", f"{week} * 7").replace("60 + week", str(60 + week))
            verb = "insert into" if week else "create table"
            joint = "" if week else "as"
            connection.execute(
                f"{verb} metrics.flow_by_stage_weekly {joint} select * from ({rows}) as rows({COLUMNS})"
            )
    return tmp_path


def told(folder: Path, *arguments: str) -> Any:
    ended = flowgauge("metric", *arguments, "--json", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_metric_is_told_with_the_latest_weeks_of_the_whole_organisation(folder: Path) -> None:
    figures = told(folder, "stage_duration_p50")["figures"]
    assert [(row["week_start"], row["p50_seconds"]) for row in figures] == [
        ("2026-04-06", 65),
        ("2026-03-30", 64),
        ("2026-03-23", 63),
        ("2026-03-16", 62),
    ]
    assert {name for name in COLUMNS.split(", ") if "p90" not in name} - {"scope", "cohort"} == set(
        figures[0]
    )


def test_its_definition_says_what_starts_and_stops_the_clock(folder: Path) -> None:
    ended = flowgauge("metric", "stage_duration_p50", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    for part in (
        "an item enters the stage",
        "it moves on",
        "calendar time",
        "Flowgauge's own definition",
        "Half have moved on.",
        "still waiting at its present age",
        "where cohort = arrivals",
    ):
        assert part in ended.stdout


def test_a_reason_that_several_columns_share_is_shown() -> None:
    metric = {"column": "top3_share", "reason": "top1_share_null_reason"}
    known = ["top1_share_null_reason", "top3_share", "top3_share_null_reason"]
    assert shown_columns(metric, known) == ["top3_share", "top1_share_null_reason"]


def test_words_that_a_page_uses_are_explained_and_no_others() -> None:
    overview = (PROJECT_DIR / "models" / "overview.md").read_text(encoding="utf-8")
    explained = dict(WORD.findall(overview))
    latency = {"competes": "closing it", "censored": "open changes", "week": "with its clock (arrivals)"}
    latency |= {"empty": "not_enough_data or not_reached"}
    columns = ("p50_seconds", "p50_low_seconds", "is_final", "to_role")
    assert set(words_in(latency, columns, explained)) == {
        *("competes", "censored", "change", "arrivals", "role"),
        *("low, high", "is_final", "not_enough_data", "not_reached"),
    }
    assert set(words_in({"numerator": "looks"}, ["count"], explained)) == {"look"}


def test_a_page_says_in_its_tables_words_why_a_figure_is_empty_and_when_it_is_final() -> None:
    columns = {"is_final": "True in the end.", "share_null_reason": "not_yet.", "spread_null_reason": "none."}
    assert limits({"column": "share"}, columns) == {
        "empty": "the reason stands beside it: not_yet.",
        "interval": "none",
        "final": "True in the end.",
    }
    assert "none." in limits({"column": "share", "reason": "spread_null_reason"}, columns)["empty"]
    assert limits({"column": "count"}, {"count": "How many."}) == {"interval": "none"}


def test_a_page_says_how_its_interval_is_made() -> None:
    ends = dict.fromkeys(["share_low", "p50_low_seconds"], "Lower end.")
    assert "Wilson" in limits({"column": "share"}, ends)["interval"]
    assert "Greenwood" in limits({"column": "p50_seconds", "estimate": "Kaplan-Meier"}, ends)["interval"]


def test_is_final_beside_a_figure_is_the_one_that_tells_of_it() -> None:
    columns = {
        "is_final": "Of the rates.",
        "lead_is_final": "Of the lead.",
        "lead_p50_seconds": "",
        "rate": "",
    }
    for column, final, told in (
        ("rate", "is_final", "Of the rates."),
        ("lead_p50_seconds", "lead_is_final", "Of the lead."),
    ):
        assert shown_columns({"column": column}, columns) == [column, final]
        assert limits({"column": column}, columns)["final"] == told
    never = {"column": "rate", "is_final": "none"}
    assert shown_columns(never, columns) == ["rate"]
    assert "final" not in limits(never, columns)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """The project's own models and metrics."""
    folder = tmp_path_factory.mktemp("dbt")
    project = DbtProject(folder / "warehouse.duckdb", folder / "target", provided_by_each())
    return Models(project, RawTables({}))


@pytest.fixture(scope="module")
def pages(models: Models) -> list[dict[str, Any]]:
    """What is published of them."""
    return models.metrics(Targets().model_dump(), "Europe/Berlin")


def scopes_of(page: Mapping[str, Any]) -> dict[str, bool]:
    """Scopes that a page tells of -> whether it says whose each is; the organisation is one."""
    told = re.findall(
        r"(?:: |; |, | or )(organisation|team|service|repository)(?=(: )|[;,.]| or )", page["scopes"]
    )
    return {scope: bool(owner) for scope, owner in told if scope != "organisation"}


def unclear(page: Mapping[str, Any]) -> Iterator[str]:
    """What a newcomer who has nothing but the page would ask of a figure's limits."""
    parts = ("empty", "final", "interval", *(["time_zone"] if "week" in page else []))
    yield from (f"says nothing of {part}" for part in parts if not page.get(part, "").strip())
    told = f"{page.get('empty', '')} {page.get('final', '')}"
    if "not_enough_data" in told and not re.search(r"\d", told):
        yield "does not say how few are too few"
    if "final" in page and page["final"].startswith("Never") and "no is_final" not in page["final"]:
        yield "shows is_final of a figure that never is"
    if re.search(r"\bnow\b", " ".join(str(value) for part, value in page.items() if part != "words")):
        yield "says now, and not as of when"
    if "scopes" in page:
        yield from (
            f"does not say whose {scope}" for scope, is_told in scopes_of(page).items() if not is_told
        )
    keys = {name for name in page.get("by", ()) if name.endswith("_key")}
    named = {*re.findall(r"\bnot_[a-z_]+", told), *page.get("targets", ()), *keys}
    yield from (f"does not explain {word}" for word in sorted(named - page["words"].keys()))


def test_every_page_says_what_an_empty_figure_means_and_when_it_is_final(
    pages: Sequence[Mapping[str, Any]],
) -> None:
    assert len(families({page["name"]: page for page in pages})) > 80
    assert {page["name"]: questions for page in pages if (questions := list(unclear(page)))} == {}


@pytest.mark.parametrize(
    ("change", "question"),
    [
        ({"final": " "}, "says nothing of final"),
        ({"empty": ""}, "says nothing of empty"),
        ({"interval": ""}, "says nothing of interval"),
        ({"week": "Monday"}, "says nothing of time_zone"),
        ({"empty": "not_told where nobody tells"}, "does not explain not_told"),
        (
            {"empty": "not_enough_data", "words": {"not_enough_data": "Few."}},
            "does not say how few are too few",
        ),
        ({"final": "Never: it can move."}, "shows is_final of a figure that never is"),
        ({"stops": "it is over, or now"}, "says now, and not as of when"),
        ({"scopes": "What it sums up: organisation or team."}, "does not say whose team"),
        ({"targets": {"review_sla_hours": 8}}, "does not explain review_sla_hours"),
        ({"by": ["runner_pool_key"]}, "does not explain runner_pool_key"),
    ],
)
def test_a_page_that_leaves_a_question_is_found(change: Mapping[str, Any], question: str) -> None:
    clear = {"empty": "never", "final": "at once", "interval": "none", "words": {}}
    assert list(unclear(clear)) == []
    assert list(unclear({**clear, **change})) == [question]


def test_every_stage_and_target_is_explained() -> None:
    explained = dict(WORD.findall((PROJECT_DIR / "models" / "overview.md").read_text(encoding="utf-8")))
    with (PROJECT_DIR / "seeds" / "stages.csv").open(encoding="utf-8") as seed:
        stages = {row["stage"] for row in csv.DictReader(seed)}
    assert stages <= set(re.findall(r"\w+", explained["stage"]))
    assert Targets.model_fields.keys() <= explained.keys()


def test_targets_are_told_with_their_default_and_where_to_set_them(folder: Path) -> None:
    manifest = folder / ".flowgauge" / "published" / "manifest.json"
    metric = {**METRIC, "targets": {"failure_maturity_days": 3}}
    manifest.write_text(json.dumps({"as_of": AS_OF, "metrics": [metric]}), encoding="utf-8")
    page = " ".join(flowgauge("metric", metric["name"], cwd=folder).stdout.split())
    default = Targets().failure_maturity_days
    assert f"failure_maturity_days = 3 (default {default:g}); set under `targets` in flowgauge.yaml" in page


def test_a_page_says_what_its_table_says_of_rows_scopes_and_weeks() -> None:
    columns = {"scope": "organisation or team", "week_start": "Monday of the ISO week."}
    told = table_in_words("One row per week\n and scope.", columns, is_latency=False)
    assert told == {
        "rows": "One row per week and scope.",
        "scopes": columns["scope"],
        "week": columns["week_start"],
    }
    assert "clock starts" in table_in_words("", columns, is_latency=True)["week"]
    assert table_in_words("One row per feature.", {"feature": ""}, is_latency=False) == {
        "rows": "One row per feature."
    }


def test_percentiles_of_one_thing_are_listed_in_one_line_and_names_are_never_cut(folder: Path) -> None:
    listed = flowgauge("metric", cwd=folder, environment={"COLUMNS": "40"}).stdout
    assert "whole_change_lead_from_merge  p50 p90" in listed
    assert "net_score" in listed


def test_the_name_without_percentile_shows_all_of_them_together(folder: Path) -> None:
    told_of_all = told(folder, "whole_change_lead_from_merge")
    assert [each["name"] for each in told_of_all] == [each["name"] for each in FAMILY]
    page = flowgauge("metric", "whole_change_lead_from_merge", cwd=folder).stdout
    rows = [line.split() for line in page.splitlines()]
    assert ["week_start", "stage", "p50", "p90", "items", "is_final"] in rows
    cells = "2026-04-06 build 1.1 min (50 s to 1.9 h) 15.0 min (? to ?) 9 yes"
    assert cells.split() in rows


def test_a_metric_of_which_nothing_is_told_says_so(folder: Path) -> None:
    page = flowgauge("metric", "net_score", cwd=folder).stdout
    assert "no rows: no connection tells of it" in page
    assert "items" not in page


def test_all_metrics_are_listed(folder: Path) -> None:
    assert [metric["name"] for metric in told(folder)] == [
        *("stage_duration_p50", "whole_change_lead_from_merge_p50", "whole_change_lead_from_merge_p90"),
        "net_score",
    ]


def test_a_misspelt_metric_names_the_nearest_one(folder: Path) -> None:
    ended = flowgauge("metric", "stage_duration_50", cwd=folder)
    assert (ended.returncode, ended.stderr) == (
        1,
        "there is no metric stage_duration_50; did you mean stage_duration_p50?\n",
    )


def test_the_name_of_a_table_names_its_metrics_and_one_like_no_other_none() -> None:
    metrics = {each["name"]: {**each} for each in (METRIC, *FAMILY)}
    for name, hint in (
        ("flow_by_stage_weekly", "a table, its metrics are stage_duration, whole_change_lead_from_merge"),
        ("rainfall", "`flowgauge metric` lists all"),
    ):
        with pytest.raises(MetricError, match=hint):
            metrics_named(metrics, name)


def test_a_page_says_up_to_when_its_figures_tell(folder: Path) -> None:
    assert "as of 2026-04-13T00:00:00Z" in flowgauge("metric", "stage_duration_p50", cwd=folder).stdout


def test_scopes_that_a_page_names_are_those_that_its_table_has(
    models: Models, pages: Sequence[Mapping[str, Any]]
) -> None:
    tests = [node for node in models.manifest["nodes"].values() if node.get("column_name") == "scope"]
    allowed = {
        node["attached_node"].rpartition(".")[2]: {*node["test_metadata"]["kwargs"]["values"]}
        for node in tests
        if node["test_metadata"]["name"] == "accepted_values"
    }
    told = {page["mart"]: {"organisation", *scopes_of(page)} for page in pages if "scopes" in page}
    assert len(told) > 10
    assert told == {mart: allowed[mart] for mart in told}


@pytest.fixture(scope="module")
def unpublished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a demo is all that was run; what dbt has parsed for one command serves the other."""
    folder = tmp_path_factory.mktemp("unpublished")
    demo = folder / ".flowgauge" / "demo" / "balanced" / "published"
    demo.mkdir(parents=True)
    (demo / "manifest.json").write_text("{}", encoding="utf-8")
    return folder


def test_before_anything_is_published_it_defines_and_says_what_to_do(unpublished: Path) -> None:
    ended = flowgauge("metric", "change_lead", cwd=unpublished)
    assert ended.returncode == 0, ended.stderr
    page = " ".join(ended.stdout.split())
    assert "the first commit of a change is written" in page
    home = unpublished / ".flowgauge"
    assert f"nothing is published in {home}; `flowgauge run` first or" in page
    assert f"FLOWGAUGE_HOME={home / 'demo' / 'balanced'} flowgauge metric" in page


def test_the_docs_are_one_page_that_fetches_and_sends_nothing(unpublished: Path) -> None:
    ended = flowgauge("docs", cwd=unpublished)
    assert ended.returncode == 0, ended.stderr
    home = unpublished / ".flowgauge"
    assert sorted(path.name for path in home.iterdir()) == ["demo", "docs"]
    (written,) = (home / "docs").iterdir()
    assert str(written) in ended.stdout
    page = written.read_text(encoding="utf-8")
    # no host is named from which a browser may fetch
    policy = "default-src 'unsafe-inline' 'unsafe-eval' data: blob:"
    assert f'<head><meta http-equiv="Content-Security-Policy" content="{policy}">' in page
    assert '"send_anonymous_usage_stats": false' in page
    assert 'INLINE DATA"' not in page
    assert "the first commit of a change is written" in page
    assert '"name": "change_lead_p50_seconds", "type": "bigint"' in page
