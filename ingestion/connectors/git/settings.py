"""Settings of one git connection: repositories by any git address or folder, and which tags are releases."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator, model_validator

from ingestion.connector import Extraction
from ingestion.git_history.places import GitAddress, Place
from ingestion.settings import BaseConnectionSettings, beside_settings

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


class GitRepository(GitAddress):
    """One repository; its name is its identity, as a connection's is."""

    name: Annotated[Text, Field(description="What the repository is called here, as owner/name.")]
    default_branch: Annotated[Text, Field(description="Branch that releases come from.")] = "main"
    releases: Annotated[Text, Field(description="Tags that are releases, as a pattern such as v*.")] = "*"

    @field_validator("path")
    @classmethod
    def _lies_beside_the_settings(cls, path: str | None, info: ValidationInfo) -> str | None:
        return path and str(beside_settings(path, info))


class GitSettings(BaseConnectionSettings):
    """Repositories that are read by git alone."""

    token: Annotated[
        SecretStr | None, Field(description="Token for https addresses of `token_origin`, as ${VARIABLE}.")
    ] = None
    token_origin: Annotated[
        str | None,
        Field(description="Scheme and host that may see the token.", pattern=r"^https?://[^/@?#]+$"),
    ] = None
    repositories: Annotated[tuple[GitRepository, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_consistent(self) -> GitSettings:
        if (self.token is None) != (self.token_origin is None):
            raise ValueError("give token and token_origin together; the token is for that host only")
        names = [one.name for one in self.repositories]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two repositories are called {twice[0]}; give each a name of its own")
        return self


def place_of(extraction: Extraction, repository: GitRepository) -> Place:
    """Where a repository is read from; clones lie in the workspace, and only one host sees the token."""
    settings: GitSettings = extraction.settings
    if repository.path is not None:
        return Place.local(repository.path)
    clone = extraction.workspace.resolve() / settings.name / f"{quote(repository.name, safe='')}.git"
    return Place.clone(clone, repository.url or "", settings.token, settings.token_origin or "")
