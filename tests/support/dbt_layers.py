"""The rules of the dbt layers, each a function from dbt's manifest to what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

Manifest = Mapping[str, Any]
Node = Mapping[str, Any]
Rule = Callable[[Manifest], Iterator[str]]

ORGANISATION = "flowgauge"
CONTRACTED = frozenset({"canonical", "marts", "metrics"})
MART_PREFIXES = ("dim_", "fct_", "bridge_")


def models(manifest: Manifest) -> list[Node]:
    """All enabled models of the project."""
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def layer(node: Node) -> str:
    """Top folder below models: staging, intermediate, canonical, marts; seeds are a layer of their own."""
    return "seeds" if node["resource_type"] == "seed" else PurePosixPath(node["path"]).parts[0]


def folder(node: Node) -> str:
    """Folder below the layer: a connector's name, or that of a part; empty for models of the layer itself."""
    parts = PurePosixPath(node["path"]).parts
    return parts[1] if len(parts) > 2 else ""


def _connectors(manifest: Manifest) -> set[str]:
    return {folder(node) for node in models(manifest) if layer(node) == "staging"} - {ORGANISATION}


def _parents(manifest: Manifest, node: Node) -> Iterator[Node]:
    for unique_id in node["depends_on"]["nodes"]:
        yield manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]


def _edges(manifest: Manifest) -> Iterator[tuple[Node, Node]]:
    for node in models(manifest):
        for parent in _parents(manifest, node):
            yield node, parent


def only_staging_reads_sources(manifest: Manifest) -> Iterator[str]:
    """And a staging model reads its own source alone: one, and nothing else."""
    for node, parent in _edges(manifest):
        is_source = parent["resource_type"] == "source"
        if is_source and layer(node) != "staging":
            yield f"{node['name']} reads source {parent['name']}"
        if layer(node) == "staging" and not (is_source and parent["source_name"] == folder(node)):
            yield f"{node['name']} reads {parent['name']}, which is not of its own source"


def connectors_are_united_in_canonical_only(manifest: Manifest) -> Iterator[str]:
    """A canonical relation reads `int_<connector>__<its own name>`; nobody else reads a connector."""
    known = _connectors(manifest)
    for node, parent in _edges(manifest):
        is_of_connector = layer(parent) in {"staging", "intermediate"} and folder(parent) in known
        if layer(node) == "canonical":
            if parent["name"] != f"int_{folder(parent)}__{node['name']}" or not is_of_connector:
                yield f"{node['name']} reads {parent['name']}"
        elif is_of_connector and folder(node) != folder(parent):
            yield f"{node['name']} reads {parent['name']} of connector {folder(parent)}"


def connectors_read_no_later_layer(manifest: Manifest) -> Iterator[str]:
    """A connector's intermediate models read its staging, the organisation's, seeds and each other."""
    known = _connectors(manifest)
    for node, parent in _edges(manifest):
        if layer(node) == "intermediate" and folder(node) in known:
            is_own = folder(parent) == folder(node)
            is_organisation = layer(parent) == "staging" and folder(parent) == ORGANISATION
            if not (is_own or is_organisation or layer(parent) == "seeds"):
                yield f"{node['name']} reads {parent['name']}"


def marts_never_read_staging(manifest: Manifest) -> Iterator[str]:
    """They read canonical relations, intermediate models, seeds and each other."""
    for node, parent in _edges(manifest):
        if layer(node) in {"marts", "metrics"} and layer(parent) == "staging":
            yield f"{node['name']} reads {parent['name']}"


def names_say_layer_and_place(manifest: Manifest) -> Iterator[str]:
    """stg_<source>__…, int_<part>__…, and dim_, fct_ or bridge_ for marts."""
    for node in models(manifest):
        name = node["name"]
        prefixes = {
            "staging": (f"stg_{folder(node)}__",),
            "intermediate": (f"int_{folder(node)}__",),
            "marts": MART_PREFIXES,
        }.get(layer(node), ("",))
        if not name.startswith(prefixes):
            yield f"{name} in {node['path']}"


def descriptions_open_with_the_grain(manifest: Manifest) -> Iterator[str]:
    """It begins with "One row per …", or "One row: …" where there is one."""
    for node in models(manifest):
        if not node["description"].startswith(("One row per ", "One row: ")):
            yield f"{node['name']}: {node['description'][:40]!r}"


def columns_are_described(manifest: Manifest) -> Iterator[str]:
    """Each model lists its columns, each with a description."""
    for node in models(manifest):
        if not node["columns"]:
            yield f"{node['name']} lists no columns"
        for column in node["columns"].values():
            if not column["description"].strip():
                yield f"{node['name']}.{column['name']}"


def contracts_are_enforced(manifest: Manifest) -> Iterator[str]:
    """Canonical relations and marts are contracts, with a type for each column."""
    for node in models(manifest):
        if layer(node) in CONTRACTED:
            if not node["config"]["contract"]["enforced"]:
                yield f"{node['name']} has no enforced contract"
            for column in node["columns"].values():
                if not column["data_type"]:
                    yield f"{node['name']}.{column['name']} has no type"


RULES: tuple[Rule, ...] = (
    only_staging_reads_sources,
    connectors_are_united_in_canonical_only,
    connectors_read_no_later_layer,
    marts_never_read_staging,
    names_say_layer_and_place,
    descriptions_open_with_the_grain,
    columns_are_described,
    contracts_are_enforced,
)
