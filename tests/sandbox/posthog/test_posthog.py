"""PostHog's surface: flags with their steps, and an export that grows with the clock."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.pipeline import LoadResult, load_connection
from ingestion.settings import load_settings
from sandbox.calendar import DAY, isoformat
from sandbox.posthog.app import PROJECT
from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN, TOKEN_VARIABLE

FLAGS = f"/api/projects/{PROJECT}/feature_flags/"


@pytest.fixture
def sandbox(serve: Callable[..., Any]) -> Any:
    return serve(vendor_names=("posthog",)).sandbox


def asked(sandbox: Any, path: str, token: str = TOKEN) -> tuple[int, Any]:
    url = path if path.startswith("http") else sandbox.url + path
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def pages(sandbox: Any, path: str | None) -> list[Any]:
    rows = []
    while path:
        _, answer = asked(sandbox, path)
        rows += answer["results"]
        path = answer["next"]
    return rows


def export(sandbox: Any) -> Path:
    folder: Path = sandbox.folder / "posthog"
    return folder


def test_flags_and_steps_are_those_of_the_history(sandbox: Any, simulation: Simulation) -> None:
    told = [
        each for each in simulation.history.features if each.steps and each.steps[0][0] <= sandbox.clock.now
    ]
    flags = {each["key"]: each for each in pages(sandbox, f"{FLAGS}?limit=7")}
    assert {each.flag for each in told} <= set(flags)
    entries = pages(sandbox, f"{FLAGS}activity/?limit=7")
    assert [each["created_at"] for each in entries] == sorted(
        (e["created_at"] for e in entries), reverse=True
    )
    for feature in told:
        steps = [(at, share) for at, share in feature.steps if at <= sandbox.clock.now]
        shown = [
            (entry["created_at"][:19] + "Z", change["after"]["groups"][0]["rollout_percentage"])
            for entry in reversed(entries)
            if entry["item_id"] == str(feature.id)
            for change in entry["detail"]["changes"] or []
        ]
        assert shown == [(isoformat(at), round(100 * share)) for at, share in steps]
        groups = flags[feature.flag]["filters"]["groups"]
        assert groups[0]["rollout_percentage"] == round(100 * steps[-1][1])


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [(FLAGS, "wrong", 401), (f"{FLAGS}987654/", TOKEN, 404), ("/api/projects/1/feature_flags/", TOKEN, 404)],
)
def test_refusals_have_posthogs_shape(path: str, token: str, expected: int, sandbox: Any) -> None:
    status, answer = asked(sandbox, path, token)
    assert status == expected
    assert set(answer) == {"type", "code", "detail", "attr"}


def test_the_export_holds_days_that_have_ended_and_grows_with_the_clock(sandbox: Any) -> None:
    asked(sandbox, FLAGS)
    before = {path.name: path.read_bytes() for path in export(sandbox).iterdir()}
    last = max(name for name in before if name.endswith("_manifest.json"))
    assert last[26:36] <= isoformat(sandbox.clock.now)[:10]
    sandbox.clock.move_to(sandbox.clock.now + 3 * DAY)
    asked(sandbox, FLAGS)
    after = {path.name: path.read_bytes() for path in export(sandbox).iterdir()}
    assert len(after) > len(before)
    assert before.items() <= after.items()


class Home:
    """A warehouse that the connector loads from the sandbox."""

    def __init__(self, sandbox: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        sandbox.write_files()
        monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
        (self.settings,) = load_settings(sandbox.folder / "flowgauge.yaml").connections
        monkeypatch.setenv("FLOWGAUGE_HASH_KEY", "key")

    def load(self) -> LoadResult:
        return load_connection(
            self.settings,
            warehouse=self.path / "warehouse.duckdb",
            pipelines_dir=self.path / "dlt",
            workspace=self.path / "workspace",
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path / "warehouse.duckdb"), read_only=True) as warehouse:
            return warehouse.execute(query).fetchall()


def test_the_connector_loads_each_use_and_exposure_once_however_it_was_exported(
    sandbox: Any, simulation: Simulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(sandbox, tmp_path, monkeypatch)
    first = home.load()
    assert first.rejected == 0
    sandbox.clock.move_to(sandbox.clock.now + 9 * DAY)
    assert home.load().rows["events"] > 0
    assert "events" not in home.load().rows
    # What came late by up to two days lies in an interval that has not ended.
    exported = (sandbox.clock.now // DAY) * DAY
    certain = exported - 3 * DAY
    features = simulation.history.features
    uses = sorted(
        (feature.key_event, isoformat(at)) for feature in features for at, _ in feature.uses if at < certain
    )
    exposures = sorted(
        (feature.flag, isoformat(at)) for feature in features for at, _ in feature.exposures if at < certain
    )
    at = "strftime(occurred_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')"
    where = f"occurred_at < to_timestamp({certain})"
    assert home.rows(
        f"select event, {at} from raw_posthog.events where flag_key is null and {where} order by 1, 2"
    ) == list(uses)
    assert home.rows(
        f"select flag_key, {at} from raw_posthog.events where flag_key is not null and {where} order by 1, 2"
    ) == list(exposures)
    customers = home.rows("select count(distinct customer_id) from raw_posthog.events")
    assert 0 < customers[0][0] <= len(simulation.organisation.customers)
    in_files = duckdb.execute(
        f"select count(*) - count(distinct uuid), count(*) filter (created_at > timestamp + interval 1 day) "
        f"from read_parquet('{export(sandbox)}/*.zst') where event != '$pageview'"
    ).fetchone()
    assert in_files is not None
    assert min(in_files) > 0, "the export is without the mess that this test is about"
