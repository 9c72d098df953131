"""The history that any git repository tells, wherever it lies: commits, ancestry, tags, assistants.

`command.py` runs git, `places.py` says where a repository is read from, `pages.py` turns what is new into
pages of the tables in `tables.py`. Connectors add who the repository and its accounts are, nothing else.
"""
