"""What a test may need from the machine: where it is missing the test skips, under CI it fails."""

import os
from typing import NoReturn

import pytest


def is_ci() -> bool:
    """Whether a skipped test would hide something: `CI` is set to anything but nothing, 0 or false."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def missing(what: str) -> NoReturn:
    """Skip the calling test for want of `what`; fail it under CI, which installs all that tests need."""
    if is_ci():
        pytest.fail(f"CI must provide what this test needs: {what}")
    pytest.skip(what)
