"""What Dagster is told of the real project: everything described, grouped, pooled, gated and switched on."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from ingestion.connector import connectors
from ingestion.settings import Settings, load_settings
from orchestration.definitions import build_definitions
from orchestration.home import Home
from orchestration.jobs import BUILD, CLOCK, INGEST
from orchestration.keys import AS_OF, ORGANISATION, POOL, PUBLISHED
from transform.runner import PROJECT_DIR

SETTINGS = """
reporting_timezone: Europe/Berlin
connections:
  - {name: acme-github, connector: github, token: "${TOKEN}", repositories: [acme/checkout], clone: false}
  - {name: other-github, connector: github, token: "${TOKEN}", repositories: [other/search], clone: false}
  - {name: acme-claude, connector: claude_code, api_key: "${TOKEN}", history_days: 40}
"""
USAGE = dg.AssetKey(["raw_claude_code", "acme-claude", "usage_days"])
RAW = {"raw_github", "raw_claude_code"}
FIRST_LOAD = dg.AssetKey(["raw_github", "acme-github", "_dlt_loads"])


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("settings") / "flowgauge.yaml"
    path.write_text(SETTINGS, encoding="utf-8")
    return load_settings(path, environment={"TOKEN": "not-a-real-one"})


@pytest.fixture(scope="module")
def definitions(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    home = Home(tmp_path_factory.mktemp("home"))
    home.prepare()
    return build_definitions(settings, home=home)


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> AssetGraph:
    return definitions.resolve_asset_graph()


def test_definitions_load_with_every_job(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)  # raises where steps wait for each other
    assert {job.name for job in definitions.resolve_all_job_defs()} >= {INGEST, BUILD, CLOCK}


def test_every_asset_says_what_it_is_and_stands_in_a_group(definitions: dg.Definitions) -> None:
    specs = definitions.resolve_all_asset_specs()
    assert [spec.key for spec in specs if not spec.description] == []
    assert {spec.group_name for spec in specs} >= {"github", "flowgauge", "serving", "staging", "canonical"}
    assert "default" not in {spec.group_name for spec in specs}


def test_every_check_says_what_it_checks(graph: AssetGraph) -> None:
    assert len(graph.asset_check_keys) > 50
    undescribed = [key for key in graph.asset_check_keys if not graph.get(key).description]
    assert undescribed == []


def test_every_model_but_those_of_connectors_that_no_connection_uses_is_an_asset(
    definitions: dg.Definitions,
) -> None:
    names = {spec.key.path[-1] for spec in definitions.resolve_all_asset_specs()}
    unused = connectors().keys() - {"github", "claude_code"}
    models = {
        path.stem
        for path in (PROJECT_DIR / "models").rglob("*.sql")
        if not unused & set(path.relative_to(PROJECT_DIR).parts)
    }
    assert models - names == set()


def test_staging_waits_for_the_raw_tables_of_every_connection(graph: AssetGraph) -> None:
    parents = graph.get(dg.AssetKey(["staging", "stg_github__pull_requests"])).parent_keys
    assert parents == {
        AS_OF,
        dg.AssetKey(["raw_github", "acme-github", "pull_requests"]),
        dg.AssetKey(["raw_github", "other-github", "pull_requests"]),
    }


def test_publication_is_last_and_waits_for_every_mart(graph: AssetGraph) -> None:
    marts = {key for key in graph.get_all_asset_keys() if key.path[0] == "marts"}
    assert marts <= graph.get(PUBLISHED).parent_keys
    assert graph.get(PUBLISHED).child_keys == set()


def test_quality_suites_gate_their_layer(graph: AssetGraph) -> None:
    suites = [graph.get(key) for key in graph.asset_check_keys if "layer" in graph.get(key).metadata]
    assert {node.metadata["layer"] for node in suites} == {"raw", "canonical", "marts", "metrics"}
    assert all(node.blocking for node in suites)


def test_steps_of_the_jobs_share_the_pool_and_the_order_holds(definitions: dg.Definitions) -> None:
    build = definitions.resolve_job_def("build")
    order = [node.name for node in build.graph.nodes_in_topological_order]
    chain = [
        "begin_build",
        "check_raw",
        "build_canonical",
        "compute_containment",
        "build_marts",
        "check_marts",
        "build_metrics",
        "check_metrics",
    ]
    places = [order.index(name) for name in [*chain, "publish"]]
    assert places == sorted(places)
    ingest = definitions.resolve_job_def("ingest")
    assert {node.name for node in ingest.nodes} == {
        "load_organisation",
        "load_acme_github",
        "load_other_github",
        "load_acme_claude",
    }
    for job in definitions.resolve_all_job_defs():
        assert {node.definition.pool for node in job.nodes} == {POOL}


def test_days_are_partitions_in_a_job_of_their_own_which_reads_a_range_in_one_run(
    definitions: dg.Definitions, graph: AssetGraph
) -> None:
    jobs = {job.name: job for job in definitions.resolve_all_job_defs()}
    days = jobs["reread_acme_claude"].partitions_def
    assert isinstance(days, dg.DailyPartitionsDefinition)
    assert len(days.get_partition_keys()) == 40
    named = {name for name, job in jobs.items() if job.partitions_def and not name.startswith("__")}
    assert named == {"reread_acme_claude"}
    assert {key for key in graph.get_all_asset_keys() if graph.get(key).is_partitioned} == {USAGE}
    assert jobs["reread_acme_claude"].backfill_policy == dg.BackfillPolicy.single_run()
    assert USAGE in graph.get(dg.AssetKey(["staging", "stg_claude_code__usage_days"])).parent_keys


def test_schedules_and_sensor_are_on(definitions: dg.Definitions) -> None:
    schedules = {each.name: each for each in definitions.schedules or []}
    assert {name: each.job_name for name, each in schedules.items()} == {
        "hourly_ingest": "ingest",
        "daily_clock": "clock",
    }
    assert {each.default_status for each in schedules.values()} == {dg.DefaultScheduleStatus.RUNNING}
    assert schedules["daily_clock"].execution_timezone == "Europe/Berlin"
    assert [each.default_status for each in definitions.sensors or []] == [dg.DefaultSensorStatus.RUNNING]


def test_one_load_asks_for_one_whole_build(definitions: dg.Definitions, graph: AssetGraph) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        first = dg.evaluate_automation_conditions(definitions, instance)
        assert first.total_requested == 0
        instance.report_runless_asset_event(dg.AssetMaterialization(USAGE, partition="2026-11-20"))
        alone = dg.evaluate_automation_conditions(definitions, instance, cursor=first.cursor)
        assert alone.total_requested == 0  # a day without rows is no news
        instance.report_runless_asset_event(dg.AssetMaterialization(FIRST_LOAD))
        asked = dg.evaluate_automation_conditions(definitions, instance, cursor=alone.cursor)
        loaded = {key for key in graph.get_all_asset_keys() if key.path[0] in RAW}
        suites = {key for key in graph.asset_check_keys if "layer" in graph.get(key).metadata}
        built = graph.get_all_asset_keys() - loaded - {ORGANISATION}
        assert {each.key for each in asked.results if each.true_subset.size} == built | suites
        assert (
            dg.evaluate_automation_conditions(definitions, instance, cursor=asked.cursor).total_requested == 0
        )


def test_home_keeps_everything_of_dagster_inside_and_says_nothing_to_anybody(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        assert not instance.telemetry_enabled
        assert instance.get_concurrency_config().pool_config.default_pool_limit == 1
        assert Path(instance.root_directory) == home.dagster
        assert str(home.dagster) in instance.event_log_storage.path_for_shard("index")  # type: ignore[attr-defined]
