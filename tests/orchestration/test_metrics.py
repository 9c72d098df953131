"""`flowgauge metric`: definitions and figures as readers have them, over a small published folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.command import flowgauge

from orchestration.models import WORD, WORDS_OF_LATENCIES, WORDS_OF_TABLES, words_in
from transform.runner import PROJECT_DIR

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
ROWS = """
values ('organisation', 'arrivals', 'build', date '2026-03-02' + week * 7, 60 + week, 50, 70, null, 9, true),
    ('organisation', 'departures', 'build', date '2026-03-02' + week * 7, 1, 1, 1, null, 9, true),
    ('team', 'arrivals', 'build', date '2026-03-02' + week * 7, 2, 2, 2, null, 9, true)
"""
COLUMNS = (
    "scope, cohort, stage, week_start, p50_seconds, p50_low_seconds, p50_high_seconds,"
    " p50_seconds_null_reason, item_count, is_final"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    published = tmp_path / ".flowgauge" / "published"
    published.mkdir(parents=True)
    (published / "manifest.json").write_text(json.dumps({"metrics": [METRIC]}), encoding="utf-8")
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
    assert set(figures[0]) == set(COLUMNS.split(", ")) - {"scope", "cohort"} | {"week_start"}


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


def test_words_that_a_page_uses_are_explained_and_no_others() -> None:
    overview = (PROJECT_DIR / "models" / "overview.md").read_text(encoding="utf-8")
    explained = dict(WORD.findall(overview))
    assert not {"competes", "censored", *WORDS_OF_LATENCIES.split(", ")} - set(explained)
    assert all(word in " ".join(explained) for word in WORDS_OF_TABLES.split(", "))
    latency = {"competes": "closing it", "censored": "open changes", "estimate": "Aalen-Johansen"}
    used = set(words_in("Half of the changes", latency, explained))
    assert used >= {"competes", "censored", "change", "arrivals", "not_reached", "is_final"}
    assert used.isdisjoint({"gate", "visit", "snapshot"})
    assert "arrivals" not in words_in("Share of deployments", {"numerator": "deployments"}, explained)


def test_all_metrics_are_listed(folder: Path) -> None:
    assert [metric["name"] for metric in told(folder)] == ["stage_duration_p50"]


def test_a_misspelt_metric_names_the_nearest_one(folder: Path) -> None:
    ended = flowgauge("metric", "stage_duration_50", cwd=folder)
    assert (ended.returncode, ended.stderr) == (
        1,
        "there is no metric stage_duration_50; did you mean stage_duration_p50?\n",
    )


def test_before_anything_is_published_it_says_what_to_do(tmp_path: Path) -> None:
    ended = flowgauge("metric", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (1, "nothing is published yet: `flowgauge run` first\n")
