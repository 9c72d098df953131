{{ map_files('work_item_changes') }}
