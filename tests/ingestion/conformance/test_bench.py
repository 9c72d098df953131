"""What the suite makes of connectors without an API, and of examples that show too little or fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.tickets import FIRST, Walk, surface, tickets_connector, tickets_example

from ingestion.conformance import RULES, Example, ExampleError, Listing, Request, Response, load_example
from ingestion.conformance.bench import Bench
from ingestion.conformance.example import State
from ingestion.conformance.suite import examine
from ingestion.connector import Column, Connector, Extraction, Finding, Page, Table
from ingestion.settings import BaseConnectionSettings

FILED = Table(
    name="filed",
    description="One row per file.",
    key=("name",),
    columns=(Column("name", "text", "Name."), Column("size", "bigint", "Size.")),
)
UNMAPPED = {"maps_to_the_canonical_contract", "stages_every_table"}
"""Rules about files that a connector of these tests has none of."""


class FolderSettings(BaseConnectionSettings):
    """A folder on this machine."""

    path: Path


def read_folder(extraction: Extraction) -> Iterator[Page]:
    for path in sorted(extraction.settings.path.glob("*.json")):
        yield Page("filed", [{"name": path.stem, **json.loads(path.read_text())}])


def folder_connector() -> Connector:
    return Connector(
        name="folder",
        title="Folder",
        settings=FolderSettings,
        tables=(FILED,),
        provides={},
        extract=read_folder,
        check=lambda _extraction: iter([Finding("ok", "fine")]),
    )


def fill(state: State, folder: Path) -> None:
    sizes = {"first": {"a": 1, "b": 2}, "later": {"a": 9, "b": 2, "c": 3}, "pruned": {"a": 9, "c": 3}}
    for name, size in sizes[state].items():
        (folder / f"{name}.json").write_text(json.dumps({"size": size}))


def broken(example: Example, folder: Path) -> dict[str, tuple[str, ...]]:
    verdicts = list(examine(example, folder))
    return {v.rule.name: v.problems for v in verdicts if v.problems and v.rule.name not in UNMAPPED}


def test_a_connector_without_an_api_is_examined_by_the_rules_that_are_its_matter(tmp_path: Path) -> None:
    connector = folder_connector()
    example = Example(connector, {"path": "{folder}"}, rows={"filed": 2}, prepare=fill)
    assert broken(example, tmp_path) == {}
    applied = {rule.name for rule in RULES if rule.applies(connector)} - UNMAPPED
    assert applied == {
        "reads_what_changes",
        "resumes_after_a_crash",
        "is_idempotent",
        "deletes_by_its_policy",
        "declares_its_columns",
        "touches_only_its_own_folders",
    }


def test_an_example_that_shows_too_little_is_no_proof(tmp_path: Path) -> None:
    example = replace(tickets_example(), surface=lambda _state: surface("first"), drift={})
    found = broken(example, tmp_path)
    assert found["reads_what_changes"][0].startswith("the example shows no change")
    assert found["deletes_by_its_policy"] == (
        "the example shows no deletion: let its pruned state lack a row",
    )
    assert found["rejects_rows_whose_types_drifted"][0].startswith("the example names no field")


def test_an_example_that_cannot_answer_is_told_apart_from_the_connector(tmp_path: Path) -> None:
    def failing(_state: State) -> Any:
        def answer(request: Request) -> Response:
            raise KeyError(request.path)

        return answer

    found = broken(replace(tickets_example(), surface=failing), tmp_path)
    assert found["pages_completely"] == ("the example itself failed: KeyError: '/tickets'",)


def test_a_walk_in_a_circle_comes_to_an_end(tmp_path: Path) -> None:
    class Circling(Walk):
        def visits(self, extraction: Extraction) -> Iterator[Page]:
            while True:
                extraction.http.get_json("/me")

    with Bench(tickets_example(tickets_connector(Circling())), tmp_path) as bench:
        walked = bench.store().walk()
    assert "leads in a circle" in str(walked.error)


def test_a_connector_without_an_example_is_told_so() -> None:
    with pytest.raises(ExampleError, match=r"tests/ingestion/connectors/nobody/example\.py is missing"):
        load_example("nobody")


@pytest.mark.parametrize(
    ("listing", "asked", "told"),
    [
        (Listing(FIRST), {"per_page": "2", "page": "2"}, ("t3", "t4")),
        (Listing(FIRST, paging="url"), {"per_page": "2"}, ("t1", "t2")),
        (Listing(FIRST, paging="token"), {"per_page": "2", "page": "2"}, ("t3", "t4")),
        (Listing(FIRST, paging="number"), {"per_page": "2", "page": "2"}, ("t3", "t4")),
        (Listing(FIRST, paging="offset"), {"per_page": "2", "page": "1"}, ("t2", "t3")),
    ],
    ids=lambda value: value.paging if isinstance(value, Listing) else None,
)
def test_listings_page_as_vendors_do(listing: Listing, asked: dict[str, str], told: tuple[str, ...]) -> None:
    listing = replace(listing, at="rows")
    request = Request("GET", "/tickets", asked, {}, origin="http://vendor")
    answer = listing.answer(request)
    content = json.loads(answer.body)
    assert tuple(row["id"] for row in content["rows"]) == told
    following = {
        "link": answer.headers.get("Link"),
        "url": content.get("next"),
        "token": content.get("next"),
        "number": content.get("next"),
        "offset": content.get("next"),
    }[listing.paging]
    assert (
        following
        == {
            "link": '<http://vendor/tickets?per_page=2&page=3>; rel="next"',
            "url": "http://vendor/tickets?per_page=2&page=2",
            "token": "4",
            "number": True,
            "offset": True,
        }[listing.paging]
    )
