"""A small project with its export in three states, for the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.export_files import event, write_interval

from ingestion.conformance import Example, Listing, State, Surface, rest
from ingestion.connectors.posthog import CONNECTOR

Row = dict[str, Any]
FLAGS = "/api/projects/7/feature_flags/"


def _filters(share: int) -> Row:
    return {"groups": [{"properties": [], "rollout_percentage": share}]}


def _flag(number: int, **more: Any) -> Row:
    return {
        "id": number,
        "key": f"flag-{number}",
        "name": f"Flag {number} is described",
        "active": True,
        "deleted": False,
        "filters": _filters(10 * number),
        "created_at": f"2026-01-0{number}T09:00:00Z",
        "created_by": {"first_name": "Ada", "email": "ada@acme.example"},
        **more,
    }


def _step(number: int, at: str, share: int) -> Row:
    change = {"field": "filters", "before": _filters(0), "after": _filters(share)}
    return {
        "user": {"first_name": "Ada", "email": "ada@acme.example"},
        "activity": "updated",
        "scope": "FeatureFlag",
        "item_id": str(number),
        "detail": {"name": f"flag-{number}", "changes": [change]},
        "created_at": at,
    }


FIRST = [_flag(1), _flag(2), _flag(3), _flag(4)]
LATER = [FIRST[0], _flag(2, active=False), *FIRST[2:], _flag(5, created_at="2026-02-01T06:02:00Z")]
STEPS = [_step(number, f"2026-01-{10 + number}T09:00:00Z", 10 * number) for number in (4, 3, 2, 1)]
NEW_STEP = _step(3, "2026-02-01T06:01:00Z", 80)


def surface(state: State) -> Surface:
    """The project's API."""
    flags = {"first": FIRST, "later": LATER, "pruned": LATER[1:]}[state]
    steps = STEPS if state == "first" else [NEW_STEP, *STEPS]

    def listing(rows: list[Row], total: str) -> Listing:
        return Listing(rows, "results", "url", "next", "page", "limit", total)

    lists = {FLAGS: listing(flags, "count"), f"{FLAGS}activity/": listing(steps, "total_count")}
    return rest(lists, token="the-key-of-posthog")


def prepare(state: State, folder: Path) -> None:
    """The batch export: a day more in the later states, and one event twice."""
    called = {"$feature_flag": "flag-1", "$feature_flag_response": True}
    write_interval(folder, 1, [event("u1"), event("u2", "$feature_flag_called", properties=called)])
    if state != "first":
        write_interval(
            folder, 2, [event("u2", "$feature_flag_called", properties=called), event("u3", day=2)]
        )


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={
        "token": "the-key-of-posthog",
        "project": "7",
        "export_folder": "{folder}",
        "events": ["used"],
    },
    rows={"feature_flags": 4, "feature_flag_activity": 4, "accounts": 1, "events": 2},
    surface=surface,
    prepare=prepare,
    drift={"feature_flags": "active"},
)
