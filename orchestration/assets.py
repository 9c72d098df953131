"""The steps of a build that are not dbt's: the first, which fixes the instant; containment; publication.

Loading is in `loading.py`, the dbt models are in `models.py`, the suites in `checks.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import dagster as dg

from ingestion.settings import Settings
from orchestration.due import default_as_of
from orchestration.keys import (
    AS_OF,
    BUILD_WHEN_LOADED,
    BUILD_WITH_THE_REST,
    CONTAINMENT,
    FACTS_GROUP,
    ORGANISATION,
    PERSONS,
    PUBLISHED,
    SERVING_GROUP,
    RawTables,
)
from orchestration.ledger import Build, Ledger, Scope
from orchestration.resources import Warehouse
from orchestration.times import now, reporting_day

AS_OF_STEP = "begin_build"
VERSIONED = ("flowgauge", "dagster", "dbt-core", "dbt-duckdb", "dlt", "duckdb", "great-expectations")


class BuildConfig(dg.Config):
    """What a build is made of, and the instant it speaks for.

    Attributes:
        scope: `all`, or `clock` for what depends on the clock only.
        as_of: ISO 8601 with an offset; by default the start of the last run that loaded anything, or of the
            reporting day if that is later.
    """

    scope: str = "all"
    as_of: str | None = None


def begin_build_step(
    settings: Settings, raw: RawTables, models: str, pool: str | None
) -> dg.AssetsDefinition:
    """The first step of every build: records the run and the instant that all figures are true for."""

    @dg.multi_asset(
        name=AS_OF_STEP,
        specs=[
            dg.AssetSpec(
                AS_OF,
                deps=raw.loads(),
                group_name=FACTS_GROUP,
                description="One row per build: the run and the instant that its figures are true for.",
                automation_condition=BUILD_WHEN_LOADED,
            )
        ],
        pool=pool,
    )
    def begin_build(
        context: dg.AssetExecutionContext, config: BuildConfig, warehouse: Warehouse
    ) -> dg.MaterializeResult[Any]:
        from ingestion.organisation import record_run

        warehouse.claim(context)
        with warehouse.changing_ledger() as ledger:
            build = _new_build(ledger, settings, config, context.run.run_id, models)
            ledger.begin_build(build)
        record_run(
            warehouse.home.warehouse,
            run_id=build.run,
            started_at=warehouse.started_at,
            as_of=build.as_of,
        )
        context.log.info(f"building as of {build.as_of:%Y-%m-%d %H:%M:%S} UTC")
        return dg.MaterializeResult(
            metadata={"as_of": dg.MetadataValue.timestamp(build.as_of), "scope": build.scope}
        )

    return begin_build


def _new_build(ledger: Ledger, settings: Settings, config: BuildConfig, run: str, models: str) -> Build:
    """A build of the clock's models alone is still one of the raw data and models of the one before it."""
    scope: Scope = "clock" if config.scope == "clock" and ledger.published else "all"
    before = ledger.published if scope == "clock" else None
    day = reporting_day(now(), settings.reporting_timezone)
    fixed = datetime.fromisoformat(config.as_of).astimezone(UTC) if config.as_of else None
    return Build(
        run=run,
        generation=before.generation if before else ledger.generation,
        scope=scope,
        as_of=fixed or default_as_of(ledger, day, settings.reporting_timezone),
        is_as_of_fixed=fixed is not None,
        reporting_day=day,
        models=before.models if before else models,
    )


def containment_step(upstream: Iterable[dg.AssetKey], pool: str | None) -> dg.AssetsDefinition:
    """The step between canonical and marts: what deployments contain, and which accounts are one person."""

    @dg.multi_asset(
        name="compute_containment",
        specs=[
            dg.AssetSpec(
                CONTAINMENT,
                deps=sorted(upstream),
                group_name=FACTS_GROUP,
                description="One row per commit that a deployment brought live, by ancestry.",
                automation_condition=BUILD_WITH_THE_REST,
            ),
            dg.AssetSpec(
                PERSONS,
                deps=[*sorted(upstream), ORGANISATION],
                group_name=FACTS_GROUP,
                description="One row per account, with the person it belongs to; persons keep their keys.",
                automation_condition=BUILD_WITH_THE_REST,
            ),
        ],
        pool=pool,
    )
    def compute_containment(
        context: dg.AssetExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from ingestion.identity import KEY_FILE, email_hasher
        from transform import identity
        from transform.containment import compute_containment as compute

        warehouse.claim(context)
        with warehouse.changing_ledger() as ledger:
            ledger.unverified.add("containment")
        file = warehouse.home.warehouse
        rows = compute(file)
        accounts = identity.resolve_identities(file, email_hasher(file.with_name(KEY_FILE)).key_of)
        with warehouse.changing_ledger() as ledger:
            ledger.unverified.discard("containment")
        context.log.info(f"containment: {rows:,} rows; persons of {accounts:,} accounts")
        yield dg.MaterializeResult(CONTAINMENT, metadata={"dagster/row_count": rows})
        yield dg.MaterializeResult(PERSONS, metadata={"dagster/row_count": accounts})

    return compute_containment


def publication_step(
    upstream: Iterable[dg.AssetKey],
    descriptions: Mapping[str, tuple[str, Mapping[str, str]]],
    metrics: Sequence[Mapping[str, Any]],
    pool: str | None,
) -> dg.AssetsDefinition:
    """The last step: replaces what readers get, if all that was made anew has passed its checks.

    Args:
        upstream: assets that are published.
        descriptions: relation → what it and its columns mean, for readers.
        metrics: definitions of the metrics.
        pool: pool of the step.
    """

    @dg.multi_asset(
        name="publish",
        specs=[
            dg.AssetSpec(
                PUBLISHED,
                deps=sorted(upstream),
                group_name=SERVING_GROUP,
                description="One folder: the marts as DuckDB, Parquet and a manifest, replaced as a whole.",
                automation_condition=BUILD_WITH_THE_REST,
            )
        ],
        pool=pool,
    )
    def publish(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
        from serving.publish import publish as replace

        warehouse.claim(context)
        ledger = warehouse.ledger()
        build = _publishable(ledger)
        manifest = replace(
            warehouse=warehouse.home.warehouse,
            published=warehouse.home.published,
            as_of=build.as_of,
            freshness=_freshness(ledger),
            versions={name: version(name) for name in VERSIONED},
            quality_docs=warehouse.home.quality / "data_docs",
            descriptions=descriptions,
            metrics=metrics,
        )
        with warehouse.changing_ledger() as changed:
            changed.end_build()
        context.log.info(f"published {len(manifest['tables'])} tables to {warehouse.home.published}")
        return dg.MaterializeResult(metadata={"tables": len(manifest["tables"])})

    return publish


def _publishable(ledger: Ledger) -> Build:
    if ledger.build is None or ledger.unverified:
        parts = ", ".join(sorted(ledger.unverified)) or "everything"
        raise dg.Failure(
            f"nothing was published: {parts} were touched since they were last made and checked together; "
            "run the job `build`, or `flowgauge run`",
            allow_retries=False,
        )
    return ledger.build


def _freshness(ledger: Ledger) -> dict[str, Any]:
    """How fresh each connection is, and why, for the manifest."""
    told = {"connector", "outcome", "error", "attempted_at", "loaded_at", "loaded_through_at"}
    return {name: record.model_dump(include=told) for name, record in sorted(ledger.connections.items())}
