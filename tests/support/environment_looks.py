"""Daily looks at the environments of a simulated company, as its operators would export them.

Nobody's API tells what runs. What ran follows from the truth of deployments; that somebody deployed by hand,
what was declared and what a plan found is made up here, noted in truth and told by the files.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

# A look within a minute of a deployment's end would depend on the vendors' stamps.
_LOOKS = """
    create table environment_looks as
    with looks as (
        select
            row_number() over (order by environment, repository, observed_at) as look,
            *
        from (
            select distinct repository, service, environment
            from deployments
            where is_production
        )
        cross join (select unnest(generate_series(start_at, $until::timestamp, interval 1 day))
            + interval 11 hour as observed_at from run)
        where observed_at < $until::timestamp
    ),
    live as (
        select looks.*, arg_max(deployments.sha, deployments.finished_at) as deployed_sha
        from looks
        left join deployments
            on
                deployments.repository = looks.repository
                and deployments.environment = looks.environment
                and deployments.status = 'success'
                and deployments.finished_at <= looks.observed_at
        group by all
    )
    select
        * exclude (deployed_sha),
        look % 7 = 3 as is_by_hand,
        case when is_by_hand then 'by-hand-' || look else coalesce(deployed_sha, 'before-history') end
            as live_sha,
        case look % 5 when 2 then null when 4 then 'declared-' || look else live_sha end as declared_sha,
        case when look % 3 > 0 then look % 4 end as plan_drift_count
    from live
    where not exists (
        select 1 from deployments
        where
            deployments.environment = live.environment
            and abs(epoch(deployments.finished_at) - epoch(live.observed_at)) < 60
    )
"""


def write_looks(truth: Path, folder: Path, repositories: Sequence[str], until: str) -> list[dict[str, Any]]:
    """Note looks up to an instant in truth, write them to files, and return what names these in settings.

    Args:
        truth: the company's truth, which gets a table of them.
        folder: of its files.
        repositories: full names, in the order of their ids.
        until: instant up to which is looked.
    """
    with duckdb.connect(str(truth)) as connection:
        connection.execute(_LOOKS, {"until": until})
        connection.execute(
            "create temp table names as select unnest($names::varchar[]) as name,"
            " 700001 + generate_subscripts($names::varchar[], 1) - 1 as repository",
            {"names": repositories},
        )
        connection.execute(
            "copy (select name as source_id, name, 'main' as default_branch, false as is_archived"
            f" from names) to '{folder / 'repositories.csv'}'"
        )
        connection.execute(
            "copy (select look as source_id, name as repository, service as service_hint, environment,"
            " strftime(observed_at, '%Y-%m-%dT%H:%M:%SZ') as observed_at, live_sha, declared_sha,"
            " plan_drift_count"
            f" from environment_looks join names using (repository)) to '{folder / 'environments.csv'}'"
        )
    return [
        {"entity": "repositories", "path": "repositories.csv"},
        {"entity": "environment_states", "path": "environments.csv"},
    ]
