{{ config(enabled=is_connector_enabled('github')) }}

with

event_types as (

    select
        mapping.event_type,
        mapping.type
    from (
        values
        ('AddedToMergeQueueEvent', 'enqueued'),
        ('AutoMergeDisabledEvent', 'auto_merge_disabled'),
        ('AutoMergeEnabledEvent', 'auto_merge_enabled'),
        ('AutoRebaseEnabledEvent', 'auto_merge_enabled'),
        ('AutoSquashEnabledEvent', 'auto_merge_enabled'),
        ('BaseRefChangedEvent', 'base_changed'),
        ('ConvertToDraftEvent', 'converted_to_draft'),
        ('IssueComment', 'commented'),
        ('ReadyForReviewEvent', 'ready_for_review'),
        ('RemovedFromMergeQueueEvent', 'dequeued'),
        ('ReviewDismissedEvent', 'review_dismissed'),
        ('ReviewRequestRemovedEvent', 'review_request_removed'),
        ('ReviewRequestedEvent', 'review_requested')
    ) as mapping (event_type, type)

)

select * from event_types
