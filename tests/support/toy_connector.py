"""A connector without a vendor: a test says what each walk yields, and what it leaves as state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

from ingestion.connector import Column, Connector, Extraction, Finding, Page, Table
from ingestion.http import HttpClient, bearer
from ingestion.settings import ConnectionSettings


class Archive(BaseModel):
    """Keys within a key."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: str


class ToySettings(ConnectionSettings):
    """Settings with all that a connector may want."""

    token: SecretStr | None = None
    projects: tuple[str, ...] = ()
    archive: bool | Archive = False


ITEMS = Table(
    name="items",
    description="One row per item.",
    key=("id",),
    columns=(
        Column("id", "text", "Id."),
        Column("state", "text", "State."),
        Column("size", "bigint", "Size."),
        Column("is_open", "bool", "Whether it is open."),
        Column("updated_at", "timestamp", "Last change."),
        Column("score", "double", "Score."),
        Column("due_on", "date", "Due date."),
        Column("labels", "json", "Labels."),
    ),
    updated="updated_at",
)
PARTS = Table(
    name="parts",
    description="One row per part of an item.",
    key=("item_id", "name"),
    columns=(
        Column("item_id", "text", "Item."),
        Column("name", "text", "Name."),
        Column("size", "bigint", "Size."),
    ),
    complete_within=("item_id",),
)
SNAPSHOTS = Table(
    name="snapshots",
    description="One row per snapshot.",
    key=("id",),
    columns=(Column("id", "text", "Id."),),
    outlives_source=True,
)

Walk = Callable[[Extraction], Iterator[Page]]


def toy(walk: Walk, *, tables: tuple[Table, ...] = (ITEMS, PARTS, SNAPSHOTS), **more: Any) -> Connector:
    """A connector whose walk is the given generator."""
    return Connector(
        name="toy",
        title="Toy",
        settings=ToySettings,
        tables=tables,
        provides={},
        client=lambda settings: HttpClient(
            settings.base_url, bearer(settings.token) if settings.token else None
        ),
        extract=walk,
        check=lambda _extraction: iter([Finding("ok", "fine")]),
        identities=lambda settings: settings.projects,
        **more,
    )


def yielding(*pages: Page, state: Mapping[str, Any] | None = None) -> Walk:
    """A walk of these pages that leaves this state."""

    def walk(extraction: Extraction) -> Iterator[Page]:
        yield from pages
        extraction.state.update(state or {})

    return walk


def items(*rows: Mapping[str, Any]) -> Page:
    return Page("items", list(rows))
