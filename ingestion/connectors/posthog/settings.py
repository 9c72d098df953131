"""Settings of one PostHog project, and the client they ask for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator

from ingestion.http import HttpClient, bearer
from ingestion.settings import ConnectionSettings, beside_settings

EXAMPLE = """\
- name: acme-posthog
  connector: posthog
  base_url: https://eu.posthog.com
  token: ${POSTHOG_TOKEN}
  project: "4711"
  export_folder: /data/posthog-export
  events: [checkout_completed, report_shared]
"""

CustomerId = Annotated[str, StringConstraints(pattern=r"^[$A-Za-z0-9_.-]+$")]


class PostHogSettings(ConnectionSettings):
    """One project, seen with one personal API key, and the folder that its batch export of events fills."""

    base_url: Annotated[str, Field(description="Where the project lives; an address of your own.")] = (
        "https://us.posthog.com"
    )
    token: Annotated[
        SecretStr,
        Field(
            description="Personal API key as ${VARIABLE}, with the scopes feature_flag:read and "
            "activity_log:read."
        ),
    ]
    project: Annotated[str, Field(description="The project's id.", coerce_numbers_to_str=True)]
    export_folder: Annotated[
        str | None,
        Field(
            description="Local folder or file:// URL with the batch export of events as Parquet, laid out as "
            "in its bucket; give the export a maximum file size, for only then it writes manifests. Without "
            "a folder no events are read."
        ),
    ] = None
    events: Annotated[
        tuple[str, ...],
        Field(description="Names of the events to load: the key events of features, and no more."),
    ] = ()
    customer: Annotated[
        CustomerId,
        Field(
            description="What is a customer: person_id, distinct_id, or an event property such as $group_0. "
            "Only its keyed hash is loaded."
        ),
    ] = "person_id"

    @field_validator("export_folder")
    @classmethod
    def _is_local(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"", "file"} or parts.netloc:
            raise ValueError(
                "export_folder must be a local folder or a file:// URL; mount or sync the bucket"
            )
        return value if parts.scheme else str(beside_settings(value, info))

    @property
    def export_path(self) -> Path | None:
        """The folder that holds what the bucket holds."""
        if not self.export_folder:
            return None
        parts = urlsplit(self.export_folder)
        return Path(unquote(parts.path) if parts.scheme == "file" else self.export_folder)


def client(settings: PostHogSettings, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The connection's HTTP client; PostHog tells its limits by `Retry-After` alone."""
    return HttpClient(settings.base_url, bearer(settings.token), sleep=sleep)
