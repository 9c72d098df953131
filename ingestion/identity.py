"""Keyed hashes of e-mail addresses, so that people can be matched but never read.

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
from pathlib import Path

ENVIRONMENT_KEY = "FLOWGAUGE_HASH_KEY"
_KEY_BYTES = 32
_SHOWN_CHARACTERS = 32


class EmailHasher:
    """Hashes addresses with one key; calling it with None or an empty address gives None."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, address: str | None) -> str | None:
        """128 bits (hex) of HMAC-SHA-256 over the trimmed, case-folded address."""
        folded = (address or "").strip().casefold()
        if not folded:
            return None
        return hmac.new(self._key, folded.encode(), hashlib.sha256).hexdigest()[:_SHOWN_CHARACTERS]


def email_hasher(key_file: Path, environment: Mapping[str, str] = os.environ) -> EmailHasher:
    """The hasher of an installation, by the environment's key or the file's, which is made where it lacks."""
    given = environment.get(ENVIRONMENT_KEY)
    return EmailHasher(given.encode() if given else _stored_key(key_file))


def _stored_key(key_file: Path) -> bytes:
    key_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return key_file.read_bytes()
    key = secrets.token_hex(_KEY_BYTES).encode()
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
    return key
