"""What really happened, written down by the simulation as it happens, apart from what the vendors show.

Rows are in the words of the model (stages, handoffs, roles) but owe nothing to the rules by which Flowgauge
derives them: each visit begins when the simulated state changes. Only tests and benchmarks read the database;
the pipeline never does.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

STAGE_ORDER = {
    "decide": 10,
    "pull_wait": 20,
    "build": 30,
    "review_wait": 40,
    "review": 50,
    "rework": 60,
    "ci": 70,
    "qa": 75,
    "merge_wait": 80,
    "release_wait": 90,
    "approval_wait": 100,
    "deploy": 110,
    "exposure_wait": 120,
    "adoption": 130,
    "detect": 210,
    "acknowledge": 220,
    "mitigate": 230,
    "resolve": 240,
}
PLACES = (*STAGE_ORDER, "advanced", "abandoned", "superseded")
PLACE_NUMBERS = {place: number for number, place in enumerate(PLACES)}


class Visit(NamedTuple):
    """A stay of a flow item in a stage; open where `exited_at` is null."""

    flow_item_type: str
    flow_item: int
    stage: str
    visit_number: int
    entered_at: int
    exited_at: int | None
    exit_reason: str


class Handoff(NamedTuple):
    """A transfer of responsibility; times are seconds, people are ids of persons.

    Where the same person turned out to stand on both sides the outcome is `kept`: nothing was handed over.
    """

    change: int
    mechanism: str
    from_role: str
    to_role: str
    round_number: int
    from_person: int | None
    to_person: int | None
    to_team: str | None
    requested_at: int
    accepted_at: int | None
    outcome: str
    settled_at: int | None


class Track:
    """The stages of one flow item as they follow each other: no gap but closings, no empty stay.

    Each step is one number, for there are many: an instant and a place, which is a stage or the reason
    of leaving.
    """

    __slots__ = ("_steps", "flow_item", "flow_item_type")

    def __init__(self, flow_item_type: str, flow_item: int) -> None:
        self.flow_item_type = flow_item_type
        self.flow_item = flow_item
        self._steps = array("q")

    @property
    def stage(self) -> str | None:
        """The stage the item is in, None while it is closed or before it began."""
        place = PLACES[self._steps[-1] % len(PLACES)] if self._steps else None
        return place if place in STAGE_ORDER else None

    def enter(self, stage: str, at: int) -> None:
        """Move into a stage; what is left within the second of its beginning never was."""
        self._append(stage, at)

    def leave(self, at: int, reason: str) -> None:
        """Leave without entering another stage: finished (`advanced`), `abandoned` or `superseded`."""
        self._append(reason, at)

    def _append(self, place: str, at: int) -> None:
        steps, number = self._steps, PLACE_NUMBERS[place]
        if steps and steps[-1] // len(PLACES) == at:
            steps.pop()
        if not steps or steps[-1] % len(PLACES) != number:
            steps.append(at * len(PLACES) + number)

    def visits(self) -> Iterable[Visit]:
        """Yield the visits in order."""
        numbers: Counter[str] = Counter()
        steps = [(step // len(PLACES), PLACES[step % len(PLACES)]) for step in self._steps]
        for index, (at, stage) in enumerate(steps):
            if stage in STAGE_ORDER:
                numbers[stage] += 1
                is_open = index == len(steps) - 1
                exited_at, reason = (None, "open") if is_open else _exit(stage, *steps[index + 1])
                yield Visit(self.flow_item_type, self.flow_item, stage, numbers[stage], at, exited_at, reason)


def _exit(stage: str, at: int, following: str) -> tuple[int, str]:
    """Return when and why a stage was left for what followed."""
    if following not in STAGE_ORDER:
        return at, following
    return at, "returned" if STAGE_ORDER[following] < STAGE_ORDER[stage] else "advanced"


class Rows(Iterable[tuple[Any, ...]]):
    """The rows of a table in order; all but the latest are packed, for there are many."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._schema = pa.schema([(name, _packed_type(name)) for name in columns])
        self._packed: list[pa.RecordBatch] = []
        self._latest: list[tuple[Any, ...]] = []

    def append(self, row: tuple[Any, ...]) -> None:
        """Add a row."""
        self._latest.append(row)
        if len(self._latest) == BATCH:
            self._packed.append(_packed(self._latest, self._schema))
            self._latest = []

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as they were added."""
        for batch in self._packed:
            yield from zip(*map(_values, batch.columns), strict=True)
        yield from self._latest


@dataclass(slots=True)
class Truth:
    """The tables of the truth while the simulation runs; `write` makes the database."""

    tracks: list[Track] = field(default_factory=list)
    handoffs: Rows = field(default_factory=lambda: Rows(Handoff._fields))
    tables: dict[str, Rows] = field(default_factory=dict)
    derived: dict[str, Callable[[], Iterable[tuple[Any, ...]]]] = field(default_factory=dict)

    def track(self, flow_item_type: str, flow_item: int) -> Track:
        """Begin the track of a flow item."""
        track = Track(flow_item_type, flow_item)
        self.tracks.append(track)
        return track

    def note(self, table: str, *row: Any) -> None:
        """Add a row to one of `TABLES`."""
        if table not in self.tables:
            self.tables[table] = Rows(TABLES[table])
        self.tables[table].append(row)

    def derive(self, table: str, rows: Callable[[], Iterable[tuple[Any, ...]]]) -> None:
        """Let the rows of one of `TABLES` be made from the simulation each time they are asked for."""
        self.derived[table] = rows

    def rows(self, table: str) -> Iterable[tuple[Any, ...]]:
        """Return the rows of one of `TABLES`."""
        return self.derived[table]() if table in self.derived else self.tables.get(table, ())

    def visits(self) -> Iterable[Visit]:
        """Yield all visits, item by item."""
        for track in self.tracks:
            yield from track.visits()

    def write(self, path: Path) -> None:
        """Write every table into a new DuckDB file; instants become UTC timestamps."""
        path.unlink(missing_ok=True)
        # Rows are made by this one thread; others would only wait for them.
        config: dict[str, Any] = {"memory_limit": "256MB", "threads": 1}
        with duckdb.connect(str(path), config=config) as connection:
            _store(connection, "stage_visits", Visit._fields, self.visits())
            _store(connection, "handoffs", Handoff._fields, self.handoffs)
            for table, columns in TABLES.items():
                _store(connection, table, columns, self.rows(table))


TABLES: dict[str, tuple[str, ...]] = {
    "changes": (
        "change",
        "repository",
        "number",
        "author_person",
        "team",
        "ticket",
        "reverts_change",
        "work_started_at",
        "first_commit_authored_at",
        "created_at",
        "merged_at",
        "merge_sha",
        "deployed_at",
        "exposed_at",
        "adopted_at",
        "flow_ended_at",
        "delivery_state",
        "is_ticket_named",
        "is_assisted",
        "is_marked",
        "round_count",
        "skew_seconds",
    ),
    "closings": ("change", "closed_at", "reopened_at"),
    "pushes": ("change", "sha", "pushed_at"),
    "change_services": ("change", "service"),
    "review_events": ("change", "kind", "occurred_at", "actor_person", "asked_person", "asked_team"),
    "ci_jobs": (
        "job",
        "repository",
        "sha",
        "name",
        "attempt",
        "queued_at",
        "started_at",
        "finished_at",
        "conclusion",
        "setup_seconds",
        "skew_seconds",
        "is_inherited",
    ),
    "deployments": (
        "deployment",
        "repository",
        "service",
        "environment",
        "is_production",
        "sha",
        "created_at",
        "started_at",
        "finished_at",
        "status",
        "is_rollback",
        "is_redeploy",
        "gate_opened_at",
        "gate_decided_at",
    ),
    "deployment_changes": ("deployment", "service", "change"),
    "releases": ("release", "repository", "published_at", "is_prerelease"),
    "incidents": (
        "incident",
        "service",
        "started_at",
        "triggered_at",
        "acknowledged_at",
        "mitigated_at",
        "resolved_at",
        "caused_by_deployment",
        "mitigation",
    ),
    "pages": ("page", "incident", "service", "triggered_at", "merged_at"),
    "resolutions": ("incident", "resolved_at", "reopened_at"),
    "item_handoffs": (
        "flow_item_type",
        "flow_item",
        "mechanism",
        "from_role",
        "to_role",
        "round_number",
        "from_person",
        "to_person",
        "requested_at",
        "accepted_at",
        "outcome",
        "settled_at",
    ),
    "tickets": ("work_item", "ticket", "team", "kind", "feature", "due_at"),
    "features": ("feature", "flag", "key_event", "exposed_at", "adopted_at"),
    "feature_customers": ("feature", "customer", "exposed_at", "first_used_at"),
    "customers": ("customer",),
    "account_owners": ("account", "login", "kind", "person", "team"),
    "working_hours": ("team", "opens_at", "closes_at"),
    "survey_responses": ("kind", "area", "score", "answered_at"),
    "assistant_adoptions": ("person", "tool", "adopted_at"),
    "assistant_sessions": ("account", "tool", "change", "started_at", "ended_at"),
    "assistant_effects": (
        "stage",
        "mean_seconds_with",
        "mean_seconds_without",
        "throughput_with",
        "throughput_without",
    ),
    "constraints": ("window_start_at", "window_end_at", "stage", "throughput", "throughput_with_capacity"),
    "run": ("scenario", "seed", "size", "weeks", "start_at", "shown_until_at", "end_at", "skew_seconds"),
}


TEXTS = {
    *("flow_item_type", "stage", "exit_reason", "mechanism", "from_role", "to_role", "to_team", "outcome"),
    *("team", "ticket", "merge_sha", "sha", "delivery_state", "service", "environment", "status"),
    *("mitigation", "login", "kind", "tool", "scenario", "size", "feature", "flag", "customer"),
    *("name", "conclusion", "asked_team", "area", "key_event"),
}
BATCH = 10_000


def _store(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Make a table of rows, some at a time: there may be more than there is memory for."""
    schema = pa.schema([(name, _type(name)) for name in columns])
    reader = pa.RecordBatchReader.from_batches(schema, _batches(rows, schema))
    connection.from_arrow(reader).create(table)


def _batches(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        yield _packed(batch, schema)


def _packed(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(zip(*rows, strict=True), schema.types, strict=True)
    return pa.record_batch([pa.array(values, kind) for values, kind in columns], schema=schema)


def _values(column: pa.Array) -> list[Any]:
    """Return the values of a packed column; texts by number are told one by one only very slowly."""
    values: list[Any] = (
        column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
    ).to_pylist()
    return values


def _packed_type(column: str) -> pa.DataType:
    """Return what a column is packed as: instants as the numbers they are, equal texts once."""
    if column.endswith("_at"):
        return pa.int64()
    return pa.dictionary(pa.int32(), pa.string()) if column in TEXTS else _type(column)


def _type(column: str) -> pa.DataType:
    if column.endswith("_at"):
        return pa.timestamp("s")
    if column.startswith("is_"):
        return pa.bool_()
    if column.startswith("mean_"):
        return pa.float64()
    return pa.string() if column in TEXTS else pa.int64()
