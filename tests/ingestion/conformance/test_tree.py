"""The rules about files find what is not mapped, not staged, or named where it must not be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.tickets import TICKETS, tickets_connector, tickets_example

from ingestion.conformance import tree
from ingestion.conformance.bench import Bench
from ingestion.conformance.example import TREE
from ingestion.connector import Connector
from ingestion.scaffold import REGISTER, write

MODELS = Path("transform/models")
MAPPED = MODELS / "intermediate/tickets/int_tickets__work_items.sql"
SOURCES = MODELS / "staging/tickets/_tickets__sources.yml"
Change = Callable[[Path], Any]


def declared(**changes: Any) -> Connector:
    return tickets_connector(**{"tables": (TICKETS,), "provides": {"work_items": {}}, **changes})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The skeleton of a connector `tickets`, with what the rules read beside it."""
    (tmp_path / REGISTER).parent.mkdir(parents=True)
    shutil.copy(TREE / REGISTER, tmp_path / REGISTER)
    shutil.copytree(TREE / MODELS / "canonical", tmp_path / MODELS / "canonical")
    write("tickets", tmp_path)
    return tmp_path


def problems(checkout: Path, connector: Connector) -> list[str]:
    bench = Bench(tickets_example(connector), checkout, checkout)
    return [problem for rule in tree.RULES for problem in rule.check(bench)]


def without(path: str) -> Change:
    return lambda checkout: (checkout / MODELS / path).unlink()


def with_text(path: str, text: str) -> Change:
    def change(checkout: Path) -> None:
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(text, encoding="utf-8")

    return change


def test_the_skeleton_keeps_the_rules(checkout: Path) -> None:
    assert problems(checkout, declared()) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            without("intermediate/tickets/int_tickets__work_items.sql"),
            f"work_items is provided but not mapped: {MAPPED} is missing",
        ),
        (
            with_text("transform/models/intermediate/tickets/int_tickets__releases.sql", "select 1"),
            "int_tickets__releases.sql maps releases, which the declaration does not provide",
        ),
        (
            without("staging/tickets/stg_tickets__tickets.sql"),
            "the raw table tickets has no staging model",
        ),
        (
            without("staging/tickets/_tickets__sources.yml"),
            f"{SOURCES} is missing: it declares the raw tables to dbt",
        ),
        (
            with_text("quality/special.sql", "select * from raw_tickets.tickets"),
            "quality/special.sql names the connector (raw_tickets): only its own folders may",
        ),
        (
            with_text("orchestration/special.py", "import ingestion.connectors.tickets"),
            "orchestration/special.py names the connector (connectors.tickets): only its own folders may",
        ),
    ],
)
def test_what_is_wrong_in_the_tree_is_found(change: Change, expected: str, checkout: Path) -> None:
    change(checkout)
    assert problems(checkout, declared()) == [expected]


@pytest.mark.parametrize(
    ("connector", "expected"),
    [
        (
            declared(provides={"work_items": {}, "wishes": {}}),
            "provides wishes, which is no canonical entity",
        ),
        (
            declared(provides={"work_items": {"wished": "exact"}}),
            "provides work_items of type wished, which the canonical contract does not know",
        ),
        (
            declared(tables=()),
            "_tickets__sources.yml names tickets, which the connector does not deliver",
        ),
    ],
)
def test_what_is_wrong_in_the_declaration_is_found(
    connector: Connector, expected: str, checkout: Path
) -> None:
    assert problems(checkout, connector) == [expected]


def test_events_are_told_apart_by_type_or_field() -> None:
    canonical = TREE / MODELS / "canonical"
    assert "merged" in tree.event_types(canonical / "change_events.yml")
    assert "sprint" in tree.event_types(canonical / "work_item_events.yml")
    assert tree.event_types(canonical / "commits.yml") == set()
