"""The small organisation, served as GitLab."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.serve import Sandbox
from sandbox.simulation import Simulation


@pytest.fixture(scope="module")
def gitlab(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose clock stands still and in which nothing goes wrong."""
    sandbox = Sandbox(simulation, tmp_path_factory.mktemp("gitlab"), vendor_names=("gitlab",))
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def serve_gitlab(serve: Callable[..., Any]) -> Callable[..., Any]:
    """Serve GitLab once more, for tests that move its clock or break it."""
    return lambda **options: serve(vendor_names=("gitlab",), **options)
