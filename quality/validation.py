"""Runs a suite on a warehouse, and says of each check whether it passed, failed or could not be evaluated.

A Great Expectations run in which nothing was evaluated looks like one with a failed check. Here a check is
only ever passed or failed on the evidence of its own result: an exception is an error with its message, a
result that is missing ends the run with ValidationError.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quality.data_docs import make_private
from quality.suites import Catalogue, Check, Layer, NothingToCheckError, Source, suite

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext

Outcome = Literal["passed", "failed", "error"]


class ValidationError(Exception):
    """The suite could not be run, so that nothing is known about the data."""


@dataclass(frozen=True)
class CheckResult:
    """What became of one check.

    Attributes:
        check: the check.
        outcome: `error` where it could not be evaluated, whatever its severity.
        breach_count: rows that break the rule; None where it could not be evaluated.
        sample: at most 20 of these rows, values as text.
        message: why it could not be evaluated.
    """

    check: Check
    outcome: Outcome
    breach_count: int | None = None
    sample: tuple[Mapping[str, str | None], ...] = ()
    message: str | None = None

    @property
    def is_blocking(self) -> bool:
        """Whether the data must not be published: a blocking rule is broken, or a rule is unproven."""
        return self.outcome == "error" or (self.outcome == "failed" and self.check.severity == "blocking")


@dataclass(frozen=True)
class ValidationResult:
    """Outcome of a suite, one result for each declared check in the suite's order."""

    layer: Layer
    results: tuple[CheckResult, ...]
    data_docs: Path

    @property
    def is_publishable(self) -> bool:
        """Whether nothing found keeps the data from being published."""
        return not any(result.is_blocking for result in self.results)

    @property
    def is_clean(self) -> bool:
        """Whether every check passed."""
        return all(result.outcome == "passed" for result in self.results)

    def of_outcome(self, outcome: Outcome) -> tuple[CheckResult, ...]:
        """Results with that outcome."""
        return tuple(result for result in self.results if result.outcome == outcome)


_INVALIDATED = "database must be restarted"
"""What DuckDB answers to everything after a fault of its own, until the file is opened anew."""


def run_suite(
    layer: Layer, *, warehouse: Path, quality_dir: Path, sources: Sequence[Source]
) -> ValidationResult:
    """Check `layer` of the warehouse and write what was found to `quality_dir`/data_docs.

    No other connection of this process may be open on the warehouse; none is left open.

    Raises:
        ValidationError: the warehouse cannot be opened, or a declared check has no result.
    """
    return run_checks(layer, suite(layer, sources), warehouse=warehouse, quality_dir=quality_dir)


def run_checks(
    layer: Layer, checks: Sequence[Check], *, warehouse: Path, quality_dir: Path
) -> ValidationResult:
    """As `run_suite`, for checks that the caller chose."""
    if not checks:
        raise ValidationError(f"the suite of layer {layer} declares no checks: nothing can be said about it")
    catalogue = _read_catalogue(warehouse)
    queries = {check: _query(check, catalogue) for check in checks}
    _forget_last_run(layer, quality_dir)
    context = _context(quality_dir)
    found = _evaluate(context, layer, queries, warehouse)
    if any(_INVALIDATED in str(result.message) for result in found.values()):
        _forget_last_run(layer, quality_dir)
        context = _context(quality_dir)
        with _under_another_name(warehouse) as again:
            found = _evaluate(context, layer, queries, again)
    context.build_data_docs()
    index = make_private(quality_dir / "data_docs", quality_dir / "results")
    missing = [check.identifier for check in checks if check.identifier not in found]
    if missing:
        raise ValidationError(
            f"only {len(found)} of {len(checks)} checks of layer {layer} were evaluated;"
            f" no result for {', '.join(missing)}"
        )
    return ValidationResult(layer, tuple(found[check.identifier] for check in checks), index)


@contextlib.contextmanager
def _under_another_name(warehouse: Path) -> Iterator[Path]:
    """The same file for DuckDB to open anew: by its own name a process gets what it has open already."""
    again = warehouse.with_name(f"{warehouse.stem}-again{warehouse.suffix}")
    again.unlink(missing_ok=True)
    again.hardlink_to(warehouse)
    try:
        yield again
    finally:
        again.unlink()


