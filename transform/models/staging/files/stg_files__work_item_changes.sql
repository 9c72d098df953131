{{ stage_files('work_item_changes') }}
