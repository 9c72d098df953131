"""Answers held against a published OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


def read_description(path: Path) -> Any:
    """The description, in JSON Schema's own words."""
    return _with_nulls(json.loads(path.read_text(encoding="utf-8")))


def _with_nulls(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema's own words."""
    if isinstance(node, list):
        return [_with_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {
        key: _with_nulls(value)
        for key, value in node.items()
        if key not in {"nullable", "example", "examples"}
    }
    if node.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain


def problems(
    description: Any, path: str, content: Any, status: str = "200", method: str = "get"
) -> Iterator[str]:
    """What is wrong with the content of an answer, by the description of its path."""
    registry = Registry().with_resource("urn:api", Resource(description, DRAFT202012))
    response = description["paths"][path][method]["responses"][status]
    pointer = f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}/responses/{status}"
    if "$ref" in response:
        pointer = response["$ref"]
    reference = {"$ref": f"urn:api{pointer}/content/application~1json/schema"}
    for error in Draft202012Validator(reference, registry=registry).iter_errors(content):
        yield f"{error.json_path}: {error.message[:200]}"
