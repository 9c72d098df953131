{{ map_files('change_events') }}
