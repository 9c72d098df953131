{{ stage_files('change_events') }}
