"""What is told of URLs and texts that hold secrets."""

from __future__ import annotations

import base64

import pytest

from ingestion.redaction import redact, redact_url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://ann:pw@host/a", "https://host/a"),
        (
            "https://host:8443/a?page=2&since=2026-01-01T00:00:00Z",
            "https://host:8443/a?page=2&since=2026-01-01T00:00:00Z",
        ),
        ("https://host/a?sig=abc%2Fdef&se=2026-01-01", "https://host/a?sig=***&se=2026-01-01"),
        ("https://host/a?access_token=x#fragment", "https://host/a?access_token=***"),
        ("https://host/a?cursor=", "https://host/a?cursor="),
    ],
)
def test_urls_tell_where_but_not_with_what(url: str, told: str) -> None:
    assert redact_url(url) == told


def test_secrets_are_masked_in_each_encoding() -> None:
    secret = "p@ss/word"
    encoded = base64.b64encode(secret.encode()).decode()
    assert redact(f"{secret} p%40ss%2Fword {encoded}", [secret]) == "*** *** ***"


def test_a_secret_within_another_is_masked_with_it() -> None:
    assert redact("abcdef abcd", ["abcd", "abcdef"]) == "*** ***"


def test_secrets_too_short_to_be_any_do_not_mask_words() -> None:
    assert redact("a fair text", ["a", ""]) == "a fair text"
