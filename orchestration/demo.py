"""`flowgauge demo`: the simulated organisation, read by the real connectors, built, published, summed up.

The sandbox is a process of its own, started on loopback and always stopped; nothing here imports it, so that
the pipeline cannot know more of it than its vendors' APIs tell.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.home import HOME_VARIABLE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PATIENCE_SECONDS = 30
_WRONG_ARGUMENTS = 2


class DemoError(Exception):
    """The sandbox did not start; says why."""


class DemoOptionsError(DemoError):
    """It knows no such organisation; nothing was written."""


@dataclass(frozen=True)
class DemoOptions:
    """Which organisation is simulated: a scenario, its size and seed, for how many weeks, and its vendors."""

    scenario: str
    size: str
    weeks: int
    seed: int
    stack: str

    @property
    def name(self) -> str:
        """A folder's name that no other options have."""
        return f"{self.scenario}-{self.size}-{self.weeks}-{self.seed}-{self.stack}"


@dataclass(frozen=True)
class RunningSandbox:
    """What the sandbox says when it is ready; `now` is the instant that its story has reached."""

    settings: Path
    token_variable: str
    token: str
    now: datetime


@contextlib.contextmanager
def sandbox(options: DemoOptions, folder: Path) -> Iterator[RunningSandbox]:
    """Serve the simulated organisation while the block runs, and no longer than this process lives.

    Raises:
        DemoOptionsError: there is no such scenario, size or stack.
        DemoError: it did not start.
    """
    command = [sys.executable, "-m", "sandbox", "serve", "--until-eof", "--folder", str(folder)]
    command += ["--scenario", options.scenario, "--size", options.size, "--stack", options.stack]
    command += ["--weeks", str(options.weeks), "--seed", str(options.seed)]
    pipe = subprocess.PIPE  # its input ends with this process, however that ends
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603
        try:
            yield _ready(process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready(process: subprocess.Popen[str]) -> RunningSandbox:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        said = process.stderr.read().strip() if process.stderr else ""
        reason = said.splitlines()[-1] if said else "the sandbox ended before it was ready"
        if process.wait() == _WRONG_ARGUMENTS:
            raise DemoOptionsError(reason.rpartition("error: ")[2].removeprefix("sandbox: "))
        raise DemoError(reason)
    told = json.loads(line)
    return RunningSandbox(
        Path(told["folder"]) / "flowgauge.yaml",
        told["token_variable"],
        told["token"],
        datetime.fromisoformat(told["now"]),
    )


@contextlib.contextmanager
def token_in_environment(running: RunningSandbox) -> Iterator[None]:
    """Give the settings the token, which opens nothing but this sandbox, while the block runs."""
    os.environ[running.token_variable] = running.token
    try:
        yield
    finally:
        del os.environ[running.token_variable]


@dataclass(frozen=True)
class Section:
    """A titled table of the summary."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


_SECTIONS = {
    "Where changes spend their time (visits that ended; stage_duration follows the others, too)": """
        select stages.stage, count(*) as visits,
            round(median(visits.calendar_seconds) / 3600, 1) as "median hours",
            round(100.0 * sum(visits.calendar_seconds) / sum(sum(visits.calendar_seconds)) over (), 1)
                as "% of all time"
        from marts.fct_stage_visits as visits
        join marts.dim_stage as stages using (stage_key)
        where visits.flow_item_type = 'change' and not visits.is_open
        group by stages.stage, stages.stage_order
        order by stages.stage_order
    """,
    "Largest queues of changes now (those of dependency bots left out)": """
        select stages.stage, weeks.item_count as changes, stages.description as "what waiting there means"
        from metrics.flow_by_stage_weekly as weeks
        join marts.dim_stage as stages using (stage_key)
        where weeks.flow_item_type = 'change' and weeks.cohort = 'snapshot' and weeks.scope = 'organisation'
            and stages.kind = 'queue'
            and weeks.week_start = (select max(week_start) from metrics.flow_by_stage_weekly)
        order by changes desc, stages.stage
        limit 3
    """,
    "Delivery, by service (each figure of the weeks in which it is final)": """
        select services.name as service,
            sum(success_count) as deployments,
            round(avg(success_count), 1) as "a week",
            coalesce(
                cast(round(arg_max(change_lead_p50_seconds, week_start) filter (
                    change_lead_is_final and change_lead_p50_seconds is not null
                ) / 86400, 1) as varchar),
                arg_max(change_lead_p50_seconds_null_reason, week_start), 'not_final'
            ) as "median change lead time, days",
            max(week_start) filter (change_lead_is_final and change_lead_p50_seconds is not null)
                as "in the week of",
            case when sum(success_count) >= 5
                then cast(round(100.0 * sum(explicit_failure_count) / sum(success_count), 1) as varchar)
                else 'not_enough_data'
            end as "% failed, at least",
            case when sum(success_count) >= 5
                then cast(round(100.0 * sum(suspected_failure_count) / sum(success_count), 1) as varchar)
                else 'not_enough_data'
            end as "% failed, at most"
        from metrics.dora_weekly
        join marts.dim_service as services using (service_key)
        where scope = 'service' and is_final
        group by services.name
        order by services.name
    """,
    "Freshness (when the simulated history was read; the history itself is older)": """
        select connection, loaded_through_at as "loaded through", last_outcome as "last load"
        from marts.dim_connection
        where connector <> 'unknown'
        order by connection
    """,
}


def summary(snapshot: Path) -> list[Section]:
    """What the published snapshot says of the organisation, in a few tables."""
    import duckdb

    with duckdb.connect(str(snapshot), read_only=True) as connection:
        return [_section(connection, title, query) for title, query in _SECTIONS.items()]


def how_to_look_into(home: Path) -> list[str]:
    """Commands that find the demo's home, which is not the one that they look into by themselves."""
    named = f"{HOME_VARIABLE}={shlex.quote(str(home))}"
    return [
        "Look into it with",
        f"  {named} flowgauge metric change_lead",
        f"  {named} flowgauge status",
    ]


def _section(connection: DuckDBPyConnection, title: str, query: str) -> Section:
    cursor = connection.execute(query)
    return Section(title, [column[0] for column in cursor.description], cursor.fetchall())
