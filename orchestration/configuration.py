"""Where the settings file is, and the lines that help whoever has none."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

CONFIG_VARIABLE = "FLOWGAUGE_CONFIG"
DEFAULT_CONFIG = "flowgauge.yaml"

HOW_TO_GET_SETTINGS = """\
There is no {path}: it says which systems to load.
Write one: `flowgauge init` makes a commented example, README.md explains the keys.
Or name an existing one: {variable}=/path/to/flowgauge.yaml flowgauge run"""

EXAMPLE = """\
# Settings of Flowgauge. Secrets come from the environment only: write ${{NAME}}, never the secret itself.
# All keys are explained in README.md; `flowgauge doctor` checks this file and its tokens.

# Days and weeks in reports are those of this zone.
reporting_timezone: UTC

# What to load. A connection's name is its identity: to rename one, give its old name as previous_name.
connections:
{connections}

# What no API can tell. All of it is optional.
#
# teams:
#   - name: checkout
#     members: [alice, bob]
#     repositories: [acme/checkout]
#     time_zone: Europe/Berlin
#     working_days: [monday, tuesday, wednesday, thursday, friday]
#     working_hours: ["09:00", "17:00"]
#     holidays: [2026-12-25]
# services:
#   - name: checkout
#     repository: acme/checkout
#     paths: [services/checkout/]
#     production_environments: [production]
#     team: checkout
#     required_approvals: 1
#     required_checks: [test]
# trackers:
#   - project: CHEC
#     statuses: {{idea: [Idea], ready: [Ready], started: [In Progress], done: [Done], rejected: [Rejected]}}
# features:
#   - {{name: quick-pay, flag: quick-pay, key_event: paid_quickly, times: 2, within_days: 28}}
# identities: [[alice, alice-private]]
# bots: [some-bot-that-calls-itself-a-user]
# targets: {{review_sla_hours: 8}}
"""


def settings_path() -> Path:
    """The file that `FLOWGAUGE_CONFIG` names, else `flowgauge.yaml` in the working directory."""
    return Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG)


def how_to_get_settings(path: Path) -> str:
    """Three lines for somebody who has no settings yet."""
    return HOW_TO_GET_SETTINGS.format(path=path, variable=CONFIG_VARIABLE)


class ExampleError(Exception):
    """The example cannot be written; says why."""


def write_example() -> Path:
    """Write a commented settings file where one is looked for, with the example of every connector.

    Raises:
        ExampleError: there is a file already, or none can be written there.
    """
    from ingestion.connector import connectors

    path = settings_path()
    examples = "\n".join(
        textwrap.indent(connector.example.strip("\n"), "  ")
        for connector in connectors().values()
        if connector.example
    )
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(EXAMPLE.format(connections=examples))
    except FileExistsError:
        raise ExampleError(f"{path} is there already: edit it, or remove it first") from None
    except OSError as error:
        why = f"{path} cannot be written ({error.strerror})"
        raise ExampleError(f"{why}: name another file by {CONFIG_VARIABLE}") from None
    return path
