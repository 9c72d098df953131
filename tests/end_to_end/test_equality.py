"""One organisation, read as GitHub with Jira and as GitLab: the published marts tell the same.

Every value that differs has a cause in what the vendors tell, and where that can be said of a single row, it
holds of that row.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from support.equality import MARTS, UNCOMPARED, Difference, Mart, Reading, differences, summary
from support.homes import GITHUB, GITLAB

Readings = tuple[Reading, Reading]


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Readings:
    return (
        Reading("GitHub and Jira", GITHUB.built(tmp_path_factory), "acme-github", "acme-jira"),
        Reading("GitLab", GITLAB.built(tmp_path_factory), "acme-gitlab"),
    )


