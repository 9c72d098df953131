"""The layers of the dbt project: its manifest breaks no rule, and each rule finds what breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from support import dbt_layers
from support.dbt_layers import RULES, Rule
from support.raw_tables import provided_by_each

from transform.runner import DbtProject

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("dbt")
    project = DbtProject(folder / "warehouse.duckdb", folder / "target", provided_by_each())
    return project.parse()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule, manifest: dict[str, Any]) -> None:
    assert list(rule(manifest)) == []


def node(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = manifest["nodes"][f"model.flowgauge.{name}"]
    return found


def reads(reader: str, read: str) -> Change:
    """`reader` also reads the node of that unique id."""
    return lambda manifest: node(manifest, reader)["depends_on"]["nodes"].append(read)


def moved(name: str, path: str) -> Change:
    return lambda manifest: node(manifest, name).update(path=path)


def described(name: str, text: str) -> Change:
    return lambda manifest: node(manifest, name).update(description=text)


def without_columns(manifest: dict[str, Any]) -> None:
    node(manifest, "int_flow__as_of")["columns"] = {}


def with_a_silent_column(manifest: dict[str, Any]) -> None:
    node(manifest, "changes")["columns"]["number"]["description"] = " "


def without_a_contract(manifest: dict[str, Any]) -> None:
    node(manifest, "changes")["config"]["contract"]["enforced"] = False


def without_a_type(manifest: dict[str, Any]) -> None:
    node(manifest, "changes")["columns"]["number"]["data_type"] = None


MODEL = "model.flowgauge."
VIOLATIONS: list[tuple[Rule, Change, str]] = [
    (
        dbt_layers.only_staging_reads_sources,
        reads("int_github__changes", "source.flowgauge.github.accounts"),
        "int_github__changes reads source accounts",
    ),
    (
        dbt_layers.only_staging_reads_sources,
        reads("stg_github__accounts", "source.flowgauge.flowgauge.bots"),
        "stg_github__accounts reads bots, which is not of its own source",
    ),
    (
        dbt_layers.only_staging_reads_sources,
        reads("stg_github__accounts", MODEL + "stg_github__tags"),
        "stg_github__accounts reads stg_github__tags, which is not of its own source",
    ),
    (
        dbt_layers.connectors_are_united_in_canonical_only,
        reads("changes", MODEL + "stg_github__pull_requests"),
        "changes reads stg_github__pull_requests",
    ),
    (
        dbt_layers.connectors_are_united_in_canonical_only,
        reads("changes", MODEL + "int_github__commits"),
        "changes reads int_github__commits",
    ),
    (
        dbt_layers.connectors_are_united_in_canonical_only,
        reads("int_flow__as_of", MODEL + "int_github__changes"),
        "int_flow__as_of reads int_github__changes of connector github",
    ),
    (
        dbt_layers.connectors_read_no_later_layer,
        reads("int_github__changes", MODEL + "accounts"),
        "int_github__changes reads accounts",
    ),
    (
        dbt_layers.marts_never_read_staging,
        reads("fct_changes", MODEL + "stg_flowgauge__teams"),
        "fct_changes reads stg_flowgauge__teams",
    ),
    (
        dbt_layers.names_say_layer_and_place,
        moved("int_flow__as_of", "intermediate/people/int_flow__as_of.sql"),
        "int_flow__as_of in intermediate/people/int_flow__as_of.sql",
    ),
    (
        dbt_layers.names_say_layer_and_place,
        moved("accounts", "marts/accounts.sql"),
        "accounts in marts/accounts.sql",
    ),
    (
        dbt_layers.descriptions_open_with_the_grain,
        described("changes", "All changes."),
        "changes: 'All changes.'",
    ),
    (dbt_layers.columns_are_described, without_columns, "int_flow__as_of lists no columns"),
    (dbt_layers.columns_are_described, with_a_silent_column, "changes.number"),
    (dbt_layers.contracts_are_enforced, without_a_contract, "changes has no enforced contract"),
    (dbt_layers.contracts_are_enforced, without_a_type, "changes.number has no type"),
]


@pytest.mark.parametrize(("rule", "change", "expected"), VIOLATIONS, ids=[each[2] for each in VIOLATIONS])
def test_the_rule_finds_what_breaks_it(
    rule: Rule, change: Change, expected: str, manifest: dict[str, Any]
) -> None:
    broken = copy.deepcopy(manifest)
    change(broken)
    assert expected in list(rule(broken))


def test_every_rule_is_shown_to_fail() -> None:
    assert {rule for rule, _, _ in VIOLATIONS} == set(RULES)
