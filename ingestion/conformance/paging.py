"""Rules about lists that come in pages, and about what happens to them while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

from ingestion.conformance.bench import Bench
from ingestion.conformance.lists import Pages, Trouble, WalkedList, at, payload_of, repaged, with_items
from ingestion.conformance.rule import Rule, differences, failed, has_pages, unlike
from ingestion.conformance.surface import Answer, Request, Surface

_ENOUGH_PAGES = 3
_SWITCHES = 5
"""Moments at which the source is changed, the last one after the walk; more show nothing else."""


def pages_completely(bench: Bench) -> Iterator[str]:
    """One row a page, and all in one page, give the same rows: as many as the example says."""
    whole, narrow = bench.store(), bench.store()
    yield from failed(whole.walk(size=None))
    yield from failed(narrow.walk(size=1))
    for table, count in bench.example.rows.items():
        there = len(whole.rows[table])
        if there != count:
            yield f"{table}: the example has {count} rows, {there} were loaded"
    yield from differences(whole.rows, narrow.rows, own(bench))
    if not any(len(each.pages) >= _ENOUGH_PAGES - 1 for each in bench.rehearsal.paged):
        yield "the example shows no paging: one of its lists must have three rows, and ask for pages"


def stops_at_no_silent_cap(bench: Bench) -> Iterator[str]:
    """A vendor that ends a list early but tells a greater total is refused, or its total is kept."""
    capped = [each for each in bench.rehearsal.paged if _tells_total(each)]
    if not capped:
        return
    store = bench.store()
    walked = store.walk(trouble=_capped(bench))
    rows = {table: len(found) for table, found in store.rows.items()}
    if not walked.error and not any(count > rows[table] for table, count in walked.counts.items()):
        yield (
            "a list ended before its own total, and neither an error nor extraction.expect_count says so: "
            "the rest would be missed in silence"
        )


def survives(change: Callable[[Pages], Pages], bench: Bench) -> Iterator[str]:
    """A walk over lists whose pages are given in another way gives the same rows."""
    store = bench.store()
    walked = store.walk(trouble=repaged(bench.rehearsal, change))
    yield from unlike(walked, bench.fresh("first"), store.rows, own(bench))


def reads_what_changes(bench: Bench) -> Iterator[str]:
    """The source changes after the n-th request of a walk, or after it: the next walk makes up for that."""
    if bench.fresh("later") == bench.fresh("first"):
        yield "the example shows no change: let one row change and one be new in its later state"
    count = len(bench.exchanges())
    for after in sorted({count * part // _SWITCHES for part in range(1, _SWITCHES + 1)}):
        store = bench.store()
        yield from failed(store.walk(trouble=_switching(bench, after)))
        walked = store.walk("later")
        for problem in unlike(walked, bench.fresh("later"), store.rows, lasting(bench)):
            yield f"after a change at the source and another walk, {problem}"


def lasting(bench: Bench) -> list[str]:
    """Tables that stand as the source does; those that outlive it may know more than it."""
    return [table.name for table in bench.connector.tables if not table.outlives_source]


def own(bench: Bench) -> list[str]:
    """The connector's own tables."""
    return [table.name for table in bench.connector.tables]


def shifted(pages: Pages) -> Pages:
    """A new row at the head moves all others down: each page begins with the last row of the one before."""
    found = [pages[0]]
    for before, page in pairwise(pages):
        found.append([before[-1], *page[:-1]])
    return [*found[:-1], [*found[-1], pages[-1][-1]]]


def duplicated(pages: Pages) -> Pages:
    """Rows come twice, on neighbouring pages."""
    return [pages[0], *([*before, *page] for before, page in pairwise(pages))]


def shortened(pages: Pages) -> Pages:
    """The last page but one has fewer rows than were asked for; what it lacks comes with the last."""
    return [*pages[:-2], pages[-2][:-1], [pages[-2][-1], *pages[-1]]]


def emptied(pages: Pages) -> Pages:
    """The last page is empty."""
    return [*pages[:-2], [*pages[-2], *pages[-1]], []]


def _switching(bench: Bench, after: int) -> Trouble:
    later = bench.example.surface("later") if bench.example.surface else None

    def trouble(surface: Surface) -> Surface:
        asked = 0

        def answer(request: Request) -> Answer:
            nonlocal asked
            asked += 1
            return later(request) if later and asked > after else surface(request)

        return answer

    return trouble


def _capped(bench: Bench) -> Trouble:
    """Each list that tells a total ends with its first page."""

    def trouble(surface: Surface) -> Surface:
        def answer(request: Request) -> Answer:
            response, place = surface(request), bench.rehearsal.place(request)
            if place is None or not place[0].is_paged or not _tells_total(place[0]):
                return response
            walked, index = place
            return with_items(walked.answers[-1], walked.where, walked.pages[index])

        return answer

    return trouble


def _tells_total(walked: WalkedList) -> bool:
    total = sum(len(page) for page in walked.pages)
    payload = payload_of(walked.answers[0])
    beside = at(payload, walked.where[:-1]) if walked.where else {}
    told: Mapping[str, Any] = beside if isinstance(beside, dict) else {}
    return any(
        type(value) is int and value == total and ("total" in name.lower() or "count" in name.lower())
        for name, value in told.items()
    )


RULES = (
    Rule(
        "pages_completely",
        "Every page of every list is read, whatever its size.",
        pages_completely,
        has_pages,
    ),
    Rule(
        "stops_at_no_silent_cap",
        "A list that ends before its own total is an error, or the total is kept by expect_count.",
        stops_at_no_silent_cap,
        has_pages,
    ),
    Rule(
        "survives_a_page_that_shifts",
        "Rows that move to the next page while a list is read are not lost, and not doubled.",
        partial(survives, shifted),
        has_pages,
    ),
    Rule(
        "survives_duplicates_across_pages",
        "A row that comes on two pages stands once.",
        partial(survives, duplicated),
        has_pages,
    ),
    Rule(
        "survives_a_short_page",
        "A page with fewer rows than asked for is not taken for the last one.",
        partial(survives, shortened),
        has_pages,
    ),
    Rule(
        "survives_an_empty_last_page",
        "A last page without rows is no error.",
        partial(survives, emptied),
        has_pages,
    ),
    Rule(
        "reads_what_changes",
        "What changes at the source, also during a walk, is there after the next one.",
        reads_what_changes,
    ),
)
