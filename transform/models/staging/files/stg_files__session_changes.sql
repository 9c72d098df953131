{{ stage_files('session_changes') }}
