{{ config(enabled=is_connector_enabled('gitlab')) }}

with

note_types as (

    select
        mapping.note_type,
        mapping.type
    from (
        values
        ('approval_reset', 'review_dismissed'),
        ('approved', 'reviewed_approved'),
        ('auto_merge_disabled', 'auto_merge_disabled'),
        ('auto_merge_enabled', 'auto_merge_enabled'),
        ('comment', 'commented'),
        ('draft', 'converted_to_draft'),
        ('ready', 'ready_for_review'),
        ('requested_changes', 'reviewed_changes_requested'),
        ('review_comment', 'reviewed_commented'),
        ('review_request_removed', 'review_request_removed'),
        ('review_requested', 'review_requested'),
        ('target_changed', 'base_changed'),
        ('train_joined', 'enqueued'),
        ('train_left', 'dequeued'),
        ('unapproved', 'review_dismissed')
    ) as mapping (note_type, type)

)

select * from note_types
