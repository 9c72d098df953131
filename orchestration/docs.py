"""What the dbt project says of itself, without a build: definitions of metrics, and dbt's docs as one page.

The project is only parsed: no warehouse is opened, so that runs and readers go on meanwhile. The page has all
that it shows in itself, and its policy keeps a browser from fetching or sending anything.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.home import HOME_VARIABLE, Home

if TYPE_CHECKING:
    from ingestion.settings import Settings
    from orchestration.models import Models

POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'unsafe-inline' 'unsafe-eval' data: blob:\">"
)
UNSET_ZONE = "`reporting_timezone` in flowgauge.yaml"


def definitions(settings: Settings | None, home: Home) -> list[dict[str, Any]]:
    """The definition of each metric by the settings in force, without them by their defaults."""
    from ingestion.settings import Targets

    targets = settings.targets if settings else Targets()
    zone = settings.reporting_timezone if settings else UNSET_ZONE
    with _models(settings, home) as models:
        return models.metrics(targets.model_dump(), zone)


def nothing_published(home: Home) -> str:
    """Why there are no figures, and how to get some; a demo that was run is found by its home."""
    demos = sorted(manifest.parents[1] for manifest in home.path.glob("demo/*/published/manifest.json"))
    found = [f"`{HOME_VARIABLE}={demo} flowgauge metric` for the demo's" for demo in demos]
    remedies = " or ".join(["`flowgauge run` first", *found])
    return f"no figures: nothing is published in {home.path}; {remedies}"


def write_docs(settings: Settings | None, home: Home) -> Path:
    """Write dbt's docs into the home and return the page.

    Raises:
        OSError: the home cannot be written.
    """
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    with _models(settings, home) as models:
        manifest = models.manifest
    content = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8").replace("<head>", f"<head>{POLICY}", 1)
    for name, part in (("MANIFEST", manifest), ("CATALOG", catalog(manifest))):
        # a closing tag within a text would end the script that holds it
        told = json.dumps(part, default=str).replace("</", "<\\/")
        content = content.replace(f'"{name}.JSON INLINE DATA"', told)
    page = home.path / "docs" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    new = page.with_suffix(".new")
    new.write_text(content, encoding="utf-8")
    return new.replace(page)


def catalog(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Types of the columns, which dbt's docs look for in a catalog, as the contracts of the models say."""
    return {"nodes": {}, "sources": {}, "errors": None} | {
        "nodes": {
            unique_id: {
                "unique_id": unique_id,
                "metadata": {
                    "type": "table",
                    "schema": node["schema"],
                    "name": node["name"],
                    "database": node["database"],
                    "comment": None,
                    "owner": None,
                },
                "columns": {
                    name: {"name": name, "type": column["data_type"], "index": index, "comment": None}
                    for index, (name, column) in enumerate(node["columns"].items(), 1)
                },
                "stats": {},
            }
            for unique_id, node in manifest["nodes"].items()
            if node["resource_type"] == "model"
        }
    }


@contextmanager
def _models(settings: Settings | None, home: Home) -> Iterator[Models]:
    """The parsed project, with the connectors in use, or with all where no settings say which.

    Whatever dbt leaves behind is removed; what it has parsed is kept as by a run, whose warehouse's name this
    has, too.
    """
    from ingestion.connector import connectors, connectors_of
    from orchestration.keys import RawTables
    from orchestration.models import Models, provided_by
    from transform.runner import DbtProject

    used = connectors_of(settings.connections) if settings else connectors()
    with tempfile.TemporaryDirectory() as folder:
        warehouse, target = Path(folder, home.warehouse.name), Path(folder, "target")
        yield Models(DbtProject(warehouse, target, provided_by(used.values())), RawTables({}))
