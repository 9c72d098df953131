{{ map_files('work_items') }}
