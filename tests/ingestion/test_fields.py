"""Fields of the vendor's objects: which are known, which are new."""

from __future__ import annotations

from ingestion.fields import merged, new_fields, note


def test_fields_are_noted_by_list() -> None:
    seen: dict[str, set[str]] = {}
    note(seen, "http://vendor/projects/12/tickets?page=1", {"tickets": [{"id": 1}, {"size": 2}], "total": 2})
    note(seen, "http://vendor/projects/13/labels", [{"name": "a"}])
    note(seen, "http://vendor/me", {"name": "ann"})
    assert seen == {"tickets.tickets": {"id", "size"}, "labels": {"name"}}


def test_only_lists_that_were_seen_before_can_have_new_fields() -> None:
    known = {"tickets": ["id"]}
    seen = {"tickets": {"id", "size"}, "labels": {"name"}}
    assert new_fields(known, seen) == {"tickets": ["size"]}
    assert merged(known, seen) == {"tickets": ["id", "size"], "labels": ["name"]}
    assert new_fields(merged(known, seen), seen) == {}
