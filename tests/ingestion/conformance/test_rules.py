"""Each rule of the conformance suite finds the connector that breaks it, and only that one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
from support.tickets import LABELS, TICKETS, VISITS, Payload, Walk, tickets_connector, tickets_example

from ingestion.conformance import RULES
from ingestion.conformance.bench import Bench
from ingestion.conformance.rule import Rule
from ingestion.conformance.suite import judge
from ingestion.connector import Column, Connector, Extraction, Page
from ingestion.http import HttpClient, HttpError, RetryPolicy, bearer

BY_NAME = {rule.name: rule for rule in RULES}
LOADED = {"is_idempotent", "reports_new_fields", "declares_its_columns"}
"""Rules that load through dlt, which costs a second: the other rules' connectors are spared them."""
MAPPED = {"maps_to_the_canonical_contract", "stages_every_table", "touches_only_its_own_folders"}
"""Rules about files, which the connector of these tests has none of; see test_tree.py."""


class ReadsFourPages(Walk):
    def pages(self, extraction: Extraction, path: str, params: Payload, at: str) -> Iterator[Any]:
        yield from islice(super().pages(extraction, path, params, at), 4)


class ForgetsTotals(Walk):
    def count(self, extraction: Extraction, project: str, params: Payload, total: int) -> None:
        pass


class StopsAtTheRowBefore(Walk):
    """Takes a page that begins with the row it read last for one that it has read."""

    def pages(self, extraction: Extraction, path: str, params: Payload, at: str) -> Iterator[Any]:
        last = None
        for page in super().pages(extraction, path, params, at):
            if page and page[0]["id"] == last:
                return
            last = page[-1]["id"] if page else None
            yield page


class StopsAtKnownRows(Walk):
    """Takes a page that begins with a row of the page before for the end of what is new."""

    def pages(self, extraction: Extraction, path: str, params: Payload, at: str) -> Iterator[Any]:
        known: list[str] = []
        for page in super().pages(extraction, path, params, at):
            if page and page[0]["id"] in known[:-1]:
                return
            known = [each["id"] for each in page]
            yield page


class StopsAtAShortPage(Walk):
    def pages(self, extraction: Extraction, path: str, params: Payload, at: str) -> Iterator[Any]:
        size = None
        for page in super().pages(extraction, path, params, at):
            yield page
            size = size or len(page)
            if len(page) < size:
                return


class NeedsRowsOnFurtherPages(Walk):
    def pages(self, extraction: Extraction, path: str, params: Payload, at: str) -> Iterator[Any]:
        for number, page in enumerate(super().pages(extraction, path, params, at)):
            if number:
                extraction.log(f"read on to {page[-1]['id']}")
            yield page


class TrustsTheLastRow(Walk):
    """Goes on from the newest row that it saw, to the second."""

    def parameters(self, _extraction: Extraction, project: str, cursor: str | None) -> Payload:
        return {"project": project, "per_page": "100", **({"updated_since": cursor} if cursor else {})}


class SkipsWhatFails(Walk):
    """Says what failed and goes on; its cursor is the clock's."""

    def pages(self, extraction: Extraction, path: str, params: Payload, at: str) -> Iterator[Any]:
        try:
            yield from super().pages(extraction, path, params, at)
        except HttpError:
            extraction.log(f"{path} could not be read")

    def move(self, cursors: dict[str, str], project: str, _page: list[Payload]) -> None:
        cursors[project] = "2026-02-01T06:00:00Z"


class KeepsItsPlace(Walk):
    """Writes down how far it came when it is interrupted."""

    def __call__(self, extraction: Extraction) -> Iterator[Page]:
        file = extraction.workspace / "place.json"
        if file.exists():
            extraction.state.update(json.loads(file.read_text()))
        try:
            yield from super().__call__(extraction)
        except GeneratorExit:
            place = {"updated_since": dict.fromkeys(extraction.settings.projects, "2026-02-01T06:00:00Z")}
            file.write_text(json.dumps(place))
            raise


class CountsWhatIsNew(Walk):
    """Takes the total of what changed for the total of all."""

    def count(self, extraction: Extraction, project: str, _params: Payload, total: int) -> None:
        extraction.expect_count("tickets", project, total)


class Converts(Walk):
    def ticket(self, extraction: Extraction, payload: Payload, project: str) -> Payload:
        return {**super().ticket(extraction, payload, project), "estimate": int(payload["estimate"])}


class AsksByItself(Walk):
    """Asks for visits with a client of its own, of which the kit sees nothing."""

    def pages(self, extraction: Extraction, path: str, params: Payload, at: str) -> Iterator[Any]:
        settings = extraction.settings
        own = HttpClient(settings.base_url, bearer(settings.token), sleep=lambda _seconds: None)
        yield from (own if at == "visits" else extraction.http).pages(path, params, select=at)


class RemembersTickets(Walk):
    """Yields what it ever saw, from a file beside the warehouse."""

    def tickets(self, extraction: Extraction, project: str) -> Iterator[Page]:
        file = extraction.workspace / f"{project}.json"
        seen: dict[str, Payload] = json.loads(file.read_text()) if file.exists() else {}
        for page in super().tickets(extraction, project):
            if page.table == "tickets":
                seen.update((str(row["id"]), dict(row)) for row in page.rows)
            yield page
        yield Page("tickets", list(seen.values()))
        file.write_text(json.dumps(seen))


