"""What follows from the canonical contract (transform/models/canonical/*.yml), and is committed beside it.

The files connector takes any canonical entity: its contract is the table `ingestion/canonical_contract.csv`
(ingestion knows nothing of transform), and its dbt models are one line for each entity. A test holds them
equal to the contract; `python tests/support/canonical_contract.py` writes them anew.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "transform" / "models"
CONTRACT = ROOT / "ingestion" / "canonical_contract.csv"
DELIVERED_BY_THE_KIT = "rejected_rows"
FILLED_BY_THE_KIT = ("connection", "connector", "extracted_at")
TYPES = {
    "string": "text",
    "bigint": "bigint",
    "boolean": "bool",
    "timestamp": "timestamp",
    "double": "double",
    "date": "date",
}

Model = Mapping[str, Any]


def wanted() -> dict[Path, str]:
    """Every file that follows from the contract, with its content."""
    models = [model for model in _models() if model["name"] != DELIVERED_BY_THE_KIT]
    staging, intermediate = MODELS / "staging" / "files", MODELS / "intermediate" / "files"
    files = {
        CONTRACT: _table(models),
        staging / "_files__sources.yml": _sources(models),
        staging / "_stg_files__entities.yml": _properties("stg", models, _staged),
        intermediate / "_int_files__entities.yml": _properties("int", models, _mapped),
    }
    for name in (model["name"] for model in models):
        files[staging / f"stg_files__{name}.sql"] = f"{{{{ stage_files('{name}') }}}}\n"
        files[intermediate / f"int_files__{name}.sql"] = f"{{{{ map_files('{name}') }}}}\n"
    return files


def _models() -> Iterator[Model]:
    for path in sorted((MODELS / "canonical").glob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))["models"]


def _table(models: Sequence[Model]) -> str:
    """One line per entity (without a column), and per column that a connector delivers."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("entity", "column", "data_type", "is_required", "values", "description"))
    for model in models:
        lines.writerow((model["name"], "", "", "", "", model["description"]))
        for column in model["columns"]:
            if column["name"] not in FILLED_BY_THE_KIT:
                lines.writerow((model["name"], *_column(column)))
    return text.getvalue()


def _column(column: Model) -> tuple[str, ...]:
    tests: list[Any] = column.get("data_tests", [])
    accepted = [test["accepted_values"] for test in tests if "accepted_values" in test]
    values = [str(value) for each in accepted for value in each["arguments"]["values"]]
    is_required = {"type": "not_null"} in column.get("constraints", []) or column["name"] == "source_id"
    # What is no plain type is a list of texts, which travels as JSON.
    data_type = TYPES.get(column["data_type"], "json")
    return (
        column["name"],
        data_type,
        str(is_required).lower(),
        "|".join(values),
        column["description"],
    )


def _sources(models: Sequence[Model]) -> str:
    tables = [(model["name"], model["description"]) for model in models]
    tables.append(
        (DELIVERED_BY_THE_KIT, "One row per row that broke its declaration, and rule that it broke.")
    )
    lines = [
        "sources:",
        "  - name: files",
        "    description: What the files connector delivers; every column is described in its declaration.",
        "    schema: raw_files",
        "    tables:",
        *(f"      - {{name: {name}, description: {json.dumps(text)}}}" for name, text in tables),
    ]
    return "\n".join(lines) + "\n"


def _staged(model: Model) -> list[Model]:
    """Columns of the staging model: where the row stands, then what the contract asks for."""
    columns = [column for column in model["columns"] if column["name"] not in FILLED_BY_THE_KIT]
    connection, extracted_at = (_named(model, name) for name in ("connection", "extracted_at"))
    file_id = {"name": "file_id", "data_type": "string", "description": "File that the row stands in."}
    dated_at = {
        "name": "dated_at",
        "data_type": "timestamp",
        "description": "Date of the row, where the settings name a column for it.",
    }
    return [connection, file_id, *columns, dated_at, extracted_at]


def _mapped(model: Model) -> list[Model]:
    return list(model["columns"])


def _named(model: Model, name: str) -> Model:
    return next(column for column in model["columns"] if column["name"] == name)


def _properties(prefix: str, models: Sequence[Model], columns_of: Any) -> str:
    lines = ["models:"]
    for model in models:
        lines += [
            f"  - name: {prefix}_files__{model['name']}",
            f"    description: {json.dumps(model['description'])}",
            "    columns:",
        ]
        for column in columns_of(model):
            given = {key: column[key] for key in ("name", "data_type", "description")}
            lines.append(f"      - {json.dumps(given, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the files that differ, and remove models of entities that are gone."""
    files = wanted()
    for path in {*_present(), *files}:
        if path not in files:
            path.unlink()
        elif not path.exists() or path.read_text(encoding="utf-8") != files[path]:
            path.write_text(files[path], encoding="utf-8")


def _present() -> set[Path]:
    """Models that were written from the contract, as they stand."""
    own = {f"stg_files__{DELIVERED_BY_THE_KIT}.sql", f"int_files__{DELIVERED_BY_THE_KIT}.sql"}
    folders = (MODELS / "staging" / "files", MODELS / "intermediate" / "files")
    return {path for folder in folders for path in folder.glob("*.sql") if path.name not in own}


def stale() -> list[str]:
    """What a test wants to be empty: files that are not what follows from the contract."""
    files = wanted()
    differing = {
        path
        for path, content in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    }
    return sorted(str(path.relative_to(ROOT)) for path in differing | (_present() - files.keys()))


if __name__ == "__main__":
    main()
