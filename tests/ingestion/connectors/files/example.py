"""A folder of exports in three states: one entity in two files, and another one in JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

from ingestion.conformance import Example, State
from ingestion.connectors.files import CONNECTOR

SURVEYS = "respondent,submitted,rating,comment\n"
FIRST = {
    "surveys/january.csv": SURVEYS + "a,2026-01-02T10:00:00Z,4,Fine words\nb,2026-01-03T10:00:00Z,5,\n",
    "incidents.jsonl": json.dumps({"id": 1, "title": "Fine words", "status": "triggered"}) + "\n",
}
LATER = {
    **FIRST,
    "surveys/february.csv": SURVEYS + "a,2026-02-01T10:00:00Z,3,\n",
    "incidents.jsonl": json.dumps({"id": 1, "title": "Fine words", "status": "resolved"}) + "\n",
}
PRUNED = {name: text for name, text in LATER.items() if name != "surveys/january.csv"}
FILES = [
    {
        "entity": "survey_responses",
        "path": "surveys/*.csv",
        "columns": {"score": "rating", "answered_at": "submitted"},
        "constants": {"kind": "csat"},
        "key": ["respondent", "submitted"],
    },
    {"entity": "incidents", "path": "incidents.jsonl", "columns": {"source_id": "id"}},
]


def prepare(state: State, folder: Path) -> None:
    """Write the files of a state."""
    for name, text in {"first": FIRST, "later": LATER, "pruned": PRUNED}[state].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={"folder": "{folder}", "files": FILES},
    rows={"survey_responses": 2, "incidents": 1},
    prepare=prepare,
)
