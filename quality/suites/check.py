"""What a check is, and what checks are made from.

A check is SQL that returns the rows which break a rule; no rows, no breach. Its name, table and severity are
known without a warehouse and without Great Expectations, so that an orchestrator can show checks that have
never run. The SQL is built when it runs, from the relations that the warehouse then holds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Layer = Literal["raw", "canonical", "marts", "metrics"]
Severity = Literal["blocking", "warning"]
Catalogue = Mapping[str, tuple[str, ...]]
"""Relation ("schema.table") → its columns, as the warehouse has them."""


@dataclass(frozen=True)
class Source:
    """What the suites must know of a connector.

    Attributes:
        connector: its name; its raw tables are in `raw_<connector>`.
        grains: canonical relation → the raw table that it holds exactly one row for each row of.
        event_types: canonical relation of events → the types that the connector declares to provide.
        columns: names that columns of its raw tables bear; None where that is not told.
    """

    connector: str
    grains: Mapping[str, str] = field(default_factory=dict)
    event_types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    columns: frozenset[str] | None = None

    @property
    def dataset(self) -> str:
        """Schema of the connector's raw tables."""
        return f"raw_{self.connector}"


@dataclass(frozen=True)
class Check:
    """One rule about the data; (table, name) identifies it.

    Attributes:
        table: relation ("schema.table") that the rule is about, where a breach is shown.
        name: what holds where the rule is kept.
        severity: a breach of a blocking check keeps the data from being published, of a warning it does not.
        description: the rule in one sentence, with its tolerance and the reason for it.
        breaches: builds the SQL that returns the rows which break the rule; raises NothingToCheckError.
    """

    table: str
    name: str
    severity: Severity
    description: str
    breaches: Callable[[Catalogue], str] = field(repr=False, compare=False)

    @property
    def identifier(self) -> str:
        """Name that is unique within a layer."""
        return f"{self.table}.{self.name}"


class NothingToCheckError(LookupError):
    """The warehouse holds nothing that the check is about, so that it could only pass in vain."""


def sql(text: str) -> Callable[[Catalogue], str]:
    """SQL that does not depend on the catalogue."""
    return lambda _catalogue: text


def relations(catalogue: Catalogue, schema: str, *columns: str) -> list[str]:
    """Relations of `schema` that have all of `columns`, in order of name."""
    return sorted(
        relation
        for relation, present in catalogue.items()
        if relation.startswith(f"{schema}.") and set(columns) <= set(present)
    )


def union(selects: Iterable[str], what: str) -> str:
    """One query of many; NothingToCheckError, saying `what` is missing, where there are none."""
    parts = list(selects)
    if not parts:
        raise NothingToCheckError(f"there is nothing to check: the warehouse has {what}")
    return "\nunion all\n".join(parts)
