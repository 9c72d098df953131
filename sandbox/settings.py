"""The flowgauge.yaml with which the company would describe itself: connections, teams, services, bots."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from sandbox.organisation import Organisation
from sandbox.vendor import Vendor


def settings_of(
    organisation: Organisation, vendors: Sequence[Vendor], urls: Mapping[str, str], now: int
) -> str:
    """Return the settings that read these vendors' surfaces; tokens come from the environment."""
    content: dict[str, Any] = {
        "reporting_timezone": "Europe/Berlin",
        "connections": [
            {
                **vendor.connection(organisation, urls[vendor.name], now),
                **{
                    key: value
                    for other in vendors
                    for key, value in other.takes_over.get(vendor.name, {}).items()
                },
            }
            for vendor in vendors
        ],
        "teams": [
            {
                "name": team.name,
                "members": [account.login for person in team.developers for account in person.accounts],
                "repositories": [repository.name_at(now) for repository in team.repositories],
                "time_zone": team.zone,
                "holidays": [day.isoformat() for day in team.days_off],
            }
            for team in organisation.teams
        ],
        "services": [
            {
                "name": service.name,
                "repository": service.repository.name_at(now),
                "paths": [f"{service.folder}/"],
                "production_environments": [service.production],
                "team": service.team.name,
                **(
                    {}
                    if service.repository.are_rules_visible
                    else {
                        "required_approvals": service.repository.required_approvals,
                        "required_checks": list(service.repository.required_checks),
                        "branch": "main",
                    }
                ),
            }
            for service in organisation.services
        ],
        "bots": [organisation.release_bot.login],
        "targets": {"review_sla_hours": 8},
    }
    for vendor in vendors:
        content |= vendor.settings(organisation, now)
    return yaml.safe_dump(content, sort_keys=False, width=110)
