"""Rules about the files of a connector: what it says it provides is mapped, and nobody else names it.

They read the tree as text, so that the kit needs no dbt. Whether the models do what they should is for their
unit tests and for the canonical contracts to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ingestion.conformance.bench import Bench
from ingestion.conformance.rule import Rule
from ingestion.connector import REJECTED_ROWS

_CODE = frozenset({".py", ".sql", ".yml", ".yaml", ".toml"})
_PACKAGES = ("ingestion", "orchestration", "quality", "serving", "transform")
_REGISTER = Path("ingestion/connector.py")


def maps_to_the_canonical_contract(bench: Bench) -> Iterator[str]:
    """Each entity that is provided has a model in its place, and only event types that the contract knows."""
    connector, models = bench.connector, bench.tree / "transform" / "models"
    folder = models / "intermediate" / connector.name
    for entity in (*connector.provides, REJECTED_ROWS.name):
        name = f"int_{connector.name}__{entity}.sql"
        if not (models / "canonical" / f"{entity}.yml").exists():
            yield f"provides {entity}, which is no canonical entity"
        elif not (folder / name).exists():
            yield f"{entity} is provided but not mapped: {(folder / name).relative_to(bench.tree)} is missing"
    for path in sorted(folder.glob(f"int_{connector.name}__*.sql")):
        entity = path.stem.removeprefix(f"int_{connector.name}__")
        known = {*connector.provides, REJECTED_ROWS.name}
        if (models / "canonical" / f"{entity}.yml").exists() and entity not in known:
            yield f"{path.name} maps {entity}, which the declaration does not provide"
    for entity, declared in connector.provides.items():
        known_types = event_types(models / "canonical" / f"{entity}.yml")
        for unknown in sorted(set(declared) - known_types):
            yield f"provides {entity} of type {unknown}, which the canonical contract does not know"


def stages_every_table(bench: Bench) -> Iterator[str]:
    """Each raw table is a source of dbt's, and has a staging model."""
    folder = bench.tree / "transform" / "models" / "staging" / bench.connector.name
    path = folder / f"_{bench.connector.name}__sources.yml"
    if not path.exists():
        yield f"{path.relative_to(bench.tree)} is missing: it declares the raw tables to dbt"
        return
    (source,) = _yaml(path)["sources"]
    named = {table["name"] for table in source["tables"]}
    for table in (*bench.connector.tables, REJECTED_ROWS):
        if table.name not in named:
            yield f"{path.name} does not name the raw table {table.name}"
        if not (folder / f"stg_{bench.connector.name}__{table.name}.sql").exists():
            yield f"the raw table {table.name} has no staging model"
    for name in sorted(named - {table.name for table in bench.connector.all_tables}):
        yield f"{path.name} names {name}, which the connector does not deliver"


def touches_only_its_own_folders(bench: Bench) -> Iterator[str]:
    """Outside of the connector's folders only the register names it."""
    name = bench.connector.name
    named = re.compile(
        rf"\b(raw|stg|int)_{name}(?!_?[a-z0-9])|\b(stg|int)_{name}__|connectors[./]{name}\b|"
        rf"\b(source|is_connector_enabled)\(\W{name}\W"
    )
    for path in _code(bench.tree):
        if name in path.relative_to(bench.tree).parts or path == bench.tree / _REGISTER:
            continue
        found = named.search(path.read_text(encoding="utf-8"))
        if found:
            yield f"{path.relative_to(bench.tree)} names the connector ({found[0]}): only its own folders may"


def event_types(contract: Path) -> set[str]:
    """The accepted values of what tells a canonical relation's events apart: `type`, or `field`."""
    if not contract.exists():
        return set()
    columns: list[Mapping[str, Any]] = _yaml(contract)["models"][0]["columns"]
    tests = [
        test
        for column in columns
        if column["name"] in ("type", "field")
        for test in column.get("data_tests", ())
    ]
    accepted = [test["accepted_values"] for test in tests if "accepted_values" in test]
    return {value for each in accepted for value in each.get("arguments", each)["values"]}


@cache
def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _code(tree: Path) -> Iterator[Path]:
    for package in _PACKAGES:
        for path in sorted((tree / package).rglob("*")):
            if path.suffix in _CODE and path.is_file() and not {"target", "__pycache__"} & set(path.parts):
                yield path


RULES = (
    Rule(
        "maps_to_the_canonical_contract",
        "What it provides is mapped to the canonical contract, with event types that the contract knows.",
        maps_to_the_canonical_contract,
    ),
    Rule("stages_every_table", "Each raw table is declared to dbt and staged.", stages_every_table),
    Rule(
        "touches_only_its_own_folders",
        "Outside of its own folders only the register names it.",
        touches_only_its_own_folders,
    ),
)
