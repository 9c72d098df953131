"""git: the history of any repository, without a forge: commits, ancestry, tags as releases, assistants.

This is the declaration; `settings.py` says what goes in, `source.py` walks. Without a forge there are no
changes: what lands on the default branch are direct commits.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.git.settings import EXAMPLE, GitSettings
from ingestion.connectors.git.source import TABLES, check, extract

CONNECTOR = Connector(
    name="git",
    title="git",
    settings=GitSettings,
    tables=TABLES,
    provides={"repositories": {}, "accounts": {}, "commits": {}, "commit_ancestry": {}, "releases": {}},
    grains={
        "repositories": "repositories",
        "accounts": "accounts",
        "commits": "commits",
        "commit_ancestry": "commit_parents",
        "releases": "tags",
    },
    extract=extract,
    check=check,
    cursor="tips of all branches and tags, and of the notes",
    identities=lambda settings: [one.url or one.path for one in settings.repositories],
    example=EXAMPLE,
)
