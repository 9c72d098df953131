"""What no vendor's API has is exported as files, and the files connector reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.pipeline import LoadResult, load_connection
from ingestion.settings import load_settings
from sandbox.calendar import isoformat
from sandbox.vendor import TOKEN, TOKEN_VARIABLE


@pytest.fixture
def sandbox(serve: Callable[..., Any]) -> Any:
    client = serve()
    client.sandbox.write_files()
    return client


def load(folder: Path) -> LoadResult:
    environment = {TOKEN_VARIABLE: TOKEN}
    return load_connection(
        load_settings(folder / "flowgauge.yaml", environment=environment).connection("acme-files"),
        warehouse=folder / "home" / "warehouse.duckdb",
        pipelines_dir=folder / "home" / "dlt",
        workspace=folder / "home" / "clones",
    )


def read(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "home" / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_surveys_and_customers_are_read_as_they_are_known_by_now(sandbox: Any) -> None:
    folder, history = sandbox.sandbox.folder, sandbox.sandbox.simulation.history
    first = load(folder)
    answered = [answer for answer in history.surveys if answer.at <= sandbox.sandbox.clock.now]
    assert 0 < len(answered) < len(history.surveys)
    assert first.rejected == 0
    assert first.rows["survey_responses"] == len(answered)
    assert first.rows["customer_accounts"] == len(sandbox.sandbox.simulation.organisation.customers)
    assert read(folder, "select sum(score) from raw_files.survey_responses") == [
        (sum(answer.score for answer in answered),)
    ]
    sandbox.order(now=isoformat(max(answer.at for answer in history.surveys)))
    assert load(folder).rows["survey_responses"] == len(history.surveys) - len(answered)


def test_what_customers_wrote_and_who_they_are_stays_in_the_files(sandbox: Any) -> None:
    folder = sandbox.sandbox.folder
    load(folder)
    content = (folder / "home" / "warehouse.duckdb").read_bytes()
    (customer, *_) = sandbox.sandbox.simulation.organisation.customers
    assert customer in (folder / "files" / "customers.csv").read_text()
    assert customer.encode() not in content
    assert b"In my own words" not in content
