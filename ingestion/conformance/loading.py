"""Rules about what stands in the warehouse: types, new fields, second loads, what the source deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ingestion.conformance.bench import Bench
from ingestion.conformance.lists import (
    NEW_FIELD,
    Item,
    Trouble,
    at,
    emptied_lists,
    find_list,
    payload_of,
    with_items,
)
from ingestion.conformance.paging import lasting, own
from ingestion.conformance.rule import Rule, differences, failed, has_http
from ingestion.conformance.store import Key
from ingestion.conformance.surface import Answer, Request, Surface
from ingestion.connector import Table

_WRONG_TYPE = {"drifted": True}


def rejects_rows_whose_types_drifted(bench: Bench) -> Iterator[str]:
    """A row with a value of a wrong type stands in rejected_rows with the rule; all others load."""
    if not bench.example.drift:
        yield "the example names no field whose type could drift: give it drift={table: field}"
    for table, name in bench.example.drift.items():
        store = bench.store()
        walked = store.walk(trouble=_drifting(name.split(".")))
        yield from (f"with {name} of a wrong type, {problem}" for problem in failed(walked))
        rows = store.rows
        if not walked.error and table not in {name for name, _ in store.rejected}:
            yield f"{table}: with {name} of a wrong type, no row is rejected"
        for other in own(bench):
            lost = len(bench.fresh("first")[other]) - len(rows[other])
            if not walked.error and lost > len([1 for name, _ in store.rejected if name == other]):
                yield f"{other}: with {name} of a wrong type, rows are lost that are not in rejected_rows"


def reports_new_fields(bench: Bench) -> Iterator[str]:
    """A field that the vendor's objects did not have before is reported, and no error."""
    widened = bench.history.widened
    yield from failed(widened)
    lists = [each for each in bench.exchanges() if not each.request.path.endswith("/graphql")]
    has_lists = any(find_list(payload_of(each.response)) is not None for each in lists)
    if has_lists and not widened.error and NEW_FIELD not in str(widened.new_fields):
        yield "the client saw no new field: ask with extraction.http, so that it can"


def is_idempotent(bench: Bench) -> Iterator[str]:
    """Loading again what has not changed loads nothing, also as a full refresh; what has changed, once."""
    history = bench.history
    yield from failed(history.first)
    for kind, again in (("load", history.again), ("full refresh", history.refreshed)):
        yield from failed(again)
        for table, count in again.moved.items():
            yield f"{table}: a second {kind} of the same loads or removes {count} rows"
    yield from failed(history.later)
    yield from differences(bench.fresh("later"), history.rows, lasting(bench))


def deletes_by_its_policy(bench: Bench) -> Iterator[str]:
    """What is gone at the source goes as the table declares: with its parent, by a full refresh, or never."""
    later, pruned = bench.fresh("later"), bench.fresh("pruned")
    if not any(_gone(later[table], pruned[table]) for table in own(bench)):
        yield "the example shows no deletion: let its pruned state lack a row"
    store = bench.store()
    yield from failed(store.walk("later"))
    for kind, is_full_refresh in (("a walk", False), ("a full refresh", True)):
        yield from failed(store.walk("pruned", is_full_refresh=is_full_refresh))
        for table in bench.connector.tables:
            gone = _gone(later[table.name], pruned[table.name])
            standing = [key for key in gone if key in store.rows[table.name]]
            yield from _judged(table, gone, standing, kind, is_full_refresh=is_full_refresh)


def expiry_is_not_deletion(bench: Bench) -> Iterator[str]:
    """A walk in which lists come back empty deletes nothing that the vendor did not say is gone."""
    store = bench.store()
    yield from failed(store.walk("first"))
    store.walk("first", emptied_lists)
    for table in bench.connector.tables:
        lost = _gone(bench.fresh("first")[table.name], store.rows[table.name])
        if lost and not table.complete_within:
            yield f"{table.name}: {len(lost)} rows were removed because a list came back empty"


def declares_its_columns(bench: Bench) -> Iterator[str]:
    """Every table stands with every declared column although nothing came."""
    yield from failed(bench.history.empty)
    for table in bench.connector.all_tables:
        missing = {column.name for column in table.columns} - bench.history.columns.get(table.name, set())
        if missing:
            yield f"{table.name}: without rows it lacks {', '.join(sorted(missing))}"


def _judged(
    table: Table, gone: Sequence[Key], standing: Sequence[Key], kind: str, *, is_full_refresh: bool
) -> Iterator[str]:
    if table.outlives_source and len(standing) < len(gone):
        yield f"{table.name} outlives the source, but {kind} removed what the source forgot"
    if is_full_refresh and standing and not table.outlives_source:
        yield f"{table.name}: {len(standing)} rows that are gone at the source stand after {kind}"


def _gone(before: dict[Key, Any], after: dict[Key, Any]) -> list[Key]:
    return [key for key in before if key not in after]


def _drifting(path: Sequence[str]) -> Trouble:
    """The field is of a wrong type in the first object of a list that has it, and stays so."""

    def trouble(surface: Surface) -> Surface:
        drifted: list[Item] = []

        def answer(request: Request) -> Answer:
            response = surface(request)
            payload = payload_of(response)
            where = find_list(payload)
            if where is None:
                return response
            items: list[Item] = at(payload, where)
            for item in items:
                holder = at(item, path[:-1])
                if isinstance(holder, dict) and holder.get(path[-1]) is not None:
                    original = dict(item)
                    if not drifted:
                        drifted.append(original)
                    if original == drifted[0]:
                        holder[path[-1]] = _WRONG_TYPE
            return with_items(response, where, items)

        return answer

    return trouble


RULES = (
    Rule("is_idempotent", "Loading again what has not changed loads nothing.", is_idempotent),
    Rule(
        "rejects_rows_whose_types_drifted",
        "A row with a value of a wrong type stands in rejected_rows with the rule; the others load.",
        rejects_rows_whose_types_drifted,
        has_http,
    ),
    Rule(
        "reports_new_fields",
        "Fields that the vendor's objects did not have before are reported, and no error.",
        reports_new_fields,
        has_http,
    ),
    Rule(
        "deletes_by_its_policy",
        "What is gone at the source goes as its table declares, and stays where it outlives the source.",
        deletes_by_its_policy,
    ),
    Rule(
        "takes_expiry_for_no_deletion",
        "Lists that come back empty, because the vendor forgets, remove nothing.",
        expiry_is_not_deletion,
        has_http,
    ),
    Rule(
        "declares_its_columns",
        "Every table stands with all its columns, even where nothing ever fills them.",
        declares_its_columns,
    ),
)
