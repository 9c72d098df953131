"""What `flowgauge doctor` asks of a connection: reading only, and what each refusal costs."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.connector import Extraction, Finding
from ingestion.connectors.posthog.exports import ExportError, intervals
from ingestion.connectors.posthog.settings import PostHogSettings
from ingestion.http import AccessDeniedError, AuthenticationError, HttpError

_PARTS = {
    "feature_flags/": ("feature_flag:read", "no flags: features have no exposure"),
    "feature_flags/activity/": ("activity_log:read", "no history of rollouts: no times of exposure"),
}


def check(extraction: Extraction) -> Iterator[Finding]:
    """Findings on the key, its scopes, and the export's folder."""
    settings: PostHogSettings = extraction.settings
    try:
        yield from _api(extraction, settings)
    except AuthenticationError as error:
        yield Finding("error", "PostHog does not accept the key", str(error))
    except HttpError as error:
        yield Finding("error", f"PostHog cannot be read: {error}", "check base_url and project")
    yield from _export(settings)


def _api(extraction: Extraction, settings: PostHogSettings) -> Iterator[Finding]:
    for path, (scope, loss) in _PARTS.items():
        try:
            extraction.http.get_json(f"/api/projects/{settings.project}/{path}", {"limit": 1})
        except AccessDeniedError:
            yield Finding("error", f"the key may not read {path}: {loss}", f"give it the scope {scope}")
        else:
            yield Finding("ok", f"the key may read {path.rstrip('/')}")


def _export(settings: PostHogSettings) -> Iterator[Finding]:
    folder = settings.export_path
    if folder is None:
        yield Finding(
            "warning", "no export_folder: no events, no adoption", "set up a batch export as Parquet"
        )
        return
    try:
        found = intervals(folder)
    except ExportError as error:
        yield Finding("error", str(error), "copy the batch export into export_folder as it is in its bucket")
        return
    if found:
        yield Finding("ok", f"{len(found):,} intervals of events, up to {found[-1].ended_at:%Y-%m-%d %H:%M}")
    else:
        yield Finding(
            "warning",
            f"no manifest below {folder}: no events are read",
            "give the batch export a maximum file size, so that it writes manifests",
        )
    if not settings.events:
        yield Finding("warning", "no events are named: no adoption", "list the features' key events")
