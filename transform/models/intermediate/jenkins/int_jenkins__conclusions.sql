{{ config(enabled=is_connector_enabled('jenkins')) }}

with

-- results of builds and statuses of stages; unstable are builds whose tests failed
conclusions as (

    select
        mapping.jenkins_status,
        mapping.conclusion
    from (
        values
        ('SUCCESS', 'success'),
        ('UNSTABLE', 'failure'),
        ('FAILURE', 'failure'),
        ('FAILED', 'failure'),
        ('ABORTED', 'cancelled'),
        ('NOT_BUILT', 'skipped'),
        ('NOT_EXECUTED', 'skipped'),
        ('IN_PROGRESS', 'running'),
        ('PAUSED_PENDING_INPUT', 'running')
    ) as mapping (jenkins_status, conclusion)

)

select * from conclusions
