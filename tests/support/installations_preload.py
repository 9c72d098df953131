"""What the processes of `support.installations` have in common, imported once before they are forked."""

import importlib

from support.miniature import install

MODULES = (
    "alembic.command",
    "dagster._core.execution.execute_in_process",
    "dagster._core.storage.noop_compute_log_manager",
    "dagster._core.storage.sqlite_storage",
    "dagster._daemon.daemon",
    "dagster_dbt",
    "dbt.adapters.duckdb.environments.local",
    "dbt.cli.main",
    "dbt.task.build",
    "dlt._workspace._plugins",
    "dlt.destinations.impl.duckdb.duck",
    "dlt.sources.helpers.requests",
    "ingestion.organisation",
    "ingestion.pipeline",
    "orchestration.building",
    "orchestration.cli",
    "orchestration.code_location",
    "orchestration.failures",
    "orchestration.recovery",
    "orchestration.run",
    "pandas",
)

install()
for name in MODULES:
    importlib.import_module(name)
