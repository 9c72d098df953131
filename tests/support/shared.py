"""What several test files read and is costly to make: made once, whichever worker asks first."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` has filled, in this worker or in another one; read it, never write to it.

    Whoever asks while it is being made waits. What failed is thrown away and made anew for the next who asks.
    """
    base = factory.getbasetemp()
    # Workers of pytest-xdist have a folder each within the run's own.
    folder = (base.parent if base.name.startswith("popen-") else base) / "shared" / name
    made = folder.with_suffix(".made")
    folder.parent.mkdir(exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
