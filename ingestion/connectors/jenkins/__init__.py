"""Jenkins: builds of all kinds of jobs, stages of pipelines, test counts, and the jobs that deploy.

This is the declaration; `source.py` walks, `rows.py` reads answers, `tables.py` says what comes out.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.jenkins.checks import check
from ingestion.connectors.jenkins.settings import EXAMPLE, JenkinsSettings, client
from ingestion.connectors.jenkins.source import extract
from ingestion.connectors.jenkins.tables import TABLES

CONNECTOR = Connector(
    name="jenkins",
    title="Jenkins",
    settings=JenkinsSettings,
    tables=TABLES,
    provides={
        "repositories": {},
        "ci_runs": {},
        "ci_jobs": {},
        "test_reports": {},
        "deployments": {},
        "deployment_events": {
            # Told by the Metrics plugin, as the time in the queue before the start.
            "created": "derived",
            "started": "exact",
            "succeeded": "exact",
            "failed": "exact",
            "cancelled": "exact",
        },
    },
    grains={"repositories": "repositories", "ci_runs": "builds", "ci_jobs": "stages"},
    client=client,
    cursor="the newest build number of each job, and the builds that still ran",
    extract=extract,
    check=check,
    example=EXAMPLE,
)
