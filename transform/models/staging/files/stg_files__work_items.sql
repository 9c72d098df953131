{{ stage_files('work_items') }}
