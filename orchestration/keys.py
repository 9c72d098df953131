"""Names that several modules must spell alike: asset keys, groups, the pool, conditions of automation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import dagster as dg

from ingestion.connector import Connector
from orchestration.days import tables_by_day

POOL = "warehouse"
FACTS_SCHEMA = "raw_flowgauge"
FACTS_GROUP = "flowgauge"
SERVING_GROUP = "serving"
CLOCK_TAG = "clock"
LOADS = "_dlt_loads"

ORGANISATION = dg.AssetKey([FACTS_SCHEMA, "organisation"])
AS_OF = dg.AssetKey([FACTS_SCHEMA, "runs"])
CONTAINMENT = dg.AssetKey([FACTS_SCHEMA, "deployment_commits"])
PERSONS = dg.AssetKey([FACTS_SCHEMA, "person_accounts"])
PUBLISHED = dg.AssetKey(["published"])

# Relations of raw_flowgauge that steps of a build write; every other one is written by ORGANISATION. What is
# said of `connections` (their freshness) is measured against the run, and keeps all that the run builds
# waiting.
BUILT_FACTS = {
    "runs": AS_OF,
    "connections": AS_OF,
    "deployment_commits": CONTAINMENT,
    "repository_matches": CONTAINMENT,
    "deployment_sequence": CONTAINMENT,
    "person_accounts": PERSONS,
    "person_aliases": PERSONS,
    "ambiguous_accounts": PERSONS,
}

# The daemon starts a build when anything below its first step was loaded, once, and not while loading goes on
# or while another build does. `since_last_handled` keeps an update that arrives in between from being
# forgotten.
BUILD_WHEN_LOADED = (
    dg.AutomationCondition.any_deps_updated().since_last_handled()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
)
# All other parts of a build are asked for together with it, never alone: what is published comes from one
# build.
BUILD_WITH_THE_REST: dg.AutomationCondition[Any] = dg.AutomationCondition.any_deps_match(
    dg.AutomationCondition.will_be_requested()
)


def python_name(name: str) -> str:
    """A connection's name as Dagster allows it in names of steps."""
    return re.sub(r"\W", "_", name)


def raw_key(connector: Connector, connection: str, table: str) -> dg.AssetKey:
    """The asset of one raw table as one connection fills it."""
    return dg.AssetKey([connector.dataset, connection, table])


def raw_tables(connector: Connector) -> dict[str, str]:
    """Descriptions of the tables of a connector's dataset, those of the kit and of the loader included."""
    return {table.name: table.description for table in connector.all_tables} | {
        LOADS: "One row per load that changed something."
    }


class RawTables:
    """The assets behind each raw relation, whichever connections fill it.

    Args:
        connections: name of each connection in use, and its connector as far as it uses it.

    Attributes:
        by_day: assets that are partitioned.
    """

    def __init__(self, connections: Mapping[str, Connector]) -> None:
        self._keys: dict[str, list[dg.AssetKey]] = {}
        self.by_day: list[dg.AssetKey] = []
        for name, connector in connections.items():
            self.by_day += [raw_key(connector, name, table) for table in tables_by_day(connector)]
            for table in raw_tables(connector):
                keys = self._keys.setdefault(f"{connector.dataset}.{table}", [])
                keys.append(raw_key(connector, name, table))

    def keys(self, schema: str, table: str) -> list[dg.AssetKey]:
        """Assets whose materialization changes the relation."""
        if schema == FACTS_SCHEMA:
            return [BUILT_FACTS.get(table, ORGANISATION)]
        return self._keys.get(f"{schema}.{table}", [])

    def loads(self) -> list[dg.AssetKey]:
        """Assets of which one is materialized whenever loading changed anything."""
        return [
            ORGANISATION,
            *(key for relation, keys in self._keys.items() if relation.endswith(f".{LOADS}") for key in keys),
        ]

    def all_keys(self) -> list[dg.AssetKey]:
        """Every asset that loading can materialize."""
        return [ORGANISATION, *(key for keys in self._keys.values() for key in keys)]
