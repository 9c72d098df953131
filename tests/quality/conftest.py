"""A warehouse that keeps every rule, built once; each test breaks a copy of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from quality.suites import Source

CLEAN = Path(__file__).with_name("clean_warehouse.sql")


@pytest.fixture(scope="session")
def clean_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clean") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(CLEAN.read_text())
    return path


@pytest.fixture
def warehouse(clean_warehouse: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(clean_warehouse, tmp_path / "warehouse.duckdb"))


@pytest.fixture
def execute(warehouse: Path) -> Callable[[str], None]:
    def run(sql: str) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(sql)

    return run


@pytest.fixture(scope="session")
def sources() -> tuple[Source, ...]:
    return (
        Source(
            "github",
            grains={"repositories": "repositories", "changes": "pull_requests"},
            event_types={
                "change_events": frozenset(
                    {"opened", "pushed", "reviewed_approved", "merged", "closed", "reopened"}
                ),
                "deployment_events": frozenset({"created", "started", "succeeded", "failed"}),
            },
        ),
    )
