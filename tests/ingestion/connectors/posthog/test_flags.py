"""Flags and their log: what a rollout means, what is hashed, and where a walk starts and stops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.http_server import Answer, Request, ScriptedServer

from ingestion.connector import Extraction
from ingestion.connectors.posthog import CONNECTOR
from ingestion.connectors.posthog.flags import rollout_of
from ingestion.connectors.posthog.settings import PostHogSettings, client
from ingestion.http import MalformedResponseError
from ingestion.identity import EmailHasher

HASHER = EmailHasher(b"key")
FLAGS, ACTIVITY = "/api/projects/7/feature_flags/", "/api/projects/7/feature_flags/activity/"
ADA = {"id": 3, "first_name": "Ada", "email": "ada@acme.example"}
NOBODY = {"groups": [{"properties": [], "rollout_percentage": 0}]}


def flag(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "key": f"flag-{number}",
        "name": "prose about the flag",
        "active": True,
        "deleted": False,
        "filters": {"groups": [{"properties": [], "rollout_percentage": 25}]},
        "created_at": "2026-01-01T09:00:00.123456Z",
        "created_by": ADA,
        **more,
    }


def entry(at: str, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "user": {"first_name": "Ada", "email": "ada@acme.example"},
        "activity": "updated",
        "scope": "FeatureFlag",
        "item_id": "1",
        "detail": {"changes": list(changes), "name": "flag-1"},
        "created_at": at,
        **more,
    }


def change(name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"type": "FeatureFlag", "action": "changed", "field": name, "before": before, "after": after}


def page(*rows: dict[str, Any], following: str | None = None) -> Answer:
    counts = {"count": len(rows), "total_count": len(rows)}
    return Answer({**counts, "next": following, "previous": None, "results": list(rows)})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().running() as running:
        running.script(FLAGS, page(flag()))
        running.script(ACTIVITY, page())
        yield running


def extraction(server: ScriptedServer, tmp_path: Path, **more: Any) -> Extraction:
    settings = PostHogSettings(
        name="acme-posthog",
        connector="posthog",
        base_url=server.url,
        token="phx-secret",
        project="7",  # type: ignore[arg-type]
    )
    waited: list[float] = []
    return Extraction(
        settings=settings,
        http=client(settings, sleep=waited.append),
        state=more.pop("state", {}),
        started_at=datetime(2026, 2, 1, tzinfo=UTC),
        workspace=tmp_path,
        hash_email=HASHER,
        **more,
    )


def walked(given: Extraction) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in CONNECTOR.extract(given):
        found.setdefault(each.table, []).extend(dict(row) for row in each.rows)  # type: ignore[union-attr]
    return found


def test_a_flag_becomes_its_row_without_prose(server: ScriptedServer, tmp_path: Path) -> None:
    rows = walked(extraction(server, tmp_path))
    ada = HASHER("ada@acme.example")
    assert rows["feature_flags"] == [
        {
            "id": "1",
            "key": "flag-1",
            "is_active": True,
            "is_deleted": False,
            "enabled_share": 0.25,
            "target_count": 0,
            "targets": [],
            "created_at": "2026-01-01T09:00:00.123456Z",
            "created_by_id": ada,
        }
    ]
    assert rows["accounts"] == [{"id": ada, "first_name": "Ada", "email_hash": ada}]
    assert "prose" not in str(rows)
    assert "ada@" not in str(rows)
    assert server.requests[0].headers["Authorization"] == "Bearer phx-secret"


@pytest.mark.parametrize(
    ("groups", "share", "targets"),
    [
        ([], 0.0, []),
        ([{"properties": [], "rollout_percentage": None}], 1.0, []),
        ([{"rollout_percentage": 5}, {"rollout_percentage": 40}], 0.4, []),
        ([{"properties": [{"key": "plan", "value": "team"}], "rollout_percentage": 100}], None, []),
        ([{"properties": [{"key": "email", "value": ["a@b"], "operator": "exact"}]}], None, ["a@b"]),
        ([{"properties": [{"key": "distinct_id", "value": "c1"}], "rollout_percentage": 0}], None, []),
        ([{"properties": [{"key": "email", "value": ["a"], "operator": "icontains"}]}], None, []),
        ([{"properties": [{"key": "email", "value": ["a"]}, {"key": "plan", "value": "x"}]}], None, []),
        ([{"rollout_percentage": 10}, {"properties": [{"key": "$group_key", "value": ["a"]}]}], 0.1, ["a"]),
    ],
)  # fmt: skip
def test_filters_tell_a_share_and_named_customers(
    groups: list[Any], share: float | None, targets: list[str], server: ScriptedServer, tmp_path: Path
) -> None:
    rollout = rollout_of({"groups": groups}, extraction(server, tmp_path))
    assert rollout == (share, sorted(HASHER.hash_id(target) for target in targets))


def test_steps_of_a_rollout_tell_before_and_after(server: ScriptedServer, tmp_path: Path) -> None:
    half = {"groups": [{"properties": [], "rollout_percentage": 50}]}
    server.script(
        ACTIVITY,
        page(
            entry("2026-01-03T09:00:00Z", change("active", True, False), user=None),
            entry("2026-01-02T09:00:00Z", change("filters", NOBODY, half), change("name", "a", "b")),
            entry("2026-01-01T09:00:00Z", activity="created", detail={"changes": None, "name": "flag-1"}),
        ),
    )
    off, step, made = walked(extraction(server, tmp_path))["feature_flag_activity"]
    assert (off["is_active_before"], off["is_active_after"], off["actor_id"]) == (True, False, None)
    assert (off["has_new_filters"], off.get("enabled_share_after")) == (False, None)
    assert (step["enabled_share_before"], step["enabled_share_after"]) == (0.0, 0.5)
    assert (made["activity"], made["id"]) == ("created", "1:2026-01-01T09:00:00Z:created")


def test_pages_are_followed_to_the_end(server: ScriptedServer, tmp_path: Path) -> None:
    server.script(
        FLAGS,
        page(flag(1), flag(2), following=f"{server.url}{FLAGS}?limit=100&offset=100"),
        page(flag(3)),
    )
    rows = walked(extraction(server, tmp_path))
    assert [row["id"] for row in rows["feature_flags"]] == ["1", "2", "3"]
    assert server.requests[1].query["offset"] == ["100"]


def test_the_log_is_read_down_to_the_cursor_and_an_hour_before(
    server: ScriptedServer, tmp_path: Path
) -> None:
    def answer(request: Request) -> Answer:
        number = int(request.query["page"][0])
        at = datetime(2026, 1, 20 - number, tzinfo=UTC).isoformat()
        return page(entry(at), following=f"{server.url}{ACTIVITY}?limit=100&page={number + 1}")

    server.script(ACTIVITY, answer)
    given = extraction(server, tmp_path, state={"activity": "2026-01-18T00:30:00+00:00"})
    assert len(walked(given)["feature_flag_activity"]) == 3
    assert given.state["activity"] == datetime(2026, 1, 19, tzinfo=UTC).isoformat()
    earlier = extraction(server, tmp_path, state=given.state, since=datetime(2026, 1, 15, 12, tzinfo=UTC))
    assert len(walked(earlier)["feature_flag_activity"]) == 5


def test_an_answer_without_the_list_does_not_move_the_cursor(server: ScriptedServer, tmp_path: Path) -> None:
    server.script(ACTIVITY, Answer({"detail": "something else"}))
    given = extraction(server, tmp_path, state={"activity": "2026-01-18T00:30:00+00:00"})
    with pytest.raises(MalformedResponseError):
        walked(given)
    assert given.state == {"activity": "2026-01-18T00:30:00+00:00"}
    assert "feature_flags" not in given.state


def test_a_refusal_for_asking_too_often_is_waited_for(server: ScriptedServer, tmp_path: Path) -> None:
    server.script(FLAGS, Answer({"detail": "throttled"}, 429, {"Retry-After": "7"}), page(flag()))
    given = extraction(server, tmp_path)
    walked(given)
    assert 7 <= given.http.waited_seconds < 9


def test_doctor_says_which_scope_is_missing(server: ScriptedServer, tmp_path: Path) -> None:
    server.script(ACTIVITY, Answer({"detail": "no"}, 403))
    found = list(CONNECTOR.check(extraction(server, tmp_path)))
    assert [each.level for each in found] == ["ok", "error", "warning"]
    assert "activity_log:read" in found[1].remedy
    assert "no export_folder" in found[2].message


def test_doctor_says_that_a_key_is_refused(server: ScriptedServer, tmp_path: Path) -> None:
    server.script(FLAGS, Answer({"detail": "no"}, 401))
    found = list(CONNECTOR.check(extraction(server, tmp_path)))
    assert found[0].message == "PostHog does not accept the key"
