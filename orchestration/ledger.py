"""What was loaded, built, checked and published, in one small file: what a run decides by, and status shows.

It is read without any database or library, also while another process writes the warehouse. Only the holder
of the warehouse lock changes it, always by replacing the file, and always *before* the warehouse is touched
where something begins, *after* where it ends: a process killed in between leaves work that looks undone,
never the other way round.
"""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Scope = Literal["clock", "all"]
Outcome = Literal["succeeded", "unchanged", "failed"]
Part = Literal[
    "canonical",
    "containment",
    "marts",
    "metrics",
    "raw checks",
    "canonical checks",
    "marts checks",
    "metrics checks",
]

PARTS: dict[Scope, frozenset[Part]] = {
    "all": frozenset(get_args(Part)),
    "clock": frozenset(get_args(Part)) - {"canonical", "containment"},
}
"""What a build makes anew or checks again."""


class Build(BaseModel):
    """One build of the marts, from its first step on.

    Attributes:
        run: Dagster's id of the run.
        generation: the ledger's generation that it was begun on.
        scope: `all` models, or only those that depend on the `clock`.
        as_of: the instant that the marts speak for, UTC.
        is_as_of_fixed: whether the user fixed it.
        reporting_day: day of the reporting time zone on which it began.
        models: fingerprint of the dbt project it was built with.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    generation: int
    scope: Scope
    as_of: datetime
    is_as_of_fixed: bool
    reporting_day: date
    models: str


class ConnectionRecord(BaseModel):
    """The last attempt to load one connection, and the last one that ended well.

    Attributes:
        outcome: of the last attempt.
        error: why it failed, in one sentence.
        attempted_at: start of the last attempt.
        loaded_at: start of the last attempt that changed the warehouse.
        loaded_through_at: everything up to here is in the warehouse.
        rows_loaded: rows that the last successful attempt added or changed, by table.
        rows_removed: rows that it removed, by table.
        rejected: rows that it set aside because they broke their declaration.
        requests: API requests that it took, by kind.
        rate_limit_left: what the vendor then said was left of its budget, by kind.
    """

    connector: str
    outcome: Outcome
    attempted_at: datetime
    error: str | None = None
    loaded_at: datetime | None = None
    loaded_through_at: datetime | None = None
    rows_loaded: dict[str, int] = Field(default_factory=dict)
    rows_removed: dict[str, int] = Field(default_factory=dict)
    rejected: int = 0
    requests: dict[str, int] = Field(default_factory=dict)
    rate_limit_left: dict[str, int] = Field(default_factory=dict)

    def summary(self, name: str) -> str:
        """The last attempt in one line."""
        if self.outcome == "failed":
            return f"{name}: failed: {self.error}"
        rows = sum(self.rows_loaded.values()) + sum(self.rows_removed.values())
        what = f"{rows:,} rows changed" if self.outcome == "succeeded" else "nothing new"
        asked = ", ".join(f"{count:,} {kind}" for kind, count in self.requests.items()) or "no"
        rejected = f"; {self.rejected:,} rows rejected" if self.rejected else ""
        return f"{name}: {what} ({asked} requests{rejected})"


class Ledger(BaseModel):
    """The state of one warehouse.

    Attributes:
        generation: grows with each change of raw data.
        loaded_at: start of the last run that changed raw data.
        loading: connections whose load began and was not seen to end, with its start.
        connections: last attempts by connection.
        unverified: parts of the warehouse that have to be made or checked before anything is published.
        build: the build begun last.
        published: the build published last.
    """

    generation: int = 0
    loaded_at: datetime | None = None
    loading: dict[str, datetime] = Field(default_factory=dict)
    connections: dict[str, ConnectionRecord] = Field(default_factory=dict)
    unverified: set[Part] = Field(default_factory=set)
    build: Build | None = None
    published: Build | None = None

    @property
    def is_build_finished(self) -> bool:
        """Whether the build begun last was published and nothing was touched since; True before the first."""
        return self.build == self.published and not self.unverified

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """The ledger of a home; an empty one where there is none or it cannot be read, so that all is due."""
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValidationError):
            return cls()

    def write(self, path: Path) -> None:
        """Replace the file at once; it survives a power cut from here on."""
        beside = path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def begin_load(self, connection: str, started_at: datetime) -> None:
        """A load is about to change raw data."""
        self.loading.setdefault(connection, started_at)

    def end_load(self, connection: str, started_at: datetime, *, is_changed: bool) -> bool:
        """A load ended well; returns whether raw data changed since the last one that did.

        A mark left by a load that did not end counts as a change, for it may have been one.
        """
        begun_at = self.loading.pop(connection, started_at)
        if is_changed or begun_at != started_at:
            self.record_change(started_at)
            return True
        return False

    def begin_build(self, build: Build) -> None:
        """A build's first step ran: nothing is published until all that it makes anew is made and checked."""
        self.build = build
        self.unverified |= PARTS[build.scope]

    def end_build(self) -> None:
        """The build begun last is published."""
        self.published = self.build

    def record_change(self, started_at: datetime) -> None:
        """A run that began at `started_at` changed raw data."""
        self.generation += 1
        self.loaded_at = max(self.loaded_at or started_at, started_at)
