"""The homes that end-to-end tests read: whole runs, each made once for all tests and workers.

One company is read twice, as GitHub with Jira and as GitLab, in a home each: the tickets that its titles name
are known once in each. What else has to be run from end to end is read beside it, for a run costs more by its
being one than by what it reads: recordings of real systems, where they are at hand, and a company that builds
with Jenkins. They share no name, no person and no ticket key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from support.command import environment_of, flowgauge
from support.companies import Company, Served, served
from support.readme import checkout, commands, tried
from support.replay import Replay, published_schema, replay_folder, running_replay
from support.shared import made_once

from sandbox.organisation import COMPANY
from sandbox.scenario import Size
from sandbox.vendor import STACKS, TOKEN, TOKEN_VARIABLE

# Four teams of three: the least in which all policies of repositories occur.
SIZE, WEEKS = Size(teams=4, developers_per_team=3), 8
STATES = "states.json"
SHOWN = "shown.json"
State = dict[str, Any]
JENKINS = Company("orbit", "balanced", 2, STACKS["jenkins"], size=Size(teams=2, developers_per_team=3))


def _recorded_github(replay: Replay) -> dict[str, Any]:
    return {
        "connections": [
            {
                "name": "recorded-github",
                "connector": "github",
                "base_url": replay.github_url,
                "token": "${REPLAY_TOKEN}",
                "repositories": ["panjf2000/ants"],
                "clone": False,
                "issues": True,
            },
        ],
        "bots": ["golangcibot"],
    }


def _recorded_gitlab(replay: Replay) -> dict[str, Any]:
    return {
        "connections": [
            {
                "name": "recorded-gitlab",
                "connector": "gitlab",
                "base_url": replay.gitlab_url,
                "token": "${REPLAY_TOKEN}",
                "projects": ["gitlab-data/snowflake_spend", "merico/pip_test"],
                "clone": False,
            },
            {
                "name": "recorded-jira",
                "connector": "jira",
                "base_url": replay.jira_url,
                "token": "${REPLAY_TOKEN}",
                "email": "reader@example.invalid",
                "projects": ["EE", "K5"],
                "time_zone": "UTC",
                "without": ["boards"],
            },
            {
                "name": "recorded-jenkins",
                "connector": "jenkins",
                "base_url": replay.jenkins_url,
                "user": "ann",
                "token": "${REPLAY_TOKEN}",
            },
        ]
    }


@dataclass(frozen=True)
class Home:
    """What one run reads.

    Attributes:
        companies: the simulated ones.
        recorded: settings that read the recordings, if it reads any.
        is_schema_needed: whether GitHub's published schema is needed to serve those.
        is_by_readme: whether the README's commands are run, in a checkout, and not one run alone.
        weeks: for how long the companies are simulated.
    """

    name: str
    companies: Sequence[Company]
    recorded: Callable[[Replay], dict[str, Any]] | None = None
    is_schema_needed: bool = False
    is_by_readme: bool = False
    weeks: int = WEEKS

    def built(self, factory: pytest.TempPathFactory) -> Path:
        """FLOWGAUGE_HOME after the run."""
        return self._folder(factory) / ".flowgauge"

    def shown(self, factory: pytest.TempPathFactory) -> dict[str, Served]:
        """Its companies, by name."""
        told = json.loads((self._folder(factory) / SHOWN).read_text(encoding="utf-8"))
        return {
            name: Served(tuple(names), Path(truth), until) for name, (names, truth, until) in told.items()
        }

    def states(self, factory: pytest.TempPathFactory) -> dict[str, State]:
        """What the home held after each of the README's commands, in their order."""
        content: dict[str, State] = json.loads((self._folder(factory) / STATES).read_text(encoding="utf-8"))
        return content

    def _folder(self, factory: pytest.TempPathFactory) -> Path:
        return made_once(factory, f"home-{self.name}", self._run)

    def recordings(self) -> Path:
        """Folder of the recordings that it reads; skips or fails where they are not at hand."""
        if self.is_schema_needed:
            published_schema()
        return replay_folder()

    def _run(self, folder: Path) -> None:
        path = folder / "flowgauge.yaml"
        with (
            served(self.companies, folder / "companies", size=SIZE, weeks=self.weeks, settings=path) as shown,
            ExitStack() as stack,
        ):
            tokens = {TOKEN_VARIABLE: TOKEN, **self._add_recordings(stack, path)}
            as_of = ("--as-of", next(iter(shown.values())).shown_until)
            if self.is_by_readme:
                _run_by_readme(folder, path, as_of, tokens)
            else:
                done = flowgauge("run", *as_of, cwd=folder, environment=tokens, seconds=900)
                assert done.returncode == 0, done.stdout + done.stderr
        (folder / SHOWN).write_text(json.dumps(shown, default=str), encoding="utf-8")

    def _add_recordings(self, stack: ExitStack, path: Path) -> dict[str, str]:
        """Serve the recordings, where they are at hand, and let the settings read them; gives their token."""
        if self.recorded is None:
            return {}
        try:
            recordings = self.recordings()
        except pytest.skip.Exception:
            return {}
        schema = published_schema() if self.is_schema_needed else None
        replay = stack.enter_context(running_replay(recordings, schema))
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key, more in self.recorded(replay).items():
            settings[key] += more
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        return {"REPLAY_TOKEN": replay.token}


def _run_by_readme(folder: Path, settings: Path, as_of: Sequence[str], tokens: Mapping[str, str]) -> None:
    place = checkout(folder / "checkout", yaml.safe_load(settings.read_text(encoding="utf-8")))
    arguments = {"make run": [f"ARGS={' '.join(as_of)}"], ".venv/bin/flowgauge run": as_of}
    assert arguments.keys() <= set(commands())
    states = {}
    for command, ended in tried(place, arguments, environment_of(folder, {**tokens, "CI": ""})):
        assert ended.returncode == 0, f"{command}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}"
        states[command] = _state(folder / ".flowgauge")
    (folder / STATES).write_text(json.dumps(states), encoding="utf-8")


def _state(home: Path) -> State:
    """Rows of each vendor's raw table, and of each load that dlt recorded; what is published."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name || '.\"' || table_name || '\"' from duckdb_tables() "
            "where schema_name like 'raw_%' and schema_name != 'raw_flowgauge'"
        ).fetchall()
        rows = {
            table: connection.execute(f"select count(*) from {table}").fetchall()[0][0]
            for (table,) in sorted(tables)
        }
    return {"rows": rows, "manifest": (home / "published" / "manifest.json").read_text(encoding="utf-8")}


GITHUB = Home(
    "github",
    [Company(COMPANY, "balanced", 1, ("github", "jira"))],
    _recorded_github,
    is_schema_needed=True,
    is_by_readme=True,
)
GITLAB = Home("gitlab", [Company(COMPANY, "balanced", 1, ("gitlab",)), JENKINS], _recorded_gitlab)
