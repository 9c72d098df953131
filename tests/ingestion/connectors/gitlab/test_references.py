"""References in the words of a merge request."""

from __future__ import annotations

import pytest

from ingestion.connectors.gitlab.references import References, references

SHA = "1f2e3d4c" * 5


@pytest.mark.parametrize(
    ("title", "description", "messages", "expected"),
    [
        ("Add a cart", "Nothing to see", (), References(None, None, None)),
        (
            "Fix it",
            "Closes #3, #4 and acme/web#5",
            (),
            References("fixes #3, fixes #4, fixes acme/web#5", None, None),
        ),
        ("Implements #9", "", (), References("fixes #9", None, None)),
        (
            'Revert "Add a cart"',
            f"This reverts merge request !12\n\nThis reverts commit {SHA}",
            (),
            References("Revert !12", SHA, 12),
        ),
        (
            'Revert "Add a cart"',
            "",
            (f"Revert\n\nThis reverts commit {SHA}.",),
            References("Revert", SHA, None),
        ),
        ("Follow up", "reverts acme/shop!4", (), References("Revert !4", None, 4)),
        ("Follow up", "reverts acme/other!4", (), References(None, None, None)),
        ("Prefix #3", "Affixes #3", (), References(None, None, None)),
    ],
)
def test_references(title: str, description: str, messages: tuple[str, ...], expected: References) -> None:
    assert references("acme/shop", title, description, messages) == expected
