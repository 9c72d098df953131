"""Rules about what stands in the warehouse: types, new fields, second loads, what the source deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingestion.conformance.bench import Bench
from ingestion.conformance.lists import (
    NEW_FIELD,
    Item,
    Trouble,
    at,
    filled_items,
    find_list,
    is_graphql,
    payload_of,
    with_items,
)
from ingestion.conformance.paging import lasting, own
from ingestion.conformance.rule import Rule, differences, failed, has_http
from ingestion.conformance.store import Key
from ingestion.conformance.surface import Answer, Request, Surface
from ingestion.connector import ConnectorError
from ingestion.fields import note

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
    widened, lists = bench.history.widened, dict[str, set[str]]()
    yield from failed(widened)
    for exchange in widened.exchanges:
        if not is_graphql(exchange.request):
            note(lists, exchange.request.path, payload_of(exchange.response))
    for name, fields in lists.items():
        if not widened.error and NEW_FIELD in fields and NEW_FIELD not in widened.new_fields.get(name, ()):
            yield f"a new field of {name} was not seen: ask with extraction.http, which reports it"


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
    """A full refresh removes what is gone at the source, except where the table outlives it."""
    if not any(_gone(bench, table) for table in own(bench)):
        yield "the example shows no deletion: let its pruned state lack a row"
    store = bench.store()
    yield from failed(store.walk("later"))
    yield from failed(store.walk("pruned"))
    yield from failed(store.walk("pruned", is_full_refresh=True))
    for table in lasting(bench):
        standing = [key for key in _gone(bench, table) if key in store.rows[table]]
        if standing:
            yield f"{table}: {len(standing)} rows that are gone at the source stand after a full refresh"


def takes_expiry_for_no_deletion(bench: Bench) -> Iterator[str]:
    """What the vendor forgets stays in tables that outlive it, whatever the walk."""
    store = bench.store()
    yield from failed(store.walk("later"))
    for kind, is_full_refresh in (("a walk", False), ("a full refresh", True)):
        yield from failed(store.walk("pruned", is_full_refresh=is_full_refresh))
        for table in bench.connector.tables:
            lost = [key for key in _gone(bench, table.name) if key not in store.rows[table.name]]
            if table.outlives_source and lost:
                yield f"{table.name}: {kind} removed {len(lost)} rows that the vendor only forgot"


def declares_its_columns(bench: Bench) -> Iterator[str]:
    """Every table stands with every column although nothing came, or was always null."""
    yield from failed(bench.history.empty)
    for table in bench.connector.all_tables:
        missing = {column.name for column in table.columns} - bench.history.columns.get(table.name, set())
        if missing:
            yield f"{table.name}: without rows it lacks {', '.join(sorted(missing))}"
    walked = bench.store().walk(trouble=filled_items)
    if isinstance(walked.error, ConnectorError):
        yield f"where fields that are null in the example have a value, {walked.error}"


def _gone(bench: Bench, table: str) -> list[Key]:
    """Rows of the later state that the pruned one lacks."""
    return [key for key in bench.fresh("later")[table] if key not in bench.fresh("pruned")[table]]


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
        "What is gone at the source goes with a full refresh at the latest.",
        deletes_by_its_policy,
    ),
    Rule(
        "takes_expiry_for_no_deletion",
        "What the vendor forgets after a while stays.",
        takes_expiry_for_no_deletion,
        lambda connector: any(table.outlives_source for table in connector.tables),
    ),
    Rule(
        "declares_its_columns",
        "Every table stands with all its columns, even where nothing has ever filled them.",
        declares_its_columns,
    ),
)
