"""Quality: the Great Expectations suites that gate what is published.

`suites` says what must hold and is light; `validation` runs it on a warehouse. Impossible measures are set
aside by the marts themselves (`fct_rejected_rows`), rows that break their types by the loader.
"""
