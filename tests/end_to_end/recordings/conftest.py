"""Fixtures of the tests that hold published marts to what other code knows of the recordings.

A test module names the `HOME` that reads its recordings.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.facts import Facts, facts_of


@pytest.fixture(scope="module")
def expected(request: pytest.FixtureRequest) -> Path:
    """Folder of the expected facts; skips where there are no recordings."""
    folder: Path = request.module.HOME.recordings()
    return folder / "expected"


@pytest.fixture(scope="module")
def home(request: pytest.FixtureRequest, expected: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FLOWGAUGE_HOME of the run that read them."""
    assert expected.is_dir()
    built: Path = request.module.HOME.built(tmp_path_factory)
    return built


@pytest.fixture
def facts(request: pytest.FixtureRequest, expected: Path) -> Iterator[Facts]:
    """The facts that the test says it compares."""
    yield from facts_of(request.function, expected)
