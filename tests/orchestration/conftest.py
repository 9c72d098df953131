"""A published miniature installation, built once; each test gets a copy of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.installations import Installation
from support.miniature import item, write_settings

AS_OF = "2026-11-20T00:00:00+00:00"


@pytest.fixture(scope="session")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Two connections, loaded, built and published as of a fixed instant; never changed by a test."""
    installation = Installation.create(
        tmp_path_factory.mktemp("published") / "installation",
        one=[item("a"), item("b", "done")],
        two=[item("c")],
    )
    ended = installation.command("run", "--as-of", AS_OF)
    assert ended.status == 0, ended.output
    return installation


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Installation], Installation]:
    """Copies an installation into the test's own folder."""

    def copy(original: Installation) -> Installation:
        folder = tmp_path / "installation"
        shutil.copytree(original.folder, folder, symlinks=True)
        write_settings(folder, "one", "two")
        return Installation(folder)

    return copy


@pytest.fixture
def published(published_once: Installation, copy_of: Callable[[Installation], Installation]) -> Installation:
    """A copy of `published_once` that the test may change."""
    return copy_of(published_once)
