"""Settings of one Jenkins controller, and the client they ask for.

`base_url` is where Jenkins itself lies, with its path prefix if it has one; an API token belongs to its user.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fnmatch import fnmatch
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ingestion.http import HttpClient, basic
from ingestion.settings import ConnectionSettings

EXAMPLE = """\
- name: acme-jenkins
  connector: jenkins
  base_url: https://jenkins.acme.example
  user: flowgauge
  token: ${JENKINS_TOKEN}
  jobs: [acme/*]
  deployments:
    - {job: deploy/checkout, service: checkout, environment: production}
"""


class DeploymentJob(BaseModel):
    """A job whose builds deploy a service to an environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job: Annotated[str, Field(description="Full name of the job, or a pattern of names.")]
    service: Annotated[str | None, Field(description="What it deploys, as under services.")] = None
    environment: Annotated[str, Field(description="Where it deploys to.")] = "production"
    repository: Annotated[
        str | None, Field(description="Repository (owner/name) of the commits, if the job checks none out.")
    ] = None
    sha_parameter: Annotated[
        str | None, Field(description="Build parameter that names the commit, if the job checks none out.")
    ] = None


class JenkinsSettings(ConnectionSettings):
    """One Jenkins controller, seen with one user's API token."""

    user: Annotated[str, Field(description="User that the API token belongs to.")]
    token: Annotated[SecretStr, Field(description="API token of the user, no password, as ${VARIABLE}.")]
    jobs: Annotated[
        tuple[str, ...],
        Field(description="Only jobs whose full name (folder/job/branch) matches one of these patterns."),
    ] = ("*",)
    exclude: Annotated[
        tuple[str, ...], Field(description="No jobs whose full name matches one of these patterns.")
    ] = ()
    stages: Annotated[
        bool, Field(description="Stages of pipelines, by one request for each new build of one.")
    ] = True
    libraries: Annotated[
        tuple[str, ...],
        Field(description="Repositories (owner/name, or patterns) that builds only use: shared libraries."),
    ] = ()
    deployments: Annotated[
        tuple[DeploymentJob, ...], Field(description="Jobs that deploy; the first that matches counts.")
    ] = ()

    def selects(self, job: str) -> bool:
        """Whether a job of that full name is to be read."""
        return matches(job, self.jobs) and not matches(job, self.exclude)

    def deployment_of(self, job: str) -> DeploymentJob | None:
        """What the job deploys, None where it does not."""
        return next((each for each in self.deployments if fnmatch(job, each.job)), None)


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name matches one of the patterns."""
    return any(fnmatch(name, pattern) for pattern in patterns)


def client(settings: JenkinsSettings, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The connection's HTTP client; Jenkins tells no limits."""
    return HttpClient(settings.base_url, basic(settings.user, settings.token), sleep=sleep)
