{{ stage_files('work_item_events') }}
