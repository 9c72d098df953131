"""GitHub's surface over the history: REST, GraphQL and git, with its limits, its paging and its ways to fail.

`app` dispatches, `view` is the history as of now, `rest` and `payloads` answer REST, `graph` and `nodes`
answer GraphQL by the schema in `schema.graphql`, `limits` counts, `smart_git` serves clones.
"""

from sandbox.github.app import FAULT_KINDS, GitHub

__all__ = ["FAULT_KINDS", "GitHub"]
