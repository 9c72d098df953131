"""A simulated delivery organisation whose every wait is known, behind vendor-shaped HTTP APIs.

`simulation` lets people, queues and machines act; `history` is what the vendors' systems recorded of it;
`truth` is what really happened; `git` and the vendor packages (`github`, …) show the history as of a movable
clock. Nothing here imports the pipeline and nothing in the pipeline imports this package: they meet over HTTP
and git only.
"""
