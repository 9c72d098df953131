"""What the canonical contract asks of a row, entity by entity, read from `canonical_contract.csv`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

from ingestion.connector import Column, DataType, Table

CONTRACT_FILE = Path(__file__).parents[2] / "canonical_contract.csv"
FILE_ID, SOURCE_ID, DATED_AT = "file_id", "source_id", "dated_at"
_CUSTOMER = "customer_account"
_FILE_COLUMN = Column(FILE_ID, "text", "File that the row stands in: its path when it was first read.", False)
_DATE_COLUMN = Column(
    DATED_AT,
    "timestamp",
    "Date of the row, where the settings name a column for it; of rows with one id the latest counts.",
)


@dataclass(frozen=True)
class Entity:
    """One canonical entity.

    Attributes:
        name: of the canonical relation, and of the raw table.
        description: begins with the grain.
        columns: what a row has, without what the kit fills.
        values: column → the values that it may have, where they are few.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        """The raw table: rows of one file come and go together."""
        return Table(
            name=self.name,
            description=self.description,
            key=(FILE_ID, SOURCE_ID),
            columns=(_FILE_COLUMN, *self.columns, _DATE_COLUMN),
            complete_within=(FILE_ID,),
        )

    @property
    def event_types(self) -> tuple[str, ...]:
        """Types of events that the contract knows; none where the entity is none of events."""
        return self.values.get("type", ()) if self.name.endswith("_events") else ()

    def is_customer(self, column: str) -> bool:
        """Whether the column holds ids of customers, of which only the keyed hash may leave."""
        return column == _CUSTOMER or (self.name == f"{_CUSTOMER}s" and column == SOURCE_ID)


@cache
def entities() -> Mapping[str, Entity]:
    """All entities by name, in the order of the contract."""
    with CONTRACT_FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {
        row["entity"]: _entity(row["entity"], row["description"], [each for each in rows if each["column"]])
        for row in rows
        if not row["column"]
    }


def _entity(name: str, description: str, rows: list[dict[str, str]]) -> Entity:
    own = [row for row in rows if row["entity"] == name]
    columns = [
        Column(
            row["column"],
            cast("DataType", row["data_type"]),
            row["description"],
            nullable=row["is_required"] == "false",
        )
        for row in own
    ]
    values = {row["column"]: tuple(row["values"].split("|")) for row in own if row["values"]}
    return Entity(name, description, tuple(columns), values)
