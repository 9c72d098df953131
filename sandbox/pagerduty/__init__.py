"""PagerDuty's surface over the history's incidents: REST with its windows, offsets, limits and errors.

`app` decides who may ask and how often, `rest` answers, `payloads` says in PagerDuty's words what happened.
"""

from typing import Any

from sandbox.organisation import Organisation
from sandbox.pagerduty.app import PagerDuty
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "PagerDuty"]


def _connection(organisation: Organisation, url: str, _now: int) -> dict[str, Any]:
    return {
        "name": f"{organisation.company}-pagerduty",
        "connector": "pagerduty",
        "base_url": url,
        "token": TOKEN_REFERENCE,
    }


VENDOR = Vendor("pagerduty", PagerDuty.of, _connection)
