"""Keyed hashes of e-mail addresses and of people's accounts, so that both can be matched but never read.

The key is `FLOWGAUGE_HASH_KEY`, else a random one in the file `hash.key` beside the warehouse, made on first
use and readable by its owner only. It is never in the warehouse or in what is published: whoever has only
those cannot test guessed addresses. A lost key makes new hashes, so back it up with the home.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

KEY_FILE = "hash.key"
ENVIRONMENT_KEY = "FLOWGAUGE_HASH_KEY"
_KEY_BYTES = 32
_SHOWN_CHARACTERS = 32
_BLOCK_BYTES = 64


class EmailHasher:
    """Hashes addresses with one key; calling it with None or an empty address gives None."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, address: str | None) -> str | None:
        """128 bits (hex) of HMAC-SHA-256 over the trimmed, case-folded address."""
        folded = (address or "").strip().casefold()
        if not folded:
            return None
        return self.hash_id(folded)

    def key_of(self, *parts: str) -> str:
        """128 bits (hex) of HMAC-SHA-256 over parts whose bounds stay apart; people's keys are such."""
        return self.hash_id("|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts))

    def hash_id(self, identity: str) -> str:
        """128 bits (hex) of HMAC-SHA-256 over an id as it stands, such as a customer's."""
        return hmac.new(self._key, identity.encode(), hashlib.sha256).hexdigest()[:_SHOWN_CHARACTERS]

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """HMAC's inner and outer pad, with which SQL makes the same hashes: H(outer, H(inner, id))."""
        key = self._key if len(self._key) <= _BLOCK_BYTES else hashlib.sha256(self._key).digest()
        block = key.ljust(_BLOCK_BYTES, b"\0")
        return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def email_hasher(key_file: Path, environment: Mapping[str, str] = os.environ) -> EmailHasher:
    """The hasher of an installation, by the environment's key or the file's, which is made where it lacks."""
    given = environment.get(ENVIRONMENT_KEY)
    return EmailHasher(given.encode() if given else _stored_key(key_file))


def _stored_key(key_file: Path) -> bytes:
    """The file appears with its whole content or not at all, so that no killed run leaves an empty key."""
    if not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True)
        draft = key_file.with_name(f"{key_file.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_hex(_KEY_BYTES).encode())
        with suppress(FileExistsError):
            key_file.hardlink_to(draft)
        draft.unlink()
    return key_file.read_bytes()
