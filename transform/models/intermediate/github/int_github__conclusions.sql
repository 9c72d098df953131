{{ config(enabled=is_connector_enabled('github')) }}

with

-- `neutral` lets a merge pass. `action_required` and `stale` never ran to an end: the first waits for
-- somebody's leave, the second was given up by GitHub after 14 days without a word from its runner.
conclusions as (

    select
        mapping.github_conclusion,
        mapping.conclusion
    from (
        values
        ('success', 'success'),
        ('neutral', 'success'),
        ('failure', 'failure'),
        ('cancelled', 'cancelled'),
        ('skipped', 'skipped'),
        ('action_required', 'skipped'),
        ('timed_out', 'timed_out'),
        ('startup_failure', 'infrastructure_failure'),
        ('stale', 'infrastructure_failure')
    ) as mapping (github_conclusion, conclusion)

)

select * from conclusions
