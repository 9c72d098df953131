"""Keeps secrets out of every text that leaves the process: messages, logs, exceptions, the warehouse.

URLs lose their credentials and every query value that is not plainly a number or a date, since vendors sign
download links with parameters of any name. Known secrets are replaced wherever they occur, in the encodings
in which a server could echo them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlsplit

MASK = "***"
_HARMLESS_VALUE = re.compile(r"[\d\-:.TZ+ ]{0,64}")
_SHORTEST_SECRET = 4


def redact_url(url: str) -> str:
    """The URL without credentials, fragment and telling query values; still shows where a request went."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    values = parse_qsl(parts.query, keep_blank_values=True)
    shown = [f"{name}={value if _HARMLESS_VALUE.fullmatch(value) else MASK}" for name, value in values]
    query = "&".join(shown)
    return f"{parts.scheme}://{host}{port}{parts.path}" + (f"?{query}" if query else "")


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret masked: as it is, percent-encoded, and base64-encoded."""
    known = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    for secret in sorted(known, key=len, reverse=True):
        for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()):
            text = text.replace(form, MASK)
    return text
