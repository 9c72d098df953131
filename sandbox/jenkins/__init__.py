"""Jenkins' surface over the history: the same runs as builds, the same deployments as builds of deploy jobs.

`app` dispatches, `view` is the history as of now, `tree` is Jenkins' way of asking for fields.
"""

from typing import Any

from sandbox.jenkins.app import USER, Jenkins
from sandbox.jenkins.view import deployment_job
from sandbox.organisation import Organisation
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "Jenkins"]


def _connection(organisation: Organisation, url: str, _now: int) -> dict[str, Any]:
    deployments = {
        deployment_job(each): {"service": each.service, "environment": each.environment}
        for repository in organisation.history.repositories
        for each in repository.deployments
    }
    return {
        "name": f"{organisation.company}-jenkins",
        "connector": "jenkins",
        "base_url": url,
        "user": USER,
        "token": TOKEN_REFERENCE,
        "deployments": [{"job": f"deploy/{job}", **what} for job, what in sorted(deployments.items())],
    }


VENDOR = Vendor(
    "jenkins", Jenkins.of, _connection, takes_over={"github": {"without": ["actions", "deployments"]}}
)
