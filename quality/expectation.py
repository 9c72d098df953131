"""The one expectation that all suites are made of: a query that must return no rows.

Great Expectations counts the rows of a query by running it twice and shows none of them unless it keeps them
all. Here the query itself counts them and returns a few, so that a breach is shown by examples at a bounded
cost. Importing this loads Great Expectations (3.6 s): only `quality.validation` does, when a suite runs.
"""

from html import escape
from typing import Any, ClassVar

from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.render.components import (
    CollapseContent,
    LegacyDiagnosticRendererType,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import renderer

SAMPLE_ROWS = 20
"""Breaching rows that are shown; the count is always of all."""

_COUNT_COLUMN = "unexpected_row_count"


def bounded_query(breaches: str) -> str:
    """`breaches`, with the count of all its rows, ordered, and cut to the sample.

    It reads the batch, as Great Expectations wants of a query, by a join that neither adds nor drops rows.
    Braces are doubled: the query is a format string there.
    """
    escaped = breaches.strip().replace("{", "{{").replace("}", "}}")
    return (
        f"with breaches as (\n{escaped}\n)\n"
        f"select count(*) over () as {_COUNT_COLUMN}, breaches.*\n"
        "from breaches\n"
        "left join (select count(*) as batch_rows from {batch} as batch_query) as batch on true\n"
        f"order by all\nlimit {SAMPLE_ROWS}"
    )


class ExpectNoBreaches(UnexpectedRowsExpectation):
    """The query returns no rows; `observed_value` counts those it does return, the details show a few."""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.table",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        rows = metrics["unexpected_rows_query.table"]
        sample = [
            {
                name: None if value is None else str(value)
                for name, value in row.items()
                if name != _COUNT_COLUMN
            }
            for row in rows
        ]
        return {
            "success": not rows,
            "result": {
                "observed_value": rows[0][_COUNT_COLUMN] if rows else 0,
                "details": {"unexpected_rows": sample},
            },
        }

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)
    def _diagnostic_unexpected_table_renderer(
        cls,
        configuration: Any = None,  # noqa: ARG003
        result: Any = None,
        runtime_configuration: Any = None,  # noqa: ARG003
    ) -> list[RenderedTableContent | CollapseContent] | None:
        """The sample as a table in Data Docs."""
        sample = result.result.get("details", {}).get("unexpected_rows") if result is not None else None
        if not sample:
            return None
        # Great Expectations writes cells as they are: what a source says is text here, not HTML.
        cells = [["null" if value is None else escape(value) for value in row.values()] for row in sample]
        return [RenderedTableContent(content_block_type="table", header_row=list(sample[0]), table=cells)]
