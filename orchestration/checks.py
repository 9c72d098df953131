"""The quality suites as asset checks: one step for each layer, which gates what comes next.

Names and rules come from `quality.suites`, which is light; Great Expectations is loaded by the step that
runs.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from ingestion.connector import Connector
from orchestration.keys import AS_OF, BUILD_WITH_THE_REST, RawTables
from orchestration.ledger import Part
from orchestration.resources import Warehouse
from quality.suites import LAYERS, Check, Layer, Source, suite

if TYPE_CHECKING:
    from quality.validation import CheckResult, ValidationResult

CHECKED_PARTS: dict[Layer, Part] = {
    "raw": "raw checks",
    "canonical": "canonical checks",
    "marts": "marts checks",
    "metrics": "metrics checks",
}


def sources_of(connectors: Sequence[Connector]) -> list[Source]:
    """What the suites must know of the connectors in use, from their declarations."""
    return [
        Source(
            connector.name,
            grains=connector.grains,
            event_types={
                entity: frozenset(name for name, exactness in events.items() if exactness != "absent")
                for entity, events in connector.provides.items()
                if events
            },
            columns=frozenset(column.name for table in connector.tables for column in table.columns),
        )
        for connector in connectors
    ]


def quality_steps(
    sources: Sequence[Source], raw: RawTables, pool: str | None
) -> list[dg.AssetChecksDefinition]:
    """One step for each layer, `check_raw` to `check_metrics`."""
    return [_quality_step(layer, sources, raw, pool) for layer in LAYERS]


def _quality_step(
    layer: Layer, sources: Sequence[Source], raw: RawTables, pool: str | None
) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            check.name,
            asset=key,
            # Freshness is measured against the run, so no check runs before the run is recorded.
            additional_deps=[AS_OF] if key != AS_OF else [],
            description=check.description,
            blocking=True,
            automation_condition=BUILD_WITH_THE_REST,
            metadata={"severity": check.severity, "layer": layer},
        )
        for check in suite(layer, sources)
        for key in _assets(check, layer, raw)
    ]

    @dg.multi_asset_check(name=f"check_{layer}", specs=specs, pool=pool)
    def check_layer(
        context: dg.AssetCheckExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.AssetCheckResult]:
        from quality.validation import run_suite

        warehouse.claim(context.op_execution_context)
        with warehouse.changing_ledger() as ledger:
            ledger.unverified.add(CHECKED_PARTS[layer])
        home = warehouse.home
        validation = run_suite(layer, warehouse=home.warehouse, quality_dir=home.quality, sources=sources)
        if validation.is_publishable:
            with warehouse.changing_ledger() as ledger:
                ledger.unverified.discard(CHECKED_PARTS[layer])
        told = findings(validation)
        context.log.info(told) if validation.is_clean else context.log.warning(told)
        for result in validation.results:
            for key in _assets(result.check, layer, raw):
                yield _check_result(result, key)

    return check_layer


def findings(validation: "ValidationResult") -> str:
    """How many checks of a layer passed, and which did not."""
    broken = [result for result in validation.results if result.outcome != "passed"]
    whole = len(validation.results)
    told = f"{validation.layer}: {whole - len(broken)} of {whole} quality checks passed"
    for kind, is_blocking in (("failure", True), ("warning", False)):
        names = [result.check.name for result in broken if result.is_blocking is is_blocking]
        if names:
            told += f"; {len(names)} {kind}{'s' if len(names) > 1 else ''}: {', '.join(names)}"
    return f"{told}; see quality/data_docs in the home" if broken else told


def _assets(check: Check, layer: Layer, raw: RawTables) -> list[dg.AssetKey]:
    """Where a check is shown: at the raw tables of every connection, or at the one relation."""
    schema, _, table = check.table.partition(".")
    return raw.keys(schema, table) if layer == "raw" else [dg.AssetKey([schema, table])]


def _check_result(result: "CheckResult", key: dg.AssetKey) -> dg.AssetCheckResult:
    """A breach of a blocking rule and a rule that could not be evaluated are errors, the rest warnings."""
    metadata = {"breaches": result.breach_count, "sample": dg.MetadataValue.json(list(result.sample))}
    return dg.AssetCheckResult(
        passed=result.outcome == "passed",
        asset_key=key,
        check_name=result.check.name,
        severity=dg.AssetCheckSeverity.ERROR if result.is_blocking else dg.AssetCheckSeverity.WARN,
        description=result.message or result.check.description,
        metadata={name: value for name, value in metadata.items() if value is not None},
    )
