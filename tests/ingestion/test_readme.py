"""The connector that ingestion/README.md shows is one that works."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.http_server import Answer, ScriptedServer

import ingestion
from ingestion.connector import Connector, Extraction
from ingestion.identity import EmailHasher
from ingestion.pipeline import load_connection
from ingestion.settings import load_settings


@pytest.fixture
def connector(tmp_path: Path) -> Connector:
    text = (Path(ingestion.__path__[0]) / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "tickets.py").write_text(code)
    found: Connector = runpy.run_path(str(tmp_path / "tickets.py"))["CONNECTOR"]
    return found


def ticket(number: int, *labels: str) -> dict[str, Any]:
    return {
        "id": str(number),
        "status": "open",
        "updated_at": f"2026-01-0{number}T00:00:00Z",
        "labels": labels,
    }


def test_the_example_loads_and_reads_on(connector: Connector, tmp_path: Path) -> None:
    with ScriptedServer().running() as server:
        settings_file = tmp_path / "flowgauge.yaml"
        settings_file.write_text(
            "connections:\n"
            f"  - {{name: acme, connector: tickets, base_url: '{server.url}', "
            "token: '${TOKEN}', projects: [shop]}\n"
        )
        settings = load_settings(
            settings_file, environment={"TOKEN": "secret"}, register=lambda: {"tickets": connector}
        )
        link = {"Link": f'<{server.url}/tickets?page=2>; rel="next"'}
        server.script(
            "/tickets",
            Answer({"tickets": [ticket(1, "a", "b")], "total": 2}, headers=link),
            Answer({"tickets": [ticket(2)], "total": 2}),
            Answer({"tickets": [ticket(2), ticket(1, "b")], "total": 2}),
        )
        server.script("/me", Answer({"name": "ann"}))
        warehouse = tmp_path / "warehouse.duckdb"
        results = [
            load_connection(
                settings.connections[0],
                warehouse=warehouse,
                pipelines_dir=tmp_path / "dlt",
                workspace=tmp_path / "clones",
                connector=connector,
            )
            for _ in range(2)
        ]
        assert results[0].rows == {"tickets": 2, "ticket_labels": 2, "source_counts": 1}
        assert (results[1].rows, results[1].removed) == ({}, {"ticket_labels": 1})
        assert server.requests[2].query["updated_since"] == ["2026-01-02T00:00:00Z"]
        with duckdb.connect(str(warehouse)) as connection:
            assert connection.execute("select label from raw_tickets.ticket_labels").fetchall() == [("b",)]
        extraction = Extraction(
            settings=settings.connections[0],
            http=connector.client(settings.connections[0]),
            state={},
            started_at=results[0].started_at,
            workspace=tmp_path,
            hash_email=EmailHasher(b"key"),
        )
        assert [finding.level for finding in connector.check(extraction)] == ["ok"]
