"""Keys of tickets in the words of changes: which are meant, which only look so, which are mentioned."""

from __future__ import annotations

import pytest

from ingestion.connectors.github.references import references
from ingestion.ticket_keys import keys_named


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("CHEC-12 Mend the cart", "", ["CHEC-12"]),
        ("[CHEC-12][PAY2-3]: mend", "", ["CHEC-12", "PAY2-3"]),
        ("Mend chec-12, XCHEC-, A-1, CHEC-0 and CVE-2024-123", "", []),
        ("Mend the cart", "CHEC-12\n", ["CHEC-12"]),
        (
            "Mend the cart",
            "Some words.\n\nRefs: CHEC-12, CHEC-13\nSigned-off-by: Ada",
            ["CHEC-12", "CHEC-13"],
        ),
        ("Mend the cart", "[CHEC-12]", ["CHEC-12"]),
        ("Mend the cart", "It closes CHEC-12 for good", ["CHEC-12"]),
        ("Mend the cart", "see https://acme.atlassian.net/browse/CHEC-12?a=b", ["CHEC-12"]),
        ("Mend the cart", "This came up in CHEC-12, which stays open", []),
    ],
)
def test_keys_that_are_meant(subject: str, text: str, expected: list[str]) -> None:
    assert keys_named(subject, text) == expected


def test_a_change_keeps_keys_and_no_words() -> None:
    messages = ["CHEC-12 again", "Tidy up\n\nIssue: PAY-7", "Mention of PAY-8 in passing\n\nas PAY-9 says"]
    found = references("acme/checkout", "CHEC-12 Mend the cart, fixes #3", "Reverts #2\nPAY-5", messages)
    assert found.title_marker == (
        "Revert #2, fixes #3, names CHEC-12, names PAY-5, commits name PAY-7, commits name PAY-8"
    )
