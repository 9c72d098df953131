"""dbt's `adapter` as far as the macros use it, for sqlfluff's templater (see `library_path` in .sqlfluff).

sqlfluff renders models with the project's own macros but knows no adapter. Linting happens in DuckDB's
dialect, so a dispatched macro is always the `default__` one. Nothing at run time imports this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, macro_name: str, _package: str | None = None) -> Callable[..., str]:
    """Return the DuckDB variant of a dispatched macro."""
    return cast("Callable[..., str]", context.resolve(f"default__{macro_name}"))
