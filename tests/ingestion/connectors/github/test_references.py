"""Revert and closing references, as people and GitHub write them."""

from __future__ import annotations

import pytest

from ingestion.connectors.github.references import references

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("title", "body", "marker", "number"),
    [
        ('Revert "Add a thing"', "Reverts acme/checkout#12", "Revert #12", 12),
        ('Revert "Add a thing (#12)"', "", "Revert #12", 12),
        ('Revert "Add a thing (#12)" (#15)', "Reverts #12", "Revert #12", 12),
        ('Revert "Add a thing"', "", "Revert", None),
        ('Revert "Add a thing"', "Reverts acme/other#12", "Revert", None),
        (
            "Fix the cart, closes #3",
            "Fixes: acme/search#4 and resolved #5",
            "fixes #3, fixes #5, fixes acme/search#4",
            None,
        ),
        ("Fixes #3", "fixed #3", "fixes #3", None),
        ("Prefixes #3", "See #4, closing in on #5", None, None),
        ("Add a thing (#12)", "It reverts nothing", None, None),
        ("Reverted words", "", None, None),
    ],
)
def test_references_of_title_and_body(title: str, body: str, marker: str | None, number: int | None) -> None:
    found = references("acme/checkout", title, body)
    assert (found.title_marker, found.reverts_number) == (marker, number)


def test_the_reverted_commit_may_stand_in_any_message() -> None:
    message = f'Revert "x"\n\nThis reverts commit {SHA}.'
    assert references("acme/checkout", "x", "", ["other", message]).reverts_sha == SHA
    assert references("acme/checkout", "x", f"This reverts commit {SHA}").reverts_sha == SHA
    assert references("acme/checkout", "x", "This reverts commit 0123").reverts_sha is None