def _read_catalogue(warehouse: Path) -> Catalogue:
    import duckdb
    import sqlalchemy

    from quality.dialect import read_only_url

    if not warehouse.is_file():
        raise ValidationError(f"there is no warehouse at {warehouse}; run an ingestion first")
    engine = sqlalchemy.create_engine(read_only_url(warehouse), poolclass=sqlalchemy.NullPool)
    try:
        with engine.connect() as connection:
            columns: Sequence[Any] = connection.exec_driver_sql(
                "select schema_name || '.' || table_name, column_name from duckdb_columns()"
                " where not internal and database_name = current_database() order by table_oid, column_index"
            ).all()
    except (sqlalchemy.exc.SQLAlchemyError, duckdb.Error) as error:
        raise ValidationError(f"cannot open {warehouse} read-only: {error}") from error
    finally:
        engine.dispose()
    catalogue: dict[str, tuple[str, ...]] = {}
    for relation, column in columns:
        catalogue[relation] = (*catalogue.get(relation, ()), column)
    return catalogue


def _query(check: Check, catalogue: Catalogue) -> str:
    """The check's SQL; where there is nothing to check, SQL that fails with that message."""
    try:
        return check.breaches(catalogue)
    except NothingToCheckError as error:
        return "select error('{}')".format(str(error).replace("'", "''"))


def _forget_last_run(layer: Layer, quality_dir: Path) -> None:
    """The docs show each layer's last run; one page and one result a run, kept for ever, would not end."""
    for folder in ("results", "data_docs/validations"):
        shutil.rmtree(quality_dir / folder / layer, ignore_errors=True)


def _context(quality_dir: Path) -> "EphemeralDataContext":
    """A context whose stores are folders of `quality_dir`, so that the docs of all layers are one site."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig

    def folder(name: str) -> dict[str, Any]:
        path = quality_dir.resolve() / name
        path.mkdir(parents=True, exist_ok=True)
        return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(path)}

    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
            expectations_store_name="suites",
            validation_results_store_name="results",
            checkpoint_store_name="checkpoints",
            stores={
                "suites": {"class_name": "ExpectationsStore", "store_backend": folder("suites")},
                "results": {"class_name": "ValidationResultsStore", "store_backend": folder("results")},
                "checkpoints": {"class_name": "CheckpointStore"},
            },
            data_docs_sites={
                "data_docs": {
                    "class_name": "SiteBuilder",
                    "show_how_to_buttons": False,
                    "store_backend": folder("data_docs"),
                    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                }
            },
        ),
    )


def _evaluate(
    context: "EphemeralDataContext", layer: Layer, queries: Mapping[Check, str], warehouse: Path
) -> dict[str, CheckResult]:
    import great_expectations as gx
    from great_expectations.expectations.metadata_types import FailureSeverity

    from quality.dialect import read_only_url
    from quality.expectation import ExpectNoBreaches, bounded_query

    severities = {"blocking": FailureSeverity.CRITICAL, "warning": FailureSeverity.WARNING}
    expectations = context.suites.add_or_update(
        gx.ExpectationSuite(
            layer,
            expectations=[
                ExpectNoBreaches(
                    unexpected_rows_query=bounded_query(query),
                    description=f"{check.identifier}: {check.description}",
                    severity=severities[check.severity],
                    meta={"check": check.identifier},
                )
                for check, query in queries.items()
            ],
        )
    )
    source = context.data_sources.add_sql(
        "warehouse", connection_string=read_only_url(warehouse), create_temp_table=False
    )
    try:
        batch = source.add_query_asset(
            layer, query="select schema_name, table_name, estimated_size from duckdb_tables()"
        ).add_batch_definition_whole_table("whole")
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name=layer, data=batch, suite=expectations)
        )
        report = definition.run(result_format="SUMMARY")
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()
    results: list[dict[str, Any]] = [dict(result.to_json_dict()) for result in report.results]
    by_identifier = {result["expectation_config"]["meta"]["check"]: result for result in results}
    return {
        check.identifier: _judge(check, by_identifier[check.identifier])
        for check in queries
        if check.identifier in by_identifier
    }


def _judge(check: Check, result: Mapping[str, Any]) -> CheckResult:
    """The result of one check from Great Expectations' own, by what it evaluated rather than by `success`."""
    message = _exception_message(result["exception_info"])
    observed = result["result"].get("observed_value")
    if message is not None or observed is None:
        return CheckResult(check, "error", message=message or "Great Expectations gave no observed value")
    if observed == 0:
        return CheckResult(check, "passed", breach_count=0)
    sample = result["result"]["details"]["unexpected_rows"]
    return CheckResult(check, "failed", breach_count=observed, sample=tuple(sample))


def _exception_message(info: Mapping[str, Any]) -> str | None:
    """First exception of a result: the info is about the expectation, or one for each of its metrics."""
    for entry in [info] if "raised_exception" in info else info.values():
        if entry.get("raised_exception"):
            return str(entry.get("exception_message") or "an exception without a message")
    return None
