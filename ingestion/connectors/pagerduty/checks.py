"""What `flowgauge doctor` asks of a connection: reading only, and what each refusal costs."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.connector import Extraction, Finding
from ingestion.connectors.pagerduty.settings import PagerDutySettings
from ingestion.http import AccessDeniedError, AuthenticationError, HttpError

_FEW_REQUESTS = 60
_PARTS = {
    "incidents": ("incidents.read", "no incidents"),
    "log_entries": ("incidents.read", "no history of incidents: no times to acknowledge and resolve"),
    "services": ("services.read", "no services"),
    "users": ("users.read", "nobody is known by an address"),
}


def check(extraction: Extraction) -> Iterator[Finding]:
    """Findings on the key, what it may read, the services named, and the budget."""
    try:
        for part, (scope, loss) in _PARTS.items():
            yield _part(extraction, part, scope, loss)
        yield from _services(extraction)
    except AuthenticationError as error:
        yield Finding("error", "PagerDuty does not accept the key", str(error))
        return
    except HttpError as error:
        yield Finding("error", f"PagerDuty cannot be read: {error}", "check base_url; the EU has its own")
        return
    yield from _budget(extraction)


def _part(extraction: Extraction, part: str, scope: str, loss: str) -> Finding:
    try:
        extraction.http.get_json(f"/{part}", {"limit": 1, "time_zone": "UTC"})
    except AccessDeniedError:
        return Finding("error", f"{part} cannot be read: {loss}", f"give the token {scope}")
    return Finding("ok", f"{part} can be read")


def _services(extraction: Extraction) -> Iterator[Finding]:
    settings: PagerDutySettings = extraction.settings
    for identity in settings.service_ids:
        try:
            extraction.http.get_json(f"/services/{identity}")
        except HttpError as error:
            if error.status not in {403, 404}:
                raise
            yield Finding(
                "error", f"there is no service {identity}", "take its id from the service's address"
            )


def _budget(extraction: Extraction) -> Iterator[Finding]:
    left = extraction.http.rate_limit_left.get("rest")
    if left is None:
        return
    message = f"{left:,} requests left this minute"
    if left < _FEW_REQUESTS:
        yield Finding("warning", message, "a run waits for the next minute; let others use keys of their own")
    else:
        yield Finding("ok", message)