class CompletesVisitors(Walk):
    """Takes the visits that the vendor still knows for all that a visitor ever made."""

    def visits(self, extraction: Extraction) -> Iterator[Page]:
        pages = self.pages(extraction, "/visits", {"per_page": "100"}, "visits")
        found = [each for page in pages for each in page]
        names = ("id", "visitor", "seconds")
        yield Page("visits", [{name: each[name] for name in names} for each in found])


class YieldsWhatItGets(Walk):
    def ticket(self, extraction: Extraction, payload: Payload, project: str) -> Payload:
        more = {"closed_by_name": payload["closed_by"]} if payload["closed_by"] else {}
        return {**super().ticket(extraction, payload, project), **more}


class FollowsLinks(Walk):
    """Asks for further pages of visits with requests itself, following whatever link there is."""

    def __call__(self, extraction: Extraction) -> Iterator[Page]:
        yield from self.linked_visits(extraction)
        for project in extraction.settings.projects:
            yield from self.tickets(extraction, project)

    def linked_visits(self, extraction: Extraction) -> Iterator[Page]:
        reply = extraction.http.fetch("/visits", {"per_page": "100"})
        visits, link = reply.data["visits"], reply.headers.get("Link")
        while True:
            yield Page("visits", [{name: each[name] for name in ("id", "seconds")} for each in visits])
            if not link:
                return
            headers = {"Authorization": f"Bearer {extraction.settings.token.get_secret_value()}"}
            answer = requests.get(link[1 : link.index(">")], headers=headers, timeout=5)
            answer.raise_for_status()
            visits, link = answer.json()["visits"], answer.headers.get("Link")


class SaysItsToken(Walk):
    def __call__(self, extraction: Extraction) -> Iterator[Page]:
        extraction.log(f"asking with {extraction.settings.token.get_secret_value()}")
        yield from super().__call__(extraction)


class KeepsTitles(Walk):
    def ticket(self, extraction: Extraction, payload: Payload, project: str) -> Payload:
        return {**super().ticket(extraction, payload, project), "title": payload["title"]}


class KeepsAddresses(Walk):
    def ticket(self, extraction: Extraction, payload: Payload, project: str) -> Payload:
        return {**super().ticket(extraction, payload, project), "reporter_email_hash": payload["email"]}


def impatient(settings: Any) -> HttpClient:
    """A client that takes the first refusal for an answer."""
    return HttpClient(settings.base_url, bearer(settings.token), retry=RetryPolicy(attempts=1))


TITLED = replace(TICKETS, columns=(*TICKETS.columns, Column("title", "text", "Title.")))
VISITORS = replace(
    VISITS,
    columns=(*VISITS.columns, Column("visitor", "text", "Who came.")),
    complete_within=("visitor",),
)
BAD: dict[str, Callable[[], Connector]] = {
    "pages_completely": lambda: tickets_connector(ReadsFourPages()),
    "stops_at_no_silent_cap": lambda: tickets_connector(ForgetsTotals()),
    "survives_a_page_that_shifts": lambda: tickets_connector(StopsAtTheRowBefore()),
    "survives_duplicates_across_pages": lambda: tickets_connector(StopsAtKnownRows()),
    "survives_a_short_page": lambda: tickets_connector(StopsAtAShortPage()),
    "survives_an_empty_last_page": lambda: tickets_connector(NeedsRowsOnFurtherPages()),
    "reads_what_changes": lambda: tickets_connector(TrustsTheLastRow()),
    "moves_cursor_only_after_full_walk": lambda: tickets_connector(SkipsWhatFails()),
    "resumes_after_a_crash": lambda: tickets_connector(KeepsItsPlace()),
    "is_idempotent": lambda: tickets_connector(CountsWhatIsNew()),
    "rejects_rows_whose_types_drifted": lambda: tickets_connector(Converts()),
    "reports_new_fields": lambda: tickets_connector(AsksByItself()),
    "deletes_by_its_policy": lambda: tickets_connector(RemembersTickets()),
    "takes_expiry_for_no_deletion": lambda: tickets_connector(
        CompletesVisitors(), tables=(TICKETS, LABELS, VISITORS)
    ),
    "declares_its_columns": lambda: tickets_connector(YieldsWhatItGets()),
    "honours_every_rate_limit": lambda: tickets_connector(client=impatient),
    "sends_credentials_to_no_other_host": lambda: tickets_connector(FollowsLinks()),
    "tells_no_secret": lambda: tickets_connector(SaysItsToken()),
    "keeps_no_prose": lambda: tickets_connector(KeepsTitles(), tables=(TITLED, LABELS, VISITS)),
    "hashes_addresses": lambda: tickets_connector(KeepsAddresses()),
}


def test_a_good_connector_keeps_every_rule(tmp_path: Path) -> None:
    with Bench(tickets_example(), tmp_path) as bench:
        assert {rule.name: judge(rule, bench).problems for rule in rules()} == {
            rule.name: () for rule in rules()
        }


@pytest.mark.parametrize("name", BAD)
def test_a_bad_connector_breaks_its_rule_and_no_other(name: str, tmp_path: Path) -> None:
    with Bench(tickets_example(BAD[name]()), tmp_path) as bench:
        examined = [rule for rule in rules() if rule.name == name or rule.name not in LOADED]
        broken = [rule.name for rule in examined if judge(rule, bench).problems]
    assert broken == [name]


def test_every_rule_has_a_bad_connector() -> None:
    assert BAD.keys() | MAPPED == BY_NAME.keys()


def rules() -> list[Rule]:
    return [rule for rule in RULES if rule.name not in MAPPED]
