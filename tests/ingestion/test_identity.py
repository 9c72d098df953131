"""Keyed hashes of e-mail addresses."""

from __future__ import annotations

from pathlib import Path

from ingestion.identity import EmailHasher, email_hasher


def test_one_address_has_one_hash_however_it_is_written() -> None:
    hasher = EmailHasher(b"key")
    assert hasher(" Ann@Example.org ") == hasher("ann@example.org")
    assert hasher("ann@example.org") != hasher("bob@example.org")


def test_the_hash_tells_nothing_without_the_key() -> None:
    assert EmailHasher(b"one")("ann@example.org") != EmailHasher(b"two")("ann@example.org")


def test_no_address_has_no_hash() -> None:
    hasher = EmailHasher(b"key")
    assert hasher(None) is None
    assert hasher("  ") is None


def test_the_key_of_the_environment_is_used_and_not_stored(tmp_path: Path) -> None:
    hasher = email_hasher(tmp_path / "hash.key", {"FLOWGAUGE_HASH_KEY": "key"})
    assert hasher("ann@example.org") == EmailHasher(b"key")("ann@example.org")
    assert not (tmp_path / "hash.key").exists()


def test_without_one_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = email_hasher(tmp_path / "home" / "hash.key", {})
    second = email_hasher(tmp_path / "home" / "hash.key", {})
    assert first("ann@example.org") == second("ann@example.org")
    assert (tmp_path / "home" / "hash.key").stat().st_mode & 0o777 == 0o600


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    one, two = (email_hasher(tmp_path / name / "hash.key", {}) for name in ("one", "two"))
    assert one("ann@example.org") != two("ann@example.org")
