"""Settings of one git connection: repositories by any git address or folder, and which tags are releases."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator, model_validator

from ingestion.connector import Extraction
from ingestion.git_history.places import GitAddress, Place
from ingestion.http import HttpClient, bearer
from ingestion.settings import ConnectionSettings, beside_settings

EXAMPLE = """\
- name: acme-git
  connector: git
  repositories:
    - name: acme/checkout
      url: ssh://git@git.acme.example/checkout.git
    - name: acme/tools
      path: /srv/git/tools.git
      default_branch: trunk
      releases: "v*"
"""

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_NOWHERE = "http://localhost"


class GitRepository(GitAddress):
    """One repository; its name is its identity, as a connection's is."""

    name: Annotated[Text, Field(description="What the repository is called here, as owner/name.")]
    default_branch: Annotated[Text, Field(description="Branch that releases come from.")] = "main"
    releases: Annotated[Text, Field(description="Tags that are releases, as a pattern such as v*.")] = "*"

    @field_validator("path")
    @classmethod
    def _lies_beside_the_settings(cls, path: str | None, info: ValidationInfo) -> str | None:
        return path and str(beside_settings(path, info))


class GitSettings(ConnectionSettings):
    """Repositories that are read by git alone."""

    base_url: Annotated[
        str, Field(description="Scheme and host that may see the token; needed with a token only.")
    ] = ""
    token: Annotated[
        SecretStr | None, Field(description="Token for https addresses of that host, as ${VARIABLE}.")
    ] = None
    repositories: Annotated[tuple[GitRepository, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_consistent(self) -> GitSettings:
        if self.token and not self.base_url:
            raise ValueError("a token needs base_url; name the scheme and host that may see it")
        names = [one.name for one in self.repositories]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two repositories are called {twice[0]}; give each a name of its own")
        return self


def client(settings: GitSettings) -> HttpClient:
    """Asks nothing: git does. It knows the token, so that it is kept out of all that is said."""
    auth = bearer(settings.token) if settings.token else None
    return HttpClient(settings.base_url or _NOWHERE, auth)


def place_of(extraction: Extraction, repository: GitRepository) -> Place:
    """Where a repository is read from; clones lie in the workspace, and only `base_url` sees the token."""
    settings: GitSettings = extraction.settings
    if repository.path is not None:
        return Place.local(repository.path)
    clone = extraction.workspace.resolve() / settings.name / f"{quote(repository.name, safe='')}.git"
    parts = urlsplit(settings.base_url)
    origin = f"{parts.scheme}://{parts.netloc}" if settings.token else ""
    return Place.clone(clone, repository.url or "", settings.token, origin)
