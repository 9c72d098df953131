"""files: rows of any canonical entity from Parquet, CSV or JSON lines, for systems without a connector.

This is the declaration; `contract.py` says what the entities are, `settings.py` what goes in, `source.py`
walks over the files, `reading.py` reads and checks one of them, with `formats.py` and `conversion.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingestion.connector import Connector
from ingestion.connectors.files.contract import entities
from ingestion.connectors.files.settings import EXAMPLE, FilesSettings
from ingestion.connectors.files.source import check, extract


def _narrow(connector: Connector, connections: Sequence[FilesSettings]) -> Connector:
    """Only the entities that the settings name have tables and models."""
    wanted = {source.entity for settings in connections for source in settings.files}
    return replace(
        connector,
        tables=tuple(table for table in connector.tables if table.name in wanted),
        provides={entity: events for entity, events in connector.provides.items() if entity in wanted},
    )


CONNECTOR = Connector(
    name="files",
    title="Files (Parquet, CSV, JSON lines)",
    settings=FilesSettings,
    tables=tuple(entity.table for entity in entities().values()),
    # Each event type may come, and as exactly as the file says row by row.
    provides={name: dict.fromkeys(entity.event_types, "exact") for name, entity in entities().items()},
    extract=extract,
    check=check,
    identities=lambda settings: [
        f"{source.entity} of {settings.folder / source.path}" for source in settings.files
    ],
    cursor="content hash of each file",
    narrow=_narrow,
    example=EXAMPLE,
)
